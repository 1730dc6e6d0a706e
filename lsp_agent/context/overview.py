"""Facts about a workspace in a few lines: languages, ways in, tests, manifests."""

from __future__ import annotations

import tomllib
from collections import Counter
from dataclasses import dataclass
from pathlib import PurePosixPath

from lsp_agent.config.toml import parse_toml
from lsp_agent.context.repo_map import RepoMap
from lsp_agent.errors import LspAgentError
from lsp_agent.index.view import IndexView
from lsp_agent.workspace.names import is_test

_MANIFESTS = frozenset(
    {
        "pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "package.json", "Cargo.toml",
        "go.mod", "pom.xml", "build.gradle", "build.gradle.kts", "CMakeLists.txt", "Makefile",
        "Gemfile", "composer.json", "mix.exs", "Package.swift", "build.zig", "build.sbt",
        "deno.json", "meson.build",
    }
)  # fmt: skip
_ENTRY_STEMS = frozenset({"__main__", "main", "Main", "cli", "manage", "wsgi", "asgi", "app"})
_MOST = 8


@dataclass(frozen=True, slots=True)
class Overview:
    """What can be said of a workspace at a glance; each list has the likeliest first."""

    languages: tuple[tuple[str, int], ...]
    entry_points: tuple[str, ...]
    tests: tuple[tuple[str, int], ...]
    manifests: tuple[str, ...]

    def text(self) -> str:
        """Write it in one line a kind; what there is none of is left out."""
        rows = (
            ("Languages", [f"{name} ({_files(count)})" for name, count in self.languages]),
            ("Entry points", list(self.entry_points)),
            ("Tests", [f"{folder} ({_files(count)})" for folder, count in self.tests]),
            ("Manifests", list(self.manifests)),
        )
        return "\n".join(f"{name}: {', '.join(said)}" for name, said in rows if said)


def overview(view: IndexView) -> Overview:
    """Describe a workspace from its index and its manifests. Cost: a listing of the index."""
    paths = view.paths()
    shallow = sorted(paths, key=lambda path: (path.count("/"), path))
    languages = Counter(dict(view.reader.languages()))
    plain = languages.pop("", 0)
    counted = sorted(languages.items(), key=lambda one: (-one[1], one[0]))[:_MOST]
    tests = Counter(_top_of_tests(path) for path in paths if is_test(path))
    return Overview(
        (*counted, *([("other text", plain)] if plain else [])),
        tuple([*_scripts(view), *filter(_is_entry, shallow)][:_MOST]),
        tuple(sorted(tests.items(), key=lambda one: (-one[1], one[0]))[:_MOST]),
        tuple(path for path in shallow if PurePosixPath(path).name in _MANIFESTS)[:_MOST],
    )


def leaned_on(made: RepoMap, limit: int = 5) -> list[str]:
    """Return the files of a map that most others lean on."""
    ranked = sorted(made.files, key=lambda one: (-one.rank, one.path))
    return [one.path for one in ranked[:limit]]


def _is_entry(path: str) -> bool:
    pure = PurePosixPath(path)
    return pure.stem in _ENTRY_STEMS and not is_test(path) and pure.suffix not in ("", ".md")


def _top_of_tests(path: str) -> str:
    """Return the folder that holds a test: the one named for tests, or else its own."""
    parts = PurePosixPath(path).parts[:-1]
    for depth, part in enumerate(parts, 1):
        if is_test(f"{part}/x"):
            return "/".join(parts[:depth]) + "/"
    return "/".join(parts) + "/" if parts else "./"


def _scripts(view: IndexView) -> list[str]:
    """Return the commands that a Python project installs."""
    try:
        project = parse_toml(view.overlay.read("pyproject.toml")).get("project", {})
        scripts = project.get("scripts", {})
        return [f"{name} = {target}" for name, target in list(scripts.items())[:_MOST]]
    except (LspAgentError, tomllib.TOMLDecodeError, AttributeError):
        return []


def _files(count: int) -> str:
    return "1 file" if count == 1 else f"{count} files"

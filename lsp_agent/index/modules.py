"""From an import as it is written to the file of the workspace that it means, by names alone."""

from __future__ import annotations

import posixpath
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath

from lsp_agent.syntax.languages import ECMA, language_of

_ES_ENDINGS = ("", ".ts", ".tsx", ".d.ts", ".js", ".jsx", ".mjs", ".cjs", ".json", ".css")
FOLDER_FILES = ("index", "mod", "__init__", "init")
"""Files that stand for the folder that they are in."""
_BY_PATH = ("c", "cpp", "bash", "html", "css", "ruby", "zig")
# Languages whose files take from each other; those of any other keep to themselves.
_FAMILIES = (
    frozenset({"c", "cpp"}),
    frozenset({"java", "kotlin", "scala"}),
    ECMA | {"html", "css", "json"},
)
_HERE = ("", "crate", "super", "self")


class ModuleMap:
    """The files of a workspace, by the ends of their paths.

    Cost: O(files x depth) to make; a question is a few dictionary lookups.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = frozenset(paths)
        # Without the ending and a package's own file: a/b/__init__.py and a/b.py are both a/b.
        self._by_stem: defaultdict[str, list[str]] = defaultdict(list)
        for path in self._paths:
            parts = _stem(path)
            for start in range(max(len(parts) - 6, 0), len(parts)):
                self._by_stem["/".join(parts[start:]).lower()].append(path)

    def resolve(
        self, path: str, language: str, module: str, names: tuple[str, ...] = ()
    ) -> str | None:
        """Return the file that an import in ``path`` means; ``None`` for one from elsewhere."""
        if language == "python":
            return self._python(path, module, names)
        if module.startswith(".") or language in _BY_PATH:
            folder = posixpath.dirname(path)
            return self._relative(folder, module) or self._suffix(path, language, module)
        if language in ECMA or not module:
            return None
        if language == "go":
            return self._longest(path, language, module.split("/"), whole=False)
        parts = re.split(r"::|[.\\]", module)
        return self._longest(path, language, [part for part in parts if part not in _HERE])

    def _python(self, path: str, module: str, names: tuple[str, ...]) -> str | None:
        for base in python_bases(path, module):
            for name in names if len(names) == 1 else ():
                inner = posixpath.join(base, name)
                if (file := self._first(_python_files(inner))) is not None:
                    return file
            if base and (file := self._first(_python_files(base))) is not None:
                return file
        return None

    def _relative(self, folder: str, module: str) -> str | None:
        base = posixpath.normpath(posixpath.join(folder, module))
        stems = (base, base.removesuffix(".js"), posixpath.join(folder, module))
        endings = (
            *_ES_ENDINGS,
            *(f"/index{ending}" for ending in _ES_ENDINGS[1:7]),
            ".rb",
            ".sh",
        )
        return self._first(f"{stem}{ending}" for stem in stems for ending in endings)

    def _suffix(self, path: str, language: str, module: str) -> str | None:
        """Return the file whose path ends like the module, the one nearest to ``path``."""
        wanted = posixpath.normpath(module).lstrip("./")
        stem = posixpath.splitext(wanted)[0].lower()
        found = [one for one in self._by_stem.get(stem, ()) if one.endswith(wanted)]
        # Only of Ruby's files the ending is left out; C++ has headers that have none.
        return _nearest(path, found or (self._known(stem, language) if language == "ruby" else []))

    def _known(self, stem: str, language: str) -> list[str]:
        """Return the files by the end of a path without ending that a language may mean."""
        family = next((one for one in _FAMILIES if language in one), frozenset({language}))
        return [one for one in self._by_stem.get(stem, ()) if language_of(one) in family]

    def _longest(
        self, path: str, language: str, parts: list[str], *, whole: bool = True
    ) -> str | None:
        """Try all parts, then without the last ones (a member) or the first ones (a domain)."""
        for end in range(len(parts), max(len(parts) - 3, 0), -1):
            for start in range(min(end, 4)):
                if end - start < 2 and len(parts) > 2:
                    break
                found = self._known("/".join(parts[start:end]).lower(), language)
                if found:
                    return _nearest(path, [one for one in found if one != path])
            if not whole:
                break
        return None

    def _first(self, paths: Iterable[str]) -> str | None:
        return next((path for path in paths if path in self._paths), None)


def python_bases(path: str, module: str) -> Iterator[str]:
    """Yield the paths without ending where a module may lie, the likeliest first."""
    folders = [PurePosixPath(path).parent, *PurePosixPath(path).parent.parents]
    level = len(module) - len(module.lstrip("."))
    inner = module.lstrip(".").replace(".", "/")
    if not level and inner.partition("/")[0] in sys.stdlib_module_names:
        # A module of that name inside a package is not what an absolute import means.
        yield inner
        return
    tops = folders[level - 1 : level] if level else [*reversed(folders), PurePosixPath("src")]
    for top in tops:
        base = str(top / inner)
        yield "" if base == "." else base
    if not level and len(folders) > 1 and "/" in inner:
        # The workspace may be the package itself, as an installed one is.
        yield inner.partition("/")[2]


def _stem(path: str) -> list[str]:
    """Return a path's parts without the file's ending, or without the file that is its folder."""
    *parts, name = path.split("/")
    dot = name.rfind(".")
    stem = name[:dot] if 0 < dot < len(name) - 1 else name
    return parts if stem in FOLDER_FILES else [*parts, stem]


def _python_files(base: str) -> Iterator[str]:
    yield from (f"{base}.py", f"{base}/__init__.py", f"{base}.pyi", f"{base}/__init__.pyi")


def _nearest(path: str, found: list[str]) -> str | None:
    return min(
        found,
        key=lambda one: (-len(posixpath.commonpath([path, one])), len(one), one),
        default=None,
    )

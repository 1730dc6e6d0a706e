"""Which version of its language a project is written for, read from its own files as data."""

from __future__ import annotations

import json
import posixpath
import re
import tomllib
from collections.abc import Callable
from typing import Any

from lsp_agent.workspace.names import folders_above

Read = Callable[[str], str | None]
"""Returns a file's text, ``None`` where it is not there or can't be read."""

_COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_COMMA = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])')
_GO = re.compile(r"^go\s+(\d+\.\d+(?:\.\d+)?)\s*$", re.MULTILINE)
_JAVA = re.compile(
    r"<(?:maven\.compiler\.release|maven\.compiler\.source|java\.version|release)>\s*([\d.]+)"
    r"|sourceCompatibility\s*=?\s*(?:JavaVersion\.VERSION_)?['\"]?([\d._]+)"
    r"|JavaLanguageVersion\.of\((\d+)\)"
)
_RUBY = re.compile(r"^\s*ruby\s+['\"]([^'\"\n]{1,20})['\"]", re.MULTILINE)
_CPP = re.compile(r"CMAKE_CXX_STANDARD\s+(\d+)|\bcxx_std_(\d+)|-std=(?:c|gnu)\+\+(\w+)")
# Numbers and their relations: what stands in a project's file is nobody's instruction.
_VERSION = re.compile(
    r"(?:edition |on Node |ES)?[\dXv._,<>=!~^*| -]{1,30}|ESNext|\d[a-z]", re.IGNORECASE
)


def language_version(path: str, language: str | None, read: Read) -> str:
    """Say what a file's language has to be, as ``Python >=3.11``; ``""`` where nothing tells.

    The nearest project file on the way from the file's folder up to the root counts. Cost: reads
    of a few small files.
    """
    for folder in folders_above(path):
        for name, found in _SOURCES.get(language or "", ()):
            text = read(posixpath.join(folder, name))
            said = _quietly(found, text) if text is not None else ""
            if said and _VERSION.fullmatch(said):
                return f"{_NAMES[language or '']} {said}"
    return ""


def _quietly(found: Callable[[str], Any], text: str) -> str:
    """Return what a reader finds; a file that is not what its name says tells nothing."""
    try:
        value = found(text)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return ""
    return value if isinstance(value, str) else ""


def _pyproject(text: str) -> Any:
    data = tomllib.loads(text)
    project = data.get("project", {}).get("requires-python")
    return project or data["tool"]["poetry"]["dependencies"]["python"]


def _tsconfig(text: str) -> Any:
    return _lenient(text)["compilerOptions"]["target"]


def _node(text: str) -> Any:
    return "on Node " + json.loads(text)["engines"]["node"]


def _cargo(text: str) -> Any:
    package = tomllib.loads(text)["package"]
    return f"edition {package['edition']}" if "edition" in package else package["rust-version"]


def _composer(text: str) -> Any:
    return json.loads(text)["require"]["php"]


def _first(pattern: re.Pattern[str]) -> Callable[[str], Any]:
    def found(text: str) -> Any:
        match = pattern.search(text)
        return next((one for one in match.groups() if one), "") if match else ""

    return found


def _lenient(text: str) -> Any:
    """Read JSON with comments and trailing commas, as TypeScript's own files have them."""
    plain = _COMMENT.sub(lambda match: match[1] or " ", text)
    return json.loads(_COMMA.sub(lambda match: match[1] or "", plain))


_ES = (("tsconfig.json", _tsconfig), ("jsconfig.json", _tsconfig), ("package.json", _node))
_SOURCES: dict[str, tuple[tuple[str, Callable[[str], Any]], ...]] = {
    "python": (
        ("pyproject.toml", _pyproject),
        (".python-version", lambda text: text.split()[0]),
    ),
    "javascript": _ES,
    "typescript": _ES,
    "tsx": _ES,
    "go": (("go.mod", _first(_GO)),),
    "rust": (("Cargo.toml", _cargo),),
    "java": (
        ("pom.xml", _first(_JAVA)),
        ("build.gradle", _first(_JAVA)),
        ("build.gradle.kts", _first(_JAVA)),
    ),
    "php": (("composer.json", _composer),),
    "ruby": (
        (".ruby-version", lambda text: text.split()[0]),
        ("Gemfile", _first(_RUBY)),
    ),
    "cpp": (("CMakeLists.txt", _first(_CPP)),),
}
_NAMES = {
    "python": "Python", "javascript": "JavaScript", "typescript": "TypeScript", "tsx": "TypeScript",
    "go": "Go", "rust": "Rust", "java": "Java", "php": "PHP", "ruby": "Ruby", "cpp": "C++",
}  # fmt: skip

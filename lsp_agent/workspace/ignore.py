"""Which files the agent does not look at: git's ignore rules and folders nobody edits.

The rules are matched here and not by ``pathspec``, whose patterns also match what lies below a
path: there ``!src`` takes back the rules for everything in ``src``, which git does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lsp_agent.workspace.errors import UnreadableFileError
from lsp_agent.workspace.files import read_text

ALWAYS_IGNORED = frozenset(
    {
        ".git", ".hg", ".svn", ".jj", "node_modules", ".venv", "venv", "__pycache__", ".tox",
        ".nox", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".idea", ".gradle",
        ".terraform", "site-packages",
    }
)  # fmt: skip
"""Folders that are never looked into, whatever the rules say."""

_MAX_RULES_BYTES = 256 * 1024
_LINE_END = re.compile(r"\r?\n")
_TRAILING_SPACES = re.compile(r"(?<!\\) +$")
_CLASSES = {
    "alnum": "a-zA-Z0-9", "alpha": "a-zA-Z", "blank": " \t", "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9", "graph": r"\x21-\x7e", "lower": "a-z", "print": r"\x20-\x7e",
    "punct": r"!-/:-@\[-`{-~", "space": r"\s", "upper": "A-Z", "xdigit": "0-9a-fA-F",
}  # fmt: skip
_TOKEN = re.compile(
    r"(?P<deep>(?:(?<=/)|^)\*\*/)|(?P<below>(?<=/)\*\*$)|(?P<stars>\*+)|(?P<one>\?)"
    r"|\[(?P<set>[!^]?(?:\]|\\.|\[:[a-z]+:\]|[^\]\\])(?:\\.|\[:[a-z]+:\]|[^\]\\])*)\]"
    r"|\\(?P<escaped>.)|(?P<plain>[^\\\[])",
    re.DOTALL,
)
_SET_ITEM = re.compile(r"\[:(?P<posix>[a-z]+):\]|(?P<low>\\?.)(?:-(?P<high>\\?.))?", re.DOTALL)


class IgnoreRules:
    """Ignore rules of one root: nested ``.gitignore`` files, git's exclude file, own patterns.

    As in git the deepest ``.gitignore`` decides, then those above it, then ``.git/info/exclude``.
    ``exclude`` holds more patterns in the same language, relative to the root, which nothing
    overrides. A folder's rules are read when first asked for, once; cost per question is one
    search for every ``.gitignore`` above the path.
    """

    def __init__(self, root: Path, exclude: Sequence[str] = ()) -> None:
        self._root = root
        self._rules: dict[str, _Rules | None] = {}
        self._exclude = _parse(exclude)
        self._info = _parse(_lines(root / ".git" / "info" / "exclude"))

    def ignored(self, path: str, *, is_dir: bool = False) -> bool:
        """Whether a posix path relative to the root, or a folder above it, is ignored."""
        parts = path.split("/")
        return any(
            self._ignored_here(parts[:depth], is_dir=is_dir or depth < len(parts))
            for depth in range(1, len(parts) + 1)
        )

    def ignored_entry(self, folder: str, name: str, *, is_dir: bool) -> bool:
        """Answer for an entry of a folder that is itself known not to be ignored."""
        parts = [*folder.split("/"), name] if folder else [name]
        return self._ignored_here(parts, is_dir=is_dir)

    def _ignored_here(self, parts: list[str], *, is_dir: bool) -> bool:
        name = parts[-1]
        # In a linked worktree .git is a file.
        if (is_dir and name in ALWAYS_IGNORED) or name == ".git":
            return True
        path = "/".join(parts)
        if self._exclude is not None and self._exclude.verdict(name, path, is_dir=is_dir):
            return True
        for depth in range(len(parts) - 1, -1, -1):
            rules = self._rules_of("/".join(parts[:depth]))
            if rules is not None:
                verdict = rules.verdict(name, "/".join(parts[depth:]), is_dir=is_dir)
                if verdict is not None:
                    return verdict
        return self._info is not None and self._info.verdict(name, path, is_dir=is_dir) is True

    def _rules_of(self, folder: str) -> _Rules | None:
        if folder not in self._rules:
            self._rules[folder] = _parse(_lines(self._root / folder / ".gitignore"))
        return self._rules[folder]


class Glob:
    """One pattern in the same language, for the files that are wanted."""

    def __init__(self, pattern: str) -> None:
        """Take the pattern; raises ``ValueError`` for one that git does not understand either."""
        rules = _parse([pattern])
        if rules is None:
            raise ValueError("it matches nothing")
        self._rules = rules

    def match_file(self, path: str) -> bool:
        """Whether a posix path relative to the root, or a folder above it, matches."""
        parts = path.split("/")
        return any(
            self._rules.verdict(
                parts[depth - 1], "/".join(parts[:depth]), is_dir=depth < len(parts)
            )
            for depth in range(1, len(parts) + 1)
        )


@dataclass(frozen=True, slots=True)
class _Rule:
    """One line: what it matches (the name alone, or the path from its folder), and its verdict."""

    regex: str
    by_name: bool
    for_folders: bool
    ignores: bool


class _Rules:
    """The rules of one file; the last one that matches decides."""

    def __init__(self, rules: Sequence[_Rule]) -> None:
        self._rules = rules
        # Most entries match no rule: two searches tell so, however many rules there are.
        self._names = _any_of(rule.regex for rule in rules if rule.by_name)
        self._paths = _any_of(rule.regex for rule in rules if not rule.by_name)

    def verdict(self, name: str, path: str, *, is_dir: bool) -> bool | None:
        """Return whether an entry is ignored, or ``None`` when no rule speaks of it."""
        if not (self._names.fullmatch(name) or self._paths.fullmatch(path)):
            return None
        for rule in reversed(self._rules):
            if rule.for_folders and not is_dir:
                continue
            if re.fullmatch(rule.regex, name if rule.by_name else path, re.DOTALL):
                return rule.ignores
        return None


def _any_of(regexes: Iterable[str]) -> re.Pattern[str]:
    # Without an alternative it matches nothing.
    return re.compile("|".join(f"(?:{regex})" for regex in regexes) or "(?!)", re.DOTALL)


def _parse(lines: Iterable[str]) -> _Rules | None:
    rules = [rule for line in lines if (rule := _rule(line)) is not None]
    return _Rules(rules) if rules else None


def _rule(line: str) -> _Rule | None:
    """Read a line; a comment, a blank line, or one that git can't understand is no rule."""
    if line.startswith("#"):
        return None
    pattern = _TRAILING_SPACES.sub("", line)
    ignores = not pattern.startswith("!")
    pattern = pattern if ignores else pattern[1:]
    for_folders = pattern.endswith("/")
    pattern = pattern[:-1] if for_folders else pattern
    by_name = "/" not in pattern
    regex = _translate(pattern.removeprefix("/"))
    return _Rule(regex, by_name, for_folders, ignores) if regex else None


def _translate(glob: str) -> str | None:
    """Return the regular expression of a wildcard pattern, or ``None`` for a broken one.

    A repository may not choose how long its rules take: of several wildcards of a kind, each but
    the last settles for the first place where what follows it fits (an atomic group), which loses
    no match, and keeps the cost from growing with a power of their number.
    """
    # What stands between two **/, and in there between two * of one path component.
    regexes, pieces = [""], [""]
    at = 0
    while at < len(glob):
        token = _TOKEN.match(glob, at)
        if token is None:
            return None
        at = token.end()
        kind, text = token.lastgroup, token[token.lastgroup or 0]
        if kind == "stars":
            pieces.append("")
        elif kind == "deep":
            regexes.append("")
        else:
            pieces[-1] += _single(kind, text)
            if text == "/":
                regexes[-1] += _starred(pieces)
                pieces = [""]
    regexes[-1] += _starred(pieces)
    if len(regexes) == 1:
        return regexes[0]
    middle = "".join(f"(?>(?:[^/]*/)*?{regex})" for regex in regexes[1:-1])
    return f"{regexes[0]}{middle}(?:.*/)?{regexes[-1]}"


def _starred(pieces: Sequence[str]) -> str:
    """Join what stands between the stars of one path component."""
    if len(pieces) == 1:
        return pieces[0]
    middle = "".join(f"(?>[^/]*?{piece})" for piece in pieces[1:-1])
    return f"{pieces[0]}{middle}[^/]*{pieces[-1]}"


def _single(kind: str | None, text: str) -> str:
    if kind == "set":
        return _set(text)
    if kind == "one":
        return "[^/]"
    return ".+" if kind == "below" else re.escape(text)


def _set(text: str) -> str:
    """Translate what stands between brackets; like a wildcard, it never matches a slash."""
    negated = text[0] in "!^"
    items = ""
    for item in _SET_ITEM.finditer(text, 1 if negated else 0):
        if item["posix"]:
            items += _CLASSES.get(item["posix"], "")
            continue
        low = item["low"][-1]
        high = (item["high"] or low)[-1]
        if low <= high:
            items += f"{re.escape(low)}-{re.escape(high)}"
    if not items:
        return "[^/]" if negated else "(?!)"
    return f"(?!/)[{'^' if negated else ''}{items}]"


def _lines(path: Path) -> list[str]:
    # Git does not follow a .gitignore that is a link either.
    try:
        return _LINE_END.split(read_text(path, _MAX_RULES_BYTES, follow_link=False).content)
    except UnreadableFileError:
        return []

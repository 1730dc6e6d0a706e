"""Odd characters that an edit brings into a file: invisible, turning, or drawn like others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

from lsp_agent.workspace.characters import OddCharacter, find_odd, visible
from lsp_agent.workspace.overlay import FileChange
from lsp_agent.workspace.text import Text

_MAX_ISSUES = 5
_PROSE = frozenset({".md", ".markdown", ".txt", ".rst", ".adoc", ".html", ".tex", ".po", ".csv"})


def check_characters(changes: Sequence[FileChange]) -> str:
    """Return the odd characters that changes bring in, a line each; ``""`` without any.

    What the file had before may stay, move and, where it is a name, be used again. A new name of a
    file is looked at too.
    """
    found: list[str] = []
    for change in changes:
        path = change.new_path or change.path
        if (change.before is None or change.new_path) and change.after is not None:
            found += [f"{visible(path)}: the file's name: {one.detail}" for one in find_odd(path)]
        if change.after is None or (change.after.isascii() and not _controls(change.after)):
            continue
        found += _brought_in(path, change.before or "", change.after)
    if not found:
        return ""
    return "\n".join(
        [
            *found[:_MAX_ISSUES],
            "Write plain characters, or an escape such as \\u200b where one is meant.",
        ]
    )


def _brought_in(path: str, before: str, after: str) -> list[str]:
    """Return those which the text had not, or had fewer of."""
    prose = PurePosixPath(path).suffix.lower() in _PROSE
    known = Counter(_key(one) for one in find_odd(before))
    text = Text(after)
    old_lines = frozenset(before.splitlines())
    new: list[OddCharacter] = []
    counts: Counter[tuple[str, str]] = Counter()
    for one in find_odd(after):
        key = _key(one)
        counts[key] += 1
        if one.kind == "space" and prose:
            continue
        if key not in known or (one.kind != "look-alike" and counts[key] > known[key]):
            new.append(one)
    # Of equal ones those in new lines are shown first.
    new.sort(key=lambda one: (_line(text, one) in old_lines, one.start))
    return [_remark(path, one, text) for one in new[:_MAX_ISSUES]]


def _remark(path: str, one: OddCharacter, text: Text) -> str:
    at = text.position(one.start)
    shown = visible(_line(text, one).strip())[:80]
    return f"{path}:{at.line + 1}:{at.character + 1}: {one.kind}: {one.detail} | {shown}"


def _line(text: Text, one: OddCharacter) -> str:
    return text.line(text.position(one.start).line)


def _key(one: OddCharacter) -> tuple[str, str]:
    return one.kind, one.text


def _controls(text: str) -> bool:
    return bool(find_odd(text, words=False))

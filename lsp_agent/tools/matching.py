"""Where an ``old_string`` stands in a file: exactly, or else but for white space."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from lsp_agent.tools.spec import ToolError

_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Match:
    """A stretch of the file (offsets) and the new text fitted to the file's own indentation."""

    start: int
    end: int
    new: str


def find_matches(content: str, old: str, new: str, path: str, *, every: bool) -> list[Match]:
    """Return where to replace, in order.

    Exact matches count first; without any, one place whose lines differ only in white space at
    their ends or in a common indentation. Raises :class:`ToolError` saying precisely what is wrong.
    """
    if not old:
        raise ToolError(f"old_string is empty; use write_file to create or replace {path}")
    if old == new:
        raise ToolError("old_string and new_string are equal; nothing would change")
    starts = _occurrences(content, old)
    if starts:
        if len(starts) > 1 and not every:
            raise ToolError(_ambiguous(content, starts, path))
        return [Match(at, at + len(old), new) for at in starts]
    loose = _loose_matches(content, old, new)
    if len(loose) == 1 or (loose and every):
        return loose
    if loose:
        raise ToolError(_ambiguous(content, [match.start for match in loose], path))
    if new and new in content:
        line = content.count("\n", 0, content.index(new)) + 1
        raise ToolError(
            f"old_string is not in {path}, but new_string already stands at line {line}: "
            "the edit seems to be made"
        )
    raise ToolError(f"old_string is not in {path}; {_nearest(content, old)}")


def _occurrences(content: str, old: str) -> list[int]:
    starts = []
    at = content.find(old)
    while at >= 0:
        starts.append(at)
        at = content.find(old, at + len(old))
    return starts


def _ambiguous(content: str, starts: list[int], path: str) -> str:
    lines = [str(content.count("\n", 0, at) + 1) for at in starts[:8]]
    return (
        f"old_string stands {len(starts)} times in {path}, at lines {', '.join(lines)}; give more "
        "lines around the one you mean, or set replace_all"
    )


def _loose_matches(content: str, old: str, new: str) -> list[Match]:
    wanted = old.strip("\n").split("\n")
    if not any(line.strip() for line in wanted):
        return []
    lines = content.split("\n")
    offsets = [0]
    for line in lines:
        offsets.append(offsets[-1] + len(line) + 1)
    stripped = [line.strip() for line in lines]
    first = wanted[0].strip()
    matches = []
    for at in range(len(lines) - len(wanted) + 1):
        if stripped[at] != first:
            continue
        shift = _shift(lines[at : at + len(wanted)], wanted)
        if shift is not None:
            end = offsets[at + len(wanted)] - 1
            fitted = _shifted(new.strip("\n"), shift)
            matches.append(Match(offsets[at], end, fitted))
    return matches


def _shift(found: list[str], wanted: list[str]) -> tuple[str, str] | None:
    """Return ``(remove, add)`` prefixes when two runs of lines differ by one indentation only."""
    shift: tuple[str, str] | None = None
    for have, want in zip(found, wanted, strict=True):
        if have.strip() != want.strip():
            return None
        if not have.strip():
            continue
        have_indent, want_indent = _indent(have), _indent(want)
        if have_indent.endswith(want_indent):
            one = ("", have_indent[: len(have_indent) - len(want_indent)])
        elif want_indent.endswith(have_indent):
            one = (want_indent[: len(want_indent) - len(have_indent)], "")
        else:
            one = (want_indent, have_indent)
        if shift is not None and one != shift:
            return None
        shift = one
    return shift


def _shifted(text: str, shift: tuple[str, str]) -> str:
    remove, add = shift
    return "\n".join(
        add + line.removeprefix(remove) if line.strip() else line for line in text.split("\n")
    )


def _indent(line: str) -> str:
    match = re.match(r"[ \t]*", line)
    return match[0] if match else ""


def _nearest(content: str, old: str) -> str:
    """Name the lines that look most like the first line of what was sought."""
    wanted = next((line.strip() for line in old.split("\n") if line.strip()), "")
    scored = []
    for number, line in enumerate(content.split("\n")[:20_000], 1):
        matcher = SequenceMatcher(None, line.strip(), wanted, autojunk=False)
        if matcher.real_quick_ratio() > 0.5 and matcher.quick_ratio() > 0.5:
            scored.append((matcher.ratio(), number, line))
    scored.sort(key=lambda item: (-item[0], item[1]))
    if not scored:
        return "no line is like it; read the file first"
    near = "\n".join(f"{number}: {line}" for _, number, line in scored[:_SHOWN])
    return f"the lines most like it are:\n{near}\ncopy the text exactly, without line numbers"

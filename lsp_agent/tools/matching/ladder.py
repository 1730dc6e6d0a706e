"""The grades of a match, best first: the first that fits in one place is taken.

1. exactly; 2. but for outer white space of lines, the indentation being put right; 3. around lines
like ``...`` that stand for code; 4. each of these in the other :mod:`.readings`; 5. in a text that
the file had before in this run, if what was changed since is elsewhere; 6. but for blanks and kinds
of quotes within lines; 7. nearly, if every line that changes is there (:func:`.alignments.nearly`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from lsp_agent.tools.matching.alignments import (
    Alignment,
    around_elisions,
    by_lines,
    is_elision,
    lines_of,
    nearly,
    squeezed,
)
from lsp_agent.tools.matching.readings import Pair, readings, without_fence
from lsp_agent.tools.matching.refusals import (
    has_words,
    is_cut,
    refuse_cut_indentation,
    refuse_doubling,
    refuse_elision,
    refuse_quotes,
)
from lsp_agent.tools.matching.transplant import ELIDED, transplant
from lsp_agent.tools.spec import ToolError
from lsp_agent.workspace.errors import RebaseConflictError
from lsp_agent.workspace.rebase import rebase
from lsp_agent.workspace.sequences import hunks

_SHOWN = 3


class AlreadyMadeError(ToolError):
    """An edit that the file has already."""

    code = "already-made"


@dataclass(frozen=True, slots=True)
class Match:
    """A stretch of the file (offsets) and the new text fitted to the file's own indentation."""

    start: int
    end: int
    new: str


@dataclass(frozen=True, slots=True)
class Found:
    """Where to replace, in order; ``grade`` says what was overlooked, ``""`` for nothing."""

    matches: tuple[Match, ...]
    grade: str = ""


def find_edit(
    content: str, old: str, new: str, path: str, *, every: bool = False, earlier: Sequence[str] = ()
) -> Found:
    r"""Return where to replace ``old`` and by what; all texts have ``\n`` line ends.

    ``earlier`` are texts that the file had in this run, the newest last. Raises :class:`ToolError`
    saying precisely what is wrong. Cost: linear in the file for the exact grade; the others compare
    its lines a few times.
    """
    if not old:
        raise ToolError(f"old_string is empty; use write_file to create or replace {path}")
    if old == new:
        raise ToolError("old_string and new_string are equal; nothing would change")
    if "```" not in old:
        new = without_fence(path, new)
    if old.strip() and new and old.endswith("\n") and not new.endswith("\n"):
        # Else the line behind it would be joined to its last one.
        new += "\n"
    refuse_elision(new, old + "\n" + content, "new_string")
    refuse_quotes(new, old + content)
    starts = _occurrences(content, old)
    if starts and not (len(starts) == 1 and is_cut(content, starts[0], old, new)):
        return Found(_exact(content, starts, old, new, path, every=every))
    pairs = [("", (old, new)), *readings(content, old, new)]
    found = _otherwise(content, pairs, path, every=every)
    if found is None and (merged := _merged(content, old, new, path, earlier)):
        found = Found((merged,), "what was changed since")
    found = found or _squeezed(content, (old, new), path) or _nearly(content, pairs)
    if found is not None:
        return found
    if new and new in content:
        raise AlreadyMadeError(_made(content, new, path))
    raise ToolError(f"old_string is not in {path}; {_nearest(content, old)}")


def _exact(
    content: str, starts: list[int], old: str, new: str, path: str, *, every: bool
) -> tuple[Match, ...]:
    if len(starts) > 1 and not every:
        raise ToolError(_ambiguous(content, starts, path))
    made = content.find(new) if old in new else -1
    if len(starts) == 1 and 0 <= made <= starts[0] and starts[0] + len(old) <= made + len(new):
        # The same call again: it would put the same lines in once more.
        raise AlreadyMadeError(_made(content, new, path))
    if len(starts) == 1:
        refuse_doubling(content, starts[0], old, new)
        refuse_cut_indentation(content, starts[0], old, new)
    return tuple(Match(at, at + len(old), new) for at in starts)


def _occurrences(content: str, old: str) -> list[int]:
    starts = []
    at = content.find(old)
    while at >= 0:
        starts.append(at)
        at = content.find(old, at + len(old))
    return starts


def _otherwise(
    content: str, pairs: Iterable[tuple[str, Pair]], path: str, *, every: bool
) -> Found | None:
    for habit, pair in pairs:
        if not has_words(pair[0]):
            # Brackets alone are everywhere.
            continue
        if habit and (starts := _occurrences(content, pair[0])):
            return Found(_exact(content, starts, *pair, path, every=every), habit)
        grade, matches = _by_lines(content, pair, path, every=every)
        if matches:
            return Found(matches, habit or grade)
    return None


def _by_lines(content: str, pair: Pair, path: str, *, every: bool) -> tuple[str, tuple[Match, ...]]:
    """Return the grade and the places that differ in white space, or in lines left out."""
    lines = content.split("\n")
    grade, found, old, new = _aligned(lines, pair)
    if len(found) > 1 and not every:
        starts = [_offset(lines, one.start) for one in found]
        raise ToolError(_ambiguous(content, starts, path))
    if any(one.end > other.start for one, other in pairwise(found)):
        raise ToolError(f"the places of old_string in {path} overlap; give more lines around them")
    matches = [_carried_over(lines, one, old, new) for one in found]
    for alignment, match in zip(found, matches, strict=True):
        if match is None:
            shown = _numbered(lines, alignment.start, alignment.end)
            raise ToolError(
                f"old_string is in {path} but for {grade}, and it is not certain how new_string "
                f"is to be read; copy these lines exactly, without their numbers:\n{shown}"
            )
    return grade, tuple(match for match in matches if match is not None)


def _aligned(lines: list[str], pair: Pair) -> tuple[str, list[Alignment], list[str], list[str]]:
    """Return the grade, the places, and both texts' lines in the reading that has places."""
    for old, new in lines_of(*pair):
        if found := by_lines(lines, old):
            return "white space", found, old, new
    for old, new in lines_of(*pair):
        olds = [ELIDED if is_elision(line) else line for line in old]
        news = [ELIDED if is_elision(line) else line for line in new]
        same = 0 < olds.count(ELIDED) == news.count(ELIDED)
        if same and (found := around_elisions(lines, olds)):
            return "lines left out", found, olds, news
    return "", [], [], []


def _squeezed(content: str, pair: Pair, path: str) -> Found | None:
    """Find lines that differ in their inner white space and quotes as well."""
    lines = content.split("\n")
    for old, new in lines_of(*pair) if has_words(pair[0]) else ():
        found = by_lines(lines, old, squeezed)
        if len(found) > 1:
            raise ToolError(_ambiguous(content, [_offset(lines, at.start) for at in found], path))
        match = _carried_over(lines, found[0], old, new) if found else None
        if match is not None:
            return Found((match,), "white space or quotes in its lines")
    return None


def _nearly(content: str, pairs: Iterable[tuple[str, Pair]]) -> Found | None:
    lines = content.split("\n")
    for habit, pair in pairs:
        for old, new in lines_of(*pair):
            alignment = nearly(lines, old)
            match = _carried_over(lines, alignment, old, new) if alignment else None
            if match is not None:
                return Found((match,), habit or "lines that it has otherwise")
    return None


def _carried_over(
    lines: list[str], found: Alignment, old: list[str], new: list[str]
) -> Match | None:
    have = lines[found.start : found.end]
    made = transplant(have, old, new, found.where)
    if made is None or made == have:
        return None
    start = _offset(lines, found.start)
    end = start + len("\n".join(have))
    if not made and end < len("\n".join(lines)):
        end += 1
    return Match(start, end, "\n".join(made))


def _merged(content: str, old: str, new: str, path: str, earlier: Sequence[str]) -> Match | None:
    """Make the edit in the newest earlier text that has ``old``, and carry it over."""
    for text in reversed(earlier):
        starts = _occurrences(text, old) if text != content else []
        if len(starts) != 1:
            continue
        mine = text[: starts[0]] + new + text[starts[0] + len(old) :]
        if mine == content:
            raise AlreadyMadeError(_made(content, new, path))
        if touching := _touching(text, mine, content):
            lines = content.split("\n")
            shown = _numbered(lines, max(touching[0] - 2, 0), min(touching[1] + 2, len(lines)))
            raise ToolError(
                f"old_string is of an earlier text of {path}, and what it changes was changed "
                f"since; these are the lines now:\n{shown}"
            )
        try:
            return Match(0, len(content), rebase(text, mine, content))
        except RebaseConflictError:
            return None
    return None


def _touching(base: str, mine: str, theirs: str) -> tuple[int, int] | None:
    """Return the lines of ``theirs`` where both changed the same lines or ones that touch."""
    lines = base.split("\n")
    ours = hunks(lines, mine.split("\n"))
    for other in hunks(lines, theirs.split("\n")):
        if any(one.start <= other.end and other.start <= one.end for one in ours):
            return other.new_start, other.new_end
    return None


def _offset(lines: list[str], number: int) -> int:
    return sum(len(line) + 1 for line in lines[:number])


def _numbered(lines: list[str], start: int, end: int) -> str:
    rows = [f"{number}: {line}" for number, line in enumerate(lines[start:end], start + 1)]
    return "\n".join(rows[:40])


def _ambiguous(content: str, starts: list[int], path: str) -> str:
    lines = [str(content.count("\n", 0, at) + 1) for at in starts[:8]]
    return (
        f"old_string stands {len(starts)} times in {path}, at lines {', '.join(lines)}; give more "
        "lines around the one you mean, or set replace_all"
    )


def _made(content: str, new: str, path: str) -> str:
    line = content.count("\n", 0, content.index(new)) + 1
    return (
        f"nothing was done: new_string already stands at line {line} of {path}, so the edit seems "
        "to be made; go on with what is left, or finish"
    )


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

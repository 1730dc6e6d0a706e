"""Whether an edit stays where its action may touch."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.verify.types import Verdict
from lsp_agent.workspace.overlay import FileChange
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.sequences import Hunk, hunks
from lsp_agent.workspace.text import split_lines

_MAX_LINES = 5
# Also what imports stand under, and those of languages that no query finds.
_IMPORT = re.compile(
    r"\s*(?:(?:import|from|using|if\s+(?:typing\.)?TYPE_CHECKING)\b|#\s*include\b|@import\b)"
)
_SECOND_STATEMENT = re.compile(r";\s*\S")


@dataclass(frozen=True, slots=True)
class Bounds:
    """What may change.

    ``paths`` are the files (``None``: all). Of the file ``path`` only its imports and the whole
    lines of ``places`` may; without places all of it.
    """

    paths: frozenset[str] | None = None
    path: str = ""
    places: tuple[Range, ...] = ()

    @property
    def any(self) -> bool:
        """Whether anything is out of bounds at all."""
        return self.paths is not None or bool(self.places)


def check_scope(changes: Sequence[FileChange], bounds: Bounds) -> Verdict:
    """Name what changed out of bounds.

    Blank lines may come and go anywhere, and lines may be added right before and after a place.
    Cost: for a file with places a comparison of its lines, and two parses where any is outside.
    """
    found: list[str] = []
    for change in changes:
        paths = [change.path, *([change.new_path] if change.new_path else [])]
        outside = [one for one in paths if bounds.paths is not None and one not in bounds.paths]
        if outside:
            allowed = ", ".join(sorted(bounds.paths or ())) or "nothing"
            found.append(f"{outside[0]} may not change here; what may: {allowed}")
        elif bounds.places and change.path == bounds.path:
            found += _strays(change, bounds.places)
    return Verdict("scope", not found, "\n".join(found[:_MAX_LINES]) or "only what may change")


def _strays(change: FileChange, places: Sequence[Range]) -> Iterator[str]:
    if change.kind != "modify" or change.before is None or change.after is None:
        yield f"{change.path}: this {change.kind} was not asked for; change the text only"
        return
    named = [_lines_of(one) for one in places]
    old, new = _rows(change.before), _rows(change.after)
    spans = [_with_blank_lines(one, old) for one in named]
    outer = [one for one in hunks(old, new) if not _inside(one, spans)]
    if not outer:
        return
    is_old_import = _import_test(change.path, change.before, old)
    is_new_import = _import_test(change.path, change.after, new)
    meant = " and ".join(f"{one.start + 1} to {one.stop}" for one in named)
    for hunk in outer:
        touching = any(hunk.start <= one.stop and one.start <= hunk.end for one in spans)
        made = () if touching else range(hunk.new_start, hunk.new_end)
        gone = (at for at in range(hunk.start, hunk.end) if not any(at in one for one in spans))
        for rows, numbers, is_import, what in (
            (new, made, is_new_import, "changed or new"),
            (old, gone, is_old_import, "changed or gone"),
        ):
            stray = next((at for at in numbers if not is_import(at)), None)
            if stray is not None:
                yield (
                    f"{change.path}:{stray + 1}: this line is {what}, but outside of lines {meant} "
                    f"only imports may change | {rows[stray].strip()[:80]}"
                )
                break


def _lines_of(place: Range) -> range:
    """Return a place's lines; one that ends before a line's first character leaves that out."""
    last = place.end.line
    if place.end.character == 0 and last > place.start.line:
        last -= 1
    return range(place.start.line, last + 1)


def _with_blank_lines(span: range, rows: Sequence[str]) -> range:
    """Return lines with the blank ones around them: where among those one adds is the same."""
    start, stop = span.start, span.stop
    while 0 < start <= len(rows) and not rows[start - 1].strip():
        start -= 1
    while stop < len(rows) and not rows[stop].strip():
        stop += 1
    return range(start, stop)


def _rows(text: str) -> list[str]:
    return [line.rstrip("\r\n") for line in split_lines(text)]


def _inside(hunk: Hunk, spans: Sequence[range]) -> bool:
    return any(one.start <= hunk.start and hunk.end <= one.stop for one in spans)


def _import_test(path: str, text: str, rows: Sequence[str]) -> Callable[[int], bool]:
    """Return a test for lines that are blank, or hold imports and nothing else."""
    document = SyntaxDocument.read(path, text)
    known: set[int] = set()
    for one in document.imports:
        indent = len(rows[one.line]) - len(rows[one.line].lstrip())
        at = Position(one.line, indent)
        whole = document.statement(Range(at, at))
        known |= set(range(whole.start.line, whole.end.line + 1))

    def is_import(at: int) -> bool:
        row = rows[at]
        if not row.strip():
            return True
        return (at in known or bool(_IMPORT.match(row))) and not _SECOND_STATEMENT.search(row)

    return is_import

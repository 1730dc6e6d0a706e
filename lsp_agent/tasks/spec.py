"""What a task is: files, a place, what is asked there, and what shows that it is done."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lsp_agent.errors import LspAgentError
from lsp_agent.workspace.positions import Position, Range

RUN = "run"
"""The action of a task that is a free instruction."""

_MARK = re.compile(r"\$0|«|»")
_MARKS = (["$0"], ["«", "»"])


class TaskError(LspAgentError):
    """A task that can't be read; the message names its file and what is wrong."""

    code = "bad-task"


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do at a place, in a folder of its own.

    ``files`` are there from the start; ``path`` is the one that is open, with ``range`` selected.
    ``words`` are what the user types (an instruction, a new name), ``report`` is a diagnostic on
    the range. ``hidden`` files are laid beside the result and ``commands`` run there, in the
    sandbox; without commands the hidden file ``check.*`` says by its name how it is run. ``has``
    and ``lacks`` are patterns for the texts of the files that changed, ``says`` for an answer that
    is a text. ``answer`` holds a good result, ``None`` for a file that is gone; ``replies`` are
    what a good model says where an action asks for something else than files.
    """

    id: str
    language: str
    action: str
    files: Mapping[str, str]
    path: str
    range: Range
    words: str = ""
    report: str = ""
    hidden: Mapping[str, str] = field(default_factory=dict)
    commands: tuple[tuple[str, ...], ...] = ()
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    answer: Mapping[str, str | None] = field(default_factory=dict)
    replies: tuple[str, ...] = ()

    @property
    def wants_text(self) -> bool:
        """Whether it is solved by words, not by an edit."""
        return bool(self.says)


def lay_out(files: Mapping[str, str], folder: Path) -> None:
    """Write files into a task's folder, as they are to the byte."""
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text.encode())


def unmarked(files: Mapping[str, str], where: str) -> tuple[dict[str, str], str, Range]:
    """Return files without their marks, the marked path and the marked range.

    One file holds ``$0``, a cursor, or ``«…»``, a selection. Raises :class:`TaskError`.
    """
    found: list[tuple[str, Range]] = []
    texts: dict[str, str] = {}
    for path, text in files.items():
        texts[path] = _MARK.sub("", text)
        if marks := list(_MARK.finditer(text)):
            if [one[0] for one in marks] not in _MARKS:
                raise TaskError(f"{where}: {path} needs one $0 or one «…»")
            points = [_position(text, one.start()) for one in marks]
            found.append((path, Range(points[0], points[-1])))
    if len(found) != 1:
        raise TaskError(f"{where}: one file needs a $0 or a «…», {len(found)} have one")
    return texts, *found[0]


def _position(text: str, offset: int) -> Position:
    before = _MARK.sub("", text[:offset])
    line = before.count("\n")
    return Position(line, len(before) - (before.rfind("\n") + 1))

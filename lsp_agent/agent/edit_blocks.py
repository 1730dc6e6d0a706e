"""Edits that a model writes as blocks of text instead of calls: what it learned from other tools.

Read are aider's SEARCH/REPLACE blocks, unified diffs, whose line numbers are not believed, and
whole files in a fence under their path. All become calls of the tools, which decide whether they
fit. What is cut off or can be split in two ways becomes a problem; nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from lsp_agent.engine.types import ToolCall
from lsp_agent.tools.matching.readings import PROSE
from lsp_agent.workspace.sequences import Hunk, hunks

_HEAD = re.compile(r"<{5,9} ?(?:SEARCH|ORIGINAL)[>:]?(?P<path> \S+)?", re.IGNORECASE)
_DIVIDER = re.compile(r"={5,9}")
_TAIL = re.compile(r">{5,9} ?(?:(?:REPLACE|UPDATED):?)?", re.IGNORECASE)
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})([^`]*)")
_HUNK = re.compile(r"@@(?: -\d+(?:,(\d+))? \+\d+(?:,(\d+))?)?.*")
_PATH = re.compile(r"[^\s:*?\"<>|`]*[^\s:*?\"<>|`/.]\.\w{1,12}")
_LABEL = re.compile(r"^(?:file(?:name)?|path|title)\s*[:=]\s*", re.IGNORECASE)
_BULLET = re.compile(r"^\s*(?:[-*]|\d+[.)])\s+|^\s*//\s*")
_KEPT, _LOST = 0.5, 5
_MOST_EDITS = 64

Whole = Literal["all", "known", "none"]
TextOf = Callable[[str], str | None]
"""Returns the text of a file of the workspace, ``None`` where there is none."""


@dataclass(frozen=True, slots=True)
class BlockEdits:
    """The edits of an answer as calls, and messages to the model about broken ones."""

    calls: tuple[ToolCall, ...] = ()
    problems: tuple[str, ...] = ()


def read_edits(
    text: str,
    focus: str | None,
    text_of: TextOf,
    *,
    whole: Whole = "all",
    cut_off: bool = False,
) -> BlockEdits:
    """Take the blocks out of an answer; in time linear in its length.

    ``focus`` is the file meant where none is named, ``whole`` which files a fence under a path is
    taken for.
    """
    if not any(mark in text for mark in ("<<<<<", "@@", "```", "~~~")):
        return BlockEdits()
    reader = _Reader(text, focus, text_of, whole, cut_off)
    reader.read()
    return BlockEdits(tuple(reader.calls), tuple(reader.problems))


@dataclass(slots=True)
class _Reader:
    """Walks over the lines of an answer once."""

    text: str
    focus: str | None
    text_of: TextOf
    whole: Whole
    cut_off: bool
    calls: list[ToolCall] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    _lines: list[str] = field(default_factory=list)
    _at: int = 0
    _fence: str = ""
    _unclosed: bool = False
    _path: str | None = None

    def read(self) -> None:
        self._lines = self.text.replace("\r\n", "\n").split("\n")
        while self._at < len(self._lines) and not self.problems:
            line = self._lines[self._at]
            if _HEAD.fullmatch(line.strip()):
                self._search_replace()
            elif self._begins_diff():
                self._diff()
            elif fence := _FENCE.fullmatch(line):
                self._enter(fence)
            else:
                self._at += 1

    def _enter(self, fence: re.Match[str]) -> None:
        """Go into a fence that holds blocks, over any other."""
        ticks, info = fence[1], fence[2].strip()
        if self._fence:
            self._fence = "" if not info and ticks.startswith(self._fence) else self._fence
            self._at += 1
            return
        ahead = self._lines[self._at + 1 : self._at + 5]
        if any(
            _HEAD.fullmatch(one.strip()) or one.startswith(("--- ", "@@", "diff --git "))
            for one in ahead
        ):
            self._fence, self._unclosed = ticks, self._closing(self._at + 1, ticks) is None
            self._at += 1
            return
        end = self._closing(self._at + 1, ticks)
        if self.whole != "none":
            self._whole_file(info, ticks, end)
        self._at = len(self._lines) if end is None else end + 1

    def _whole_file(self, info: str, ticks: str, end: int | None) -> None:
        path = self._named(_in_info(info))
        path = path or self._path_above(self._at)
        if path is None:
            return
        before = self.text_of(path)
        # "Node.js" over an example looks like a file too.
        if before is None and (self.whole == "known" or "/" not in path):
            return
        if end is None:
            self.problems.append(f"The block with {path} has no closing {ticks}; nothing was done.")
            return
        if path.endswith(PROSE) and len(ticks) < 4:
            # A fence in its text would look like its end.
            return
        body = self._lines[self._at + 1 : end]
        if before is not None and not _is_whole(body, before.splitlines()):
            self.problems.append(
                f"The block with {path} leaves out lines of the file, so it was not taken for the "
                "whole file; edit the lines that change only."
            )
            return
        self._call("write_file", path=path, content="\n".join(body))

    def _search_replace(self) -> None:
        head = _HEAD.fullmatch(self._lines[self._at].strip())
        named = self._named(head["path"] or "") if head else None
        path = named or self._path_above(self._at) or self._path or self.focus
        parts: list[list[str]] = [[]]
        for number in range(self._at + 1, len(self._lines)):
            line = self._lines[number]
            mark = line.strip()
            if _TAIL.fullmatch(mark) and len(parts) > 1:
                break
            if _DIVIDER.fullmatch(mark) or _HEAD.fullmatch(mark):
                parts.append([])
            else:
                parts[-1].append(line)
        else:
            self.problems.append(
                "A SEARCH/REPLACE block has no '=======' or no '>>>>>>> REPLACE'; nothing was done."
            )
            return
        if len(parts) != 2 or path is None:
            why = "names no file" if path is None else "can be split in two ways"
            self.problems.append(f"A SEARCH/REPLACE block {why}; nothing was done.")
            return
        self._at, self._path = number + 1, path
        self._edit(path, "\n".join(parts[0]), "\n".join(parts[1]))

    def _edit(self, path: str, old: str, new: str) -> None:
        if not old.strip() and self.text_of(path) is None:
            self._call("write_file", path=path, content=new)
        else:
            self._call("edit_file", path=path, old_string=old, new_string=new)

    def _begins_diff(self) -> bool:
        if self._names_sides(self._at):
            return True
        line = self._lines[self._at]
        inside = bool(self._fence) or (self._path is not None and line.startswith("@@ -"))
        return inside and _HUNK.fullmatch(line) is not None

    def _names_sides(self, number: int) -> bool:
        """Whether a file's part of a diff begins at a line."""
        two = self._lines[number : number + 2]
        return len(two) == 2 and two[0].startswith("--- ") and two[1].startswith("+++ ")

    def _diff(self) -> None:
        """Read one file's part of a diff; in a fence it ends with the fence."""
        path, old_path = self.focus, ""
        if self._lines[self._at].startswith("--- "):
            old_path = self._side(self._lines[self._at])
            path = self._side(self._lines[self._at + 1])
            if path == "/dev/null":
                self._call("delete_file", path=old_path)
                self._at += 2
                self._skip_hunks()
                return
            self._at += 2
        else:
            path = self._path_above(self._at) or self._path or path
        if path is None:
            self.problems.append("A diff names no file; nothing was done.")
            self._at += 1
            return
        self._path = path
        while self._at < len(self._lines) and _HUNK.fullmatch(self._lines[self._at]):
            self._hunk(path, new_file=old_path == "/dev/null")
            if self.problems:
                return

    def _hunk(self, path: str, *, new_file: bool) -> None:
        header = _HUNK.fullmatch(self._lines[self._at])
        first = self._at + 1
        self._skip_body(first)
        body = self._lines[first : self._at]
        while body and not body[-1].strip():
            body.pop()
        behind = first + len(body)
        while behind < len(self._lines) and not self._lines[behind].strip():
            behind += 1
        blank = behind - first - len(body)
        old = [line[1:] for line in body if not line or line[0] in " -"]
        new = [line[1:] for line in body if not line or line[0] in " +"]
        ended = self._at < len(self._lines) and not self._unclosed
        wanted = (int(header[1] or 1), int(header[2] or 1)) if header and header[1] else (0, 0)
        # What stands behind it shows that it is whole, whatever its numbers say.
        short = behind == len(self._lines) and (
            len(old) + blank < wanted[0] or len(new) + blank < wanted[1]
        )
        if (self._fence and not ended) or (not self._fence and (self.cut_off or short)):
            self.problems.append(f"The diff of {path} was cut off; nothing was done.")
        elif new_file:
            self._call("write_file", path=path, content="\n".join(new))
        elif not any(line.strip() for line in old):
            self.problems.append(
                f"A hunk of the diff of {path} has no line of context, so its place is not known; "
                "nothing was done."
            )
        elif old != new:
            self._edit(path, "\n".join(old), "\n".join(new))

    def _skip_hunks(self) -> None:
        while self._at < len(self._lines) and _HUNK.fullmatch(self._lines[self._at]):
            self._skip_body(self._at + 1)

    def _skip_body(self, first: int) -> None:
        """Go behind a hunk's lines; a blank one belongs to it if more of it follows."""
        self._at = first
        for number in range(first, len(self._lines)):
            line = self._lines[number]
            if self._names_sides(number) or (line and line[0] not in " +-\\"):
                break
            if line:
                self._at = number + 1
        behind = self._at
        while behind < len(self._lines) and not self._lines[behind].strip():
            behind += 1
        if self._fence or (behind < len(self._lines) and _HUNK.fullmatch(self._lines[behind])):
            self._at = behind

    def _side(self, line: str) -> str:
        name = line[4:].partition("\t")[0].strip().strip('"')
        plain = name[2:] if name[:2] in ("a/", "b/") else name
        return name if name == "/dev/null" or self.text_of(name) is not None else plain

    def _closing(self, first: int, ticks: str) -> int | None:
        for number in range(first, len(self._lines)):
            match = _FENCE.fullmatch(self._lines[number])
            if match and match[1].startswith(ticks) and not match[2].strip():
                return number
        return None

    def _path_above(self, number: int) -> str | None:
        """Return the path that stands in one of the three lines above a block."""
        for line in reversed(self._lines[max(number - 3, 0) : number]):
            fence = _FENCE.fullmatch(line)
            info = fence[2].strip() if fence else ""
            name = self._named(_in_info(info) if fence else line)
            if name is not None:
                return name
            if line.strip() and fence is None:
                return None
        return None

    def _named(self, line: str) -> str | None:
        name = _BULLET.sub("", line).strip().strip("#*`_: \t").strip()
        name = _LABEL.sub("", name).strip("\"'`* ")
        if not name or len(name) > 300:
            return None
        if _PATH.fullmatch(name) or ("." in name and self.text_of(name) is not None):
            return name
        return None

    def _call(self, name: str, **arguments: str) -> None:
        if len(self.calls) == _MOST_EDITS:
            self.problems.append(f"There are more than {_MOST_EDITS} edits; nothing was done.")
            return
        call = ToolCall(f"block_{len(self.calls)}", name, arguments)
        # Models say things twice.
        if all((one.name, one.arguments) != (name, arguments) for one in self.calls):
            self.calls.append(call)


def _in_info(info: str) -> str:
    """Return what may be a path in a fence's first line: ``python a.py``, ``python:a.py``."""
    return info.partition(" ")[2] or info.partition(":")[2] or info


def _is_whole(body: list[str], there: list[str]) -> bool:
    """Whether lines are a whole file's, edited, and no part of it.

    Its ends have no fewer lines, half of it is kept, and no five lines are gone from one place
    without others instead.
    """
    new = [line.strip() for line in body if line.strip()]
    old = [line.strip() for line in there if line.strip()]
    changes = hunks(old, new)
    kept = len(old) - sum(one.end - one.start for one in changes)
    if kept < len(old) * _KEPT:
        return False
    for one in changes:
        lost = one.end - one.start - (one.new_end - one.new_start)
        if lost >= _LOST or (lost > 0 and _reaches_end(old, one)):
            return False
    return True


def _reaches_end(old: list[str], hunk: Hunk) -> bool:
    """Whether the lines that go are the file's first or last ones, or may be.

    The bracket that is kept at the end may be one of those that stand before what went.
    """
    gone, ends = old[hunk.start : hunk.end], (old[: hunk.start], old[hunk.end :])
    return any(
        gone[at : at + len(end)] == end for end in ends for at in range(len(gone) - len(end) + 1)
    )

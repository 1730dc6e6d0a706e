"""Unified diffs that ``git apply`` takes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from lsp_agent.workspace.overlay import FileChange
from lsp_agent.workspace.sequences import Hunk, hunks

CONTEXT = 3
"""Unchanged lines shown on each side of a change."""

# git takes a line to end at \n alone; a \r is a character of the line.
_LINES = re.compile(r"[^\n]*\n|[^\n]+")
_SPECIAL = re.compile(r'[\x00-\x1f"\\\x7f]')
_ESCAPES = {"\t": "\\t", "\n": "\\n", "\r": "\\r", '"': '\\"', "\\": "\\\\"}


def unified_diff(old: str | None, new: str | None, old_path: str, new_path: str) -> str:
    """Return a git-style diff; ``None`` stands for a text that does not exist.

    Paths are relative to the repository's root, in posix form. Empty when nothing changed.
    """
    if old_path == new_path and old == new:
        return ""
    header = f"diff --git {_name('a/', old_path)} {_name('b/', new_path)}\n"
    if old is None:
        header += "new file mode 100644\n"
    elif new is None:
        header += "deleted file mode 100644\n"
    elif old_path != new_path:
        header += f"rename from {_name('', old_path)}\nrename to {_name('', new_path)}\n"
    before, after = _LINES.findall(old or ""), _LINES.findall(new or "")
    body = "".join(_body(before, after))
    if not body:
        return header
    source = "/dev/null" if old is None else _name("a/", old_path, ends=True)
    target = "/dev/null" if new is None else _name("b/", new_path, ends=True)
    return f"{header}--- {source}\n+++ {target}\n{body}"


def diff_changes(changes: Iterable[FileChange]) -> str:
    """Return one diff of several files."""
    return "".join(
        unified_diff(change.before, change.after, change.path, change.new_path or change.path)
        for change in changes
    )


def _name(prefix: str, path: str, *, ends: bool = False) -> str:
    """Spell a path as git does: quoted when it must be; a tab ends one that holds a space."""
    if _SPECIAL.search(path):
        quoted = _SPECIAL.sub(lambda m: _ESCAPES.get(m[0], f"\\{ord(m[0]):03o}"), path)
        return f'"{prefix}{quoted}"'
    return f"{prefix}{path}\t" if ends and " " in path else f"{prefix}{path}"


def _body(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    for group in _groups(hunks(before, after)):
        first, last = group[0], group[-1]
        lead = min(CONTEXT, first.start)
        trail = min(CONTEXT, len(before) - last.end)
        yield (
            f"@@ -{_extent(first.start - lead, last.end + trail)} "
            f"+{_extent(first.new_start - lead, last.new_end + trail)} @@\n"
        )
        at = first.start - lead
        for hunk in group:
            yield from _marked(" ", before[at : hunk.start])
            yield from _marked("-", before[hunk.start : hunk.end])
            yield from _marked("+", after[hunk.new_start : hunk.new_end])
            at = hunk.end
        yield from _marked(" ", before[at : at + trail])


def _groups(found: Sequence[Hunk]) -> list[list[Hunk]]:
    """Put hunks together whose contexts would meet."""
    groups: list[list[Hunk]] = []
    for hunk in found:
        if groups and hunk.start - groups[-1][-1].end <= 2 * CONTEXT:
            groups[-1].append(hunk)
        else:
            groups.append([hunk])
    return groups


def _extent(start: int, end: int) -> str:
    """Name lines as diffs do: from 1, an empty stretch by the line before it."""
    if end - start == 1:
        return str(start + 1)
    return f"{start + (start < end)},{end - start}"


def _marked(sign: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        ended = line.endswith("\n")
        yield f"{sign}{line}" if ended else f"{sign}{line}\n\\ No newline at end of file\n"

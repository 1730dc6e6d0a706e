"""Unified diffs that ``git apply`` takes."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import unified_diff as _unified_diff

from lsp_agent.workspace.overlay import FileChange

_LINES = re.compile(r"[^\n]*\n|[^\n]+")


def unified_diff(old: str | None, new: str | None, old_path: str, new_path: str) -> str:
    """Return a git-style diff; ``None`` for a text that does not exist, ``""`` when equal."""
    header = f"diff --git a/{old_path} b/{new_path}\n"
    if old is None:
        header += "new file mode 100644\n"
    elif new is None:
        header += "deleted file mode 100644\n"
    elif old_path != new_path:
        header += f"rename from {old_path}\nrename to {new_path}\n"
    elif old == new:
        return ""
    lines = _unified_diff(
        _LINES.findall(old or ""),
        _LINES.findall(new or ""),
        "/dev/null" if old is None else f"a/{old_path}",
        "/dev/null" if new is None else f"b/{new_path}",
    )
    body = (
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )
    return header + "".join(body)


def diff_changes(changes: Iterable[FileChange]) -> str:
    """Return one diff of several files."""
    return "".join(
        unified_diff(change.before, change.after, change.path, change.new_path or change.path)
        for change in changes
    )

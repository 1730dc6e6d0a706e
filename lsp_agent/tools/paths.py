"""Paths as models write them: mended where one file can be meant, else the nearest is named."""

from __future__ import annotations

import re
from difflib import get_close_matches
from itertools import islice
from urllib.parse import unquote

from lsp_agent.tools.spec import ToolError
from lsp_agent.workspace.errors import WorkspaceError
from lsp_agent.workspace.overlay import Overlay

_MOST_FILES, _MOST_READ = 20_000, 200
_PREFIXES = frozenset({"a", "b", "project", "repo", "repository", "root", "workspace"})
_LEAST_LINES = 4
_PLACE = re.compile(r"(?<=\w)(?::\d+){1,2}$|(?<=\w)#L\d+(?:-L\d+)?$")


def respelled(overlay: Overlay, path: str, *, by_name: bool) -> str:
    """Return the file of the workspace that a path means, or the path without quotes.

    Undone are quotes, ``./``, a leading ``/``, backslashes, a ``file:`` URI, a line number behind
    it, and one folder in front that stands for the workspace (a diff's ``a/``, its own name).
    ``by_name`` takes a bare name for the one file that has it.
    """
    if _exists(overlay, path):
        return path
    bare = path.strip(" \t\n`'\"")
    plain = _PLACE.sub("", bare.replace("\\", "/"))
    if plain.startswith("file://"):
        plain = unquote(plain.removeprefix("file://"))
    root = overlay.root
    if root is not None:
        plain = plain.removeprefix(f"{root.path.as_posix()}/")
    parts = [part for part in plain.split("/") if part not in ("", ".")]
    if not parts or ".." in parts:
        return path
    candidates = ["/".join(parts)]
    own = {root.path.name} if root is not None else set()
    if len(parts) > 1 and parts[0] in _PREFIXES | own:
        candidates.append("/".join(parts[1:]))
    found = next((one for one in candidates if _exists(overlay, one)), None)
    if found is None and by_name and len(parts) == 1:
        named = [one for one in _files(overlay) if one.rpartition("/")[2] == parts[0]]
        found = named[0] if len(named) == 1 else None
    # No file is named in quotes.
    return bare if found is None else found


def nearest(overlay: Overlay, path: str) -> str:
    """Name the files that a path which is none may mean, ``""`` if none is like it."""
    if _exists(overlay, path):
        return ""
    name = path.replace("\\", "/").rpartition("/")[2]
    files = _files(overlay)
    found = [one for one in files if one.rpartition("/")[2] == name]
    found = found or get_close_matches(path, files, 3, 0.6)
    return f"did you mean {' or '.join(found[:3])}?" if found else ""


def refuse_misplaced(overlay: Overlay, path: str, content: str) -> None:
    """Raise :class:`ToolError` for a new file that is an existing one under a wrong path.

    That is one of the same name, most of whose lines the new text has. Cost: a walk over the files,
    and reading 200 at most.
    """
    name = path.replace("\\", "/").rpartition("/")[2]
    lines = {line.strip() for line in content.splitlines() if line.strip()}
    if len(lines) < _LEAST_LINES:
        return
    same = [one for one in _files(overlay) if one.rpartition("/")[2] == name]
    for other in same[:_MOST_READ]:
        there = [line.strip() for line in (overlay.text(other) or "").splitlines() if line.strip()]
        if len(there) >= _LEAST_LINES and sum(line in lines for line in there) * 2 > len(there):
            raise ToolError(
                f"there is no {path}, but {other} has most of these lines: to change it, name that "
                "path; for a copy, move it there or write what differs"
            )


def _exists(overlay: Overlay, path: str) -> bool:
    try:
        return overlay.exists(path)
    except WorkspaceError:
        return False


def _files(overlay: Overlay) -> list[str]:
    try:
        return list(islice(overlay.walk(), _MOST_FILES))
    except WorkspaceError:
        return []

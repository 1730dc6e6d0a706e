"""``AGENTS.md``: what a project tells those who work on it; data, as all of its files are.

The format is https://agents.md: Markdown without a schema, and the file nearest to the code at hand
holds.
"""

from __future__ import annotations

import posixpath

from lsp_agent.context.tokens import Count, largest
from lsp_agent.workspace.errors import WorkspaceError
from lsp_agent.workspace.names import folders_above
from lsp_agent.workspace.overlay import Overlay

NAME = "AGENTS.md"
_MOST_TOKENS, _LEAST_TOKENS = 1024, 32
_FRAME = 24


def instructions(overlay: Overlay, path: str | None, budget: int, count: Count) -> str:
    """Return what the nearest ``AGENTS.md`` at or above a file says; ``""`` where there is none.

    Only files of the workspace that the agent may see are looked at. At most ``budget`` (and
    1,024) tokens: what is longer ends with a note.
    """
    budget = min(budget, _MOST_TOKENS) - _FRAME
    found = nearest(overlay, path)
    if found is None or budget < _LEAST_TOKENS:
        return ""
    try:
        text = overlay.read(found).strip()
    except WorkspaceError:
        return ""
    if count(text) > budget:
        lines = text.split("\n")
        kept = largest(len(lines), lambda most: count("\n".join(lines[:most])) <= budget)
        text = "\n".join([*lines[:kept], f"[cut; the rest is in {found}]"])
    return f"{found} says of this project:\n{text}" if text else ""


def nearest(overlay: Overlay, path: str | None) -> str | None:
    """Return the path of the nearest ``AGENTS.md`` up the tree; ``None`` without one."""
    for folder in folders_above(path or NAME):
        candidate = posixpath.join(folder, NAME)
        try:
            if overlay.exists(candidate) and not overlay.leaves_out(candidate):
                return candidate
        except WorkspaceError:
            return None
    return None

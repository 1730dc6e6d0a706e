"""Which commits the two sides of a conflict come from."""

from __future__ import annotations

from lsp_agent.errors import LspAgentError
from lsp_agent.vcs.place import VcsError
from lsp_agent.vcs.writer import Writer
from lsp_agent.workspace.roots import Root

_OTHERS = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "REBASE_HEAD", "REVERT_HEAD")


def sides(root: Root, path: str) -> tuple[str, str]:
    """Return the last commits that changed a file, on our side and on the one that is merged.

    Each as ``hash author, date: subject``, and ``""`` where there is none to name: without git, or
    outside a merge, a rebase and the like.
    """
    try:
        writer = Writer.open(root.path)
        if writer is None:
            return "", ""
        other = next((name for name in _OTHERS if (writer.git_dir / name).is_file()), "")
        top = writer.path_of(root.path, path)
        return _last(writer, "HEAD", top), _last(writer, other, top) if other else ""
    except (LspAgentError, ValueError):
        return "", ""


def _last(writer: Writer, ref: str, path: str) -> str:
    layout = ("-1", "--no-color", "--no-show-signature", "--date=short", "--format=%h %an, %ad: %s")
    try:
        return writer.text("log", *layout, ref, "--", path)
    except VcsError:
        return ""

"""What can go wrong with files, paths and edits."""

from __future__ import annotations

from lsp_agent.errors import LspAgentError


class WorkspaceError(LspAgentError):
    """A path, a file or an edit that can't be used."""

    code = "workspace"


class OutsideRootError(WorkspaceError):
    """A path that leaves the workspace, by itself or through a link, or is never ours to write."""

    code = "outside-workspace"


class OutOfScopeError(WorkspaceError):
    """A change to a file that this run may not touch."""

    code = "out-of-scope"


class UnreadableFileError(WorkspaceError):
    """A file that is missing, binary, too large, or that can't be opened."""

    code = "unreadable-file"


class EditError(WorkspaceError):
    """Edits that overlap, or a new text that the file's encoding can't hold."""

    code = "bad-edit"


class RebaseConflictError(WorkspaceError):
    """The user changed the same lines meanwhile; ``line`` is 1-based, in the user's text."""

    code = "rebase-conflict"

    def __init__(self, line: int) -> None:
        self.line = line
        super().__init__(
            f"the text changed at line {line} while the edit was being made; ask for it again"
        )

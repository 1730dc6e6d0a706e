"""What can go wrong with files, paths and edits."""

from __future__ import annotations

from collections.abc import Sequence

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
    """The user changed the same place meanwhile.

    ``spans`` are the first and last lines of each place, 1-based and inclusive, in the user's text.
    """

    code = "rebase-conflict"

    def __init__(self, spans: Sequence[tuple[int, int]]) -> None:
        self.spans = tuple(spans)
        names = [f"{first}-{last}" if last > first else str(first) for first, last in self.spans]
        single = len(self.spans) == 1 and "-" not in names[0]
        lines = f"{'line' if single else 'lines'} {', '.join(names)}"
        super().__init__(
            f"the text changed at {lines} while the edit was being made; ask for it again"
        )

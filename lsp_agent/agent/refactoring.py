"""What runs that change several files by rule share: the files they read, and making edits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from lsp_agent.agent.environment import RejectedError, Run
from lsp_agent.agent.verify import describe, give_up, index_of, verify
from lsp_agent.refactor.files import WorkspaceFiles
from lsp_agent.refactor.mentions import Mention
from lsp_agent.workspace.positions import Position

_SHOWN = 20
_INDEX_SECONDS = 0.2


def files_of(run: Run) -> WorkspaceFiles:
    """Return the run's files; where there is an index, it says which lack a word."""
    run.env.progress("looking for uses", None)
    # Without it the files are read, which takes hardly longer than a build.
    view = index_of(run, _INDEX_SECONDS)

    def lacking(word: str) -> Callable[[str], bool]:
        return view.without([word]) if view is not None else lambda _path: False

    return WorkspaceFiles(run.env.overlay, lacking, run.cancel.check)


def put(run: Run, texts: Mapping[str, str]) -> None:
    """Put new texts of files into the overlay, and have them checked, as :func:`check` does."""
    for path, text in texts.items():
        run.cancel.check()
        run.env.overlay.write(path, text)
    check(run)


def check(run: Run) -> None:
    """Have the overlay's changes checked; raises :class:`RejectedError` if none may be offered."""
    failures = describe(verify(run)) if run.env.overlay.changes() else ""
    if failures:
        give_up(run, failures)


def place_of(run: Run) -> tuple[str, Position]:
    """Return the place that the request is about; raises :class:`RejectedError` without one."""
    focus = run.request.focus
    if focus is None or focus.range is None:
        raise RejectedError("name a place in a file")
    return focus.path, focus.range.start


def counted(count: int, what: str) -> str:
    """Return ``1 file`` or ``2 files``."""
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def listed(title: str, rows: Sequence[Mention]) -> str:
    """Return a paragraph that lists places; ``""`` for none."""
    if not rows:
        return ""
    lines = [f"* {one.path}:{one.range.start.line + 1}: `{one.line}`" for one in rows[:_SHOWN]]
    if len(rows) > _SHOWN:
        lines.append(f"* {len(rows) - _SHOWN} more")
    return "\n".join([f"{title}:", *lines])

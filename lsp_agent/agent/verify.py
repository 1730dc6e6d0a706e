"""Checking a run's edits before anyone sees them. Today: syntax."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lsp_agent.agent.environment import Run
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.issues import SyntaxIssue, new_errors
from lsp_agent.syntax.languages import language_of
from lsp_agent.workspace.overlay import FileChange

_MAX_ISSUES = 5


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an edit may not be offered; ``detail`` is for the model and for people."""

    check: str
    detail: str


def verify(run: Run) -> list[Failure]:
    """Run the configured checks on the overlay's changes, with an event each."""
    if not run.env.settings.verify.syntax:
        return []
    run.env.progress("checking", None)
    detail = check_syntax(run.env.overlay.changes())
    run.env.events.emit("verification", check="syntax", ok=not detail, detail=detail or "no error")
    return [Failure("syntax", detail)] if detail else []


def check_syntax(changes: Sequence[FileChange]) -> str:
    """Return the syntax errors that the changes brought in, a line each; ``""`` without any."""
    found: list[str] = []
    for change in changes:
        if change.after is None:
            continue
        path = change.new_path or change.path
        language = language_of(path)
        before = SyntaxDocument.parse(change.before, language) if change.before else None
        after = SyntaxDocument.parse(change.after, language)
        found += [_line(path, issue, after) for issue in new_errors(before, after)[:_MAX_ISSUES]]
    return "\n".join(found)


def _line(path: str, issue: SyntaxIssue, document: SyntaxDocument) -> str:
    start = issue.range.start
    source = document.text.line(start.line).strip()[:80]
    return f"{path}:{start.line + 1}:{start.character + 1}: {issue.message} | {source}"

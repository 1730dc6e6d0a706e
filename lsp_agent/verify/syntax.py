"""Whether changes bring in syntax errors."""

from __future__ import annotations

from collections.abc import Sequence

from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.issues import SyntaxIssue, new_errors
from lsp_agent.verify.types import Verdict
from lsp_agent.workspace.overlay import FileChange

_MAX_ISSUES = 5


def check_syntax(changes: Sequence[FileChange]) -> Verdict:
    """Look for syntax errors that the files did not have before.

    Cost: two parses a changed file.
    """
    found: list[str] = []
    for change in changes:
        if change.after is None:
            continue
        path = change.new_path or change.path
        after = SyntaxDocument.read(path, change.after)
        before = after.replaced(change.before) if change.before else None
        found += [_line(path, issue, after) for issue in new_errors(before, after)[:_MAX_ISSUES]]
    return Verdict("syntax", not found, "\n".join(found) or "no error")


def _line(path: str, issue: SyntaxIssue, document: SyntaxDocument) -> str:
    start = issue.range.start
    source = document.text.line(start.line).strip()[:80]
    return f"{path}:{start.line + 1}:{start.character + 1}: {issue.message} | {source}"

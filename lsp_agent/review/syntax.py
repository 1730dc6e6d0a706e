"""Syntax errors that a change brought in: known at once, without a model."""

from __future__ import annotations

from collections.abc import Iterable

from lsp_agent.review.types import ChangedFile, Finding
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.issues import new_errors


def broken(files: Iterable[ChangedFile]) -> list[Finding]:
    """Return the errors that files did not have before. Cost: two parses a file."""
    found: list[Finding] = []
    for file in files:
        after = SyntaxDocument.read(file.path, file.after)
        before = after.replaced(file.before) if file.before is not None else None
        found += [
            Finding(
                path=file.path,
                range=issue.range,
                quote=after.text.slice(issue.range),
                severity="error",
                category="syntax",
                message=issue.message,
                confidence=1.0,
                by="the parser",
            )
            for issue in new_errors(before, after)
        ]
    return found

"""Stretches of several files that get new text, some inside others."""

from __future__ import annotations

from dataclasses import dataclass, field

from lsp_agent.refactor.files import WorkspaceFiles
from lsp_agent.refactor.source import Source, Span
from lsp_agent.workspace.edits import apply_edits


@dataclass
class Rewrites:
    """The spans of files that are replaced; they hold each other or lie apart."""

    files: WorkspaceFiles
    sources: dict[str, Source] = field(default_factory=dict)
    spans: dict[str, dict[Span, str]] = field(default_factory=dict)

    def source(self, path: str) -> Source:
        """Return a file as it was; raises :class:`RefusedError` where Python can't parse it."""
        if path not in self.sources:
            self.sources[path] = Source(path, self.files.text(path) or "")
        return self.sources[path]

    def put(self, path: str, span: Span, new: str) -> None:
        """Replace a span, and with it what was replaced inside it."""
        spans = self.spans.setdefault(path, {})
        for first, last in [one for one in spans if span[0] <= one[0] and one[1] <= span[1]]:
            del spans[first, last]
        spans[span] = new

    def read(self, path: str, span: Span) -> str:
        """Return the text of a span with what was replaced in it."""
        source, found, at = self.source(path), "", span[0]
        for (first, last), new in sorted(self.spans.get(path, {}).items()):
            if span[0] <= first and last <= span[1]:
                found += source.slice((at, first)) + new
                at = last
        return found + source.slice((at, span[1]))

    def texts(self) -> dict[str, str]:
        """Return the changed files' texts."""
        return {
            path: apply_edits(
                self.source(path).text,
                [self.source(path).edit(span, new) for span, new in spans.items()],
            ).content
            for path, spans in self.spans.items()
        }

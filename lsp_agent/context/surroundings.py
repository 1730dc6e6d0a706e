"""What a session remembers of the workspace to complete code in it."""

from __future__ import annotations

from dataclasses import dataclass

from lsp_agent.context.completion import Gap, Windows, gap_at
from lsp_agent.context.imports import ImportedSignatures
from lsp_agent.context.ring import Ring
from lsp_agent.context.sources import Source, Sources
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.positions import Position


@dataclass(frozen=True, slots=True)
class Place:
    """A gap, and the pieces of other places to show before it: the most stable ones first."""

    gap: Gap
    pieces: tuple[Source, ...]


class Surroundings:
    """Sources as they were read, the ring of lately seen places, and signatures of imports.

    ``ring`` is filled by whoever hears of edits. Reading is thread-safe.
    """

    def __init__(self) -> None:
        self.sources = Sources()
        self.ring = Ring()
        self._imports = ImportedSignatures(self.sources)
        self._similar: tuple[str, int, Source] | None = None

    def narrow(
        self, overlay: Overlay, path: str, document: SyntaxDocument, at: Position, windows: Windows
    ) -> Gap:
        """Return a gap with the one similar place that the embedded model was trained with."""
        nearby = self.sources.nearby(overlay, path)
        return gap_at(document.text, at, windows, [source.text for source in nearby])

    def general(
        self,
        overlay: Overlay,
        path: str,
        document: SyntaxDocument,
        at: Position,
        windows: Windows,
        room: int,
    ) -> Place:
        """Return a gap with up to ``room`` characters of pieces, gap included.

        First what the file imports, then the ring, at last a place like this one. That is looked
        for once a line: as long as the user types in one line, only the end of the prompt changes.
        """
        key = f"{overlay.root}:{path}"
        known = self._similar
        if known is not None and known[:2] == (key, at.line):
            gap, similar = gap_at(document.text, at, windows, [], search=False), known[2]
        else:
            nearby = self.sources.nearby(overlay, path)
            gap = gap_at(document.text, at, windows, [source.text for source in nearby])
            own = Source(path, "")
            similar = Source([own, *nearby][gap.source].path, gap.snippet)
            self._similar = (key, at.line, similar) if gap.snippet else None
        room -= len(gap.prefix) + len(gap.suffix) + len(similar.text)
        pieces: list[Source] = []
        visible = gap.prefix + gap.suffix
        for piece in (*self._imports.of(overlay, path, document), *self.ring.chunks(visible)):
            if overlay.leaves_out(piece.path):
                continue
            room -= len(piece.text)
            if room < 0:
                break
            pieces.append(piece)
        return Place(gap, (*pieces, similar) if similar.text else tuple(pieces))

"""The open documents: the only store of what the editor shows."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from lsprotocol import types

from lsp_agent.server.background import Background
from lsp_agent.server.convert import from_range
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.languages import language_of
from lsp_agent.workspace.positions import PositionEncoding
from lsp_agent.workspace.text import Text

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenDocument:
    """A document as it is at one moment; a change makes a new one.

    ``settled`` says that its syntax was read anew as a whole since it came to be so.
    """

    uri: str
    version: int
    syntax: SyntaxDocument
    settled: bool = False

    @property
    def text(self) -> Text:
        """The document's text."""
        return self.syntax.text


class Documents:
    """Open documents by URI. Only the event loop's thread changes them."""

    def __init__(self) -> None:
        self._open: dict[str, OpenDocument] = {}
        self._changed = asyncio.Condition()
        self._background = Background()
        self.active: str | None = None

    def __iter__(self) -> Iterator[OpenDocument]:
        return iter(list(self._open.values()))

    def get(self, uri: str) -> OpenDocument | None:
        """Return an open document."""
        return self._open.get(uri)

    def open(self, item: types.TextDocumentItem) -> OpenDocument:
        """Add a document; one that is open already is replaced."""
        syntax = SyntaxDocument.parse(item.text, language_of(item.uri, item.language_id, item.text))
        return self._put(OpenDocument(item.uri, item.version, syntax))

    def change(
        self,
        uri: str,
        version: int,
        changes: Sequence[types.TextDocumentContentChangeEvent],
        encoding: PositionEncoding,
    ) -> OpenDocument | None:
        """Apply changes in order; an unknown document is none of ours."""
        document = self._open.get(uri)
        if document is None:
            _log.warning("ignoring a change of %s, which is not open", uri)
            return None
        syntax = document.syntax
        for change in changes:
            if isinstance(change, types.TextDocumentContentChangePartial):
                range_ = from_range(syntax.text, change.range, encoding)
                syntax = syntax.edited(range_, change.text)
            else:
                syntax = syntax.replaced(change.text)
        return self._put(OpenDocument(uri, version, syntax))

    def settle(self, document: OpenDocument, syntax: SyntaxDocument) -> OpenDocument | None:
        """Give a document another reading of the same text; ``None`` if it changed meanwhile."""
        if self._open.get(document.uri) is not document:
            return None
        settled = replace(document, syntax=syntax, settled=True)
        self._open[document.uri] = settled
        return settled

    def close(self, uri: str) -> None:
        """Forget a document."""
        self._open.pop(uri, None)
        if self.active == uri:
            self.active = next(iter(self._open), None)

    async def wait_for_text(self, uri: str, content: str, seconds: float) -> bool:
        """Wait until a document has a text, line ends aside; ``False`` after ``seconds``."""

        def there() -> bool:
            document = self._open.get(uri)
            return document is not None and _plain(document.text.content) == _plain(content)

        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(there)
        except TimeoutError:
            return False
        return True

    def _put(self, document: OpenDocument) -> OpenDocument:
        self._open[document.uri] = document
        self.active = document.uri
        self._background.start(self._announce())
        return document

    async def _announce(self) -> None:
        async with self._changed:
            self._changed.notify_all()


def _plain(text: str) -> str:
    # Editors write their own line ends into what they insert.
    return text.replace("\r\n", "\n")

"""Documents of Python files, read when they are asked for."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from lsp_agent.syntax.document import SyntaxDocument


class Documents:
    """The last documents that were read stay, some twenty times the size of their source."""

    def __init__(self, text: Callable[[str], str | None], kept: int) -> None:
        """Take what returns a file's text, and how many documents stay."""
        self._text = text
        self._kept = kept
        self._documents: OrderedDict[str, SyntaxDocument | None] = OrderedDict()

    def read(self, path: str) -> SyntaxDocument | None:
        """Return a file's document; ``None`` if it can't be read."""
        if path not in self._documents:
            text = self._text(path)
            document = SyntaxDocument.parse(text, "python") if text is not None else None
            self._documents[path] = document
            while len(self._documents) > self._kept:
                self._documents.popitem(last=False)
        self._documents.move_to_end(path)
        return self._documents[path]

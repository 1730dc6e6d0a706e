"""Finding by meaning: passages as vectors of a model that was made for it.

Vectors are made in the background, a few texts at a time, and never while a model has other work:
an engine takes texts one by one, behind whatever else it is asked.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from hashlib import blake2b

from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.engine.types import ContextOverflowError, Engine, Lease
from lsp_agent.errors import LspAgentError
from lsp_agent.index.service import CodeIndex
from lsp_agent.index.types import SymbolRow
from lsp_agent.index.vectors import NearPassage, PassageKey, VectorStore
from lsp_agent.index.view import IndexView
from lsp_agent.workspace.errors import OutsideRootError, UnreadableFileError
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.text import Text

_FILES, _TEXTS = 64, 16
_MAX_TEXT, _FIRST_LINES = 1200, 12
_KINDS = frozenset(
    {"class", "interface", "struct", "trait", "enum", "function", "method", "constructor", "type",
     "macro", "module"}
)  # fmt: skip
_log = logging.getLogger(__name__)


class SemanticIndex:
    """The vectors of one folder, with the engine that ``lease`` gives. Thread-safe.

    :meth:`refresh` brings them up to date in a thread of its own; until it is done, what is there
    is searched. A model's vectors are its own: another model starts anew, and the old ones go.
    """

    def __init__(self, index: CodeIndex, lease: Lease, overlay: Callable[[], Overlay]) -> None:
        self._index = index
        self._lease = lease
        self._overlay = overlay
        self._store = VectorStore(index.reader.path)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._cancel = CancelToken()
        self._generation = -1
        self.note = ""

    def refresh(self) -> None:
        """Start making the vectors that are missing, unless that is under way or nothing changed.

        Returns at once; what goes wrong stands in :attr:`note` and is tried again by the next call.
        """
        with self._lock:
            if self._cancel.cancelled or (self._thread is not None and self._thread.is_alive()):
                return
            self._thread = threading.Thread(target=self._work, name="vectors", daemon=True)
            self._thread.start()

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until no vectors are being made; returns whether that is so."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)
        return thread is None or not thread.is_alive()

    def progress(self) -> tuple[int, int]:
        """Return how many passages have a vector, and how many are known."""
        with self._lease() as engine:
            return self._store.counts(engine.info().model)

    def nearest(
        self, view: IndexView, text: str, limit: int, cancel: CancelToken | None = None
    ) -> list[NearPassage]:
        """Return the passages that mean what a text says; none where that can't be told.

        Without ``cancel`` no model is loaded for it: that begins in the background. Files whose
        text is not saved are left out: their vectors are of other lines.
        """
        self.refresh()
        try:
            with self._lease() as engine:
                if cancel is None and not engine.info().loaded:
                    return []
                (vector,) = engine.embed([text[:_MAX_TEXT]], cancel or self._cancel)
                model = engine.info().model
            changed = view.changed()
            found = self._store.nearest(model, vector, limit + 20 * len(changed))
        except Cancelled:
            raise
        except LspAgentError as error:
            self.note = str(error)
            return []
        return [one for one in found if one.path not in changed][:limit]

    def close(self) -> None:
        """End the work."""
        self._cancel.cancel()
        self.wait(5.0)

    def _work(self) -> None:
        try:
            generation = self._index.reader.generation()
            if generation == self._generation:
                return
            self._read_passages()
            with self._lease() as engine:
                self._make_vectors(engine)
                self._store.forget_dead(engine.info().model)
            self._generation, self.note = generation, ""
        except Cancelled:
            return
        except LspAgentError as error:
            if str(error) != self.note:
                _log.warning("no vectors: %s", error)
            self.note = str(error)

    def _read_passages(self) -> None:
        overlay = self._overlay()
        while files := self._store.unread(_FILES):
            outlines = self._index.reader.outlines(path for path, _ in files)
            for path, doc in files:
                self._cancel.check()
                keys = [
                    PassageKey(row.start_line, row.end_line, _digest(text))
                    for row, text in _texts(overlay, path, outlines[path])
                ]
                self._store.put_passages(doc, keys)

    def _make_vectors(self, engine: Engine) -> None:
        overlay = self._overlay()
        model = engine.load(self._cancel).model
        while missing := self._store.missing(model, _FILES * _TEXTS):
            outlines = self._index.reader.outlines(path for path, _ in missing)
            wanted = {key.digest for _, key in missing}
            texts = {
                digest: text
                for path, rows in outlines.items()
                for _, text in _texts(overlay, path, rows)
                if (digest := _digest(text)) in wanted
            }
            if not texts:
                # The files changed since; the next generation brings their passages.
                return
            rows = list(texts.items())
            for start in range(0, len(rows), _TEXTS):
                self._cancel.check()
                part = rows[start : start + _TEXTS]
                vectors = self._embed(engine, [text for _, text in part])
                digests = [digest for digest, _ in part]
                self._store.put_vectors(model, zip(digests, vectors, strict=True))

    def _embed(self, engine: Engine, texts: Sequence[str]) -> list[list[float]]:
        try:
            return engine.embed(texts, self._cancel)
        except ContextOverflowError as error:
            share = 0.8 * error.context_tokens / max(error.prompt_tokens, 1)
            return engine.embed([text[: int(len(text) * share)] for text in texts], self._cancel)


def passage_text(path: str, row: SymbolRow, text: Text) -> str:
    """Return what is embedded for a definition: where it is, its signature and its first lines."""
    last = min(row.end_line, row.start_line + _FIRST_LINES - 1, text.line_count - 1)
    lines = [text.line(at) for at in range(row.start_line, last + 1)]
    head = f"{path} {row.qualified_name}\n{row.signature}\n{row.documentation}\n"
    return (head + "\n".join(lines))[:_MAX_TEXT]


def _texts(overlay: Overlay, path: str, rows: Sequence[SymbolRow]) -> list[tuple[SymbolRow, str]]:
    try:
        text = Text(overlay.read(path))
    except (UnreadableFileError, OutsideRootError):
        return []
    return [
        (row, passage_text(path, row, text))
        for row in {row.start_line: row for row in rows if row.kind in _KINDS}.values()
        if row.start_line < text.line_count
    ]


def _digest(text: str) -> bytes:
    return blake2b(text.encode("utf-8", "replace"), digest_size=16).digest()

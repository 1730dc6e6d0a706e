"""The edits of this session that can be looked at hunk by hunk, until their files are saved."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lsp_agent.server.documents import OpenDocument
from lsp_agent.workspace.hunk_review import HunkPlace, HunkReview
from lsp_agent.workspace.overlay import FileChange

_MAX_FILES = 200


@dataclass(frozen=True, slots=True)
class ReviewedFile:
    """One file of a run's edit; what is open of it is asked about."""

    run_id: str
    path: str
    review: HunkReview


class HunkReviews:
    """Reviews by document, the newest run's each. Only the event loop's thread changes them."""

    def __init__(self, in_thread: Callable[[Callable[[], Any]], Awaitable[Any]]) -> None:
        """Take what runs a comparison of texts outside the event loop."""
        self._in_thread = in_thread
        self.on_change: Callable[[], None] = lambda: None
        self.deciding = asyncio.Lock()
        self._files: dict[str, ReviewedFile] = {}
        self._found: dict[str, tuple[str, HunkReview, list[HunkPlace]]] = {}

    async def begin(self, run_id: str, changes: Sequence[FileChange]) -> None:
        """Take an edit that arrived in the editor; one with a single hunk is whole or not at all.

        New files and deleted ones are no hunks.
        """
        files: dict[str, ReviewedFile] = await self._in_thread(lambda: _files(run_id, changes))
        if sum(len(file.review.open) for file in files.values()) < 2:
            return
        for uri, file in files.items():
            # The newest last: the oldest goes where there are too many.
            self._files.pop(uri, None)
            self._files[uri] = file
        for uri in [*self._files][:-_MAX_FILES]:
            del self._files[uri]
            self._found.pop(uri, None)
        self.on_change()

    def get(self, uri: str) -> ReviewedFile | None:
        """Return what is reviewed of a document."""
        return self._files.get(uri)

    def of_run(self, run_id: str) -> dict[str, ReviewedFile]:
        """Return the files of a run that are still reviewed."""
        return {uri: file for uri, file in self._files.items() if file.run_id == run_id}

    async def places(self, document: OpenDocument) -> list[HunkPlace]:
        """Return where a document's open hunks are now; compared anew when it has changed."""
        file = self._files.get(document.uri)
        if file is None:
            return []
        text = document.text.content
        known = self._found.get(document.uri)
        if known is None or known[0] != text or known[1] is not file.review:
            review = file.review
            found: list[HunkPlace] = await self._in_thread(lambda: review.places(text))
            known = (text, review, found)
            self._found[document.uri] = known
        return known[2]

    def decide(self, uri: str, decided: Callable[[HunkReview], HunkReview]) -> None:
        """Change what is open of a document; a review with nothing left to decide ends."""
        file = self._files.get(uri)
        if file is not None:
            review = decided(file.review)
            if review.open:
                self._files[uri] = replace(file, review=review)
                self.on_change()
            else:
                self.end(uri)

    def end(self, uri: str) -> None:
        """Ask no more about a document: what is open in it is kept."""
        self._found.pop(uri, None)
        if self._files.pop(uri, None) is not None:
            self.on_change()


def _files(run_id: str, changes: Sequence[FileChange]) -> dict[str, ReviewedFile]:
    return {
        change.uri: ReviewedFile(run_id, change.path, HunkReview.of(change.before, change.after))
        for change in changes
        if change.kind == "modify" and change.before is not None and change.after is not None
    }

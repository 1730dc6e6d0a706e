"""What earlier runs did to a file, and what the journal knows of how they came to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lsp_agent.store.changes import Changes, Recorded
from lsp_agent.store.journal import Journal
from lsp_agent.store.rows import RunRow

_MOST_RUNS = 50


@dataclass(frozen=True, slots=True)
class PastEdit:
    """One run's change of one file.

    ``request`` is what the run was asked, as ``agent/requests`` writes it, ``events`` are its
    events in order, ``files`` all that it changed.
    """

    run: RunRow
    recorded: Recorded
    request: str
    events: tuple[Mapping[str, Any], ...]
    files: tuple[str, ...]


def past_edits(journal: Journal, workspace: str, path: str) -> Iterator[PastEdit]:
    """Yield what runs changed in a file and nobody took back, the newest first.

    The newest 50 runs of the folder are looked at. Cost: a read of each one's texts as it is asked
    for, and of the events of those that match. Raises ``JournalError`` for a journal that can't be
    read.
    """
    changes = Changes(journal)
    for run in changes.runs(workspace, _MOST_RUNS):
        rows = changes.of(run)
        for one in rows:
            if one.state != "undone" and path in (one.change.path, one.change.new_path):
                files = tuple(row.change.new_path or row.change.path for row in rows)
                events = tuple(journal.events(run.id))
                yield PastEdit(run, one, journal.request(run.id), events, files)

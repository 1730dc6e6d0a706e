"""What the user always allows in a folder, in one JSON file that only they can read."""

from __future__ import annotations

import json
import os
import tempfile
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from lsp_agent.config.paths import Home
from lsp_agent.store.atomic import locked


@dataclass(frozen=True, slots=True)
class Grant:
    """What was allowed: to which tool, of which kind, and the path, command or tool itself."""

    tool: str
    kind: str
    subject: str


class RememberedApprovals:
    """The lasting answers for one folder, by its real path; safe beside other processes."""

    def __init__(self, home: Home, folder: Path) -> None:
        self._home = home
        self._folder = os.path.realpath(folder)

    def knows(self, grant: Grant) -> bool:
        """Whether it was allowed for good; a file that can't be read allows nothing."""
        return _row(grant) in self._read().get(self._folder, [])

    def remember(self, grant: Grant) -> None:
        """Allow it for good; raises ``LspAgentError`` or ``OSError`` where that can't be kept."""
        with self._locked():
            entries = self._read()
            rows = entries.setdefault(self._folder, [])
            if _row(grant) not in rows:
                rows.append(_row(grant))
                self._write(entries)

    def forget(self) -> int:
        """Forget all answers for the folder; return how many there were."""
        if not self._home.approvals_file.exists():
            return 0
        with self._locked():
            entries = self._read()
            rows = entries.pop(self._folder, [])
            if rows:
                self._write(entries)
        return len(rows)

    def _locked(self) -> AbstractContextManager[None]:
        folder = self._home.folder(self._home.approvals_file.parent)
        return locked(folder / "approvals.lock")

    def _read(self) -> dict[str, list[list[str]]]:
        try:
            entries = json.loads(self._home.approvals_file.read_text("utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(entries, dict):
            return {}
        return {folder: rows for folder, rows in entries.items() if isinstance(rows, list)}

    def _write(self, entries: dict[str, list[list[str]]]) -> None:
        file = self._home.approvals_file
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=".approvals-")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(entries, stream, indent=1, sort_keys=True)
        Path(name).replace(file)


def _row(grant: Grant) -> list[str]:
    return [grant.tool, grant.kind, grant.subject]

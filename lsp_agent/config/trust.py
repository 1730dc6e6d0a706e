"""Workspace trust: bound to a folder's real path and to the content of its settings files."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from lsp_agent.config.paths import Home
from lsp_agent.config.workspace_files import read_settings_files, seal_of
from lsp_agent.errors import LspAgentError


class TrustStore:
    """The trusted folders of this user, in one JSON file that only they can read."""

    def __init__(self, home: Home) -> None:
        self._home = home

    def trust(self, folder: Path) -> None:
        """Trust a folder as it is now; a later change of its settings files ends that."""
        if not folder.is_dir():
            raise LspAgentError(f"{folder} is not a folder")
        entries = self._read()
        entries[os.path.realpath(folder)] = seal_of(read_settings_files(folder))
        self._write(entries)

    def untrust(self, folder: Path) -> bool:
        """Stop trusting a folder; return whether it was trusted."""
        entries = self._read()
        known = entries.pop(os.path.realpath(folder), None) is not None
        if known:
            self._write(entries)
        return known

    def is_trusted(self, folder: Path) -> bool:
        """Whether the folder is trusted and its settings files are still the same."""
        known = self.seal(folder)
        return known is not None and known == seal_of(read_settings_files(folder))

    def seal(self, folder: Path) -> str | None:
        """Return the hash of the settings files that a trusted folder had; ``None`` for others.

        Whoever uses the files compares it with what they read: the files may change in between.
        """
        known = self._read().get(os.path.realpath(folder))
        return known if isinstance(known, str) else None

    def _read(self) -> dict[str, str]:
        try:
            entries = json.loads(self._home.trust_file.read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return entries if isinstance(entries, dict) else {}

    def _write(self, entries: dict[str, str]) -> None:
        folder = self._home.folder(self._home.trust_file.parent)
        handle, name = tempfile.mkstemp(dir=folder, prefix=".trust-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(entries, file, indent=1, sort_keys=True)
        Path(name).replace(self._home.trust_file)

"""Workspace trust: bound to a folder's real path and to the content of its settings files."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path

from lsp_agent.config.paths import Home, workspace_files
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
        entries[os.path.realpath(folder)] = fingerprint(folder)
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
        known = self._read().get(os.path.realpath(folder))
        return known is not None and known == fingerprint(folder)

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


def fingerprint(folder: Path) -> str:
    """Return the hash of a folder's settings files; without any it is that of nothing."""
    digest = hashlib.sha256()
    for path in workspace_files(folder):
        data = path.read_bytes()
        digest.update(f"{path.name}:{len(data)}:".encode())
        digest.update(data)
    return digest.hexdigest()

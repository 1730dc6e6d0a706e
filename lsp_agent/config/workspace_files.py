"""The settings files of a workspace: read once, so that what is trusted is what is used."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lsp_agent.config.paths import WORKSPACE_FILES

MAX_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A settings file with its content; ``refused`` says why it is not used, if so."""

    path: Path
    data: bytes = b""
    refused: str = ""


def read_settings_files(folder: Path) -> list[SettingsFile]:
    """Return what is there of a folder's settings files, the deciding one first; never raises.

    A link that leaves the folder is not followed, and no more than ``MAX_BYTES`` are read.
    """
    paths = [folder / name for name in WORKSPACE_FILES]
    return [_read(path, folder) for path in paths if path.is_file()]


def seal_of(files: Sequence[SettingsFile]) -> str:
    """Return the hash of settings files, which trust is bound to; without any that of nothing."""
    digest = hashlib.sha256()
    for file in files:
        if not file.refused:
            digest.update(f"{file.path.name}:{len(file.data)}:".encode())
            digest.update(file.data)
    return digest.hexdigest()


def _read(path: Path, folder: Path) -> SettingsFile:
    real = Path(os.path.realpath(path))
    if not real.is_relative_to(os.path.realpath(folder)):
        return SettingsFile(path, refused="is a link that leaves the folder; put a file there")
    try:
        # The last name was no link a moment ago; nor may it be one now, or a pipe.
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        with os.fdopen(os.open(real, flags | getattr(os, "O_BINARY", 0)), "rb") as stream:
            if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
                return SettingsFile(path, refused="is no regular file")
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        return SettingsFile(path, refused=f"can't be read: {error}")
    if len(data) > MAX_BYTES:
        return SettingsFile(path, refused=f"has more than {MAX_BYTES} bytes")
    return SettingsFile(path, data)

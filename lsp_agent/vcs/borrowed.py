"""Folders that are not under version control, but without which a project's programs don't run."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection
from pathlib import Path

DEPENDENCIES = (
    ".venv",
    "venv",
    "env",
    "__pypackages__",
    "node_modules",
    "bower_components",
    "vendor",
    "deps",
    "Pods",
    ".bundle",
)
"""Folders of installed dependencies. What builds make is none: a copy makes its own."""

_ENVIRONMENTS = {"venv", "env", ".venv"}


def borrowed_folders(root: Path, folders: Collection[str]) -> list[str]:
    """Return the dependency folders in some folders of a root that are none of these themselves.

    ``folders`` are those that were copied, ``""`` for the root. Links are not borrowed: they may
    lead anywhere. Cost: a ``stat`` for each name in each folder.
    """
    found = []
    for folder in sorted(folders):
        for name in DEPENDENCIES:
            path = f"{folder}/{name}" if folder else name
            place = f"{root}{os.sep}{path}"
            if path not in folders and _is_folder(place) and _is_meant(place, name):
                found.append(path)
    return found


def _is_meant(place: str, name: str) -> bool:
    """Whether a folder of a common name is what it seems."""
    return name not in _ENVIRONMENTS or os.access(f"{place}{os.sep}pyvenv.cfg", os.R_OK)


def _is_folder(place: str) -> bool:
    try:
        # os.lstat: ten names in each of hundreds of folders, most of which are not there.
        return stat.S_ISDIR(os.lstat(place).st_mode)
    except OSError:
        return False

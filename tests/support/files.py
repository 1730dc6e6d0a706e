"""Files of a test's folder, written as one mapping."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def write_files(folder: Path, texts: Mapping[str, str | bytes]) -> None:
    """Write files by path, with the folders above them."""
    for path, text in texts.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())


def by_path(texts: Mapping[str, T]) -> dict[str, T]:
    """Return keyword arguments by path: ``__`` stands for ``/``, ``_dot_`` for ``.``."""
    return {name.replace("__", "/").replace("_dot_", "."): text for name, text in texts.items()}

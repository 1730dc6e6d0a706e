"""What an apply is about to do, written down first, so that it can be undone after a crash.

The log is one JSON file: the files' bytes before and after, and the folders to be made. While it
exists the apply is not finished; :func:`undo` brings back the files that are as the apply left
them, and leaves alone what somebody changed since.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lsp_agent.store.atomic import (
    Looks,
    bytes_of,
    held,
    remove,
    remove_folder,
    replace,
    stage,
    sync_folder,
)

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Step:
    """One file: ``old`` becomes ``new``; ``None`` stands for no file.

    ``path`` is the one that people know, ``target`` the real file, ``temp`` a name beside it, and
    ``looks`` what the old file has and the new one shall have.
    """

    path: str
    target: Path
    temp: Path
    old: bytes | None
    new: bytes | None
    looks: Looks | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """All steps, in order, and the folders made for them, the outermost first."""

    steps: tuple[Step, ...]
    folders: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Recovery:
    """The paths that :func:`undo` brought back, and those that somebody had changed since."""

    restored: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()


def temp_beside(target: Path) -> Path:
    """Return a free name in a file's folder, for the file to be written under at first."""
    return target.with_name(f".lsp-agent-{secrets.token_hex(6)}.tmp")


def write_intent(log: Path, intent: Intent) -> None:
    """Write the log down to the disk; only its owner may read it. The log's lock must be held."""
    record = {
        "version": _VERSION,
        "folders": [str(folder) for folder in intent.folders],
        "steps": [
            {
                "path": step.path,
                "target": str(step.target),
                "temp": str(step.temp),
                "old": _to_text(step.old),
                "new": _to_text(step.new),
                "looks": asdict(step.looks) if step.looks else None,
            }
            for step in intent.steps
        ],
    }
    temp = _unfinished(log)
    forget_unfinished(log)
    try:
        stage(temp, json.dumps(record).encode())
        temp.chmod(0o600)
        temp.replace(log)
    finally:
        temp.unlink(missing_ok=True)
    sync_folder(log.parent)


def forget_unfinished(log: Path) -> None:
    """Remove a log that a process was writing when it died; nothing of it was done."""
    temp = _unfinished(log)
    if temp.exists():
        temp.unlink(missing_ok=True)


def _unfinished(log: Path) -> Path:
    # One name, as a random one would lie about for ever.
    return log.with_name(f"{log.name}.tmp")


def read_intent(log: Path) -> Intent | None:
    """Return what was left behind, or ``None``; raises ``ValueError`` for a log that is broken."""
    try:
        record: Any = json.loads(log.read_bytes())
    except FileNotFoundError:
        return None
    if not isinstance(record, dict) or record.get("version") != _VERSION:
        raise ValueError("of an unknown version")
    try:
        steps = tuple(
            Step(
                item["path"],
                Path(item["target"]),
                Path(item["temp"]),
                _to_bytes(item["old"]),
                _to_bytes(item["new"]),
                Looks(**item["looks"]) if item["looks"] else None,
            )
            for item in record["steps"]
        )
        return Intent(steps, tuple(map(Path, record["folders"])))
    except (KeyError, TypeError) as error:
        raise ValueError(f"without {error}") from error


def undo(intent: Intent) -> Recovery:
    """Take back what was done of an intent; doing it twice does no harm. Raises ``OSError``.

    A file whose folder is no longer there, or became a link since, is left as it is.
    """
    restored: list[str] = []
    kept: list[str] = []
    for step in reversed(intent.steps):
        if not _stands(step.target.parent):
            if step.old is not None or step.target.parent.is_symlink():
                kept.append(step.path)
            continue
        now = bytes_of(step.target)
        if now == step.new and now != step.old:
            _restore(step)
            restored.append(step.path)
        elif now != step.old:
            kept.append(step.path)
        # Where nothing can be written nothing was staged, and removing it is refused.
        if os.path.lexists(step.temp):
            with suppress(FileNotFoundError):
                remove(step.temp)
    for folder in reversed(intent.folders):
        # Somebody may have put another file there.
        with suppress(OSError):
            remove_folder(folder)
    sync_folders(step.target.parent for step in intent.steps)
    return Recovery(tuple(sorted(restored)), tuple(sorted(kept)))


def sync_folders(folders: Iterable[Path]) -> None:
    """Make what was renamed and deleted in these folders last."""
    for folder in sorted(set(folders)):
        with suppress(FileNotFoundError, NotADirectoryError):
            sync_folder(folder)


def _stands(folder: Path) -> bool:
    try:
        with held(folder):
            return True
    except OSError:
        return False


def _restore(step: Step) -> None:
    if step.old is None:
        remove(step.target)
        return
    with suppress(FileNotFoundError):
        remove(step.temp)
    stage(step.temp, step.old, step.looks)
    replace(step.temp, step.target)


def _to_text(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode("ascii")


def _to_bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)

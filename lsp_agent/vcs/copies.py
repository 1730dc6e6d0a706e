"""The folder that holds copies of workspaces, each locked by the process that made it."""

from __future__ import annotations

import logging
import secrets
import time
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from lsp_agent.vcs.anchored import remove_tree

_log = logging.getLogger(__name__)
_FORGOTTEN = 86_400
"""Age in seconds of a lock file without a copy that nobody can be about to use."""


class Copies:
    """Makes folders for copies, and removes what a process that died left there."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; it is made when first needed."""
        self._folder = folder

    def make(self) -> CopyFolder:
        """Return a new empty folder that only this user may enter.

        Copies without a living process are removed first: cost of each as of ``rm -r``. Raises
        ``OSError``.
        """
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A process that is about to make its copy has the lock before there is a folder.
        self.sweep()
        name = secrets.token_hex(8)
        # A check's own thread may make the copy that the run's thread removes.
        lock = FileLock(self._folder / f"{name}.lock", thread_local=False)
        lock.acquire(timeout=0)
        path = self._folder / name
        try:
            path.mkdir(mode=0o700)
        except OSError:
            lock.release()
            raise
        return CopyFolder(path, lock)

    def sweep(self) -> None:
        """Remove the copies that no process holds; what resists stays, and is logged."""
        with suppress(OSError):
            for path in list(self._folder.iterdir()):
                if path.suffix == ".lock":
                    self._forget(path)
                else:
                    self._remove(path)

    def _remove(self, path: Path) -> None:
        lock = FileLock(path.with_suffix(".lock"))
        try:
            lock.acquire(timeout=0)
        except (Timeout, OSError):
            return
        CopyFolder(path, lock).remove()

    def _forget(self, lock: Path) -> None:
        with suppress(OSError):
            if (
                not lock.with_suffix("").exists()
                and time.time() - lock.stat().st_mtime > _FORGOTTEN
            ):
                lock.unlink()


class CopyFolder:
    """One folder, ours until it is removed or this process ends."""

    def __init__(self, path: Path, lock: FileLock) -> None:
        self.path = path
        self._lock = lock

    def remove(self) -> None:
        """Remove the folder and all in it; what resists is logged and tried again another day."""
        try:
            remove_tree(self.path)
        except OSError as error:
            _log.warning("the copy %s can't be removed: %s", self.path, error)
            self._lock.release()
            return
        with suppress(OSError):
            Path(self._lock.lock_file).unlink(missing_ok=True)
        self._lock.release()

"""Where windows find the host that shares a model: a folder that only this user can enter.

A host holds ``KEY.lock`` as long as it lives, so that there is one for each key and a dead one is
never taken for alive; ``KEY.json`` says where it listens and holds the token of its clients.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import socket
import stat
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from lsp_agent import __version__
from lsp_agent.engine.host.process import Setup
from lsp_agent.engine.host.wire import PROTOCOL
from lsp_agent.engine.types import EngineUnavailableError

# The shortest limit of all systems is 104 bytes with the final null.
_SOCKET_PATH_BYTES = 100
_LOG_BYTES = 2**20


@dataclass(frozen=True, slots=True)
class Address:
    """Where a host listens: a Unix socket's path, or else a port on 127.0.0.1."""

    token: str
    path: str | None = None
    port: int = 0

    def connect(self, seconds: float) -> socket.socket:
        """Return a connection; raises ``OSError``."""
        if self.path is None:
            return socket.create_connection(("127.0.0.1", self.port), seconds)
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(seconds)
            connection.connect(self.path)
        except OSError:
            connection.close()
            raise
        return connection


@dataclass(frozen=True, slots=True)
class Place:
    """The files of one host."""

    folder: Path
    key: str

    @property
    def log(self) -> Path:
        """The host's stderr."""
        return self.folder / f"{self.key}.log"

    def open_log(self) -> IO[bytes]:
        """Open the log to add to it; one that has grown long begins anew."""
        handle = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        if os.fstat(handle).st_size > _LOG_BYTES:
            os.ftruncate(handle, 0)
        return os.fdopen(handle, "ab")

    def enter(self) -> None:
        """Make the folder, or check that nobody else can enter it.

        Raises :class:`EngineUnavailableError`.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = self.folder.lstat()
            if sys.platform != "win32":
                if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
                    raise PermissionError(0, "it is not a folder of yours")
                if stat.S_IMODE(found.st_mode) & 0o077:
                    self.folder.chmod(0o700)
        except OSError as error:
            raise EngineUnavailableError(
                f"no model can be shared through {self.folder} ({error.strerror}); mend that or "
                'set isolation = "process"'
            ) from error

    def address(self) -> Address | None:
        """Return where the host listens; ``None`` when there is none, or it is not ready."""
        try:
            row = json.loads(self._file(".json").read_text("utf-8"))
            return Address(str(row["token"]), row.get("path"), int(row.get("port", 0)))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def lock(self) -> int | None:
        """Take the right to be the host, until the process ends; ``None`` when another has it."""
        handle = os.open(self._file(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(handle)
        except OSError:
            os.close(handle)
            return None
        return handle

    def listen(self) -> tuple[socket.socket, Address]:
        """Listen with a new token, in the place of a host that died. Only with the lock."""
        path, token = self._file(".sock"), secrets.token_hex(32)
        if not hasattr(socket, "AF_UNIX") or len(os.fsencode(path)) > _SOCKET_PATH_BYTES:
            listener = socket.create_server(("127.0.0.1", 0))
            return listener, Address(token, port=listener.getsockname()[1])
        path.unlink(missing_ok=True)
        listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listener.bind(os.fspath(path))
        path.chmod(0o600)
        listener.listen()
        return listener, Address(token, path=os.fspath(path))

    def publish(self, address: Address) -> None:
        """Say where the host listens."""
        row: dict[str, Any] = {"token": address.token, "pid": os.getpid()}
        row |= {"port": address.port} if address.path is None else {"path": address.path}
        # mkstemp makes a file that nobody else can read.
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=".host-")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(row, file)
        Path(name).replace(self._file(".json"))

    def retire(self) -> None:
        """Take the host's address back."""
        for suffix in (".json", ".sock"):
            with contextlib.suppress(OSError):
                self._file(suffix).unlink(missing_ok=True)

    def _file(self, suffix: str) -> Path:
        return self.folder / f"{self.key}{suffix}"


def key_of(setup: Setup) -> str:
    """Return what windows must agree on to share a host.

    The model's file as it is now, every setting, the installation and its version: another one
    of these starts a host of its own.
    """
    found = setup.path.stat()
    parts = (
        str(setup.path.resolve()),
        found.st_size,
        found.st_mtime_ns,
        setup.settings.model_dump(mode="json", exclude={"isolation", "model"}),
        __version__,
        PROTOCOL,
        sys.prefix,
    )
    text = json.dumps(parts, sort_keys=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]


if sys.platform == "win32":

    def _lock(handle: int) -> None:
        import msvcrt

        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

else:

    def _lock(handle: int) -> None:
        import fcntl

        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

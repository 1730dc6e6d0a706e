"""How two processes of one user make sure of each other before anything is said.

Each proves that it knows the token by what it makes of the other's random number, so that the
token itself never goes through a socket: behind an old port number may be anybody.
"""

from __future__ import annotations

import hmac
import os
import secrets
import socket
import struct
import sys

from lsp_agent.engine.host.wire import MAX_FRAME, FrameReader, WireError, frame

_LONGEST = 4096
GREETING_SECONDS = 5.0


class Connection:
    """A socket; see :class:`~lsp_agent.engine.host.wire.Transport`."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection

    def read(self, size: int) -> bytes:
        """Return what the other side sent."""
        return self._socket.recv(size)

    def write(self, data: bytes) -> None:
        """Send all bytes."""
        self._socket.sendall(data)

    def finish(self) -> None:
        """End the connection on both sides."""
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return

    abandon = finish

    def obituary(self) -> str:
        """Say that the connection is no more."""
        self._socket.close()
        return "the connection to it broke"

    def patience(self, seconds: float | None) -> None:
        """Set how long to wait for each piece."""
        self._socket.settimeout(seconds)

    def is_own(self) -> bool:
        """Whether the other process belongs to this user, as far as the system tells."""
        if sys.platform != "linux" or self._socket.family != socket.AF_UNIX:
            return True
        row = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        _pid, uid, _gid = struct.unpack("3i", row)
        return bool(uid == os.getuid())


def greet(connection: Connection, token: str) -> None:
    """Greet a host as its client.

    Raises :class:`WireError` or ``OSError`` for one that does not know the token.
    """
    frames, mine = FrameReader(connection.read, _LONGEST), secrets.token_hex(16)
    connection.patience(GREETING_SECONDS)
    connection.write(frame(nonce=mine))
    reply = frames.next() or {}
    other = str(reply.get("nonce"))
    if not _same(reply.get("proof"), _proof(token, "host", mine, other)):
        raise WireError("it does not know the token")
    connection.write(frame(proof=_proof(token, "client", mine, other)))
    connection.patience(None)


def welcome(connection: Connection, token: str) -> FrameReader:
    """Greet a client as its host; return the reader for what follows.

    Raises :class:`WireError` or ``OSError`` for one that is not this user's.
    """
    if not connection.is_own():
        raise WireError("a client of another user")
    frames, mine = FrameReader(connection.read, _LONGEST), secrets.token_hex(16)
    connection.patience(GREETING_SECONDS)
    other = str((frames.next() or {}).get("nonce"))
    connection.write(frame(nonce=mine, proof=_proof(token, "host", other, mine)))
    answer = frames.next() or {}
    if not _same(answer.get("proof"), _proof(token, "client", other, mine)):
        raise WireError("a client that does not know the token")
    connection.patience(None)
    frames.limit = MAX_FRAME
    return frames


def _proof(token: str, role: str, client: str, host: str) -> str:
    text = f"{role}:{client}:{host}"
    return hmac.new(token.encode("ascii"), text.encode("utf-8", "replace"), "sha256").hexdigest()


def _same(said: object, expected: str) -> bool:
    return isinstance(said, str) and said.isascii() and hmac.compare_digest(said, expected)

"""One host for all windows of this user: finding it, starting it, being it."""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import subprocess
import threading
import time
from pathlib import Path

from lsp_agent.cancel import CancelToken
from lsp_agent.engine.host.greeting import Connection, greet, welcome
from lsp_agent.engine.host.place import Address, Place, key_of
from lsp_agent.engine.host.process import COMMAND, Setup
from lsp_agent.engine.host.session import Host, Session
from lsp_agent.engine.host.wire import WireError
from lsp_agent.engine.types import Engine, EngineUnavailableError

_START_SECONDS = 20.0
_POLL_SECONDS = 0.02
_WATCH_SECONDS = 0.25
_CONNECT_SECONDS = 5.0
_GRACE_SECONDS = 60.0
_log = logging.getLogger(__name__)


class SharedHost:
    """Connects to the host of a model, and starts it where there is none.

    ``grace`` is how long, in seconds, a host that we start outlives its last client.
    """

    def __init__(self, setup: Setup, folder: Path, grace: float = _GRACE_SECONDS) -> None:
        self._setup = setup
        self._folder = folder
        self._grace = grace

    def connect(self, cancel: CancelToken) -> Connection:
        """Return a connection; raises :class:`EngineUnavailableError` where none is to be had."""
        try:
            place = Place(self._folder, key_of(self._setup))
        except OSError as error:
            raise EngineUnavailableError(
                f"the model file {self._setup.path} can't be read ({error.strerror})"
            ) from error
        place.enter()
        deadline = time.monotonic() + _START_SECONDS
        child: subprocess.Popen[bytes] | None = None
        while True:
            cancel.check()
            connection = _call(place.address())
            if connection is not None:
                return connection
            # Status 0: another window was quicker, and its host may be ready in a moment.
            status = None if child is None else child.poll()
            if time.monotonic() > deadline or status not in (None, 0):
                raise EngineUnavailableError(
                    f"the shared process of the engine {self._setup.name!r} can't be reached; "
                    f'{place.log} says more, and isolation = "process" does without it'
                )
            if child is None or status == 0:
                child = self._start(place)
            cancel.wait(_POLL_SECONDS)

    def _start(self, place: Place) -> subprocess.Popen[bytes]:
        """Start a host that outlives us."""
        shared = {"folder": str(place.folder), "key": place.key, "grace": self._grace}
        detached = getattr(subprocess, "DETACHED_PROCESS", 0)
        grouped = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
        try:
            with place.open_log() as log:
                child = subprocess.Popen(
                    COMMAND,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=log,
                    bufsize=0,
                    cwd=place.folder,
                    start_new_session=True,
                    creationflags=detached | grouped,
                )
        except OSError as error:
            raise EngineUnavailableError(
                f"the shared process of the engine {self._setup.name!r} can't be started ({error})"
            ) from error
        if child.stdin is not None:
            with contextlib.suppress(OSError), child.stdin:
                child.stdin.write(self._setup.frame(shared=shared))
        # Else it would stay in the table of processes after its end.
        threading.Thread(target=child.wait, name="shared-host", daemon=True).start()
        return child


def _call(address: Address | None) -> Connection | None:
    """Connect to a host; ``None`` where there is none that knows the token."""
    if address is None:
        return None
    try:
        connection = Connection(address.connect(_CONNECT_SECONDS))
    except OSError:
        return None
    try:
        greet(connection, address.token)
    except (OSError, WireError) as error:
        _log.debug("no shared host: %s", error)
        connection.obituary()
        return None
    return connection


def serve_shared(engine: Engine, place: Place, grace: float) -> None:
    """Be the host until no client was there for ``grace`` seconds; at once where there is one."""
    place.enter()
    # Held, not used: the system gives the lock back with the process.
    lock = _locked(place)
    if lock is None:
        return
    host = Host(engine, "shared")
    listener, address = place.listen()
    place.publish(address)
    with listener:
        _accept(host, listener, address, grace)
        # Before the engine is closed: who comes now starts a new host, which waits for the lock.
        place.retire()


def _locked(place: Place) -> int | None:
    """Take the lock; ``None`` where another host is at work, and not about to end."""
    deadline = time.monotonic() + _START_SECONDS
    while (lock := place.lock()) is None:
        if place.address() is not None or time.monotonic() > deadline:
            return None
        time.sleep(_POLL_SECONDS)
    return lock


def _accept(host: Host, listener: socket.socket, address: Address, grace: float) -> None:
    # The window that started us is on its way.
    idle_since, allowed = time.monotonic(), max(grace, _START_SECONDS)
    while host.clients or time.monotonic() - idle_since < allowed:
        if host.clients:
            idle_since, allowed = time.monotonic(), grace
        ready, _, _ = select.select([listener], [], [], _WATCH_SECONDS)
        if ready:
            connection, _ = listener.accept()
            # Counted from here on, lest the host ends while a client is being greeted.
            host.count("clients", 1)
            threading.Thread(
                target=_serve, args=(host, Connection(connection), address.token), daemon=True
            ).start()


def _serve(host: Host, connection: Connection, token: str) -> None:
    try:
        Session(host, connection, welcome(connection, token)).serve()
    except (OSError, WireError) as error:
        _log.warning("refused: %s", error)
    finally:
        connection.obituary()
        host.count("clients", -1)

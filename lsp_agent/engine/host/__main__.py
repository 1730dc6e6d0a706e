"""``python -m lsp_agent.engine.host``: serve one engine; the first frame on stdin says which.

It speaks with the process that started it, on stdin and stdout, and ends when stdin does; with
``shared`` in the first frame, with all windows of this user that find it below that folder.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from pathlib import Path
from typing import Any

from lsp_agent.engine.host.process import Setup, private_stdio, yield_memory_first
from lsp_agent.engine.host.session import Host, Session
from lsp_agent.engine.host.wire import FrameReader

_END_SECONDS = 3.0


class _Stdio:
    """The pipes, seen from the inside."""

    def __init__(self) -> None:
        self._in, self._out = private_stdio()

    def read(self, size: int) -> bytes:
        """Return what the client wrote."""
        return os.read(self._in, size)

    def write(self, data: bytes) -> None:
        """Send all bytes."""
        view = memoryview(data)
        while view:
            view = view[os.write(self._out, view) :]


def main() -> None:
    """Serve until nobody needs it any more."""
    # Ctrl-C in a terminal reaches this process too; the one that started it decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    yield_memory_first()
    stdio = _Stdio()
    frames = FrameReader(stdio.read)
    setup = frames.next()
    if setup is None:
        return
    engine = _engine(Setup.of(setup))
    try:
        shared: dict[str, Any] | None = setup.get("shared")
        if shared is None:
            host = Host(engine, "process")
            host.count("clients", 1)
            Session(host, stdio, frames).serve()
        else:
            from lsp_agent.engine.host.place import Place
            from lsp_agent.engine.host.shared import serve_shared

            serve_shared(engine, Place(Path(shared["folder"]), shared["key"]), shared["grace"])
    finally:
        _end_soon()
        engine.close()


def _engine(setup: Setup) -> Any:
    from lsp_agent.engine.factory import hosted_here

    return hosted_here(setup.name, setup.settings, setup.path, setup.prefixes)


def _end_soon() -> None:
    """End the process even where a decode does not heed the engine's end."""
    timer = threading.Timer(_END_SECONDS, os._exit, (1,))
    timer.daemon = True
    timer.start()


if __name__ == "__main__":
    main()

"""A stand-in for Hugging Face: one file in one repository, served as the hub serves it."""

from __future__ import annotations

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

_PATH = "/owner/tiny-GGUF/resolve/main/tiny.gguf"


class ModelHub:
    """Serves ``data``; ``ranges`` are the Range headers of the downloads so far.

    ``sha256`` and ``claimed_size`` are what it says of the file. With ``stop_at`` a download sends
    as many bytes, sets ``stopped``, and waits for ``go_on``.
    """

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.sha256 = hashlib.sha256(data).hexdigest()
        self.claimed_size: int | None = None
        self.stop_at: int | None = None
        self.stopped, self.go_on = threading.Event(), threading.Event()
        self.ranges: list[str | None] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> ModelHub:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.go_on.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self._answer(body=False)

            def do_GET(self) -> None:
                self._answer(body=True)

            def _answer(self, *, body: bool) -> None:
                found = self.path == _PATH
                wanted = self.headers.get("Range")
                start = int(wanted.removeprefix("bytes=").partition("-")[0]) if wanted else 0
                content = hub.data[start:] if found else b""
                self.send_response((206 if start else 200) if found else 404)
                size = len(content) if hub.claimed_size is None else hub.claimed_size
                self.send_header("Content-Length", str(size))
                if start:
                    last = len(hub.data) - 1
                    self.send_header("Content-Range", f"bytes {start}-{last}/{len(hub.data)}")
                self.send_header("ETag", f'"{hub.sha256}"')
                self.send_header("X-Repo-Commit", "c" * 40)
                self.send_header("Accept-Ranges", "bytes")
                if not found:
                    self.send_header("X-Error-Code", "EntryNotFound")
                self.end_headers()
                if body and found:
                    hub.ranges.append(wanted)
                    self._send(content)

            def _send(self, content: bytes) -> None:
                if hub.stop_at is None:
                    self.wfile.write(content)
                    return
                self.wfile.write(content[: hub.stop_at])
                self.wfile.flush()
                hub.stopped.set()
                hub.go_on.wait(30)

            def log_message(self, *_: object) -> None:
                """Keep the test's output clean."""

        return Handler

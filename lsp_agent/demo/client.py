"""A language client in a few lines of standard library: what an editor does, without the editor."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from lsp_agent.errors import LspAgentError

Listener = Callable[[str, Mapping[str, Any]], Any]
_EXIT_SECONDS = 5.0
_LAST_WORDS = 400


class ServerError(LspAgentError):
    """The server answered a request with an error; the message is the server's."""

    code = "server-error"


class ServerEndedError(LspAgentError):
    """The server's process ended, or did not answer in time."""

    code = "server-ended"


class LspClient:
    """One server process on stdio.

    ``listener`` gets each request and notification of the server, in the reading thread; what it
    returns answers a request. ``log`` takes the server's stderr.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str],
        log: Path,
        listener: Listener,
    ) -> None:
        self._log = log
        self._listener = listener
        self._lock = threading.Lock()
        self._last_id = 0
        self._pending: dict[int, Future[Any]] = {}
        with log.open("wb") as stderr:
            self._process = subprocess.Popen(
                list(command),
                cwd=cwd,
                env=dict(env),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
            )
        self._reader = threading.Thread(target=self._read, name="lsp-client", daemon=True)
        self._reader.start()

    def request(self, method: str, params: Any, timeout: float) -> Any:
        """Ask the server and wait for its answer.

        Raises :class:`ServerError` with its words, or :class:`ServerEndedError`.
        """
        answer: Future[Any] = Future()
        with self._lock:
            self._last_id += 1
            number = self._last_id
            self._pending[number] = answer
        self._send({"id": number, "method": method, "params": params})
        try:
            return answer.result(timeout)
        except TimeoutError:
            raise ServerEndedError(
                f"the server did not answer {method} within {timeout:.0f} seconds"
            ) from None

    def notify(self, method: str, params: Any) -> None:
        """Tell the server something."""
        self._send({"method": method, "params": params})

    def close(self) -> int:
        """Shut the server down as the protocol says and return its exit status."""
        with suppress(ServerError, ServerEndedError):
            self.request("shutdown", None, _EXIT_SECONDS)
            self.notify("exit", None)
        try:
            status = self._process.wait(_EXIT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            status = self._process.wait()
        self._reader.join(_EXIT_SECONDS)
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                # What a dead server did not read is still in the buffer.
                with suppress(OSError):
                    stream.close()
        return status

    def _send(self, message: Mapping[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        stdin = self._process.stdin
        if stdin is None:
            raise ServerEndedError("the server has no stdin")
        try:
            with self._lock:
                stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
                stdin.flush()
        except (OSError, ValueError):
            raise self._ended() from None

    def _read(self) -> None:
        stdout = self._process.stdout
        if stdout is None:
            return
        while (message := _next_message(stdout)) is not None:
            if "method" in message:
                self._serve(message)
            else:
                self._settle(message)
        with self._lock:
            pending, self._pending = list(self._pending.values()), {}
        for answer in pending:
            answer.set_exception(self._ended())

    def _serve(self, message: Mapping[str, Any]) -> None:
        result = self._listener(message["method"], message.get("params") or {})
        if "id" in message:
            with suppress(ServerEndedError):
                self._send({"id": message["id"], "result": result})

    def _settle(self, message: Mapping[str, Any]) -> None:
        with self._lock:
            answer = self._pending.pop(message.get("id", 0), None)
        if answer is None:
            return
        if "error" in message:
            answer.set_exception(ServerError(str(message["error"].get("message", "no reason"))))
        else:
            answer.set_result(message.get("result"))

    def _ended(self) -> ServerEndedError:
        words = self._log.read_text("utf-8", "replace").strip()[-_LAST_WORDS:]
        return ServerEndedError(f"the server ended; its last words: {words or 'none'}")


def _next_message(stream: IO[bytes]) -> dict[str, Any] | None:
    """Read one message; ``None`` at the stream's end."""
    length = 0
    while (line := stream.readline()).strip():
        name, _, value = line.decode("ascii", "replace").partition(":")
        if name.strip().lower() == "content-length":
            length = int(value)
    body = stream.read(length) if length else b""
    if not body or len(body) < length:
        return None
    message: dict[str, Any] = json.loads(body)
    return message

"""The smallest client that can time a server: one request at a time, in bytes."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any


class RawServer:
    """A server process over stdio; ``seconds`` of a request include both ways of the pipe.

    ``command`` starts another server than lsp-agent.
    """

    def __init__(
        self, *arguments: str, env: Mapping[str, str], command: Sequence[str] | None = None
    ) -> None:
        self.started = time.perf_counter()
        self.process = subprocess.Popen(
            [*(command or [sys.executable, "-m", "lsp_agent", "serve"]), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **env},
        )
        self.answers: dict[Any, Any] = {}
        self.notes: queue.Queue[tuple[float, dict[str, Any]]] = queue.Queue()
        self._arrived = threading.Condition()
        self._next = 0
        threading.Thread(target=self._read, daemon=True).start()

    def initialize(self, root: str | None = None, **options: Any) -> float:
        """Open the session; return the seconds from the process's start to the answer."""
        params = {"processId": os.getpid(), "rootUri": root, "capabilities": {}}
        if root is not None:
            params["workspaceFolders"] = [{"uri": root, "name": "root"}]
        self.request("initialize", {**params, "initializationOptions": options})
        seconds = time.perf_counter() - self.started
        self.notify("initialized", {})
        return seconds

    def open(self, uri: str, text: str) -> None:
        item = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    def notify(self, method: str, params: Any) -> None:
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def ask(self, method: str, params: Any) -> int:
        """Send a request and do not wait."""
        self._next += 1
        self._send({"jsonrpc": "2.0", "id": self._next, "method": method, "params": params})
        return self._next

    def wait(self, id_: int, seconds: float = 120) -> Any:
        with self._arrived:
            if not self._arrived.wait_for(lambda: id_ in self.answers, seconds):
                raise TimeoutError(f"no answer to request {id_}")
            return self.answers.pop(id_)

    def request(self, method: str, params: Any) -> Any:
        return self.wait(self.ask(method, params))

    def timed(self, method: str, params: Any) -> float:
        """Return the seconds of one request."""
        began = time.perf_counter()
        answer = self.request(method, params)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return time.perf_counter() - began

    def close(self) -> None:
        self.request("shutdown", None)
        self.notify("exit", None)
        self.process.wait(10)

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps(message).encode()
        stream = self.process.stdin
        assert stream is not None
        stream.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        stream.flush()

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while header := stream.readline():
            while stream.readline().strip():
                pass
            message = json.loads(stream.read(int(header.split(b":")[1])))
            if "method" in message:
                self.notes.put((time.perf_counter(), message))
                if "id" in message:
                    self._send({"jsonrpc": "2.0", "id": message["id"], "result": None})
                continue
            with self._arrived:
                self.answers[message["id"]] = message
                self._arrived.notify_all()


def percentile(seconds: list[float], share: float) -> float:
    """Return a percentile, in milliseconds."""
    ordered = sorted(seconds)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000


class Report:
    """Rows with limits; ``failed`` says whether one was above its own."""

    def __init__(self) -> None:
        self.failed = False

    def row(
        self, name: str, value: float, limit: float, note: str = "", *, unit: str = "ms"
    ) -> None:
        over = value > limit
        self.failed = self.failed or over
        verdict = "ABOVE" if over else "ok"
        digits = 1 if unit == "ms" else 2
        measured, most = f"{value:8.{digits}f} {unit}", f"limit {limit:5.{digits - 1}f} {unit}"
        print(f"{name:<58} {measured}   {most}   {verdict}   {note}".rstrip())

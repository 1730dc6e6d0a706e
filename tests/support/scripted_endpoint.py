"""A real HTTP server that answers like an OpenAI-compatible one, from a script.

It stands in for a remote model, which can't be had here: the network, the streaming and every
failure are real, only the words are chosen by the test.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Reply:
    """One answer. ``cut_after`` closes the connection after so many events, ``stall`` keeps it
    open and silent (before the headers at 0, after so many events else).
    """

    text: str = ""
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    thinking: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    content_type: str = "text/event-stream"
    cut_after: int | None = None
    stall_after: int | None = None
    chunk: int = 7
    finish: str | None = "stop"
    done: bool = True


def call(name: str, /, id: str = "", **arguments: Any) -> dict[str, Any]:  # noqa: A002
    """Return a native tool call."""
    return {
        "id": id or f"call_{name}",
        "type": "function",
        "function": {"name": name, "arguments": json.dumps(arguments)},
    }


Script = Sequence[Reply] | Callable[[dict[str, Any]], Reply]


class ScriptedEndpoint:
    """``with ScriptedEndpoint([Reply(text="hi")]) as endpoint: endpoint.base_url``.

    A list is played in order, its last reply again and again; ``requests`` are the bodies received.
    """

    def __init__(self, script: Script) -> None:
        self._script = script
        self.requests: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.auth: list[str | None] = []
        self.arrived = threading.Event()
        self.release = threading.Event()
        self.closed_by_client = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True

    @property
    def base_url(self) -> str:
        """The URL for the configuration."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> ScriptedEndpoint:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()

    def reply(self, body: dict[str, Any]) -> Reply:
        """Choose the next reply."""
        if callable(self._script):
            return self._script(body)
        return self._script[min(len(self.requests) - 1, len(self._script) - 1)]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                pass

            def do_GET(self) -> None:
                endpoint.paths.append(self.path)
                self._send(200, json.dumps({"data": [{"id": "scripted"}]}).encode())

            def do_POST(self) -> None:
                endpoint.paths.append(self.path)
                endpoint.auth.append(self.headers.get("authorization"))
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                endpoint.requests.append(body)
                reply = endpoint.reply(body)
                endpoint.arrived.set()
                if self.path.endswith("/embeddings"):
                    data = [
                        {"index": i, "embedding": [float(len(t)), 1.0]}
                        for i, t in enumerate(body["input"])
                    ]
                    self._send(200, json.dumps({"data": data}).encode())
                elif reply.stall_after == 0:
                    self._stall()
                elif reply.raw is not None or reply.status >= 400:
                    self._send(reply.status, reply.raw or b"", reply)
                else:
                    self._stream(reply)

            def _send(self, status: int, data: bytes, reply: Reply | None = None) -> None:
                self.send_response(status)
                for name, value in (reply.headers if reply else {}).items():
                    self.send_header(name, value)
                kind = reply.content_type if reply else "application/json"
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def _stream(self, reply: Reply) -> None:
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.send_header("connection", "close")
                self.end_headers()
                self.close_connection = True
                for number, event in enumerate(_events(reply)):
                    if reply.cut_after == number:
                        self.connection.shutdown(socket.SHUT_RDWR)
                        return
                    if reply.stall_after == number:
                        self._stall()
                        return
                    try:
                        self.wfile.write(f"data: {event}\n\n".encode())
                        self.wfile.flush()
                    except OSError:
                        endpoint.closed_by_client.set()
                        return

            def _stall(self) -> None:
                self.close_connection = True
                self.connection.settimeout(0.05)
                while not endpoint.release.is_set():
                    try:
                        if self.connection.recv(1) == b"":
                            endpoint.closed_by_client.set()
                            return
                    except TimeoutError:
                        continue
                    except OSError:
                        endpoint.closed_by_client.set()
                        return

        return Handler


def _events(reply: Reply) -> list[str]:
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    if reply.thinking:
        deltas.append({"reasoning_content": reply.thinking})
    deltas += [
        {"content": reply.text[at : at + reply.chunk]}
        for at in range(0, len(reply.text), reply.chunk)
    ]
    for index, one in enumerate(reply.tool_calls):
        function = dict(one["function"])
        arguments = function.pop("arguments")
        deltas.append({"tool_calls": [{**one, "index": index, "function": {**function, "arguments": ""}}]})
        deltas += [
            {"tool_calls": [{"index": index, "function": {"arguments": arguments[at : at + 9]}}]}
            for at in range(0, len(arguments), 9)
        ]
    events = [json.dumps({"choices": [{"index": 0, "delta": delta}]}) for delta in deltas]
    if reply.finish:
        reason = "tool_calls" if reply.tool_calls else reply.finish
        events.append(json.dumps({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}))
    usage = {"prompt_tokens": 11, "completion_tokens": 5}
    events.append(json.dumps({"choices": [], "usage": usage}))
    return [*events, "[DONE]"] if reply.done else events

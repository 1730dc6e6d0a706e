"""A real HTTP server that answers like an OpenAI-compatible one, from a script.

It stands in for a remote model, which can't be had here: the network, the streaming and every
failure are real, only the words are chosen by the test::

    replies = [Reply(tool_calls=[call("read_file", path="a.py")]), Reply("done")]
    with ScriptedEndpoint(replies) as endpoint:
        endpoint.base_url, endpoint.requests

``python -m tests.support.scripted_endpoint --script FILE`` serves a JSON list of replies (their
fields as in :class:`Reply`) until it is stopped, and prints its port.
"""

from __future__ import annotations

import argparse
import json
import signal
import socket
import struct
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

WAIT_SECONDS = 30.0


@dataclass(frozen=True)
class Reply:
    """One answer: text, thinking and tool calls, streamed when the request asks for it.

    ``delay`` passes before the headers, in seconds. ``cut_after`` ends the connection after so
    many events (without the end that HTTP demands; ``reset`` makes it a TCP reset),
    ``stall_after`` keeps it open and silent (before the headers at 0, after so many events else),
    ``hang_up`` ends it before any answer. ``raw`` replaces the whole body and ``cut_bytes`` ends
    it early; without ``length`` its end is the end of the connection. ``done`` says whether
    ``[DONE]`` ends the stream; ``usage`` ``None`` leaves it out.
    """

    text: str = ""
    tool_calls: Sequence[Mapping[str, Any]] = ()
    thinking: str = ""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    content_type: str | None = None
    cut_after: int | None = None
    cut_bytes: int | None = None
    length: bool = True
    stall_after: int | None = None
    hang_up: bool = False
    reset: bool = False
    delay: float = 0.0
    chunk: int = 7
    finish: str | None = "stop"
    done: bool = True
    usage: Mapping[str, Any] | None = field(
        default_factory=lambda: {"prompt_tokens": 11, "completion_tokens": 5, "total_tokens": 16}
    )
    vectors: Sequence[Sequence[float]] | None = None


def call(name: str, /, id: str | None = None, **arguments: Any) -> dict[str, Any]:  # noqa: A002
    """Return a native tool call."""
    return {
        "id": f"call_{name}" if id is None else id,
        "type": "function",
        "function": {"name": name, "arguments": json.dumps(arguments)},
    }


Script = Sequence[Reply] | Callable[[dict[str, Any]], Reply]


class ScriptedEndpoint:
    """The server; starts with ``with`` and ends with it, whatever is under way.

    A list is played in order, its last reply again and again; a callable gets each request's body.
    ``models`` answers ``GET /v1/models`` where that is not to succeed. ``requests`` are the bodies
    received, ``paths`` all paths asked for, ``auth`` the authorization headers of the posts.
    ``arrived`` is set by each post; ``closed_by_client`` when a client leaves in mid-answer;
    ``release`` ends every stall.
    """

    def __init__(self, script: Script, *, models: Reply | None = None, port: int = 0) -> None:
        self._script = script
        self.models = models
        self.requests: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.auth: list[str | None] = []
        self.arrived = threading.Event()
        self.release = threading.Event()
        self.closed_by_client = threading.Event()
        self.most_at_once = 0
        self._at_once = 0
        self._changed = threading.Condition()
        self._server = _Server(("127.0.0.1", port), _handler(self))

    @property
    def port(self) -> int:
        """Where it listens, on 127.0.0.1."""
        return int(self._server.server_address[1])

    @property
    def base_url(self) -> str:
        """The URL for the configuration."""
        return f"http://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> ScriptedEndpoint:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()

    def wait_for_requests(self, count: int) -> list[dict[str, Any]]:
        """Return the requests once there are so many; raises ``TimeoutError`` after a while."""
        with self._changed:
            if not self._changed.wait_for(lambda: len(self.requests) >= count, WAIT_SECONDS):
                raise TimeoutError(f"{len(self.requests)} of {count} requests came")
            return list(self.requests)

    def begin(self, path: str, auth: str | None, body: dict[str, Any]) -> Reply:
        """Record a post and choose its reply."""
        with self._changed:
            self.paths.append(path)
            self.auth.append(auth)
            self.requests.append(body)
            number = len(self.requests) - 1
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
            self._changed.notify_all()
        self.arrived.set()
        if callable(self._script):
            return self._script(body)
        return self._script[min(number, len(self._script) - 1)]

    def end(self) -> None:
        """Count a post as answered."""
        with self._changed:
            self._at_once -= 1


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep it to itself that a client left between two requests; show any other error."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


def _handler(endpoint: ScriptedEndpoint) -> type[BaseHTTPRequestHandler]:
    class Handler(_Handler):
        pass

    Handler.endpoint = endpoint
    return Handler


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    endpoint: ScriptedEndpoint

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.endpoint.paths.append(self.path)
        body = json.dumps({"object": "list", "data": [{"id": "scripted", "object": "model"}]})
        reply = self.endpoint.models or Reply(raw=body.encode())
        self._guarded(reply, {})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        reply = self.endpoint.begin(self.path, self.headers.get("authorization"), body)
        try:
            self._guarded(reply, body)
        finally:
            self.endpoint.end()

    def _guarded(self, reply: Reply, body: Mapping[str, Any]) -> None:
        try:
            self._answer(reply, body)
        except OSError:
            self.close_connection = True
            self.endpoint.closed_by_client.set()

    def _answer(self, reply: Reply, body: Mapping[str, Any]) -> None:
        if reply.delay:
            self._stall(reply.delay)
        if reply.stall_after == 0:
            self._stall(None)
        elif reply.hang_up:
            self._cut(reset=reply.reset)
        elif reply.raw is not None or reply.status >= 300:
            error = json.dumps({"error": {"message": reply.text, "type": "scripted"}}).encode()
            self._send(reply, error if reply.raw is None else reply.raw)
        elif self.path.endswith("/embeddings"):
            self._send(reply, json.dumps(_embeddings(reply, body["input"])).encode())
        elif body.get("stream"):
            self._stream(reply, _events(reply, chat="messages" in body))
        else:
            self._send(reply, json.dumps(_whole(reply, chat="messages" in body)).encode())

    def _head(self, reply: Reply, kind: str, **headers: str) -> None:
        self.send_response(reply.status)
        self.send_header("content-type", reply.content_type or kind)
        for name, value in {**headers, **reply.headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def _send(self, reply: Reply, data: bytes) -> None:
        length = {"content-length": str(len(data))} if reply.length else {"connection": "close"}
        self._head(reply, "application/json", **length)
        self.wfile.write(data[: reply.cut_bytes])
        if reply.cut_bytes is not None or not reply.length:
            self._cut(reset=reply.reset)

    def _stream(self, reply: Reply, events: Sequence[str]) -> None:
        self._head(reply, "text/event-stream", **{"transfer-encoding": "chunked"})
        for number, event in enumerate(events):
            if reply.cut_after == number:
                self._cut(reset=reply.reset)
                return
            if reply.stall_after == number:
                self._stall(None)
                return
            data = f"data: {event}\n\n".encode()
            self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    def _cut(self, *, reset: bool) -> None:
        self.close_connection = True
        self.wfile.flush()
        if reset:
            # A linger time of zero makes close() send RST.
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()
        else:
            self.connection.shutdown(socket.SHUT_RDWR)

    def _stall(self, seconds: float | None) -> None:
        """Say nothing for a time, or until released; a client that leaves ends it with OSError."""
        waited = 0.0
        self.connection.settimeout(0.02)
        try:
            while not self.endpoint.release.is_set() and (seconds is None or waited < seconds):
                try:
                    if self.connection.recv(1) == b"":
                        raise ConnectionResetError
                except TimeoutError:
                    waited += 0.02
        finally:
            self.connection.settimeout(None)
        if seconds is None:
            self.close_connection = True


def _events(reply: Reply, *, chat: bool) -> list[str]:
    pieces = [
        reply.text[at : at + reply.chunk] for at in range(0, len(reply.text), max(reply.chunk, 1))
    ]
    choices: list[dict[str, Any]] = [
        {"delta": {"content": piece}} if chat else {"text": piece} for piece in pieces
    ]
    if chat:
        thoughts = [{"delta": {"reasoning_content": reply.thinking}}] if reply.thinking else []
        first = {"delta": {"role": "assistant", "content": ""}}
        choices = [first, *thoughts, *choices, *_call_fragments(reply)]
    if reply.finish:
        reason = "tool_calls" if reply.tool_calls and reply.finish == "stop" else reply.finish
        choices.append({"delta": {}} if chat else {"text": ""})
        choices[-1]["finish_reason"] = reason
    events = [json.dumps({"choices": [{"index": 0, **choice}]}) for choice in choices]
    if reply.usage is not None:
        events.append(json.dumps({"choices": [], "usage": reply.usage}))
    return [*events, "[DONE]"] if reply.done else events


def _call_fragments(reply: Reply) -> list[dict[str, Any]]:
    """Stream each call as servers do: its id and name first, then its arguments in pieces."""
    fragments: list[dict[str, Any]] = []
    for index, one in enumerate(reply.tool_calls):
        function = dict(one["function"])
        arguments = function.pop("arguments")
        fragments.append({**one, "index": index, "function": {**function, "arguments": ""}})
        fragments += [
            {"index": index, "function": {"arguments": arguments[at : at + 9]}}
            for at in range(0, len(arguments), 9)
        ]
    return [{"delta": {"tool_calls": [fragment]}} for fragment in fragments]


def _whole(reply: Reply, *, chat: bool) -> dict[str, Any]:
    choice: dict[str, Any] = {"index": 0, "finish_reason": reply.finish}
    if chat:
        message: dict[str, Any] = {"role": "assistant", "content": reply.text}
        if reply.thinking:
            message["reasoning_content"] = reply.thinking
        if reply.tool_calls:
            message["tool_calls"] = list(reply.tool_calls)
        choice["message"] = message
    else:
        choice["text"] = reply.text
    answer: dict[str, Any] = {"choices": [choice]}
    return answer if reply.usage is None else {**answer, "usage": reply.usage}


def _embeddings(reply: Reply, texts: Sequence[str]) -> dict[str, Any]:
    vectors = reply.vectors
    if vectors is None:
        vectors = [[float(len(text)), 1.0] for text in texts]
    rows = [{"index": index, "embedding": list(vector)} for index, vector in enumerate(vectors)]
    return {"object": "list", "data": rows}


def load_script(path: Path) -> list[Reply]:
    """Read replies from JSON; ``raw`` is text there, and a call is ``{"name", "arguments"}``."""
    return [_reply(row) for row in json.loads(path.read_text("utf-8"))]


def _reply(row: Mapping[str, Any]) -> Reply:
    fields = dict(row)
    if "raw" in fields:
        fields["raw"] = str(fields["raw"]).encode()
    if "tool_calls" in fields:
        fields["tool_calls"] = [
            one if "function" in one else call(one["name"], **one.get("arguments", {}))
            for one in fields["tool_calls"]
        ]
    return Reply(**fields)


def main() -> None:
    """Serve a script until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--script", type=Path, required=True, help="JSON list of replies")
    parser.add_argument("--port", type=int, default=0)
    options = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with ScriptedEndpoint(load_script(options.script), port=options.port) as endpoint:
        print(endpoint.port, flush=True)
        stop.wait()


if __name__ == "__main__":
    main()

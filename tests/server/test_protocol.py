"""The wire: garbage, the life cycle, dead editors, signals; a raw client and the real process."""

from __future__ import annotations

import json
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.scripted_endpoint import Reply, ScriptedEndpoint


class Raw:
    """Speaks bytes; messages that arrive are collected by a thread."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "lsp_agent", "serve", *arguments]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe)
        self.inbox: queue.Queue[dict[str, Any]] = queue.Queue()
        self.log: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._read_log, daemon=True).start()

    def send(self, message: dict[str, Any] | bytes) -> None:
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        self.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def write(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def request(self, id_: int, method: str, params: Any = None) -> dict[str, Any]:
        self.send({"jsonrpc": "2.0", "id": id_, "method": method, "params": params})
        return self.answer(id_)

    def notify(self, method: str, params: Any = None) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def answer(self, id_: int) -> dict[str, Any]:
        while True:
            message = self.inbox.get(timeout=20)
            if message.get("id") == id_ and "method" not in message:
                return message

    def initialize(self, **options: Any) -> dict[str, Any]:
        params = {"processId": None, "rootUri": None, "capabilities": {}}
        answer = self.request(0, "initialize", {**params, "initializationOptions": options})
        self.notify("initialized", {})
        return answer

    def end(self) -> int:
        self.request(999, "shutdown")
        self.notify("exit")
        return self.process.wait(10)

    def _read(self) -> None:
        stream = self.process.stdout
        assert stream is not None
        while header := stream.readline():
            assert header.startswith(b"Content-Length: "), header
            while stream.readline().strip():
                pass
            self.inbox.put(json.loads(stream.read(int(header.split(b":")[1]))))

    def _read_log(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(line.decode("utf-8", "replace"))


@pytest.fixture
def raw(home: Path) -> Iterator[Raw]:
    client = Raw()
    yield client
    client.process.kill()
    client.process.wait()


def open_document(raw: Raw, text: str, uri: str = "file:///x/a.py") -> str:
    item = {"uri": uri, "languageId": "python", "version": 1, "text": text}
    raw.notify("textDocument/didOpen", {"textDocument": item})
    return uri


def test_life_cycle_and_exit_status(raw: Raw) -> None:
    early = raw.request(5, "textDocument/codeAction", {})
    assert early["error"]["code"] == -32002
    answer = raw.initialize()
    assert answer["result"]["serverInfo"]["name"] == "lsp-agent"
    again = raw.request(6, "initialize", {"processId": None, "rootUri": None, "capabilities": {}})
    assert again["error"]["code"] == -32600
    assert raw.request(7, "shutdown")["result"] is None
    late = raw.request(8, "workspace/executeCommand", {"command": "lspAgent.status"})
    assert late["error"]["code"] == -32600
    raw.notify("exit")
    assert raw.process.wait(10) == 0


def test_exit_without_shutdown_is_a_failure(raw: Raw) -> None:
    raw.initialize()
    raw.notify("exit")
    assert raw.process.wait(10) == 1


@pytest.mark.parametrize(
    "garbage",
    [
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"\xff\xfe",
        b'{"jsonrpc": "1.0", "id": 3, "method": "x"}',
        b'{"jsonrpc": "2.0"}',
        b'{"jsonrpc": "2.0", "id": 77, "result": {}}',
        b'{"jsonrpc": "2.0", "method": "textDocument/didChange", "params": 7}',
        b'{"jsonrpc": "2.0", "method": "no/such", "params": {}}',
        b'{"jsonrpc": "2.0", "method": "$/cancelRequest", "params": {"id": 12345}}',
    ],
)
def test_garbage_is_survived(raw: Raw, garbage: bytes) -> None:
    raw.initialize()
    raw.send(garbage)
    answer = raw.request(1, "workspace/executeCommand", {"command": "lspAgent.status"})
    assert answer["result"]["version"]
    assert raw.end() == 0


def test_undecodable_requests_are_answered(raw: Raw) -> None:
    raw.initialize()
    answer = raw.request(1, "textDocument/codeAction", {"textDocument": 7})
    assert answer["error"]["code"] == -32602
    assert "data" not in answer["error"]
    nested = {"jsonrpc": "2.0", "method": "x", "id": 1}
    arguments = {"command": "lspAgent.cancel", "arguments": [{"runId": "r", "x": nested}]}
    assert "result" in raw.request(2, "workspace/executeCommand", arguments)
    assert raw.request(3, "no/such")["error"]["code"] == -32601


def test_unknown_documents_and_odd_positions(raw: Raw) -> None:
    raw.initialize()
    change = {
        "textDocument": {"uri": "file:///no.py", "version": 2},
        "contentChanges": [{"text": ""}],
    }
    raw.notify("textDocument/didChange", change)
    raw.notify("textDocument/didClose", {"textDocument": {"uri": "file:///no.py"}})
    uri = open_document(raw, "x = 1\n")
    far = {"line": 10**6, "character": 10**6}
    params = {
        "textDocument": {"uri": uri},
        "range": {"start": far, "end": {"line": 0, "character": 0}},
        "context": {"diagnostics": []},
    }
    assert isinstance(raw.request(1, "textDocument/codeAction", params)["result"], list)
    params["textDocument"] = {"uri": "file:///no.py"}
    assert raw.request(2, "textDocument/codeAction", params)["result"] is None
    assert raw.end() == 0


def test_diagnostics_are_pushed_until_they_are_pulled(raw: Raw) -> None:
    raw.initialize()
    uri = open_document(raw, "x = (\n")

    def published() -> Any:
        while True:
            message = raw.inbox.get(timeout=20)
            if message.get("method") == "textDocument/publishDiagnostics":
                return message["params"]

    pushed = published()
    assert pushed["uri"] == uri
    assert pushed["diagnostics"][0]["source"] == "lsp-agent"
    document = {"textDocument": {"uri": uri}}
    report = raw.request(1, "textDocument/diagnostic", document)["result"]
    assert report["kind"] == "full"
    assert report["items"] == pushed["diagnostics"]
    same = raw.request(
        2, "textDocument/diagnostic", {**document, "previousResultId": report["resultId"]}
    )
    assert same["result"]["kind"] == "unchanged"
    change = {
        "textDocument": {"uri": uri, "version": 2},
        "contentChanges": [
            {
                "range": {"start": {"line": 0, "character": 4}, "end": {"line": 0, "character": 5}},
                "text": "1",
            }
        ],
    }
    raw.notify("textDocument/didChange", change)
    fixed = raw.request(3, "textDocument/diagnostic", document)["result"]
    assert fixed["items"] == []
    assert (
        raw.request(4, "textDocument/diagnostic", {"textDocument": {"uri": "x:y"}})["result"][
            "items"
        ]
        == []
    )


def test_nothing_leaks_per_notification(home: Path) -> None:
    import asyncio

    from lsp_agent.config.paths import Home
    from lsp_agent.server.server import make_server
    from lsp_agent.server.session import Session

    async def scenario() -> None:
        session = Session(Home.find({"LSP_AGENT_HOME": str(home)}), cli={}, env={})
        server = make_server(session)
        protocol = server.protocol
        init = {"processId": None, "rootUri": None, "capabilities": {}}
        protocol.handle_message({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": init})
        item = {"uri": "file:///a.py", "languageId": "python", "version": 1, "text": "x"}
        params: Any = {"textDocument": item}
        protocol.handle_message(
            {"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": params}
        )
        for number in range(2, 60):
            params = {
                "textDocument": {"uri": "file:///a.py", "version": number},
                "contentChanges": [{"text": "y" * number}],
            }
            message = {"jsonrpc": "2.0", "method": "textDocument/didChange", "params": params}
            protocol.handle_message(message)
        await asyncio.sleep(0)
        assert len(protocol._request_futures) <= 1
        document = session.documents.get("file:///a.py")
        assert document is not None
        assert document.version == 59
        session.close()

    asyncio.run(scenario())


def busy(raw: Raw, endpoint: ScriptedEndpoint) -> None:
    """Get a run under way that waits for its model."""
    engine = {"kind": "openai", "baseUrl": endpoint.base_url, "model": "m", "maxRetries": 0}
    raw.initialize(lspAgent={"engines": {"r": engine}, "routes": {"agent": "r"}})
    arguments = [{"task": "t"}]
    raw.send(
        {
            "jsonrpc": "2.0",
            "id": 50,
            "method": "workspace/executeCommand",
            "params": {"command": "lspAgent.run", "arguments": arguments},
        }
    )
    assert endpoint.arrived.wait(20)


@pytest.mark.parametrize("way", ["eof", "sigterm", "exit", "shutdown"])
def test_the_end_comes_also_in_mid_run(raw: Raw, way: str) -> None:
    with ScriptedEndpoint([Reply(stall_after=0)]) as endpoint:
        busy(raw, endpoint)
        assert raw.process.stdin is not None
        if way == "eof":
            raw.process.stdin.close()
        elif way == "sigterm":
            raw.process.send_signal(signal.SIGTERM)
        elif way == "exit":
            raw.notify("exit")
        else:
            raw.request(51, "shutdown")
            raw.notify("exit")
        raw.process.wait(10)
        assert endpoint.closed_by_client.wait(10)
        if way == "shutdown":
            assert raw.process.returncode == 0


def test_printing_does_not_reach_the_protocol(home: Path) -> None:
    code = (
        "import os, sys\n"
        "from lsp_agent.cli import serve\n"
        "guarded = serve._guarded_stdout()\n"
        "print('noise'); os.write(1, b'more noise'); sys.__stdout__.flush()\n"
        "guarded.write(b'protocol')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout == b"protocol"
    assert b"noise" in done.stderr


def test_tcp_serves_one_client(home: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "lsp_agent", "serve", "--tcp", f"127.0.0.1:{port}"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=os.environ.copy())
    try:
        with _connected(port) as connection, connection.makefile("rwb") as stream:
            params = {"processId": process.pid, "rootUri": None, "capabilities": {}}
            body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params})
            stream.write(f"Content-Length: {len(body)}\r\n\r\n{body}".encode())
            stream.flush()
            header = stream.readline()
            assert header.startswith(b"Content-Length")
        assert process.wait(10) is not None
    finally:
        process.kill()
        process.wait()


def _connected(port: int) -> socket.socket:
    import time

    for _ in range(400):
        try:
            return socket.create_connection(("127.0.0.1", port), timeout=20)
        except OSError:
            time.sleep(0.05)
    raise AssertionError("the server did not listen")

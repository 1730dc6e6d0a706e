"""A language server that behaves as a test says: ``fake_server.py LOG MODE…``; well without a mode.

It reports an error for every line that holds BAD, and notes what it is told in LOG, a line each.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

LOG = Path(sys.argv[1])
MODES = frozenset(sys.argv[2:])
TEXTS: dict[str, tuple[int, str]] = {}
OUT = sys.stdout.buffer


def note(line: str) -> None:
    with LOG.open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def send(message: dict[str, object]) -> None:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    OUT.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
    OUT.flush()


def notify(method: str, params: object) -> None:
    send({"method": method, "params": params})


def read() -> dict[str, object] | None:
    length = 0
    while line := sys.stdin.buffer.readline():
        if line == b"\r\n":
            return json.loads(sys.stdin.buffer.read(length))
        if line.lower().startswith(b"content-length:"):
            length = int(line.partition(b":")[2])
    return None


def problems(text: str) -> list[dict[str, object]]:
    # The BAD itself: its columns tell how positions were translated.
    found = []
    for number, line in enumerate(text.split("\n")):
        if "BAD" in line:
            start = len(line[: line.index("BAD")].encode("utf-16-le")) // 2
            span = {
                "start": {"line": number, "character": start},
                "end": {"line": number, "character": start + 3},
            }
            found.append({"range": span, "severity": 1, "code": "bad", "message": line.strip()})
    return found


def publish(uri: str) -> None:
    version, text = TEXTS[uri]
    params = {"uri": uri, "diagnostics": problems(text), "version": version}
    if "unversioned" in MODES:
        del params["version"]
    if "nonsense" in MODES:
        params["diagnostics"] = [7, {"range": None}, {"message": []}, *problems(text)]
    notify("textDocument/publishDiagnostics", params)


def opened(uri: str, version: int, text: str) -> None:
    TEXTS[uri] = version, text
    note(f"open {version} {text.count('BAD')}")
    if "crash-on-open" in MODES:
        os._exit(7)
    if "register" in MODES:
        method = "textDocument/diagnostic"
        registration = {"id": "a", "method": method, "registerOptions": {"documentSelector": None}}
        params = {"registrations": [7, {}, registration]}
        send({"id": 4, "method": "client/registerCapability", "params": params})
        return
    if "silent" in MODES or "pull" in MODES:
        return
    if "working" in MODES:
        notify("$/progress", {"token": "load", "value": {"kind": "begin", "title": "loading"}})
        notify("textDocument/publishDiagnostics", {"uri": uri, "diagnostics": []})
        time.sleep(0.5)
        publish(uri)
        notify("$/progress", {"token": "load", "value": {"kind": "end"}})
        return
    publish(uri)


def answer(id_: object, method: str, params: dict[str, object]) -> None:
    if "errors" in MODES and method != "initialize":
        send({"id": id_, "error": {"code": -32603, "message": "not today"}})
        return
    result: object = None
    if method == "initialize":
        note(f"secrets {sorted(name for name in os.environ if 'SECRET' in name)}")
        provider = {"diagnosticProvider": {}} if "pull" in MODES else {}
        result = {"capabilities": {"referencesProvider": {}, "renameProvider": True, **provider}}
    elif method == "textDocument/diagnostic":
        result = {"kind": "full", "items": problems(TEXTS[params["textDocument"]["uri"]][1])}
    elif method == "textDocument/rename":
        result = {"documentChanges": [{"kind": "delete", "uri": params["textDocument"]["uri"]}]}
    send({"id": id_, "result": result})
    if method == "initialize":
        send({"id": 1, "method": "workspace/applyEdit", "params": {"edit": {"changes": {}}}})
        send({"id": 2, "method": "window/showMessageRequest", "params": {"message": "?"}})
        send({"id": 3, "method": "client/unheard-of", "params": {}})


def misbehave() -> None:
    if "stubborn" in MODES:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "child" in MODES:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        note(f"pid {child.pid}")
    if "crash" in MODES:
        print("no licence found", file=sys.stderr)
        sys.exit(3)
    if "hang" in MODES:
        time.sleep(600)
    if "rubbish" in MODES:
        for _ in range(1000):
            OUT.write(b"Content-Length: 9\r\n\r\n{nonsense")
        OUT.flush()
        time.sleep(600)
    if "huge" in MODES:
        OUT.write(b"Content-Length: 99999999999\r\n\r\n{")
        OUT.flush()
        time.sleep(600)
    if "flood" in MODES:
        while True:
            OUT.write(b"x" * 1000 + b"\n")
    if "stderr" in MODES:
        for _ in range(100):
            sys.stderr.write("y" * 100_000 + "\n")
        sys.stderr.flush()


def main() -> None:
    note(f"pid {os.getpid()}")
    misbehave()
    while (message := read()) is not None:
        method, params = message.get("method"), message.get("params")
        if method is None:
            note(f"answer {message['id']} {json.dumps(message.get('result', 'error'))}")
        elif method == "textDocument/didOpen":
            document = params["textDocument"]
            opened(document["uri"], document["version"], document["text"])
        elif method == "textDocument/didClose":
            note("close")
            if "unversioned" in MODES:
                uri = params["textDocument"]["uri"]
                notify("textDocument/publishDiagnostics", {"uri": uri, "diagnostics": []})
        elif "stubborn" in MODES and method in ("shutdown", "exit"):
            continue
        elif method == "exit":
            note("exit")
            return
        elif "id" in message:
            answer(message["id"], method, params or {})
    if "stubborn" in MODES:
        time.sleep(600)


main()

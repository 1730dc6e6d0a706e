"""The stand-in for a remote model runs by itself, for tests that start whole processes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.support.scripted_endpoint import Reply, ScriptedEndpoint


@pytest.mark.skipif(sys.platform == "win32", reason="has no SIGTERM to end it with")
def test_it_serves_a_script_until_it_is_stopped(tmp_path: Path) -> None:
    script = tmp_path / "script.json"
    replies = [
        {"text": "one"},
        {"tool_calls": [{"name": "read_file", "arguments": {"path": "a"}}]},
        {"raw": "three"},
    ]
    script.write_text(json.dumps(replies), "utf-8")
    command = [sys.executable, "-m", "tests.support.scripted_endpoint", "--script", str(script)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = f"http://127.0.0.1:{int(process.stdout.readline())}/v1/chat/completions"
        bodies = [post(url, {"messages": []}) for _ in replies]
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert json.loads(bodies[0])["choices"][0]["message"]["content"] == "one"
    (call,) = json.loads(bodies[1])["choices"][0]["message"]["tool_calls"]
    assert json.loads(call["function"]["arguments"]) == {"path": "a"}
    assert bodies[2] == b"three"


def test_waiting_for_requests_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.scripted_endpoint.WAIT_SECONDS", 0.01)
    with ScriptedEndpoint([Reply("x")]) as endpoint:
        with pytest.raises(TimeoutError, match="0 of 1"):
            endpoint.wait_for_requests(1)
        post(endpoint.base_url + "/completions", {"prompt": "p"})
        assert endpoint.wait_for_requests(1) == [{"prompt": "p"}]


def post(url: str, body: object) -> bytes:
    request = urllib.request.Request(url, json.dumps(body).encode())
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=20) as response:
        data: bytes = response.read()
        return data

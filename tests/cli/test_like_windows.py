"""What starts on Windows: nothing that it lacks is imported or asked for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.scripted_endpoint import Reply, ScriptedEndpoint, call

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "tests.support.like_windows"]


def like_windows(
    folder: Path, *words: str, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, *words],
        cwd=folder,
        env={**variables(folder), **(env or {})},
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=120,
    )


def variables(folder: Path) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "LSP_AGENT_HOME": str(folder / "state")}


def test_every_module_is_imported(tmp_path: Path) -> None:
    done = like_windows(tmp_path, "modules")
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    found = done.stdout.decode().split()
    assert {"lsp_agent.app", "lsp_agent.cli.serve", "lsp_agent.server.server"} <= set(found)


@pytest.mark.parametrize(
    "words",
    [["--help"], ["run", "--help"], ["config", "show"], ["runs", "list"], ["models", "list"]],
    ids=" ".join,
)
def test_verbs_start(tmp_path: Path, words: list[str]) -> None:
    done = like_windows(tmp_path, "run", *words)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    assert b"Traceback" not in done.stderr
    assert done.stdout or words == ["runs", "list"]


@pytest.mark.parametrize("kind", ["auto", "container", "none"])
def test_the_doctor_looks(tmp_path: Path, kind: str) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "docker").write_text("#!/bin/sh\nexit 1\n")
    (programs / "docker").chmod(0o755)
    env = {
        "LSP_AGENT_SANDBOX__KIND": kind,
        "LSP_AGENT_SANDBOX__IMAGE": "python:3.12",
        "PATH": os.pathsep.join([str(programs), os.environ["PATH"]]),
    }
    done = like_windows(tmp_path, "run", "doctor", "--json", env=env)
    checks = {one["name"]: one for one in json.loads(done.stdout)}
    assert b"unexpected" not in done.stderr, done.stderr.decode()
    assert not checks["sandbox"]["ok"]
    said = {
        "auto": "windows does not hold: writing outside the copy",
        "container": "container: a folder of Windows has another path in a container",
        "none": "windows does not hold",
    }
    assert checks["sandbox"]["detail"].startswith(said[kind])


def test_the_server_starts(tmp_path: Path) -> None:
    uri = tmp_path.as_uri()
    text = {"uri": f"{uri}/a.py", "languageId": "python", "version": 1, "text": "def f(:\n"}
    status = {"command": "lspAgent.status", "arguments": [{}]}
    with subprocess.Popen(
        [*COMMAND, "run", "serve"],
        cwd=tmp_path,
        env=variables(tmp_path),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        send(process, id=1, method="initialize", params={"rootUri": uri, "capabilities": {}})
        assert answer(process, 1)["result"]["serverInfo"]["name"] == "lsp-agent"
        send(process, method="initialized", params={})
        send(process, method="textDocument/didOpen", params={"textDocument": text})
        send(process, id=2, method="workspace/executeCommand", params=status)
        found = answer(process, 2)
        assert found["result"]["sandbox"]["name"] is None, found
        send(process, id=3, method="shutdown")
        answer(process, 3)
        send(process, method="exit")
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors.decode()[-2000:]
    assert b"Traceback" not in errors, errors.decode()[-2000:]


def send(process: subprocess.Popen[bytes], **message: object) -> None:
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    assert process.stdin
    process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
    process.stdin.flush()


def answer(process: subprocess.Popen[bytes], number: int) -> dict[str, Any]:
    """Read messages up to the answer to a request."""
    assert process.stdout
    while True:
        size = 0
        while (line := process.stdout.readline()) not in (b"\r\n", b""):
            if line.lower().startswith(b"content-length:"):
                size = int(line.partition(b":")[2])
        assert size, "the server ended"
        found: dict[str, Any] = json.loads(process.stdout.read(size))
        if found.get("id") == number and "method" not in found:
            return found


def test_a_run_is_applied_and_undone(
    tmp_path: Path, home: Path, use_remote: Callable[..., None]
) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (work / "a.py").write_text("x = 1\n")
    new = call("write_file", path="sub/b.py", content="y = 1\n")
    edit = call("edit_file", path="a.py", old_string="1", new_string="2")
    with ScriptedEndpoint([Reply(tool_calls=(edit, new)), Reply(text="Done.")]) as endpoint:
        use_remote(endpoint.base_url)
        done = like_windows(
            work, "run", "run", "mend it", "--apply", env={"LSP_AGENT_HOME": str(home)}
        )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    assert (work / "a.py").read_text() == "x = 2\n"
    assert (work / "sub" / "b.py").read_text() == "y = 1\n"
    undone = like_windows(work, "run", "runs", "undo", env={"LSP_AGENT_HOME": str(home)})
    assert undone.returncode == 0, undone.stderr.decode()[-2000:]
    assert (work / "a.py").read_text() == "x = 1\n"
    assert not (work / "sub" / "b.py").exists()

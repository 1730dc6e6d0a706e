"""``lsp-agent run``: the contract's outputs and exit statuses, by real processes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint, call

UseRemote = Callable[..., None]
SOURCE = "# größe 🎉\r\ndef area(w, h):\r\n    return w * hh\r\n"
FIXED = SOURCE.replace("hh", "h")
EDIT = Reply(tool_calls=(call("edit_file", path="a.py", old_string="hh", new_string="h"),))
SAID = Reply(text="Mended the name.")
TYPES = {
    "run_started", "plan", "thinking", "tool_call", "tool_result", "edit", "verification",
    "approval_requested", "approval", "response", "error", "run_finished",
}  # fmt: skip


@pytest.fixture
def source(work: Path) -> Path:
    path = work / "a.py"
    path.write_bytes(SOURCE.encode())
    return path


def test_prints_a_diff_that_git_applies_and_changes_nothing(
    lsp_agent: Command, use_remote: UseRemote, source: Path
) -> None:
    with ScriptedEndpoint([EDIT, SAID]) as endpoint:
        use_remote(endpoint.base_url)
        done = lsp_agent("run", "mend the name", "--file", "a.py:3")
    assert done.status == 0, done.err
    assert source.read_bytes() == SOURCE.encode()
    assert "\x1b" not in done.out
    subprocess.run(["git", "apply", "-"], check=True, cwd=source.parent, input=done.out.encode())
    assert source.read_bytes() == FIXED.encode()
    assert "Mended the name." in done.err


def test_what_is_half_done_at_a_limit_is_shown_and_not_applied(
    lsp_agent: Command, use_remote: UseRemote, source: Path
) -> None:
    for arguments, status in ((("--diff",), 0), (("--apply",), 1)):
        with ScriptedEndpoint([EDIT, EDIT]) as endpoint:
            use_remote(endpoint.base_url)
            done = lsp_agent("run", "mend it", *arguments, "--set", "agent.max_steps=1")
        assert done.status == status
        assert "fails finished: the run used its 1 steps without finishing" in done.err
        assert ("+    return w * h" in done.out) is (status == 0)
    assert source.read_bytes() == SOURCE.encode()


def test_applies_byte_for_byte(lsp_agent: Command, use_remote: UseRemote, source: Path) -> None:
    source.chmod(0o755)
    with ScriptedEndpoint([EDIT, SAID]) as endpoint:
        use_remote(endpoint.base_url)
        done = lsp_agent("run", "mend the name", "--apply")
    assert done.status == 0, done.err
    assert done.out == "a.py\n"
    assert source.read_bytes() == FIXED.encode()
    assert os.name == "nt" or source.stat().st_mode & 0o777 == 0o755


def test_json_is_one_event_a_line(lsp_agent: Command, use_remote: UseRemote, source: Path) -> None:
    with ScriptedEndpoint([EDIT, SAID]) as endpoint:
        use_remote(endpoint.base_url)
        done = lsp_agent("run", "mend the name", "--json")
    assert done.status == 0, done.err
    events = [json.loads(line) for line in done.out.splitlines()]
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert {event["run"] for event in events} == {events[0]["run"]}
    assert {event["type"] for event in events} <= TYPES
    assert events[0]["type"] == "run_started"
    assert events[-1]["type"] == "run_finished"
    assert events[-1]["status"] == "edited"
    (edit,) = [event for event in events if event["type"] == "edit"]
    assert edit["uri"] == source.as_uri()
    assert "+    return w * h" in edit["diff"]
    assert source.read_bytes() == SOURCE.encode()


def test_events_on_stdout_hold_no_secrets(
    lsp_agent: Command, use_remote: UseRemote, source: Path
) -> None:
    key = "ghp_" + "a1B2c3D4e5F6" * 3
    source.write_text(f"KEY = '{key}'\nhh = 1\n")
    read = Reply(tool_calls=(call("read_file", path="a.py"), call("grep_search", pattern=key)))
    edit = call("edit_file", path="a.py", old_string="hh = 1", new_string="h = 1")
    with ScriptedEndpoint(
        [read, Reply(tool_calls=(edit,)), Reply(text=f"It is {key}.")]
    ) as endpoint:
        use_remote(endpoint.base_url)
        done = lsp_agent("run", "mend the name", "--json")
    assert done.status == 0, done.err
    told = [json.loads(line) for line in done.out.splitlines()]
    assert key not in json.dumps([event for event in told if event["type"] != "edit"])
    assert "KEY = '⟨secret⟩'" in json.dumps(told, ensure_ascii=False)
    # It is there to be applied.
    (diff,) = [event["diff"] for event in told if event["type"] == "edit"]
    assert f" KEY = '{key}'" in diff


def test_a_workspace_that_can_only_be_read_is_left_alone(
    lsp_agent: Command, use_remote: UseRemote, source: Path, home: Path
) -> None:
    bwrap = shutil.which("bwrap")
    if (
        bwrap is None
        or subprocess.run([bwrap, "--dev-bind", "/", "/", "true"], check=False).returncode
    ):
        pytest.skip("needs bubblewrap for a mount that can only be read")
    with ScriptedEndpoint([EDIT, SAID, EDIT, SAID]) as endpoint:
        use_remote(endpoint.base_url)
        command = [sys.executable, "-m", "lsp_agent", "run", "mend the name", "--apply"]
        mounts = ["--dev-bind", "/", "/", "--ro-bind", str(source.parent), str(source.parent)]
        done = subprocess.run(
            [bwrap, *mounts, *command], cwd=source.parent, capture_output=True, check=False
        )
        said = done.stderr.decode()
        assert done.returncode == 1, said
        assert "nothing was changed" in said
        # Nothing is left to undo, and the next run works.
        assert not (home / "apply.log").exists()
        assert lsp_agent("run", "mend the name", "--apply").status == 0
    assert source.read_bytes() == FIXED.encode()


def test_an_answer_is_the_result(lsp_agent: Command, use_remote: UseRemote) -> None:
    with ScriptedEndpoint([Reply(text="It is a rectangle's **area**.")]) as endpoint:
        use_remote(endpoint.base_url)
        done = lsp_agent("run", "what is this?")
    assert (done.status, done.out) == (0, "It is a rectangle's **area**.\n")


def test_several_files_are_named_to_the_model(
    lsp_agent: Command, use_remote: UseRemote, source: Path
) -> None:
    source.with_name("b.py").write_text("x = 1\n")
    with ScriptedEndpoint([Reply(text="Seen.")]) as endpoint:
        use_remote(endpoint.base_url)
        done = lsp_agent("run", "look", "--file", "a.py:1:1-2:3", "--file", "b.py")
        asked = json.dumps(endpoint.requests[0])
    assert done.status == 0, done.err
    assert "a.py" in asked
    assert "These files matter too: b.py" in asked


def test_another_workspace(lsp_agent: Command, use_remote: UseRemote, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir()
    there.joinpath("a.py").write_bytes(SOURCE.encode())
    with ScriptedEndpoint([EDIT, SAID]) as endpoint:
        use_remote(endpoint.base_url)
        done = lsp_agent("run", "mend", "--workspace", str(there), "--file", "a.py", "--apply")
    assert done.status == 0, done.err
    assert there.joinpath("a.py").read_bytes() == FIXED.encode()


def test_an_edit_that_does_not_parse_is_refused(
    lsp_agent: Command, use_remote: UseRemote, source: Path
) -> None:
    broken = Reply(
        tool_calls=(call("edit_file", path="a.py", old_string="w * hh", new_string="w * ("),)
    )
    with ScriptedEndpoint([broken, SAID]) as endpoint:
        use_remote(endpoint.base_url, "[agent]\nrefine_passes = 0\n")
        done = lsp_agent("run", "break it", "--apply")
    assert (done.status, done.out) == (1, "")
    assert "syntax" in done.err
    assert source.read_bytes() == SOURCE.encode()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run",), "Missing argument"),
        (("run", " "), "the task is empty"),
        (("run", "x", "--json", "--apply"), "exclude one another"),
        (("run", "x", "--file", "none.py"), "there is no file none.py"),
        (("run", "x", "--file", "a.py:99"), "has no line 99"),
        (("run", "x", "--file", "../home.py"), "outside the workspace"),
        (("run", "x", "--workspace", "nowhere"), "does not exist"),
    ],
)
def test_usage_errors(
    lsp_agent: Command, source: Path, arguments: tuple[str, ...], words: str
) -> None:
    done = lsp_agent(*arguments)
    assert done.status == 2
    assert words in done.err
    assert done.out == ""
    assert "Traceback" not in done.err


def test_wrong_configuration_is_a_usage_error(lsp_agent: Command, home: Path, source: Path) -> None:
    home.joinpath("config.toml").write_text("[agent]\nmax_stepps = 3\n", "utf-8")
    done = lsp_agent("run", "x")
    assert done.status == 2
    assert "config.toml:2" in done.err
    assert "max_steps" in done.err


def test_no_engine(lsp_agent: Command, use_remote: UseRemote, source: Path) -> None:
    use_remote("http://127.0.0.1:1/v1")
    done = lsp_agent("run", "x")
    assert (done.status, done.out) == (3, "")
    assert "127.0.0.1:1" in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_no_model(lsp_agent: Command, source: Path) -> None:
    done = lsp_agent("run", "x", "--set", "engines.local.model=/none.gguf")
    assert done.status == 3
    assert "/none.gguf" in done.err


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for another process")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cancels(use_remote: UseRemote, source: Path, number: signal.Signals) -> None:
    with ScriptedEndpoint([Reply(stall_after=0)]) as endpoint:
        use_remote(endpoint.base_url)
        process = subprocess.Popen(
            [sys.executable, "-m", "lsp_agent", "run", "x", "--json"],
            cwd=source.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert endpoint.arrived.wait(30)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert json.loads(out.splitlines()[-1])["status"] == "cancelled"


def test_a_reader_that_leaves_is_no_error(
    use_remote: UseRemote, source: Path, lsp_agent: Command
) -> None:
    with ScriptedEndpoint([EDIT, SAID]) as endpoint:
        use_remote(endpoint.base_url)
        process = subprocess.Popen(
            [sys.executable, "-m", "lsp_agent", "run", "x", "--json"],
            cwd=source.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None
        process.stdout.close()
        _, err = process.communicate(timeout=30)
    assert b"Traceback" not in err


def test_secrets_do_not_leave_the_machine(
    lsp_agent: Command, use_remote: UseRemote, work: Path, home: Path
) -> None:
    key = "ghp_" + "a1B2c3D4e5F6" * 3
    (work / "a.py").write_text(f"KEY = '{key}'\nhh = 1\n")
    (work / ".env").write_text("PASSWORD=swordfish-77\n")
    read = Reply(tool_calls=(call("read_file", path="a.py"), call("read_file", path=".env")))
    whole = Reply(
        tool_calls=(call("write_file", path="a.py", content="KEY = '⟨secret:1⟩'\nh = 1\n"),)
    )
    with ScriptedEndpoint([read, whole, SAID]) as endpoint:
        # Reaches this machine, and is no loopback address.
        use_remote(endpoint.base_url.replace("127.0.0.1", "0.0.0.0"))
        done = lsp_agent("run", "mend the name", "--file", "a.py:1", "--apply")
        sent = repr(endpoint.requests)
    assert done.status == 0, done.err
    assert (work / "a.py").read_text() == f"KEY = '{key}'\nh = 1\n"
    assert "⟨secret:1⟩" in sent
    for secret in (key, "swordfish-77"):
        assert secret not in sent
        for file in (one for one in home.rglob("*") if one.is_file()):
            assert secret.encode() not in file.read_bytes(), file


def test_no_server_is_told_a_secret_also_none_on_this_machine(
    lsp_agent: Command, use_remote: UseRemote, work: Path
) -> None:
    key = "ghp_" + "a1B2c3D4e5F6" * 3
    (work / "a.py").write_text(f"TOKEN = '{key}'\nsize = 1\n")
    (work / ".env").write_text("DB_PASSWORD=correct-horse-9\n")
    (work / "notes.md").write_text("log in with correct-horse-9\n")
    reads = [call("read_file", path=name) for name in ("a.py", ".env", "notes.md")]
    write = call("write_file", path="a.py", content="TOKEN = '⟨secret:1⟩'\nsize = 2\n")
    answers = [Reply(tool_calls=tuple(reads)), Reply(tool_calls=(write,)), SAID]
    with ScriptedEndpoint(answers) as endpoint:
        use_remote(endpoint.base_url)
        done = lsp_agent("run", "set the size to 2", "--apply")
        sent = json.dumps(endpoint.requests, ensure_ascii=False)
    assert done.status == 0, done.err
    assert "TOKEN = '⟨secret:1⟩'" in sent
    assert key not in sent
    assert "correct-horse-9" not in sent
    assert (work / "a.py").read_text() == f"TOKEN = '{key}'\nsize = 2\n"

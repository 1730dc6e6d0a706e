"""What a person sees and answers on a terminal: a pseudo-terminal stands behind the streams."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lsp_agent.engine.llama.tiny import make_tiny_gguf
from tests.cli.conftest import Command
from tests.support.model_hub import ModelHub
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint, call

pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")
termios = pytest.importorskip("termios")

# The check of characters would refuse the edit.
RAW = ("--set", "verify.characters=false")
EDIT = Reply(tool_calls=(call("write_file", path="new.py", content="x = '\x1b[2Jgröße'\n"),))
ASK = '[safety]\napprove = "always"\n'


class Terminal:
    """A process whose three streams are one terminal."""

    def __init__(self, arguments: tuple[str, ...], cwd: Path) -> None:
        self._master, slave = pty.openpty()
        termios.tcsetwinsize(slave, (40, 100))
        self.seen = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "lsp_agent", *arguments],
            cwd=cwd,
            env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "100"},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
        )
        os.close(slave)

    def until(self, words: str, seconds: float = 30) -> None:
        """Read until some words were shown."""
        end = time.monotonic() + seconds
        while words not in self.seen:
            assert time.monotonic() < end, self.seen
            if not self._read():
                raise AssertionError(self.seen)

    def type(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def finish(self) -> int:
        while self._read():
            pass
        return self.process.wait(30)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._master], [], [], 30)
        try:
            data = os.read(self._master, 65536) if ready else b""
        except OSError:  # Linux says so when the other side is gone
            data = b""
        self.seen += data.decode("utf-8", "replace")
        return bool(data)


Start = Callable[..., Terminal]


@pytest.fixture
def terminal(work: Path) -> Iterator[Start]:
    made: list[Terminal] = []

    def start(*arguments: str) -> Terminal:
        made.append(Terminal(arguments, work))
        return made[-1]

    yield start
    for one in made:
        one.close()


def test_shows_progress_asks_and_colours(
    terminal: Start, use_remote: Callable[..., None], work: Path
) -> None:
    with ScriptedEndpoint([EDIT, Reply(text="Made it.")]) as endpoint:
        use_remote(endpoint.base_url, ASK)
        shown = terminal("run", "make a file", *RAW)
        shown.until("[y/N]")
        shown.type("y\n")
        assert shown.finish() == 0, shown.seen
    assert "asking the model" in shown.seen
    assert "\x1b[32m+x = '\\x1b[2Jgröße'\x1b[0m" in shown.seen
    assert "\x1b[2J" not in shown.seen


@pytest.mark.parametrize("yes", [False, True])
def test_an_edit_that_fails_a_check_is_asked_about_once(
    terminal: Start, use_remote: Callable[..., None], work: Path, yes: bool
) -> None:
    failing = '[agent]\nrefine_passes = 0\n[verify]\nfailing = "offer"\n'
    with ScriptedEndpoint([EDIT, Reply(text="Made it.")]) as endpoint:
        use_remote(endpoint.base_url, ASK + failing)
        shown = terminal("run", "make a file", "--apply", *(["--yes"] if yes else []))
        shown.until("[y/N]")
        shown.type("y\n")
        assert shown.finish() == 0, shown.seen
    assert "not verified, it fails characters" in shown.seen
    assert shown.seen.count("[y/N]") == 1
    assert work.joinpath("new.py").exists()


def test_a_plan_shows_as_progress_and_draws_nothing_else(
    terminal: Start, use_remote: Callable[..., None], work: Path
) -> None:
    seen = threading.Event()
    steps = ["write \x1b[2Jit", "[bold]tell"]
    replies = iter([Reply(tool_calls=(call("update_plan", steps=steps, current=1),))])

    def script(_body: dict) -> Reply:
        reply = next(replies, None)
        if reply is None:
            seen.wait(30)
        return reply or Reply(text="It is there.")

    with ScriptedEndpoint(script) as endpoint:
        use_remote(endpoint.base_url)
        shown = terminal("run", "write it")
        shown.until("1/2: write \\x1b[2Jit – asking the model")
        seen.set()
        assert shown.finish() == 0, shown.seen
    assert "\x1b[2J" not in shown.seen


@pytest.mark.parametrize("answer", ["n\n", "\n", "\x04"])
def test_anything_but_yes_is_a_refusal(
    terminal: Start, use_remote: Callable[..., None], work: Path, answer: str
) -> None:
    with ScriptedEndpoint([EDIT, Reply(text="Made it.")]) as endpoint:
        use_remote(endpoint.base_url, ASK)
        shown = terminal("run", "make a file", "--apply", *RAW)
        shown.until("[y/N]")
        shown.type(answer)
        assert shown.finish() == 1, shown.seen
    assert "refused" in shown.seen
    assert not work.joinpath("new.py").exists()


def test_a_question_is_left_by_control_c(terminal: Start, use_remote: Callable[..., None]) -> None:
    with ScriptedEndpoint([LOCK, Reply(text="Made it.")]) as endpoint:
        use_remote(endpoint.base_url)
        shown = terminal("run", "make a file", "--apply")
        shown.until("[yes/run/No]")
        shown.process.send_signal(signal.SIGINT)
        assert shown.finish() == 130, shown.seen
    assert shown.seen.rstrip().endswith("cancelled")


LOCK = Reply(tool_calls=(call("write_file", path="Gemfile", content="x = 1\n"),))


@pytest.mark.parametrize(
    ("keys", "asked", "status"),
    [("y\ny\n", 2, 0), ("r\n", 1, 0), ("a\n", 1, 0), ("Always\n", 1, 0), ("n\nn\n", 2, 1),
     ("\n\n", 2, 1), ("x\nx\n", 2, 1)],
)  # fmt: skip
def test_answers_for_once_for_the_run_and_for_good(
    terminal: Start, use_remote: Callable[..., None], work: Path, lsp_agent: Command,
    keys: str, asked: int, status: int,
) -> None:  # fmt: skip
    assert lsp_agent("trust", str(work)).status == 0
    replies = [LOCK, LOCK, Reply(text="Made it.")]
    with ScriptedEndpoint([*replies, LOCK, Reply(text="No.")]) as endpoint:
        use_remote(endpoint.base_url)
        shown = terminal("run", "make a file", "--apply")
        for number, key in enumerate(keys.splitlines()):
            shown.until("[yes/run/always/No]")
            shown.seen = shown.seen.replace("[yes/run/always/No]", f"[asked {number}]")
            shown.type(f"{key}\n")
        shown.finish()
        assert "Gemfile is a list of dependencies" in shown.seen
        assert shown.seen.count("Allow write_file?") == asked
        assert work.joinpath("Gemfile").exists() is (status == 0)
        # Without a terminal the answer is no, but for what is always allowed.
        work.joinpath("Gemfile").unlink(missing_ok=True)
        done = lsp_agent("run", "make a file", "--apply")
        assert work.joinpath("Gemfile").exists() is (keys[0] in "aA"), done.err


def test_no_lasting_answer_where_the_folder_is_not_trusted(
    terminal: Start, use_remote: Callable[..., None], work: Path
) -> None:
    with ScriptedEndpoint([LOCK, Reply(text="Made it.")]) as endpoint:
        use_remote(endpoint.base_url)
        shown = terminal("run", "make a file", "--apply")
        shown.until("[yes/run/No]")
        shown.type("a\n")
        shown.finish()
    assert not work.joinpath("Gemfile").exists()


def test_no_colours_and_no_progress_when_told_so(
    terminal: Start, use_remote: Callable[..., None]
) -> None:
    with ScriptedEndpoint([EDIT, Reply(text="Made it.")]) as endpoint:
        use_remote(endpoint.base_url)
        shown = terminal("run", "make a file", "--no-color", "--quiet", *RAW)
        assert shown.finish() == 0, shown.seen
    assert "\x1b" not in shown.seen
    assert "loading" not in shown.seen
    assert "+x = '\\x1b[2Jgröße'" in shown.seen


def test_the_demo_counts_up_in_place(terminal: Start) -> None:
    shown = terminal("demo", "--model", "embedded")
    assert shown.finish() == 0, shown.seen
    assert re.search(r"reading \d+ %", shown.seen)
    assert "\r\x1b[K" in shown.seen


def test_a_download_shows_how_far_it_is(
    terminal: Start, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = tmp_path / "hub.gguf"
    make_tiny_gguf(model)
    with ModelHub(model.read_bytes()) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        shown = terminal("models", "pull", "owner/tiny-GGUF/tiny.gguf")
        assert shown.finish() == 0
        assert "100%" in shown.seen
        assert "pulled tiny" in shown.seen

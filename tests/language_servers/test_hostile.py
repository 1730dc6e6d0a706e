"""Servers that misbehave: whoever asks gets an answer in time, and a note."""

from __future__ import annotations

import sys
import threading
import time

import pytest

from lsp_agent.cancel import Cancelled
from lsp_agent.config.model import LanguageServersSettings
from lsp_agent.language_servers.types import View
from lsp_agent.workspace.positions import Position, Range
from tests.language_servers.conftest import FAKE, Bench, eventually, gone

BAD = "x = 1\n'𝒳é', BAD\n"
PLACE = Range(Position(1, 6), Position(1, 9))


def test_a_good_server_says_what_it_has_to(bench: Bench) -> None:
    found = bench.ask(bench.fake(), "a.py", a_py=BAD)
    assert [(one.path, one.range, one.code, one.severity) for one in found.diagnostics] == [
        ("a.py", PLACE, "bad", "error")
    ]
    assert (found.servers, found.notes) == (("fake",), ())
    # What it asked of us: answered, refused, answered with nothing, not known.
    assert eventually(lambda: "close" in bench.told())
    told = bench.told()
    assert 'answer 1 {"applied": false, "failureReason": "only asked, not edited"}' in told
    assert "answer 2 null" in told
    assert 'answer 3 "error"' in told
    assert "secrets []" in told


@pytest.mark.parametrize(
    "mode", ["pull", "register", "nonsense", "stderr", "working", "unversioned"]
)
def test_odd_servers_are_understood(bench: Bench, mode: str) -> None:
    pool = bench.fake(mode)
    for _ in range(2):
        found = bench.ask(pool, "a.py", a_py=BAD)
        assert [one.range for one in found.diagnostics] == [PLACE], found.notes
        assert bench.ask(pool, "a.py", a_py="x = 1\n").diagnostics == ()
    assert len(bench.pids()) == 1


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        ("crash", "ended with status 3: no licence found"),
        ("crash-on-open", "ended with status 7"),
        ("rubbish", "says what is no JSON-RPC"),
        ("huge", "closed its output"),
        ("flood", "floods its output"),
    ],
)
def test_a_broken_server_is_a_note(bench: Bench, mode: str, reason: str) -> None:
    pool = bench.fake(mode)
    found = bench.ask(pool, "a.py", a_py=BAD)
    assert (found.diagnostics, found.servers) == ((), ())
    assert len(found.notes) == 1
    assert found.notes[0].startswith("fake ")
    assert reason in found.notes[0]
    # Not tried again at once.
    started = len(bench.pids())
    again = bench.ask(pool, "a.py", a_py=BAD)
    assert reason in again.notes[0]
    assert len(bench.pids()) == started
    assert [one["state"] for one in pool.status()] == ["failed"]
    assert eventually(lambda: all(gone(pid) for pid in bench.pids()))


@pytest.mark.parametrize("mode", ["hang", "silent"])
def test_a_server_that_hangs_costs_no_more_than_the_budget(bench: Bench, mode: str) -> None:
    pool = bench.fake(mode)
    started = time.monotonic()
    found = bench.ask(pool, "a.py", seconds=0.5, a_py=BAD)
    assert time.monotonic() - started < 3
    assert found.notes == ("fake was not ready within 0.5 s",)


def test_an_error_answer_is_a_note(bench: Bench) -> None:
    pool = bench.fake("errors")
    view = View.of(bench.overlay(a_py=BAD))
    assert view is not None
    answer = pool.references(view, "a.py", Position(0, 0), bench.cancel, 10)
    assert (answer.locations, answer.server, answer.notes) == ((), "", ("fake: not today",))


def test_a_rename_that_deletes_files_is_not_taken(bench: Bench) -> None:
    view = View.of(bench.overlay(a_py=BAD))
    assert view is not None
    answer = bench.fake().rename(view, "a.py", Position(0, 0), "y", bench.cancel, 10)
    assert answer.edits == {}
    assert answer.notes == ("fake answered with an edit that can't be taken",)


def test_a_missing_program_is_a_note(bench: Bench) -> None:
    pool = bench.pool({"fake": {"command": ["no-such-server"], "languages": ["python"]}}, env={})
    found = bench.ask(pool, "a.py", a_py=BAD)
    assert (found.diagnostics, found.notes) == ((), ())
    assert "pip install basedpyright" in pool.advice(bench.folder, "b.py") or (
        "no-such-server is not on PATH" in pool.advice(bench.folder, "b.py")
    )


def test_cancelling_stops_the_wait(bench: Bench) -> None:
    pool = bench.fake("silent")
    threading.Timer(0.5, bench.cancel.cancel).start()
    started = time.monotonic()
    with pytest.raises(Cancelled):
        bench.ask(pool, "a.py", a_py=BAD)
    assert time.monotonic() - started < 10


def test_an_idle_server_is_ended_and_comes_back(bench: Bench) -> None:
    pool = bench.fake(idle_minutes=0.01)
    assert bench.ask(pool, "a.py", a_py=BAD).diagnostics
    assert eventually(lambda: "exit" in bench.told())
    assert eventually(lambda: gone(bench.pids()[0]))
    assert pool.status() == []
    assert bench.ask(pool, "a.py", a_py=BAD).diagnostics
    assert len(bench.pids()) == 2


def test_no_more_than_so_many_run_at_once(bench: Bench) -> None:
    for name in ("one", "two"):
        bench.file(f"{name}/pyproject.toml", "")
        bench.file(f"{name}/a.py", BAD)
    command = {"command": [sys.executable, str(FAKE), str(bench.log)], "languages": ["python"]}
    pool = bench.pool({"ruff": command, "max_running": 1}, env={"PATH": ""})
    assert bench.ask(pool, "one/a.py").diagnostics
    assert bench.ask(pool, "two/a.py").diagnostics
    assert eventually(lambda: gone(bench.pids()[0]))
    assert [one["root"] for one in pool.status()] == [str(bench.folder / "two")]


def test_nothing_is_left_of_a_stubborn_server(bench: Bench) -> None:
    pool = bench.fake("stubborn", "child")
    assert bench.ask(pool, "a.py", a_py=BAD).diagnostics
    pids = bench.pids()
    assert len(pids) == 2
    assert not any(gone(pid) for pid in pids)
    started = time.monotonic()
    pool.close()
    assert time.monotonic() - started < 5
    assert eventually(lambda: all(gone(pid) for pid in pids))


def test_changed_settings_end_what_runs(bench: Bench) -> None:
    pool = bench.fake()
    assert bench.ask(pool, "a.py", a_py=BAD).diagnostics
    pool.reconfigure(LanguageServersSettings(enabled=False))
    assert eventually(lambda: gone(bench.pids()[0]))
    assert bench.ask(pool, "a.py", a_py=BAD).servers == ()


def test_documents_are_closed_between_questions(bench: Bench) -> None:
    bench.file("a.py", "x = 1\n")
    pool = bench.fake()
    bench.ask(pool, "a.py", a_py=BAD)
    bench.ask(pool, "a.py")
    assert eventually(lambda: bench.told().count("close") == 2)
    shown = [line for line in bench.told() if line.startswith(("open", "close"))]
    assert shown == ["open 1 1", "close", "open 2 0", "close"]

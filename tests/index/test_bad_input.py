"""What goes wrong on real disks: files that are no text, databases that are no index."""

from __future__ import annotations

import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from lsp_agent.cancel import CancelToken
from lsp_agent.index.build import build
from lsp_agent.index.types import IndexUnavailableError
from tests.index.conftest import ONE, Shelf

DEF = "def one(): pass\n"


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"gr\xf6\xdfe = 1\ndef one(): pass\n", 1),
        ("größe = 1\ndef one(): pass\n".encode("utf-16"), 1),
        (b"\xef\xbb\xbfdef one(): pass\n", 0),
        (b"# \xff\xfe\xfa\r\n\r\ndef one(): pass\r\n", 2),
        ("# 😀 \u2028 \x0c\ndef one(): pass\n".encode(), 1),
    ],
)
def test_encodings(shelf: Shelf, data: bytes, line: int) -> None:
    shelf.write("a.py", data)
    shelf.build()
    (row,) = shelf.reader().symbols("one")
    assert (row.line, row.character) == (line, 4)


@pytest.mark.parametrize(
    "data", [b"\xff\xfe\0", b"x\0y", b"\xff\xfe\x00\xd8x\0", bytes(range(256)) * 40]
)
def test_what_is_no_text_is_left_out(shelf: Shelf, data: bytes) -> None:
    shelf.write("a.py", data)
    shelf.write("b.py", DEF)
    assert [reason for _, reason in shelf.build().skipped] == ["binary"]
    assert shelf.names("one") == ["b.py:one"]


def test_a_hundred_megabytes_on_one_line(shelf: Shelf) -> None:
    with shelf.write("bundle.min.js", "var a=1;").open("r+b") as file:
        file.truncate(100 * 1024 * 1024)
    shelf.write("b.py", DEF)
    built = shelf.build()
    ((path, reason),) = built.skipped
    assert path == "bundle.min.js"
    assert "104,857,600 bytes" in reason
    assert shelf.names("one") == ["b.py:one"]


@pytest.mark.parametrize("ending", ["py", "js", "c", "json", "rs", "go", "html", "md"])
def test_ten_thousand_brackets(shelf: Shelf, ending: str) -> None:
    shelf.write(f"deep.{ending}", "x = " + "(" * 10_000 + "[" * 10_000 + "{" * 10_000)
    shelf.write(f"lines.{ending}", "\n".join("([{<" * 10 for _ in range(1000)))
    shelf.write("b.py", DEF)
    began = time.monotonic()
    built = shelf.build()
    assert built.read == 3
    assert time.monotonic() - began < 30
    assert shelf.names("one") == ["b.py:one"]
    shelf.update(f"deep.{ending}", f"lines.{ending}")
    shelf.check()


def test_links_in_circles(shelf: Shelf) -> None:
    shelf.write("d/a.py", DEF)
    (shelf.folder / "d" / "up").symlink_to("..")
    (shelf.folder / "d" / "self").symlink_to("self")
    (shelf.folder / "x").symlink_to("y")
    (shelf.folder / "y").symlink_to("x")
    shelf.build()
    assert shelf.reader().paths() == ["d/a.py"]


def test_odd_names(shelf: Shelf) -> None:
    names = ["with space.py", "😀/größe.py", "-n.py", "a'b\"c.py", "new\nline.py", "%41.py", "*.py"]
    for name in names:
        shelf.write(name, DEF)
    with open(os.fsencode(shelf.folder) + b"/\xff\xfe.py", "w") as file:  # noqa: PTH123
        file.write(DEF)
    shelf.build()
    assert shelf.reader().paths() == sorted(names)
    assert sorted(shelf.names("one")) == sorted(f"{name}:one" for name in names)
    for name in names:
        shelf.write(name, "def zwei(): pass\n")
    shelf.update(*names)
    assert len(shelf.names("zwei")) == len(names)


def test_files_that_are_none(shelf: Shelf) -> None:
    os.mkfifo(shelf.folder / "pipe.py")
    (shelf.folder / "folder.py").mkdir()
    shelf.write("a.py", DEF)
    shelf.build()
    shelf.update("pipe.py", "folder.py")
    assert shelf.reader().paths() == ["a.py"]
    assert shelf.reader().skipped() == []


def test_files_that_vanish_while_they_are_read(shelf: Shelf) -> None:
    for number in range(200):
        shelf.write(f"{number}.py", f"def f{number}(): pass\n")
    halt = threading.Event()

    def churn() -> None:
        for number in range(0, 200, 2):
            (shelf.folder / f"{number}.py").unlink()
            shelf.write(f"new{number}.py", DEF)
            if halt.wait(0.002):
                return

    thread = threading.Thread(target=churn)
    seen = []

    def started(done: int, _all: int) -> None:
        seen.append(done)
        if len(seen) == 1:
            thread.start()

    shelf.build(report=started)
    thread.join()
    halt.set()
    assert shelf.reader().skipped() == []
    shelf.build()
    there = sorted(file.name for file in shelf.folder.iterdir())
    assert shelf.reader().paths() == there


def damage(database: Path, how: str) -> None:
    data = database.read_bytes()
    if how == "garbage":
        database.write_bytes(os.urandom(8192))
    elif how == "half":
        database.write_bytes(data[: len(data) // 2])
    elif how == "page":
        database.write_bytes(data[:100])
    elif how == "tables":
        database.write_bytes(data[:4096] + b"\xaa" * (len(data) - 4096))
    elif how == "text":
        database.write_text("these are my notes")
    else:
        database.unlink()
        with sqlite3.connect(database) as connection:
            connection.execute("create table recipes (title text)")
        connection.close()


DAMAGES = ["garbage", "half", "page", "tables", "text", "foreign"]


@pytest.mark.parametrize("how", DAMAGES)
def test_a_broken_database_is_made_anew_and_said(shelf: Shelf, how: str) -> None:
    for number in range(50):
        shelf.write(f"{number}.py", DEF * 10)
    shelf.build()
    damage(shelf.database, how)
    # Something must be written, so that the damage is met.
    shelf.write("new.py", "def new(): pass\n")
    built = shelf.build()
    assert (built.read, built.note) == (51, "the index was broken and was built anew")
    assert shelf.names("new") == ["new.py:new"]
    shelf.check()


@pytest.mark.parametrize("how", DAMAGES)
def test_reading_a_broken_database_is_one_error(shelf: Shelf, how: str) -> None:
    shelf.write("a.py", DEF * 100)
    shelf.build()
    damage(shelf.database, how)
    reader = shelf.reader()
    with pytest.raises(IndexUnavailableError, match="index"):
        reader.outline("a.py")
    with pytest.raises(IndexUnavailableError):
        list(reader.candidates("one"))
    assert not reader.complete()
    assert reader.status().state == "failed"
    assert reader.status().note


@pytest.mark.parametrize("how", DAMAGES)
def test_a_broken_database_heals_by_itself_when_it_is_asked(shelf: Shelf, how: str) -> None:
    for number in range(30):
        shelf.write(f"{number}.py", DEF * 10)
    shelf.build()
    damage(shelf.database, how)
    index = shelf.index()
    try:
        with pytest.raises(IndexUnavailableError):
            index.reader.symbols("one")
        assert index.wait(30)
        assert len(index.reader.symbols("one")) == 50
        status = index.status()
        assert (status.state, status.note) == ("ready", "the index was broken and was built anew")
    finally:
        index.close()


def test_another_versions_database_is_made_anew(shelf: Shelf) -> None:
    shelf.write("a.py", DEF)
    shelf.build()
    with sqlite3.connect(shelf.database) as connection:
        connection.execute("pragma user_version = 9999")
    connection.close()
    with pytest.raises(IndexUnavailableError, match="another version"):
        shelf.reader().paths()
    built = shelf.build()
    assert (built.read, built.note) == (1, "")
    assert shelf.names("one") == ["a.py:one"]


def test_a_locked_database_is_said(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lsp_agent.index.schema._BUSY_MS", 50)
    shelf.write("a.py", DEF)
    shelf.build()
    holder = sqlite3.connect(shelf.database, isolation_level=None)
    holder.execute("begin immediate")
    shelf.write("b.py", "def two(): pass\n")
    try:
        with pytest.raises(IndexUnavailableError, match="another program keeps it locked"):
            shelf.build()
        with pytest.raises(IndexUnavailableError, match="locked"):
            shelf.update("b.py")
        # Reading goes on.
        assert shelf.names("one") == ["a.py:one"]
    finally:
        holder.close()
    assert shelf.build().read == 1


def test_a_cache_folder_that_may_not_be_written(shelf: Shelf) -> None:
    shelf.write("a.py", DEF)
    shelf.database.parent.parent.mkdir(parents=True)
    shelf.database.parent.write_text("a file where the folder should be")
    with pytest.raises(IndexUnavailableError, match="LSP_AGENT_HOME"):
        shelf.build()
    index = shelf.index()
    index.update(["a.py"])
    index.wait(30)
    assert "LSP_AGENT_HOME" in index.status().note
    assert not index.ready(0)
    index.close()


@pytest.mark.skipif(os.name == "nt", reason="needs limits of a process")
def test_a_full_disk(shelf: Shelf) -> None:
    for number in range(200):
        shelf.write(f"{number}.py", "".join(f"def f{number}_{n}(): pass\n" for n in range(50)))
    done = run_builder(shelf, limit=200_000)
    assert "error" in done[-1]
    assert "LSP_AGENT_HOME" in done[-1]["error"] or "disk" in done[-1]["error"]
    assert "built" in run_builder(shelf)[-1]
    assert shelf.reader().status().files == 200
    shelf.check()


def order(shelf: Shelf) -> bytes:
    told = {
        "root": str(shelf.folder), "path": str(shelf.database), "exclude": [],
        "max_bytes": ONE.max_bytes, "processes": 2, "rebuild": False,
    }  # fmt: skip
    return json.dumps(told).encode() + b"\n"


def start_builder(shelf: Shelf, limit: int = 0) -> subprocess.Popen[bytes]:
    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    process = subprocess.Popen(
        [sys.executable, "-m", "lsp_agent.index"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        preexec_fn=limited if limit else None,  # noqa: PLW1509
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(order(shelf))
    process.stdin.flush()
    return process


def run_builder(shelf: Shelf, limit: int = 0) -> list[dict[str, object]]:
    process = start_builder(shelf, limit)
    assert process.stdout is not None
    said = [json.loads(line) for line in process.stdout]
    process.wait(60)
    return said


def many(shelf: Shelf, count: int = 200) -> None:
    for number in range(count):
        text = "".join(f"def f{number}_{n}(): return f{number}_{n - 1}()\n" for n in range(60))
        shelf.write(f"d{number % 7}/{number}.py", text)


@pytest.mark.parametrize("after", [1, 100])
def test_kill_in_the_middle(shelf: Shelf, after: int) -> None:
    many(shelf)
    process = start_builder(shelf)
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line).get("done", 0) >= after:
            break
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    if shelf.database.exists():
        shelf.check()
    built = shelf.build()
    assert built.note == ""
    assert shelf.reader().status().files == 200
    assert shelf.names("f199_59") == ["d3/199.py:f199_59"]
    shelf.check()


def test_a_builder_ends_with_the_process_that_started_it(shelf: Shelf) -> None:
    many(shelf)
    process = start_builder(shelf)
    assert process.stdin is not None
    process.stdin.close()
    began = time.monotonic()
    process.wait(10)
    assert time.monotonic() - began < 5


def test_two_servers_on_one_folder(shelf: Shelf) -> None:
    many(shelf, 120)
    indexes = [shelf.index(), shelf.index()]
    try:
        for index in indexes:
            index.refresh()
        for index in indexes:
            assert index.wait(60)
            assert index.status().note == ""
            assert index.status().files == 120

        def save(index: int) -> None:
            for number in range(20):
                shelf.write(f"s{index}.py", f"def saved_{index}_{number}(): pass\n")
                indexes[index].update([f"s{index}.py"])

        threads = [threading.Thread(target=save, args=(one,)) for one in (0, 1)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [index.status().note for index in indexes] == ["", ""]
        for index in indexes:
            found = [row.name for row in index.reader.symbols("saved")]
            assert sorted(found) == ["saved_0_19", "saved_1_19"]
    finally:
        for index in indexes:
            index.close()
    shelf.check()


def test_a_second_builder_waits_and_stops_when_told(shelf: Shelf) -> None:
    from filelock import FileLock

    shelf.write("a.py", DEF)
    shelf.database.parent.mkdir(parents=True)
    cancel = CancelToken()
    with FileLock(shelf.database.with_suffix(".lock")):
        threading.Timer(0.3, cancel.cancel).start()
        with pytest.raises(Exception, match="cancelled"):
            build(shelf.root, shelf.database, ONE, cancel)
    assert shelf.build().read == 1


def test_processes_that_can_not_be_started_are_no_fault_of_the_files(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf.write("a.py", DEF)
    shelf.write("b.py", DEF)
    with monkeypatch.context() as broken:
        broken.setenv("PYTHONHOME", "/nowhere")
        with pytest.raises(IndexUnavailableError, match="as soon as they are started"):
            shelf.build()
    assert shelf.build().skipped == ()
    assert shelf.reader().paths() == ["a.py", "b.py"]

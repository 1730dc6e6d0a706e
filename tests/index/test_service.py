"""The index in a long-lived process: in the background, kept fresh, ended in time."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.index.service import CodeIndex
from tests.index.conftest import Shelf


@pytest.fixture
def index(shelf: Shelf) -> CodeIndex:
    return shelf.index()


def test_ready_builds_and_waits(shelf: Shelf, index: CodeIndex) -> None:
    shelf.write("a.py", "def one(): pass\n")
    assert index.status().state == "missing"
    assert index.ready(30)
    assert index.status().state == "ready"
    assert shelf.names("one") == ["a.py:one"]
    index.close()


def test_one_that_was_built_before_is_ready_at_once_and_brought_up_to_date(shelf: Shelf) -> None:
    shelf.write("a.py", "def one(): pass\n")
    shelf.build()
    shelf.write("b.py", "def two(): pass\n")
    index = shelf.index()
    assert index.ready(0)
    assert index.wait(30)
    assert shelf.names("two") == ["b.py:two"]
    index.close()


def test_waiting_is_cancelled(shelf: Shelf, index: CodeIndex) -> None:
    shelf.write("a.py", "x = 1\n")
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        index.ready(30, cancel.check)
    index.close()


def test_progress_ends_with_equal_numbers(shelf: Shelf) -> None:
    for number in range(30):
        shelf.write(f"{number}.py", "x = 1\n")
    told: list[tuple[int, int]] = []
    over = threading.Event()

    def progress(done: int, everything: int) -> None:
        told.append((done, everything))
        if (done, everything) == (0, 0):
            over.set()

    index = shelf.index(progress=progress)
    index.refresh()
    assert over.wait(30)
    assert told[0] == (0, 30)
    assert (30, 30) in told
    index.close()


def test_a_saved_file_is_visible_soon(shelf: Shelf, index: CodeIndex) -> None:
    shelf.write("a.py", "def one(): pass\n")
    assert index.ready(30)
    index.update(["a.py"])
    times = []
    for number in range(20):
        shelf.write("a.py", f"def saved_{number}(): pass\n" * 50)
        began = time.perf_counter()
        index.update(["a.py"])
        assert len(index.reader.definitions(f"saved_{number}")) == 50
        times.append(time.perf_counter() - began)
    # A process of its own took a second.
    assert sorted(times)[10] < 0.25
    assert index.status().note == ""
    index.close()


def test_many_files_and_new_rules_take_a_build(shelf: Shelf, index: CodeIndex) -> None:
    shelf.write("a.py", "def one(): pass\n")
    assert index.ready(30)
    for number in range(100):
        shelf.write(f"d/{number}.py", f"def f{number}(): pass\n")
    index.update(["d"])
    assert index.wait(30)
    assert index.status().files == 101
    shelf.write(".gitignore", "d/\n")
    index.update([".gitignore"])
    assert index.wait(30)
    assert shelf.reader().paths() == [".gitignore", "a.py"]
    index.close()


def test_an_update_of_a_broken_index_builds_it_anew(shelf: Shelf, index: CodeIndex) -> None:
    shelf.write("a.py", "def one(): pass\n")
    shelf.write("b.py", "def two(): pass\n")
    assert index.ready(30)
    shelf.database.write_bytes(b"no database" * 1000)
    index.update(["a.py"])
    assert index.wait(30)
    assert index.reader.complete()
    assert shelf.names("two") == ["b.py:two"]
    index.close()


def test_what_changes_during_a_build_is_in_the_index_after_it(
    shelf: Shelf, index: CodeIndex
) -> None:
    for number in range(200):
        shelf.write(f"{number}.py", f"def f{number}(): pass\n" * 30)
    index.refresh()
    for number in range(0, 200, 7):
        shelf.write(f"{number}.py", f"def newer{number}(): pass\n")
        index.update([f"{number}.py"])
    (shelf.folder / "3.py").unlink()
    index.update(["3.py"])
    while not index.wait(30):
        pass
    while index.status().state == "building":
        assert index.wait(30)
    for number in range(0, 200, 7):
        assert len(index.reader.definitions(f"newer{number}")) == 1
    assert "3.py" not in index.reader.paths()
    assert len(index.reader.paths()) == 199
    index.close()


def test_closing_ends_a_build_soon(shelf: Shelf, index: CodeIndex) -> None:
    for number in range(300):
        shelf.write(f"{number}.py", "def f(): pass\n" * 300)
    index.refresh()
    process = index._process
    assert process is not None
    began = time.monotonic()
    index.close()
    assert time.monotonic() - began < 3
    assert process.poll() is not None
    index.refresh()
    assert index._process is None


def test_a_builder_that_dies_is_noted(shelf: Shelf, index: CodeIndex) -> None:
    for number in range(300):
        shelf.write(f"{number}.py", "def f(): pass\n" * 100)
    index.refresh()
    assert index._process is not None
    index._process.kill()
    assert index.wait(30)
    assert "without a word" in index.status().note
    index.refresh()
    assert index.wait(60)
    assert index.status().note == ""
    assert index.status().files == 300
    index.close()


@pytest.mark.parametrize("name", ["json", "multiprocessing", "lsp_agent"])
def test_no_module_of_the_current_folder_is_imported(
    shelf: Shelf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    ran = tmp_path / "ran"
    shelf.write(f"{name}/__init__.py", f"open({str(ran)!r}, 'w').close()\n")
    shelf.write("a.py", "def one(): pass\n")
    monkeypatch.chdir(shelf.folder)
    index = shelf.index()
    assert index.ready(30)
    assert shelf.names("one") == ["a.py:one"]
    assert shelf.build(rebuild=True).read == 2
    assert shelf.names("one") == ["a.py:one"]
    assert not ran.exists()
    index.close()

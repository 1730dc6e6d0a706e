"""``lsp-agent runs undo``, by real processes on real folders."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint, call

SOURCE = "# größe 🎉\r\ndef area(w, h):\r\n    return w * hh\r\n"
FIXED = SOURCE.replace("hh", "h")
CALLS = (
    call("edit_file", path="a.py", old_string="hh", new_string="h"),
    call("write_file", path="new/n.py", content="n = 1\n"),
    call("delete_file", path="gone.py"),
)


@pytest.fixture
def applied(lsp_agent: Command, use_remote: Callable[..., None], work: Path) -> str:
    """Apply one run and return its id."""
    (work / "a.py").write_bytes(SOURCE.encode())
    (work / "gone.py").write_text("g = 1\n")
    with ScriptedEndpoint([Reply(tool_calls=CALLS), Reply(text="Done.")]) as endpoint:
        use_remote(endpoint.base_url)
        done = lsp_agent("run", "mend it", "--apply")
    assert done.status == 0, done.err
    assert (work / "a.py").read_bytes() == FIXED.encode()
    return json.loads(lsp_agent("runs", "list", "--json").out)[0]["id"]


def files(work: Path) -> dict[str, bytes]:
    found = (path for path in work.rglob("*") if path.is_file())
    return {path.relative_to(work).as_posix(): path.read_bytes() for path in found}


def test_the_last_run_is_undone_byte_for_byte(lsp_agent: Command, work: Path, applied: str) -> None:
    shown = lsp_agent("runs", "undo", "--diff")
    assert shown.status == 0, shown.err
    assert "+    return w * hh" in shown.out
    assert (work / "a.py").read_bytes() == FIXED.encode()
    done = lsp_agent("runs", "undo", cwd=work)
    assert (done.status, done.out) == (0, "a.py\ngone.py\nnew/n.py\n"), done.err
    assert f"undid run {applied}" in done.err
    assert files(work) == {"a.py": SOURCE.encode(), "gone.py": b"g = 1\n"}
    again = lsp_agent("runs", "undo", applied)
    assert (again.status, again.out) == (0, "")
    assert "undone already" in again.err
    none = lsp_agent("runs", "undo")
    assert none.status == 1
    assert "no run changed anything" in none.err


def test_an_undo_is_undone_and_done_again(lsp_agent: Command, work: Path, applied: str) -> None:
    assert lsp_agent("runs", "undo", applied).status == 0
    newest = json.loads(lsp_agent("runs", "list", "--json").out)[0]
    assert (newest["action"], newest["status"]) == ("undo", "edited")
    assert lsp_agent("runs", "undo", newest["id"]).status == 0
    assert (work / "a.py").read_bytes() == FIXED.encode()
    assert (work / "new" / "n.py").read_text() == "n = 1\n"
    assert not (work / "gone.py").exists()
    assert lsp_agent("runs", "undo").status == 0
    assert (work / "a.py").read_bytes() == SOURCE.encode()


def test_what_was_written_since_stays(lsp_agent: Command, work: Path, applied: str) -> None:
    (work / "a.py").write_bytes(FIXED.encode() + b"mine = 1\r\n")
    (work / "new" / "n.py").write_text("n = 1\nmine = 2\n")
    (work / "gone.py").write_text("mine = 3\n")
    done = lsp_agent("runs", "undo", applied, "--json")
    assert done.status == 1
    answer = json.loads(done.out)
    assert answer["run"] == applied
    assert answer["files"] == ["a.py"]
    assert [one["path"] for one in answer["conflicts"]] == ["gone.py", "new/n.py"]
    assert "new/n.py: it was changed since the run made it" in done.err
    assert files(work) == {
        "a.py": SOURCE.encode() + b"mine = 1\r\n",
        "new/n.py": b"n = 1\nmine = 2\n",
        "gone.py": b"mine = 3\n",
    }
    # Once the user has made room, the rest of it is undone.
    (work / "gone.py").unlink()
    (work / "new" / "n.py").write_text("n = 1\n")
    rest = lsp_agent("runs", "undo", applied)
    assert (rest.status, rest.out) == (0, "gone.py\nnew/n.py\n"), rest.err
    assert (work / "a.py").read_bytes() == SOURCE.encode() + b"mine = 1\r\n"


def test_a_run_that_was_only_shown_leaves_nothing_to_undo(
    lsp_agent: Command, use_remote: Callable[..., None], work: Path
) -> None:
    (work / "a.py").write_bytes(SOURCE.encode())
    with ScriptedEndpoint([Reply(tool_calls=CALLS[:1]), Reply(text="Done.")]) as endpoint:
        use_remote(endpoint.base_url)
        assert lsp_agent("run", "mend it").status == 0
    run = json.loads(lsp_agent("runs", "list", "--json").out)[0]["id"]
    done = lsp_agent("runs", "undo", run)
    assert done.status == 1
    assert "changed no file" in done.err
    assert (work / "a.py").read_bytes() == SOURCE.encode()


def test_without_the_folder(lsp_agent: Command, work: Path, applied: str, tmp_path: Path) -> None:
    shutil.rmtree(work)
    done = lsp_agent("runs", "undo", applied, cwd=tmp_path)
    assert done.status == 1
    assert "is gone" in done.err
    assert len(done.err.strip().splitlines()) == 1


def test_nothing_is_undone_without_a_way_back(
    lsp_agent: Command, work: Path, applied: str, home: Path
) -> None:
    before = files(work)
    holder = sqlite3.connect(next(home.rglob("journal.sqlite")), isolation_level=None)
    try:
        holder.execute("begin immediate")
        done = lsp_agent("runs", "undo", applied)
    finally:
        holder.close()
    assert (done.status, done.out) == (1, "")
    assert "nothing is undone" in done.err
    assert files(work) == before
    assert lsp_agent("runs", "undo", applied).status == 0
    assert files(work) == {"a.py": SOURCE.encode(), "gone.py": b"g = 1\n"}

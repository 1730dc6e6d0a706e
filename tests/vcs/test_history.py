"""Commits as data, from real repositories, hostile ones included."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_agent.vcs.git import Repository
from lsp_agent.vcs.history import (
    MAX_FILES,
    Commit,
    History,
    change_rates,
    changed_together,
    parse_records,
)
from tests.vcs.test_git import git


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    folder.mkdir()
    git(folder, "init", "-q")
    return folder


def commit(folder: Path, message: str, files: dict[str, str | None]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            path.unlink()
        else:
            path.write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", message)


def history(folder: Path, below: str = "") -> History:
    repository = Repository.open(folder)
    assert repository is not None
    return History(repository, below)


BODY = "\n".join(f"line {number}" for number in range(40))


def test_newest_first_with_whole_messages(repository: Path) -> None:
    commit(repository, "First\n\nWith a body,\nof two lines", {"a.py": "1", "dir é/b 😀.py": "2"})
    commit(repository, "Nothing", {})
    commit(repository, "Third", {"a.py": "3"})
    found = history(repository).commits()
    assert [one.message for one in found] == [
        "Third", "Nothing", "First\n\nWith a body,\nof two lines",
    ]  # fmt: skip
    assert [one.paths for one in found] == [("a.py",), (), ("a.py", "dir é/b 😀.py")]
    assert all(len(one.id) == 40 and one.time > 1_000_000_000 for one in found)


def test_a_renamed_file_has_its_last_path(repository: Path) -> None:
    commit(repository, "one", {"a.py": BODY})
    commit(repository, "two", {"a.py": None, "b.py": BODY + "\nmore"})
    commit(repository, "three", {"b.py": None, "c.py": BODY})
    commit(repository, "four: another by the first name", {"a.py": "x"})
    found = {one.message[:3]: one.paths for one in history(repository).commits()}
    assert found == {"fou": ("a.py",), "thr": ("c.py",), "two": ("c.py",), "one": ("c.py",)}


def test_only_what_lies_below_a_folder(repository: Path) -> None:
    commit(repository, "both", {"in/side.py": "1", "inside.py": "2"})
    commit(repository, "outside", {"inside.py": "3"})
    found = history(repository, "in").commits()
    assert [one.paths for one in found] == [(), ("side.py",)]


def test_read_again_when_head_moves_only(repository: Path) -> None:
    reader = history(repository)
    assert reader.commits() == ()
    commit(repository, "one", {"a.py": "1"})
    first = reader.commits()
    assert len(first) == 1
    assert reader.commits() is first
    commit(repository, "two", {"a.py": "2"})
    assert [one.message for one in reader.commits()] == ["two", "one"]


def test_merges_are_left_out_and_their_commits_are_not(repository: Path) -> None:
    commit(repository, "base", {"a.py": "1"})
    git(repository, "checkout", "-qb", "side")
    commit(repository, "side", {"b.py": "1"})
    git(repository, "checkout", "-q", "main")
    commit(repository, "main", {"a.py": "2"})
    git(repository, "merge", "-q", "--no-edit", "side")
    assert {one.message for one in history(repository).commits()} == {"base", "side", "main"}


def test_nothing_of_the_repository_is_run_or_believed(repository: Path, tmp_path: Path) -> None:
    trap = tmp_path / "ran"
    script = tmp_path / "trap.sh"
    script.write_text(f"#!/bin/sh\ntouch '{trap}'\ncat\n")
    script.chmod(0o755)
    (repository / ".gitattributes").write_text("*.py diff=x filter=x\n")
    commit(repository, "in", {"in/a.py": BODY})
    commit(repository, "moved\n\n\x01\x02 A\tevil.py", {"in/a.py": None, "in/b.py": BODY})
    for key in ("core.pager", "diff.external", "diff.x.textconv", "filter.x.smudge", "gpg.program"):
        git(repository, "config", key, str(script))
    for key, value in {
        "diff.relative": "true",
        "diff.orderFile": "/nowhere",
        "diff.renames": "false",
        "log.showSignature": "true",
        "log.diffMerges": "on",
        "log.showRoot": "false",
        "core.quotePath": "true",
        "format.pretty": "oneline",
        "i18n.logOutputEncoding": "latin1",
    }.items():
        git(repository, "config", key, value)
    found = history(repository / "in", "in").commits()
    assert [one.paths for one in found] == [("b.py",), ("b.py",)]
    assert not trap.exists()


def test_a_cut_record_is_left_out(repository: Path) -> None:
    commit(repository, "one", {"a.py": "1", "b.py": "1"})
    commit(repository, "two", {"a.py": "2", "c.py": "1"})
    opened = Repository.open(repository)
    assert opened is not None
    records = opened.records(10)
    whole = list(parse_records(records))
    assert [one.message for one in whole] == ["two", "one"]
    for cut in range(len(records)):
        # A path at the very end may be cut too: only commits before it are sure.
        assert [one.id for one in parse_records(records[:cut])] in (
            [], [whole[0].id], [one.id for one in whole],
        )  # fmt: skip


def made(*groups: tuple[str, ...]) -> list[Commit]:
    return [Commit(str(at), at, "", paths) for at, paths in enumerate(groups)]


def test_recent_changes_weigh_more_and_sweeping_ones_nothing() -> None:
    wide = tuple(f"{number}.py" for number in range(MAX_FILES + 1))
    rates = change_rates(made(("new.py",), ("old.py",), ("old.py", "b.py"), wide))
    assert rates["new.py"] == 1.0
    assert rates["old.py"] > rates["new.py"] > rates["b.py"]
    assert set(rates) == {"new.py", "old.py", "b.py"}


def test_files_changed_together() -> None:
    commits = made(("a", "b"), ("a", "b", "c"), ("a",), ("b", "c"))
    assert changed_together(commits, "a") == [("b", 1.5), ("c", 0.5)]
    assert changed_together(commits, "a", limit=1) == [("b", 1.5)]
    assert changed_together(commits, "nowhere") == []

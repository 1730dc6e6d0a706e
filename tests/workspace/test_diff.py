"""Unified diffs, taken by the real ``git apply``."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lsp_agent.workspace.diff import diff_changes, unified_diff
from lsp_agent.workspace.overlay import FileChange

LONG = [f"line {n}" for n in range(40)]


def git_apply(folder: Path, diff: str) -> None:
    """Apply a diff outside any repository; git's complaint fails the test."""
    done = subprocess.run(
        ["git", "apply", "--whitespace=nowarn", "-"],
        cwd=folder,
        input=diff.encode(),
        capture_output=True,
        check=False,
        env={**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parent)},
    )
    assert done.returncode == 0, f"{done.stderr.decode()}\n{diff}"


def change(
    path: str, before: str | None, after: str | None, new_path: str | None = None
) -> FileChange:
    """Make a change as the overlay does."""
    kind = "rename" if new_path else "create" if before is None else "modify"
    if after is None:
        kind = "delete"
    return FileChange(kind, path, f"file:///{path}", before, after, new_path=new_path)  # type: ignore[arg-type]


def joined(lines: list[str], eol: str = "\n") -> str:
    return "".join(line + eol for line in lines)


CASES = {
    "modify": change("a.py", joined(LONG), joined(["new", *LONG[:20], "x", *LONG[21:]])),
    "crlf": change("a.txt", joined(LONG, "\r\n"), joined([*LONG[:3], "x", *LONG[4:]], "\r\n")),
    "line-ends-changed": change("a.txt", "a\r\nb\r\n", "a\nb\n"),
    "lone-cr": change("a.txt", "a\rb\rc", "a\rB\rc"),
    "lost-final-newline": change("a.txt", "a\nb\n", "a\nb"),
    "gained-final-newline": change("a.txt", "a\nb", "a\nb\n"),
    "no-final-newline": change("a.txt", joined(LONG) + "end", "x\n" + joined(LONG) + "end"),
    "create": change("new.txt", None, "one\ntwo\n"),
    "create-in-folder": change("deep/er/new.txt", None, "one"),
    "create-empty": change("empty.txt", None, ""),
    "delete": change("a.txt", "one\ntwo", None),
    "delete-empty": change("a.txt", "", None),
    "emptied": change("a.txt", "one\n", ""),
    "filled": change("a.txt", "", "one\n"),
    "rename": change("a.txt", "one\n", "one\n", "sub/b.txt"),
    "rename-and-edit": change("a.txt", joined(LONG), joined(LONG[:30]), "b.txt"),
    "space": change("my file.txt", "one\n", "two\n"),
    "rename-with-space": change("my file.txt", "one\n", "two\n", "your file.txt"),
    "create-with-space": change("my new file.txt", None, "one\n"),
    "quoted": change('qu"o\\te\t\x01.txt', "one\n", "two\n"),
    "rename-quoted": change('a"b.txt', "one\n", "one\n", "é\n.txt"),
    "unicode": change("größe 漢😀.txt", "é\n", "e\u0301😀\n"),
    "form-feeds": change("a.txt", "a\x0cb\u2028c\x85d\n", "a\x0cB\u2028c\x85d\n"),
    "looks-like-a-diff": change("a.txt", "--- a\n+++ b\n@@ -1 +1 @@\n", "--- a\n"),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_git_applies_it(case: FileChange, tmp_path: Path) -> None:
    if os.name == "nt" and '"' in case.path:
        pytest.skip("Windows has no such names")
    if case.before is not None:
        (tmp_path / case.path).write_bytes(case.before.encode())
    git_apply(tmp_path, diff_changes([case]))
    target = tmp_path / (case.new_path or case.path)
    if case.after is None:
        assert not target.exists()
    else:
        assert target.read_bytes() == case.after.encode()
    if case.new_path:
        assert not (tmp_path / case.path).exists()


def test_one_diff_holds_several_files(tmp_path: Path) -> None:
    changes = [CASES["modify"], CASES["create"], CASES["rename-with-space"]]
    for item in changes:
        if item.before is not None:
            (tmp_path / item.path).write_bytes(item.before.encode())
    git_apply(tmp_path, diff_changes(changes))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.py", "new.txt", "your file.txt"]


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None
)
@given(
    st.lists(
        st.sampled_from(["a", "b", "\n", "\r\n", "\n\n", "+", "- ", "\\", "\x0c", "c\nd\ne\n"])
    ).map("".join),
    st.data(),
)
def test_git_applies_any_change(tmp_path: Path, old: str, data: st.DataObject) -> None:
    places = st.integers(0, len(old))
    start, end = sorted((data.draw(places), data.draw(places)))
    new = old[:start] + data.draw(st.sampled_from(["", "x", "\n", "y\r\n", "z\n\n"])) + old[end:]
    diff = unified_diff(old, new, "f.txt", "f.txt")
    assert bool(diff) == (old != new)
    if diff:
        (tmp_path / "f.txt").write_bytes(old.encode())
        git_apply(tmp_path, diff)
        assert (tmp_path / "f.txt").read_bytes() == new.encode()


def test_the_layout_is_gits() -> None:
    assert unified_diff("a\nb\n", "a\nc", "x.py", "x.py") == (
        "diff --git a/x.py b/x.py\n--- a/x.py\n+++ b/x.py\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n"
        "\\ No newline at end of file\n"
    )


def test_distant_changes_are_two_hunks_and_near_ones_one() -> None:
    def hunks_of(*changed: int) -> int:
        new = [f"new {n}" if n in changed else line for n, line in enumerate(LONG)]
        return unified_diff(joined(LONG), joined(new), "a", "a").count("@@ -")

    assert hunks_of(5, 12) == 1
    assert hunks_of(5, 13) == 2

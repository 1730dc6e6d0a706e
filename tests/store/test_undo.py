"""Planning an undo: exactly the run's part goes, and nothing that a person wrote since."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.store.undo import Undo, holds, plan_undo
from lsp_agent.workspace.errors import UnreadableFileError
from lsp_agent.workspace.overlay import FileChange

BASE = "def add(a, b):\n    return a + b\n\n\ndef sub(a, b):\n    return a - b\n"
RUN = BASE.replace("a + b", "b + a")


def modify(before: str = BASE, after: str = RUN, path: str = "a.py") -> FileChange:
    return FileChange("modify", path, f"file:///{path}", before, after)


CREATED = FileChange("create", "n.py", "file:///n.py", None, "new\n")
DELETED = FileChange("delete", "d.py", "file:///d.py", "old\n", None)
MOVED = FileChange(
    "rename", "a.py", "file:///a.py", BASE, RUN, new_path="b.py", new_uri="file:///b.py"
)


def plan(change: FileChange, **now: str | None) -> Undo:
    texts = {name.replace("_", "."): text for name, text in now.items()}
    return plan_undo([change], texts.get)


def carried_out(undo: Undo, texts: dict[str, str]) -> dict[str, str]:
    texts = dict(texts)
    for change in undo.changes:
        assert texts.pop(change.path, None) == change.before
        if change.after is not None:
            texts[change.new_path or change.path] = change.after
    return texts


def test_untouched_since() -> None:
    undo = plan(modify(), a_py=RUN)
    assert undo == Undo((FileChange("modify", "a.py", "file:///a.py", RUN, BASE),))


def test_never_applied_or_taken_back_by_hand() -> None:
    assert plan(modify(), a_py=BASE) == Undo()
    assert plan(modify(), a_py="# mine\n" + BASE) == Undo()
    assert plan(CREATED) == Undo()
    assert plan(DELETED, d_py="old\n") == Undo()
    assert plan(MOVED, a_py=BASE) == Undo()


def test_what_was_written_elsewhere_stays() -> None:
    undo = plan(modify(), a_py="import os\n" + RUN.replace("a - b", "a-b"))
    assert undo.changes[0].after == "import os\n" + BASE.replace("a - b", "a-b")
    assert undo.conflicts == ()


def test_what_was_written_over_it_is_left_and_named() -> None:
    undo = plan(modify(), a_py="# mine\n" + RUN.replace("b + a", "b * a"))
    assert undo.changes == ()
    (conflict,) = undo.conflicts
    assert (conflict.path, conflict.lines) == ("a.py", ((3, 3),))
    assert "line(s) 3" in str(conflict)


@pytest.mark.parametrize(
    ("change", "now", "words"),
    [
        (modify(), {}, "deleted since"),
        (CREATED, {"n_py": "new\nmine\n"}, "changed since the run made it"),
        (DELETED, {"d_py": "another\n"}, "another file in its place"),
        (MOVED, {}, "deleted since the run moved it"),
        (MOVED, {"a_py": "another\n", "b_py": RUN}, "there is another one now"),
        (MOVED, {"b_py": RUN.replace("b + a", "mine")}, "changed again since"),
    ],
)
def test_conflicts(change: FileChange, now: dict[str, str], words: str) -> None:
    undo = plan(change, **now)
    assert undo.changes == ()
    assert words in undo.conflicts[0].reason


def test_files_come_and_go() -> None:
    assert carried_out(plan(CREATED, n_py="new\n"), {"n.py": "new\n"}) == {}
    assert carried_out(plan(DELETED), {}) == {"d.py": "old\n"}


def test_a_moved_file_moves_back_with_what_was_written_since() -> None:
    now = RUN + "# mine\n"
    assert carried_out(plan(MOVED, b_py=now), {"b.py": now}) == {"a.py": BASE + "# mine\n"}
    # Moved back by hand, with the run's text.
    assert carried_out(plan(MOVED, a_py=now), {"a.py": now}) == {"a.py": BASE + "# mine\n"}


def test_a_file_that_can_not_be_read_is_left() -> None:
    def read(path: str) -> str | None:
        raise UnreadableFileError(f"{path} is binary, not text")

    assert "binary" in plan_undo([modify()], read).conflicts[0].reason


def test_one_conflict_does_not_stop_the_others() -> None:
    texts = {"a.py": RUN, "n.py": "mine\n"}
    undo = plan_undo([modify(), CREATED], texts.get)
    assert [one.path for one in undo.changes] == ["a.py"]
    assert [one.path for one in undo.conflicts] == ["n.py"]


def test_a_change_is_found_in_a_text() -> None:
    change = modify()
    assert holds(change, "a.py", RUN)
    assert holds(change, "a.py", RUN + "# mine\n")
    assert holds(change, "a.py", RUN.replace("def add", "def mine"))
    assert not holds(change, "a.py", "something else\n")
    assert not holds(change, "a.py", BASE + "# mine\n")
    assert not holds(change, "a.py", None)
    assert (holds(CREATED, "n.py", "any"), holds(CREATED, "n.py", None)) == (True, False)
    assert (holds(DELETED, "d.py", None), holds(DELETED, "d.py", "any")) == (True, False)
    assert holds(MOVED, "a.py", None)
    assert holds(MOVED, "b.py", RUN)


LINES = 14
edits = st.dictionaries(
    st.integers(0, LINES - 1), st.sampled_from(["change", "delete", "insert"]), max_size=5
)


def edited(lines: list[str], chosen: dict[int, str], who: str) -> list[str]:
    """Return lines with edits made to them, each told by its author's name."""
    result: list[str] = []
    for line in lines:
        number = int(line.split()[1]) if line.startswith("line ") else -1
        kind = chosen.get(number, "keep")
        if kind == "insert":
            result.append(f"{who} {number}\n")
        if kind != "delete":
            result.append(f"{who} {number}\n" if kind == "change" else line)
    return result


def apart(run: dict[int, str], user: dict[int, str]) -> bool:
    return all(abs(one - other) > 1 for one in run for other in user)


ORIGINAL = [f"line {number}\n" for number in range(LINES)]


@given(edits, edits)
def test_undo_after_run_and_user_is_the_users_text_alone(
    run: dict[int, str], user: dict[int, str]
) -> None:
    after = edited(ORIGINAL, run, "run")
    now = "".join(edited(after, user, "user"))
    change = modify("".join(ORIGINAL), "".join(after))
    undo = plan_undo([change], {"a.py": now}.get)
    result = undo.changes[0].after if undo.changes else now
    if apart(run, user):
        assert undo.conflicts == ()
        assert result == "".join(edited(ORIGINAL, user, "user"))
    elif undo.conflicts:
        assert undo.changes == ()
        assert undo.conflicts[0].lines
    mine = [line for line in now.splitlines() if line.startswith("user")]
    assert [line for line in (result or "").splitlines() if line.startswith("user")] == mine


texts = st.lists(st.sampled_from(["a", "b", "c = 1", "\n", "\r\n", " ", "é", "(", ""]), max_size=12)


@given(texts.map("".join), texts.map("".join), texts.map("".join))
def test_nothing_is_lost_whatever_the_texts(before: str, after: str, now: str) -> None:
    undo = plan_undo([modify(before, after)], {"a.py": now}.get)
    assert len(undo.changes) + len(undo.conflicts) <= 1
    for change in undo.changes:
        # Undoing the undo gives back the very text.
        again = plan_undo([change], {"a.py": change.after}.get)
        assert [one.after for one in again.changes] == [now]
    if now == after and before != after:
        assert [one.after for one in undo.changes] == [before]


@given(edits, edits, st.permutations([0, 1]))
def test_runs_apart_are_undone_in_any_order(
    first: dict[int, str], second: dict[int, str], order: list[int]
) -> None:
    one = edited(ORIGINAL, first, "run")
    two = edited(one, second, "user")
    changes = [modify("".join(ORIGINAL), "".join(one)), modify("".join(one), "".join(two))]
    now = "".join(two)
    for number in order:
        undo = plan_undo([changes[number]], {"a.py": now}.get)
        assert apart(first, second) <= (undo.conflicts == ())
        now = (undo.changes[0].after or "") if undo.changes else now
    if apart(first, second):
        assert now == "".join(ORIGINAL)

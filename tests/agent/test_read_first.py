"""A file is read before it is rewritten; other names of calls, made-up paths, going in circles."""

from __future__ import annotations

from typing import Any

import pytest

from lsp_agent.agent.types import Focus, RunRequest
from tests.agent.conftest import Stage, calls
from tests.support.scripted_engine import ScriptedEngine

TASK = RunRequest("do it", answer="any")
LONG = "".join(f"value_{number} = {number}\n" for number in range(200))


def write(path: str, content: str) -> Any:
    return calls(("write_file", {"path": path, "content": content}))


def edit(old: str, new: str, path: str = "src/a.py", **more: Any) -> Any:
    return calls(("edit_file", {"path": path, "old_string": old, "new_string": new, **more}))


def results(stage: Stage) -> list[tuple[bool, str]]:
    return [(one.data["ok"], one.data["preview"]) for one in stage.of("tool_result")]


def run(stage: Stage, *script: Any, request: RunRequest = TASK, **info: Any) -> Any:
    return stage.run(ScriptedEngine([*script, "done"], **info), request)


def test_a_file_that_was_not_read_is_not_replaced(stage: Stage) -> None:
    stage.file("src/a.py", "x = 1\ny = 2\n")
    result = run(stage, write("src/a.py", "z = 3"))
    assert result.changes == ()
    ((ok, said),) = results(stage)
    assert not ok
    assert "would drop 2 of its 2 lines that you have not read" in said
    assert said.endswith("From line 1:\nx = 1\ny = 2")


def test_it_is_once_its_lines_were_shown(stage: Stage) -> None:
    stage.file("src/a.py", "x = 1\ny = 2\n")
    assert run(stage, write("src/a.py", "z = 3"), write("src/a.py", "z = 3")).changes
    assert run(
        stage, calls(("read_file", {"path": "src/a.py"})), write("src/a.py", "z = 3")
    ).changes
    focus = RunRequest("do it", Focus("src/a.py"), answer="any")
    assert run(stage, write("src/a.py", "z = 3"), request=focus).changes
    # What it wrote itself it knows.
    assert run(stage, write("b.py", "b = 1"), write("b.py", "c = 1")).changes[0].after == "c = 1\n"


def test_one_as_long_is_the_whole_file_written_anew(stage: Stage) -> None:
    stage.file("src/a.py", "x = 1\ny = 2\n")
    assert run(stage, write("src/a.py", "x = 2\nz = 3\n")).changes[0].after == "x = 2\nz = 3\n"


def test_what_was_read_in_part_keeps_the_rest(stage: Stage) -> None:
    stage.file("src/a.py", LONG)
    part = calls(("read_file", {"path": "src/a.py", "end_line": 20}))
    assert run(stage, part, write("src/a.py", "value_0 = 1\n")).changes == ()
    assert "would drop 180 of its 200 lines" in results(stage)[1][1]
    assert run(stage, part, write("src/a.py", LONG.replace("= 7\n", "= 8\n"))).changes


def test_a_near_match_needs_a_file_that_was_read(stage: Stage) -> None:
    stage.file("src/a.py", "class A:\n    def f(self):\n        return 1\n")
    near = edit("def f(self):\n    return 1", "def f(self):\n    return 2")
    result = run(stage, near)
    assert result.changes == ()
    assert "you have not read src/a.py" in results(stage)[0][1]
    result = run(stage, calls(("read_file", {"path": "src/a.py"})), near)
    assert result.changes[0].after == "class A:\n    def f(self):\n        return 2\n"
    assert results(stage)[1] == (
        True, "edited src/a.py at line 2 (old_string matched but for white space)"
    )  # fmt: skip
    assert run(stage, edit("        return 1", "        return 3")).changes


def test_secrets_are_not_shown_on_the_way(stage: Stage) -> None:
    stage.file(".env", "TOKEN=swordfish-77\nDEBUG=1\n")
    for call in (write(".env", "DEBUG=0"), edit("TOKEN=swordfish", "x", ".env", replace_all=False)):
        stage.allow = True
        run(stage, call, edit("TOKEN=sword\nDEBUG=1", "x", ".env"))
        assert all("swordfish-77" not in said for _, said in results(stage))


def test_words_in_the_place_of_code_are_not_written(stage: Stage) -> None:
    stage.file("src/a.py", "def f():\n    x = 1\n    return x\n")
    read = calls(("read_file", {"path": "src/a.py"}))
    lazy = "def f():\n    # ... existing code ...\n    return 2"
    rewrite = calls(("rewrite_symbol", {"path": "src/a.py", "symbol": "f", "content": lazy}))
    assert run(stage, read, write("src/a.py", lazy), rewrite).changes == ()
    assert ["leaves code out" in said for _, said in results(stage)] == [False, True, True]


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("editFile", ("path", "old_string", "new_string")),
        ("functions.edit_file", ("file_path", "old_str", "new_str")),
        ("str_replace", ("path", "oldText", "newText")),
        ("Edit", ("filename", "search", "replace")),
    ],
)
@pytest.mark.parametrize(
    "path",
    ["src/a.py", "./src/a.py", "/src/a.py", "a/src/a.py", "a.py", "src/a.py:1", "src/a.py#L1-L2"],
)
def test_other_names_of_one_thing(
    stage: Stage, name: str, keys: tuple[str, ...], path: str
) -> None:
    stage.file("src/a.py", "x = 1\n")
    call = (name, dict(zip(keys, (path, "x = 1", "x = 2"), strict=True)))
    assert run(stage, calls(call)).changes[0].path == "src/a.py"
    assert stage.of("tool_call")[0].data["name"] == "edit_file"


def test_a_path_may_be_a_uri(stage: Stage) -> None:
    stage.file("src/a b.py", "x = 1\n")
    uri = (stage.folder / "src/a b.py").as_uri()
    assert "%20" in uri
    assert run(stage, edit("x = 1", "x = 2", uri)).changes[0].path == "src/a b.py"


@pytest.mark.parametrize(
    "more", [{"explanation": "it is 2"}, {"expected_replacements": 1}, {"replace_all": None}]
)
def test_remarks_beside_the_arguments_do_no_harm(stage: Stage, more: dict[str, object]) -> None:
    stage.file("src/a.py", "x = 1\n")
    call = {"path": "src/a.py", "old_string": "x = 1", "new_string": "x = 2", **more}
    assert run(stage, calls(("edit_file", call))).changes[0].after == "x = 2\n"
    call["expected_replacements"] = 2
    assert run(stage, calls(("edit_file", call))).changes == ()


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("{'path': 'src/a.py', 'old_string': 'x = 1', 'new_string': 'x = 2'}", True),
        ('{"path": "src/a.py", "old_string": "x = 1", "new_string": "x = 2"', True),
        ('{"path": "src/a.py", "old_string": "x = 1", "new_string": "x = ', False),
        ('{"path": "src/a.py", "old_string": "x = 1", "new_string": "x = "2""}', False),
    ],
)
def test_native_arguments_that_are_no_json(stage: Stage, text: str, made: bool) -> None:
    stage.file("src/a.py", "x = 1\n")
    result = run(stage, calls(("edit_file", {"": text})))
    assert [one.after for one in result.changes] == ["x = 2\n"] * made


def test_made_up_paths_get_the_nearest(stage: Stage) -> None:
    stage.file("src/shop.py", "".join(f"x{number} = {number}\n" for number in range(9)))
    content = (stage.folder / "src/shop.py").read_text().replace("= 1", "= 2")
    result = run(stage, edit("x1 = 1", "x1 = 2", "lib/shop.py"), write("app/shop.py", content))
    assert result.changes == ()
    assert "did you mean src/shop.py?" in results(stage)[0][1]
    assert "src/shop.py has most of these lines" in results(stage)[1][1]
    assert run(stage, write("app/shop.py", "import src.shop\n")).changes


def test_a_path_that_leaves_stays_refused(stage: Stage) -> None:
    stage.file("etc/passwd", "x\n")
    result = run(stage, edit("x", "y", "../etc/passwd"))
    assert result.changes == ()
    assert "did you mean" not in results(stage)[0][1]


def test_circles_around_an_edit_that_is_made_end_the_run_well(stage: Stage) -> None:
    stage.file("src/a.py", "x = 1\n")
    result = stage.run(ScriptedEngine([edit("x = 1", "x = 1\ny = 2")]), TASK)
    assert result.status == "edited"
    assert result.changes[0].after == "x = 1\ny = 2\n"


def test_circles_around_a_failing_edit_do_not(stage: Stage) -> None:
    stage.file("src/a.py", "x = 1\n")
    result = stage.run(ScriptedEngine([edit("gone", "here")]), TASK)
    assert (result.status, result.changes) == ("failed", ())

"""Edits written as blocks: aider's, diffs, whole files; what is broken is said and not guessed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.agent.edit_blocks import Whole, read_edits
from lsp_agent.agent.types import Focus, RunRequest
from tests.agent.conftest import Stage, contents
from tests.support.scripted_engine import ScriptedEngine

FILES = {"src/a.py": "x = 1\ny = 2\n", "b.py": "b = 1\nc = 1\n"}
EDIT = ("edit_file", {"path": "src/a.py", "old_string": "x = 1", "new_string": "x = 2"})


def calls(text: str, focus: str | None = None) -> list[tuple[str, dict[str, str]]]:
    found = read_edits(text, focus, FILES.get)
    assert found.problems == ()
    return [(call.name, dict(call.arguments)) for call in found.calls]


def problem(text: str) -> str:
    found = read_edits(text, None, FILES.get)
    assert found.calls == ()
    return found.problems[0]


BLOCK = "<<<<<<< SEARCH\nx = 1\n=======\nx = 2\n>>>>>>> REPLACE"
DIFF = "--- a/src/a.py\n+++ b/src/a.py\n@@ -900,2 +900,2 @@\n-x = 1\n+x = 2\n y = 2"


@pytest.mark.parametrize(
    "text",
    [
        f"src/a.py\n```python\n{BLOCK}\n```",
        f"**src/a.py**\n\n{BLOCK}\nThat is it.",
        f"### `src/a.py`\n```\n{BLOCK}\n```",
        f"```python src/a.py\n{BLOCK}\n```",
        f"```\nsrc/a.py\n{BLOCK}\n```",
        f"File: src/a.py\n{BLOCK.replace('<<<<<<<', '<<<<<').replace('=======', '=====')}",
        f"src/a.py\n{BLOCK.replace('SEARCH', 'ORIGINAL').replace('REPLACE', 'UPDATED')}",
        f"src/a.py\n{BLOCK.replace('SEARCH', 'SEARCH:').replace(' REPLACE', '')}",
        f"```python\n{BLOCK.replace('SEARCH', 'SEARCH src/a.py')}\n```",
        f"```python:src/a.py\n{BLOCK}\n```",
        f"1. src/a.py\n{BLOCK}",
        f"```js\n// src/a.py\n{BLOCK}\n```",
        f"src/a.py\n{BLOCK}\nOnce more:\nsrc/a.py\n{BLOCK}",
    ],
)
def test_search_and_replace(text: str) -> None:
    assert calls(text) == [EDIT]


def test_blocks_of_several_files() -> None:
    other = BLOCK.replace("x", "b")
    found = calls(f"src/a.py\n{BLOCK}\n{BLOCK.replace('x', 'y')}\n\nb.py\n```\n{other}\n```")
    assert [one["path"] for _, one in found] == ["src/a.py", "src/a.py", "b.py"]


def test_a_block_without_a_path_means_the_file_at_hand() -> None:
    assert calls(BLOCK, "src/a.py") == [EDIT]
    assert "names no file" in problem(BLOCK)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (BLOCK.partition("\n>")[0], "no '>>>>>>> REPLACE'"),
        (BLOCK.partition("\n=")[0], "no '======='"),
        (BLOCK.replace("x = 2", "x = 2\n=======\nx = 3"), "two ways"),
        (f"```diff\n{DIFF}", "cut off"),
        (f"```diff\n{DIFF}\n@", "cut off"),
        ("```diff\n--- a/b.py\n+++ b/b.py\n@@ -1 +1 @@\n+z = 1\n```", "no line of context"),
        ("b.py\n```python\nb = 2\n", "no closing"),
        ("b.py\n```python\nz = 2\n```", "leaves out lines"),
    ],
)
def test_what_is_broken_is_said(text: str, says: str) -> None:
    assert says in problem(f"src/a.py\n{text}" if text.startswith("<") else text)


@pytest.mark.parametrize("end", ["", "\n\nThis makes it two."])
@pytest.mark.parametrize("header", ["@@ -900,2 +900,2 @@", "@@ ... @@", "@@"])
def test_a_diff_whose_numbers_are_wrong(header: str, end: str) -> None:
    text = DIFF.replace("@@ -900,2 +900,2 @@", header)
    wanted = {"path": "src/a.py", "old_string": "x = 1\ny = 2", "new_string": "x = 2\ny = 2"}
    assert calls(f"```diff\n{text}\n```{end}") == [("edit_file", wanted)]
    assert calls(f"{text}{end}") == [("edit_file", wanted)]


@pytest.mark.parametrize("between", ["", "\n", "\nAnd then:\n\n"])
def test_no_hunk_is_lost(between: str) -> None:
    text = "--- a/b.py\n+++ b/b.py\n@@ -1 +1 @@\n-b = 1\n+b = 2\n" + between
    text += "@@ -2 +2 @@\n-c = 1\n+c = 2\n"
    assert [one["new_string"] for _, one in calls(text)] == ["b = 2", "c = 2"]
    assert [one["new_string"] for _, one in calls(f"```diff\n{text}```")] == ["b = 2", "c = 2"]


def test_a_diff_that_makes_and_deletes_files() -> None:
    text = (
        "```diff\n--- /dev/null\n+++ b/new.py\n@@ -0,0 +1,2 @@\n+n = 1\n+m = 2\n"
        "--- a/b.py\n+++ /dev/null\n@@ -1,2 +0,0 @@\n-b = 1\n-c = 1\n```"
    )
    assert calls(text) == [
        ("write_file", {"path": "new.py", "content": "n = 1\nm = 2"}),
        ("delete_file", {"path": "b.py"}),
    ]


def test_a_whole_file_under_its_path() -> None:
    found = calls("`b.py`:\n```python\nb = 2\nc = 1\n```\nand ```so on```")
    assert found == [("write_file", {"path": "b.py", "content": "b = 2\nc = 1"})]
    new = [("write_file", {"path": "lib/c.py", "content": "c = 1"})]
    assert calls("lib/c.py\n```\nc = 1\n```") == new
    assert calls('```python title="lib/c.py"\nc = 1\n```') == new
    assert calls("Node.js\n```\nlet c = 1\n```") == []


@pytest.mark.parametrize(
    "part",
    [
        "a {\n  // so\n  if c {\n    1\n  }\n  2\n}",
        "a {\n  if c {\n    1\n  }\n  4\n}",
        "b {\n  3\n}",
    ],
)
def test_a_function_of_a_file_is_not_the_file(part: str) -> None:
    files = {"src/a.c": "a {\n  if c {\n    1\n  }\n  2\n}\n\nb {\n  3\n}\n"}
    found = read_edits(f"src/a.c\n```\n{part}\n```", None, files.get)
    assert found.calls == ()
    assert "leaves out lines" in found.problems[0]


@pytest.mark.parametrize(("whole", "count"), [("all", 2), ("known", 1), ("none", 0)])
def test_which_whole_files_are_taken(whole: Whole, count: int) -> None:
    text = "b.py\n```\nb = 2\nc = 1\n```\n\nlib/c.py\n```\nc = 1\n```"
    assert len(read_edits(text, None, FILES.get, whole=whole).calls) == count


@pytest.mark.parametrize(
    "text", ["", "Use `x`.", "```python\nprint(1)\n```", "See b.py.", "a < b\n---\n+++\n@@"]
)
def test_prose_and_code_are_no_edits(text: str) -> None:
    assert calls(text) == []


@given(st.text(st.sampled_from("<>=-+@`~ SEARCH\nab./|")))
def test_any_text_is_read(text: str) -> None:
    found = read_edits(text, "b.py", FILES.get)
    assert len(found.calls) + len(found.problems) <= text.count("\n") + 1


def test_a_run_takes_them_all_or_none(stage: Stage) -> None:
    for path, text in FILES.items():
        stage.file(path, text)
    good = f"src/a.py\n{BLOCK}"
    bad = f"b.py\n{BLOCK.replace('x', 'gone')}"
    engine = ScriptedEngine([f"{good}\n\n{bad}", f"{good}\n", "done"], native_tools=False)
    result = stage.run(engine, RunRequest("do it", answer="any"))
    assert [change.path for change in result.changes] == ["src/a.py"]
    assert "None of your edits was made" in [
        message.content.partition(";")[0] for message in engine.requests[1].prompt.messages
    ]


def test_an_explanation_edits_nothing(stage: Stage) -> None:
    stage.file("src/a.py", FILES["src/a.py"])
    engine = ScriptedEngine([f"src/a.py\n{BLOCK}"], native_tools=False)
    result = stage.run(engine, RunRequest("explain", answer="text", profile="tools"))
    assert result.status == "answered"


def test_a_direct_answer_may_be_blocks(stage: Stage) -> None:
    stage.file("src/a.py", FILES["src/a.py"])
    engine = ScriptedEngine(
        [f"src/a.py\n{BLOCK.partition('>')[0]}", f"src/a.py\n{BLOCK}"], native_tools=False
    )
    request = RunRequest("do it", Focus("src/a.py"), answer="edit", profile="direct")
    result = stage.run(engine, request, refine_passes=1)
    assert result.changes[0].after == "x = 2\ny = 2\n"
    assert any("nothing was done" in text for text in contents(engine))


def test_a_diff_that_ends_before_its_numbers_do() -> None:
    """Outside of a fence only they show that lines are missing, and only at the answer's end."""
    short = DIFF.replace("-900,2 +900,2", "-1,2 +1,3")
    assert "cut off" in problem(short)
    assert calls(f"{short}\n\nThat is all.")

"""Editing in the overlay: exact, tolerant of white space, and precise about a miss."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tools.conftest import Bench


def test_nothing_reaches_the_disk(bench: Bench) -> None:
    bench.files(a_dot_py="x = 1\n")
    assert bench.call("write_file", path="a.py", content="x = 2").ok
    assert bench.call("delete_file", path="a.py").ok
    assert (bench.folder / "a.py").read_text() == "x = 1\n"
    assert [change.kind for change in bench.overlay.changes()] == ["delete"]


def test_edit_replaces_the_one_place(bench: Bench) -> None:
    bench.files(a_dot_py="a = 1\nb = 1\n")
    outcome = bench.call("edit_file", path="a.py", old_string="b = 1", new_string="b = 2")
    assert outcome.text == "edited a.py at line 2"
    assert bench.overlay.read("a.py") == "a = 1\nb = 2\n"


def test_edit_in_several_places_needs_replace_all(bench: Bench) -> None:
    bench.files(a_dot_py="x\nx\n")
    refused = bench.call("edit_file", path="a.py", old_string="x", new_string="y")
    assert "2 times" in refused.text
    assert "lines 1, 2" in refused.text
    assert bench.call("edit_file", path="a.py", old_string="x", new_string="y", replace_all=True).ok
    assert bench.overlay.read("a.py") == "y\ny\n"


def test_no_edit_makes_a_file_that_is_too_large_to_read(bench: Bench) -> None:
    bench.files(a_dot_txt="aa\n")
    more = {"path": "a.txt", "old_string": "a", "replace_all": True}
    assert bench.call("edit_file", **more, new_string="a" * 2000).ok
    again = bench.call("edit_file", **more, new_string="a" * 2000)
    assert not again.ok
    assert "8,000,001 characters" in again.text
    assert len(bench.overlay.read("a.txt")) == 4001


def test_line_ends_of_the_file_are_kept(bench: Bench) -> None:
    bench.files(a_dot_py="def f():\r\n    return 1\r\n")
    old, new = "def f():\n    return 1", "def f():\n    x = 1\n    return x"
    assert bench.call("edit_file", path="a.py", old_string=old, new_string=new).ok
    assert bench.overlay.read("a.py") == "def f():\r\n    x = 1\r\n    return x\r\n"
    assert bench.call("write_file", path="a.py", content="y = 1\nz = 2").ok
    assert bench.overlay.read("a.py") == "y = 1\r\nz = 2\r\n"


def test_wrong_indentation_is_mended_when_the_place_is_clear(bench: Bench) -> None:
    bench.files(a_dot_py="class A:\n    def f(self):\n        return 1\n")
    old, new = "def f(self):\n    return 1", "def f(self):\n    if self:\n        return 2"
    assert bench.call("edit_file", path="a.py", old_string=old, new_string=new).ok
    assert bench.overlay.read("a.py") == (
        "class A:\n    def f(self):\n        if self:\n            return 2\n"
    )


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("retrun value", "x", "2:     return value"),
        ("same", "same", "nothing would change"),
        ("", "x", "use write_file"),
        ("gone", "def f():", "already stands at line 1"),
        ("zzzzzzzzzz", "x", "no line is like it"),
    ],
)
def test_a_miss_says_what_is_wrong(bench: Bench, old: str, new: str, says: str) -> None:
    bench.files(a_dot_py="def f():\n    return value\nsame\n")
    outcome = bench.call("edit_file", path="a.py", old_string=old, new_string=new)
    assert not outcome.ok
    assert says in outcome.text


@pytest.mark.parametrize(("path", "kept"), [("a.py", False), ("a.md", True)])
def test_a_fence_around_code_is_not_written(bench: Bench, path: str, kept: bool) -> None:
    text = "```python\nx = 2\n```\n"
    assert bench.call("write_file", path=path, content=text).ok
    assert bench.overlay.read(path) == (text if kept else "x = 2\n")
    assert bench.call("edit_file", path=path, old_string="x = 2", new_string="```\nx = 3\n```").ok
    assert ("```\nx = 3" in bench.overlay.read(path)) is kept


def test_two_fences_are_the_text_itself(bench: Bench) -> None:
    text = "```\na\n```\nb\n```\nc\n```\n"
    assert bench.call("write_file", path="a.tpl", content=text).ok
    assert bench.overlay.read("a.tpl") == text


def test_symbol_is_rewritten_at_its_own_indentation(bench: Bench) -> None:
    bench.files(a_dot_py="class A:\n    @property\n    def f(self):\n        return 1\n\nx = 1\n")
    code = "@property\ndef f(self):\n    return 2\n"
    assert bench.call("rewrite_symbol", path="a.py", symbol="A.f", content=code).ok
    assert bench.overlay.read("a.py") == (
        "class A:\n    @property\n    def f(self):\n        return 2\n\nx = 1\n"
    )


def test_unknown_and_ambiguous_symbols_are_told(bench: Bench) -> None:
    bench.files(a_dot_py="class A:\n    def f(self): pass\nclass B:\n    def f(self): pass\n")
    missing = bench.call("rewrite_symbol", path="a.py", symbol="g", content="x")
    assert "it defines: A, A.f, B, B.f" in missing.text
    twice = bench.call("rewrite_symbol", path="a.py", symbol="f", content="x")
    assert "A.f (line 2), B.f (line 4)" in twice.text


def test_moves(bench: Bench) -> None:
    bench.files(a_dot_py="x = 1\n", b_dot_py="")
    assert not bench.call("move_file", path="a.py", new_path="b.py").ok
    assert bench.call("move_file", path="a.py", new_path="c.py").ok
    change = bench.overlay.changes()[0]
    assert (change.kind, change.path, change.new_path) == ("rename", "a.py", "c.py")


def test_git_folder_is_never_written(bench: Bench) -> None:
    assert "belongs to git" in bench.call("write_file", path=".git/config", content="x").text


def test_calls_that_do_not_fit_are_explained(bench: Bench) -> None:
    assert "did you mean read_file?" in bench.call("read_fil", path="a").text
    wrong = bench.call("read_file", pth="a.py").text
    assert "the argument 'path' is missing" in wrong
    assert "there is no argument 'pth'" in wrong
    assert '"name": "read_file"' in wrong
    assert "can't be 'x'" in bench.call("read_file", path="a", start_line="x").text


def test_examples_are_calls_that_fit(bench: Bench) -> None:
    for tool in bench.tools.values():
        assert tool.arguments.model_validate(dict(tool.example))
        schema = tool.schema()
        assert set(tool.raw) <= set(schema.parameters["properties"])


def test_encodings_survive(bench: Bench, tmp_path: Path) -> None:
    bench.files(a_dot_py=b"# caf\xe9\nx = 1\n")
    assert bench.call("edit_file", path="a.py", old_string="x = 1", new_string="x = 2").ok
    assert bench.overlay.read("a.py") == "# café\nx = 2\n"

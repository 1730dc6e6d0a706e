"""Looking: files, folders, lines, outlines."""

from __future__ import annotations

import pytest

from lsp_agent.cancel import Cancelled
from tests.tools.conftest import Bench


def test_read_file_shows_a_header_and_lines(bench: Bench) -> None:
    bench.files(a_dot_py="one\ntwo\nthree\n")
    assert bench.call("read_file", path="a.py").text == "a.py, lines 1-4 of 4:\none\ntwo\nthree\n"
    part = bench.call("read_file", path="a.py", start_line=2, end_line=2)
    assert part.text == "a.py, lines 2-2 of 4:\ntwo"


def test_read_file_is_cut_and_says_how_to_go_on(bench: Bench) -> None:
    bench.files(a_dot_py="x\n" * 1000)
    outcome = bench.call("read_file", path="a.py")
    assert outcome.text.endswith("[read on with start_line=401]")
    assert outcome.truncated
    beyond = bench.call("read_file", path="a.py", start_line=5000)
    assert not beyond.ok
    assert "1001 lines" in beyond.text


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("../secret", "leaves the workspace"),
        ("/etc/passwd", "not relative"),
        ("missing.py", "does not exist"),
        ("image.png", "binary"),
        ("link/passwd", "link"),
    ],
)
def test_read_file_refuses_with_a_reason(bench: Bench, path: str, reason: str) -> None:
    bench.files(image_dot_png=b"\x89PNG\0\0")
    (bench.folder / "link").symlink_to("/etc")
    outcome = bench.call("read_file", path=path)
    assert not outcome.ok
    assert reason in outcome.text


def test_unsaved_text_is_what_is_read_and_searched(bench: Bench) -> None:
    bench.files(a_dot_py="old = 1\n")
    bench.unsaved("a.py", "new = 2\n")
    assert "new = 2" in bench.call("read_file", path="a.py").text
    assert bench.call("grep_search", pattern="new").text == "a.py:1: new = 2"
    assert "no line matches" in bench.call("grep_search", pattern="old").text


def test_listing_and_globs_skip_what_git_ignores(bench: Bench) -> None:
    bench.files(
        _dot_gitignore="build/\n", build__x_dot_py="x", src__a_dot_py="a", src__b_dot_txt="b"
    )
    assert bench.call("list_directory").text == ".gitignore\nsrc/"
    assert bench.call("list_directory", path="src").text == "a.py\nb.txt"
    assert bench.call("search_files", pattern="**/*.py").text == "src/a.py"
    assert "no file matches" in bench.call("search_files", pattern="*.rs").text
    assert not bench.call("list_directory", path="nowhere").ok


def test_grep_narrows_by_path_glob_and_case(bench: Bench) -> None:
    bench.files(a_dot_py="Alpha\nbeta\n", b_dot_txt="alpha\n", c__d_dot_py="ALPHA\n")
    everything = bench.call("grep_search", pattern="alpha", ignore_case=True).text
    assert everything == "a.py:1: Alpha\nb.txt:1: alpha\nc/d.py:1: ALPHA"
    assert bench.call("grep_search", pattern="alpha", path="b.txt").text == "b.txt:1: alpha"
    only = bench.call("grep_search", pattern="a", glob="*.py", path="c", ignore_case=True)
    assert only.text == "c/d.py:1: ALPHA"


@pytest.mark.parametrize("pattern", ["(", "a**", r"(a|a)*(?=b)", r"(a)\1*a*a*b", "(?=a?a?a?a?a?)b"])
def test_grep_refuses_patterns_that_break_or_could_take_for_ever(
    bench: Bench, pattern: str
) -> None:
    bench.files(a_dot_py="a" * 2000)
    outcome = bench.call("grep_search", pattern=pattern)
    assert not outcome.ok
    assert pattern.replace("\\", "\\\\") in outcome.text


@pytest.mark.parametrize("pattern", ["(a+)+b", "(x*)*b", "(a|a)*b", "a*a*a*a*b", "(a?){40}a{40}b"])
def test_a_pattern_takes_no_longer_than_its_text(bench: Bench, pattern: str) -> None:
    bench.files(a_dot_py="a" * 1900 + "!")
    assert bench.call("grep_search", pattern=pattern).text.startswith("no line matches")


@pytest.mark.parametrize(
    "pattern",
    ["f(?=o)", r"(o)\1", "foo {", r"(?<!x)fo+", r"foo \{\Z", "(?#note)foo", "(?x) f o o"],
)
def test_grep_knows_what_python_knows(bench: Bench, pattern: str) -> None:
    bench.files(a_dot_py="bar\nfoo {")
    assert bench.call("grep_search", pattern=pattern).text == "a.py:2: foo {"


def test_a_glob_takes_no_longer_than_the_names(bench: Bench) -> None:
    bench.files(**{"a" * 200: "x"})
    wild = "*a" * 12 + "b"
    assert "no file matches" in bench.call("search_files", pattern=wild).text
    assert not bench.call("search_files", pattern="").ok


def test_grep_is_bounded(bench: Bench) -> None:
    bench.files(a_dot_py="x\n" * 500)
    outcome = bench.call("grep_search", pattern="x")
    assert outcome.text.endswith("[more than 100; narrow the pattern]")
    assert outcome.truncated


def test_every_tool_stops_when_cancelled(bench: Bench) -> None:
    bench.files(a_dot_py="x\n")
    bench.cancel.cancel()
    for name, tool in bench.tools.items():
        with pytest.raises(Cancelled):
            bench.call(name, **tool.example)


def test_outline_and_definitions(bench: Bench) -> None:
    bench.files(
        a_dot_py="class A:\n    def f(self):\n        pass\n\ndef f():\n    pass\n",
        b_dot_txt="def f",
    )
    assert bench.call("parse_code", path="a.py").text == (
        "class A  [1-3]\n  def f(self)  [2-3]\ndef f()  [5-6]"
    )
    assert "no definitions" in bench.call("parse_code", path="b.txt").text
    assert bench.call("find_definitions", name="A.f").text == "a.py:2: def f(self)"
    both = bench.call("find_definitions", name="f", path="a.py").text
    assert both == "a.py:2: def f(self)\na.py:5: def f()"
    assert "nothing defines" in bench.call("find_definitions", name="g").text


def test_syntax_is_validated(bench: Bench) -> None:
    bench.files(good_dot_py="x = 1\n", bad_dot_py="x = (\n", data_dot_bin2="?")
    assert "no syntax errors" in bench.call("validate_syntax", path="good.py").text
    assert bench.call("validate_syntax", path="bad.py").text.startswith("bad.py:1:")
    assert "not known" in bench.call("validate_syntax", path="data.bin2").text

"""What is shown of what a model claims: tables of claims, true, false and made up."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.config.model import ReviewSettings
from lsp_agent.language_servers.types import Diagnostic
from lsp_agent.review.claims import read_claim
from lsp_agent.review.hunks import changed_hunks
from lsp_agent.review.types import ChangedFile, Claim, Dropped, Finding
from lsp_agent.review.verifier import Verifier, distinct, fitting
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.workspace.edits import TextEdit, apply_edits
from lsp_agent.workspace.positions import Position, Range

PYTHON = '''\
import os
import json as js


def load(path, unused):
    """Read."""
    stream = open(path)
    data = parse(stream.read())
    spare = len(data)
    for row in data:
        print(row)
    return data
    print("done")


def parse(text):
    return js.loads(text)[wrong]
'''
JAVASCRIPT = "function f(a) {\n  const b = g(a);\n  return a;\n  a = 1;\n}\n"


def judge(
    claim: Claim,
    source: str = PYTHON,
    path: str = "a.py",
    said: list[Diagnostic] | None = None,
    **settings: object,
) -> Finding | Dropped:
    document = SyntaxDocument.read(path, source)
    (hunk,) = changed_hunks(ChangedFile(path, None, source))
    verifier = Verifier(path, document, ReviewSettings.model_validate(settings), lambda: said)
    return verifier.judge(hunk, claim)


def claim(quote: str, message: str, category: str = "bug", **more: object) -> Claim:
    data = {"quote": quote, "message": message, "category": category, "confidence": 0.9}
    found = read_claim({"severity": "warning", **data, **more})
    assert found is not None
    return found


def why(found: Finding | Dropped) -> str:
    return found.why if isinstance(found, Dropped) else ""


def test_a_claim_that_no_tool_knows_of_is_information_at_most() -> None:
    found = judge(claim("stream = open(path)", "The file stays open.", "resources"))
    assert isinstance(found, Finding)
    assert (found.severity, found.by) == ("information", "")
    assert found.range == Range(Position(6, 4), Position(6, 23))
    hint = judge(claim("stream = open(path)", "It stays open.", "resources"), severity="hint")
    assert isinstance(hint, Finding)
    assert hint.severity == "hint"


@pytest.mark.parametrize(
    "quote",
    [
        "stream = open(file)", "return load(path)", "data.close()", "parse", "except OSError:",
        "stream = open(path)\n    return data", "PATH", "open(path) as stream",
    ],
)  # fmt: skip
def test_made_up_quotes_are_dropped(quote: str) -> None:
    assert "not there" in why(judge(claim(quote, "It fails.")))


@pytest.mark.parametrize(
    "message",
    [
        "Consider using pathlib.", "The variable name is not descriptive.", "Missing docstring.",
        "Trailing whitespace.", "It does not follow PEP 8.", "Line is too long.",
        "Add a comment that explains it.", "It would be better to use a list.",
        "Add type hints to `load`.", "The naming is inconsistent.", "No issues found.",
        "This could be simplified.", "None", "The code looks correct.", "Magic number 3.",
    ],
)  # fmt: skip
def test_nits_are_dropped(message: str) -> None:
    assert why(judge(claim("stream = open(path)", message))) != ""


@pytest.mark.parametrize(
    "message",
    [
        "The comment marker lets SQL through.", "A blank name crashes `load`.",
        "It renames the file before it is closed.", "The type of `data` is a list.",
        "Without a lock two threads write at once.", "Nothing closes the stream.",
    ],
)  # fmt: skip
def test_defects_that_sound_like_nits_stay(message: str) -> None:
    assert isinstance(judge(claim("stream = open(path)", message)), Finding)


def test_style_and_little_confidence_are_dropped() -> None:
    assert "style" in why(judge(claim("stream", "It is bad.", "style")))
    low = claim("stream = open(path)", "It stays open.", confidence=0.4)
    assert "confidence" in why(judge(low))
    assert isinstance(judge(low, confidence=0.4), Finding)


@pytest.mark.parametrize(
    ("quote", "message", "category", "holds"),
    [
        ("loads(text)[wrong]", "`wrong` is undefined.", "undefined", True),
        ("wrong", "It is not defined.", "undefined", True),
        ("parse(stream.read())", "`parse` is not defined.", "undefined", False),
        ("js.loads", "`js` is undefined.", "undefined", False),
        ("print(row)", "`print` is undefined.", "undefined", False),
        ("len(data)", "A name is undefined.", "undefined", False),
        ("js.loads", "`js.loads` is not defined.", "undefined", None),
        ("import json as js", "`json` has no such name.", "undefined", None),
        ("import os", "`os` is never used.", "unused", True),
        ("spare = len(data)", "`spare` is never used.", "unused", True),
        ("data = parse", "`data` is never used.", "unused", False),
        ("def load", "`load` is never used.", "unused", None),
        ('print("done")', "It never runs, after the return.", "unreachable", True),
        ("print(row)", "It never runs, after the return.", "unreachable", False),
        ("print(row)", "It never runs, as `data` is empty.", "unreachable", None),
        ("return data", "A parenthesis is missing.", "syntax", False),
        ("return data", "`data` is no list.", "type", None),
    ],
)
def test_what_a_tool_can_tell_of_python(
    quote: str, message: str, category: str, holds: bool | None
) -> None:
    found = judge(claim(quote, message, category))
    if holds is False:
        assert "says otherwise" in why(found)
        return
    assert isinstance(found, Finding)
    assert found.severity == ("warning" if holds else "information")
    assert bool(found.by) is bool(holds)


@pytest.mark.parametrize(
    ("quote", "message", "category", "holds"),
    [
        ("g(a)", "`a` is undefined.", "undefined", False),
        ("f(a)", "`f` is undefined.", "undefined", False),
        ("g(a)", "`g` is undefined.", "undefined", None),
        ("const b", "`b` is never used.", "unused", True),
        ("return a", "`a` is never used.", "unused", False),
        ("a = 1;", "Unreachable after the return.", "unreachable", True),
    ],
)
def test_what_a_tool_can_tell_of_javascript(
    quote: str, message: str, category: str, holds: bool | None
) -> None:
    found = judge(claim(quote, message, category), JAVASCRIPT, "a.js")
    if holds is False:
        assert "says otherwise" in why(found)
    else:
        assert isinstance(found, Finding)
        assert bool(found.by) is bool(holds)


def test_another_server_is_believed() -> None:
    place = Range(Position(11, 4), Position(11, 10))
    said = [Diagnostic("a.py", place, "error", "list is no str", "Pyright", "", "pyright")]
    typed = claim("return data", "`data` is no str.", "type")
    found = judge(typed, said=said)
    assert isinstance(found, Finding)
    assert (found.severity, found.by) == ("warning", "Pyright")
    assert "says otherwise" in why(judge(typed, said=[]))
    assert isinstance(judge(typed, said=None), Finding)


def test_a_syntax_error_is_shown_once() -> None:
    found = judge(claim("return (1", "It is not closed.", "syntax"), "def f():\n    return (1\n")
    assert "syntax error" in why(found)


@pytest.mark.parametrize(
    ("quote", "fix", "fitted"),
    [
        ("stream = open(path)", "stream = open(path, 'rb')", "stream = open(path, 'rb')"),
        ("stream = open(path)", "    stream = open(path, 'rb')\n", "stream = open(path, 'rb')"),
        ("stream = open(path)", "if path:\n    stream = 1", "if path:\n        stream = 1"),
        ("stream = open(path)", "if path:\n        stream = 1", "if path:\n        stream = 1"),
        ("stream = open(path)", "stream = open(path", None),
        ("stream = open(path)", "stream  =  open(path)", None),
        ("spare = len(data)", "", ""),
        ("stream = open(path)", None, None),
    ],
)
def test_a_fix_must_apply_and_parse(quote: str, fix: str | None, fitted: str | None) -> None:
    found = judge(claim(quote, "It stays open.", fix=fix))
    assert isinstance(found, Finding)
    assert found.fix == fitted


@given(st.text(max_size=40))
def test_no_fix_breaks_the_file(fix: str) -> None:
    document = SyntaxDocument.read("a.py", PYTHON)
    place = Range(Position(6, 4), Position(6, 23))
    fitted = fitting(document, place, fix)
    if fitted is not None:
        after = apply_edits(document.text, [TextEdit(place, fitted)])
        ast.parse(after.content)


def test_the_same_is_said_once_and_what_was_dismissed_not_at_all() -> None:
    one = judge(claim("stream = open(path)", "The stream is never closed.", "resources"))
    same = judge(claim("open(path)", "`stream` is never closed.", "bug", confidence=0.6))
    other = judge(claim("return data", "It returns too late.", "bug"))
    assert isinstance(one, Finding)
    assert isinstance(same, Finding)
    assert isinstance(other, Finding)
    assert distinct([other, same, one, one]) == [one, other]
    assert distinct([other, same, one], frozenset({one.id})) == [same, other]

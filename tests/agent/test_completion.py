"""Inline completion: what is asked for and what is left of the answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_agent.agent.completion import complete, cut_block, opens_block, without_overlap
from lsp_agent.cancel import CancelToken
from lsp_agent.engine.types import Delta, EngineUnavailableError, Fim, Job
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.positions import Position
from lsp_agent.workspace.roots import Root
from lsp_agent.workspace.text import Text
from tests.support.scripted_engine import ScriptedEngine

FIM = {"kind": "llama-cpp", "fim": True}


def overlay(folder: Path, **files: str) -> Overlay:
    for name, text in files.items():
        folder.joinpath(name.replace("_py", ".py")).write_text(text, "utf-8")
    return Overlay(Root(folder))


def test_the_rest_of_a_line(tmp_path: Path) -> None:
    engine = ScriptedEngine(["price * count\nmore"], **FIM)
    view = overlay(tmp_path, a_py="total = \nprint(total)\n", b_py="x_total = price + tax\n")
    done = complete(engine, view, "a.py", Position(0, 8), CancelToken())
    assert done.text == "price * count"
    request = engine.requests[0]
    assert isinstance(request.prompt, Fim)
    assert (request.prompt.prefix, request.prompt.suffix) == ("total = ", "\nprint(total)\n")
    assert request.prompt.snippets == ("x_total = price + tax\n",)
    assert (request.stop, request.job) == (("\n",), Job.COMPLETION)


def test_a_line_without_an_end_is_not_offered(tmp_path: Path) -> None:
    view = overlay(tmp_path, a_py="total = \n")
    engine = ScriptedEngine([Delta(text="a + a + a", finish="length")], **FIM)
    assert complete(engine, view, "a.py", Position(0, 8), CancelToken()).text == ""


def test_the_last_piece_is_written_again(tmp_path: Path) -> None:
    engine = ScriptedEngine([".width * 2"], **FIM, grammar=True)
    view = overlay(tmp_path, a_py="x = self.wi\n")
    done = complete(engine, view, "a.py", Position(0, 11), CancelToken())
    assert done.text == "dth * 2"
    assert engine.requests[0].prompt.prefix == "x = self"
    assert engine.requests[0].grammar == 'root ::= ".wi" [^\\x00]*\n'


def test_nothing_in_the_middle_of_code(tmp_path: Path) -> None:
    engine = ScriptedEngine(["never"], **FIM)
    view = overlay(tmp_path, a_py="total = price\n")
    assert complete(engine, view, "a.py", Position(0, 8), CancelToken()).text == ""
    assert engine.requests == []


def test_a_block_ends_where_its_indentation_does(tmp_path: Path) -> None:
    engine = ScriptedEngine(["return 1\n    # more\nprint()"], **FIM)
    view = overlay(tmp_path, a_py="def f():\n    \n")
    done = complete(engine, view, "a.py", Position(1, 4), CancelToken())
    assert done.text == "return 1\n    # more"


def test_models_that_can_not_say_so(tmp_path: Path) -> None:
    view = overlay(tmp_path, a_py="x = \n")
    with pytest.raises(EngineUnavailableError, match=r"routes\.completion"):
        complete(ScriptedEngine([""]), view, "a.py", Position(0, 4), CancelToken())
    narrow = ScriptedEngine([""], **FIM, jobs=("fix",))
    with pytest.raises(EngineUnavailableError, match="needs a larger model"):
        complete(narrow, view, "a.py", Position(0, 4), CancelToken())


@pytest.mark.parametrize(
    ("answer", "rest", "left"),
    [("x)", ")", "x"), ("a)]", ")])", "a"), ("f(x)", "", "f(x)"), ("ab", "cd", "ab")],
)
def test_what_stands_behind_the_cursor_is_not_repeated(answer: str, rest: str, left: str) -> None:
    assert without_overlap(answer, rest) == left


def test_blocks() -> None:
    assert opens_block(Text("if x:\n\n    \n"), Position(2, 4))
    assert not opens_block(Text("x = 1\n    \n"), Position(1, 4))
    assert not opens_block(Text("if x:\n    y\n"), Position(1, 4))
    assert cut_block("a\n\n    b\nc", 4) == "a\n\n    b"

"""Inline completion: what is asked for and what is left of the answer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from lsp_agent.agent.completion import complete
from lsp_agent.cancel import CancelToken
from lsp_agent.context.surroundings import Surroundings
from lsp_agent.engine.types import Delta, EngineUnavailableError, Fim, Job, Request, Usage
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


@pytest.mark.parametrize("column", [8, 11, 15, 17])
def test_nothing_in_the_middle_of_code_or_of_a_word(tmp_path: Path, column: int) -> None:
    engine = ScriptedEngine(["never"], **FIM)
    view = overlay(tmp_path, a_py="total = price(a, größe)\n")
    assert complete(engine, view, "a.py", Position(0, column), CancelToken()).text == ""
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


class Watched(ScriptedEngine):
    """Counts the pieces of an answer that were asked for, and knows whether it was closed."""

    taken = 0
    closed = False

    def generate(self, request: Request, cancel: CancelToken) -> Iterator[Delta]:
        (delta, *_) = [one for one in super().generate(request, cancel) if one.text] or [Delta()]
        text = delta.text + "\n" + "    more()\n" * 100
        try:
            for piece in text.splitlines(keepends=True):
                self.taken += 1
                yield Delta(text=piece)
            yield Delta(finish="stop", usage=Usage(1, 0, 1))
        finally:
            self.closed = True


def test_a_block_is_not_generated_beyond_its_end(tmp_path: Path) -> None:
    engine = Watched(["return 1\n\nprint()\n\n" + "x" * 22], **FIM)
    view = overlay(tmp_path, a_py="def f():\n    \n")
    done = complete(engine, view, "a.py", Position(1, 4), CancelToken())
    assert (done.text, done.usage.completion) == ("return 1", 3)
    assert (engine.taken, engine.closed) == (3, True)


@pytest.mark.parametrize(
    ("text", "at", "answer", "expected"),
    [
        ("def f():\n    \n    return x\n", (1, 4), "x = 1\n    return x", "x = 1"),
        ("self.\nself.width\n", (0, 5), "width", ""),
        ("x = foo()\n\n", (1, 0), "# A comment.", ""),
        ("x = foo()\n\n", (1, 0), "   ", ""),
        ("def f():\n    \n", (1, 4), "# why\n    # because", ""),
        ("x = f(\n    \n", (1, 4), "a,\n    b)\n    bar()", "a,\n    b)"),
    ],
)
def test_what_is_not_worth_offering(
    tmp_path: Path, text: str, at: tuple[int, int], answer: str, expected: str
) -> None:
    view = overlay(tmp_path, a_py=text)
    engine = ScriptedEngine([answer], **FIM)
    assert complete(engine, view, "a.py", Position(*at), CancelToken()).text == expected


def test_a_bracket_that_is_missing_is_written(tmp_path: Path) -> None:
    for text, expected in (("f() {\n    \n", "a\n}"), ("f() {\n    \n}\n", "a")):
        tmp_path.joinpath("a.sh").write_text(text, "utf-8")
        engine = ScriptedEngine(["a\n}\ng\n"], **FIM)
        view = Overlay(Root(tmp_path))
        done = complete(engine, view, "a.sh", Position(1, 4), CancelToken())
        assert done.text == expected


def test_a_general_model_is_shown_the_surroundings_with_their_names(tmp_path: Path) -> None:
    engine = ScriptedEngine(["x"], **FIM)
    view = overlay(tmp_path, a_py="from b import f\nvalue = \n", b_py="def f(x): ...\nvalue = 1\n")
    around = Surroundings()
    around.ring.opened("c.py", Text("one\ntwo\nthree\n"))
    complete(engine, view, "a.py", Position(1, 8), CancelToken(), surroundings=around)
    prompt = engine.requests[0].prompt
    assert prompt.snippet_paths == ("b.py", "c.py", "b.py")
    assert prompt.snippets == ("def f(x):\n", "one\ntwo\nthree\n", "def f(x): ...\nvalue = 1\n")
    assert (prompt.path, prompt.repo) == ("a.py", tmp_path.name)


def test_a_narrow_model_is_shown_what_it_was_trained_with(tmp_path: Path) -> None:
    engine = ScriptedEngine(["x"], **FIM, jobs=("completion",))
    view = overlay(tmp_path, a_py="from b import f\nvalue = \n", b_py="def f(x): ...\nvalue = 1\n")
    around = Surroundings()
    around.ring.opened("c.py", Text("one\ntwo\nthree\n"))
    complete(engine, view, "a.py", Position(1, 8), CancelToken(), surroundings=around)
    assert engine.requests[0].prompt == Fim(
        "from b import f\nvalue = ", "\n", "a.py", ("def f(x): ...\nvalue = 1\n",)
    )

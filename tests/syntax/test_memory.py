"""What was parsed is let go with its document: an editor's server parses for days."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.parser import Parsers
from lsp_agent.workspace.positions import Position, Range

TIMES = 12
CODE = "def add(a, b):\n    return a + b\n\n\n"
PAGE = "# Add\n\nSome *words*.\n\n```python\nx = 1\n```\n\n"


@pytest.fixture
def growth() -> Iterator[Callable[[Callable[[int], object]], int]]:
    """Measure by how many bytes Python's objects grow while something is done again and again."""

    def measure(act: Callable[[int], object]) -> int:
        for turn in range(4):
            act(turn)
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        for turn in range(TIMES):
            act(turn)
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before

    tracemalloc.start()
    yield measure
    tracemalloc.stop()


@pytest.mark.parametrize(
    ("language", "content"), [("python", CODE * 100), ("markdown", PAGE * 50), ("cpp", CODE * 50)]
)
def test_texts(
    growth: Callable[[Callable[[int], object]], int], language: str, content: str
) -> None:
    def read(_: int) -> None:
        document = SyntaxDocument.parse(content, language)
        document.symbols()
        document.errors()

    assert growth(read) < len(content)


def test_texts_that_are_typed_in(growth: Callable[[Callable[[int], object]], int]) -> None:
    place = Position(1, 4)
    document = SyntaxDocument.parse(CODE * 50, "python")

    def type_(turn: int) -> None:
        nonlocal document
        end = Position(1, 4 + turn % 2)
        document = document.edited(Range(place, end), "" if turn % 2 else "x")
        document.symbols()
        document.errors()

    assert growth(type_) < len(document.text.content)


def test_texts_whose_parser_takes_too_long(
    growth: Callable[[Callable[[int], object]], int],
) -> None:
    parsers = Parsers()
    data = CODE.encode() * 10_000
    assert parsers.parse("python", data, limit=0) is None

    def give_up(turn: int) -> None:
        assert parsers.parse("python", data + b"#" * turn, limit=0) is None

    assert growth(give_up) < len(data)

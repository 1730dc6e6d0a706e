from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.cli.places import PlaceError, PlaceSpec, parse_place
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.text import Text

TEXT = Text("# 🎉 é\n    two\n\nfour")


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("a.py", PlaceSpec(Path("a.py"))),
        ("a.py:3", PlaceSpec(Path("a.py"), 3)),
        ("a.py:3:7", PlaceSpec(Path("a.py"), 3, 7)),
        ("a.py:3-5", PlaceSpec(Path("a.py"), 3, None, 5)),
        ("a.py:3:1-5", PlaceSpec(Path("a.py"), 3, 1, 5)),
        ("a.py:3:1-5:9", PlaceSpec(Path("a.py"), 3, 1, 5, 9)),
        ("C:\\a.py", PlaceSpec(Path("C:\\a.py"))),
        ("C:\\a.py:3:1", PlaceSpec(Path("C:\\a.py"), 3, 1)),
        ("C:/x y/a.py:3:1-4:2", PlaceSpec(Path("C:/x y/a.py"), 3, 1, 4, 2)),
        ("a:b.py:2", PlaceSpec(Path("a:b.py"), 2)),
        ("a-1.py", PlaceSpec(Path("a-1.py"))),
        ("a.py:", PlaceSpec(Path("a.py:"))),
        ("a.py:x", PlaceSpec(Path("a.py:x"))),
        ("größe 🎉.py:12", PlaceSpec(Path("größe 🎉.py"), 12)),
    ],
)
def test_reads_places(spec: str, expected: PlaceSpec) -> None:
    assert parse_place(spec) == expected


def test_a_file_that_is_there_is_itself(tmp_path: Path) -> None:
    odd = tmp_path / "odd:3"
    try:
        odd.touch()
    except OSError:
        pytest.skip("this file system has no such names")
    assert parse_place(str(odd)) == PlaceSpec(odd)


def test_refuses_nothing() -> None:
    with pytest.raises(PlaceError, match="names no file"):
        parse_place("")


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        (PlaceSpec(Path("a")), None),
        (PlaceSpec(Path("a"), 2), Range(Position(1, 4), Position(1, 4))),
        (PlaceSpec(Path("a"), 3), Range(Position(2, 0), Position(2, 0))),
        (PlaceSpec(Path("a"), 1, 4), Range(Position(0, 3), Position(0, 3))),
        (PlaceSpec(Path("a"), 1, None, 2), Range(Position(0, 0), Position(1, 7))),
        (PlaceSpec(Path("a"), 1, 3, 4, 5), Range(Position(0, 2), Position(3, 4))),
    ],
)
def test_counts_from_one_in_characters(place: PlaceSpec, expected: Range | None) -> None:
    assert place.range(TEXT) == expected


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (PlaceSpec(Path("a"), 0), "lines go from 1 to 4"),
        (PlaceSpec(Path("a"), 5), "lines go from 1 to 4"),
        (PlaceSpec(Path("a"), 1, 0), "columns go from 1 to 6"),
        (PlaceSpec(Path("a"), 1, 7), "columns go from 1 to 6"),
        (PlaceSpec(Path("a"), 1, 1, 9), "no line 9"),
        (PlaceSpec(Path("a"), 2, 3, 2, 1), "before it starts"),
    ],
)
def test_names_what_is_not_there(place: PlaceSpec, words: str) -> None:
    with pytest.raises(PlaceError, match=words):
        place.range(TEXT)


@given(st.text(max_size=30), st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_place_is_read_back(name: str, line: int, column: int) -> None:
    file = f"{name}x"
    assert parse_place(f"{file}:{line}:{column}") == PlaceSpec(Path(file), line, column)

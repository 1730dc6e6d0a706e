"""Only values that can go on as UTF-8 JSON come out."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.engine import strict_json

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(VALUES, st.booleans())
def test_json_comes_back(value: object, ascii_only: bool) -> None:
    assert strict_json.loads(json.dumps(value, ensure_ascii=ascii_only)) == value


@pytest.mark.parametrize(
    "text",
    ["NaN", '{"a": -Infinity}', "1e999", r'"\ud800"', r'{"\udc00": 1}', "[" * 100_000, "", "{} x"],
)
def test_what_no_json_can_carry_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        strict_json.loads(text)


def test_raw_line_ends_in_strings_are_taken() -> None:
    assert strict_json.loads('{"a": "x\n\ty"}') == {"a": "x\n\ty"}


def test_a_whole_surrogate_pair_is_a_character() -> None:
    assert strict_json.loads(r'"\ud83c\udf89"') == "🎉"


def test_the_depth_is_bounded() -> None:
    assert strict_json.loads("[" * 101 + "]" * 101)
    with pytest.raises(ValueError, match="too deep"):
        strict_json.loads('{"a":' * 102 + "1" + "}" * 102)

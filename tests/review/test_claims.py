"""What models answer in the place of findings, read leniently."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.review.claims import MAX_CLAIMS, read_claim, read_claims, write_claims
from lsp_agent.review.types import Claim

ROW = {
    "quote": "w * h", "severity": "warning", "category": "bug", "message": "It is `w + h`.",
    "confidence": 0.9, "fix": "w + h",
}  # fmt: skip
CLAIM = Claim("w * h", "warning", "bug", "It is `w + h`.", 0.9, "w + h")


@pytest.mark.parametrize(
    "answer",
    [
        json.dumps([ROW]),
        f"```json\n{json.dumps([ROW], indent=2)}\n```",
        f"Here are my findings:\n{json.dumps([ROW])}\nEnjoy!",
        json.dumps(ROW),
        json.dumps({"findings": [ROW]}),
        json.dumps([ROW])[:-1] + ",]",
        json.dumps([ROW])[:-1],
        json.dumps([ROW, ROW])[: len(json.dumps([ROW])) + 20],
        json.dumps([{**ROW, "message": "  It is\n`w + h`. "}]),
        json.dumps([{**ROW, "confidence": 90}, {"quote": 1}, 5]),
    ],
)
def test_forms_of_an_answer(answer: str) -> None:
    assert read_claims(answer) == [CLAIM]


@pytest.mark.parametrize(
    "answer", ["", "[]", "Looks good to me.", "{", '[{"quote": "a"}]', '[{"message": "a"}]', "[[]]"]
)
def test_nothing_to_use(answer: str) -> None:
    assert read_claims(answer) == []


def test_other_words_for_the_same() -> None:
    odd = read_claim({**ROW, "severity": "Critical", "category": "Logic", "confidence": "high"})
    assert odd is not None
    assert (odd.severity, odd.category, odd.confidence) == ("warning", "bug", 0.5)
    plain = read_claim({"quote": "a", "message": "b", "category": "what", "fix": 3})
    assert plain == Claim("a", "information", "other", "b", 0.5)
    hidden = read_claim({**ROW, "message": "all\u202efine"})
    assert hidden is not None
    assert "\u202e" not in hidden.message


def test_no_more_than_were_asked_for() -> None:
    assert len(read_claims(json.dumps([ROW] * 9))) == MAX_CLAIMS


@given(st.text())
def test_any_answer_is_read(answer: str) -> None:
    assert all(claim.quote.strip() and claim.message for claim in read_claims(answer))


def test_claims_are_written_and_read_again() -> None:
    assert [read_claim(row) for row in write_claims([CLAIM])] == [CLAIM]

"""A request that was written down is the same request."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.agent.requests import RequestError, from_json, to_json
from lsp_agent.agent.types import RunRequest

requests = st.from_type(RunRequest)


@given(requests)
def test_every_request_comes_back(request_: RunRequest) -> None:
    assert from_json(to_json(request_)) == request_


def test_what_is_not_set_is_left_out_and_bytes_that_are_no_character_are_kept() -> None:
    assert to_json(RunRequest(task="mend it")) == '{"task": "mend it"}'
    odd = RunRequest(task="a\udcff")
    assert to_json(odd).isascii()
    assert from_json(to_json(odd)) == odd


def test_fields_of_a_later_version_are_left_out() -> None:
    assert from_json('{"task": "t", "of_later": 1}') == RunRequest(task="t")


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"title": "no task"}', '{"task": "t", "focus": {}}', "(sealed)"]
)
def test_what_is_no_request_is_one_error(text: str) -> None:
    with pytest.raises(RequestError, match="run it anew"):
        from_json(text)


def test_a_scope_is_written_sorted() -> None:
    written = json.loads(to_json(RunRequest(task="t", scope=frozenset("cab"))))
    assert written["scope"] == ["a", "b", "c"]

"""Every accepted spelling of a call, broken ones told precisely, hostile ones in linear time."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.agent.formats import extract_code, parse_tool_calls, render_call

CALL = ("read_file", {"path": "a.py", "start_line": 2})
SPELLINGS = {
    "object": '<tool_call>{"name": "read_file", "arguments": {"path": "a.py", "start_line": 2}}'
    "</tool_call>",
    "parameters": '<tool_call>\n{"name": "read_file", "parameters": {"path": "a.py", '
    '"start_line": 2}}\n</tool_call>',
    "string arguments": '<tool_call>{"name": "read_file", "arguments": '
    '"{\\"path\\": \\"a.py\\", \\"start_line\\": 2}"}</tool_call>',
    "elements with json": "<tool_call><name>read_file</name>"
    '<input>{"path": "a.py", "start_line": 2}</input></tool_call>',
    "elements": "<tool_call>\n<name>read_file</name>\n<input><path>a.py</path>"
    "<start_line>2</start_line></input>\n</tool_call>",
    "qwen": "<tool_call>\n<function=read_file>\n<parameter=path>\na.py\n</parameter>\n"
    "<parameter=start_line>\n2\n</parameter>\n</function>\n</tool_call>",
    "fence": '```json\n{"tool_calls": [{"name": "read_file", "arguments": {"path": "a.py", '
    '"start_line": 2}}]}\n```',
    "openai fence": '```\n{"tool_calls": [{"function": {"name": "read_file", "arguments": '
    '"{\\"path\\": \\"a.py\\", \\"start_line\\": 2}"}}]}\n```',
    "action": 'Action: read_file\nAction Input: {"path": "a.py", "start_line": 2}',
    "action over lines": 'Thought: hm\nAction: read_file\nAction Input: {\n "path": "a.py",\n'
    ' "start_line": 2\n}\nObservation: none',
    "trailing comma": '<tool_call>{"name": "read_file", "arguments": {"path": "a.py", '
    '"start_line": 2,},}</tool_call>',
    "missing closers": '<tool_call>{"name": "read_file", "arguments": {"path": "a.py", '
    '"start_line": 2',
    "python quotes": "<tool_call>{'name': 'read_file', 'arguments': {'path': 'a.py', "
    "'start_line': 2}}</tool_call>",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_spelling(spelling: str) -> None:
    parsed = parse_tool_calls(SPELLINGS[spelling])
    assert [(call.name, dict(call.arguments)) for call in parsed.calls] == [CALL]
    assert parsed.problems == ()


def test_prose_stays_and_calls_keep_their_order() -> None:
    first, second = SPELLINGS["object"], SPELLINGS["qwen"]
    parsed = parse_tool_calls(f"I look.\n{first}\nThen\n{second}\nend")
    assert len(parsed.calls) == 2
    assert len({call.id for call in parsed.calls}) == 2
    assert parsed.text.split() == ["I", "look.", "Then", "end"]


def test_raw_blocks_hold_anything() -> None:
    code = 'print("</tool_call>")\n<tool_call>\n```\n>>> doctest\n\\n {"a": 1}'
    parsed = parse_tool_calls(
        "go " + render_call("write_file", {"path": "a", "content": code}, ("content",))
    )
    assert dict(parsed.calls[0].arguments) == {"path": "a", "content": code}
    assert parsed.text == "go"


names = st.from_regex(r"[a-z_]{1,12}", fullmatch=True)
values = st.one_of(
    st.text(), st.integers(-9999, 9999), st.booleans(), st.lists(st.text(), max_size=3)
)
lines = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"))


@given(names, st.dictionaries(names, values, max_size=4))
def test_objects_round_trip(name: str, arguments: dict) -> None:
    parsed = parse_tool_calls(render_call(name, arguments))
    assert [(one.name, dict(one.arguments)) for one in parsed.calls] == [(name, arguments)]


@given(st.lists(lines.filter(lambda line: line.strip() != ">>>content"), min_size=1))
def test_blocks_round_trip(content: list[str]) -> None:
    text = "\n".join(content)
    parsed = parse_tool_calls(
        render_call("write_file", {"path": "a", "content": text}, ("content",))
    )
    assert parsed.calls[0].arguments["content"] == text


@given(st.text(st.sampled_from('<tol_ca>{}"`\n:Aciton Iputjs/=[]x'), max_size=200))
def test_any_text_is_taken_apart_without_error(text: str) -> None:
    parse_tool_calls(text)
    extract_code(text)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<tool_call></tool_call>", "it is empty"),
        ('x\n<tool_call>{"name": }</tool_call>', "call at line 2"),
        ('<tool_call>{"nam": "x"}</tool_call>', 'no "name"'),
        ('<tool_call>{"name": "x", "arguments": [1]}</tool_call>', "must be a JSON object"),
        ('<tool_call>{"name": "x" "b"}</tool_call>', "line 1, column 14"),
        ("<tool_call>[1]</tool_call>", "a JSON object is expected"),
        ("<tool_call><nme>x</nme></tool_call>", "names no tool"),
        ("<tool_call><name>x</name><input>words</input></tool_call>", "neither a JSON object"),
        ("<tool_call><name>x</name><input>{</tool_call>", "no closing </input>"),
        (
            '<tool_call>\n{"name": "w", "arguments": {}}\n<<<content\nx',
            "no closing line >>>content",
        ),
        ("Action: read_file\nthe file", "no 'Action Input:'"),
        ("Action: read_file\nAction Input: a.py", "breaks at line 1"),
        ("Action:\nAction Input: {}", "names no tool"),
    ],
)
def test_broken_call_is_told(text: str, says: str) -> None:
    parsed = parse_tool_calls(text)
    assert parsed.calls == ()
    assert says in parsed.problems[0]


def test_code_that_looks_like_a_call_is_not_one() -> None:
    shown = (
        f"```python\n{SPELLINGS['object']}\n```\n\n```json\n" + json.dumps({"name": "x"}) + "\n```"
    )
    assert parse_tool_calls(shown).calls == ()


@pytest.mark.parametrize(
    "unit", ["<tool_call>", "```\n", "<<<a\n", "Action: x\n", "<tool_call>{", "{"]
)
def test_hostile_answers_take_linear_time(unit: str) -> None:
    # Quadratic work on a million characters would outlast the test's time limit by far.
    text = unit * (1_000_000 // len(unit))
    assert len(parse_tool_calls(text).calls) <= 64
    extract_code(text)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("<<<code\nx = 1\n\n>>>code", "x = 1\n"),
        ("<<<code\nx = 1", "x = 1"),
        ("Sure:\n```python\nx = 1\n```\nok", "x = 1"),
        ("```\na\n```\n```\nlonger\n```", "longer"),
        ("no code", None),
    ],
)
def test_code_is_found(answer: str, code: str | None) -> None:
    assert extract_code(answer) == code

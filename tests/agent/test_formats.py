"""Every accepted spelling of a call, broken ones told precisely, hostile ones in linear time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.agent.formats import SHAPE, extract_code, parse_tool_calls, render_call

CALL = ("read_file", {"path": "a.py", "start_line": 2})
TEXT_CALL = ("read_file", {"path": "a.py", "start_line": "2"})
SPELLINGS = {
    "object": '<tool_call>{"name": "read_file", "arguments": {"path": "a.py", "start_line": 2}}'
    "</tool_call>",
    "parameters": '<tool_call>\n{"name": "read_file", "parameters": {"path": "a.py", '
    '"start_line": 2}}\n</tool_call>',
    "input": '<tool_call>\n{"name": "read_file", "input": {"path": "a.py", "start_line": 2}}\n'
    "</tool_call>",
    "function": '<tool_call>\n{"id": "x", "type": "function", "function": {"name": "read_file", '
    '"arguments": {"path": "a.py", "start_line": 2}}}\n</tool_call>',
    "string arguments": '<tool_call>{"name": "read_file", "arguments": '
    '"{\\"path\\": \\"a.py\\", \\"start_line\\": 2}"}</tool_call>',
    "elements with json": "<tool_call><name>read_file</name>"
    '<input>{"path": "a.py", "start_line": 2}</input></tool_call>',
    "elements in the other order": '<tool_call>\n<input>\n{"path": "a.py", "start_line": 2}\n'
    "</input>\n<name> read_file </name>\n</tool_call>",
    "object in a fence": '<tool_call>\n```json\n{"name": "read_file", "arguments": '
    '{"path": "a.py", "start_line": 2}}\n```\n</tool_call>',
    "fence": '```json\n{"tool_calls": [{"name": "read_file", "arguments": {"path": "a.py", '
    '"start_line": 2}}]}\n```',
    "openai fence": '```\n{"tool_calls": [{"function": {"name": "read_file", "arguments": '
    '"{\\"path\\": \\"a.py\\", \\"start_line\\": 2}"}}]}\n```',
    "fence with more": 'Now:\n\n```json\n{"content": "x", "tool_calls": [{"name": "read_file", '
    '"arguments": {"path": "a.py", "start_line": 2}}]}\n```\n',
    "indented fence": '1. so\n   ```json\n   {"tool_calls": [{"name": "read_file",\n'
    '    "arguments": {"path": "a.py", "start_line": 2}}]}\n   ```',
    "open fence": '```json\n{"tool_calls": [{"name": "read_file", "arguments": {"path": "a.py", '
    '"start_line": 2}}]}',
    "named fence": '```tool_call\n{"name": "read_file", "arguments": {"path": "a.py", '
    '"start_line": 2}}\n```',
    "element in a named fence": '```tool_call\n<tool_call>\n{"name": "read_file", "arguments": '
    '{"path": "a.py", "start_line": 2}}\n</tool_call>\n```',
    "bare object": '{"name": "read_file", "arguments": {"path": "a.py", "start_line": 2}}',
    "bare object in a fence": '```json\n{"name": "read_file", "arguments": {"path": "a.py", '
    '"start_line": 2}}\n```',
    "action": 'Action: read_file\nAction Input: {"path": "a.py", "start_line": 2}',
    "bold action": '**Action:** `read_file`\n**Action Input:** {"path": "a.py", "start_line": 2}',
    "action over lines": 'Thought: hm\nAction: read_file\nAction Input: {\n "path": "a.py",\n'
    ' "start_line": 2\n}\nObservation: none',
    "action with a fence": 'Action: read_file\nAction Input:\n```json\n{"path": "a.py", '
    '"start_line": 2}\n```\nObservation: none',
    "trailing comma": '<tool_call>{"name": "read_file", "arguments": {"path": "a.py", '
    '"start_line": 2,},}</tool_call>',
    "missing closers": '<tool_call>{"name": "read_file", "arguments": {"start_line": 2, '
    '"path": "a.py"',
    "missing closers before the end": '<tool_call>{"name": "read_file", "arguments": '
    '{"path": "a.py", "start_line": 2</tool_call>',
    "too many closers": '<tool_call>{"name": "read_file", "arguments": {"path": "a.py", '
    '"start_line": 2}}}\n</tool_call>',
    "no closing tag": '<tool_call>\n{"name": "read_file", "arguments": {"path": "a.py", '
    '"start_line": 2}}',
    "python quotes": "<tool_call>{'name': 'read_file', 'arguments': {'path': 'a.py', "
    "'start_line': 2}}</tool_call>",
    "python and words": "Action: read_file\nAction Input: {'path': 'a.py', 'start_line': 2}\n"
    "Observation: it's 'read'",
    "comments": '<tool_call>{ // the file\n"name": "read_file", /* of { */ "arguments": '
    '{"path": "a.py", # here\n"start_line": 2}}</tool_call>',
    "keys without quotes": '<tool_call>{name: "read_file", arguments: {path: "a.py", '
    "start_line: 2}}</tool_call>",
    "typographic quotes": "<tool_call>{\u201cname\u201d: \u201cread_file\u201d, "
    '\u201carguments\u201d: {\u201cpath\u201d: "a.py", "start_line": 2}}</tool_call>',
    "a semicolon": '<tool_call>\n{"name": "read_file", "arguments": {"path": "a.py", '
    '"start_line": 2}};\n</tool_call>',
    "a closer too many in elements": "<tool_call><name>read_file</name>"
    '<input>{"path": "a.py", "start_line": 2}}</input></tool_call>',
    "a closer too many in a fence": '```json\n{"tool_calls": [{"name": "read_file", "arguments": '
    '{"path": "a.py", "start_line": 2}}]}}\n```',
    "python in a fence": "```json\n{'id': 1, 'tool_calls': [{'name': 'read_file', 'arguments': "
    "{'path': 'a.py', 'start_line': 2}}]}\n```",
    "a fence without its brackets": '```json\n{"id": 1, "tool_calls": [{"name": "read_file", '
    '"arguments": {"start_line": 2, "path": "a.py"\n```',
    "no fence": 'Now:\n\n{"tool_calls": [{"name": "read_file", "arguments": {"path": "a.py", '
    '"start_line": 2}}]}\n\nThat shows it.',
    "one call in place of the list": '```json\n{"tool_calls": {"name": "read_file", "arguments": '
    '{"path": "a.py", "start_line": 2}}}\n```',
    "attribute": '<tool_call id="1">\n{"name": "read_file", "arguments": {"path": "a.py", '
    '"start_line": 2}}\n</tool_call>',
    "capitals": '<TOOL_CALL>{"name": "read_file", "arguments": {"path": "a.py", '
    '"start_line": 2}}</TOOL_CALL>',
    "pipes": '<|tool_call|>{"name": "read_file", "arguments": {"path": "a.py", '
    '"start_line": 2}}<|/tool_call|>',
    "small letters": 'action: read_file\naction input: {"path": "a.py", "start_line": 2}',
}
TEXT_SPELLINGS = {
    "elements": "<tool_call>\n<name>read_file</name>\n<input><path>a.py</path>"
    "<start_line>2</start_line></input>\n</tool_call>",
    "elements over lines": "<tool_call>\n<name>read_file</name>\n<arguments>\n<path>\na.py\n"
    "</path>\n<start_line>2</start_line>\n</arguments>\n</tool_call>",
    "cdata": "<tool_call><name>read_file</name><input><path><![CDATA[a.py]]></path>"
    "<start_line>2</start_line></input></tool_call>",
    "qwen": "<tool_call>\n<function=read_file>\n<parameter=path>\na.py\n</parameter>\n"
    "<parameter=start_line>\n2\n</parameter>\n</function>\n</tool_call>",
    "qwen without ends": "<tool_call><function=read_file><parameter=path>a.py</parameter>"
    "<parameter=start_line>2</parameter>",
    "qwen alone": "Now:\n<function=read_file>\n<parameter=path>\na.py\n</parameter>\n"
    "<parameter=start_line>\n2\n</parameter>\n</function>\n</tool_call>",
    "elements without input": "<tool_call>\n<name>read_file</name>\n<path>a.py</path>\n"
    "<start_line>2</start_line>\n</tool_call>",
    "glm": "<tool_call>read_file\n<arg_key>path</arg_key>\n<arg_value>a.py</arg_value>\n"
    "<arg_key>start_line</arg_key><arg_value>2</arg_value>\n</tool_call>",
}


def found(text: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the calls of an answer that has no problem."""
    parsed = parse_tool_calls(text)
    assert parsed.problems == ()
    return [(call.name, dict(call.arguments)) for call in parsed.calls]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_spelling(spelling: str) -> None:
    assert found(SPELLINGS[spelling]) == [CALL]


@pytest.mark.parametrize("spelling", TEXT_SPELLINGS)
def test_spelling_whose_arguments_are_text(spelling: str) -> None:
    assert found(TEXT_SPELLINGS[spelling]) == [TEXT_CALL]


@pytest.mark.parametrize("text", [*SPELLINGS.values(), *TEXT_SPELLINGS.values()])
def test_windows_line_ends(text: str) -> None:
    (name, arguments), *more = found(text.replace("\n", "\r\n"))
    assert more == []
    assert name == "read_file"
    assert str(arguments["path"]).strip() == "a.py"


@pytest.mark.parametrize(
    "text",
    [
        '<tool_call>{"name": "git_status"}</tool_call>',
        '<tool_call>{"name": "git_status", "arguments": null}</tool_call>',
        '<tool_call>{"name": "git_status", "arguments": ""}</tool_call>',
        "<tool_call><name>git_status</name></tool_call>",
        "<tool_call><name>git_status</name><input></input></tool_call>",
        "<tool_call><name>git_status</name><input/></tool_call>",
        "<tool_call><name>git_status</name><input>{}</input></tool_call>",
        "<tool_call><function=git_status></function></tool_call>",
        "<tool_call>git_status</tool_call>",
        "Action: git_status\nAction Input: {}",
        "Action: git_status\nAction Input: None",
        "Action: git_status\nAction Input:",
    ],
)
def test_a_call_without_arguments(text: str) -> None:
    assert found(text) == [("git_status", {})]


def test_prose_stays_and_calls_keep_their_order() -> None:
    first, second = SPELLINGS["object"], TEXT_SPELLINGS["qwen"]
    parsed = parse_tool_calls(f"I look.\n{first}\nThen\n{second}\nend")
    assert [dict(call.arguments) for call in parsed.calls] == [CALL[1], TEXT_CALL[1]]
    assert len({call.id for call in parsed.calls}) == 2
    assert parsed.text.split() == ["I", "look.", "Then", "end"]


def test_different_spellings_in_one_answer() -> None:
    answer = "\n\n".join([SPELLINGS["fence"], SPELLINGS["elements with json"]])
    assert found(answer) == [CALL, CALL]


def test_several_calls_in_one_fence_and_in_one_element() -> None:
    calls = [{"name": name, "arguments": {}} for name in ("a", "b")]
    assert found(f"```json\n{json.dumps({'tool_calls': calls})}\n```") == [("a", {}), ("b", {})]
    assert found(f"<tool_call>{json.dumps(calls)}</tool_call>") == [("a", {}), ("b", {})]
    element = '<tool_call>{"name": "a"}</tool_call>'
    assert found(f"```tool_calls\n{element}\n{element}\n```") == [("a", {}), ("a", {})]


def test_several_actions() -> None:
    answer = "Action: a\nAction Input: {}\n\nAction: b\nAction Input: {}"
    assert found(answer) == [("a", {}), ("b", {})]


def test_what_follows_an_invented_observation_is_not_carried_out() -> None:
    answer = (
        "Action: a\nAction Input: {}\nObservation: fine\nAction: delete_file\n"
        'Action Input: {"path": "a"}'
    )
    assert found(answer) == [("a", {})]


def test_actions_beside_elements_are_prose() -> None:
    assert found(f"Action: read\n{SPELLINGS['object']}") == [CALL]


def test_raw_blocks_hold_anything() -> None:
    code = 'print("</tool_call>")\n<tool_call>\n```\n>>> doctest\n\\n {"a": 1}\n<<<content'
    parsed = parse_tool_calls(
        "go " + render_call("write_file", {"path": "a", "content": code}, ("content",))
    )
    assert dict(parsed.calls[0].arguments) == {"path": "a", "content": code}
    assert parsed.text == "go"


def test_two_raw_blocks() -> None:
    arguments = {"path": "a", "old_string": "x = 1\n", "new_string": ""}
    answer = render_call("edit_file", arguments, ("old_string", "new_string"))
    assert found(answer) == [("edit_file", arguments)]


def test_a_block_with_windows_line_ends_loses_its_last_one() -> None:
    answer = '<tool_call>\r\n{"name": "w"}\r\n<<<content\r\na\r\nb\r\n>>>content\r\n</tool_call>'
    assert found(answer) == [("w", {"content": "a\r\nb"})]


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "w", "arguments": {"content": "a </tool_call> b <tool_call>"}}',
        '<name>w</name><input>{"content": "a </tool_call> b <tool_call>"}</input>',
        "<name>w</name><input><content>a </tool_call> b <tool_call></content></input>",
        "<function=w><parameter=content>a </tool_call> b <tool_call></parameter></function>",
        "w<arg_key>content</arg_key><arg_value>a </tool_call> b <tool_call></arg_value>",
    ],
)
def test_tags_inside_an_argument_end_nothing(text: str) -> None:
    answer = f"<tool_call>\n{text}\n</tool_call>"
    assert found(answer) == [("w", {"content": "a </tool_call> b <tool_call>"})]


def test_markup_inside_tagged_arguments_is_text() -> None:
    html = "<p>a</p> and <b>b</b>\n&lt;"
    elements = f"<tool_call><name>w</name><input><content>{html}</content></input></tool_call>"
    assert found(elements) == [("w", {"content": html})]
    code = "a </parameter> b"
    qwen = f"<tool_call><function=w><parameter=c>{code}</parameter></function></tool_call>"
    assert found(qwen) == [("w", {"c": code})]


def test_text_in_tags_stays_as_it_is() -> None:
    for value in ("42", "true", "[]", '{"a": 1}', "  x\n", "\n\nx"):
        answer = f"<tool_call><function=w><parameter=c>\n{value}\n</parameter></function>"
        assert found(answer) == [("w", {"c": value})]


# What only looks like a call

EXAMPLES = [SPELLINGS["object"], TEXT_SPELLINGS["qwen"], SPELLINGS["action"]]


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize(
    "frame",
    [
        "```python\n{}\n```",
        "~~~markdown\n{}\n~~~",
        "````text\n```json\n```\n{}\n````",
        "- so\n  ```yaml\n  {}\n  ```",
        "<<<code\n{}\n>>>code",
        "<<<code\n{}",
    ],
)
def test_code_that_looks_like_a_call_is_not_one(example: str, frame: str) -> None:
    answer = frame.replace("{}", example)
    assert found(answer) == []
    assert parse_tool_calls(answer).text == answer


@pytest.mark.parametrize(
    "text",
    [
        "Action: I mended the loop.",
        "on: push\naction: build\nsteps: 2",
        "The class of Action: see below",
        '{"name": "lodash", "version": "1"}',
        'The answer is {"name": "f", "arguments": {}}.',
        '```json\n{"choices": [{"message": {"tool_calls": [{"name": "f"}]}}]}\n```',
        '```json\n{"type": "function", "name": "f", "parameters": {"properties": {}}}\n```',
        "```python\nx = {'tool_calls': []}\n```",
        "inline ``` ticks\n<<<content\nnever closed",
        "<tool_calls>",
        '```json\n{"name": "x", "arguments": broken\n```',
        "```inline``` ticks",
    ],
)
def test_prose_and_data_are_no_calls(text: str) -> None:
    assert found(text) == []
    assert parse_tool_calls(text).text == text.strip()


@pytest.mark.parametrize(
    "answer",
    [
        f"I call:\n```xml\n{SPELLINGS['object']}\n```",
        f"I call:\n```\n{TEXT_SPELLINGS['qwen']}\n```",
        f"I call:\n{SPELLINGS['bare object in a fence']}",
        f"```python\nopen fence\n{SPELLINGS['object']}",
    ],
)
def test_a_call_in_a_fence_is_pointed_out(answer: str) -> None:
    parsed = parse_tool_calls(answer)
    assert parsed.calls == ()
    assert "stands in a code fence" in parsed.problems[0]


def test_an_example_beside_a_real_call_is_not_pointed_out() -> None:
    assert found(f"```xml\n{SPELLINGS['object']}\n```\n{TEXT_SPELLINGS['qwen']}") == [TEXT_CALL]


# Round trips

names = st.from_regex(r"[a-z_]{1,12}", fullmatch=True)
scalars = st.one_of(
    st.text(), st.integers(-9999, 9999), st.booleans(), st.lists(st.text(), max_size=3)
)
objects = st.dictionaries(names, scalars, max_size=4)
tags = names.filter(lambda name: name not in ("name", "input", "arguments", "parameters", "args"))
lines = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"))
plain = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="<\r"))


def _elements(name: str, arguments: dict[str, Any]) -> str:
    return f"<tool_call><name>{name}</name><input>{json.dumps(arguments)}</input></tool_call>"


def _fence(name: str, arguments: dict[str, Any]) -> str:
    calls = [{"function": {"name": name, "arguments": json.dumps(arguments)}}]
    return f"```json\n{json.dumps({'tool_calls': calls}, indent=1)}\n```"


def _action(name: str, arguments: dict[str, Any]) -> str:
    return f"Action: {name}\nAction Input: {json.dumps(arguments, indent=2)}\nObservation:"


def _unclosed(name: str, arguments: dict[str, Any]) -> str:
    return "<tool_call>" + json.dumps({"name": name, "arguments": arguments})[:-2] + "</tool_call>"


def _commas(name: str, arguments: dict[str, Any]) -> str:
    body = json.dumps({"name": name, "arguments": arguments})
    return f"<tool_call>{body[:-1]},}}</tool_call>"


@given(
    names, objects, st.sampled_from([render_call, _elements, _fence, _action, _commas, _unclosed])
)
def test_json_round_trips_in_every_spelling(
    name: str, arguments: dict[str, Any], render: Callable[..., str]
) -> None:
    assert found(render(name, arguments)) == [(name, arguments)]


@given(names, st.dictionaries(names, st.text("ab'\"{}[],: \n", max_size=20), max_size=3))
def test_python_round_trips(name: str, arguments: dict[str, str]) -> None:
    answer = f"<tool_call>{ {'name': name, 'arguments': arguments}!r}</tool_call>"
    assert found(answer) == [(name, arguments)]


@given(names, st.dictionaries(tags, plain, max_size=3))
def test_tags_round_trip(name: str, arguments: dict[str, str]) -> None:
    inner = "".join(f"<{key}>\n{value}\n</{key}>" for key, value in arguments.items())
    elements = f"<tool_call><name>{name}</name><input>{inner}</input></tool_call>"
    assert found(elements) == [(name, arguments)]
    inner = "".join(f"<parameter={k}>\n{v}\n</parameter>\n" for k, v in arguments.items())
    assert found(f"<tool_call><function={name}>{inner}</function></tool_call>") == [
        (name, arguments)
    ]


@given(st.lists(lines.filter(lambda line: line.rstrip(" \t") != ">>>content"), min_size=1))
def test_blocks_round_trip(content: list[str]) -> None:
    arguments = {"path": "a", "content": "\n".join(content)}
    assert found(render_call("write_file", arguments, ("content",))) == [("write_file", arguments)]


# Broken calls


@given(st.text(st.sampled_from('<tol_ca>{}"`\n:Aciton Iputjs/=[]x'), max_size=200))
def test_any_text_is_taken_apart_without_error(text: str) -> None:
    parse_tool_calls(text)
    extract_code(text)


@given(
    st.lists(
        st.sampled_from(
            ["<tool_call>", "</tool_call>", "<name>", "</name>", "<input>", "</input>", "x", "\n",
             '{"name": "x"', ', "arguments": {', "}", "```", "```json\n", "<<<a\n", ">>>a\n", "'",
             "Action: x\n", "Action Input: ", "<function=x>", "<parameter=y>", "</parameter>",
             "<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>", '"tool_calls": [', '"', "\\",
             "\ud800", "[" * 200]
        ),
        max_size=30,
    )
)  # fmt: skip
def test_any_mixture_of_pieces_is_taken_apart_without_error(pieces: list[str]) -> None:
    parsed = parse_tool_calls("".join(pieces))
    assert all(isinstance(call.arguments, dict) for call in parsed.calls)
    extract_code("".join(pieces))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<tool_call></tool_call>", "it is empty"),
        ("<tool_call>", "it is empty"),
        ("<tool_call>a b c</tool_call>", "it has no JSON header"),
        ('x\n<tool_call>{"name": }</tool_call>', "call at line 2"),
        ('<tool_call>{"nam": "x"}</tool_call>', 'no "name"'),
        ('<tool_call>{"name": 7}</tool_call>', 'no "name"'),
        ('<tool_call>{"name": "x", "arguments": [1]}</tool_call>', "must be a JSON object"),
        ('<tool_call>{"name": "x", "arguments": "{1"}</tool_call>', "string with broken JSON"),
        ('<tool_call>{"name": "x", "arguments": "{} y"}</tool_call>', "'y' stands behind"),
        ('<tool_call>{"name": "list", "path": "a"}</tool_call>', "'path' stands beside \"name\""),
        ('<tool_call>{"name": "x" "b"}</tool_call>', "line 1, column 25"),
        ('<tool_call>\n{"name": "x",\n "arguments": {"a": tru}}\n</tool_call>', "line 3, column"),
        (r'<tool_call>{"name": "x", "arguments": {"p": "\d"}}</tool_call>', "one backslash"),
        ('<tool_call>{"name": "x", "arguments": {"p": "a</tool_call>', "no closing quote"),
        ('<tool_call>{"name": "x", "arguments": {"n": 1', "JSON breaks"),
        ('<tool_call>{"name": "x", "arguments": {', "JSON breaks"),
        ('<tool_call>{"name": "x", "arguments": {"n": 1,', "JSON breaks"),
        ('<tool_call>{"name": "x", "arguments": {"n": NaN}}</tool_call>', "no JSON number"),
        (r'<tool_call>{"name": "x", "arguments": {"n": "\ud800"}}</tool_call>', "surrogate"),
        (r"<tool_call>{'name': 'x', 'arguments': {'p': '\d'}}</tool_call>", "JSON breaks"),
        ("<tool_call>{'name': b'x'}</tool_call>", "JSON breaks"),
        ("<tool_call>{'name': 'x', 'arguments': {'p': 'don't'}}</tool_call>", "JSON breaks"),
        ("<tool_call>{'name': 'x', 'arguments': {'p': 'f('a', 'b')'}}</tool_call>", "JSON breaks"),
        ('<tool_call>{"name": "x", "arguments": {"p": "f("a", "b")"}}</tool_call>', "JSON breaks"),
        ('<tool_call>{"name": "x", "arguments": {"p": "a", , "q": 1}}</tool_call>', "JSON breaks"),
        ('<tool_call>{"name": "x"} and words</tool_call>', "'and words' stands where"),
        ("<tool_call>[1]</tool_call>", "a JSON object is expected"),
        (f'<tool_call>{{"name": "x", "a": {"[" * 200}{"]" * 200}}}', "nested too deep"),
        (f"<tool_call>{'[' * 5000}", "nested too deep"),
        ("<tool_call><nme>x</nme></tool_call>", "names no tool"),
        ("<tool_call><name>x</tool_call>", "<name> has no closing </name>"),
        ("<tool_call><name>x</name><input>words</input></tool_call>", "neither a JSON object"),
        ("<tool_call><name>x</name><input>{</tool_call>", "no closing </input>"),
        ("<tool_call><name>x</name><input><a>b</input></tool_call>", "<a> has no closing </a>"),
        ("<tool_call><function=></function></tool_call>", "names no tool"),
        ("<tool_call><function=x><parameter=y>z</tool_call>", "y has no closing </parameter>"),
        ("<tool_call>x<arg_key>y</arg_key><arg_value>z</tool_call>", "closing </arg_value>"),
        (
            '<tool_call>\n{"name": "w", "arguments": {}}\n<<<content\nx',
            "no closing line >>>content",
        ),
        (
            '<tool_call>\n[{"name": "w"}, {"name": "v"}]\n<<<content\nx\n>>>content\n</tool_call>',
            "raw blocks belong to one call",
        ),
        ('```json\n{"tool_calls": [{"name": "x" "y"}\n```', "line 2, column 30"),
        ('```json\n{"tool_calls": [{"function": {}}]}\n```', 'no "name"'),
        ('```tool_call\n{"name": "x"} y\n```', "'y' stands behind"),
        ("Action: read_file\nthe file", "no 'Action Input:'"),
        ("Action: read_file\nAction Input: a.py", "the input of read_file is 'a.py'"),
        ('Action: read_file\nAction Input: {"path": }', "line 2, column 24"),
        ("Action:\nAction Input: {}", "names no tool"),
    ],
)
def test_broken_call_is_told(text: str, says: str) -> None:
    parsed = parse_tool_calls(text)
    assert parsed.calls == ()
    assert says in parsed.problems[0]
    assert SHAPE in parsed.problems[0]


def test_a_broken_call_does_not_hide_the_next_one() -> None:
    broken = '<tool_call>\n{"name": }\n<<<content\n</tool_call>\n>>>content\n</tool_call>'
    parsed = parse_tool_calls(f"{broken}\nand\n{SPELLINGS['object']}")
    assert [call.name for call in parsed.calls] == ["read_file"]
    assert len(parsed.problems) == 1
    assert parsed.text == "and"


def test_only_the_first_problems_and_calls_are_taken() -> None:
    parsed = parse_tool_calls("<tool_call>x y</tool_call>" * 20)
    assert len(parsed.problems) == 5
    parsed = parse_tool_calls(SPELLINGS["object"] * 70)
    assert len(parsed.calls) == 64
    assert "more than 64 calls" in parsed.problems[0]


UNITS = [
    "<tool_call>", "```\n", "<<<a\n", "Action: x\n", "<tool_call>{", "{", "<tool_call><name>",
    "<tool_call><name>a</name><input><b>", '```json\n{"tool_calls": []}\n```\n', "<<<a\n>>>b\n",
    "Action: x\nAction Input: {\n", 'Action: x\nAction Input: {"a\n', '<tool_call>{"a":"\\"',
    "<tool_call>{'a':", "```json\n<tool_call>\n```\n", "<tool_call><function=x><parameter=y>",
    "<tool_call>x<arg_key>a</arg_key><arg_value>", " " * 50 + "\n", "`", "<<<code\n```\n",
    '<tool_call>{"name":"x"}\n<<<a\n', "<tool_call>```json\n", "<tool_call><name>x</name></b><",
    "{//{", "{'a': \"b\", ", "```json\n{tool_calls: ", "<TOOL_CALL>{", "<function=x>\n", "{\n# /* ",
]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_hostile_answers_take_linear_time(unit: str) -> None:
    text = unit * (1_000_000 // len(unit))
    # Processor time: who else is at work on the machine does not count.
    started = time.process_time()
    parsed = parse_tool_calls(text)
    extract_code(text)
    # Quadratic work on a million characters takes minutes.
    assert time.process_time() - started < 10
    assert len(parsed.calls) <= 64


# Code


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("<<<code\nx = 1\n\n>>>code", "x = 1\n"),
        ("<<<code\nx = 1", "x = 1"),
        ("<<<code\n>>>code", ""),
        ("<<<code\r\nx = 1\r\ny\r\n>>>code\r\n", "x = 1\r\ny"),
        ("<<<code\nfirst\n>>>code\nbetter:\n<<<code\nsecond\n>>>code", "second"),
        ("<<<code\nfirst\n>>>code\n<<<code\ncut", "first"),
        ('<<<code\ns = """\n```\n>>> x\n>>>cod\n"""\n>>>code', 's = """\n```\n>>> x\n>>>cod\n"""'),
        ("```\n<<<code\nx\n>>>code\n```", "x"),
        ("<<<content\nx\n>>>content", None),
        ("Sure:\n```python\nx = 1\n```\nok", "x = 1"),
        ("Sure:\n```python\nx = 1\n", "x = 1"),
        ("```\na\n```\n```\nlonger\n```", "longer"),
        ("```\nclosed\n```\n```\nopen but longer", "closed"),
        ("1. so\n   ```py\n   if x:\n       y\n   ```", "if x:\n    y"),
        ("~~~\n```\n~~~", "```"),
        ("````\n```\nx\n```\n````", "```\nx\n```"),
        ("```\n```", ""),
        ('```json\n{"tool_calls": []}\n```', None),
        ("no code", None),
        ("", None),
    ],
)
def test_code_is_found(answer: str, code: str | None) -> None:
    assert extract_code(answer) == code

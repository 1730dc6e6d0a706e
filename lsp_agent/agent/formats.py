"""Reading a model's answer: prose, tool calls in every accepted spelling, code.

Spellings (contract, section 6): ``<tool_call>`` holding a JSON object, ``<name>``/``<input>``
elements, or Qwen3-Coder's ``<function=…>``; a fenced JSON object with ``tool_calls``; ``Action:`` /
``Action Input:`` lines; and our own, a JSON header with raw blocks. What looks like a call but is
broken becomes a problem that tells the model precisely what was wrong; nothing is guessed.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import Any

from lsp_agent.agent.rawblocks import find_blocks, render_block
from lsp_agent.engine.types import ToolCall

SHAPE = '<tool_call>\n{"name": "read_file", "arguments": {"path": "src/a.py"}}\n</tool_call>'
_OPEN, _CLOSE = "<tool_call>", "</tool_call>"
_FENCE = re.compile(r"^(?P<ticks>`{3,}|~{3,})[ \t]*(?P<info>[^\n`]*)$", re.MULTILINE)
_ACTION = re.compile(r"^[ \t]*Action[ \t]*:[ \t]*(?P<name>[^\n]*)$", re.MULTILINE)
_INPUT = re.compile(r"\s*^[ \t]*Action Input[ \t]*:[ \t]*", re.MULTILINE)
_ELEMENT = re.compile(r"<(?P<tag>[A-Za-z_][\w.-]*)>(?P<body>.*?)</(?P=tag)>", re.DOTALL)
_FUNCTION = re.compile(r"<function=(?P<name>[^>\s]+)>(?P<body>.*?)(?:</function>|$)", re.DOTALL)
_PARAMETER = re.compile(r"<parameter=(?P<name>[^>\s]+)>\n?(?P<value>.*?)\n?</parameter>", re.DOTALL)
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
# Beyond this a call's inside is not searched by the tag patterns, which are quadratic at worst.
_MAX_INSIDE = 200_000
_MAX_TAGS = 20_000
# No answer means more; the bound also keeps hostile ones linear.
_MAX_CALLS = 64


@dataclass(frozen=True, slots=True)
class ParsedAnswer:
    """An answer taken apart; ``problems`` are messages to the model, one a broken call."""

    text: str
    calls: tuple[ToolCall, ...] = ()
    problems: tuple[str, ...] = ()


class _BadCallError(Exception):
    """A call that can't be read; the message is for the model."""


@dataclass(frozen=True, slots=True)
class _Span:
    start: int
    end: int
    inside: str
    reader: str


def parse_tool_calls(text: str) -> ParsedAnswer:
    """Take an answer apart; never raises, in time linear in the answer's length."""
    calls: list[ToolCall] = []
    problems: list[str] = []
    prose: list[str] = []
    at = 0
    for span in _spans(text):
        prose.append(text[at : span.start])
        at = span.end
        try:
            for name, arguments in _READERS[span.reader](span.inside):
                calls.append(ToolCall(f"call_{len(calls)}", name, arguments))
        except _BadCallError as error:
            line = text.count("\n", 0, span.start) + 1
            problems.append(f"The call at line {line} of your answer can't be read: {error}.")
        except RecursionError:
            problems.append("A call is nested too deeply; send a flat JSON object.")
    prose.append(text[at:])
    return ParsedAnswer("".join(prose).strip(), tuple(calls), tuple(problems))


def extract_code(text: str) -> str | None:
    """Return the code of a direct answer: a ``code`` block, else the largest fenced block."""
    blocks = [block for block in find_blocks(text) if block.name == "code"]
    if blocks:
        return blocks[-1].value
    fenced = [body for info, body, _, _ in _fences(text) if not _is_call_fence(info, body)]
    return max(fenced, key=len).removesuffix("\n") if fenced else None


def render_call(name: str, arguments: Mapping[str, Any], raw: tuple[str, ...] = ()) -> str:
    """Write a call as the in-process models do: small arguments as JSON, ``raw`` ones as blocks."""
    small = {key: value for key, value in arguments.items() if key not in raw}
    header = json.dumps({"name": name, "arguments": small}, ensure_ascii=False)
    blocks = [render_block(key, str(arguments[key])) for key in raw if key in arguments]
    return "\n".join([_OPEN, header, *blocks, _CLOSE])


def _spans(text: str) -> list[_Span]:
    """Find what may be calls, in order; code fences and raw blocks hide what is in them."""
    fences = list(_fences(text))
    spans = [
        _Span(start, end, body, "fence")
        for info, body, start, end in fences
        if _is_call_fence(info, body)
    ]
    at = 0
    while (start := text.find(_OPEN, at)) >= 0 and len(spans) < _MAX_CALLS:
        fence = next((end for _, _, begin, end in fences if begin < start < end), None)
        if fence is not None:
            at = fence
            continue
        inside, end = _element(text, start + len(_OPEN))
        spans.append(_Span(start, end, inside, "element"))
        # Fences inside a call belong to its content.
        spans = [span for span in spans if span.reader != "fence" or not start < span.start < end]
        at = end
    if not spans:
        found = islice(_actions(text, fences), _MAX_CALLS)
        spans = [_Span(*place, "action") for place in found]
    return sorted(spans, key=lambda span: span.start)


def _element(text: str, start: int) -> tuple[str, int]:
    """Return a call's inside and the offset behind it; closers in raw blocks do not count."""
    at = start
    next_open = text.find(_OPEN, start)
    limit = next_open if next_open >= 0 else len(text)
    first_close = text.find(_CLOSE, start)
    if "<<<" in text[start : first_close if first_close >= 0 else len(text)]:
        limit = len(text)
        for block in find_blocks(text, start):
            close = text.find(_CLOSE, at, block.start)
            if close >= 0:
                break
            at = block.end
    close = text.find(_CLOSE, at, max(limit, at))
    if close < 0:
        end = max(limit, at)
        return text[start:end], end
    return text[start:close], close + len(_CLOSE)


def _fences(text: str) -> Iterator[tuple[str, str, int, int]]:
    """Yield fenced blocks as ``(info, body, start, end)``; an open one reaches to the end."""
    at = 0
    while match := _FENCE.search(text, at):
        ticks = match["ticks"]
        close = re.compile(rf"^{re.escape(ticks)}[`~]*[ \t]*$", re.MULTILINE).search(
            text, match.end()
        )
        body_end = close.start() if close else len(text)
        at = close.end() if close else len(text)
        yield match["info"].strip(), text[match.end() + 1 : body_end], match.start(), at


def _is_call_fence(info: str, body: str) -> bool:
    return info.lower() in ("", "json", "tool_call", "tool_calls") and (
        '"tool_calls"' in body[:200] or info.lower().startswith("tool_call")
    )


def _actions(text: str, fences: list[tuple[str, str, int, int]]) -> Iterator[tuple[int, int, str]]:
    for match in _ACTION.finditer(text):
        if any(begin < match.start() < end for _, _, begin, end in fences):
            continue
        follow = _INPUT.match(text, match.end())
        if follow is None:
            yield match.start(), match.end(), f"{match['name'].strip()}\n"
            continue
        stop = _json_end(text, follow.end())
        yield match.start(), stop, f"{match['name'].strip()}\n{text[follow.end() : stop]}"


def _json_end(text: str, start: int) -> int:
    """Return where the JSON value that starts here ends, or the end of the line."""
    try:
        return json.JSONDecoder(strict=False).raw_decode(text, start)[1]
    except (ValueError, RecursionError):
        following = re.compile(r"^[ \t]*(?:Action|Observation|Thought)\b", re.MULTILINE)
        match = following.search(text, start)
        return match.start() if match else len(text)


def _read_element(inside: str) -> list[tuple[str, dict[str, Any]]]:
    body = inside.strip()
    if not body:
        raise _BadCallError(f"it is empty; write it like this: {SHAPE}")
    if body.startswith(("{", "[", "```")):
        return _read_header(inside)
    if len(body) > _MAX_TAGS:
        raise _BadCallError(f"it has no JSON header; write it like this: {SHAPE}")
    function = _FUNCTION.search(body)
    if function:
        values = {m["name"]: _loose(m["value"]) for m in _PARAMETER.finditer(function["body"])}
        return [(function["name"], values)]
    return [_read_tags(body)]


def _read_header(inside: str) -> list[tuple[str, dict[str, Any]]]:
    blocks = find_blocks(inside)
    header = inside[: blocks[0].start] if blocks else inside
    fence = next(_fences(header.strip()), None)
    found = _calls_of(_load(fence[1] if fence else header))
    if blocks:
        unclosed = [block.name for block in blocks if not block.closed]
        if unclosed:
            raise _BadCallError(f"the block <<<{unclosed[0]} has no closing line >>>{unclosed[0]}")
        if len(found) != 1:
            raise _BadCallError("raw blocks belong to one call; put each call in its own element")
        name, arguments = found[0]
        found = [(name, {**arguments, **{block.name: block.value for block in blocks}})]
    return found


def _read_tags(body: str) -> tuple[str, dict[str, Any]]:
    elements = {match["tag"]: match["body"] for match in _ELEMENT.finditer(body)}
    name = elements.get("name", "").strip()
    if not name:
        raise _BadCallError(f"it names no tool; write it like this: {SHAPE}")
    source = next((elements[tag] for tag in ("input", "arguments") if tag in elements), None)
    if source is None:
        if "<input>" in body:
            raise _BadCallError("<input> has no closing </input>")
        return name, {}
    if source.strip().startswith("{") or not source.strip():
        return name, _object(_load(source) if source.strip() else {})
    nested = {match["tag"]: _loose(match["body"]) for match in _ELEMENT.finditer(source)}
    if not nested:
        raise _BadCallError("<input> holds neither a JSON object nor elements like <path>a</path>")
    return name, nested


def _read_fence(inside: str) -> list[tuple[str, dict[str, Any]]]:
    return _calls_of(_load(inside))


def _read_action(inside: str) -> list[tuple[str, dict[str, Any]]]:
    name, _, source = inside.partition("\n")
    if not name:
        raise _BadCallError("'Action:' names no tool")
    if not source.strip():
        raise _BadCallError(f"'Action: {name}' has no 'Action Input:' line with a JSON object")
    fence = next(_fences(source.strip()), None)
    return [(name.strip("`\"' "), _object(_load(fence[1] if fence else source)))]


_READERS = {
    "element": _read_element,
    "fence": _read_fence,
    "action": _read_action,
}


def _calls_of(value: Any) -> list[tuple[str, dict[str, Any]]]:
    """Take calls out of a decoded value in any of the usual shapes."""
    if isinstance(value, list):
        return [call for item in value for call in _calls_of(item)]
    if not isinstance(value, dict):
        raise _BadCallError(f"a JSON object is expected, not {value!r}; like this: {SHAPE}")
    if isinstance(value.get("tool_calls"), list):
        return [call for item in value["tool_calls"] for call in _calls_of(item)]
    if isinstance(value.get("function"), dict):
        return _calls_of(value["function"])
    name = value.get("name") or value.get("tool") or value.get("function")
    if not isinstance(name, str) or not name:
        raise _BadCallError('the object has no "name"; write it like this: ' + SHAPE)
    arguments: Any = next(
        (value[key] for key in ("arguments", "parameters", "input", "args") if key in value), {}
    )
    return [(name, _object(arguments))]


def _object(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        value = _load(value)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _BadCallError(f"the arguments must be a JSON object, not {value!r:.80}")
    return {str(key): item for key, item in value.items()}


def _loose(text: str) -> Any:
    """Read an element's text: JSON for numbers and booleans, else the text itself."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return value if isinstance(value, bool | int | float | list) else text


def _load(source: str) -> Any:
    """Decode JSON, repairing only what has one meaning: commas, quotes, missing closers."""
    source = source.strip()
    try:
        return json.loads(source, strict=False)
    except ValueError as error:
        problem = error
    for candidate in _repairs(source):
        try:
            return json.loads(candidate, strict=False)
        except ValueError:
            continue
    # Python's own spelling of a dictionary, where no JSON string can be mistaken for it.
    if source.startswith("{") and '"' not in source and len(source) < _MAX_INSIDE:
        with suppress(ValueError, SyntaxError, MemoryError, RecursionError):
            return ast.literal_eval(source)
    place = getattr(problem, "lineno", 1), getattr(problem, "colno", 1)
    reason = getattr(problem, "msg", str(problem))
    raise _BadCallError(f"its JSON breaks at line {place[0]}, column {place[1]}: {reason}")


def _repairs(source: str) -> Iterator[str]:
    yield _TRAILING_COMMA.sub(r"\1", source)
    closers = _missing_closers(source)
    if closers:
        yield source + closers
        yield _TRAILING_COMMA.sub(r"\1", source.rstrip(", \n") + closers)


def _missing_closers(source: str) -> str:
    """Return the brackets that close a text cut off between values; ``""`` inside a string."""
    stack: list[str] = []
    in_string = escaped = False
    for char in source:
        if in_string:
            if escaped:
                escaped = False
            elif char == "\\":
                escaped = True
            elif char == '"':
                in_string = False
        elif char == '"':
            in_string = True
        elif char in "{[":
            stack.append("}" if char == "{" else "]")
        elif char in "}]" and (not stack or stack.pop() != char):
            return ""
    return "" if in_string else "".join(reversed(stack))

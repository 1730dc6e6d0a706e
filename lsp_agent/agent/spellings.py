"""The spellings of one tool call, read from where it begins.

Inside ``<tool_call>``: a JSON object with raw blocks behind it, ``<name>``/``<input>`` elements,
Qwen3-Coder's ``<function=…>``, GLM's ``<arg_key>``. Outside of it: ``Action Input:``. An argument
in tags is always text, verbatim but for the line ends next to its tags; what it is to be only the
tool's schema knows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from lsp_agent.agent.loose_json import LooseJSONError, decode, skip_space
from lsp_agent.agent.rawblocks import OPENING, BlockReader

OPEN, CLOSE = "<tool_call>", "</tool_call>"
Calls = list[tuple[str, dict[str, Any]]]
_FENCE_LINE = re.compile(r"`{3,}[^\n`]*(?:\n|$)")
_FENCE_END = re.compile(r"\s*`{3,}[ \t]*")
_EXTRA = re.compile(r"[\s}\];,]*")
_FUNCTION_ALONE = re.compile(r"^[ \t]*(?=<function=[\w.-]+>)", re.MULTILINE)
_OTHER_OPEN = re.compile(
    r"^[ \t]*<\s*\|?\s*tool_call\b[^<>/\n]{0,80}>", re.MULTILINE | re.IGNORECASE
)
_OTHER_CLOSE = re.compile(r"<\s*\|?\s*/\s*\|?\s*tool_call\s*\|?\s*>", re.IGNORECASE)
_TAG = re.compile(r"<([A-Za-z_][\w.-]*)>")
_VALUE_END = re.compile(r"</([A-Za-z_][\w.-]*)>(?=\s*(?:<|\Z))")
_FUNCTION = re.compile(r"<function=([^>\n]*)>")
_PARAMETER = re.compile(r"<parameter=([^>\n]*)>")
_PARAMETER_END = re.compile(r"</parameter>(?=\s*(?:<parameter=|</function>|</tool_call>|\Z))")
_GLM = re.compile(r"([A-Za-z_][\w.-]*)\s*(?=<arg_key>|</tool_call>|\Z)")
_GLM_PAIR = re.compile(r"\s*<arg_key>([^<\n]*)</arg_key>\s*<arg_value>")
_CDATA = re.compile(r"\s*<!\[CDATA\[(.*)\]\]>\s*", re.DOTALL)
_BOUNDARY = re.compile(rf"{OPEN}|{CLOSE}|{OPENING.pattern}", re.MULTILINE)
_ARGUMENT_KEYS = ("arguments", "parameters", "input", "args")
_CALL_KEYS = frozenset({"name", "tool", "function", "id", "type", "index", *_ARGUMENT_KEYS})


class BadCallError(Exception):
    """A call that can't be read; the message is for the model, ``offset`` the place."""

    def __init__(self, message: str, offset: int | None = None) -> None:
        super().__init__(message)
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Answer:
    """A model's answer, with what its readers share."""

    text: str
    blocks: BlockReader


def with_plain_tags(text: str) -> str:
    """Return an answer with the tags of its calls as they should be, where none of them is so."""
    if OPEN in text:
        return text
    if _OTHER_OPEN.search(text):
        return _OTHER_CLOSE.sub(CLOSE, _OTHER_OPEN.sub(OPEN, text))
    return _FUNCTION_ALONE.sub(OPEN, text)


def behind(text: str, end: int) -> str:
    """Return what stands behind a JSON value, but for what models close too much."""
    extra = _EXTRA.match(text, end)
    return text[extra.end() if extra else end :].strip()


def read_json(text: str, at: int) -> tuple[Calls, int]:
    """Read the calls of a JSON value within a text; raises :class:`BadCallError`."""
    value, end = _decode(text, at)
    return calls_of(value), end


def read_element(answer: Answer, start: int) -> tuple[Calls, int]:
    """Read what follows ``<tool_call>``; return the calls and the offset behind the element.

    Raises :class:`BadCallError`.
    """
    text, at = answer.text, skip_space(answer.text, start)
    if at == len(text) or text.startswith((OPEN, CLOSE), at):
        raise BadCallError("it is empty")
    fence = _FENCE_LINE.match(text, at)
    if fence:
        at = skip_space(text, fence.end())
    if text.startswith(("{", "["), at):
        return _read_object(answer, at, fenced=fence is not None)
    if text.startswith("<function=", at):
        call, at = _read_function(text, at)
    elif text.startswith("<", at):
        call, at = _read_tags(text, at)
    elif match := _GLM.match(text, at):
        call, at = _read_pairs(text, match)
    else:
        raise BadCallError("it has no JSON header", at)
    return [call], _closed(text, at)


def element_end(answer: Answer, start: int) -> int:
    """Return where a broken call most likely ends; closers in raw blocks do not count."""
    at = start
    while match := _BOUNDARY.search(answer.text, at):
        if match["name"] is None:
            return match.end() if match[0] == CLOSE else match.start()
        closing = answer.blocks.closing(match)
        if closing is None:
            break
        at = closing.end()
    return len(answer.text)


def read_input(text: str, start: int, name: str) -> tuple[dict[str, Any], int]:
    """Read what follows ``Action Input:``; raises :class:`BadCallError`."""
    at = skip_space(text, start)
    line_end = text.find("\n", at)
    line = text[at : line_end if line_end >= 0 else len(text)].strip()
    fence = _FENCE_LINE.match(text, at)
    if fence:
        at = skip_space(text, fence.end())
    elif line.lower() in ("", "none", "null"):
        return {}, at + len(line)
    if not text.startswith("{", at):
        raise BadCallError(
            f"the input of {name} is {line[:60]!r}, but a JSON object with the names of the "
            'arguments is expected, like {"path": "src/a.py"}',
            at,
        )
    value, end = _decode(text, at)
    closing = _FENCE_END.match(text, end) if fence else None
    return as_object(value), closing.end() if closing else end


def decode_call(source: str, offset: int) -> Calls:
    """Read a text that is one JSON value; ``offset`` is its place in the answer."""
    try:
        value, end = _decode(source, 0)
    except BadCallError as error:
        raise BadCallError(str(error), offset + (error.offset or 0)) from error
    if more := behind(source, end):
        raise BadCallError(f"{more[:40]!r} stands behind it", offset + end)
    return calls_of(value)


def calls_of(value: Any) -> Calls:
    """Take calls out of a decoded value in any of the usual shapes."""
    if isinstance(value, list):
        return [call for item in value for call in calls_of(item)]
    if not isinstance(value, dict):
        raise BadCallError(f"a JSON object is expected, not {value!r:.60}")
    if isinstance(value.get("tool_calls"), list | dict):
        return calls_of(value["tool_calls"])
    if isinstance(value.get("function"), dict):
        return calls_of(value["function"])
    name = value.get("name") or value.get("tool") or value.get("function")
    if not isinstance(name, str) or not name:
        raise BadCallError('the object has no "name"')
    key = next((key for key in _ARGUMENT_KEYS if key in value), None)
    beside = [other for other in value if other not in _CALL_KEYS]
    if key is None and beside:
        # They would be lost, and the call carried out without them.
        raise BadCallError(f'{beside[0]!r} stands beside "name"; put it into "arguments"')
    return [(name, as_object(value[key]) if key else {})]


def as_object(value: Any) -> dict[str, Any]:
    """Return arguments, which some models write as a JSON string."""
    if isinstance(value, str) and value.strip():
        source = value.strip()
        value, end = _decode(source, 0, nested=True)
        if more := behind(source, end):
            raise BadCallError(f"{more[:40]!r} stands behind the arguments")
    if value is None or value == "":
        return {}
    if not isinstance(value, dict):
        raise BadCallError(f"the arguments must be a JSON object, not {value!r:.60}")
    return {str(key): item for key, item in value.items()}


def _read_object(answer: Answer, at: int, *, fenced: bool) -> tuple[Calls, int]:
    text = answer.text
    value, end = _decode(text, at)
    calls = calls_of(value)
    closing = _FENCE_END.match(text, end) if fenced else None
    end = closing.end() if closing else end
    extra = _EXTRA.match(text, end)
    at = extra.end() if extra else end
    blocks = {}
    while opening := OPENING.match(text, at):
        block = answer.blocks.block(opening)
        if not block.closed:
            raise BadCallError(
                f"the block <<<{block.name} has no closing line >>>{block.name}", block.start
            )
        blocks[block.name] = block.value
        end = block.end
        at = skip_space(text, end)
    if blocks:
        if len(calls) != 1:
            raise BadCallError("raw blocks belong to one call; put each call in its own element")
        name, arguments = calls[0]
        calls = [(name, {**arguments, **blocks})]
    return calls, _closed(text, at)


def _closed(text: str, at: int) -> int:
    """Return the offset behind ``</tool_call>``, which stop strings often swallow."""
    at = skip_space(text, at)
    if text.startswith(CLOSE, at):
        return at + len(CLOSE)
    closing, opening = text.find(CLOSE, at), text.find(OPEN, at)
    if closing >= 0 and (opening < 0 or closing < opening):
        raise BadCallError(f"{text[at:closing][:40]!r} stands where {CLOSE} is expected", at)
    return at


def _read_function(text: str, at: int) -> tuple[tuple[str, dict[str, Any]], int]:
    function = _FUNCTION.match(text, at)
    name = function[1].strip(" \"'") if function else ""
    if function is None or not name:
        raise BadCallError("<function=…> names no tool", at)
    arguments: dict[str, Any] = {}
    at = skip_space(text, function.end())
    while parameter := _PARAMETER.match(text, at):
        ending = _PARAMETER_END.search(text, parameter.end())
        key = parameter[1].strip(" \"'")
        if ending is None:
            raise BadCallError(f"the parameter {key} has no closing </parameter>", at)
        arguments[key] = _text(text[parameter.end() : ending.start()])
        at = skip_space(text, ending.end())
    if text.startswith("</function>", at):
        at += len("</function>")
    return (name, arguments), at


def _read_pairs(text: str, head: re.Match[str]) -> tuple[tuple[str, dict[str, Any]], int]:
    arguments: dict[str, Any] = {}
    at = head.end()
    while pair := _GLM_PAIR.match(text, at):
        end = text.find("</arg_value>", pair.end())
        if end < 0:
            raise BadCallError(f"the value of {pair[1]} has no closing </arg_value>", at)
        arguments[pair[1].strip()] = _text(text[pair.end() : end])
        at = end + len("</arg_value>")
    return (head[1], arguments), at


def _read_tags(text: str, at: int) -> tuple[tuple[str, dict[str, Any]], int]:
    name, arguments, beside = "", None, {}
    while tag := _TAG.match(text, at):
        if tag[0] == OPEN:
            break
        if tag[1] in _ARGUMENT_KEYS:
            arguments, at = _read_tagged_input(text, tag)
        else:
            value, at = _element(text, tag)
            if tag[1] == "name":
                name = value.strip()
            else:
                beside[tag[1]] = _text(value)
        at = skip_space(text, at)
        if empty := re.compile(r"<(?:input|arguments)\s*/>\s*").match(text, at):
            arguments, at = {}, empty.end()
    if not name:
        raise BadCallError("it names no tool", at)
    return (name, beside if arguments is None else arguments), at


def _read_tagged_input(text: str, tag: re.Match[str]) -> tuple[dict[str, Any], int]:
    at, closing = skip_space(text, tag.end()), f"</{tag[1]}>"
    arguments: dict[str, Any] = {}
    if text.startswith("{", at):
        value, end = _decode(text, at)
        extra = _EXTRA.match(text, end)
        arguments, at = as_object(value), extra.end() if extra else end
    else:
        while inner := _TAG.match(text, at):
            value, at = _element(text, inner)
            arguments[inner[1]] = _text(value)
            at = skip_space(text, at)
    at = skip_space(text, at)
    if text.startswith(closing, at):
        return arguments, at + len(closing)
    if arguments and (at == len(text) or text.startswith(CLOSE, at)):
        return arguments, at
    if text.find(closing, at) < 0:
        raise BadCallError(f"{tag[0]} has no closing {closing}", tag.start())
    raise BadCallError(
        f"{tag[0]} holds neither a JSON object nor elements like <path>src/a.py</path> at "
        f"{text[at : at + 40]!r}",
        at,
    )


def _element(text: str, tag: re.Match[str]) -> tuple[str, int]:
    """Return an element's text and the offset behind it.

    A closing tag counts where another tag follows it, so that markup in the text may close too.
    """
    at = tag.end()
    while ending := _VALUE_END.search(text, at):
        if ending[1] == tag[1]:
            return text[tag.end() : ending.start()], ending.end()
        at = ending.end()
    raise BadCallError(f"{tag[0]} has no closing </{tag[1]}>", tag.start())


def _text(value: str) -> str:
    """Return an element's text without the line ends that only set the tags apart."""
    if cdata := _CDATA.fullmatch(value):
        return cdata[1]
    if value.startswith("\n"):
        value = value.removeprefix("\n").removesuffix("\n")
    return value


def _decode(text: str, at: int, *, nested: bool = False) -> tuple[Any, int]:
    try:
        return decode(text, at)
    except LooseJSONError as error:
        if nested:
            raise BadCallError(f"the arguments are a string with broken JSON: {error}") from error
        near = text[error.offset : error.offset + 20]
        place = f" at {near!r}" if near else " at the end"
        raise BadCallError(f"its JSON breaks: {error}{place}", error.offset) from error

"""Reading a model's answer: prose, tool calls in every accepted spelling, code.

Spellings (contract, section 6): ``<tool_call>`` holding a JSON object, ``<name>``/``<input>``
elements, or Qwen3-Coder's ``<function=…>``; a fenced JSON object with ``tool_calls``; ``Action:`` /
``Action Input:`` lines; and our own, a JSON header with raw blocks. What looks like a call but is
broken becomes a problem that tells the model precisely what was wrong; nothing is guessed, and what
stands in a code fence or a raw block is content, not a call.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lsp_agent.agent.loose_json import decode, skip_space
from lsp_agent.agent.rawblocks import BlockReader, find_blocks, render_block
from lsp_agent.agent.spellings import (
    CLOSE,
    OPEN,
    Answer,
    BadCallError,
    Calls,
    behind,
    decode_call,
    element_end,
    read_element,
    read_input,
    read_json,
    with_plain_tags,
)
from lsp_agent.engine.types import ToolCall

SHAPE = f'{OPEN}\n{{"name": "read_file", "arguments": {{"path": "src/a.py"}}}}\n{CLOSE}'
_FENCE = r"^(?P<indent>[ \t]*)(?P<ticks>`{3,}|~{3,})(?P<info>[^\n]*)$"
_BLOCK = r"^<<<(?P<name>[A-Za-z_]\w*)[ \t]*\r?$"
_MARKS = re.compile(rf"{_FENCE}|{_BLOCK}|(?P<open>{OPEN})", re.MULTILINE)
_ACTION = r"^[ \t]*(?:\*\*)?[Aa]ction(?:\*\*)?[ \t]*:(?:\*\*)?[ \t]*(?P<action>[^\n]*)$"
_OBSERVATION = r"^[ \t]*(?:\*\*)?(?P<seen>Observation)(?:\*\*)?[ \t]*:"
_LEGACY_MARKS = re.compile(rf"{_FENCE}|{_BLOCK}|{_ACTION}|{_OBSERVATION}", re.MULTILINE)
_INPUT = re.compile(r"\s*(?:\*\*)?[Aa]ction [Ii]nput(?:\*\*)?[ \t]*:(?:\*\*)?")
_IDENTIFIER = re.compile(r"[A-Za-z_][\w.-]*")
_CALLS_KEY = re.compile(r"""\{(?:\s|//[^\n]*+)*+["'\u201c]?tool_calls\b""")
_OBJECT = re.compile(r"^[ \t]*(?=\{)", re.MULTILINE)
_BARE_KEYS = frozenset({"name", "arguments", "parameters", "id", "type"})
# No answer means more; the bound also keeps hostile ones linear.
_MAX_CALLS = 64
_MAX_PROBLEMS = 5


@dataclass(frozen=True, slots=True)
class ParsedAnswer:
    """An answer taken apart; ``problems`` are messages to the model, one a broken call."""

    text: str
    calls: tuple[ToolCall, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Fence:
    """A fenced block: its own offsets and those of its body; ``closed`` by a fence of its own."""

    info: str
    start: int
    body: int
    body_end: int
    end: int
    indent: str
    closed: bool


def parse_tool_calls(text: str) -> ParsedAnswer:
    """Take an answer apart; never raises, in time linear in the answer's length."""
    parser = _Parser(with_plain_tags(text))
    parser.read_marked()
    if not parser.found:
        parser.read_actions()
    if not parser.found:
        parser.read_bare()
    return parser.parsed()


def extract_code(text: str) -> str | None:
    """Return the code of a direct answer: a ``code`` block, else the largest fenced block.

    One that is closed is preferred; whether an answer was cut off is not seen from here.
    """
    blocks = [block for block in find_blocks(text) if block.name == "code"]
    if blocks:
        return max(blocks, key=lambda block: (block.closed, block.start)).value
    fences = [(fence, _body(text, fence)) for fence in _fences(text)]
    found = [(fence.closed, len(body), body) for fence, body in fences if not _is_call(fence, body)]
    return max(found, key=lambda one: one[:2])[2] if found else None


def render_call(name: str, arguments: Mapping[str, Any], raw: tuple[str, ...] = ()) -> str:
    """Write a call as the in-process models do: small arguments as JSON, ``raw`` ones as blocks."""
    small = {key: value for key, value in arguments.items() if key not in raw}
    header = json.dumps({"name": name, "arguments": small}, ensure_ascii=False)
    blocks = [render_block(key, str(arguments[key])) for key in raw if key in arguments]
    return "\n".join([OPEN, header, *blocks, CLOSE])


class _Parser:
    """One answer; collects calls, problems and the prose between them."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._answer = Answer(text, BlockReader(text))
        self._calls: list[ToolCall] = []
        self._problems: list[str] = []
        self._taken: list[tuple[int, int]] = []
        self._shown: list[_Fence] = []

    @property
    def found(self) -> bool:
        """Whether there was anything that is or should have been a call."""
        return bool(self._calls or self._problems)

    def parsed(self) -> ParsedAnswer:
        """Return what was read; prose is what no call took."""
        at, prose = 0, []
        for start, end in sorted(self._taken):
            prose.append(self._text[at:start])
            at = end
        prose.append(self._text[at:])
        return ParsedAnswer("".join(prose).strip(), tuple(self._calls), tuple(self._problems))

    def read_marked(self) -> None:
        """Read elements and call fences; other fences and raw blocks hide what is in them."""
        at = 0
        while mark := _MARKS.search(self._text, at):
            if mark["open"]:
                if len(self._taken) >= _MAX_CALLS:
                    self._complain(f"there are more than {_MAX_CALLS} calls", mark.start())
                    return
                at = self._take(mark.start(), lambda: read_element(self._answer, mark.end()))
            else:
                at = self._pass(mark)

    def read_actions(self) -> None:
        """Read ``Action:`` lines, up to an ``Observation:`` that the model made up itself."""
        at = 0
        while len(self._taken) < _MAX_CALLS and (mark := _LEGACY_MARKS.search(self._text, at)):
            if mark["seen"] and self._calls:
                return
            if mark["action"] is not None:
                at = self._action(mark)
            elif mark["ticks"] is not None:
                fence = _fence_at(self._text, mark)
                at = fence.end if fence else mark.end()
            else:
                at = mark.end() if mark["seen"] else self._behind_block(mark)

    def read_bare(self) -> None:
        """Read an answer that is one JSON object; point out a call that stands in a fence."""
        fence = self._shown[0] if self._shown else None
        body = self._text
        if fence and not (self._text[: fence.start] + self._text[fence.end :]).strip():
            body = _body(self._text, fence)
        mark = _MARKS.search(self._text)
        found = _OBJECT.search(self._text, 0, mark.start() if mark else len(self._text))
        bare = found if found and _has_calls(self._text, found.end()) else None
        if _is_bare_call(body):
            start = self._text.find("{")
            self._take(start, lambda: (decode_call(body.strip(), start), len(self._text)))
        elif bare:
            self._take(bare.end(), lambda: read_json(self._text, bare.end()), len(self._text))
        elif fence and fence.closed and body is not self._text and body.lstrip().startswith(OPEN):
            # Nothing stands around it, so it is shown to nobody.
            self._take(fence.start, lambda: self._fenced(fence, body), fence.end)
        elif fence:
            self._complain(
                "it stands in a code fence, where nothing is carried out; write it outside",
                fence.start,
            )

    def _pass(self, mark: re.Match[str]) -> int:
        """Go past a fence or a raw block; return the offset behind it."""
        if mark["ticks"] is None:
            return self._behind_block(mark)
        fence = _fence_at(self._text, mark)
        if fence is None:
            return mark.end()
        body = _body(self._text, fence)
        if _is_call(fence, body) and len(self._taken) < _MAX_CALLS:
            return self._take(fence.start, lambda: self._fenced(fence, body), fence.end)
        if _shows_call(fence, body):
            self._shown.append(fence)
        return fence.end

    def _behind_block(self, mark: re.Match[str]) -> int:
        closing = self._answer.blocks.closing(mark)
        if closing is not None:
            return closing.end()
        # A line like a sentinel that nothing closes is prose, but for the code's own.
        return len(self._text) if mark["name"] == "code" else mark.end()

    def _fenced(self, fence: _Fence, body: str) -> tuple[Calls, int]:
        at = skip_space(self._text, fence.body)
        if not self._text.startswith(OPEN, at):
            return decode_call(body.strip(), at), fence.end
        calls: Calls = []
        while self._text.startswith(OPEN, at) and at < fence.body_end:
            found, at = read_element(self._answer, at + len(OPEN))
            calls += found
            at = skip_space(self._text, at)
        return calls, max(at, fence.end)

    def _action(self, mark: re.Match[str]) -> int:
        name = mark["action"].strip("`\"'* \t\r")
        given = _INPUT.match(self._text, mark.end())
        if given is None:
            if not _IDENTIFIER.fullmatch(name) or "Action" not in mark[0]:
                return mark.end()
            self._complain(
                f"'Action: {name}' has no 'Action Input:' line with a JSON object", mark.start()
            )
            self._taken.append((mark.start(), mark.end()))
            return mark.end()

        def read() -> tuple[Calls, int]:
            if not name:
                raise BadCallError("'Action:' names no tool")
            arguments, end = read_input(self._text, given.end(), name)
            return [(name, arguments)], end

        return self._take(mark.start(), read, fallback=given.end())

    def _take(
        self, start: int, read: Callable[[], tuple[Calls, int]], fallback: int | None = None
    ) -> int:
        """Take a call, or the problem with it; return the offset behind it."""
        try:
            calls, end = read()
        except BadCallError as error:
            self._complain(str(error), start, error.offset)
            end = element_end(self._answer, start + 1) if fallback is None else fallback
        else:
            for name, arguments in calls:
                self._calls.append(ToolCall(f"call_{len(self._calls)}", name, arguments))
        self._taken.append((start, end))
        return end

    def _complain(self, message: str, start: int, place: int | None = None) -> None:
        if len(self._problems) == _MAX_PROBLEMS:
            return
        line = self._text.count("\n", 0, start) + 1
        where = "" if place is None else f", at {_line_and_column(self._text, place)}"
        self._problems.append(
            f"The call at line {line} of your answer can't be read{where}: {message}. "
            f"Write a call like this:\n{SHAPE}"
        )


def _fences(text: str) -> Iterator[_Fence]:
    at = 0
    pattern = re.compile(_FENCE, re.MULTILINE)
    while mark := pattern.search(text, at):
        fence = _fence_at(text, mark)
        if fence is not None:
            yield fence
        at = fence.end if fence else mark.end()


def _fence_at(text: str, mark: re.Match[str]) -> _Fence | None:
    """Return the fenced block that a line opens; one that is not closed reaches to the end."""
    ticks, info = mark["ticks"], mark["info"].strip()
    if "`" in info and ticks[0] == "`":
        return None
    closing = re.compile(rf"^[ \t]*{ticks[0]}{{{len(ticks)},}}[ \t]*\r?$", re.MULTILINE)
    body = min(mark.end() + 1, len(text))
    end = closing.search(text, body)
    return _Fence(
        info.lower(),
        mark.start(),
        body,
        end.start() if end else len(text),
        end.end() if end else len(text),
        mark["indent"],
        end is not None,
    )


def _body(text: str, fence: _Fence) -> str:
    """Return what a fence holds, without its own indentation and the last line end."""
    body = text[fence.body : fence.body_end]
    if fence.indent:
        body = re.sub(rf"^{fence.indent}", "", body, flags=re.MULTILINE)
    return body.removesuffix("\n").removesuffix("\r")


def _is_call(fence: _Fence, body: str) -> bool:
    """Whether a fence holds calls that are to be carried out."""
    if fence.info in ("tool_call", "tool_calls"):
        return True
    if fence.info not in ("", "json", "jsonc", "json5"):
        return False
    if _CALLS_KEY.match(body.lstrip()):
        return True
    return "tool_calls" in body and isinstance(_object(body).get("tool_calls"), list | dict)


def _has_calls(text: str, at: int) -> bool:
    """Whether an object with ``tool_calls`` begins at an offset."""
    if "tool_calls" not in text:
        return False
    try:
        value, _ = decode(text, at)
    except ValueError:
        return False
    return isinstance(value, dict) and isinstance(value.get("tool_calls"), list)


def _shows_call(fence: _Fence, body: str) -> bool:
    """Whether a fence holds what would be a call outside of it, and may be meant as one."""
    if not fence.closed and OPEN in body:
        return True
    if fence.info not in ("", "json", "xml"):
        return False
    return body.lstrip().startswith(OPEN) or _is_bare_call(body)


def _is_bare_call(body: str) -> bool:
    """Whether a text is nothing but one call as many models print it."""
    value = _object(body) if "name" in body else {}
    arguments = value.get("arguments", value.get("parameters"))
    # A tool's description looks alike, but for the schema in it.
    is_schema = isinstance(arguments, dict) and "properties" in arguments
    return (
        isinstance(value.get("name"), str)
        and isinstance(arguments, dict | str)
        and not is_schema
        and value.keys() <= _BARE_KEYS
    )


def _object(body: str) -> dict[str, Any]:
    source = body.strip()
    if not source.startswith("{"):
        return {}
    try:
        value, end = decode(source, 0)
    except ValueError:
        return {}
    return value if isinstance(value, dict) and not behind(source, end) else {}


def _line_and_column(text: str, offset: int) -> str:
    line = text.count("\n", 0, offset) + 1
    return f"line {line}, column {offset - text.rfind(chr(10), 0, offset)}"

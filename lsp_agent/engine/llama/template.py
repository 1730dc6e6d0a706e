"""Chat templates: the model's own Jinja source decides the frame, never the content.

Messages are rendered with a placeholder for each content; the frame is tokenized with special
tokens allowed and the contents without, so that a file which spells ``<|im_end|>`` can't end a
turn (llama.cpp #11270).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby, product
from typing import Any

from lsp_agent.engine.types import EngineError, Message

CHATML = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_PLACEHOLDER = re.compile("\ue000(\\d+)\ue001")


class ChatTemplate:
    """A compiled template. ``render`` gives alternating frame and content pieces."""

    def __init__(self, source: str | None, *, bos: str = "", eos: str = "") -> None:
        from jinja2 import TemplateError
        from jinja2.ext import loopcontrols
        from jinja2.sandbox import SandboxedEnvironment

        from lsp_agent.engine.llama.template_tags import Generation

        # A template is a program of its author's: whatever it trips over is its fault.
        self._errors = (
            *(TemplateError, TypeError, ValueError, LookupError, AttributeError),
            *(ArithmeticError, RecursionError),
        )
        # Some published templates append to lists, which the immutable sandbox refuses.
        env = SandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols, Generation]
        )
        env.filters["tojson"] = _to_json
        env.globals["raise_exception"] = _raise
        env.globals["strftime_now"] = _strftime_now
        try:
            self._template = env.from_string(source or CHATML)
        except TemplateError as error:
            raise EngineError(
                f"the model's chat template is broken ({error}); set chat_template for this engine"
            ) from error
        self._tokens = {"bos_token": bos, "eos_token": eos}

    def render(self, messages: Sequence[Message]) -> list[tuple[str, bool]]:
        """Return ``(text, is_content)`` pieces that end where the assistant's answer begins."""
        contents: list[str] = []
        rows = [_row(message, contents) for message in _alternating(messages)]
        text = self._render(rows)
        pieces: list[tuple[str, bool]] = []
        at = 0
        for match in _PLACEHOLDER.finditer(text):
            pieces += ((text[at : match.start()], False), (contents[int(match[1])], True))
            at = match.end()
        pieces.append((text[at:], False))
        return [piece for piece in pieces if piece[0]]

    def _render(self, rows: list[dict[str, str]]) -> str:
        attempts = [rows]
        if rows and rows[0]["role"] == "system":
            # Some templates (gemma 2) know no system role.
            first, *rest = rows
            head = rest[0] if rest else {"role": "user", "content": ""}
            merged = {"role": head["role"], "content": f"{first['content']}\n\n{head['content']}"}
            attempts.append([merged, *rest[1:]])
        problem: Exception | None = None
        # A template made for tools alone can't do without a list.
        tool_lists: tuple[list[Any] | None, ...] = (None, [])
        for attempt, tools in product(attempts, tool_lists):
            try:
                return self._template.render(
                    messages=attempt, add_generation_prompt=True, tools=tools, **self._tokens
                )
            except self._errors as error:
                problem = problem or error
        raise EngineError(f"the model's chat template refuses the conversation: {problem}")


def _alternating(messages: Sequence[Message]) -> list[Message]:
    """Give tool results to the user role and join neighbours: not every template knows more.

    Calls of the assistant's are spelled out in its text, as a model without native tools makes
    them.
    """
    turns = [
        Message("user" if message.role == "tool" else message.role, _spoken(message))
        for message in messages
    ]
    return [
        Message(role, "\n".join(message.content for message in group))
        for role, group in groupby(turns, key=lambda message: message.role)
    ]


def _spoken(message: Message) -> str:
    calls = [
        json.dumps({"name": call.name, "arguments": dict(call.arguments)}, ensure_ascii=False)
        for call in message.tool_calls
    ]
    tagged = [f"<tool_call>\n{call}\n</tool_call>" for call in calls]
    return "\n".join([message.content, *tagged] if message.content else tagged)


def _row(message: Message, contents: list[str]) -> dict[str, str]:
    # A private-use character of the content itself must not look like a placeholder.
    contents.append(message.content)
    return {"role": message.role, "content": f"\ue000{len(contents) - 1}\ue001"}


def _to_json(value: Any, indent: int | None = None, **_: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _raise(message: str) -> str:
    from jinja2 import TemplateError

    raise TemplateError(message)


def _strftime_now(layout: str) -> str:
    # Midnight, so that a template with a clock in its first line keeps the cached prefix all day.
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today.strftime(layout)

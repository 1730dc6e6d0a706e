"""One edit as models write it: tool calls in every spelling, and the block formats."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from benchmarks.corruptions.workspace import Change
from lsp_agent.agent.formats import render_call
from lsp_agent.engine.types import ToolCall

Text = str | tuple[ToolCall, ...]
Render = Callable[[str, Mapping[str, Any]], Text]


@dataclass(frozen=True, slots=True)
class Edit:
    """A change with lines of context, as two blocks of lines without their ends.

    ``head`` and ``tail`` count the lines of context that both blocks begin and end with.
    """

    change: Change
    path: str
    old: tuple[str, ...]
    new: tuple[str, ...]
    head: int
    tail: int

    @classmethod
    def draw(cls, rng: random.Random, change: Change) -> Edit:
        """Take a change with as much context as makes its place unique, and some more."""
        lines = plain(change.before).split("\n")
        cut = plain(change.old).removesuffix("\n").split("\n")
        at = change.before[: change.start].count("\n")
        head, tail = rng.randrange(1, 5), rng.randrange(1, 5)
        while True:
            first, last = max(at - head, 0), min(at + len(cut) + tail, len(lines) - 1)
            above, below = lines[first:at], lines[at + len(cut) : last]
            old = (*above, *cut, *below)
            if plain(change.before).count("\n".join(old)) == 1:
                put = plain(change.new).removesuffix("\n").split("\n")
                new = (*above, *put, *below)
                return cls(change, change.path, old, new, len(above), len(below))
            head, tail = head + 1, tail + 1

    @property
    def lines(self) -> list[str]:
        """The file's lines."""
        return plain(self.change.before).split("\n")

    def each(self, write: Callable[[str], str]) -> Edit:
        """Write every line of both blocks in another way."""
        return replace(self, old=tuple(map(write, self.old)), new=tuple(map(write, self.new)))

    def arguments(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "old_string": "\n".join(self.old),
            "new_string": "\n".join(self.new),
        }


def plain(text: str) -> str:
    return text.replace("\r\n", "\n")


def call_json(name: str, arguments: Mapping[str, Any]) -> str:
    return json.dumps({"name": name, "arguments": dict(arguments)}, ensure_ascii=False)


def native(name: str, arguments: Mapping[str, Any]) -> Text:
    return (ToolCall("c0", name, dict(arguments)),)


def element(name: str, arguments: Mapping[str, Any]) -> Text:
    return f"<tool_call>\n{call_json(name, arguments)}\n</tool_call>"


def raw_blocks(name: str, arguments: Mapping[str, Any]) -> Text:
    return render_call(name, arguments, ("old_string", "new_string", "content"))


def tags(name: str, arguments: Mapping[str, Any]) -> Text:
    inner = "".join(f"<{key}>\n{value}\n</{key}>\n" for key, value in arguments.items())
    return f"<tool_call>\n<name>{name}</name>\n<input>\n{inner}</input>\n</tool_call>"


def functions(name: str, arguments: Mapping[str, Any]) -> Text:
    inner = "".join(
        f"<parameter={key}>\n{value}\n</parameter>\n" for key, value in arguments.items()
    )
    return f"<tool_call>\n<function={name}>\n{inner}</function>\n</tool_call>"


def fenced(name: str, arguments: Mapping[str, Any]) -> Text:
    return f'```json\n{{"tool_calls": [{call_json(name, arguments)}]}}\n```'


def action(name: str, arguments: Mapping[str, Any]) -> Text:
    given = json.dumps(dict(arguments), ensure_ascii=False)
    return f"Thought: the place is clear.\nAction: {name}\nAction Input: {given}"


def bare(name: str, arguments: Mapping[str, Any]) -> Text:
    return call_json(name, arguments)


CALLS: dict[str, Render] = {
    "native": native, "element": element, "raw blocks": raw_blocks, "tags": tags,
    "functions": functions, "fenced": fenced, "action": action, "bare": bare,
}  # fmt: skip
JSON_CALLS = ("element", "fenced", "action", "bare")
SPACIOUS = tuple(name for name in CALLS if name != "bare")
"""Those that prose may stand around."""


def search_replace(edit: Edit, rng: random.Random) -> str:
    """Write aider's block format, in the ways that models vary it."""
    marks = rng.choice((5, 7, 7, 7, 9))
    where = rng.choice(("above", "above", "inside", "fence"))
    tick = "```"
    block = "\n".join(
        ["<" * marks + " SEARCH", *edit.old, "=" * marks, *edit.new, ">" * marks + " REPLACE"]
    )
    if where == "above":
        name = rng.choice(("{}", "`{}`", "**{}**", "### {}", "{}:")).format(edit.path)
        return f"{name}\n{tick}\n{block}\n{tick}"
    if where == "inside":
        return f"{tick}\n{edit.path}\n{block}\n{tick}"
    return f"{edit.path}\n{block}"


def unified(edit: Edit, rng: random.Random, numbers: str = "right") -> str:
    """Write a unified diff; ``numbers`` are its line numbers: right, wrong or none."""
    head, tail = edit.head, edit.tail
    cut, put = edit.old[head : len(edit.old) - tail], edit.new[head : len(edit.new) - tail]
    at = 1 + "\n".join(edit.lines).split("\n".join(edit.old))[0].count("\n")
    if numbers == "wrong":
        at += rng.choice((-7, -3, 2, 40, 900))
    header = f"@@ -{max(at, 1)},{len(edit.old)} +{max(at, 1)},{len(edit.new)} @@"
    if numbers == "none":
        header = rng.choice(("@@ ... @@", "@@", "@@ -0,0 +0,0 @@"))
    body = [
        *(f" {line}" for line in edit.old[:head]),
        *(f"-{line}" for line in cut),
        *(f"+{line}" for line in put),
        *(f" {line}" for line in edit.old[len(edit.old) - tail :]),
    ]
    if rng.random() < 0.5:
        # Blank lines of context lose their one space.
        body = [line.rstrip() if line == " " else line for line in body]
    old, new = rng.choice((("a/", "b/"), ("", "")))
    names = [f"--- {old}{edit.path}", f"+++ {new}{edit.path}"]
    return "\n".join(["```diff", *names, header, *body, "```"])


def whole_file(path: str, text: str, rng: random.Random) -> str:
    info = rng.choice(("python", "", "text"))
    name = rng.choice(("{}", "`{}`", "**{}**", "### {}")).format(path)
    return f"{name}\n```{info}\n{plain(text).removesuffix(chr(10))}\n```"

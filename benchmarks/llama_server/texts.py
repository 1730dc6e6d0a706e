"""Prompts that look like code, the function that is rewritten, and grammars.

Everything follows from a seed, so that both sides get the same and no two runs do.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import fields
from typing import Any

from lsp_agent.engine.types import Chat, Fim, Job, Message, Request

Count = Callable[[str], int]
_NAMES = (
    "account", "buffer", "cache", "client", "config", "count", "cursor", "entry", "event", "field",
    "handler", "header", "index", "items", "label", "limit", "line", "node", "offset", "option",
    "order", "parent", "path", "price", "query", "record", "result", "row", "score", "session",
    "size", "source", "state", "status", "stream", "table", "target", "token", "total", "user",
)  # fmt: skip
_VERBS = ("add", "build", "check", "close", "find", "load", "merge", "parse", "read", "update")


def function(rng: random.Random) -> str:
    """Return a small function of its own kind, about 60 tokens."""
    verb, a, b, c = rng.choice(_VERBS), *rng.sample(_NAMES, 3)
    return (
        f"def {verb}_{a}({b}, {c}):\n"
        f'    """{verb.title()} the {a} of a {b}."""\n'
        f"    {a} = {b}.get({c!r}, {rng.randrange(1000)})\n"
        f"    if {a} > {c}.{rng.choice(_NAMES)}:\n"
        f"        return {verb}({a}, {c}[{rng.randrange(100)}])\n"
        f"    return {a} + {rng.randrange(1000)}\n\n\n"
    )


def code(rng: random.Random, tokens: int, count: Count) -> str:
    """Return code of about so many tokens, at most one line off."""
    parts: list[str] = []
    held = 0
    while held < tokens:
        for line in function(rng).splitlines(keepends=True):
            if held < tokens:
                parts.append(line)
                held += count(line)
    return "".join(parts)


def chat(*contents: str) -> Chat:
    """Return a conversation, the user's turn first and last."""
    return Chat(
        tuple(
            Message("assistant" if index % 2 else "user", content)
            for index, content in enumerate(contents)
        )
    )


def request(
    prompt: Chat | Fim,
    max_tokens: int,
    *,
    grammar: str | None = None,
    reference: Sequence[str] = (),
    job: Job | None = None,
) -> Request:
    """Return a greedy request; ``reference`` names texts that the answer may repeat."""
    more: dict[str, Any] = {}
    if reference and any(field.name == "reference" for field in fields(Request)):
        more["reference"] = tuple(reference)
    kind = job if job is not None else Job.COMPLETION if isinstance(prompt, Fim) else Job.RUN
    return Request(prompt, max_tokens=max_tokens, grammar=grammar, job=kind, **more)


def long_function(lines: int = 60) -> str:
    """Return a function of exactly so many lines."""
    rng = random.Random(60)
    rows = ["def settle(orders, limits, rates, log):", '    """Settle all orders of a day."""']
    while len(rows) < lines - 1:
        a, b, c = rng.sample(_NAMES, 3)
        rows += [
            f"    {a} = orders.get({b!r}, {rng.randrange(100)})",
            f"    for {c} in limits[{a!r}]:",
            f"        if {c}.{b} > rates[{rng.randrange(100)}] + {a}:",
            f"            log.append(({a}, {c}.{rng.choice(_NAMES)}))",
            f"        {a} += {c}.{b} * {rng.randrange(2, 90)}",
        ]
    return "\n".join([*rows[: lines - 1], "    return log"]) + "\n"


def changed(text: str) -> str:
    """Return a text with three of its lines changed in their second half."""
    lines = text.split("\n")
    for row in (len(lines) // 5, len(lines) // 2, len(lines) * 4 // 5):
        lines[row] = lines[row][: len(lines[row]) // 2] + "limit_of_day(price, 17)]"
    return "\n".join(lines)


def spelled(text: str) -> str:
    """Return a grammar that allows this text alone."""
    lines = (json.dumps(line, ensure_ascii=True) for line in text.splitlines(keepends=True))
    return "root ::= " + " ".join(lines) + "\n"


def tokens_only(tokens: Sequence[int]) -> str:
    """Return a grammar that allows these tokens alone, cut as they are."""
    return "root ::= " + " ".join(f"<[{token}]>" for token in tokens) + "\n"


# Strings are bounded, as random weights close none by themselves.
TOOL_CALL = r"""root ::= "{\"name\": \"replace_lines\", \"arguments\": {" args "}}"
args ::= "\"path\": \"" path "\", \"start\": " int ", \"end\": " int ", \"lines\": [" lines "]"
path ::= [a-z_/]{24,32} ".py"
int ::= [1-9] [0-9]{0,3}
lines ::= line ", " line ", " line ", " line
line ::= "\"" char{40,60} "\""
char ::= [^"\\\x00-\x1F\x7F] | "\\" ["\\nt]
"""

"""GBNF for tool calls, built from the tools' JSON Schemas and from the workspace.

A call under this grammar always parses: keys come in a fixed order, strings are strict JSON and
bounded, long texts stand in raw blocks, and paths and symbols are enumerated, so that one that
does not exist can't be sampled. Bounds stay below 2,000, above which llama.cpp ignores them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lsp_agent.tools.spec import Tool

MAX_PATHS = 400
_MAX_LINES = 400
_BASE = r"""
answer ::= [^<] [^\x00]*
char ::= [^"\\\x00-\x1F\x7F] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F]{4})
string ::= "\"" char{0,400} "\""
integer ::= "0" | [1-9] [0-9]{0,5}
number ::= "-"? integer ("." [0-9]{1,6})?
boolean ::= "true" | "false"
"""


def tool_grammar(
    tools: Iterable[Tool[Any]],
    paths: Sequence[str],
    symbols: Mapping[str, Sequence[str]],
    *,
    allow_answer: bool = True,
) -> str:
    """Return a grammar for one call of one of the tools or, where allowed, a plain answer.

    ``paths`` are the files of the workspace (empty: any string), ``symbols`` the definitions that
    are known, by path.
    """
    builder = _Builder(paths[:MAX_PATHS], symbols)
    calls = [name for tool in tools if (name := builder.call(tool))]
    body = f'"<tool_call>\\n" ({" | ".join(calls)}) "\\n</tool_call>"'
    root = f"root ::= {body} | answer" if allow_answer else f"root ::= {body}"
    return "\n".join([root, _BASE.strip(), *builder.rules]) + "\n"


class _Builder:
    def __init__(self, paths: Sequence[str], symbols: Mapping[str, Sequence[str]]) -> None:
        self.rules: list[str] = []
        self._symbols = {path: names for path, names in symbols.items() if names}
        self._raw_names: set[str] = set()
        self._paths = bool(paths)
        if paths:
            self.rules.append(f"path ::= {_choice(paths)}")

    def call(self, tool: Tool[Any]) -> str:
        """Add the rule of one tool; return its name, ``""`` when it has nothing to work on."""
        schema = tool.schema().parameters
        properties: Mapping[str, Any] = schema.get("properties", {})
        required = [key for key in schema.get("required", ()) if key not in tool.raw]
        optional = [key for key in properties if key not in required and key not in tool.raw]
        members = self._members(properties, required, optional)
        if members is None:
            return ""
        name = "call-" + _rule_name(tool.name)
        raw = [self._block(key) for key in tool.raw]
        head = _literal('{"name": ' + json.dumps(tool.name) + ', "arguments": {')
        self.rules.append(f"{name} ::= {' '.join([head, members, _literal('}}'), *raw])}")
        return name

    def _members(
        self,
        properties: Mapping[str, Any],
        required: Sequence[str],
        optional: Sequence[str],
    ) -> str | None:
        formats = {key: properties[key].get("format") for key in required}
        if list(formats.values()) == ["existing-file", "symbol"]:
            return self._pairs(required) if self._symbols else None
        parts = [self._member(key, properties[key]) for key in required]
        joined = f" {_literal(', ')} ".join(parts)
        rest = [self._member(key, properties[key]) for key in optional]
        if required:
            return " ".join([joined, *(f"({_literal(', ')} {one})?" for one in rest)])
        return _optional_chain(rest)

    def _pairs(self, keys: Sequence[str]) -> str:
        """Enumerate files with the symbols that each defines."""
        path_key, symbol_key = keys
        choices = [
            f"{_literal(json.dumps(path_key) + ': ' + json.dumps(path, ensure_ascii=False))} "
            f"{_literal(', ' + json.dumps(symbol_key) + ': ')} ({_choice(names)})"
            for path, names in self._symbols.items()
        ]
        self.rules.append(f"known-symbol ::= {' | '.join(choices)}")
        return "known-symbol"

    def _member(self, key: str, schema: Mapping[str, Any]) -> str:
        return f"{_literal(json.dumps(key) + ': ')} {self._value(schema)}"

    def _value(self, schema: Mapping[str, Any]) -> str:
        if "anyOf" in schema:
            kinds = [one for one in schema["anyOf"] if one.get("type") != "null"]
            return self._value({**kinds[0], "format": schema.get("format")})
        if "enum" in schema:
            return f"({_choice(schema['enum'])})"
        if schema.get("format") == "existing-file" and self._paths:
            return "path"
        kind = schema.get("type", "string")
        if kind == "array":
            item = self._value(schema.get("items", {}))
            return f'"[" ({item} (", " {item}){{0,20}})? "]"'
        if kind == "integer" and isinstance(limit := schema.get("maximum"), int) and limit > 0:
            return f"({_up_to(limit, zero=schema.get('minimum', 0) <= 0)})"
        return kind if kind in ("integer", "number", "boolean") else "string"

    def _block(self, key: str) -> str:
        name = _rule_name(key)
        if name not in self._raw_names:
            self._raw_names.add(name)
            first = key[0]
            # As in direct.gbnf: a line may start with ">>>", but not like the closing sentinel.
            self.rules.append(
                f'{name}-line ::= ([^>\\n] [^\\n]* | ">" ([^>\\n] [^\\n]*)? '
                f'| ">>" ([^>\\n] [^\\n]*)? | ">>>" ([^{first}\\n] [^\\n]*)?)? "\\n"'
            )
        return (
            f"{_literal(chr(10) + '<<<' + key + chr(10))} {name}-line{{1,{_MAX_LINES}}} "
            f"{_literal('>>>' + key)}"
        )


def _up_to(limit: int, *, zero: bool) -> str:
    """Return a rule body for the integers from 1 (or 0) to a limit."""
    digits = str(limit)
    choices = ['"0"'] if zero else []
    if len(digits) > 1:
        choices.append(f"[1-9] [0-9]{{0,{len(digits) - 2}}}")
    for at, digit in enumerate(digits):
        # The same digits up to here, a smaller one, and any behind it.
        low = 0 if at else 1
        if int(digit) > low:
            head = f'"{digits[:at]}" ' if at else ""
            choices.append(f"{head}[{low}-{int(digit) - 1}] [0-9]{{{len(digits) - at - 1}}}")
    return " | ".join([*choices, f'"{digits}"'])


def _optional_chain(parts: Sequence[str]) -> str:
    """Return a rule body for any subset of members, in order, with commas only between them."""
    choices = []
    for index, part in enumerate(parts):
        rest = " ".join(f"({_literal(', ')} {one})?" for one in parts[index + 1 :])
        choices.append(f"{part} {rest}".strip())
    return f"({' | '.join(choices)})?" if choices else '""'


def _choice(values: Sequence[Any]) -> str:
    return " | ".join(_literal(json.dumps(value, ensure_ascii=False)) for value in values)


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    escaped = escaped.replace("\r", "\\r").replace("\t", "\\t")
    return f'"{escaped}"'


def _rule_name(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower())

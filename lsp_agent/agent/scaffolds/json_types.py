"""Types of a shape, in TypeScript, Python and Go."""

from __future__ import annotations

import json
import keyword
import re
from collections.abc import Callable, Sequence
from typing import Any, Literal

from lsp_agent.agent.scaffolds.shapes import Names, Shape, shape_of, singular, type_name

Target = Literal["typescript", "typeddict", "dataclass", "go"]
_PYTHON = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
_TYPESCRIPT = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}
_GO = {"string": "string", "integer": "int64", "number": "float64", "boolean": "bool"}
_TAG = re.compile(r'[^"`\\,\x00-\x1f\x7f]+')
_NAME = re.compile(r"[A-Za-z_$][\w$]*", re.ASCII)
_INITIALISMS = frozenset({"Id", "Url", "Uri", "Api", "Http", "Json", "Html", "Ip", "Uuid"})
Describe = Callable[[Shape, str], str]


def write_types(value: Any, name: str, target: Target) -> tuple[str, str]:
    """Return the imports that types need, and the types: of a value, its own under ``name``.

    Both end with a line end, or are empty. The same value gives the same text.
    """
    shape = shape_of(value)
    return {
        "typescript": _typescript,
        "typeddict": _typeddicts,
        "dataclass": _dataclasses,
        "go": _structs,
    }[target](shape, type_name(name))


def _named(names: Names, describe: Describe) -> None:
    """Describe all fields until no object without a name turns up any more."""
    done = 0
    while done < len(names.found):
        for key, one in names.found[done].shape.fields or ():
            describe(one.shape, key)
        done += 1


def _typescript(shape: Shape, name: str) -> tuple[str, str]:
    names = Names()

    def describe(one: Shape, wanted: str) -> str:
        parts = sorted({_TYPESCRIPT[kind] for kind in one.scalars - {"null"}})
        if one.item is not None:
            inner = describe(one.item, singular(wanted))
            parts.append(f"({inner})[]" if " " in inner else f"{inner}[]")
        if one.fields is not None:
            parts.append(names.of(one, wanted))
        parts += ["null"] * one.nullable
        return " | ".join(parts) or "unknown"

    alias = _alias(shape, name, describe, names, "export type {name} = {type};\n")
    blocks = []
    for known in names.found:
        rows = [
            f"  {key if _NAME.fullmatch(key) else json.dumps(key)}{'?' * one.optional}: "
            f"{describe(one.shape, key)};\n"
            for key, one in known.shape.fields or ()
        ]
        blocks.append(f"export interface {known.name} {{\n{''.join(rows)}}}\n")
    return "", "\n".join([*([alias] if alias else []), *blocks])


def _alias(shape: Shape, name: str, describe: Describe, names: Names, words: str) -> str:
    """Name everything; return what says the outermost type where that is no object."""
    pure = shape.fields is not None and not shape.scalars and shape.item is None
    said = describe(shape, name)
    _named(names, describe)
    if pure:
        return ""
    taken = {one.name for one in names.found}
    return words.format(name=f"{name}List" if name in taken else name, type=said)


def _python_type(names: Names) -> Describe:
    def describe(one: Shape, wanted: str) -> str:
        parts = sorted({_PYTHON[kind] for kind in one.scalars - {"null"}})
        if one.item is not None:
            parts.append(f"list[{describe(one.item, singular(wanted))}]")
        if one.fields is not None:
            parts.append(names.of(one, wanted))
        if one.nullable:
            parts.append("None")
        return " | ".join(parts) or "object"

    return describe


def _typeddicts(shape: Shape, name: str) -> tuple[str, str]:
    names = Names()
    describe = _python_type(names)
    alias = _alias(shape, name, describe, names, "{name} = {type}\n")
    blocks, optional = [], False
    for known in names.inner_first():
        rows = []
        for key, one in known.shape.fields or ():
            said = describe(one.shape, key)
            optional |= one.optional
            rows.append((key, f"NotRequired[{said}]" if one.optional else said))
        blocks.append(_typeddict(known.name, rows))
    wanted = "NotRequired, TypedDict" if optional else "TypedDict"
    imports = f"from typing import {wanted}\n" if blocks else ""
    return imports, "\n\n".join([*blocks, *([alias] if alias else [])])


def _typeddict(name: str, rows: Sequence[tuple[str, str]]) -> str:
    if all(_is_python_name(key) for key, _ in rows):
        body = "".join(f"    {key}: {said}\n" for key, said in rows) or "    pass\n"
        return f"class {name}(TypedDict):\n{body}"
    # Only this way can keys be no names.
    body = "".join(f"        {json.dumps(key)}: {said},\n" for key, said in rows)
    return f'{name} = TypedDict(\n    "{name}",\n    {{\n{body}    }},\n)\n'


def _dataclasses(shape: Shape, name: str) -> tuple[str, str]:
    names = Names()
    describe = _python_type(names)
    alias = _alias(shape, name, describe, names, "{name} = {type}\n")
    blocks = []
    for known in names.inner_first():
        needed, rest, taken = "", "", set[str]()
        for key, one in known.shape.fields or ():
            own = _python_name(key, taken)
            remark = f"  # {json.dumps(key)}" if own != key else ""
            said = describe(one.shape, key)
            if one.optional:
                said = said if one.shape.nullable else f"{said} | None"
                rest += f"    {own}: {said} = None{remark}\n"
            else:
                needed += f"    {own}: {said}{remark}\n"
        body = needed + rest or "    pass\n"
        blocks.append(f"@dataclass\nclass {known.name}:\n{body}")
    imports = "from dataclasses import dataclass\n" if blocks else ""
    return imports, "\n\n".join([*blocks, *([alias] if alias else [])])


def _is_python_name(key: str) -> bool:
    return key.isidentifier() and not keyword.iskeyword(key) and not key.startswith("__")


def _python_name(key: str, taken: set[str]) -> str:
    name = key if _is_python_name(key) else re.sub(r"\W+", "_", key, flags=re.ASCII).strip("_")
    if not _is_python_name(name):
        name = f"field_{name}"
    while name in taken:
        name += "_"
    taken.add(name)
    return name


def _structs(shape: Shape, name: str) -> tuple[str, str]:
    names = Names()

    def describe(one: Shape, wanted: str) -> str:
        kinds = sorted({_GO[kind] for kind in one.scalars - {"null"}})
        parts = [*kinds]
        if one.item is not None:
            parts.append(f"[]{describe(one.item, singular(wanted))}")
        if one.fields is not None:
            parts.append(names.of(one, wanted))
        if len(parts) != 1:
            return "any"
        pointer = one.nullable and one.item is None
        return f"*{parts[0]}" if pointer else parts[0]

    alias = _alias(shape, name, describe, names, "type {name} {type}\n")
    blocks = []
    for known in names.found:
        rows, taken = list[tuple[str, str, str]](), set[str]()
        for key, one in known.shape.fields or ():
            if not _TAG.fullmatch(key):
                # No tag can name such a key.
                continue
            said = describe(one.shape, key)
            tag = f'`json:"{key}{",omitempty" * one.optional}"`'
            rows.append((_go_name(key, taken), said, tag))
        widths = [max((len(row[at]) for row in rows), default=0) for at in (0, 1)]
        body = "".join(
            f"\t{own:<{widths[0]}} {said:<{widths[1]}} {tag}\n" for own, said, tag in rows
        )
        blocks.append(f"type {known.name} struct {{\n{body}}}\n" if body else _empty(known.name))
    return "", "\n".join([*([alias] if alias else []), *blocks])


def _empty(name: str) -> str:
    return f"type {name} struct{{}}\n"


def _go_name(key: str, taken: set[str]) -> str:
    name = type_name(key)
    for part in _INITIALISMS:
        if name.endswith(part):
            name = name.removesuffix(part) + part.upper()
    while name in taken:
        name += "_"
    taken.add(name)
    return name

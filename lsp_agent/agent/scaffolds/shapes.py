"""What values of JSON have in common: the shape that types are written from."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lsp_agent.errors import LspAgentError

MAX_JSON = 1_000_000
_MAX_DEPTH = 32
_MAX_ITEMS, _MAX_FIELDS = 2_000, 500
_PAIR = re.compile(r'\s*"((?:\\.|[^"\\])*)"\s*:')


class JsonError(LspAgentError):
    """A text that no types can be written from; the message says why."""

    code = "no-json"


@dataclass(frozen=True, slots=True)
class Shape:
    """What stands at one place, in any of the values seen.

    ``scalars`` are of ``string integer number boolean null``; ``item`` is the shape of the elements
    where a list was seen, ``fields`` those of an object. One without anything was never seen.
    """

    scalars: frozenset[str] = frozenset()
    item: Shape | None = None
    fields: tuple[tuple[str, Field], ...] | None = None

    @property
    def nullable(self) -> bool:
        """Whether ``null`` was seen."""
        return "null" in self.scalars


@dataclass(frozen=True, slots=True)
class Field:
    """A field of objects; an ``optional`` one was not in all of them."""

    shape: Shape
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """An object's shape under the name of its type."""

    name: str
    shape: Shape


@dataclass(slots=True)
class Names:
    """Gives each object's shape a name, equal shapes the same; in the order of their finding."""

    found: list[Named] = field(default_factory=list)

    def of(self, shape: Shape, wanted: str) -> str:
        """Return the name of a shape: the wanted one, with a number where that is another's."""
        known = next((one.name for one in self.found if one.shape.fields == shape.fields), None)
        if known is not None:
            return known
        name, number = type_name(wanted), 2
        while any(one.name == name for one in self.found):
            name, number = f"{type_name(wanted)}{number}", number + 1
        self.found.append(Named(name, shape))
        return name

    def inner_first(self) -> list[Named]:
        """Return what was found so that each stands behind what it is made of."""
        known = {one.shape.fields: one for one in self.found}
        ordered: dict[str, Named] = {}

        def visit(shape: Shape) -> None:
            if shape.item is not None:
                visit(shape.item)
            for _, one in shape.fields or ():
                visit(one.shape)
            if shape.fields is not None:
                ordered.setdefault(known[shape.fields].name, known[shape.fields])

        for one in self.found:
            visit(one.shape)
        return list(ordered.values())


def read_json(text: str) -> tuple[str, Any]:
    """Return a JSON text's value, and its key where the text is one pair of an object.

    Raises :class:`JsonError` for anything else, and for more than a million characters.
    """
    if len(text) > MAX_JSON:
        raise JsonError(f"this JSON has more than {MAX_JSON:,} characters: select a part of it")
    text = text.strip().removesuffix(",")
    pair = _PAIR.match(text)
    try:
        if pair is None:
            return "", json.loads(text)
        values = json.loads("{" + text + "}")
        return next(iter(values.items())) if len(values) == 1 else ("", values)
    except (ValueError, RecursionError) as error:
        raise JsonError(f"this is no JSON: {error}") from error


def shape_of(value: Any, depth: int = 0) -> Shape:
    """Return a value's shape, of 32 levels, 2,000 elements of a list and 500 fields at most."""
    if depth > _MAX_DEPTH:
        return Shape()
    if isinstance(value, Mapping):
        rows = list(value.items())[:_MAX_FIELDS]
        return Shape(fields=tuple((key, Field(shape_of(one, depth + 1))) for key, one in rows))
    if isinstance(value, Sequence) and not isinstance(value, str):
        item = Shape()
        for one in value[:_MAX_ITEMS]:
            item = merged(item, shape_of(one, depth + 1))
        return Shape(item=item)
    kind = (
        "null" if value is None
        else "boolean" if isinstance(value, bool)
        else "integer" if isinstance(value, int)
        else "number" if isinstance(value, float)
        else "string"
    )  # fmt: skip
    return Shape(frozenset({kind}))


def merged(one: Shape, other: Shape) -> Shape:
    """Return the shape of what has either."""
    scalars = one.scalars | other.scalars
    if "number" in scalars:
        scalars -= {"integer"}
    items = [shape.item for shape in (one, other) if shape.item is not None]
    item = merged(*items) if len(items) == 2 else next(iter(items), None)
    if one.fields is None or other.fields is None:
        return Shape(scalars, item, other.fields if one.fields is None else one.fields)
    first, second = dict(one.fields), dict(other.fields)
    fields = {name: Field(known.shape, known.optional) for name, known in first.items()}
    for name, known in second.items():
        old = first.get(name)
        if old is None:
            fields[name] = Field(known.shape, optional=True)
        else:
            fields[name] = Field(merged(old.shape, known.shape), old.optional or known.optional)
    for name in first.keys() - second.keys():
        fields[name] = Field(first[name].shape, optional=True)
    return Shape(scalars, item, tuple(fields.items()))


def type_name(text: str) -> str:
    """Return a name for a type in PascalCase, of ASCII letters and digits; ``Root`` for none."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", text)
    name = "".join(word[:1].upper() + word[1:] for word in words)
    return name if name[:1].isalpha() else f"Root{name}"


def singular(word: str) -> str:
    """Return the name of one of several, as English forms it most."""
    lower = word.lower()
    if lower.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if lower.endswith(("sses", "xes", "ches", "shes")):
        return word[:-2]
    if lower.endswith("s") and not lower.endswith(("ss", "us", "is")):
        return word[:-1]
    return f"{word}Item" if word else "Item"

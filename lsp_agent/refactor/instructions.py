"""What is to become of a parameter list, in words or as the new list."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.parameters import (
    BY_PLACE,
    Kind,
    Parameters,
    checked,
    read_parameters,
)

_THE = r"(?:(?:an?|the|new|optional|parameters?|arguments?)\s+)*"
_ADD = re.compile(
    rf"add\s+(?P<only>keyword[- ]only\s+)?{_THE}(?P<only2>keyword[- ]only\s+)?{_THE}"
    r"(?P<text>\*{0,2}\w+.*?)"
    r"(?:,?\s+(?P<side>before|after)\s+(?P<anchor>\w+)|\s+(?P<first>first|at the (?:start|front)))?"
    r"(?:,?\s+(?:with|passing)\s+(?P<value>.+?)\s+(?:for|in|at|by)\s+(?:all\s+|the\s+)*call(?:er)?s)?",
    re.IGNORECASE,
)
_REMOVE = re.compile(rf"(?:remove|drop|delete)\s+{_THE}(?P<name>\w+)", re.IGNORECASE)
_RENAME = re.compile(
    rf"(?:rename\s+)?{_THE}(?P<name>\w+)\s*(?:\s+to\s+|->|→)\s*(?P<new>\w+)", re.IGNORECASE
)
_ORDER = re.compile(
    r"(?:re-?)?order\s*(?:the\s+)?(?:parameters?|arguments?)?\s*(?:to|as|:)?\s*"
    r"\(?(?P<names>\w+(?:\s*,\s*\w+)+)\)?",
    re.IGNORECASE,
)
_MOVE = re.compile(
    rf"move\s+{_THE}(?P<name>\w+)\s+(?:(?P<side>before|after)\s+(?P<anchor>\w+)"
    r"|to\s+the\s+(?P<end>front|start|beginning|end))",
    re.IGNORECASE,
)
_DEFAULT = re.compile(
    rf"(?:give\s+{_THE}(?P<a>(?!(?:the|an)\b)\w+)\s+(?:the\s+|a\s+)?default\s+(?:value\s+|of\s+)*(?P<x>.+)"
    rf"|(?:set\s+)?(?:the\s+)?default\s+(?:of\s+)?{_THE}(?P<b>\w+)\s*(?:=|to\s)\s*(?P<y>.+)"
    rf"|default\s+(?P<c>\w+)\s*=\s*(?P<z>.+))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Wish:
    """A new parameter list.

    ``renamed`` gives old parameters' new names; ``values`` what calls pass for new parameters.
    """

    parameters: Parameters
    renamed: dict[str, str] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)


def understand(instruction: str, old: Parameters) -> Wish | None:
    """Return what an instruction wants of a list; ``None`` if the rules don't understand it.

    Steps are separated by ``;`` or line ends: ``add timeout: float = 5.0``, ``remove x``, ``rename
    a to b``, ``order b, a``, ``move a to the end``, ``default a = 1``; or the whole list is given,
    as ``def f(…)`` or ``(…)``. Raises :class:`RefusedError` for what can't be.
    """
    text = instruction.strip()
    if (listed := list_in(text)) is not None:
        return whole(read_parameters(listed), old)
    wish = Wish(old)
    steps = [part.strip().rstrip(".") for part in re.split(r"[;\n]", text) if part.strip()]
    for step in steps:
        following = _step(step, wish)
        if following is None:
            return None
        wish = following
    return replace(wish, parameters=checked(wish.parameters)) if steps else None


def list_in(text: str) -> str | None:
    """Return what stands in the parentheses of ``def f(…)`` or ``(…)``; ``None`` without them."""
    opened = re.match(r"\s*(?:(?:async\s+)?def\s+\w+\s*)?\(", text)
    if opened is None:
        return None
    ends = [index for index in range(opened.end(), len(text)) if text[index] == ")"]
    for index in ends:
        try:
            read_parameters(text[opened.end() : index])
        except RefusedError:
            continue
        return text[opened.end() : index]
    return text[opened.end() : ends[-1]] if ends else text[opened.end() :]


def whole(new: Parameters, old: Parameters) -> Wish:
    """Return the wish for a whole list; one name in the place of one other is a renaming."""
    gone = [one.name for one in old if one.name not in {each.name for each in new}]
    come = [one.name for one in new if one.name not in {each.name for each in old}]
    renamed = {}
    if len(gone) == len(come) == 1 and len(old) == len(new):
        before, after = [one.name for one in old], [one.name for one in new]
        same = before.index(gone[0]) == after.index(come[0])
        renamed = {gone[0]: come[0]} if same else {}
    return Wish(checked(new), renamed)


def _step(step: str, wish: Wish) -> Wish | None:
    for pattern, act in (
        (_ADD, _add), (_REMOVE, _remove), (_ORDER, _order), (_MOVE, _move), (_DEFAULT, _default),
        (_RENAME, _rename),
    ):  # fmt: skip
        match = pattern.fullmatch(step)
        if match is not None:
            return act(wish, match)
    return None


def _add(wish: Wish, match: re.Match[str]) -> Wish | None:
    try:
        made = read_parameters(match["text"].rstrip(","))
    except RefusedError:
        return None
    if len(made) != 1:
        return None
    only = match["only"] or match["only2"]
    one = replace(made[0], kind=Kind.KEYWORD) if only else made[0]
    values = {**wish.values, one.name: match["value"]} if match["value"] else wish.values
    if one.needed and not match["value"]:
        raise RefusedError(
            f"{one.name} needs a default, or a value for calls: add {one} with VALUE for callers"
        )
    rows = list(wish.parameters)
    at = len(rows)
    if match["anchor"]:
        at = _index(wish, match["anchor"]) + (match["side"].lower() == "after")
    elif match["first"]:
        at = 1 if rows and rows[0].name in ("self", "cls") else 0
    elif one.kind is Kind.NORMAL:
        at = sum(each.kind in BY_PLACE for each in rows)
        behind = [each for each in rows[:at] if each.default]
        if behind and one.needed:
            at = rows.index(behind[0])
    return replace(wish, parameters=(*rows[:at], one, *rows[at:]), values=values)


def _remove(wish: Wish, match: re.Match[str]) -> Wish:
    at = _index(wish, match["name"])
    return replace(wish, parameters=(*wish.parameters[:at], *wish.parameters[at + 1 :]))


def _rename(wish: Wish, match: re.Match[str]) -> Wish:
    rows = list(wish.parameters)
    at = _index(wish, match["name"])
    rows[at] = replace(rows[at], name=match["new"])
    first = next((old for old, new in wish.renamed.items() if new == match["name"]), match["name"])
    return replace(wish, parameters=tuple(rows), renamed={**wish.renamed, first: match["new"]})


def _order(wish: Wish, match: re.Match[str]) -> Wish:
    names = [name.strip() for name in match["names"].split(",")]
    rows = [wish.parameters[_index(wish, name)] for name in names]
    if len(set(names)) < len(names):
        raise RefusedError("a parameter is named twice")
    places = sorted(_index(wish, name) for name in names)
    ordered = list(wish.parameters)
    for place, one in zip(places, rows, strict=True):
        ordered[place] = one
    return replace(wish, parameters=tuple(ordered))


def _move(wish: Wish, match: re.Match[str]) -> Wish:
    one = wish.parameters[_index(wish, match["name"])]
    rows = [each for each in wish.parameters if each != one]
    if match["anchor"]:
        _index(wish, match["anchor"])
        names = [each.name for each in rows]
        at = names.index(match["anchor"]) + (match["side"].lower() == "after")
    elif match["end"].lower() == "end":
        at = max((i + 1 for i, each in enumerate(rows) if each.kind is one.kind), default=0)
    else:
        at = 1 if rows and rows[0].name in ("self", "cls") else 0
    return replace(wish, parameters=(*rows[:at], one, *rows[at:]))


def _default(wish: Wish, match: re.Match[str]) -> Wish:
    name, value = match["a"] or match["b"] or match["c"], match["x"] or match["y"] or match["z"]
    at = _index(wish, name)
    rows = list(wish.parameters)
    rows[at] = replace(rows[at], default=value.strip())
    read_parameters(str(rows[at]))
    return replace(wish, parameters=tuple(rows))


def _index(wish: Wish, name: str) -> int:
    for index, one in enumerate(wish.parameters):
        if one.name == name:
            return index
    known = ", ".join(one.name for one in wish.parameters)
    raise RefusedError(f"there is no parameter {name}; there are {known or 'none'}")

"""Calls of a function, bound to its parameters and written for other ones."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.parameters import BY_PLACE, Kind, Parameters
from lsp_agent.refactor.source import Source, Span

_ACTS = (ast.Call, ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument: the parameter that takes it, ``""`` for one of ``*`` or ``**``.

    ``keyword`` is the name before ``=``; ``stars`` what stands before an unpacked one; ``acts``
    says that evaluating it may do something.
    """

    parameter: str
    text: str
    keyword: str = ""
    stars: str = ""
    acts: bool = False

    def __str__(self) -> str:
        return f"{self.keyword}={self.text}" if self.keyword else f"{self.stars}{self.text}"


@dataclass(frozen=True, slots=True)
class Call:
    """A call in a file; ``bound`` says that the first parameter comes from before the dot.

    ``read`` gives the text of a span as it is to be.
    """

    source: Source
    node: ast.Call
    bound: bool
    read: Callable[[Span], str]

    @property
    def place(self) -> str:
        """Where it stands."""
        return self.source.where(self.node)


def rewritten(
    call: Call, old: Parameters, new: Parameters, values: Mapping[str, str]
) -> tuple[Span, str] | None:
    """Return the new text between a call's parentheses; ``None`` if it needs no other.

    ``values`` are passed for new parameters. Raises :class:`RefusedError` where that would change
    what is evaluated, or what is passed is not known.
    """
    old, new = (rows[1:] if call.bound else rows for rows in (old, new))
    arguments = bind(call, old)
    kept = _kept(call, arguments, old, new)
    wanted = _meaning(kept) | {name: values[name] for name in values}
    if wanted == _meaning(arguments) and _fits(kept, new, wanted):
        return None
    for made in (_in_place(kept, values), _sorted(kept, new, values), _named(kept, values)):
        if made is not None and _fits(made, new, wanted) and not _swapped(kept, made):
            span = call.source.arguments_span(call.node)
            return span, _laid_out(call.source.slice(span), made, call)
    raise RefusedError(f"the call at {call.place} can't be written for the new parameters")


def bind(call: Call, parameters: Parameters) -> list[Argument]:
    """Return a call's arguments with their parameters, as Python binds them."""
    places = [one for one in parameters if one.kind in BY_PLACE]
    rest = any(one.kind is Kind.REST for one in parameters)
    found: list[Argument] = []
    unpacked = False
    for index, node in enumerate(call.node.args):
        if isinstance(node, ast.Starred):
            unpacked = True
            found.append(_argument(call, "", node.value, stars="*"))
        elif unpacked:
            found.append(_argument(call, "", node))
        elif index < len(places):
            found.append(_argument(call, places[index].name, node))
        elif rest:
            found.append(_argument(call, "", node))
        else:
            raise RefusedError(f"the call at {call.place} passes more than there are parameters")
    named = {one.name for one in parameters if one.kind in (Kind.NORMAL, Kind.KEYWORD)}
    more = any(one.kind is Kind.KEYWORDS for one in parameters)
    for keyword in call.node.keywords:
        if keyword.arg is None:
            found.append(_argument(call, "", keyword.value, stars="**"))
        elif keyword.arg in named or more:
            name = keyword.arg if keyword.arg in named else ""
            found.append(_argument(call, name, keyword.value, keyword=keyword.arg))
        else:
            raise RefusedError(f"the call at {call.place} passes an unknown {keyword.arg}=")
    return found


def _argument(
    call: Call, parameter: str, node: ast.expr, *, keyword: str = "", stars: str = ""
) -> Argument:
    text = call.read(call.source.span(node))
    if isinstance(node, ast.Yield | ast.YieldFrom | ast.NamedExpr):
        text = f"({text})"
    acts = any(isinstance(one, _ACTS) for one in ast.walk(node))
    return Argument(parameter, text, keyword, stars, acts)


def _kept(
    call: Call, arguments: list[Argument], old: Parameters, new: Parameters
) -> list[Argument]:
    """Return the arguments whose parameters stay; raises where one can't be taken away."""
    gone = {one.name for one in old} - {one.name for one in new}
    names = [[one.name for one in rows if one.kind in BY_PLACE] for rows in (old, new)]
    given = {one.parameter for one in arguments}
    stars = {one.stars for one in arguments}
    rest = any(one.kind is Kind.REST for one in old)
    if "*" in stars and (names[0] != names[1] if rest else names[0] != names[1][: len(names[0])]):
        raise RefusedError(f"the call at {call.place} unpacks arguments with *")
    if "**" in stars and gone - given:
        raise RefusedError(f"the call at {call.place} may pass {min(gone - given)} with **")
    for one in arguments:
        if one.parameter in gone and one.acts:
            raise RefusedError(f"the call at {call.place} would no longer evaluate {one.text[:60]}")
    takers = (Kind.REST, Kind.KEYWORDS)
    for taker in (each for each in old if each.kind in takers and each.name in gone):
        named = taker.kind is Kind.KEYWORDS
        extra = [each for each in arguments if not each.parameter and bool(each.keyword) == named]
        if extra:
            raise RefusedError(f"the call at {call.place} passes {extra[0]} to {taker}")
    return [one for one in arguments if one.parameter not in gone or not one.parameter]


def _meaning(arguments: Sequence[Argument]) -> dict[str, str]:
    """Return what each parameter gets; what has none is told apart by its number."""
    found: dict[str, str] = {}
    for index, one in enumerate(arguments):
        rest = sum(not each.parameter for each in arguments[:index])
        found[one.parameter or f"{rest} {one.stars}{one.keyword}"] = one.text
    return found


def _fits(arguments: Sequence[Argument], new: Parameters, wanted: Mapping[str, str]) -> bool:
    """Whether arguments in this order and form give each parameter what it should get."""
    places = [one for one in new if one.kind in BY_PLACE]
    named = {one.name for one in new if one.kind in (Kind.NORMAL, Kind.KEYWORD)}
    got: list[Argument] = []
    count, behind, unpacked = 0, False, False
    for one in arguments:
        if one.keyword or one.stars == "**":
            behind = True
            if one.parameter and (one.keyword not in named or one.keyword != one.parameter):
                return False
            if not one.parameter and one.keyword in {each.name for each in new}:
                return False
        elif behind:
            return False
        else:
            unpacked = unpacked or one.stars == "*"
            takes = places[count].name if count < len(places) and not unpacked else ""
            if takes != one.parameter:
                return False
            count += 1
        got.append(one)
    if _meaning(got) != dict(wanted):
        return False
    open_ = any(one.stars for one in arguments)
    given = {one.parameter for one in arguments}
    return open_ or all(one.name in given for one in new if one.needed)


def _in_place(kept: list[Argument], values: Mapping[str, str]) -> list[Argument]:
    """Leave what is there as it is; values come behind it."""
    added = [Argument(name, text, name) for name, text in values.items()]
    at = next((i for i, one in enumerate(kept) if one.stars == "**"), len(kept))
    return [*kept[:at], *added, *kept[at:]]


def _sorted(
    kept: list[Argument], new: Parameters, values: Mapping[str, str]
) -> list[Argument] | None:
    """Put what stood by place in the order of the parameters, and behind a gap by name."""
    given = {one.parameter: one for one in kept if one.parameter}
    given |= {name: Argument(name, text) for name, text in values.items()}
    places = [one for one in new if one.kind in BY_PLACE]
    by_place: list[Argument] = []
    by_name: list[Argument] = []
    for one in places:
        argument = given.get(one.name)
        if argument is None:
            continue
        contiguous = len(by_place) == places.index(one)
        if contiguous and not argument.keyword:
            by_place.append(argument)
        elif one.kind is Kind.POSITIONAL:
            return None
        else:
            by_name.append(Argument(one.name, argument.text, one.name, "", argument.acts))
    extra = [one for one in kept if not one.parameter and not one.keyword and one.stars != "**"]
    if extra and len(by_place) < len(places):
        return None
    rest = [
        Argument(one.name, given[one.name].text, one.name, "", given[one.name].acts)
        for one in new
        if one.kind is Kind.KEYWORD and one.name in given
    ]
    others = [one for one in kept if not one.parameter and (one.keyword or one.stars == "**")]
    return [*by_place, *extra, *by_name, *rest, *others]


def _named(kept: list[Argument], values: Mapping[str, str]) -> list[Argument] | None:
    """Name every argument, in the order in which they stand."""
    if any(not one.parameter and not one.keyword and one.stars != "**" for one in kept):
        return None
    named = [
        Argument(one.parameter, one.text, one.parameter, "", one.acts) if one.parameter else one
        for one in kept
    ]
    return _in_place(named, values)


def _swapped(before: Sequence[Argument], after: Sequence[Argument]) -> bool:
    """Whether arguments that do something are evaluated in another order."""
    orders = [[one.text for one in rows if one.acts] for rows in (before, after)]
    return orders[0] != orders[1]


def _laid_out(before: str, arguments: Sequence[Argument], call: Call) -> str:
    """Write arguments on one line, or one a line where they stood so."""
    if "#" in before and any("#" not in one.text for one in arguments):
        raise RefusedError(f"the call at {call.place} has comments between its arguments")
    return laid_out(before, [str(one) for one in arguments], call.source.text.eol)


def laid_out(before: str, parts: Sequence[str], eol: str) -> str:
    """Write the parts of a list in the way in which it stood."""
    first, _, rest = before.partition("\n")
    if first.strip() or not rest or not parts:
        return ", ".join(parts)
    indent = rest[: len(rest) - len(rest.lstrip())]
    closing = before[len(before.rstrip()) :].rpartition("\n")[2]
    lines = "".join(f"{indent}{part},{eol}" for part in parts)
    return f"{eol}{lines}{closing}"

"""A call's arguments in the place of the parameters of a function's only expression."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lsp_agent.refactor.effects import (
    COMPREHENSIONS,
    FUNCTIONS,
    has_effects,
    is_variable,
    makes_objects,
    names_in,
    reads,
)
from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.operands import in_place_of, written
from lsp_agent.refactor.uses import depends, is_steady
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.tree import SyntaxNode

_LAZY = frozenset({"boolean_operator", "conditional_expression", "ternary_expression"})
_LITERALS = frozenset({"integer", "float", "string", "true", "false", "none", "number", "null",
                       "undefined"})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Callee:
    """A function that can be inlined.

    ``value`` is the expression that it returns where that is all it does, else ``statements`` are
    its body. ``uses`` are the places of its name but the definition, ``places`` those of each
    parameter, ``defaults`` the values of some. ``private`` says that no other file can know it;
    ``same_there`` whether a name of the body means the same at a call.
    """

    name: str
    definition: SyntaxNode
    value: SyntaxNode | None
    statements: list[SyntaxNode]
    parameters: list[str]
    defaults: dict[str, SyntaxNode]
    places: dict[str, list[SyntaxNode]]
    uses: list[SyntaxNode]
    private: bool
    same_there: Callable[[str, SyntaxNode], bool]


def arguments_of(callee: Callee, call: SyntaxNode) -> dict[str, SyntaxNode]:
    """Return a call's arguments by parameter, in the order in which they are evaluated.

    Raises :class:`RefusedError` where that can't be told.
    """
    listed = call.child("arguments")
    found: dict[str, SyntaxNode] = {}
    parts = listed.parts if listed is not None else []
    if listed is not None and listed.type not in ("argument_list", "arguments"):
        parts = [listed]
    for at, one in enumerate(parts):
        label = one.child("name") if one.type == "keyword_argument" else None
        value = one.child("value") if label is not None else one
        name = label.text if label is not None else _at(callee.parameters, at)
        if name is None or value is None or name in found or "splat" in one.type:
            raise RefusedError(f"the arguments of {call.text} do not fit plainly")
        if name not in callee.parameters or one.type == "spread_element":
            raise RefusedError(f"the arguments of {call.text} do not fit plainly")
        found[name] = value
    for name in callee.parameters:
        if name not in found:
            if name not in callee.defaults:
                raise RefusedError(f"{call.text} gives no {name}")
            found[name] = callee.defaults[name]
    return found


def _at(names: list[str], index: int) -> str | None:
    return names[index] if index < len(names) else None


def check_names(callee: Callee, body: list[SyntaxNode], call: SyntaxNode) -> None:
    """Refuse a call where a name of the body means something else."""
    for name in sorted({name for one in body for name in names_in(one)} - set(callee.parameters)):
        if not callee.same_there(name, call):
            raise RefusedError(f"{name} is something else where {callee.name} is called")


def expression_at(
    document: SyntaxDocument, callee: Callee, value: SyntaxNode, call: SyntaxNode
) -> str:
    """Return what stands in a call's place.

    Raises :class:`RefusedError` where arguments would be evaluated in another order, more or less
    often, or when their values may be others.
    """
    given = arguments_of(callee, call)
    check_names(callee, [value], call)
    _check_order(document, callee, value, given)
    if value.type == "identifier" and value.text in given:
        return in_place_of(given[value.text], call)
    edits = [
        (place.start, place.end, in_place_of(argument, place))
        for name, argument in given.items()
        for place in callee.places[name]
    ]
    return written(spliced(document, value.start, value.end, edits), value.type, call)


def spliced(
    document: SyntaxDocument, start: int, end: int, edits: list[tuple[int, int, str]]
) -> str:
    """Return the text between two bytes with some stretches of it replaced."""
    pieces, at = [], start
    for first, last, text in sorted(edits):
        pieces += [document.data[at:first].decode("utf-8", "replace"), text]
        at = last
    return "".join(pieces) + document.data[at:end].decode("utf-8", "replace")


def _check_order(
    document: SyntaxDocument, callee: Callee, value: SyntaxNode, given: dict[str, SyntaxNode]
) -> None:
    bound = _bound_inside(value)
    last = value.start
    for name, argument in given.items():
        places = callee.places[name]
        if argument.type in _LITERALS:
            continue
        _check_value(name, argument, places, value, bound)
        acts = has_effects(argument)
        if not acts and not depends(document, argument):
            continue
        if any(_acts_before(value, place) or (acts and place.start < last) for place in places):
            raise RefusedError(f"{argument.text} would be evaluated later than now")
        if acts:
            last = places[0].end
            _check_read_before(document, callee, value, places[0])
            others = [other for key, other in given.items() if key != name]
            if any(depends(document, other) for other in others if not has_effects(other)):
                raise RefusedError(f"{argument.text} may change another argument")


def _check_value(
    name: str,
    argument: SyntaxNode,
    places: list[SyntaxNode],
    value: SyntaxNode,
    bound: set[str],
) -> None:
    """Refuse an argument that would be evaluated in other surroundings, or not once."""
    if clash := sorted(bound & names_in(argument)):
        raise RefusedError(f"{clash[0]} is bound inside the function")
    if any(_is_deferred(place, value) for place in places):
        raise RefusedError(f"{name} is used later, when {argument.text} may be another value")
    if makes_objects(argument) and len(places) != 1:
        raise RefusedError(f"{argument.text} would be made {len(places)} times")
    if has_effects(argument) and (len(places) != 1 or _is_lazy(places[0], value)):
        raise RefusedError(f"{argument.text} has effects, and would not happen exactly once")


def _check_read_before(
    document: SyntaxDocument, callee: Callee, value: SyntaxNode, place: SyntaxNode
) -> None:
    """Refuse an effect that may change what the expression reads before it."""
    for one in value.walk(skip=FUNCTIONS):
        if one.end > place.start or one.field == "function":
            continue
        shared = is_variable(one) and one.text not in callee.parameters
        if reads(one) or (shared and one.leaf and not is_steady(document, one)):
            raise RefusedError(f"{one.text} would be read before the argument's effect")


def _bound_inside(value: SyntaxNode) -> set[str]:
    """Return the names that functions and comprehensions in an expression bind."""
    found: set[str] = set()
    for one in value.walk():
        if one.type in ("for_in_clause", "named_expression"):
            target = one.child("left") or one.child("name")
            found |= names_in(target) if target is not None else set()
        elif one.type in ("lambda_parameters", "formal_parameters"):
            found |= names_in(one)
        elif one.type == "arrow_function" and (parameter := one.child("parameter")) is not None:
            found.add(parameter.text)
    return found


def _between(place: SyntaxNode, value: SyntaxNode) -> list[SyntaxNode]:
    found = []
    for one in place.around():
        if place == value or not value.holds(one):
            break
        found.append(one)
    return found


def _is_deferred(place: SyntaxNode, value: SyntaxNode) -> bool:
    later = FUNCTIONS | {"generator_expression"}
    return any(one.type in later for one in _between(place, value))


def _is_lazy(place: SyntaxNode, value: SyntaxNode) -> bool:
    """Whether a place may be evaluated never, or many times."""
    for one in _between(place, value):
        operator = one.child("operator")
        if one.type in _LAZY or one.type in COMPREHENSIONS:
            return True
        if operator is not None and operator.text in ("&&", "||", "??"):
            return True
        if one.type == "comparison_operator" and len(one.parts) > 2:
            return True
    return False


def _acts_before(value: SyntaxNode, place: SyntaxNode) -> bool:
    """Whether something in an expression has effects before a place of it is evaluated."""
    return any(
        one.end <= place.start and has_effects(one)
        for one in value.walk(skip=FUNCTIONS)
        if not one.holds(place)
    )

"""Parameter lists of Python functions as text: read, changed, written."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from lsp_agent.refactor.errors import RefusedError

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Kind(StrEnum):
    """How a parameter takes its argument, in the order in which a list has them."""

    POSITIONAL = "positional"
    NORMAL = "normal"
    REST = "rest"
    KEYWORD = "keyword"
    KEYWORDS = "keywords"


_ORDER = list(Kind)
BY_PLACE = (Kind.POSITIONAL, Kind.NORMAL)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; annotation and default are source text, ``""`` without one."""

    name: str
    kind: Kind = Kind.NORMAL
    annotation: str = ""
    default: str = ""

    @property
    def needed(self) -> bool:
        """Whether a call has to give it."""
        return not self.default and self.kind not in (Kind.REST, Kind.KEYWORDS)

    def __str__(self) -> str:
        stars = {Kind.REST: "*", Kind.KEYWORDS: "**"}.get(self.kind, "")
        annotation = f": {self.annotation}" if self.annotation else ""
        equals = " = " if self.annotation else "="
        return f"{stars}{self.name}{annotation}{equals + self.default if self.default else ''}"


PLAIN_DECORATORS = frozenset(
    {
        "staticmethod", "classmethod", "abstractmethod", "override", "final", "cache", "lru_cache",
        "contextmanager", "asynccontextmanager", "overload", "deprecated", "no_type_check",
    }
)  # fmt: skip
"""Decorators that leave a function's calls, and the names of its parameters, as they are."""

Parameters = tuple[Parameter, ...]


def read_parameters(text: str) -> Parameters:
    """Read what stands between the parentheses; raises :class:`RefusedError` if it is no list."""
    source = f"def f({text}\n): pass"
    try:
        (function,) = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise RefusedError(f"({text}) is no list of parameters") from error
    if not isinstance(function, ast.FunctionDef) or len(function.body) != 1:
        raise RefusedError(f"({text}) is no list of parameters")
    return parameters_of(function, source)


def parameter_of(function: Function, name: str) -> ast.arg | None:
    """Return where a parsed function declares a parameter; ``None`` if it has none of that name."""
    args = function.args
    every = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
    return next((one for one in every if one is not None and one.arg == name), None)


def parameters_of(function: Function, source: str) -> Parameters:
    """Return the parameters of a parsed function."""
    args = function.args

    def one(arg: ast.arg, kind: Kind, default: ast.expr | None = None) -> Parameter:
        hint = ast.get_source_segment(source, arg.annotation) if arg.annotation else ""
        value = ast.get_source_segment(source, default) if default else ""
        if isinstance(default, ast.NamedExpr | ast.Yield | ast.YieldFrom):
            value = f"({value})"
        return Parameter(arg.arg, kind, hint or "", value or "")

    by_place = [*args.posonlyargs, *args.args]
    defaults = [None] * (len(by_place) - len(args.defaults)) + list(args.defaults)
    found = [
        one(arg, Kind.POSITIONAL if index < len(args.posonlyargs) else Kind.NORMAL, default)
        for index, (arg, default) in enumerate(zip(by_place, defaults, strict=True))
    ]
    found += [one(args.vararg, Kind.REST)] if args.vararg else []
    pairs = zip(args.kwonlyargs, args.kw_defaults, strict=True)
    found += [one(arg, Kind.KEYWORD, default) for arg, default in pairs]
    found += [one(args.kwarg, Kind.KEYWORDS)] if args.kwarg else []
    return tuple(found)


def written(parameters: Sequence[Parameter]) -> list[str]:
    """Return the parts of a parameter list, with its ``/`` and ``*``."""
    parts: list[str] = []
    for index, one in enumerate(parameters):
        before = parameters[index - 1].kind if index else None
        if before is Kind.POSITIONAL and one.kind is not Kind.POSITIONAL:
            parts.append("/")
        if one.kind is Kind.KEYWORD and before not in (Kind.KEYWORD, Kind.REST):
            parts.append("*")
        parts.append(str(one))
    if parameters and parameters[-1].kind is Kind.POSITIONAL:
        parts.append("/")
    return parts


def checked(parameters: Sequence[Parameter]) -> Parameters:
    """Return the list in the order of kinds; raises :class:`RefusedError` if Python won't have it.

    The order within a kind stays.
    """
    ordered = tuple(sorted(parameters, key=lambda one: _ORDER.index(one.kind)))
    names = [one.name for one in ordered]
    for name in names:
        if names.count(name) > 1:
            raise RefusedError(f"there is a parameter {name} already")
    seen = ""
    for one in ordered:
        if one.kind in BY_PLACE and seen and not one.default:
            raise RefusedError(
                f"{one.name} has no default and can't stand behind {seen}, which has one"
            )
        seen = one.name if one.kind in BY_PLACE and one.default else seen
    return ordered


def compatible(old: Parameters, new: Parameters) -> bool:
    """Whether every call that fits the old list fits the new one and means the same."""
    places = [one for one in old if one.kind in BY_PLACE]
    after = [one for one in new if one.kind in BY_PLACE]
    for index, one in enumerate(places):
        if index >= len(after) or not _serves(one, after[index]):
            return False
    more = after[len(places) :]
    if more and any(one.kind is Kind.REST for one in old):
        return False
    known = {one.name: one for one in new}
    rest = [one for one in old if one.kind not in BY_PLACE]
    if not all(one.name in known and _serves(one, known[one.name]) for one in rest):
        return False
    fresh = {one.name for one in new} - {one.name for one in old}
    # A new name might be among those that ``**`` takes.
    if fresh and any(one.kind is Kind.KEYWORDS for one in old):
        return False
    return all(not one.needed for one in new if one.name in fresh)


def _serves(old: Parameter, new: Parameter) -> bool:
    return (
        replace(old, annotation="", default="") == replace(new, annotation="", default="")
        and new.needed <= old.needed
    )

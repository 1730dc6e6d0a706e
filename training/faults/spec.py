"""What a fault is, and the register of those that know how to make one."""

from __future__ import annotations

import ast
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any


@dataclass(frozen=True)
class Function:
    """A function of a file: all lines of the file, and the function's tree with its positions.

    Only for files of ASCII, where the tree's columns are characters.
    """

    lines: tuple[str, ...]
    tree: ast.FunctionDef | ast.AsyncFunctionDef
    method: bool

    @property
    def last(self) -> int:
        """The number of the last line, 0-based."""
        return (self.tree.end_lineno or self.tree.lineno) - 1

    def nodes(self, *kinds: type[ast.AST]) -> list[Any]:
        """Return the nodes of some kinds that stand on one line each."""
        return [
            node
            for node in ast.walk(self.tree)
            if isinstance(node, kinds) and getattr(node, "lineno", 0) == node.end_lineno
        ]

    def header(self) -> range:
        """Return the numbers of the lines before the body."""
        return range(self.tree.lineno - 1, max(self.tree.body[0].lineno - 1, self.tree.lineno))

    @cached_property
    def code(self) -> list[int]:
        """The numbers of the lines that hold code: no comment, no text of many lines."""
        inside: set[int] = set()
        for node in ast.walk(self.tree):
            if isinstance(node, (ast.Constant, ast.JoinedStr)) and node.lineno != node.end_lineno:
                inside |= set(range(node.lineno - 1, node.end_lineno or 0))
        return [
            number
            for number in range(self.tree.lineno - 1, self.last + 1)
            if number not in inside and not self.lines[number].lstrip().startswith("#")
        ]


@dataclass(frozen=True, slots=True)
class Fault:
    """A mistake: line ``line`` (0-based, of the file) became ``text``; ``message`` says so.

    An empty message stands for a syntax error, which the parsers word themselves.
    """

    kind: str
    line: int
    text: str
    message: str


Maker = Callable[[random.Random, Function], Fault | None]
MAKERS: dict[str, Maker] = {}


def fault(kind: str) -> Callable[[Maker], Maker]:
    """Register the maker of a kind of fault."""

    def register(maker: Maker) -> Maker:
        MAKERS[kind] = maker
        return maker

    return register


def replaced(function: Function, node: ast.AST, new: str) -> str:
    """Return a node's line with other source in the place of the node."""
    line = function.lines[node.lineno - 1]
    return line[: node.col_offset] + new + line[node.end_col_offset :]


def source(function: Function, node: ast.AST) -> str:
    """Return the source of a node that stands on one line."""
    return function.lines[node.lineno - 1][node.col_offset : node.end_col_offset]


def pick(rng: random.Random, items: Sequence[Any]) -> Any:
    """Choose one, or nothing of nothing."""
    return rng.choice(items) if items else None


def typo(rng: random.Random, name: str) -> str:
    """Misspell a name as fingers do: swap, drop, double or replace a letter behind the first."""
    at = rng.randrange(1, len(name))
    kind = rng.randrange(4)
    if kind == 0 and at < len(name) - 1:
        return name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    if kind == 1:
        return name[:at] + name[at + 1 :]
    if kind == 2:
        return name[:at] + name[at] + name[at:]
    return name[:at] + rng.choice("aeiourstlnm") + name[at + 1 :]

"""What a function's body is like, in any language: a stub, unfinished, how branched, what it calls.

By node types that grammars share, so that one table serves all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from lsp_agent.syntax.symbols import Symbol
from lsp_agent.workspace.positions import Position, Range

if TYPE_CHECKING:
    from tree_sitter import Node

    from lsp_agent.syntax.document import SyntaxDocument

_FUNCTIONS = frozenset({"function", "method", "constructor"})
_MAX_NODES = 3_000
_MAX_SHOWN = 20_000
_MAX_PLACEHOLDER = 200
# What a block holds its statements in, besides itself.
_LISTS = frozenset({"statement_list", "statements", "body_statement", "block"})
_BRANCHES = frozenset(
    {
        "if_statement", "if_expression", "if", "unless", "elif_clause", "else_if_clause",
        "for_statement", "for_expression", "for_in_statement", "enhanced_for_statement", "for",
        "foreach_statement", "for_range_loop", "while_statement", "while_expression", "while",
        "until", "do_statement", "loop_expression", "switch_statement", "switch_expression",
        "expression_switch_statement", "type_switch_statement", "match_statement",
        "match_expression", "when_expression", "case", "conditional_expression",
        "ternary_expression",
    }
)  # fmt: skip
_CALLS = frozenset(
    {
        "call", "call_expression", "method_invocation", "macro_invocation", "new_expression",
        "invocation_expression", "function_call_expression", "member_call_expression",
        "function_call", "object_creation_expression", "command",
    }
)  # fmt: skip
_HANDLERS = frozenset(
    {"try_statement", "try_expression", "try_with_resources_statement", "rescue", "try_block"}
)
_METHODS = frozenset({"function_definition", "method_definition", "method_declaration", "method"})
_PLACEHOLDER = re.compile(
    r"""(?: pass | \.\.\.
        | raise\s+NotImplementedError\b.*
        | (?:throw|panic|fatalError|error|abort)\b.*
          \b(?:not\s*(?:yet\s*)?implemented|NotImplemented\w*|UnsupportedOperation\w*|TODO)\b.*
        | (?:todo|unimplemented)!\s*[(\[{].*
        | TODO\s*\(.*\)
    )\s*;?""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_TO_DO = re.compile(r"\b(?:TODO|FIXME|XXX)\b")
_ABSTRACT = re.compile(r"\b(?:abstract\w*|overload|virtual)\b")
_PROTOCOL = re.compile(r"^\s*class\b[^\n]*\b(?:Protocol|ABC)\b")


@dataclass(frozen=True, slots=True)
class FunctionBody:
    """A function with what its body shows.

    ``code`` is the whole function, at most 20,000 characters. ``statements`` counts those of the
    body itself, without documentation and comments; ``gaps`` are placeholders and comments that
    say what is to do, anywhere inside. ``branches``, ``calls``, ``handlers`` and ``inner``
    functions with a name count what is anywhere inside, of the first 3,000 nodes. A ``broken`` one
    has a syntax error.
    """

    symbol: Symbol
    language: str
    code: str
    lines: int
    statements: int
    gaps: int
    branches: int
    calls: int
    handlers: int
    inner: int
    stub: bool
    abstract: bool
    broken: bool


@lru_cache(maxsize=2)
def function_body(document: SyntaxDocument, position: Position) -> FunctionBody | None:
    """Return the innermost function that holds a position; ``None`` without one, or its body.

    Cost: a walk through the function, under 2 ms for one of 3,000 nodes. The last answers are
    kept, as every action asks for the same place.
    """
    symbol = document.enclosing(position)
    if symbol is None or symbol.kind not in _FUNCTIONS or symbol.body_range is None:
        return None
    line, near = document.near(position)
    body = _node(near, symbol.body_range, line)
    if body is None:
        return None
    found = _walked(near, body)
    statements = [one for one in _statements(body) if not _is_text(one)]
    head = document.text.slice(Range(symbol.range.start, symbol.body_range.start))
    placeholders = [one for one in statements if _PLACEHOLDER.fullmatch(near.node_text(one))]
    return FunctionBody(
        symbol=symbol,
        language=document.language_at(position) or "",
        code=document.text.slice(symbol.range)[:_MAX_SHOWN],
        lines=symbol.range.end.line - symbol.range.start.line + 1,
        statements=len(statements),
        # In Python what is said before the first statement stands before the body.
        gaps=found.gaps + bool(_TO_DO.search(head)),
        branches=found.branches,
        calls=found.calls,
        handlers=found.handlers,
        inner=found.inner,
        stub=len(statements) <= 1 and len(placeholders) == len(statements),
        abstract=bool(_ABSTRACT.search(head)) or _in_protocol(near, body),
        broken=body.has_error,
    )


@dataclass(slots=True)
class _Counts:
    gaps: int = 0
    branches: int = 0
    calls: int = 0
    handlers: int = 0
    inner: int = 0


def _walked(document: SyntaxDocument, body: Node) -> _Counts:
    """Count what is inside a body."""
    counts = _Counts()
    for node in _inside(body):
        kind = node.type
        if kind in _BRANCHES:
            counts.branches += 1
        elif kind in _CALLS:
            counts.calls += 1
        elif kind in _HANDLERS:
            counts.handlers += 1
        elif kind in _METHODS or kind == "function_declaration":
            counts.inner += 1
        if "comment" in kind:
            counts.gaps += bool(_TO_DO.search(document.node_text(node)))
        elif kind.endswith("statement") or kind in ("ellipsis", "macro_invocation"):
            counts.gaps += _is_placeholder(document, node)
    return counts


def _is_placeholder(document: SyntaxDocument, node: Node) -> bool:
    small = node.end_byte - node.start_byte < _MAX_PLACEHOLDER
    return small and _PLACEHOLDER.fullmatch(document.node_text(node)) is not None


def _inside(body: Node) -> Iterator[Node]:
    """Yield the first named nodes below a body, in source order."""
    cursor = body.walk()
    seen = 0
    if not cursor.goto_first_child():
        return
    depth = 1
    while seen < _MAX_NODES:
        node = cursor.node
        if node is not None and node.is_named:
            seen += 1
            yield node
        if cursor.goto_first_child():
            depth += 1
            continue
        while not cursor.goto_next_sibling():
            depth -= 1
            if not depth or not cursor.goto_parent():
                return


def _statements(body: Node) -> list[Node]:
    found = [one for one in body.named_children if "comment" not in one.type]
    while len(found) == 1 and found[0].type in _LISTS:
        found = [one for one in found[0].named_children if "comment" not in one.type]
    return found


def _is_text(node: Node) -> bool:
    """Whether a statement is a mere string: documentation."""
    inner = node.named_children if node.type == "expression_statement" else [node]
    return len(inner) == 1 and inner[0].type == "string"


def _node(document: SyntaxDocument, range_: Range, line: int) -> Node | None:
    """Return the widest node with exactly a range; the document begins at a line of the file's."""
    start = Position(range_.start.line - line, range_.start.character)
    end = document.byte_at(Position(range_.end.line - line, range_.end.character))
    first = document.byte_at(start)
    around = document.nodes_at(start)
    exact = [one for one in around if one.start_byte == first and one.end_byte == end]
    # Ruby's body may go on to what is behind its last statement.
    starting = [one for one in around if one.start_byte == first and one.end_byte >= end]
    return exact[-1] if exact else next(iter(starting), None)


def _in_protocol(document: SyntaxDocument, body: Node) -> bool:
    """Whether a Python function stands in a class that only says what others have to do."""
    if document.language != "python":
        return False
    around = body.parent
    while around is not None and around.type != "class_definition":
        around = around.parent
    return around is not None and bool(_PROTOCOL.match(document.node_text(around)[:_MAX_SHOWN]))


def class_members(document: SyntaxDocument, symbol: Symbol) -> list[str]:
    """Return the names of a class's own methods in source order, ``""`` for one without a name."""
    line, near = document.near(symbol.range.start)
    body = _node(near, symbol.body_range, line) if symbol.body_range else None
    # Where a class begins with its first method both begin at one place.
    while body is not None and body.type in _METHODS and body.parent is not None:
        body = body.parent
    found = []
    for child in body.named_children if body is not None else ():
        inner = child.child_by_field_name("definition") or child
        if inner.type in _METHODS:
            name = inner.child_by_field_name("name")
            found.append(near.node_text(name) if name is not None else "")
    return found

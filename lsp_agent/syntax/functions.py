"""What a Python function looks like from the outside: its parameters, its result, its body."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsp_agent.workspace.positions import Position, Range

if TYPE_CHECKING:
    from tree_sitter import Node

    from lsp_agent.syntax.document import SyntaxDocument

_TYPE_NAME = re.compile(r"_{0,2}[A-Z]\w*")
_DOTTED = re.compile(r"\b[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_WORD = re.compile(r"[A-Za-z_]\w*")
_SCOPES = frozenset({"function_definition", "class_definition", "lambda"})
_STARS = {"list_splat_pattern": "*", "dictionary_splat_pattern": "**"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter; ``stars`` is empty, ``*`` or ``**``; ``end`` is where its name ends.

    ``value`` is where its default begins, behind the ``=``, if it has one.
    """

    name: str
    stars: str
    annotated: bool
    end: Position
    value: Position | None


@dataclass(frozen=True, slots=True)
class FunctionShape:
    """A function's parts.

    ``parameters`` leave ``self`` and ``cls`` of a method out. ``returns`` says whether any
    ``return`` gives a value, ``yields`` whether it is a generator. ``arrow`` is where ``-> TYPE``
    goes, ``body`` the first statement's start, ``docstring`` the range of the docstring's
    statement, if there is one.
    """

    name: str
    parameters: tuple[Parameter, ...]
    returns: bool
    yields: bool
    return_annotated: bool
    arrow: Position
    header: Range
    body: Position
    docstring: Range | None


def function_at(document: SyntaxDocument, position: Position) -> FunctionShape | None:
    """Return the innermost function whose lines hold a position; Python only."""
    node = document.node_at(position) if document.language == "python" else None
    while node is not None and node.type != "function_definition":
        definition = node.child_by_field_name("definition")
        if definition is not None and definition.type == "function_definition":
            node = definition
        else:
            node = node.parent
    return _shape(document, node) if node is not None else None


def type_names(document: SyntaxDocument, limit: int = 24) -> list[str]:
    """Return the names in a Python file that can stand in a type hint, the most used first.

    These are imported and defined names that are written like a class, and dotted names that
    occur in hints already.
    """
    root = document.node_at(Position(0, 0))
    while root is not None and root.parent is not None:
        root = root.parent
    if root is None or document.language != "python":
        return []
    known = {name for name in _bound(document, root) if _TYPE_NAME.fullmatch(name)}
    known |= {
        name for text in _hints(document, root) for name in _DOTTED.findall(text) if len(name) < 40
    }
    used = Counter(_WORD.findall(document.text.content))
    return sorted(known, key=lambda name: (-used[name.rpartition(".")[2]], name))[:limit]


def _bound(document: SyntaxDocument, root: Node) -> Iterator[str]:
    """Yield the names that imports and classes at the top of a file bind."""
    pending = list(root.named_children)
    while pending:
        node = pending.pop()
        if node.type in ("if_statement", "try_statement", "block", "else_clause", "except_clause"):
            pending += node.named_children
        elif node.type == "decorated_definition":
            pending += node.named_children[-1:]
        elif node.type == "class_definition":
            name = node.child_by_field_name("name")
            yield document.node_text(name) if name else ""
        elif node.type == "import_from_statement":
            for name in node.children_by_field_name("name"):
                alias = name.child_by_field_name("alias")
                yield document.node_text(alias or name)


def _hints(document: SyntaxDocument, root: Node) -> Iterator[str]:
    pending = [root]
    while pending:
        node = pending.pop()
        if node.type == "type":
            yield document.node_text(node)
        elif node.type not in ("string", "comment"):
            pending += node.named_children


def _shape(document: SyntaxDocument, node: Node) -> FunctionShape | None:
    name = node.child_by_field_name("name")
    parameters = node.child_by_field_name("parameters")
    body = node.child_by_field_name("body")
    if name is None or parameters is None or body is None or not body.named_children:
        return None
    listed = [one for child in parameters.named_children for one in _parameter(document, child)]
    if listed and listed[0].name in ("self", "cls") and not listed[0].stars:
        del listed[0]
    first = body.named_children[0]
    hint = node.child_by_field_name("return_type")
    returns, yields = _results(body)
    # Newer grammars leave the statement around an expression out.
    wrapped = first.type == "expression_statement" and first.named_children
    is_docstring = (first.named_children[0] if wrapped else first).type == "string"
    statement = document.node_range(first)
    return FunctionShape(
        name=document.node_text(name),
        parameters=tuple(listed),
        returns=returns,
        yields=yields,
        return_annotated=hint is not None,
        arrow=document.node_range(parameters).end,
        header=Range(document.node_range(node).start, document.node_range(hint or parameters).end),
        body=statement.start,
        docstring=statement if is_docstring else None,
    )


def _parameter(document: SyntaxDocument, node: Node) -> Iterator[Parameter]:
    """Yield the one parameter that a child of the list declares; separators declare none."""
    value = node.child_by_field_name("value")
    name = node.child_by_field_name("name")
    annotated = node.type in ("typed_parameter", "typed_default_parameter")
    if node.type == "typed_parameter":
        name = node.named_children[0]
    elif node.type in ("identifier", *_STARS):
        name = node
    if name is None:
        return
    stars = _STARS.get(name.type, "")
    if stars and name.named_children:
        name = name.named_children[0]
    if name.type != "identifier":
        return
    yield Parameter(
        name=document.node_text(name),
        stars=stars,
        annotated=annotated,
        end=document.node_range(name).end,
        value=document.node_range(value).start if value is not None else None,
    )


def _results(body: Node) -> tuple[bool, bool]:
    """Return whether a body returns a value and whether it yields; inner functions don't count."""
    returns = yields = False
    pending = list(body.named_children)
    while pending:
        node = pending.pop()
        if node.type in _SCOPES:
            continue
        returns |= node.type == "return_statement" and any(
            child.type not in ("comment", "none") for child in node.named_children
        )
        yields |= node.type == "yield"
        pending += node.named_children
    return returns, yields

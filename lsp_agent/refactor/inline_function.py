"""A function's body goes to where it is called, in Python and JavaScript."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from lsp_agent.refactor.change import Change, Editor, node_in
from lsp_agent.refactor.ecma_callee import ecma_callee
from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.inlined import Callee, expression_at
from lsp_agent.refactor.python_callee import body_at, python_callee
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.languages import ECMA
from lsp_agent.syntax.tree import SyntaxNode
from lsp_agent.workspace.edits import TextEdit
from lsp_agent.workspace.positions import Range

_DEFINING = ("def", "function", "const", "let", "var")


def inline_function(document: SyntaxDocument, range_: Range) -> list[Change]:
    """Offer to inline the call at the cursor, or at a function's name all of its calls.

    Listing looks at the name alone: :func:`is_defined` says whether it may be worth while.
    """
    node = node_in(document, range_)
    if node is None or node.type != "identifier" or document.language not in {"python", *ECMA}:
        return []
    call = _call_of(node)
    if call is not None:
        title = f"Inline this call of {node.text}"
        return [Change(title, partial(_edits, document, node, call), "one")]
    if _is_definition(node):
        title = f"Inline all calls of {node.text}"
        return [Change(title, partial(_edits, document, node, None), "all")]
    return []


def _call_of(node: SyntaxNode) -> SyntaxNode | None:
    parent = node.parent
    called = parent is not None and parent.type in ("call", "call_expression")
    return parent if called and node.field == "function" else None


def _is_definition(node: SyntaxNode) -> bool:
    parent = node.parent
    if parent is None or node.field != "name":
        return False
    if parent.type in ("function_definition", "function_declaration"):
        return True
    value = parent.child("value") if parent.type == "variable_declarator" else None
    return value is not None and value.type == "arrow_function"


def _edits(
    document: SyntaxDocument, node: SyntaxNode, call: SyntaxNode | None
) -> Sequence[TextEdit]:
    find: Callable[[SyntaxDocument, SyntaxNode], Callee]
    find = python_callee if document.language == "python" else ecma_callee
    callee = find(document, node)
    calls = [call] if call is not None else [one for one in map(_call_of, callee.uses) if one]
    if not calls:
        raise RefusedError(f"{node.text} is not called in this file")
    if any(one.holds(other) and one != other for one in calls for other in calls):
        raise RefusedError(f"one call of {node.text} is an argument of another")
    editor = Editor(document)
    for one in calls:
        if callee.definition.holds(one):
            raise RefusedError(f"{node.text} calls itself")
        if callee.value is not None:
            editor.put(one, expression_at(document, callee, callee.value, one))
        else:
            body_at(document, editor, callee, one)
    if call is None and callee.private and len(calls) == len(callee.uses):
        editor.remove(callee.definition)
    return editor.done()


def is_defined(document: SyntaxDocument, name: str) -> bool:
    """Whether a text seems to define a function. Cost: a few searches through it."""
    content = document.text.content
    return any(f"{word} {name}" in content for word in _DEFINING)

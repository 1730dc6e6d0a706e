"""Functions of JavaScript and TypeScript that can be inlined: those that return one expression."""

from __future__ import annotations

from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.inlined import Callee
from lsp_agent.refactor.uses import is_bound, is_same_there, local_places
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.locals import local_references
from lsp_agent.syntax.tree import SyntaxNode, tree

_KINDS = frozenset({"function_declaration", "variable_declarator"})
_OWN = frozenset({"this", "super", "meta_property", "await_expression", "yield_expression",
                  "assignment_expression", "augmented_assignment_expression",
                  "update_expression"})  # fmt: skip


def ecma_callee(document: SyntaxDocument, node: SyntaxNode) -> Callee:
    """Return the function that a node names.

    Raises :class:`RefusedError` where it does more than to return one expression.
    """
    places = _places(document, node)
    bound = [one for one in places if is_bound(one)]
    above = bound[0].parent if len(bound) == 1 else None
    if above is None or above.type not in _KINDS or bound[0].field != "name":
        raise RefusedError(f"{node.text} is not one function of this file")
    function = above.child("value") if above.type == "variable_declarator" else above
    if function is None or function.type not in ("function_declaration", "arrow_function"):
        raise RefusedError(f"{node.text} is not one function of this file")
    statement = above if function == above else above.parent
    if statement is None or (statement != above and len(statement.parts) != 1):
        raise RefusedError(f"{node.text} is declared together with others")
    value = _value(function)
    parameters = _parameters(function)
    names = [one.text for one in parameters]
    used = {one.text: _uses(document, one) for one in parameters}

    exported = statement.parent is not None and statement.parent.type == "export_statement"
    listed = any(one.parent is not None and one.parent.type == "export_specifier" for one in places)
    return Callee(
        name=node.text,
        definition=statement,
        value=value,
        statements=[],
        parameters=names,
        defaults={},
        places=used,
        uses=[one for one in places if one not in bound],
        private=not exported and not listed,
        same_there=lambda name, call: is_same_there(name, statement, call),
    )


def _places(document: SyntaxDocument, node: SyntaxNode) -> list[SyntaxNode]:
    """Return all places of a function's name."""
    local = local_places(document, node)
    if local is not None:
        return local
    root = tree(document)
    named = (one for one in (root.walk() if root is not None else ()) if one.text == node.text)
    return [
        one
        for one in named
        if one.type in ("identifier", "shorthand_property_identifier")
        and local_references(document, document.position_at(one.start)) is None
    ]


def _value(function: SyntaxNode) -> SyntaxNode:
    body = function.child("body")
    if body is not None and body.type == "statement_block":
        only = body.parts[0] if len(body.parts) == 1 else None
        comments = any(one.type == "comment" for one in body.children)
        returned = only is not None and only.type == "return_statement" and not comments
        body = only.parts[0] if only is not None and returned and only.parts else None
    special = any(one.type in ("async", "*") for one in function.children)
    generic = function.child("type_parameters") is not None
    if body is None or special or generic:
        raise RefusedError("it does more than to return one expression")
    if any(one.type in _OWN or one.text == "arguments" for one in body.walk()):
        raise RefusedError("its expression belongs to the function that it stands in")
    return body.bare


def _parameters(function: SyntaxNode) -> list[SyntaxNode]:
    single = function.child("parameter")
    if single is not None:
        return [single]
    listed = function.child("parameters")
    found = []
    for one in listed.parts if listed is not None else []:
        name = one.child("pattern") if one.type == "required_parameter" else one
        if name is None or name.type != "identifier" or one.child("value") is not None:
            raise RefusedError("its parameters are not all plain ones")
        found.append(name)
    return found


def _uses(document: SyntaxDocument, parameter: SyntaxNode) -> list[SyntaxNode]:
    return [one for one in local_places(document, parameter) or [] if one != parameter]

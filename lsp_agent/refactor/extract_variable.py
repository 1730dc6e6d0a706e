"""An expression gets a name: a variable before its statement, in Python and JavaScript."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from lsp_agent.refactor.change import Change, Editor, alike, exactly, refusal
from lsp_agent.refactor.effects import (
    FUNCTIONS,
    change_between,
    has_effects,
    makes_objects,
)
from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.hoisting import Hoisted, hoist, is_value
from lsp_agent.refactor.layout import has_semicolons, indent_of, is_first
from lsp_agent.refactor.naming import free_name, variable_names
from lsp_agent.refactor.operands import HAZARDS, use_of
from lsp_agent.refactor.uses import depends
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.languages import ECMA
from lsp_agent.syntax.tree import SyntaxNode
from lsp_agent.workspace.edits import TextEdit
from lsp_agent.workspace.positions import Range

_OWN_BRACKETS = frozenset(
    {
        "list", "tuple", "dictionary", "set", "list_comprehension", "set_comprehension",
        "dictionary_comprehension", "generator_expression", "parenthesized_expression", "string",
    }
)  # fmt: skip
_HEADS = ("if_statement", "while_statement", "do_statement", "switch_statement", "with_statement")


def extract_variable(document: SyntaxDocument, range_: Range) -> list[Change]:
    """Offer a variable for the selected expression, and one for all that are equal to it.

    Listing costs a look at the ancestors, and a search through the text for a second occurrence.
    """
    node = exactly(document, range_)
    if node is None or document.language not in {"python", *ECMA}:
        return []
    if not is_value(node, document.language):
        return []
    try:
        hoist(node)
    except RefusedError as error:
        return [refusal("Extract variable", str(error), "one")]
    found = [Change("Extract variable", partial(_one, document, node), "one")]
    if document.text.content.count(node.text) > 1:
        title = "Extract variable, all occurrences"
        found.append(Change(title, partial(_all, document, node), "all"))
    return found


def _one(document: SyntaxDocument, node: SyntaxNode) -> Sequence[TextEdit]:
    return _extracted(document, node, [node], hoist(node, partial(depends, document)))


def _all(document: SyntaxDocument, node: SyntaxNode) -> Sequence[TextEdit]:
    held = depends(document, node)
    where = hoist(node, partial(depends, document))
    if has_effects(node):
        raise RefusedError("each of its evaluations may have an effect of its own")
    if makes_objects(node):
        raise RefusedError("each of its evaluations makes an object of its own")
    equal = [
        one
        for one in alike(document, node, where.list)
        if is_value(one, document.language) and _is_run(one, where.list)
    ]
    first = _first(equal, node, where)
    equal = [one for one in equal if one.start >= first.start]
    for one in equal[1:]:
        if reason := change_between(node, where.list, first.start, one, held=held):
            raise RefusedError(reason)
    return _extracted(document, node, equal, hoist(first, partial(depends, document)))


def _is_run(one: SyntaxNode, list_: SyntaxNode) -> bool:
    """Whether an expression in some statements is no part of a function among them."""
    for above in one.around():
        if above == list_:
            return True
        if above.type in FUNCTIONS:
            return False
    return False


def _first(equal: list[SyntaxNode], node: SyntaxNode, where: Hoisted) -> SyntaxNode:
    """Return the first occurrence that is evaluated in the same list of statements, always."""
    for one in equal:
        try:
            if one.start <= node.start and hoist(one).list == where.list:
                return one
        except RefusedError:
            continue
    return node


def _extracted(
    document: SyntaxDocument, node: SyntaxNode, places: list[SyntaxNode], where: Hoisted
) -> Sequence[TextEdit]:
    name = free_name(document, variable_names(node, document.language))
    editor = Editor(document)
    statement = where.statement
    whole = statement == node or (
        statement.type == "expression_statement" and statement.parts == [node]
    )
    keyword = "const " if document.language in ECMA else ""
    if whole:
        editor.insert(statement.start, f"{keyword}{name} = ")
    else:
        _declare(document, editor, statement, f"{keyword}{name} = {_value(node, document)}")
    for one in places:
        if not (whole and one == node):
            editor.put(one, use_of(one, name))
    return editor.done()


def _declare(
    document: SyntaxDocument, editor: Editor, statement: SyntaxNode, declaration: str
) -> None:
    """Put a declaration before a statement, on its line where the statement shares one."""
    if document.language in ECMA:
        hazard = statement.text.startswith(HAZARDS)
        declaration += ";" if hazard or has_semicolons(document, statement) else ""
    if is_first(document, statement.start):
        indent = indent_of(document, statement.start)
        editor.insert(statement.start, f"{declaration}\n{indent}")
    elif "\n" in declaration:
        raise RefusedError("its statement stands behind another one on the same line")
    else:
        editor.insert(statement.start, f"{declaration.rstrip(';')}; ")


def _value(node: SyntaxNode, document: SyntaxDocument) -> str:
    text = node.text
    if document.language in ECMA:
        return text
    if node.type == "parenthesized_expression" and "\n" not in text:
        bare = len(node.parts) == 1 and node.parts[0].type != "named_expression"
        return node.parts[0].text if bare and "#" not in text else text
    if "\n" in text and node.type not in _OWN_BRACKETS:
        return f"({text})"
    return text

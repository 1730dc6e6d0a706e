"""Of one local variable: where it is bound and where it is used."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from lsp_agent.refactor.effects import is_variable, reads
from lsp_agent.refactor.errors import RefusedError
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.locals import local_references
from lsp_agent.syntax.python_model import Role, Scope, ScopeKind
from lsp_agent.syntax.python_names import PythonNames
from lsp_agent.syntax.tree import SyntaxNode, covering

_PATTERNS = frozenset(
    {"array_pattern", "rest_pattern", "object_pattern", "pair_pattern", "formal_parameters",
     "catch_clause", "import_clause", "import_specifier", "namespace_import",
     "required_parameter", "optional_parameter", "update_expression"}
)  # fmt: skip
_LEFT = frozenset(
    {"assignment_expression", "augmented_assignment_expression", "for_in_statement",
     "assignment_pattern", "object_assignment_pattern"}
)  # fmt: skip
_NAMED = frozenset(
    {"variable_declarator", "function_declaration", "class_declaration", "arrow_function",
     "generator_function_declaration", "function_expression"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Uses:
    """A variable's bindings and other uses, each in source order.

    ``same_there`` says whether a name that stands in one node means the same at another.
    """

    bindings: list[SyntaxNode]
    uses: list[SyntaxNode]
    same_there: Callable[[str, SyntaxNode, SyntaxNode], bool]


def uses_of(document: SyntaxDocument, node: SyntaxNode) -> Uses:
    """Return what is known of the variable that a node names.

    Raises :class:`RefusedError` where it is no variable of one function alone.
    """
    if document.language == "python":
        return _python(document, node)
    return _ecma(document, node)


def depends(document: SyntaxDocument, node: SyntaxNode) -> bool:
    """Whether calls may change an expression's value: by attributes, or by shared variables."""
    if reads(node):
        return True
    names = PythonNames(document) if document.language == "python" else None
    return not all(is_steady(document, one, names) for one in node.walk() if is_variable(one))


def is_steady(document: SyntaxDocument, node: SyntaxNode, names: PythonNames | None = None) -> bool:
    """Whether no function but the one that a variable is used in gives it another value."""
    if document.language == "python":
        names = names or PythonNames(document)
        here = names.scope_at(node.start)
        home = names.lookup(node.text, here)
        declared = any(one.role is Role.DECLARED for one in names.occurrences(node.text))
        if home is None or (not declared and home == _function(here)):
            return True
        bound = [one for one in names.occurrences(node.text) if one.role is Role.BINDING]
        return not declared and sum(names.home(one) == home for one in bound) <= 1
    places = local_places(document, node)
    if places is None:
        writes = rf"(?<![\w$.]){re.escape(node.text)}\s*(?:[-+*/%&|^?<>]*=(?![=>])|\+\+|--)"
        return len(re.findall(writes, document.text.content)) <= 1
    return sum(is_bound(one) for one in places) <= 1


def _function(scope: Scope) -> Scope:
    """Return the scope of the function around a comprehension or lambda."""
    here = scope
    while here.parent is not None and here.kind in (ScopeKind.COMPREHENSION, ScopeKind.LAMBDA):
        here = here.parent
    return here


def _python(document: SyntaxDocument, node: SyntaxNode) -> Uses:
    names = PythonNames(document)
    here = names.at(document.position_at(node.start))
    if here is None or here.role not in (Role.USE, Role.BINDING):
        raise RefusedError(f"{node.text} is no variable here")
    scope = names.scope_of(here)
    if scope is None or scope.kind not in (ScopeKind.FUNCTION, ScopeKind.LAMBDA):
        raise RefusedError(f"{node.text} is no variable of a function: others may use it too")
    bindings: list[SyntaxNode] = []
    uses: list[SyntaxNode] = []
    for one in names.occurrences(node.text):
        if one.role is Role.DECLARED:
            raise RefusedError(f"{node.text} is shared by a global or nonlocal statement")
        if one.role in (Role.USE, Role.BINDING) and names.scope_of(one) == scope:
            (bindings if one.role is Role.BINDING else uses).append(
                name_at(document, one.start, node.text)
            )

    def same_there(name: str, first: SyntaxNode, second: SyntaxNode) -> bool:
        one, other = (names.lookup(name, names.scope_at(at.start)) for at in (first, second))
        return one == other

    return Uses(bindings, uses, same_there)


def _ecma(document: SyntaxDocument, node: SyntaxNode) -> Uses:
    places = local_places(document, node)
    if places is None:
        raise RefusedError(f"{node.text} is no variable of a function: others may use it too")
    bindings = [one for one in places if is_bound(one)]
    uses = [one for one in places if not is_bound(one)]
    return Uses(bindings, uses, is_same_there)


def is_same_there(name: str, first: SyntaxNode, second: SyntaxNode) -> bool:
    """Whether a name of JavaScript that means something at one node means the same at another."""
    for one in second.around():
        if one.holds(first):
            break
        if any(leaf.text == name and is_bound(leaf) for leaf in one.walk()):
            return False
    return True


def local_places(document: SyntaxDocument, node: SyntaxNode) -> list[SyntaxNode] | None:
    """Return all places of the local variable that a node names; ``None`` where it is none.

    Raises :class:`RefusedError` where one can't be read.
    """
    ranges = local_references(document, document.position_at(node.start))
    if ranges is None:
        return None
    return [name_at(document, document.byte_at(one.start), node.text) for one in ranges]


def name_at(document: SyntaxDocument, start: int, name: str) -> SyntaxNode:
    """Return the node of a name that begins at a byte; raises :class:`RefusedError` without one."""
    found = covering(document, start, start + len(name.encode()))
    if found is None or found.text != name:
        raise RefusedError(f"{name} stands where it can't be read")
    return found


def is_bound(node: SyntaxNode) -> bool:
    """Whether a name in JavaScript is bound, or written to, where it stands."""
    if node.type == "shorthand_property_identifier_pattern":
        return True
    parent = node.parent
    if parent is None or node.type != "identifier":
        return False
    if parent.type in _PATTERNS:
        return node.field not in ("value", "type") or parent.type == "pair_pattern"
    if parent.type in _LEFT:
        return node.field == "left"
    return parent.type in _NAMED and node.field in ("name", "parameter")

"""A variable's value goes to where it is used, in Python and JavaScript."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from lsp_agent.refactor.change import LISTS, Change, Editor, node_in
from lsp_agent.refactor.effects import (
    FUNCTIONS,
    REPEATING,
    binds,
    change_between,
    has_effects,
    is_variable,
    makes_objects,
    may_catch,
    names_in,
    reads,
)
from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.hoisting import hoist
from lsp_agent.refactor.operands import HAZARDS, goes_on, in_place_of
from lsp_agent.refactor.uses import Uses, depends, uses_of
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.languages import ECMA
from lsp_agent.syntax.tree import SyntaxNode
from lsp_agent.workspace.edits import TextEdit
from lsp_agent.workspace.positions import Range

_OWN_THIS = FUNCTIONS - {"arrow_function"}
_OWN = frozenset({"this", "super", "meta_property"})
_DECLARATIONS = frozenset({"lexical_declaration", "variable_declaration"})


@dataclass(frozen=True, slots=True)
class _Variable:
    """A variable's only assignment: its statement, value, and where it is used."""

    statement: SyntaxNode
    block: SyntaxNode
    value: SyntaxNode
    uses: list[SyntaxNode]


def inline_variable(document: SyntaxDocument, range_: Range) -> list[Change]:
    """Offer to inline the local variable at the cursor; all else is found out when it is chosen.

    Listing costs a search for an assignment through the outermost function around it.
    """
    node = node_in(document, range_)
    if node is None or document.language not in {"python", *ECMA} or not is_variable(node):
        return []
    functions = [one for one in node.around() if one.type in FUNCTIONS]
    if not functions:
        return []
    name = re.escape(node.text)
    pattern = (
        rf"^[ \t]*{name}[ \t]*(?::[^=\n]+)?=(?!=)"
        if document.language == "python"
        else rf"\b(?:const|let|var)\s+{name}\s*[=:]"
    )
    if not re.search(pattern, functions[-1].text, re.MULTILINE):
        return []
    return [Change(f"Inline {node.text}", partial(_edits, document, node))]


def _edits(document: SyntaxDocument, node: SyntaxNode) -> Sequence[TextEdit]:
    variable = _variable(document, node)
    if binds(variable.value):
        raise RefusedError("its value binds a name itself")
    if not variable.uses:
        raise RefusedError(f"{node.text} is never used")
    if has_effects(variable.value):
        _check_single(document, variable)
    else:
        held = depends(document, variable.value)
        for use in variable.uses:
            _check(variable, use, held=held)
    before, behind = variable.statement.sibling(-1), variable.statement.sibling(1)
    script = document.language in ECMA and before is not None and goes_on(before)
    if script and behind is not None and behind.text.startswith(HAZARDS):
        raise RefusedError("the line before would go on with the one behind: add a semicolon")
    editor = Editor(document)
    for use in variable.uses:
        editor.put(use, in_place_of(variable.value, use))
    editor.remove(variable.statement)
    return editor.done()


def _variable(document: SyntaxDocument, node: SyntaxNode) -> _Variable:
    """Find what is known of the variable; refused unless it is assigned exactly once."""
    uses = uses_of(document, node)
    if len(uses.bindings) != 1:
        raise RefusedError(f"{node.text} is not assigned exactly once")
    target = uses.bindings[0]
    assignment = target.parent
    statement = assignment
    if assignment is not None and assignment.type == "variable_declarator":
        statement = assignment.parent
        if statement is None or statement.type not in _DECLARATIONS or len(statement.parts) != 1:
            raise RefusedError(f"{node.text} is declared together with others")
    kinds = ("assignment", "variable_declarator")
    value = assignment.child("right") or assignment.child("value") if assignment else None
    if assignment is None or assignment.type not in kinds or value is None or statement is None:
        raise RefusedError(f"{node.text} is no variable with a value of its own")
    list_ = statement.parent
    chained = value.type == "assignment"
    if target.field not in ("left", "name") or list_ is None or list_.type not in LISTS or chained:
        raise RefusedError(f"{node.text} is assigned together with others")
    _check_names(document, uses, value, list_)
    return _Variable(statement, list_, value, uses.uses)


def _check_names(
    document: SyntaxDocument, uses: Uses, value: SyntaxNode, list_: SyntaxNode
) -> None:
    """Refuse where a name of the value means something else at a use."""
    for name in sorted(names_in(value)):
        for use in uses.uses:
            if not uses.same_there(name, value, use):
                raise RefusedError(f"{name} is another variable where the value would go")
            if not list_.holds(use) or use.start < value.end:
                line = document.position_at(use.start).line + 1
                raise RefusedError(f"it is used where it may not be assigned (line {line})")


def _check(variable: _Variable, use: SyntaxNode, *, held: bool) -> None:
    """Refuse a use at which a value without effects may be another one."""
    value, list_ = variable.value, variable.block
    if not list_.holds(use) or use.start < value.end:
        raise RefusedError("it is used where it may not be assigned")
    between: list[str] = []
    catches = False
    for one in use.around():
        if one == list_:
            break
        between.append(one.type)
        catches = catches or one.type == "try_statement" or may_catch(one)
    constant = not names_in(value) and not reads(value)
    if any(one.type in _OWN for one in value.walk(skip=_OWN_THIS)) and _OWN_THIS & set(between):
        raise RefusedError(f"{value.text} means something else in a function")
    if any(one in FUNCTIONS for one in between) and not (constant and not makes_objects(value)):
        raise RefusedError("a function uses it later, when its value may be another one")
    if catches and not (constant or value.type == "identifier"):
        raise RefusedError("it is used in a try, which would catch what its value raises")
    again = len(variable.uses) > 1 or any(one in REPEATING for one in between)
    if makes_objects(value) and again:
        raise RefusedError("its uses share one object, and would have one each")
    if "generator_expression" in between and not constant:
        raise RefusedError("a generator uses it later, when its value may be another one")
    if reason := change_between(value, list_, variable.statement.end, use, held=held):
        raise RefusedError(reason)


def _check_single(document: SyntaxDocument, variable: _Variable) -> None:
    """Refuse unless a value with effects is used once, and right behind its assignment."""
    if len(variable.uses) > 1:
        raise RefusedError("its value has effects, and it is used more than once")
    use = variable.uses[0]
    where = hoist(use)
    if where.list != variable.block or variable.statement.sibling(1) != where.statement:
        raise RefusedError("its value has effects, and other statements stand before its use")
    for one in where.earlier:
        if has_effects(one) or (one.field != "function" and depends(document, one)):
            raise RefusedError(f"{one.text} would be evaluated before its value")

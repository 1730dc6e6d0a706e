"""Python functions that can be inlined, and their statements where they are called."""

from __future__ import annotations

import re

from lsp_agent.refactor.blocks import on_lines
from lsp_agent.refactor.change import LISTS, Editor, is_shown
from lsp_agent.refactor.effects import FRAME, FUNCTIONS, has_effects, of_class
from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.inlined import Callee, arguments_of, check_names, spliced
from lsp_agent.refactor.layout import indent_of, is_first, line_end
from lsp_agent.refactor.naming import free_name
from lsp_agent.refactor.operands import written
from lsp_agent.refactor.uses import depends, name_at
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.python_model import Role, Scope, ScopeKind
from lsp_agent.syntax.python_names import PythonNames
from lsp_agent.syntax.tree import SyntaxNode

_PLAIN = frozenset({"integer", "float", "string", "true", "false", "none", "identifier"})
_PARAMETERS = frozenset(
    {"identifier", "default_parameter", "typed_parameter", "typed_default_parameter"}
)
_NEVER = frozenset({"yield", "global_statement", "nonlocal_statement", "await", "named_expression",
                    "delete_statement", "wildcard_import"})  # fmt: skip


def python_callee(document: SyntaxDocument, node: SyntaxNode) -> Callee:
    """Return the function that a node names.

    Raises :class:`RefusedError` where it can't be put into the place of its calls.
    """
    names = PythonNames(document)
    scope = _scope(document, names, node)
    definition = _definition(document, names, node.text, scope)
    _check(definition)
    statements, value = _body(definition)
    parameters, defaults = _parameters(definition)
    inside = names.scope_at(statements[0].start)
    places = {one: _places(document, names, one, inside) for one in parameters}

    def same_there(free: str, call: SyntaxNode) -> bool:
        local = names.lookup(free, inside)
        if local == inside or (local is not None and local.kind is ScopeKind.COMPREHENSION):
            return True
        return local == names.lookup(free, names.scope_at(call.start))

    return Callee(
        name=node.text,
        definition=definition,
        value=value,
        statements=statements,
        parameters=parameters,
        defaults=defaults,
        places=places,
        uses=_uses(document, names, node.text, scope),
        private=node.text.startswith("_") or scope.kind is not ScopeKind.MODULE,
        same_there=same_there,
    )


def _scope(document: SyntaxDocument, names: PythonNames, node: SyntaxNode) -> Scope:
    here = names.at(document.position_at(node.start))
    scope = names.scope_of(here) if here is not None else None
    if scope is None or scope.kind is ScopeKind.CLASS:
        raise RefusedError(f"{node.text} is no function of this file")
    return scope


def _definition(
    document: SyntaxDocument, names: PythonNames, name: str, scope: Scope
) -> SyntaxNode:
    bindings = names.bindings(name, scope)
    if len(bindings) != 1 or bindings[0].function is None:
        raise RefusedError(f"{name} is not one function of this file")
    definition = name_at(document, bindings[0].start, name).parent
    if definition is None or definition.type != "function_definition":
        raise RefusedError(f"{name} is a parameter here")
    return definition


def _body(definition: SyntaxNode) -> tuple[list[SyntaxNode], SyntaxNode | None]:
    """Return a function's statements, and the value that it returns if it does nothing else."""
    body = definition.child("body")
    statements = body.parts if body is not None else []
    if len(statements) > 1 and statements[0].type == "string":
        statements = statements[1:]
    only = statements[0] if len(statements) == 1 else None
    if only is not None and only.type == "return_statement" and only.parts:
        return statements, only.parts[0]
    _check_body(statements)
    return statements, None


def _uses(
    document: SyntaxDocument, names: PythonNames, name: str, scope: Scope
) -> list[SyntaxNode]:
    found = []
    for one in names.occurrences(name):
        if one.role is Role.LISTED:
            raise RefusedError(f"{name} is named in __all__")
        if one.role is Role.USE and names.lookup(one.name, one.scope) == scope:
            found.append(name_at(document, one.start, name))
    return found


def _check(definition: SyntaxNode) -> None:
    above = definition.parent
    if above is not None and above.type == "decorated_definition":
        raise RefusedError("it has a decorator, which makes something else of it")
    if any(one.type == "async" for one in definition.children):
        raise RefusedError("it is an async function")
    body = definition.child("body")
    if body is None or any(one.type in _NEVER for one in body.walk(skip=FUNCTIONS)):
        raise RefusedError("it yields, awaits, deletes or binds names elsewhere")
    called = (one.child("function") for one in body.walk() if one.type == "call")
    if any(one is not None and one.text in FRAME for one in called):
        raise RefusedError("it asks for its own names")
    if bound := next((one for one in body.walk() if of_class(one)), None):
        raise RefusedError(f"{bound.text} means something only where it stands")


def _check_body(statements: list[SyntaxNode]) -> None:
    for one in statements:
        for inner in one.walk():
            if inner.type in FUNCTIONS or inner.type == "generator_expression":
                raise RefusedError("a function in it would see other names")
            if inner.type == "return_statement" and inner != statements[-1]:
                raise RefusedError("it returns before its end")
            if inner.type in ("string", "comment") and "\n" in inner.text:
                raise RefusedError("it holds a string of several lines")


def _parameters(definition: SyntaxNode) -> tuple[list[str], dict[str, SyntaxNode]]:
    listed = definition.child("parameters")
    names: list[str] = []
    defaults: dict[str, SyntaxNode] = {}
    for one in listed.parts if listed is not None else []:
        name = one.child("name") or (one.parts[0] if one.parts else one)
        value = one.child("value")
        if name.type != "identifier" or one.type not in _PARAMETERS:
            raise RefusedError("its parameters are not all plain ones")
        names.append(name.text)
        if value is not None:
            if value.type not in _PLAIN - {"identifier"}:
                raise RefusedError(f"the default of {name.text} is evaluated only once")
            defaults[name.text] = value
    return names, defaults


def _places(
    document: SyntaxDocument, names: PythonNames, name: str, scope: Scope
) -> list[SyntaxNode]:
    return [
        name_at(document, one.start, name)
        for one in names.occurrences(name)
        if one.role is Role.USE and names.lookup(name, one.scope) == scope
    ]


def body_at(document: SyntaxDocument, editor: Editor, callee: Callee, call: SyntaxNode) -> None:
    """Put a function's statements before the statement that a call is, or is the value of.

    Raises :class:`RefusedError` where the call is part of something larger.
    """
    statement = call
    if call.parent is not None and call.parent.type not in LISTS:
        statement = call.parent
    host = statement.parent
    value = statement == call or statement.type == "return_statement" or (
        statement.type == "assignment" and call.field == "right"
    )  # fmt: skip
    if (
        not value
        or host is None
        or host.type not in LISTS
        or not is_first(document, statement.start)
    ):
        raise RefusedError(f"{callee.name} has several statements, and this call is no statement")
    if document.data[statement.end : line_end(document, statement.end)].strip(b" \t"):
        raise RefusedError("other code, or a comment, stands on the line of the call")
    check_names(callee, callee.statements, call)
    given = arguments_of(callee, call)
    names = PythonNames(document)
    indent = indent_of(document, statement.start)
    lines, edits = _bindings(document, callee, given, names, call)
    *body, last = callee.statements
    result = last if last.type == "return_statement" else None
    if result is None:
        body = callee.statements
    if body:
        lines += _moved(document, body, edits)
    lines += _result(document, statement, call, result, edits)
    editor.put(statement, f"\n{indent}".join(lines) if lines else "pass")


def _bindings(
    document: SyntaxDocument,
    callee: Callee,
    given: dict[str, SyntaxNode],
    names: PythonNames,
    call: SyntaxNode,
) -> tuple[list[str], list[tuple[int, int, str]]]:
    """Return the lines that give parameters their values, and what becomes of names in the body."""
    inside = names.scope_at(callee.statements[0].start)
    local = {
        one.text
        for statement in callee.statements
        for one in statement.walk()
        if one.type == "identifier" and names.bindings(one.text, inside)
    }
    lines: list[str] = []
    edits: list[tuple[int, int, str]] = []
    for name in [*given, *sorted(local - set(given))]:
        value = given.get(name)
        places = [
            one.start
            for one in names.occurrences(name)
            if one.role in (Role.USE, Role.BINDING)
            and any(part.start <= one.start < part.end for part in callee.statements)
            and names.scope_of(one) == inside
        ]
        rebound = len(names.bindings(name, inside)) > (1 if value is not None else 0)
        shared = value is not None and depends(document, value)
        if value is not None and value.type in _PLAIN and not rebound and not shared:
            for start in places:
                use = name_at(document, start, name)
                edits.append((use.start, use.end, written(value.text, value.type, use)))
            continue
        new = (
            free_name(document, [f"{name}_here"])
            if _is_taken(document, callee, name, call)
            else name
        )
        if new != name and any(is_shown(name_at(document, start, name)) for start in places):
            raise RefusedError(f"a string shows {name} as it is written: {{…=}}")
        edits += [(start, start + len(name.encode()), new) for start in places if new != name]
        if value is not None:
            bound = value.type in ("named_expression", "yield")
            text = f"({value.text})" if bound else on_lines(value.text, script=False)
            lines.append(f"{new} = {text}")
    return lines, edits


def _is_taken(document: SyntaxDocument, callee: Callee, name: str, call: SyntaxNode) -> bool:
    """Whether a name stands anywhere around a call, outside the function itself."""
    around = [one for one in call.around() if one.type in ("function_definition", "module")]
    whole = around[-2] if len(around) > 1 else around[-1]
    data, inner = document.data, callee.definition
    text = data[whole.start : whole.end]
    if whole.holds(inner):
        text = data[whole.start : inner.start] + b" " + data[inner.end : whole.end]
    return re.search(rb"(?<![\w.])" + name.encode() + rb"(?!\w)", text) is not None


def _moved(
    document: SyntaxDocument, body: list[SyntaxNode], edits: list[tuple[int, int, str]]
) -> list[str]:
    """Return the lines of statements without the indentation that they have in their function."""
    start, end = body[0].start, body[-1].end
    old = indent_of(document, start)
    text = spliced(document, start, end, [one for one in edits if start <= one[0] < end])
    # A comment at the end holds the first half of its line end.
    text = text.replace("\r\n", "\n").rstrip("\r")
    return [line.removeprefix(old) for line in text.split("\n")]


def _result(
    document: SyntaxDocument,
    statement: SyntaxNode,
    call: SyntaxNode,
    result: SyntaxNode | None,
    edits: list[tuple[int, int, str]],
) -> list[str]:
    value = result.parts[0] if result is not None and result.parts else None
    text = "None"
    if value is not None:
        inner = [one for one in edits if value.start <= one[0] < value.end]
        text = spliced(document, value.start, value.end, inner)
    if statement == call:
        return [text] if value is not None and has_effects(value) else []
    kind = value.type if value is not None else "none"
    replaced = [(call.start, call.end, written(text, kind, call))]
    return [spliced(document, statement.start, statement.end, replaced)]

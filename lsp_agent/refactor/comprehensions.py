"""Loops that fill a collection, and comprehensions; Python only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from lsp_agent.refactor.change import LISTS, Change, Editor, node_in
from lsp_agent.refactor.effects import FRAME, FUNCTIONS, has_effects, may_catch, names_in
from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.layout import indent_of, is_first, line_end, unit_of
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.python_model import Role, Scope, ScopeKind
from lsp_agent.syntax.python_names import PythonNames
from lsp_agent.syntax.tree import SyntaxNode
from lsp_agent.workspace.edits import TextEdit
from lsp_agent.workspace.positions import Range

_ADDERS = {"append": "list", "add": "set"}
_DISPLAYS = {"[]": "list", "list()": "list", "set()": "set", "{}": "dict", "dict()": "dict"}
_KINDS = {"list_comprehension": "list", "set_comprehension": "set",
          "dictionary_comprehension": "dict"}  # fmt: skip
_MAX_LINE = 100


@dataclass(frozen=True, slots=True)
class _Loop:
    """A loop that fills a collection: ``name = []``, ``for target in values: [if test:] add``."""

    start: SyntaxNode
    loop: SyntaxNode
    name: str
    text: str
    target: SyntaxNode
    parts: list[SyntaxNode]


def loop_to_comprehension(document: SyntaxDocument, range_: Range) -> list[Change]:
    """Offer a comprehension for the loop at the cursor, where it just fills a collection."""
    node = node_in(document, range_) if document.language == "python" else None
    loop = node if node is None or node.type == "for_statement" else node.above("for_statement")
    if loop is None or document.position_at(loop.start).line != range_.start.line:
        return []
    found = _loop(document, loop)
    return (
        [Change("Turn the loop into a comprehension", partial(_join, document, found))]
        if found
        else []
    )


def _loop(document: SyntaxDocument, loop: SyntaxNode) -> _Loop | None:
    target, values, body = loop.child("left"), loop.child("right"), loop.child("body")
    before = loop.sibling(-1)
    made = _made(before) if before is not None and is_first(document, before.start) else None
    if target is None or values is None or body is None or before is None or made is None:
        return None
    plain = loop.child("alternative") is None and loop.children[0].type != "async"
    commented = any(one.type == "comment" for one in loop.walk())
    apart = document.data[before.end : loop.start].strip()
    tests, statement = _tests(body)
    if not plain or commented or apart or loop.broken or statement is None:
        return None
    name, kind = made
    element = _element(statement, name, kind)
    if element is None:
        return None
    text = f"{element[0]} for {target.text} in {_operand(values)}"
    text += "".join(f" if {_operand(one)}" for one in tests)
    whole = f"[{text}]" if kind == "list" else f"{{{text}}}"
    if "\n" in whole or len(name) + len(whole) > _MAX_LINE:
        return None
    return _Loop(before, loop, name, whole, target, [values, *tests, *element[1]])


def _tests(body: SyntaxNode) -> tuple[list[SyntaxNode], SyntaxNode | None]:
    """Return the conditions around the only statement of a block, and that statement."""
    tests: list[SyntaxNode] = []
    statement = _only(body)
    while statement is not None and statement.type == "if_statement":
        condition, inner = statement.child("condition"), statement.child("consequence")
        if condition is None or inner is None or statement.all("alternative"):
            return tests, None
        tests.append(condition)
        statement = _only(inner)
    return tests, statement


def _only(block: SyntaxNode) -> SyntaxNode | None:
    return block.parts[0] if len(block.parts) == 1 else None


def _operand(node: SyntaxNode) -> str:
    weak = ("conditional_expression", "lambda", "named_expression", "expression_list", "yield")
    return f"({node.text})" if node.type in weak else node.text


def _made(statement: SyntaxNode) -> tuple[str, str] | None:
    """Return the name and kind of an empty collection that a statement makes."""
    left, right = statement.child("left"), statement.child("right")
    if statement.type != "assignment" or left is None or right is None:
        return None
    kind = _DISPLAYS.get(right.text)
    return (left.text, kind) if left.type == "identifier" and kind else None


def _element(statement: SyntaxNode, name: str, kind: str) -> tuple[str, list[SyntaxNode]] | None:
    """Return what a statement adds to a collection, as text and as nodes."""
    return _item(statement, name) if kind == "dict" else _added(statement, name, kind)


def _added(statement: SyntaxNode, name: str, kind: str) -> tuple[str, list[SyntaxNode]] | None:
    function, listed = statement.child("function"), statement.child("arguments")
    adds = {f"{name}.{method}" for method, what in _ADDERS.items() if what == kind}
    if statement.type != "call" or function is None or function.text not in adds:
        return None
    value = listed.parts[0] if listed is not None and len(listed.parts) == 1 else None
    if value is None or listed is None or listed.type != "argument_list":
        return None
    odd = value.type in ("list_splat", "keyword_argument", "dictionary_splat")
    return None if odd else (_operand(value), [value])


def _item(statement: SyntaxNode, name: str) -> tuple[str, list[SyntaxNode]] | None:
    left, right = statement.child("left"), statement.child("right")
    if statement.type != "assignment" or left is None or right is None:
        return None
    held, key = left.child("value"), left.child("subscript")
    if left.type != "subscript" or held is None or key is None or held.text != name:
        return None
    odd = len(left.all("subscript")) != 1 or key.type == "slice" or right.type == "assignment"
    # A comprehension evaluates the key first, an assignment the value.
    if odd or (has_effects(key) and has_effects(right)):
        return None
    return f"{_operand(key)}: {_operand(right)}", [right, key]


def _join(document: SyntaxDocument, found: _Loop) -> Sequence[TextEdit]:
    _check(document, found)
    editor = Editor(document)
    left = found.start.text[: -len(found.start.child("right").text)]  # type: ignore[union-attr]
    editor.replace(found.start.start, found.loop.end, f"{left}{found.text}")
    return editor.done()


def _check(document: SyntaxDocument, found: _Loop) -> None:
    """Refuse where someone could tell the loop from the comprehension."""
    names = PythonNames(document)
    scope = names.scope_at(found.loop.start)
    if scope.kind is ScopeKind.CLASS:
        raise RefusedError("in the body of a class a comprehension does not see its names")
    if _is_caught(found.loop):
        raise RefusedError(f"in a try, {found.name} would stay as it was when the loop raises")
    if found.target.type not in ("identifier", "pattern_list", "tuple_pattern"):
        raise RefusedError("the loop sets more than names")
    if found.name in {name for one in found.parts for name in names_in(one)}:
        raise RefusedError(f"the loop looks at {found.name} while it is filled")
    _check_parts(found.parts)
    for name in sorted(names_in(found.target)):
        for one in names.occurrences(name):
            inside = found.loop.start <= one.start < found.loop.end
            if inside and one.role is Role.BINDING and names.home(one) not in (scope, one.scope):
                raise RefusedError(f"{name} belongs to another function, or to the module")
            if inside or one.role not in (Role.USE, Role.DECLARED):
                continue
            seen = one.scope != scope or _is_seen(one.start, found.loop)
            if seen and names.lookup(name, one.scope) == scope:
                raise RefusedError(f"{name} is used behind the loop")
    _check_watched(names, found.name, scope, found.parts)


def _check_parts(parts: list[SyntaxNode]) -> None:
    later = FUNCTIONS | {"await", "yield", "named_expression", "generator_expression"}
    if any(inner.type in later for one in parts for inner in one.walk()):
        raise RefusedError("a part of it awaits or yields, or keeps its variables")
    called = (inner.child("function") for one in parts for inner in one.walk())
    if any(one is not None and one.text in ("super", *FRAME) for one in called):
        raise RefusedError("a part of it depends on the function that it stands in")


def _is_caught(node: SyntaxNode) -> bool:
    """Whether someone goes on where a statement raises."""
    return any(one.type == "try_statement" or may_catch(one) for one in node.around())


def _check_watched(names: PythonNames, name: str, scope: Scope, parts: list[SyntaxNode]) -> None:
    """Refuse where a call could look at a collection that is half filled."""
    watched = any(
        one.role is Role.USE and one.scope != scope and names.lookup(name, one.scope) == scope
        for one in names.occurrences(name)
    )
    if watched and any(has_effects(one) for one in parts):
        raise RefusedError(f"another function may look at {name} meanwhile")


def _is_seen(start: int, loop: SyntaxNode) -> bool:
    """Whether a use may see what a loop left in its variable: behind it, or in a loop around."""
    around = [one for one in loop.around() if one.type in ("for_statement", "while_statement")]
    return start > loop.end or any(one.start <= start < one.end for one in around)


def comprehension_to_loop(document: SyntaxDocument, range_: Range) -> list[Change]:
    """Offer a loop for the comprehension at the cursor, where a variable gets all of it."""
    node = node_in(document, range_) if document.language == "python" else None
    while node is not None and node.type not in _KINDS:
        if node.type in LISTS:
            return []
        node = node.parent
    statement = node.parent if node is not None else None
    if node is None or statement is None or statement.type != "assignment" or node.broken:
        return []
    left = statement.child("left")
    block = statement.parent
    if left is None or left.type != "identifier" or block is None or block.type not in LISTS:
        return []
    alone = not document.data[statement.end : line_end(document, statement.end)].strip()
    if not is_first(document, statement.start) or not alone or statement.child("right") != node:
        return []
    if any(one.type in ("comment", "async") for one in node.walk()) or "\n" in node.text:
        return []
    return [Change("Turn the comprehension into a loop",
                   partial(_unfold, document, statement, left, node))]  # fmt: skip


def _unfold(
    document: SyntaxDocument, statement: SyntaxNode, left: SyntaxNode, node: SyntaxNode
) -> Sequence[TextEdit]:
    names = PythonNames(document)
    scope = names.scope_at(statement.start)
    if scope.kind is ScopeKind.CLASS:
        raise RefusedError("in the body of a class the loop's variables would be attributes")
    if _is_caught(statement):
        raise RefusedError(f"in a try, {left.text} could be left half filled")
    if left.text in names_in(node):
        raise RefusedError(f"the comprehension looks at {left.text} itself")
    _check_parts([node])
    _check_watched(names, left.text, scope, [node])
    clauses = [one for one in node.parts if one.type in ("for_in_clause", "if_clause")]
    targets = [one.child("left") for one in clauses]
    for name in sorted({name for one in targets if one is not None for name in names_in(one)}):
        outside = any(
            one.role in (Role.USE, Role.BINDING, Role.DECLARED)
            and (one.scope == scope or names.lookup(name, one.scope) is None)
            for one in names.occurrences(name)
        )
        if outside or names.lookup(name, scope) is not None:
            raise RefusedError(f"{name} is a variable around the comprehension already")
    editor = Editor(document)
    editor.put(statement, "\n".join(_lines(document, statement, left, node, clauses)))
    return editor.done()


def _lines(
    document: SyntaxDocument,
    statement: SyntaxNode,
    left: SyntaxNode,
    node: SyntaxNode,
    clauses: list[SyntaxNode],
) -> list[str]:
    kind = _KINDS[node.type]
    head = statement.text[: -len(node.text)]
    empty = {"list": "[]", "set": "set()", "dict": "{}"}[kind]
    indent, unit = indent_of(document, statement.start), unit_of(document)
    lines = [head + empty]
    for clause in clauses:
        lines.append(f"{indent}{clause.text}:")
        indent += unit
    element = node.child("body") or node.parts[0]
    if kind == "dict":
        key, value = element.child("key"), element.child("value")
        if key is None or value is None or (has_effects(key) and has_effects(value)):
            raise RefusedError("a loop would evaluate the value before the key")
        lines.append(f"{indent}{left.text}[{key.text}] = {value.text}")
    else:
        method = "append" if kind == "list" else "add"
        lines.append(f"{indent}{left.text}.{method}({element.text})")
    return lines

"""Selected JavaScript or TypeScript becomes a function or method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lsp_agent.refactor.change import Editor
from lsp_agent.refactor.effects import FUNCTIONS, LOOPS, has_effects, is_variable, own
from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.extracting import Piece
from lsp_agent.refactor.layout import has_semicolons, indent_of, line_end, reindented, unit_of
from lsp_agent.refactor.naming import camel, free_name, variable_names, words_of
from lsp_agent.refactor.operands import HAZARDS, use_of
from lsp_agent.refactor.uses import is_bound, name_at
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.locals import local_references
from lsp_agent.syntax.tree import SyntaxNode
from lsp_agent.workspace.edits import TextEdit

_OWN_THIS = FUNCTIONS - {"arrow_function"}
_WRITES = frozenset({"assignment_expression", "augmented_assignment_expression",
                     "update_expression"})  # fmt: skip
_LOOPS = frozenset({"for_statement", "for_in_statement", "while_statement", "do_statement"})
_EXPRESSIONS = frozenset({"function_expression", "generator_function", "class"})
_LITERALS = {"number": "number", "string": "string", "template_string": "string",
             "true": "boolean", "false": "boolean"}  # fmt: skip


@dataclass(slots=True)
class _Parts:
    """What the new function needs; ``declared`` are results that the piece declares itself."""

    inputs: list[str] = field(default_factory=list)
    types: dict[str, str] = field(default_factory=dict)
    outputs: list[str] = field(default_factory=list)
    declared: set[str] = field(default_factory=set)
    keywords: set[str] = field(default_factory=set)
    returns: bool = False
    awaits: bool = False


def ecma_edits(document: SyntaxDocument, piece: Piece, *, method: bool) -> Sequence[TextEdit]:
    """Return the edits that make a function of a piece.

    Raises :class:`RefusedError` where the code can't run in a function of its own.
    """
    parts = _parts(document, piece, method=method)
    name = free_name(document, _names(piece, parts), member=method)
    unit = unit_of(document)
    editor = Editor(document)
    typed = document.language != "javascript"
    listed = [f"{one}: {parts.types[one]}" if typed else one for one in parts.inputs]
    host = piece.nodes[0].above("method_definition") if method else _top(piece)
    if host is None:
        raise RefusedError("there is no method around the selection")
    indent = indent_of(document, host.start) if method else ""
    static = "static " if method and any(one.type == "static" for one in host.children) else ""
    head = static + ("async " if parts.awaits else "") + ("" if method else "function ")
    body = _body(document, piece, parts, indent + unit)
    definition = f"{indent}{head}{name}({', '.join(listed)}) {{\n{body}\n{indent}}}"
    called = f"this.{name}" if method else name
    editor.replace(piece.start, piece.end, _call(document, piece, parts, called))
    at = line_end(document, host.end)
    editor.insert(at, f"\n\n{definition}")
    return editor.done()


def _top(piece: Piece) -> SyntaxNode:
    top = piece.nodes[0].top
    return top if not piece.nodes[-1].end > top.end else piece.nodes[-1]


def _parts(document: SyntaxDocument, piece: Piece, *, method: bool) -> _Parts:
    found = _Parts()
    nodes = piece.nodes
    _check_this(nodes, method=method)
    _check_jumps(nodes)
    found.awaits = bool(own(nodes, "await_expression", "await"))
    if own(nodes, "yield_expression"):
        raise RefusedError("it yields to the caller of the function around it")
    found.returns = _returns(nodes)
    seen: set[tuple[int, int]] = set()
    for one in (one for node in nodes for one in node.walk()):
        if not (is_variable(one) or is_bound(one)):
            continue
        ranges = local_references(document, document.position_at(one.start))
        if ranges is None:
            if any(_names_itself(above, one.text) for above in nodes[0].around()):
                raise RefusedError(f"{one.text} is known in its own function only")
            if is_bound(one) and _is_of_file(one) and not _is_write(one):
                raise RefusedError(f"{one.text} is a variable of the whole file")
            continue
        starts = [document.byte_at(range_.start) for range_ in ranges]
        if (starts[0], len(starts)) not in seen:
            seen.add((starts[0], len(starts)))
            _classify(piece, [name_at(document, at, one.text) for at in starts], found)
    if len(found.keywords) > 1 and "var" in found.keywords:
        raise RefusedError(f"it declares what is used later in two ways: {found.outputs}")
    if found.declared and len(found.declared) != len(found.outputs):
        raise RefusedError(f"it both declares and sets what is used later: {found.outputs}")
    return found


def _names_itself(node: SyntaxNode, name: str) -> bool:
    """Whether a node is a function or class expression of that name."""
    label = node.child("name") if node.type in _EXPRESSIONS else None
    return label is not None and label.text == name


def _is_of_file(name: SyntaxNode) -> bool:
    """Whether a name is bound outside of all functions; that of a function stands around it."""
    above = name.above(*FUNCTIONS)
    own = above is not None and above == name.parent and name.field == "name"
    return above is None or (own and above.above(*FUNCTIONS) is None)


def _returns(nodes: list[SyntaxNode]) -> bool:
    """Whether a piece ends the function around it, whichever way it takes."""
    if not own(nodes, "return_statement"):
        return False
    block = nodes[-1].parent
    function = block.parent if block is not None else None
    last = function is not None and function.type in FUNCTIONS and nodes[-1].sibling(1) is None
    if not last and not _leaves(nodes):
        raise RefusedError("it returns on some ways through it only")
    return True


def _classify(piece: Piece, places: list[SyntaxNode], found: _Parts) -> None:
    """Decide whether one variable goes in, comes out, or both."""
    name = places[0].text
    inside = [one for one in places if piece.holds(one.start)]
    outside = [one for one in places if not piece.holds(one.start)]
    if not outside:
        return
    own = [one for one in inside if is_bound(one) and not _is_write(one)]
    writes = [one for one in inside if _is_write(one)]
    loop = _loop(piece)
    later = [
        one
        for one in outside
        if one.start >= piece.end or (loop is not None and loop.holds(one)) or _apart(one, piece)
    ]
    written = [one for one in places if is_bound(one)]
    if len(written) > 1 and any(_is_deferred(one, piece) for one in inside):
        raise RefusedError(f"a function in it uses {name} later, when it may have changed")
    _check_apart(piece, name, own, outside)
    if own:
        _classify_own(name, own, outside, found)
        return
    if any(is_bound(one) and not _is_write(one) and one.start > piece.start
           and _is_late(one) for one in outside):  # fmt: skip
        raise RefusedError(f"{name} has no value yet where the selection begins")
    if writes:
        _check_try(piece, name, outside)
        if any(_apart(one, piece) for one in outside):
            raise RefusedError(f"it sets {name}, which another function uses")
        if piece.expression:
            raise RefusedError(f"it sets {name}")
        if (later or loop is not None) and not found.returns:
            found.outputs.append(name)
    found.inputs.append(name)
    found.types[name] = _type(places)


def _classify_own(
    name: str, own: list[SyntaxNode], outside: list[SyntaxNode], found: _Parts
) -> None:
    """Let a variable that the piece declares come out."""
    if any(one.parent is not None and one.parent.type in FUNCTIONS for one in own):
        raise RefusedError(f"{name} is a function that is used outside the selection")
    if any(is_bound(one) and not _is_write(one) for one in outside):
        raise RefusedError(f"{name} is declared outside the selection too")
    found.declared.add(name)
    found.outputs.append(name)
    kind = own[0].above("lexical_declaration", "variable_declaration")
    found.keywords.add(kind.text.split()[0] if kind is not None else "let")


def _check_apart(piece: Piece, name: str, own: list[SyntaxNode], outside: list[SyntaxNode]) -> None:
    """Refuse a variable that a function which the piece calls may see, or set, meanwhile."""
    if not any(has_effects(node) for node in piece.nodes):
        return
    for one in outside:
        if _apart(one, piece) and (_is_write(one) or (own and one.start < piece.start)):
            raise RefusedError(f"another function uses {name}, and may be called meanwhile")


def _check_try(piece: Piece, name: str, outside: list[SyntaxNode]) -> None:
    """Refuse a variable that a handler may see when the piece has run in part."""
    for one in piece.nodes[0].around():
        if one.type in FUNCTIONS:
            return
        body = one.child("body") if one.type == "try_statement" else None
        within = body is not None and body.holds(piece.nodes[0])
        if body is not None and within and any(use.start > body.end for use in outside):
            raise RefusedError(f"{name} is used behind a try that it is set in")


def _is_late(binding: SyntaxNode) -> bool:
    """Whether a declaration gives its name a value only where it stands, as no function does."""
    return binding.parent is not None and "function" not in binding.parent.type


def _is_write(node: SyntaxNode) -> bool:
    if not is_bound(node):
        return False
    for one in node.around():
        if one.type in _WRITES:
            return True
        if one.type == "for_in_statement":
            return one.child("kind") is None
        if one.type in ("variable_declarator", "formal_parameters", "statement_block"):
            return False
    return False


def _apart(one: SyntaxNode, piece: Piece) -> bool:
    """Whether a place is in another function than the piece."""
    return one.above(*FUNCTIONS) != piece.nodes[0].above(*FUNCTIONS) and not _holds_piece(
        one, piece
    )


def _holds_piece(one: SyntaxNode, piece: Piece) -> bool:
    function = one.above(*FUNCTIONS)
    return function is not None and function.holds(piece.nodes[0])


def _is_deferred(one: SyntaxNode, piece: Piece) -> bool:
    function = one.above(*FUNCTIONS)
    return function is not None and any(node.holds(function) for node in piece.nodes)


def _loop(piece: Piece) -> SyntaxNode | None:
    found = None
    for one in piece.nodes[0].around():
        if one.type in FUNCTIONS:
            break
        if one.type in LOOPS:
            found = one
    return found


def _type(places: list[SyntaxNode]) -> str:
    """Return a variable's type as far as its declaration says; else ``any``."""
    for one in places:
        parent = one.parent
        if parent is None or not is_bound(one):
            continue
        hint, value = parent.child("type"), parent.child("value")
        generic = {
            leaf.text
            for around in one.around()
            if (listed := around.child("type_parameters")) is not None
            for leaf in listed.walk()
            if leaf.type == "type_identifier"
        }
        if hint is not None and not any(leaf.text in generic for leaf in hint.walk()):
            optional = " | undefined" if parent.type == "optional_parameter" else ""
            return hint.text.lstrip(": ") + optional
        if value is not None and value.type in _LITERALS:
            return _LITERALS[value.type]
    return "any"


def _check_this(nodes: list[SyntaxNode], *, method: bool) -> None:
    """Refuse what means something else in another function."""
    for node in nodes:
        for one in node.walk(skip=_OWN_THIS) if node.type not in _OWN_THIS else ():
            if one.type == "super" and one.field == "function":
                raise RefusedError("super() stands in a constructor only")
            if one.type in ("this", "super") and not method:
                raise RefusedError(f"{one.text} means something else in a function")
            if one.type == "meta_property" or (
                one.type == "identifier" and one.text in ("arguments", "eval")
            ):
                raise RefusedError(f"{one.text} depends on the function it stands in")
    private = [one for node in nodes for one in node.walk() if one.type.startswith("private_")]
    if private and not method:
        raise RefusedError(f"{private[0].text} means something only in its class; extract a method")
    host = next((one for one in nodes[0].around() if one.type in _OWN_THIS), None)
    if method and (host is None or host.type != "method_definition"):
        raise RefusedError("a function stands between the selection and the method")


def _check_jumps(nodes: list[SyntaxNode]) -> None:
    for jump in own(nodes, "break_statement", "continue_statement"):
        targets = LOOPS | ({"switch_statement"} if jump.type == "break_statement" else set())
        inner = any(
            one.type in targets and any(node.holds(one) for node in nodes) for one in jump.around()
        )
        if not inner or jump.parts:
            raise RefusedError("it holds a break or continue of a loop around it")


def _leaves(nodes: list[SyntaxNode]) -> bool:
    return any(_leaves_one(one) for one in nodes)


def _leaves_one(node: SyntaxNode) -> bool:
    if node.type in ("return_statement", "throw_statement"):
        return True
    if node.type in ("statement_block", "else_clause"):
        return _leaves(node.parts)
    if node.type == "if_statement":
        ways = [node.child("consequence"), node.child("alternative")]
        return all(one is not None and _leaves_one(one) for one in ways)
    return False


def _names(piece: Piece, parts: _Parts) -> list[str]:
    if piece.expression:
        return [camel(["compute", *words_of(variable_names(piece.nodes[0], "javascript")[0])]),
                "extracted"]  # fmt: skip
    if len(parts.outputs) == 1:
        return [camel(["compute", *words_of(parts.outputs[0])]), "extracted"]
    return ["extracted"]


def _body(document: SyntaxDocument, piece: Piece, parts: _Parts, indent: str) -> str:
    end = ";" if has_semicolons(document, piece.nodes[0]) else ""
    if piece.expression:
        value = reindented(document, piece.nodes, (piece.start, piece.end), "", "")
        wrapped = "\n" in value and not value.startswith(("(", "{", "["))
        return f"{indent}return " + (f"({value})" if wrapped else value) + end
    body = reindented(
        document, piece.nodes, (piece.start, piece.end), indent_of(document, piece.start), indent
    )
    if len(parts.outputs) == 1:
        return f"{body}\n{indent}return {parts.outputs[0]}{end}"
    return (
        f"{body}\n{indent}return {{ {', '.join(parts.outputs)} }}{end}" if parts.outputs else body
    )


def _call(document: SyntaxDocument, piece: Piece, parts: _Parts, called: str) -> str:
    call = f"{called}({', '.join(parts.inputs)})"
    if parts.awaits:
        call = f"await {call}"
    if piece.expression:
        return use_of(piece.nodes[0], f"({call})" if parts.awaits else call)
    behind = piece.nodes[-1].sibling(1)
    hazard = behind is not None and behind.text.startswith(HAZARDS)
    end = ";" if hazard or has_semicolons(document, piece.nodes[0]) else ""
    if parts.returns:
        return f"return {call}{end}"
    if not parts.outputs:
        return call + end
    several = len(parts.outputs) > 1
    target = f"{{ {', '.join(parts.outputs)} }}" if several else parts.outputs[0]
    if parts.declared:
        keyword = next(iter(parts.keywords)) if len(parts.keywords) == 1 else "let"
        return f"{keyword} {target} = {call}{end}"
    # Without semicolons the line before would go on with a bracket.
    return f"{'' if end else ';'}({target} = {call}){end}" if several else f"{target} = {call}{end}"

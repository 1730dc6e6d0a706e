"""Selected code becomes a function of the file, or a method of the class."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from lsp_agent.refactor.change import Change, Editor, refusal
from lsp_agent.refactor.effects import of_class
from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.extracting import Piece, is_alone, piece_in
from lsp_agent.refactor.layout import (
    above_comments,
    indent_of,
    line_start,
    next_line,
    reindented,
    unit_of,
)
from lsp_agent.refactor.naming import free_name, snake, variable_names, words_of
from lsp_agent.refactor.python_function import Parts, PythonPiece
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.languages import ECMA
from lsp_agent.syntax.tree import SyntaxNode
from lsp_agent.workspace.edits import TextEdit
from lsp_agent.workspace.positions import Range

_OF_CLASS = frozenset({"__new__", "__init_subclass__", "__class_getitem__"})
_OWN_LINES = "other code stands on the lines of the selection; select that too"


def extract_function(document: SyntaxDocument, range_: Range) -> list[Change]:
    """Offer to make a function of the selected expression or statements.

    Listing looks at the selection's borders; what goes in and out is found out when it is chosen.
    """
    return _offered(document, range_, method=False)


def extract_method(document: SyntaxDocument, range_: Range) -> list[Change]:
    """Offer to make a method of what is selected in one."""
    return _offered(document, range_, method=True)


def _offered(document: SyntaxDocument, range_: Range, *, method: bool) -> list[Change]:
    if document.language not in {"python", *ECMA}:
        return []
    piece = piece_in(document, range_)
    if piece is None or (method and not _is_in_method(document, piece)):
        return []
    title = "Extract method" if method else "Extract function"
    if not piece.expression and not is_alone(document, piece):
        return [refusal(title, _OWN_LINES)]
    if document.language != "python":
        from lsp_agent.refactor.ecma_function import ecma_edits

        return [Change(title, partial(ecma_edits, document, piece, method=method))]
    above = piece.nodes[0].parent
    host = above.parent if above is not None else None
    if not piece.expression and host is not None and host.type == "class_definition":
        reason = "in the body of a class, what is set becomes an attribute of the class"
        return [refusal(title, reason)]
    return [Change(title, partial(_edits, document, piece, method=method))]


def _is_in_method(document: SyntaxDocument, piece: Piece) -> bool:
    if document.language != "python":
        method = next(
            (one for one in piece.nodes[0].around() if one.type == "method_definition"), None
        )
        return (
            method is not None and method.parent is not None and method.parent.type == "class_body"
        )
    return _method(piece) is not None


def _method(piece: Piece) -> tuple[SyntaxNode, str] | None:
    """Return the method around a piece, and what it calls its object; ``None`` outside of one."""
    function = piece.nodes[0].above("function_definition")
    if function is None:
        return None
    whole = function
    if function.parent is not None and function.parent.type == "decorated_definition":
        whole = function.parent
    above = whole.parent.parent if whole.parent is not None else None
    listed = function.child("parameters")
    body = function.child("body")
    if above is None or above.type != "class_definition" or listed is None or body is None:
        return None
    decorators = _decorators(whole)
    if not listed.parts or listed.parts[0].type != "identifier" or "staticmethod" in decorators:
        return None
    return (whole, listed.parts[0].text) if body.start <= piece.start else None


def _decorators(whole: SyntaxNode) -> set[str]:
    return {one.text.removeprefix("@").strip() for one in whole.parts if one.type == "decorator"}


def _is_of_class(whole: SyntaxNode, receiver: str) -> bool:
    """Whether a method gets its class; raises where its decorator may say so or not."""
    definition = whole.child("definition") or whole
    name = definition.child("name")
    decorators = _decorators(whole)
    if "classmethod" in decorators or (name is not None and name.text in _OF_CLASS):
        return True
    if receiver == "cls" and decorators:
        raise RefusedError(f"it is not known whether {receiver} is the class; extract a function")
    return False


def _edits(document: SyntaxDocument, piece: Piece, *, method: bool) -> Sequence[TextEdit]:
    parts = PythonPiece(document, piece).parts()
    found = _method(piece)
    if not method:
        _check_class(piece)
    name = free_name(document, _function_names(piece, parts), member=method)
    unit = unit_of(document)
    editor = Editor(document)
    if method and found is not None:
        whole, receiver = found
        indent = indent_of(document, whole.start)
        inputs = [one for one in parts.inputs if one != receiver]
        head = f"{indent}@classmethod\n" if _is_of_class(whole, receiver) else ""
        definition = head + _definition(
            document, piece, parts, indent, unit, name, [receiver, *inputs]
        )
        at = next_line(document, whole.end)
        gap = "\n" if at > 0 and document.data[at - 1 : at] in (b"\n", b"\r") else "\n\n"
        editor.replace(piece.start, piece.end, _call(piece, parts, f"{receiver}.{name}", inputs))
        editor.insert(at, f"{gap}{definition}")
        return editor.done()
    top = piece.nodes[0].top
    definition = _definition(document, piece, parts, "", unit, name, parts.inputs)
    at = (
        above_comments(document, top)
        if top != piece.nodes[0]
        else line_start(document, piece.start)
    )
    lines = document.data[:at].replace(b"\r\n", b"\n")
    missing = 3 - (len(lines) - len(lines.rstrip(b"\n"))) if lines.strip() else 0
    editor.insert(at, "\n" * max(missing, 0) + f"{definition}\n\n")
    editor.replace(piece.start, piece.end, _call(piece, parts, name, parts.inputs))
    return editor.done()


def _check_class(piece: Piece) -> None:
    """Refuse what only means what it means inside its class."""
    if piece.nodes[0].above("class_definition") is None:
        return
    for node in piece.nodes:
        for one in node.walk():
            if of_class(one):
                raise RefusedError(
                    f"{one.text} means something only in its class; extract a method"
                )


def _function_names(piece: Piece, parts: Parts) -> list[str]:
    if piece.expression:
        words = words_of(variable_names(piece.nodes[0], "python")[0])
        return [snake(["compute", *words]), "extracted"]
    if len(parts.outputs) == 1:
        return [f"compute_{parts.outputs[0].strip('_')}", "extracted"]
    return ["extracted"]


def _definition(
    document: SyntaxDocument,
    piece: Piece,
    parts: Parts,
    indent: str,
    unit: str,
    name: str,
    parameters: list[str],
) -> str:
    inner = indent + unit
    if piece.expression:
        text = piece.nodes[0].text
        value = reindented(document, piece.nodes, (piece.start, piece.end), "", "")
        wrapped = "\n" in text and piece.nodes[0].type != "parenthesized_expression"
        body = f"{inner}return " + (f"({value})" if wrapped else value)
    else:
        body = reindented(
            document, piece.nodes, (piece.start, piece.end), indent_of(document, piece.start), inner
        )
        if parts.outputs:
            body += f"\n{inner}return {', '.join(parts.outputs)}"
    start = "async def" if parts.awaits else "def"
    return f"{indent}{start} {name}({', '.join(parameters)}):\n{body}\n"


def _call(piece: Piece, parts: Parts, called: str, arguments: list[str]) -> str:
    call = f"{called}({', '.join(arguments)})"
    if parts.awaits:
        call = f"await {call}"
    elif parts.yields:
        call = f"yield from {call}"
    if piece.expression:
        node = piece.nodes[0]
        if node.type == "generator_expression" and node.field == "arguments":
            return f"({call})"
        return f"({call})" if parts.awaits or parts.yields else call
    if parts.returns:
        return f"return (yield from {call[11:]})" if parts.yields else f"return {call}"
    return f"{', '.join(parts.outputs)} = {call}" if parts.outputs else call

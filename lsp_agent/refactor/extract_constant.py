"""A literal gets a name at the top of the file, in Python and JavaScript."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from lsp_agent.refactor.change import Change, Editor, alike, exactly
from lsp_agent.refactor.hoisting import is_value
from lsp_agent.refactor.layout import above_comments, line_end, next_line
from lsp_agent.refactor.naming import constant_names, free_name
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.languages import ECMA
from lsp_agent.syntax.tree import SyntaxNode, tree
from lsp_agent.workspace.edits import TextEdit
from lsp_agent.workspace.positions import Range

# Values that nothing can change; a list or an object would be shared by those who use it.
_LITERALS = frozenset(
    {
        "integer", "float", "string", "tuple", "unary_operator", "binary_operator",
        "parenthesized_expression", "number", "unary_expression", "binary_expression",
        "template_string", "concatenated_string",
    }
)  # fmt: skip
_LEAVES = frozenset({"string_start", "string_content", "string_end", "string_fragment",
                     "escape_sequence", "true", "false", "none", "null"})  # fmt: skip
_IMPORTS = frozenset({"import_statement", "import_from_statement", "future_import_statement"})


def extract_constant(document: SyntaxDocument, range_: Range) -> list[Change]:
    """Offer a constant for the selected literal, and one for all that are equal to it."""
    node = exactly(document, range_)
    if node is None or document.language not in {"python", *ECMA}:
        return []
    if not _is_constant(node) or not is_value(node, document.language):
        return []
    found = [Change("Extract constant", partial(_edits, document, node, every=False), "one")]
    if document.text.content.count(node.text) > 1:
        title = "Extract constant, all occurrences"
        found.append(Change(title, partial(_edits, document, node, every=True), "all"))
    return found


def _is_constant(node: SyntaxNode) -> bool:
    """Whether a node is made of literals alone, and worth a name."""
    return node.type in _LITERALS and all(
        one.type in _LITERALS or one.type in _LEAVES for one in node.walk() if one.named
    )


def _edits(document: SyntaxDocument, node: SyntaxNode, *, every: bool) -> Sequence[TextEdit]:
    root = tree(document)
    places = [node]
    if every and root is not None:
        found = alike(document, node, root)
        places = [one for one in found if is_value(one, document.language)]
    top = places[0].top
    script = document.language in ECMA
    name = free_name(document, constant_names(node))
    own = node.type in ("string", "template_string", "parenthesized_expression", "tuple")
    value = f"({node.text})" if "\n" in node.text and not own else node.text
    line = f"const {name} = {value};" if script else f"{name} = {value}"
    editor = Editor(document)
    _declare(document, editor, top, line)
    for one in places:
        element = one.parent is not None and one.parent.type == "jsx_attribute"
        editor.put(one, f"{{{name}}}" if element else name)
    return editor.done()


def _declare(document: SyntaxDocument, editor: Editor, top: SyntaxNode, line: str) -> None:
    """Put a line behind the imports that a file begins with, else before a statement of its top."""
    head = _head(top.parent.parts if top.parent is not None else [], document)
    if head is not None and head.end <= top.start:
        at = next_line(document, head.end)
        blank = not document.data[at : line_end(document, at)].strip()
        last = at == line_end(document, head.end)
        editor.insert(at, ("\n" if last else "") + f"\n{line}\n" + ("" if blank else "\n"))
        return
    if document.language in ECMA and top.parent is not None:
        # What is called above a function may run it.
        top = top.parent.parts[0]
    # What is written right above a statement is about it.
    at = above_comments(document, top)
    gap = "\n\n" if top.type.endswith("definition") else ""
    editor.insert(at, f"{line}\n{gap}")


def _head(parts: list[SyntaxNode], document: SyntaxDocument) -> SyntaxNode | None:
    """Return the last of the imports (or documentation, or directives) at the top."""
    found = None
    for at, one in enumerate(parts):
        inner = one.parts[0] if one.type == "expression_statement" and one.parts else one
        opening = inner.type == "string" and (at == 0 or document.language in ECMA)
        if one.type not in _IMPORTS and not opening:
            break
        found = one
    return found

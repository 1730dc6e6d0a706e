"""How one expression's text goes into the place of another."""

from __future__ import annotations

from collections.abc import Sequence

from lsp_agent.refactor.change import LISTS, Change, Editor, is_shown
from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.hoisting import wrapped
from lsp_agent.refactor.layout import has_semicolons
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.languages import ECMA
from lsp_agent.syntax.tree import SyntaxNode
from lsp_agent.workspace.edits import TextEdit

_ATOMS = frozenset(
    {
        "identifier", "string", "call", "attribute", "subscript", "list", "dictionary", "set",
        "list_comprehension", "set_comprehension", "dictionary_comprehension", "true", "false",
        "none", "parenthesized_expression", "generator_expression", "call_expression",
        "member_expression", "subscript_expression", "array", "template_string", "null", "this",
        "jsx_element", "jsx_self_closing_element", "jsx_fragment", "undefined", "tuple",
    }
)  # fmt: skip
_SCRIPT_MEMBERS = frozenset({"member_expression", "subscript_expression"})
_SIMPLE = frozenset({"expression_statement", "lexical_declaration", "variable_declaration",
                     "return_statement", "throw_statement", "break_statement",
                     "continue_statement", "import_statement", "export_statement"})  # fmt: skip
_BLOCKS = ("{", "function", "class", "async function", "let [")
HAZARDS = ("(", "[", "`", "+", "-", "/")
"""What a line of a script can begin with that goes on with the line before."""
_NUMBERS = frozenset({"integer", "float", "number"})
_MEMBERS = frozenset({"attribute", "member_expression", "subscript", "subscript_expression"})
# Where nothing around an expression binds tighter than it.
_OPEN = frozenset(
    {
        "argument_list", "arguments", "return_statement", "parenthesized_expression", "list",
        "keyword_argument", "module", "block", "expression_statement", "array", "interpolation",
        "variable_declarator", "template_substitution", "jsx_expression", "throw_statement",
        "raise_statement",
    }
)  # fmt: skip
_HEADS = frozenset({"if_statement", "elif_clause", "while_statement", "assert_statement"})
_RIGHT = frozenset({"assignment", "assignment_expression", "augmented_assignment"})
_WEAK = frozenset({"expression_list", "sequence_expression", "yield", "named_expression"})
_BRACKETED = frozenset(
    {"if_statement", "while_statement", "do_statement", "switch_statement", "with_statement"}
)


def in_place_of(value: SyntaxNode, use: SyntaxNode) -> str:
    """Return an expression as it is written where another one stands.

    Raises :class:`RefusedError` where a string's quotes do not allow it.
    """
    return written(value.text, value.type, use)


def written(text: str, kind: str, use: SyntaxNode) -> str:
    """Return a text that is an expression of some type as it is written in the place of ``use``."""
    parent = use.parent
    literal = use.above("interpolation")
    if literal is not None:
        _check_string(text, literal)
    if is_shown(use):
        raise RefusedError(f"a string shows {use.text} as it is written: {{…=}}")
    if use.type == "shorthand_property_identifier":
        return f"{use.text}: {text}"
    if parent is None:
        return text
    element = parent.type.startswith("jsx_") and use.field == "name"
    if element or parent.type == "type_query":
        raise RefusedError(f"{use.text} stands where only a name can")
    if kind in _SCRIPT_MEMBERS and wrapped(use).field == "function":
        raise RefusedError(f"a call of {text} would give it an object to work on")
    return _begun(_bracketed(text, kind, use, parent), use)


def _begun(text: str, use: SyntaxNode) -> str:
    """Return an expression as it begins a statement or the body of an arrow function."""
    first = use
    while first.parent is not None and first.parent.start == use.start:
        first = first.parent
        if first.type in ("expression_statement", "program"):
            break
    arrow = any(one.type == "arrow_function" and one.child("body") == each
                for each in (use, *use.around()) if each.start == use.start
                for one in (each.parent,) if one is not None)  # fmt: skip
    if (first.type == "expression_statement" and text.startswith(_BLOCKS)) or (
        arrow and text.startswith("{")
    ):
        text = f"({text})"
    if first.type == "expression_statement" and text.startswith(HAZARDS):
        name = use.child("function") or use
        before = first.sibling(-1)
        if before is not None and _declares(before, name.text):
            before = before.sibling(-1)
        if before is not None and goes_on(before):
            raise RefusedError(f"the line before would go on with {text}, as it has no semicolon")
    return text


def goes_on(statement: SyntaxNode) -> bool:
    """Whether a statement of a script would take what stands behind it for more of itself."""
    return statement.type in _SIMPLE and not statement.text.endswith(";")


def _declares(statement: SyntaxNode, name: str) -> bool:
    label = statement.child("name") or (
        statement.parts[0].child("name") if statement.parts else None
    )
    return label is not None and label.text == name


def _bracketed(text: str, kind: str, use: SyntaxNode, parent: SyntaxNode) -> str:
    if parent.type == "new_expression" and use.field == "constructor" and "(" in text:
        return f"({text})"
    if kind not in _NUMBERS and "?." in text and use.field in ("object", "function"):
        return f"({text})"
    if kind in _NUMBERS and parent.type in _MEMBERS and use.field != "subscript":
        return f"({text})"
    if "\n" in text and kind not in _ATOMS:
        return f"({text})"
    if kind == "object" and parent.type in ("arrow_function", "expression_statement"):
        return f"({text})"
    return text if kind in _ATOMS | _NUMBERS or _is_open(kind, use, parent) else f"({text})"


def _is_open(kind: str, use: SyntaxNode, parent: SyntaxNode) -> bool:
    if kind in _WEAK:
        # A tuple without brackets.
        statement = parent.type == "return_statement" or parent.type in _RIGHT
        return statement and kind == "expression_list" and parent.type != "augmented_assignment"
    if kind == "object" and parent.type != "expression_statement":
        return True
    if parent.type in _RIGHT:
        return use.field == "right"
    if parent.type in _HEADS:
        return use.field == "condition"
    return parent.type in _OPEN and kind not in ("lambda", "conditional_expression")


def _check_string(text: str, literal: SyntaxNode) -> None:
    """Refuse what older Pythons can't read in the braces of a string."""
    string = literal.above("string")
    opening = string.children[0].text if string is not None and string.children else '"'
    if opening[-1] in text or any(mark in text for mark in "\\\n#:!{}"):
        raise RefusedError(f"it is used inside a string, where {text!r} can't stand")


def use_of(node: SyntaxNode, name: str) -> str:
    """Return how a name stands in a node's place."""
    parent = node.parent
    if parent is None:
        return name
    if node.type == "generator_expression" and node.field == "arguments":
        return f"({name})"
    if parent.type in ("jsx_element", "jsx_fragment", "jsx_attribute"):
        return f"{{{name}}}"
    if node.type == "parenthesized_expression" and parent.type in _BRACKETED:
        return f"({name})"
    return name


def replaced(document: SyntaxDocument, title: str, node: SyntaxNode, text: str) -> list[Change]:
    """Return the change that puts a text in a node's place."""
    if document.language in ECMA and node.parent is not None and node.parent.type in LISTS:
        behind = node.sibling(1)
        # Without semicolons a line goes on with a bracket on the next one.
        if behind is not None and behind.text.startswith(HAZARDS) and not text.endswith(";"):
            text += ";"
        if text.startswith(HAZARDS) and not has_semicolons(document, node):
            text = f";{text}"

    def edits() -> Sequence[TextEdit]:
        editor = Editor(document)
        editor.put(node, text)
        return editor.done()

    return [Change(title, edits)]

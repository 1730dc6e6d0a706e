"""Names for what a refactoring makes: taken from the code, and free in all of the file."""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable

from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.languages import ECMA
from lsp_agent.syntax.tree import SyntaxNode

_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_VERBS = frozenset(
    {"get", "fetch", "load", "read", "make", "build", "create", "compute", "calculate", "find",
     "is", "has", "to", "parse"}
)  # fmt: skip
_TYPES = {
    "string": "text", "concatenated_string": "text", "template_string": "text",
    "integer": "number", "float": "number", "number": "number", "list": "items", "array": "items",
    "tuple": "items", "expression_list": "items", "dictionary": "mapping", "object": "options",
    "list_comprehension": "items", "set": "items", "set_comprehension": "items",
    "dictionary_comprehension": "mapping", "generator_expression": "items",
    "comparison_operator": "condition", "boolean_operator": "condition",
    "not_operator": "condition", "true": "flag", "false": "flag", "lambda": "function",
    "arrow_function": "callback", "function_expression": "callback", "regex": "pattern",
    "jsx_element": "element", "jsx_self_closing_element": "element", "jsx_fragment": "element",
}  # fmt: skip
_RESERVED = frozenset(
    {
        "abstract", "arguments", "async", "await", "boolean", "break", "byte", "case", "catch",
        "char", "class", "const", "continue", "debugger", "default", "delete", "do", "double",
        "else", "enum", "eval", "export", "extends", "false", "final", "finally", "float", "for",
        "function", "get", "goto", "if", "implements", "import", "in", "instanceof", "int",
        "interface", "let", "long", "native", "new", "null", "of", "package", "private",
        "protected", "public", "return", "set", "short", "static", "super", "switch",
        "synchronized", "this", "throw", "throws", "top", "transient", "true", "try", "type",
        "typeof", "undefined", "var", "void", "volatile", "while", "with", "yield",
    }
)  # fmt: skip
_MAX_WORDS = 4


def free_name(document: SyntaxDocument, candidates: Iterable[str], *, member: bool = False) -> str:
    """Return the first candidate that the file does not use as a variable, else one numbered.

    A word anywhere but behind a dot counts as used, and behind one too where the name becomes that
    of a ``member``. Cost: a search through the text each.
    """
    last = "value"
    for one in candidates:
        last = one
        if is_free(document, one, member=member):
            return one
    number = 2
    while not is_free(document, f"{last}{_joint(last)}{number}", member=member):
        number += 1
    return f"{last}{_joint(last)}{number}"


def is_free(document: SyntaxDocument, name: str, *, member: bool = False) -> bool:
    """Whether a name is no keyword, no builtin and no variable of the file."""
    if document.language in ECMA:
        if name in _RESERVED:
            return False
    elif not name.isidentifier() or keyword.iskeyword(name) or hasattr(builtins, name):
        return False
    before = r"(?<![\w$])" if member else r"(?<![\w$.])"
    return not re.search(rf"{before}{re.escape(name)}(?![\w$])", document.text.content)


def variable_names(node: SyntaxNode, language: str | None) -> list[str]:
    """Return names for a variable that holds an expression, the best first."""
    style = camel if language in ECMA else snake
    found = [style(words) for words in _told(node)]
    return [*(one for one in found if one), style([_TYPES.get(node.type, "value")])]


def constant_names(node: SyntaxNode) -> list[str]:
    """Return names for a constant, the best first."""
    words = _WORDS.findall(node.text) if "string" in node.type else []
    short = [one.upper() for one in words if not one.isdigit()]
    named = [] if not 0 < len(short) <= _MAX_WORDS else ["_".join(short)]
    place = node.parent
    label = place.child("name") if place is not None and place.type == "keyword_argument" else None
    if label is not None:
        named.insert(0, label.text.upper())
    return [*named, _TYPES.get(node.type, "value").upper()]


def snake(words: list[str]) -> str:
    """Join words as Python does."""
    return "_".join(one.lower() for one in words)


def camel(words: list[str]) -> str:
    """Join words as JavaScript does."""
    return "".join(one.lower() if not at else one.capitalize() for at, one in enumerate(words))


def words_of(name: str) -> list[str]:
    """Split a name into its words."""
    return _WORDS.findall(name)


def _joint(name: str) -> str:
    return "_" if "_" in name or name[-1:].isdigit() else ""


def _told(node: SyntaxNode) -> list[list[str]]:
    """Return the words that an expression itself gives, ways of naming it one by one."""
    if node.type in (
        "parenthesized_expression",
        "await",
        "await_expression",
        "non_null_expression",
    ):
        return _told(node.parts[0]) if node.parts else []
    if node.type in ("call", "call_expression", "new_expression"):
        called = node.child("function") or node.child("constructor")
        words = words_of(_last_name(called)) if called is not None else []
        if len(words) > 1 and words[0].lower() in _VERBS:
            return [words[1:]]
        return [[*words, "result"]] if words else []
    if node.type in ("attribute", "member_expression"):
        return [words_of(_last_name(node))]
    index = node.child("subscript") or node.child("index")
    if index is not None and index.type == "string":
        return [words_of(index.text)]
    return []


def _last_name(node: SyntaxNode) -> str:
    part = node.child("attribute") or node.child("property") or node
    return part.text if not part.children else ""

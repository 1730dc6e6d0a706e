"""String literals in another form: f-strings, other quotes, template literals."""

from __future__ import annotations

import re
from string import Formatter

from lsp_agent.refactor.change import Change, node_in
from lsp_agent.refactor.effects import has_effects
from lsp_agent.refactor.hoisting import is_value
from lsp_agent.refactor.operands import replaced
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.languages import ECMA
from lsp_agent.syntax.tree import SyntaxNode
from lsp_agent.workspace.positions import Range

_LITERAL = re.compile(
    r"(?P<prefix>[rR]?)(?P<quote>'|\")(?P<body>(?:(?!(?P=quote))[^\\\n]|\\.)*)(?P=quote)"
)
_PERCENT = re.compile(r"%(?P<mark>[sra%])")
_NAMED = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*|\d*(?:\.[A-Za-z_]\w*)*")
_CAN_NOT = re.compile(r"[\\\n#:!{}]")
_MAX_LINE = 120


def to_f_string(document: SyntaxDocument, range_: Range) -> list[Change]:
    """Offer an f-string for the ``"…".format(…)`` or ``"…" % …`` at the cursor.

    Only where each argument is formatted once and in its order, exactly as before: ``%s`` becomes
    ``!s``, because a format without it may say something else.
    """
    node = node_in(document, range_) if document.language == "python" else None
    while node is not None and not node.type.endswith(("statement", "block", "module")):
        if node.type == "interpolation":
            return []
        text = _formatted(node) if node.type == "call" else _interpolated(node)
        if text and len(text) <= _MAX_LINE:
            return replaced(document, "Turn into an f-string", node, text)
        node = node.parent
    return []


def _formatted(call: SyntaxNode) -> str:
    """Return ``"…".format(…)`` as an f-string; ``""`` where it can't be one."""
    function, listed = call.child("function"), call.child("arguments")
    held = function.child("object") if function is not None else None
    name = function.child("attribute") if function is not None else None
    literal = _LITERAL.fullmatch(held.text) if held is not None and held.type == "string" else None
    if literal is None or name is None or name.text != "format" or listed is None:
        return ""
    given: dict[str, SyntaxNode] = {}
    for at, one in enumerate(listed.parts):
        label, value = one.child("name"), one.child("value")
        if one.type == "keyword_argument" and label is not None and value is not None:
            given[label.text] = value
        elif one.type in ("list_splat", "dictionary_splat") or listed.type != "argument_list":
            return ""
        else:
            given[str(at)] = one
    pieces = _fields(literal["body"], given, literal["quote"])
    if pieces is None:
        return ""
    return f"f{literal['prefix']}{literal['quote']}{pieces}{literal['quote']}"


def _fields(body: str, given: dict[str, SyntaxNode], quote: str) -> str | None:
    """Return a format string's body with the arguments in it."""
    if "\\N" in body:
        return None
    try:
        parsed = list(Formatter().parse(body))
    except ValueError:
        return None
    pieces: list[str] = []
    used: list[str] = []
    for text, field, spec, conversion in parsed:
        pieces.append(text.replace("{", "{{").replace("}", "}}"))
        if field is None:
            continue
        if not _NAMED.fullmatch(field) or "{" in (spec or ""):
            return None
        key, dot, rest = field.partition(".")
        key = key or str(len(used))
        value = _inside(given.get(key), quote, dotted=bool(dot))
        if value is None:
            return None
        used.append(key)
        mark = f"!{conversion}" if conversion else ""
        pieces.append(f"{{{value}{dot}{rest}{mark}{':' + spec if spec else ''}}}")
    return "".join(pieces) if _in_order(given, used) else None


def _in_order(given: dict[str, SyntaxNode], used: list[str]) -> bool:
    """Whether each argument is evaluated once and in its order, as far as that can be noticed."""
    if set(used) != set(given):
        return False
    return list(given) == used or not any(has_effects(one) for one in given.values())


def _interpolated(node: SyntaxNode) -> str:
    """Return ``"…" % …`` as an f-string; ``""`` where it can't be one."""
    left, right, operator = node.child("left"), node.child("right"), node.child("operator")
    if node.type != "binary_operator" or left is None or right is None or operator is None:
        return ""
    literal = _LITERAL.fullmatch(left.text) if left.type == "string" else None
    if literal is None or operator.text != "%" or right.type != "tuple":
        return ""
    body, values = literal["body"], list(right.parts)
    if len(_PERCENT.findall(body)) != body.replace("%%", "").count("%") + body.count("%%"):
        return ""
    pieces, at = [], 0
    for mark in _PERCENT.finditer(body):
        pieces.append(_doubled(body[at : mark.start()]))
        at = mark.end()
        if mark["mark"] == "%":
            pieces.append("%")
            continue
        value = _inside(values.pop(0) if values else None, literal["quote"], dotted=False)
        if value is None:
            return ""
        pieces.append(f"{{{value}!{mark['mark']}}}")
    text = "".join(pieces) + _doubled(body[at:])
    if values or "\\N" in body:
        return ""
    return f"f{literal['prefix']}{literal['quote']}{text}{literal['quote']}"


def _doubled(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _inside(value: SyntaxNode | None, quote: str, *, dotted: bool) -> str | None:
    """Return an expression as it stands in an f-string's braces, for Pythons before 3.12 too."""
    if value is None or quote in value.text or _CAN_NOT.search(value.text):
        return None
    if value.type in ("yield", "await", "list_splat", "named_expression"):
        return None
    plain = value.type in ("identifier", "attribute", "call", "subscript")
    weak = value.type in ("lambda", "conditional_expression") or (dotted and not plain)
    return f"({value.text})" if weak else value.text


def swap_quotes(document: SyntaxDocument, range_: Range) -> list[Change]:
    """Offer the other quotes for the string at the cursor, where nothing has to be escaped."""
    node = _string(document, range_)
    literal = _LITERAL.fullmatch(node.text) if node is not None else None
    if node is None or literal is None:
        return []
    other = "'" if literal["quote"] == '"' else '"'
    body = literal["body"]
    parent = node.parent
    if other in body or "\\" in body or (parent is not None and parent.type == "jsx_attribute"):
        return []
    # Beside another string, two quotes might become three.
    beside = document.data[max(node.start - 1, 0) : node.start] + document.data[node.end :][:1]
    if beside.strip(b"'\"") != beside:
        return []
    name = "single" if other == "'" else "double"
    text = f"{literal['prefix']}{other}{body}{other}"
    return replaced(document, f"Use {name} quotes", node, text)


def swap_template(document: SyntaxDocument, range_: Range) -> list[Change]:
    """Offer a template literal for the string at the cursor, or a string for one without values."""
    if document.language not in ECMA:
        return []
    node = _string(document, range_)
    if node is None or not is_value(node, document.language) or _is_fixed(node):
        return []
    body = node.text[1:-1]
    if "\\" in body or "`" in body or "${" in body:
        return []
    if node.type != "template_string":
        return replaced(document, "Turn into a template literal", node, f"`{body}`")
    quote = '"' if "'" in body else "'"
    if any(mark in body for mark in (quote, "\n", "\r")):
        return []
    return replaced(document, "Turn into a string", node, f"{quote}{body}{quote}")


def _is_fixed(node: SyntaxNode) -> bool:
    """Whether the grammar wants a string of this form here: a key, an attribute, a directive."""
    parent = node.parent
    if parent is None or parent.type in ("jsx_attribute", "expression_statement"):
        return True
    return parent.type == "pair" and node.field != "value"


def _string(document: SyntaxDocument, range_: Range) -> SyntaxNode | None:
    """Return the string at the cursor, which holds no expressions and is not inside another."""
    if document.language not in {"python", *ECMA}:
        return None
    node = node_in(document, range_)
    while node is not None and node.type not in ("string", "template_string"):
        if node.parent is None or "string" not in node.parent.type:
            return None
        node = node.parent
    if node is None or any("inter" in one.type or "substit" in one.type for one in node.children):
        return None
    inside = node.above("interpolation", "template_substitution", "format_expression")
    return None if inside is not None else node

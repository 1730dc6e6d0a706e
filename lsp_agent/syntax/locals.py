"""Which uses of a name are of the same local variable, as far as the syntax says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsp_agent.syntax.parser import captures, query
from lsp_agent.workspace.positions import Position, Range

if TYPE_CHECKING:
    from tree_sitter import Node

    from lsp_agent.syntax.document import SyntaxDocument

# Where two of them capture a name, the later one says what it is.
_KINDS = (
    "reference", "local.reference", "declaration", "local.definition", "local.definition.var",
    "local.definition.function", "local.outer",
)  # fmt: skip
_USES = frozenset({"reference", "local.reference"})


@dataclass(eq=False, slots=True)
class _Scope:
    kind: str
    end: int
    around: _Scope | None
    bound: bool = False
    outer: bool = False


def local_references(document: SyntaxDocument, position: Position) -> list[Range] | None:
    """Return the ranges of a local name's definition and uses, in source order.

    They are those of the name in the innermost scope that defines it, without the ones in inner
    scopes that define it anew. ``None`` where the name at the position is not local: it is
    defined at the top of the file, in a class or elsewhere, or is an attribute.
    Cost: one query over the tree.
    """
    root, language = document.root, document.language
    if root is None or language is None or query(language, "scopes") is None:
        return None
    marked = captures(query(language, "references", "scopes"), root)
    names = _names(marked)
    target = _at(document, position, names)
    if target is None:
        return None
    text = document.node_text(target)
    same = {
        start: (kind, node)
        for start, (kind, node) in sorted(names.items())
        if document.node_text(node) == text
    }
    homes = _homes(marked, same)
    home = homes[target.start_byte]
    if home is None or home.kind == "scope.members":
        return None
    return [document.node_range(node) for start, (_, node) in same.items() if homes[start] is home]


def _names(marked: dict[str, list[Node]]) -> dict[int, tuple[str, Node]]:
    """Return each variable's kind and node by its first byte."""
    # Where a query says which nodes are variables, other identifiers are none.
    kinds = [kind for kind in _KINDS if kind != "reference" or "local.reference" not in marked]
    names = {node.start_byte: (kind, node) for kind in kinds for node in marked.get(kind, ())}
    for kind in ("local.other", "none"):
        for node in marked.get(kind, ()):
            names.pop(node.start_byte, None)
    return names


def _at(
    document: SyntaxDocument, position: Position, names: dict[int, tuple[str, Node]]
) -> Node | None:
    """Return the variable at or just before a position."""
    for character in (position.character, max(position.character - 1, 0)):
        node = document.node_at(Position(position.line, character))
        if node is not None and node.start_byte in names:
            return names[node.start_byte][1]
    return None


def _homes(
    marked: dict[str, list[Node]], names: dict[int, tuple[str, Node]]
) -> dict[int, _Scope | None]:
    """Return the scope that defines each place of one name; ``None`` where none does."""
    scopes = [
        (*node.byte_range, kind)
        for kind, nodes in marked.items()
        if kind.startswith("scope")
        for node in nodes
    ]
    ahead = sorted(scopes, key=lambda scope: (-scope[0], scope[1]))
    inner: _Scope | None = None
    first: dict[int, _Scope | None] = {}
    for start, (kind, _) in names.items():
        while ahead and ahead[-1][0] <= start:
            begin, end, scope_kind = ahead.pop()
            while inner is not None and inner.end <= begin:
                inner = inner.around
            inner = _Scope(scope_kind, end, inner)
        while inner is not None and inner.end <= start:
            inner = inner.around
        first[start] = _first(inner, kind)
        _define(first[start], kind)
    return {start: _home(scope) for start, scope in first.items()}


def _first(scope: _Scope | None, kind: str) -> _Scope | None:
    """Return the scope from which a name is looked for, which is the one it is defined in."""
    if kind == "local.definition.function" and scope is not None:
        return scope.around
    while kind == "local.definition.var" and scope is not None and scope.kind == "scope.block":
        scope = scope.around
    return scope


def _define(scope: _Scope | None, kind: str) -> None:
    if scope is not None and kind == "local.outer":
        scope.outer = True
    elif scope is not None and kind not in _USES:
        scope.bound = True


def _home(scope: _Scope | None) -> _Scope | None:
    while scope is not None and (scope.outer or not scope.bound):
        scope = scope.around
    return scope

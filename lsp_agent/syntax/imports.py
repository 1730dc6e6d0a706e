"""What a file takes from others of its workspace, as far as its imports say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsp_agent.workspace.positions import Position

if TYPE_CHECKING:
    from tree_sitter import Node

    from lsp_agent.syntax.document import SyntaxDocument

_ES = ("javascript", "typescript", "tsx")


@dataclass(frozen=True, slots=True)
class Import:
    """A module in the language's own spelling (``..shop.menu``, ``./menu``, ``menu.h``).

    ``names`` are those that it has in the module; empty where all of it is taken.
    """

    module: str
    names: tuple[str, ...] = ()


def imports(document: SyntaxDocument) -> list[Import]:
    """Return the imports at the top level of Python, JavaScript, TypeScript, C and C++ files.

    Cost: one look at each child of the root.
    """
    reader = {
        "python": _python,
        "c": _include,
        "cpp": _include,
        **dict.fromkeys(_ES, _es),
    }.get(document.language or "")
    root = document.node_at(Position(0, 0)) if reader else None
    while root is not None and root.parent is not None:
        root = root.parent
    if root is None or reader is None:
        return []
    return [found for node in root.named_children for found in reader(document, node)]


def _python(document: SyntaxDocument, node: Node) -> Iterator[Import]:
    if node.type == "import_statement":
        for name in node.children_by_field_name("name"):
            yield Import(document.node_text(name.child_by_field_name("name") or name))
    elif node.type == "import_from_statement":
        module = node.child_by_field_name("module_name")
        names = [
            document.node_text(name.child_by_field_name("name") or name)
            for name in node.children_by_field_name("name")
        ]
        if module is not None:
            yield Import(document.node_text(module), tuple(names))


def _es(document: SyntaxDocument, node: Node) -> Iterator[Import]:
    source = node.child_by_field_name("source")
    if node.type != "import_statement" or source is None:
        return
    pending, names = [*node.named_children], []
    while pending:
        part = pending.pop(0)
        if part.type == "import_specifier":
            name = part.child_by_field_name("name")
            names += [document.node_text(name)] if name is not None else []
        else:
            pending += part.named_children
    yield Import(document.node_text(source).strip("'\""), tuple(names))


def _include(document: SyntaxDocument, node: Node) -> Iterator[Import]:
    path = node.child_by_field_name("path")
    if node.type == "preproc_include" and path is not None and path.type == "string_literal":
        yield Import(document.node_text(path).strip('"'))

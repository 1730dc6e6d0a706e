"""The statements at the top of a file that only bring names in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsp_agent.workspace.positions import Range

if TYPE_CHECKING:
    from tree_sitter import Node

    from lsp_agent.syntax.document import SyntaxDocument

_IMPORTS = frozenset(
    {
        "import_statement", "import_from_statement", "future_import_statement",
        "import_declaration", "package_clause",
    }
)  # fmt: skip
_DECLARATIONS = frozenset({"lexical_declaration", "variable_declaration"})


def import_statements(document: SyntaxDocument) -> list[Range]:
    """Return where a file's own imports stand, ``require`` and Go's package clause among them.

    Those inside functions, or under a condition, do not count. Cost: a look at each statement.
    """
    root = document.root
    return [
        document.node_range(node)
        for node in (root.named_children if root is not None else ())
        if node.type in _IMPORTS or (node.type in _DECLARATIONS and _requires(document, node))
    ]


def before_imports(document: SyntaxDocument) -> Range | None:
    """Return the statement that one more import comes behind; ``None``: it comes first.

    That is the last of the file's imports, or of directives such as ``"use client"``.
    """
    found = import_statements(document)
    if found:
        return found[-1]
    last = None
    for node in document.root.named_children if document.root is not None else ():
        if node.type != "comment":
            if [one.type for one in node.named_children] != ["string"]:
                break
            last = document.node_range(node)
    return last


def _requires(document: SyntaxDocument, node: Node) -> bool:
    values = [one.child_by_field_name("value") for one in node.named_children]
    return bool(values) and all(
        value is not None and document.node_text(value).startswith("require(") for value in values
    )

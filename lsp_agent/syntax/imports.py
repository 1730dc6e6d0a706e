"""What a file takes from other files, as far as its imports say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from lsp_agent.syntax.parser import matches, query

if TYPE_CHECKING:
    from tree_sitter import Node

    from lsp_agent.syntax.document import SyntaxDocument
    from lsp_agent.syntax.symbols import Match

_QUOTES = "'\"`"
_SEPARATORS = ":./\\ "


@dataclass(frozen=True, slots=True)
class Import:
    """A module in the language's own spelling (``..shop.menu``, ``./menu``, ``menu.h``, ``<b.h>``).

    ``names`` are those that it has in the module; empty where all of it is taken. Where a
    language imports ``a.b.Name``, the last part is the name. ``aliases`` are pairs of a name and
    what it is called here; the name is empty where the module itself is renamed. ``line`` is the
    0-based line of the statement, which does not count for equality.
    """

    module: str
    names: tuple[str, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()
    line: int = field(default=0, compare=False)


@dataclass(slots=True)
class _Statement:
    """What the matches of one ``@import`` node bring together."""

    line: int
    module: str = ""
    path: str = ""
    names: dict[str, None] = field(default_factory=dict)
    aliases: dict[tuple[str, str], None] = field(default_factory=dict)


def imports(document: SyntaxDocument) -> list[Import]:
    """Return the imports of a file in source order; none where the language has no query.

    Cost: one query over the tree.
    """
    root = document.root
    wanted = query(document.language, "imports") if document.language else None
    if root is None or wanted is None:
        return []
    data = document.text.content.encode("utf-8", "replace")
    return read_imports(matches(wanted, root), data)


def read_imports(found_in: Iterable[Match], data: bytes) -> list[Import]:
    """Return the imports among the matches of a query, in source order.

    ``@import`` holds what belongs to one module, ``@import.group`` a list whose members all begin
    with the ``@import.prefix`` before it: ``use a::{b, c::d}``.
    """
    statements: dict[tuple[int, int], _Statement] = {}
    groups: dict[tuple[int, int], str] = {}
    for _, captures in found_in:
        if "import.group" in captures:
            group, prefix = captures["import.group"][0], captures["import.prefix"][0]
            before = data[prefix.start_byte : group.start_byte]
            groups[group.byte_range] = before.decode("utf-8", "replace").strip()
        if "import" in captures:
            node = captures["import"][0]
            statement = statements.setdefault(node.byte_range, _Statement(node.start_point[0]))
            _add(statement, captures, data)
    found = []
    ahead = sorted(groups.items(), reverse=True)
    around: list[tuple[int, str]] = []
    for (start, end), one in sorted(statements.items(), key=lambda item: item[0]):
        while ahead and ahead[-1][0][0] <= start:
            (_, last), text = ahead.pop()
            around.append((last, text))
        around = [group for group in around if end <= group[0]]
        if one.path and not one.module:
            one.module, _, name = one.path.rpartition(".")
            if one.module:
                one.names[name] = None
            else:
                one.module = name
        begins = "".join(text for _, text in around)
        module = begins + one.module if one.module else begins.rstrip(_SEPARATORS)
        if module:
            found.append(Import(module, tuple(one.names), tuple(one.aliases), one.line))
    return found


def _add(statement: _Statement, captures: dict[str, list[Node]], data: bytes) -> None:
    name = ""
    if module := captures.get("import.module"):
        statement.module = _of(data, module)
    if path := captures.get("import.path"):
        # A query may find its beginnings too.
        statement.path = max(statement.path, _of(data, path), key=len)
    for node in captures.get("import.name", ()):
        name = _of(data, [node])
        statement.names[name] = None
    for node in captures.get("import.default", ()):
        statement.aliases["default", _of(data, [node])] = None
    for node in captures.get("import.alias", ()):
        statement.aliases[name, _of(data, [node])] = None


def _of(data: bytes, nodes: list[Node]) -> str:
    """Return the text from the first of the nodes to the last, without quotes."""
    text = data[nodes[0].start_byte : nodes[-1].end_byte].decode("utf-8", "replace")
    return text.strip().strip(_QUOTES)

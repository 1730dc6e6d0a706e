"""Where a name is used, with the line and the definition around each use.

Tools and command line both come here. In Python, uses are told apart by what they mean; in other
languages by whoever is given as ``resolve``, a language server; else by name alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from lsp_agent.cancel import CancelToken
from lsp_agent.index.types import Place, SymbolRow
from lsp_agent.workspace.names import lies_in

_SHOWN = 240
Uses = Mapping[str, Sequence[Place]]
Resolve = Callable[[SymbolRow], Uses | None]
"""Asked for the uses of a definition; ``None`` where it can't tell."""


class CodeSource(Protocol):
    """Whoever knows definitions and uses: an ``IndexView``, or ``WalkedFiles`` without an index."""

    def definitions(self, name: str) -> list[SymbolRow]:
        """Return the definitions of a name, or of ``Class.method``."""

    def uses(self, name: str) -> Mapping[str, list[Place]]:
        """Return where a name is used, by file."""

    def python_uses(
        self, name: str, path: str | None, found: Uses, cancel: CancelToken
    ) -> Uses | None:
        """Return the uses in Python that mean a definition, in ``path`` if that is given.

        ``found`` are those by name alone. ``None`` where that can't be told in time.
        """

    def outline(self, path: str) -> list[SymbolRow]:
        """Return a file's definitions in the order of its text."""

    def line(self, path: str, number: int) -> str:
        """Return a line of a file, without its end; ``""`` where there is none."""


@dataclass(frozen=True, slots=True)
class Use:
    """A use of a name: its place, its line, and the qualified name of what it stands in."""

    path: str
    line: int
    character: int
    call: bool
    text: str
    inside: str


@dataclass(frozen=True, slots=True)
class References:
    """The first uses of a name, sorted by place, and how many there are in how many files."""

    definitions: tuple[SymbolRow, ...]
    uses: tuple[Use, ...]
    total: int
    files: int


def find_references(
    source: CodeSource,
    name: str,
    path: str = "",
    limit: int = 100,
    cancel: CancelToken | None = None,
    resolve: Resolve = lambda _row: None,
) -> References:
    """Return the uses of a name, which may be written with what it is in: ``Class.method``.

    ``path`` is a file that defines the name, and then tells which one is meant; or else the file
    or folder to look in. Cost: a question to the source, reading the files that are shown, and for
    Python parsing those that hold the name, at most four seconds.
    """
    cancel = cancel or CancelToken()
    definitions = source.definitions(name)
    meant = [row for row in definitions if row.path == path]
    by_name = source.uses(name.rpartition(".")[2])
    places: Uses | None = None
    if {row.language for row in meant or definitions} == {"python"}:
        places = source.python_uses(name, path if meant else None, by_name, cancel)
    elif len(meant or definitions) == 1:
        places = resolve((meant or definitions)[0])
    places = by_name if places is None else places
    if not meant:
        places = {one: found for one, found in places.items() if lies_in(one, path)}
        meant = [row for row in definitions if lies_in(row.path, path)]
    uses: list[Use] = []
    for one, found in sorted(places.items()):
        cancel.check()
        if len(uses) >= limit:
            break
        outline = source.outline(one)
        uses += [
            Use(one, *place, source.line(one, place.line)[:_SHOWN], enclosing(outline, place.line))
            for place in found[: limit - len(uses)]
        ]
    return References(
        tuple(meant or definitions), tuple(uses), sum(map(len, places.values())), len(places)
    )


def enclosing(outline: Sequence[SymbolRow], line: int) -> str:
    """Return the qualified name of the innermost definition around a line; ``""`` for none."""
    around = [row for row in outline if row.start_line <= line <= row.end_line]
    return max(around, key=lambda row: row.start_line).qualified_name if around else ""

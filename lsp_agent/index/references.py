"""Where a name is used, with the line and the definition around each use.

Tools and command line both come here. Uses are told apart by name alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from lsp_agent.index.types import Place, SymbolRow

_SHOWN = 240


class CodeSource(Protocol):
    """Whoever knows definitions and uses: an ``IndexView``, or ``WalkedFiles`` without an index."""

    def definitions(self, name: str) -> list[SymbolRow]:
        """Return the definitions of a name, or of ``Class.method``."""

    def uses(self, name: str) -> Mapping[str, list[Place]]:
        """Return where a name is used, by file."""

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
    check: Callable[[], None] = lambda: None,
) -> References:
    """Return the uses of a name, which may be written with what it is in: ``Class.method``.

    ``path`` is a file that defines the name, and then tells which one is meant; or else the file
    or folder to look in. Cost: a question to the source, and reading the files that are shown.
    """
    definitions = source.definitions(name)
    meant = [row for row in definitions if row.path == path]
    places = _places(source, name, meant or definitions)
    if not meant:
        places = {one: found for one, found in places.items() if lies_in(one, path)}
        meant = [row for row in definitions if lies_in(row.path, path)]
    uses: list[Use] = []
    for one, found in sorted(places.items()):
        check()
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


def lies_in(path: str, under: str) -> bool:
    """Whether a file is the one named, or lies in the folder named; all do for ``""``."""
    folder = under.rstrip("/")
    return not folder or path == folder or path.startswith(f"{folder}/")


def _places(
    source: CodeSource, name: str, _definitions: Sequence[SymbolRow]
) -> Mapping[str, list[Place]]:
    """Return the places that may mean one of some definitions.

    A language whose scopes are known can leave out here what means another definition.
    """
    return source.uses(name.rpartition(".")[2])

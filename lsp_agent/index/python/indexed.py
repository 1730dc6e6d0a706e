"""The indexed workspace as reference resolution reads it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from lsp_agent.cancel import CancelToken
from lsp_agent.index.python.documents import Documents
from lsp_agent.index.python.references import find_references_by_name
from lsp_agent.index.types import Place
from lsp_agent.index.view import IndexView
from lsp_agent.syntax.document import SyntaxDocument

_KEPT = 96
_MAX_FILES = 300
_SECONDS = 4.0


class IndexedProject:
    """The Python files of an index under unsaved text, for one question; 96 documents stay."""

    def __init__(self, view: IndexView) -> None:
        self._view = view
        # By language, not by ending: scripts often have none.
        self._paths = frozenset(view.paths("python"))
        self._documents = Documents(view.text, _KEPT)

    def paths(self) -> frozenset[str]:
        """Return all Python files, stubs included."""
        return self._paths

    def read(self, path: str) -> SyntaxDocument | None:
        """Return a file's document; ``None`` if it can't be read."""
        return self._documents.read(path)

    def files_with(self, name: str) -> Iterable[str]:
        """Return the files that may contain a word, also in strings."""
        return [path for path in self._view.files_holding(name) if path in self._paths]


def python_uses(
    view: IndexView,
    name: str,
    path: str | None,
    found: Mapping[str, Sequence[Place]],
    cancel: CancelToken,
) -> dict[str, list[Place]] | None:
    """Return those of the uses ``found`` by name in Python files that mean a definition of it.

    ``path`` names the file that defines it, if that is known. Uses in strings that name it, as in
    ``__all__``, come along. ``None`` where too many files use it, or four seconds don't do.
    """
    project = IndexedProject(view)
    if sum(one in project.paths() for one in found) > _MAX_FILES:
        return None
    answer = find_references_by_name(
        project, name, path, include_declaration=False, cancel=cancel, seconds=_SECONDS
    )
    if not answer.complete:
        return None
    known = {(one, place.line, place.character): place for one in found for place in found[one]}
    uses: dict[str, list[Place]] = {}
    for one in answer.locations:
        start = one.range.start
        place = known.get((one.path, start.line, start.character))
        uses.setdefault(one.path, []).append(
            place or Place(start.line, start.character, call=False)
        )
    return uses

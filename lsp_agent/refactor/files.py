"""The files that a refactoring reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lsp_agent.index.python.documents import Documents
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.languages import language_of
from lsp_agent.workspace.errors import OutsideRootError, UnreadableFileError
from lsp_agent.workspace.overlay import Overlay

_KEPT = 128
PYTHON = (".py", ".pyi")
"""How the names of Python files end; scripts have no ending."""
Lacking = Callable[[str], Callable[[str], bool]]
"""Given a word, returns a test that tells of a file, without reading it, that it lacks the word."""


class WorkspaceFiles:
    """The texts of a workspace under an overlay; a ``Project`` for the resolver of names.

    Ignored files are left out. ``check`` is called for each file that is read and may raise.
    """

    def __init__(
        self,
        overlay: Overlay,
        lacking: Lacking | None = None,
        check: Callable[[], None] = lambda: None,
        _before: WorkspaceFiles | None = None,
        _texts: Mapping[str, str] | None = None,
    ) -> None:
        self._overlay = overlay
        self._lacking = lacking
        self._check = check
        self._edited = dict(_texts or {})
        self._documents = Documents(self.text, _KEPT)
        # The folder is walked once: what was edited since is known.
        known: set[str] = set(_before._all) if _before else set(overlay.walk())
        python: set[str] = set(_before._python) if _before else set(filter(self._is_python, known))
        python |= {path for path in self._edited if self._is_python(path)}
        self._all: list[str] = sorted({*known, *self._edited})
        self._python: list[str] = sorted(python)

    def edited(self, texts: Mapping[str, str]) -> WorkspaceFiles:
        """Return the same files with other texts."""
        return WorkspaceFiles(
            self._overlay, self._lacking, self._check, self, {**self._edited, **texts}
        )

    def paths(self) -> list[str]:
        """Return all Python files, stubs and scripts included."""
        return self._python

    def text(self, path: str) -> str | None:
        """Return a file's text; ``None`` where there is none that can be read."""
        if path in self._edited:
            return self._edited[path]
        self._check()
        try:
            return self._overlay.read(path)
        except (UnreadableFileError, OutsideRootError):
            return None

    def read(self, path: str) -> SyntaxDocument | None:
        """Return a file's document; ``None`` if it can't be read."""
        return self._documents.read(path)

    def files_with(self, name: str) -> list[str]:
        """Return the Python files whose text holds a word, also in strings."""
        python = set(self._python)
        return [path for path in self.holding(name) if path in python]

    def holding(self, word: str) -> list[str]:
        """Return the files of any kind whose text holds a word."""
        lacks = self._lacking(word) if self._lacking else None
        return [
            path
            for path in self._all
            if (path in self._edited or lacks is None or not lacks(path))
            and word in (self.text(path) or "")
        ]

    def _is_python(self, path: str) -> bool:
        if path.endswith(PYTHON):
            return True
        if "." in path.rpartition("/")[2]:
            return False
        return language_of(path, text=(self.text(path) or "")[:200]) == "python"

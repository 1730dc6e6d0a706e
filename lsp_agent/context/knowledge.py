"""What is kept of one folder between questions: the words of its files and its history."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsp_agent.errors import LspAgentError
from lsp_agent.index.view import IndexView
from lsp_agent.index.words import pack_words

if TYPE_CHECKING:
    from lsp_agent.context.corpus import Corpus
    from lsp_agent.context.memory import Memory
    from lsp_agent.context.semantic import SemanticIndex
    from lsp_agent.vcs.git import Repository
    from lsp_agent.vcs.history import Commit, History
    from lsp_agent.workspace.roots import Root

HISTORY_SECONDS = 0.3
_log = logging.getLogger(__name__)


class Knowledge:
    """The words and the history of one folder, made when first asked for. Thread-safe.

    Cost: about 0.1 s for 2,000 files after each change of the index; the history is read in the
    background, and a question waits for it no longer than 0.3 s. Kept: nine bytes a distinct word
    of a file, and the messages of 2,000 commits.
    """

    def __init__(self, root: Root | None, semantic: SemanticIndex | None = None) -> None:
        self.semantic = semantic
        self.root = root
        self._lock = threading.Lock()
        self._corpus: tuple[object, Corpus] | None = None
        self._reading = threading.Lock()
        self._git: _Git | None = None
        self._memory: tuple[Sequence[Commit], Memory] | None = None
        self._uncommitted: frozenset[str] = frozenset()

    def corpus(self, view: IndexView) -> Corpus:
        """Return the words of all files, unsaved texts' instead of the saved ones'."""
        from lsp_agent.context.corpus import Corpus

        changed = view.changed()
        key = (view.reader.generation(), tuple(changed.items()))
        with self._lock:
            if self._corpus is not None and self._corpus[0] == key:
                return self._corpus[1]
        rows = [row for row in view.reader.words() if row[0] not in changed]
        for path, text in changed.items():
            if text is not None:
                names = [row.name for row in view.outline(path)]
                rows.append((path, pack_words(text, names)))
        corpus = Corpus(rows)
        with self._lock:
            self._corpus = (key, corpus)
        return corpus

    def memory(self, seconds: float = HISTORY_SECONDS) -> tuple[Sequence[Commit], Memory] | None:
        """Return the newest commits, and what they tell of questions; ``None`` without any.

        Also where they are not read after ``seconds``: a later question finds them.
        """
        thread = threading.Thread(target=self._read, name="history", daemon=True)
        thread.start()
        thread.join(seconds)
        return self._memory

    def close(self) -> None:
        """End what is under way."""
        if self.semantic is not None:
            self.semantic.close()

    def uncommitted(self) -> frozenset[str]:
        """Return the files that differ from the commit that is checked out, as read last."""
        return self._uncommitted

    def _read(self) -> None:
        if self.root is None:
            return
        with self._reading:
            try:
                self._follow(self.root)
            except (LspAgentError, OSError, ValueError) as error:
                _log.info("no history of %s: %s", self.root.path, error)

    def _follow(self, root: Root) -> None:
        from lsp_agent.context.memory import Memory

        if self._git is None:
            self._git = _open(root)
            if self._git is None:
                return
        self._uncommitted = frozenset(self._git.changed_paths())
        commits = self._git.history.commits()
        if commits and (self._memory is None or self._memory[0] is not commits):
            self._memory = (commits, Memory(commits))


@dataclass(frozen=True, slots=True)
class _Git:
    """The repository that a folder lies in; ``prefix`` is the folder's path in it."""

    repository: Repository
    history: History
    prefix: str

    def changed_paths(self) -> Iterator[str]:
        """Yield what ``git status`` names."""
        for line in self.repository.status().splitlines():
            path = line[3:].rpartition(" -> ")[2].strip('"')
            if not line.startswith("##") and path.startswith(self.prefix):
                yield path.removeprefix(self.prefix)


def _open(root: Root) -> _Git | None:
    from lsp_agent.vcs.git import Repository
    from lsp_agent.vcs.history import History

    repository = Repository.open(root.path)
    if repository is None:
        return None
    folder = root.path.resolve().relative_to(repository.root.resolve()).as_posix()
    prefix = "" if folder == "." else f"{folder}/"
    return _Git(repository, History(repository, prefix), prefix)

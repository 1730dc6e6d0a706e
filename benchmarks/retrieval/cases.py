"""The questions: a repository's commits, each with the tree before it and what it changed there."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lsp_agent.vcs.git import Repository
from lsp_agent.vcs.history import Commit, parse_records

_MOST_CHANGED = 15
_LEAST_WORDS = 3


@dataclass(frozen=True, slots=True)
class Case:
    """A commit to be found.

    Its message, the tree before it (blobs by path), what is to be found, and
    the commits before it, the newest first.
    """

    id: str
    message: str
    tree: dict[str, str]
    changed: frozenset[str]
    past: tuple[Commit, ...]


class Snapshots:
    """Trees and texts of a repository, through git itself."""

    def __init__(self, folder: Path, sources: re.Pattern[str]) -> None:
        self._folder = folder
        self._sources = sources
        self._batch = subprocess.Popen(
            ["git", "cat-file", "--batch"],
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def tree(self, commit: str) -> dict[str, str]:
        """Return the blobs of a commit's sources by path."""
        command = ["git", "ls-tree", "-rz", commit]
        listed = subprocess.run(command, cwd=self._folder, check=True, capture_output=True).stdout
        rows = (row.partition("\t") for row in listed.decode("utf-8", "replace").split("\0") if row)
        return {path: about.split()[2] for about, _, path in rows if self._sources.search(path)}

    def text(self, blob: str) -> bytes:
        """Return a blob's bytes."""
        into, out = self._batch.stdin, self._batch.stdout
        assert into is not None
        assert out is not None
        into.write(blob.encode() + b"\n")
        into.flush()
        size = int(out.readline().split()[2])
        data = out.read(size)
        out.read(1)
        return data

    def close(self) -> None:
        """End git."""
        self._batch.communicate()


def cases(
    folder: Path, snapshots: Snapshots, left_out: str = "", branch: str = "HEAD"
) -> Iterator[Case]:
    """Yield the commits that changed 1 to 15 sources that were there, the oldest first.

    A file that every release changes (``left_out``, the one with the version) is not asked for. A
    commit whose message says nothing is history only.
    """
    order = ["git", "rev-list", "--reverse", "--no-merges", branch]
    ids = subprocess.run(order, cwd=folder, check=True, capture_output=True, text=True)
    repository = Repository.open(folder)
    assert repository is not None
    commits = {one.id: one for one in parse_records(repository.records(100_000))}
    past: list[Commit] = []
    before: dict[str, str] = {}
    for id_ in ids.stdout.split():
        tree = snapshots.tree(id_)
        changed = {path for path, blob in before.items() if tree.get(path, blob) != blob}
        changed.discard(left_out)
        message = commits[id_].message
        says = len(set(re.findall(r"[^\W\d_]{3,}", message.partition("\n")[2] or message)))
        if 1 <= len(changed) <= _MOST_CHANGED and says >= _LEAST_WORDS:
            yield Case(id_, message, before, frozenset(changed), tuple(reversed(past)))
        # Not by today's names: no question may profit from a rename that is still to come.
        touched = changed | (tree.keys() - before.keys()) | (before.keys() - tree.keys())
        past.append(Commit(id_, commits[id_].time, message, tuple(sorted(touched))))
        before = tree

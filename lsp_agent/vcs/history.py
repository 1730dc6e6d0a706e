"""What was changed with what, and when: the newest commits as data.

Cost: one ``git log`` when HEAD has moved, about a second for 2,000 commits; nothing otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lsp_agent.vcs.git import Repository

MAX_COMMITS = 2000
MAX_FILES = 40
"""A commit that changes more files says nothing of what belongs together."""

_DECAY = 0.97


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit without its merges: Unix time in seconds, message, and the paths that it changed.

    A path is the one that the file has today, relative to the folder that was asked for.
    """

    id: str
    time: int
    message: str
    paths: tuple[str, ...]


class History:
    """The newest commits of a repository, read again when its HEAD has moved."""

    def __init__(self, repository: Repository, folder: str = "", limit: int = MAX_COMMITS) -> None:
        """Take what changed below a folder of the repository (``""`` is all of it)."""
        self._repository = repository
        self._prefix = folder.strip("/") + "/" if folder.strip("/") else ""
        self._limit = limit
        self._read: tuple[str | None, tuple[Commit, ...]] = (None, ())

    def commits(self) -> tuple[Commit, ...]:
        """Return at most ``limit`` commits, the newest first; none before the first commit.

        The same tuple comes back until HEAD moves. Raises ``VcsError``.
        """
        head = self._repository.head()
        if head is None:
            return ()
        if head != self._read[0]:
            parsed = parse_records(self._repository.records(self._limit), self._prefix)
            self._read = head, tuple(parsed)
        return self._read[1]


def parse_records(records: str, prefix: str = "") -> Iterator[Commit]:
    """Read what :meth:`Repository.records` gives; a commit that was cut off is left out.

    A file that was renamed later has its last path. A commit that changes nothing below
    ``prefix`` has no paths.
    """
    fields = records.split("\0")
    today: dict[str, str] = {}
    at = 1
    while at + 4 < len(fields):
        id_, time, message = fields[at : at + 3]
        at += 4
        paths: list[str] = []
        renamed: dict[str, str] = {}
        while at + 1 < len(fields) and fields[at]:
            status = fields[at].lstrip("\n")
            moved = status[:1] in "RC"
            path = fields[at + 1 + moved] if at + 1 + moved < len(fields) else ""
            now = today.get(path, path)
            if status[:1] == "R":
                renamed[fields[at + 1]] = now
            paths.append(now)
            at += 2 + moved
        if at >= len(fields) or not time.isdigit():
            return
        at += 1
        today.update(renamed)
        below = (path.removeprefix(prefix) for path in paths if path.startswith(prefix))
        yield Commit(id_, int(time), message.strip(), tuple(dict.fromkeys(below)))


def change_rates(commits: Sequence[Commit]) -> dict[str, float]:
    """Return, by path, how much was changed of late, given the newest commit first.

    A commit counts 3 % less than the one after it, and less the more files it changed.
    """
    found: dict[str, float] = {}
    for age, commit in enumerate(commits):
        if len(commit.paths) <= MAX_FILES:
            for path in commit.paths:
                found[path] = found.get(path, 0.0) + _DECAY**age / len(commit.paths) ** 0.5
    return found


def changed_together(
    commits: Sequence[Commit], path: str, limit: int = 20
) -> list[tuple[str, float]]:
    """Return the files that were changed in the same commits as one, those most tied to it first.

    A commit that changed n files ties each to each other by ``1 / (n - 1)``.
    """
    found: Counter[str] = Counter()
    for commit in commits:
        if path in commit.paths and 1 < len(commit.paths) <= MAX_FILES:
            for other in commit.paths:
                if other != path:
                    found[other] += 1 / (len(commit.paths) - 1)  # type: ignore[assignment]
    ranked: list[tuple[str, float]] = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return ranked[:limit]

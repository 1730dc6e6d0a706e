"""What a map or a search is to favour: files, names and words at hand."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_TEST = re.compile(
    r"(?:^|/)(?:tests?|specs?|__tests__|testdata)/|(?:^|/)(?:test_|conftest\.)[^/]*$"
    r"|[._](?:test|spec)\.[^/]*$|[a-z0-9]Tests?\.[^/.]*$"
)

_LOCK = re.compile(r"(?:^|/)(?:[^/]*\.lock|package-lock\.json|pnpm-lock\.yaml|go\.sum)$")


@dataclass(frozen=True, slots=True)
class Emphasis:
    """Files with how much each counts beside the others, names of symbols, words of a question.

    ``reasons`` says for each file why it is there.
    """

    files: Mapping[str, float] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()
    reasons: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def wants(self, path: str) -> bool:
        """Whether a file is among those that count at least half of what the first one does."""
        return self.files.get(path, 0.0) * 2 >= max(self.files.values(), default=1.0)


def is_test(path: str) -> bool:
    """Whether a path is that of a test, by the names that languages use for them."""
    return _TEST.search(path) is not None


def is_lock(path: str) -> bool:
    """Whether a path is that of a file in which a package manager locks versions."""
    return _LOCK.search(path) is not None

"""What a map or a search is to favour: files, names and words at hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


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

"""What a run may do without asking again, and how often it was refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from lsp_agent.store.approvals import Grant, RememberedApprovals

MAX_REFUSALS = 3
Source = Literal["user", "run", "remembered", "policy", "--yes", "--dry-run"]


@dataclass(slots=True)
class Permits:
    """One run's state of approvals; used in the run's thread only.

    ``trusted``: the workspace is. ``yes``: edits need no asking; ``dry_run``: nothing is run.
    ``cleared`` holds the texts of sensitive files (``None``: deleted) as approved calls left them.
    """

    trusted: bool = False
    remembered: RememberedApprovals | None = None
    yes: bool = False
    dry_run: bool = False
    cleared: dict[str, str | None] = field(default_factory=dict)
    _granted: set[Grant] = field(default_factory=set)
    _refusals: Counter[str] = field(default_factory=Counter)

    def source_of(self, grant: Grant) -> Source | None:
        """Return where the answer is known from; ``None``: it is not."""
        if grant in self._granted:
            return "run"
        known = self.trusted and self.remembered is not None and self.remembered.knows(grant)
        return "remembered" if known else None

    def grant(self, grant: Grant, *, lasting: bool) -> None:
        """Allow something for the rest of the run, and for good with ``lasting``."""
        self._granted.add(grant)
        if lasting and self.trusted and self.remembered is not None:
            self.remembered.remember(grant)

    def refuse(self, kind: str) -> None:
        """Count a refusal."""
        self._refusals[kind] += 1

    def is_tired(self, kind: str) -> bool:
        """Whether the user refused this kind so often that they are not asked again."""
        return self._refusals[kind] >= MAX_REFUSALS

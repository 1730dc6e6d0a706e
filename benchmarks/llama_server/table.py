"""Rows of results: two sides' figures, their ratio, and what was wanted."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Row:
    """One measure of one model.

    ``ours`` and ``theirs`` are the figures of all runs, in ``unit``; ``against`` says what theirs
    is. ``wanted`` bounds the ratio of the medians, from below where ``more_is_better``; a row
    without it is for information.
    """

    model: str
    measure: str
    unit: str
    ours: Sequence[float]
    theirs: Sequence[float]
    wanted: float | None = None
    more_is_better: bool = False
    against: str = "llama-server"

    @property
    def ratio(self) -> float:
        """Ours by theirs."""
        return statistics.median(self.ours) / statistics.median(self.theirs)

    @property
    def met(self) -> bool | None:
        """Whether the ratio is what was wanted; ``None`` where nothing was."""
        if self.wanted is None:
            return None
        return self.ratio >= self.wanted if self.more_is_better else self.ratio <= self.wanted

    def beside(self, theirs: Sequence[float], against: str, **changes: Any) -> Row:
        """Return another row for information, by default of the same measure against others."""
        return replace(self, theirs=theirs, against=against, **{"wanted": None, **changes})

    def as_json(self) -> dict[str, Any]:
        """Return everything, JSON-ready."""
        return {
            **asdict(self),
            "ours": list(self.ours),
            "theirs": list(self.theirs),
            "ratio": self.ratio,
            "met": self.met,
        }

    def cells(self) -> tuple[str, ...]:
        """Return what the table shows."""
        sign = "≥" if self.more_is_better else "≤"
        verdict = {None: "", True: "met", False: "MISSED"}[self.met]
        return (
            self.model,
            self.measure,
            f"{number(statistics.median(self.ours))} {self.unit}",
            f"{number(statistics.median(self.theirs))} {self.unit}",
            f"{self.ratio:.2f}",
            "" if self.wanted is None else f"{sign} {self.wanted:g}",
            verdict,
            self.against,
        )


HEADER = ("model", "measure", "ours", "other", "ratio", "wanted", "", "other is")


def number(value: float) -> str:
    """Write a figure with three digits."""
    return f"{value:.0f}" if value >= 100 else f"{value:.3g}"


def render(rows: Sequence[Row]) -> str:
    """Return the table as Markdown, in columns that a terminal shows well too."""
    cells = [HEADER, *(row.cells() for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(HEADER))]
    lines = [
        "| "
        + " | ".join(text.ljust(width) for text, width in zip(line, widths, strict=True))
        + " |"
        for line in cells
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)

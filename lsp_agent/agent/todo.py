"""The plan of a run under way: told as an event, and in front of what its progress says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from lsp_agent.agent.environment import Progress
from lsp_agent.events import EventStream

State = Literal["pending", "in_progress", "completed"]


@dataclass(frozen=True, slots=True)
class Item:
    """A step of a plan."""

    step: str
    state: State


class Todo:
    """What the model set out to do; for the run's thread."""

    def __init__(self, events: EventStream, progress: Progress) -> None:
        self._events = events
        self._progress = progress
        self.items: tuple[Item, ...] = ()

    @property
    def left(self) -> tuple[str, ...]:
        """The steps that are not done."""
        return tuple(item.step for item in self.items if item.state != "completed")

    def take(self, steps: Sequence[str], current: int) -> None:
        """Take a plan whose step ``current`` (from 1) is under way; tell of it if it is new."""
        items = tuple(Item(step, _state(at, current)) for at, step in enumerate(steps, 1))
        if items == self.items:
            return
        self.items = items
        rows = [{"step": item.step, "state": item.state} for item in items]
        self._events.emit("plan", text=self.headline(), items=rows)
        self.progress("", None)

    def headline(self) -> str:
        """Return where the run is, as in ``2/5: write parser``; ``""`` without a plan."""
        at = next((at for at, one in enumerate(self.items, 1) if one.state == "in_progress"), 0)
        count = len(self.items)
        if not count:
            return ""
        return f"{at}/{count}: {self.items[at - 1].step}" if at else f"{count}/{count}: done"

    def progress(self, words: str, share: float | None) -> None:
        """Pass progress on, behind the step that it belongs to."""
        self._progress(" – ".join(part for part in (self.headline(), words) if part), share)

    def text(self) -> str:
        """Return the plan as lines of Markdown's task lists; ``""`` without one."""
        marks = {"completed": "x", "in_progress": "~", "pending": " "}
        return "\n".join(f"- [{marks[item.state]}] {item.step}" for item in self.items)


def _state(at: int, current: int) -> State:
    if at < current:
        return "completed"
    return "in_progress" if at == current else "pending"

"""Run events: the one stream behind progress, logs, journal, ``--json`` and every surface.

One JSON object an event: ``{"run": id, "seq": n, "time": iso8601, "type": …}`` plus the fields
that the contract (section 5) gives for the type.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

EventType = Literal[
    "run_started",
    "plan",
    "thinking",
    "tool_call",
    "tool_result",
    "edit",
    "verification",
    "approval_requested",
    "approval",
    "response",
    "error",
    "run_finished",
]

RunStatus = Literal["edited", "answered", "no_change", "rejected", "cancelled", "failed"]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened in a run; ``data`` holds the type's own fields, JSON-ready."""

    run: str
    seq: int
    time: str
    type: EventType
    data: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the event as the contract writes it, ready for ``json.dumps``."""
        return {
            "run": self.run,
            "seq": self.seq,
            "time": self.time,
            "type": self.type,
            **self.data,
        }


Listener = Callable[[Event], None]


class EventStream:
    """Stamps a run's events with sequence number and time and hands each to every listener.

    Safe to use from several threads; listeners are called in the emitting thread, in order, and
    must be quick. ``seq`` starts at 1.
    """

    def __init__(self, run: str, *listeners: Listener) -> None:
        self.run = run
        self._listeners = listeners
        self._lock = threading.Lock()
        self._seq = 0

    def emit(self, type_: EventType, /, **data: Any) -> Event:
        """Make the next event and deliver it."""
        with self._lock:
            self._seq += 1
            now = datetime.now(UTC).isoformat(timespec="milliseconds")
            event = Event(self.run, self._seq, now, type_, data)
            for listener in self._listeners:
                listener(event)
        return event

"""Noticing a model that goes in circles."""

from __future__ import annotations

import json
from collections import Counter

from lsp_agent.agent.environment import RunFailedError
from lsp_agent.engine.types import ToolCall

_WARN, _STOP = 3, 5


class RepeatGuard:
    """Counts equal calls since the last edit."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()

    def note(self, call: ToolCall) -> str:
        """Count a call; return a warning for the model, or ``""``.

        Raises :class:`RunFailedError` when warnings did not help.
        """
        key = f"{call.name} {json.dumps(dict(call.arguments), sort_keys=True, default=str)}"
        self._seen[key] += 1
        count = self._seen[key]
        if count >= _STOP:
            raise RunFailedError(
                f"the model called {call.name} with the same arguments {count} times; try a larger "
                "model or a smaller task",
                "repeating",
            )
        if count >= _WARN:
            return (
                f"\nYou made this very call {count} times and its result is the same. "
                "Do something else, or finish."
            )
        return ""

    def edited(self) -> None:
        """Forget: after an edit the same call can have another result."""
        self._seen.clear()

"""Noticing a model that goes in circles, and taking away the way in which it fails."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection

from lsp_agent.agent.environment import RunFailedError
from lsp_agent.engine.types import ToolCall

_WARN, _STOP = 3, 5
_FAILURES = 2
_WAYS = ("edit_file", "rewrite_symbol", "write_file")
_HOW = {
    "rewrite_symbol": "write the whole function, method or class anew with rewrite_symbol",
    "write_file": "write the whole file anew with write_file",
}


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


class Ways:
    """The ways of editing a file, from the smallest to the surest.

    Who fails twice alike with one of them will fail again: it is taken from the tools until that
    file was edited in another way.
    """

    def __init__(self, tools: Collection[str]) -> None:
        self._ways = [name for name in _WAYS if name in tools]
        self._failures: Counter[tuple[str, str, str]] = Counter()
        self._closed: dict[str, set[str]] = {}

    @property
    def closed(self) -> frozenset[str]:
        """The tools that are not offered now."""
        return frozenset(name for name, paths in self._closed.items() if paths)

    def refusal(self, call: ToolCall) -> str:
        """Say what to do instead of one whose way is closed for its file, ``""`` if it is not."""
        path = call.arguments.get("path")
        if path not in self._closed.get(call.name, ()):
            return ""
        return f"{call.name} failed {_FAILURES} times on {path}; {self._instead(call.name)}"

    def failed(self, call: ToolCall, why: str, *, symbols: bool) -> str:
        """Count a failure; return what is tried from now on, ``""`` where nothing changes.

        ``symbols`` says whether the file has definitions that can be rewritten.
        """
        path = call.arguments.get("path")
        if call.name not in self._ways[:-1] or not isinstance(path, str) or self.refusal(call):
            return ""
        failure = (call.name, path, why.partition("\n")[0])
        self._failures[failure] += 1
        if self._failures[failure] < _FAILURES:
            return ""
        self._failures.clear()
        self._closed.setdefault(call.name, set()).add(path)
        if not symbols:
            self._closed.setdefault("rewrite_symbol", set()).add(path)
        return self.refusal(call)

    def edited(self, path: object) -> None:
        """Open all ways again to a file that was edited."""
        for paths in self._closed.values():
            paths.discard(str(path))

    def _instead(self, name: str) -> str:
        later = self._ways[self._ways.index(name) + 1 :]
        return _HOW[next((one for one in later if one not in self.closed), self._ways[-1])]

"""A model that knows the answers: an endpoint that does each task as its data says.

It reads what it is going to write, writes whole files, and then says that it is done; where an
action asks for words, or for something of its own, it says those.
"""

from __future__ import annotations

from typing import Any

from lsp_agent.tasks.bench import Contestant
from lsp_agent.tasks.spec import Task
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint, call

DONE = Reply("Done.")


class PerfectModel:
    """Give :meth:`begin` to the bench: it is told which task comes next."""

    def __init__(self) -> None:
        self._left: list[Reply] = []
        self.endpoint = ScriptedEndpoint(self._reply)

    def __enter__(self) -> PerfectModel:
        self.endpoint.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.endpoint.__exit__()

    def begin(self, task: Task) -> None:
        """Take the task that is asked for next."""
        self._left = replies(task)

    def contestant(self, profile: str = "auto") -> Contestant:
        """Return the engine's settings."""
        url = self.endpoint.base_url
        engine = {"kind": "openai", "base_url": url, "model": "perfect", "max_retries": 0}
        return Contestant("perfect", engine, profile)

    def _reply(self, _body: dict[str, Any]) -> Reply:
        return self._left.pop(0) if self._left else DONE


def replies(task: Task) -> list[Reply]:
    """Return what is said, in order."""
    if task.replies:
        return [Reply(text) for text in task.replies]
    reads = [call("read_file", f"r{n}", path=path) for n, path in enumerate(task.answer)
             if path in task.files]  # fmt: skip
    writes = [
        call("delete_file", f"w{n}", path=path)
        if text is None
        else call("write_file", f"w{n}", path=path, content=text)
        for n, (path, text) in enumerate(task.answer.items())
    ]
    return [*([Reply(tool_calls=reads)] if reads else []), Reply(tool_calls=writes)]

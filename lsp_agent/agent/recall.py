"""The state of the work for a model that has forgotten how it came to it: plan, changes, files."""

from __future__ import annotations

from collections.abc import Iterable

from lsp_agent.agent.environment import Run
from lsp_agent.agent.todo import Todo
from lsp_agent.context.builder import whole_file
from lsp_agent.context.untrusted import guarded
from lsp_agent.workspace.errors import WorkspaceError
from lsp_agent.workspace.text import Text

_LEAST = 64
_MOST_FILES = 6


def recall(run: Run, todo: Todo, seen: Iterable[str], budget: int) -> str:
    """Return the plan, the names of changed files, and files as they are now, newest first.

    ``seen`` are the files that the run looked at, the latest last; changed ones go before them.
    At most ``budget`` tokens, but for the plan and the names.
    """
    overlay, count = run.env.overlay, run.env.engine.count_tokens
    changed = [one.new_path or one.path for one in overlay.changes()]
    plan = todo.text()
    parts = [
        f"Your plan:\n{plan}" if plan else "",
        f"Changed so far: {', '.join(changed)}" if changed else "",
    ]
    left = budget - sum(map(count, parts))
    latest = list(seen)[::-1]
    order = [*(path for path in latest if path in changed), *latest]
    for path in list(dict.fromkeys(order))[:_MOST_FILES]:
        if left < _LEAST:
            break
        try:
            shown = whole_file(path, Text(overlay.read(path)), None, left * 2 // 3, count)
        except WorkspaceError:
            continue
        if count(shown) <= left:
            parts.append(f"As it is now: {shown}")
            left -= count(shown)
    return guarded("\n\n".join(part for part in parts if part))

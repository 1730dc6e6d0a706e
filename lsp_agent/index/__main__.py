"""The process that builds an index beside an editor: ``python -m lsp_agent.index < pipe``.

The first line of stdin is the order as JSON; the process ends when stdin does, so that it never
outlives the one that started it. Each line of stdout is a JSON object: ``{"done": n, "all": m}``
several times, then one with ``built`` or ``error``.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path

from lsp_agent.cancel import CancelToken
from lsp_agent.errors import LspAgentError
from lsp_agent.index.build import BuildOptions, build
from lsp_agent.workspace.roots import Root

_REPORT_SECONDS = 0.1


def main() -> int:
    """Build what the order names."""
    order = json.loads(sys.stdin.readline())
    if hasattr(os, "nice"):
        os.nice(5)
    cancel = CancelToken()
    threading.Thread(target=_watch, args=(cancel,), daemon=True).start()
    options = BuildOptions(tuple(order["exclude"]), order["max_bytes"], order["processes"])
    try:
        root, path = Root(Path(order["root"])), Path(order["path"])
        built = build(root, path, options, cancel, _Reporter(), rebuild=order["rebuild"])
    except LspAgentError as error:
        _say({"error": str(error)})
        return 1
    _say({"built": {**asdict(built), "skipped": len(built.skipped)}})
    return 0


class _Reporter:
    """Passes on how far it is, ten times a second."""

    def __init__(self) -> None:
        self._last = 0.0

    def __call__(self, done: int, everything: int) -> None:
        now = time.monotonic()
        if now - self._last > _REPORT_SECONDS or done == everything:
            self._last = now
            _say({"done": done, "all": everything})


def _watch(cancel: CancelToken) -> None:
    sys.stdin.read()
    cancel.cancel()


def _say(message: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())

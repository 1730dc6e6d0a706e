"""What a server imports before it can answer ``initialize``: the client is waiting."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("pydantic", "tree_sitter", "numpy", "llama_cpp", "httpx", "git", "huggingface_hub")


def test_no_heavy_import_stands_before_initialize() -> None:
    code = (
        "import sys, lsp_agent.server.server; "
        f"print(*[name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == ""

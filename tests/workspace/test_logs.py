"""Log lines hold no secrets, tracebacks included."""

from __future__ import annotations

import io
import logging

from lsp_agent.workspace.logs import SafeFormatter

TOKEN = "ghp_" + "a1B2c3D4e5F6" * 3


def test_secrets_are_left_out_of_messages_arguments_and_tracebacks() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(SafeFormatter("%(levelname)s %(message)s"))
    logger = logging.getLogger("lsp_agent.test_logs")
    logger.propagate = False
    logger.addHandler(handler)
    logger.warning("used %s for %r", TOKEN, {"password": "hunter2"})
    try:
        raise ValueError(f"bad {TOKEN}")
    except ValueError:
        logger.exception("failed")
    said = stream.getvalue()
    assert "WARNING used ⟨secret⟩ for {'password': '⟨secret⟩'}" in said
    assert "ValueError: bad ⟨secret⟩" in said
    assert TOKEN not in said

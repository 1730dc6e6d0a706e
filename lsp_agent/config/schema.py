"""The JSON Schema of the configuration, for editors that check and complete TOML."""

from __future__ import annotations

from typing import Any

from lsp_agent.config.model import Settings


def settings_schema() -> dict[str, Any]:
    """Return the schema of ``config.toml``; ``kind`` may be left out, as the loader fills it in."""
    schema = Settings.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "lsp-agent",
    }

"""What a language server of TypeScript passes on to the compiler's own server.

Asked so, it answers; its reports come late, in parts and without the version of the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

_COMMAND = "typescript.tsserverRequest"
_CHECKS = ("syntacticDiagnosticsSync", "semanticDiagnosticsSync")
_SEVERITIES = {"error": 1, "warning": 2, "message": 3, "suggestion": 4}


def offered(capabilities: Mapping[str, Any]) -> bool:
    """Whether a server passes questions on."""
    provider = capabilities.get("executeCommandProvider")
    commands = provider.get("commands") if isinstance(provider, dict) else None
    return isinstance(commands, list) and _COMMAND in commands


def checks(path: Path) -> list[dict[str, Any]]:
    """Return the commands that ask for a file's diagnostics."""
    return [{"command": _COMMAND, "arguments": [name, {"file": str(path)}]} for name in _CHECKS]


def diagnostics(answer: Any) -> Iterator[dict[str, Any]]:
    """Yield an answer's diagnostics as LSP has them; columns stay in units of UTF-16."""
    body = answer.get("body") if isinstance(answer, dict) else None
    for one in body if isinstance(body, list) else ():
        try:
            yield {
                "range": {"start": _position(one["start"]), "end": _position(one["end"])},
                "severity": _SEVERITIES.get(one.get("category"), 1),
                "code": one.get("code"),
                "message": one["text"],
                "source": one.get("source", "typescript"),
            }
        except (KeyError, TypeError, AttributeError):
            continue


def _position(place: Any) -> dict[str, int]:
    return {"line": place["line"] - 1, "character": place["offset"] - 1}

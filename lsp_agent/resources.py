"""Grammars and queries: plain files that ship inside the wheel, and lie beside it in a checkout."""

from __future__ import annotations

from pathlib import Path

from lsp_agent.errors import LspAgentError

_HERE = Path(__file__).resolve().parent
_FOLDERS = (_HERE / "grammars", _HERE.parent / "grammars")


class ResourceError(LspAgentError):
    """A file that belongs to the installation is missing."""

    code = "broken-installation"


def resource(*parts: str) -> str:
    """Return the text of a file below ``grammars/``; raises :class:`ResourceError` without it."""
    for folder in _FOLDERS:
        path = folder.joinpath(*parts)
        if path.is_file():
            return path.read_text("utf-8")
    raise ResourceError(f"{'/'.join(parts)} is missing from the installation; install it again")


def has_resource(*parts: str) -> bool:
    """Whether a file is there."""
    return any(folder.joinpath(*parts).is_file() for folder in _FOLDERS)

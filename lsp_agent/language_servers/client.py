"""What we are to a language server: the abilities we announce, the answers to what it asks."""

from __future__ import annotations

import os
from typing import Any

from lsp_agent import __version__
from lsp_agent.language_servers.find import Found

_CAPABILITIES = {
    "general": {"positionEncodings": ["utf-32", "utf-8", "utf-16"]},
    "window": {"workDoneProgress": True},
    "workspace": {
        "configuration": True,
        "workspaceFolders": True,
        "didChangeWatchedFiles": {"dynamicRegistration": True},
        "workspaceEdit": {"documentChanges": True},
    },
    "textDocument": {
        "synchronization": {},
        "publishDiagnostics": {"versionSupport": True},
        "diagnostic": {"dynamicRegistration": True},
        "definition": {"linkSupport": True},
        "references": {},
        "rename": {"prepareSupport": True},
    },
    "experimental": {"serverStatusNotification": True},
}


class Client:
    """Our side of one connection: it answers, and keeps what the server registered."""

    def __init__(self, found: Found) -> None:
        self._found = found
        # The methods, by the registration's own name.
        self._registered: dict[str, str] = {}

    def registered(self, method: str) -> bool:
        """Whether the server registered itself for a method after the start."""
        return method in self._registered.values()

    def introduction(self) -> dict[str, Any]:
        """Return the parameters of ``initialize``."""
        uri = self._found.root.as_uri()
        return {
            "processId": os.getpid(),
            "clientInfo": {"name": "lsp-agent", "version": __version__},
            "rootPath": str(self._found.root),
            "rootUri": uri,
            "workspaceFolders": [{"uri": uri, "name": self._found.root.name}],
            "initializationOptions": dict(self._found.server.initialization),
            "capabilities": _CAPABILITIES,
        }

    def answer(self, method: str, params: Any) -> Any:
        """Answer a request of the server; ``KeyError`` for what a client of ours has not."""
        if method == "workspace/configuration":
            items = params.get("items", []) if isinstance(params, dict) else []
            return [self._setting(one) for one in items]
        self._take_registrations(method, params)
        return {
            "window/workDoneProgress/create": None,
            "client/registerCapability": None,
            "client/unregisterCapability": None,
            "window/showMessageRequest": None,
            "window/showDocument": {"success": False},
            "workspace/applyEdit": {"applied": False, "failureReason": "only asked, not edited"},
            "workspace/workspaceFolders": self.introduction()["workspaceFolders"],
            "workspace/diagnostic/refresh": None,
            "workspace/semanticTokens/refresh": None,
            "workspace/inlayHint/refresh": None,
            "workspace/codeLens/refresh": None,
        }[method]

    def _take_registrations(self, method: str, params: Any) -> None:
        if method == "client/registerCapability":
            for one in _listed(params, "registrations"):
                self._registered[str(one.get("id"))] = str(one.get("method"))
        elif method == "client/unregisterCapability":
            # Misspelt so in the protocol.
            for one in _listed(params, "unregisterations"):
                self._registered.pop(str(one.get("id")), None)

    def _setting(self, item: Any) -> Any:
        value: Any = self._found.settings
        section = item.get("section") if isinstance(item, dict) else None
        for part in str(section or "").split("."):
            if part:
                value = value.get(part) if isinstance(value, dict) else None
        return value


def _listed(params: Any, key: str) -> list[dict[str, Any]]:
    found = params.get(key) if isinstance(params, dict) else None
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []

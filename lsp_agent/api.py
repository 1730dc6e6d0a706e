"""What plugins may rely on: these names, and no others, mean the same while the version does.

A package adds tools, actions, engines and sandboxes by entry points of the groups
``lsp_agent.tools``, ``lsp_agent.actions``, ``lsp_agent.engines`` and ``lsp_agent.sandboxes``; each
names a tuple of them. Its module says ``LSP_AGENT_API = 1``.
``docs/plugins.md`` has a plugin to begin with.
"""

from __future__ import annotations

from lsp_agent.actions.spec import (
    Action,
    ActionError,
    BaseAction,
    Example,
    Offer,
    Place,
    Reach,
)
from lsp_agent.agent.types import (
    Answer,
    DiagnosticNote,
    FileEdits,
    Focus,
    RunRequest,
)
from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.engine.plugged import EngineKind
from lsp_agent.engine.types import (
    Chat,
    Delta,
    Engine,
    EngineError,
    EngineInfo,
    EngineUnavailableError,
    Message,
    Request,
    ToolCall,
    Usage,
)
from lsp_agent.errors import LspAgentError
from lsp_agent.plugins import API_VERSION
from lsp_agent.sandbox.plugged import SandboxKind
from lsp_agent.sandbox.types import Ability, Command, Limits, Outcome, Sandbox, SandboxError
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.symbols import Symbol
from lsp_agent.tools.spec import Arguments, ExistingFile, Hazard, Tool, ToolContext, ToolError
from lsp_agent.workspace.edits import TextEdit
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.text import Text

__all__ = [
    "API_VERSION",
    "Ability",
    "Action",
    "ActionError",
    "Answer",
    "Arguments",
    "BaseAction",
    "CancelToken",
    "Cancelled",
    "Chat",
    "Command",
    "Delta",
    "DiagnosticNote",
    "Engine",
    "EngineError",
    "EngineInfo",
    "EngineKind",
    "EngineUnavailableError",
    "Example",
    "ExistingFile",
    "FileEdits",
    "Focus",
    "Hazard",
    "Limits",
    "LspAgentError",
    "Message",
    "Offer",
    "Outcome",
    "Place",
    "Position",
    "Range",
    "Reach",
    "Request",
    "RunRequest",
    "Sandbox",
    "SandboxError",
    "SandboxKind",
    "Symbol",
    "SyntaxDocument",
    "Text",
    "TextEdit",
    "Tool",
    "ToolCall",
    "ToolContext",
    "ToolError",
    "Usage",
]

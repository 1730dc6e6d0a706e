"""The tools that ship, a line a family."""

from __future__ import annotations

from lsp_agent.tools import (
    code,
    commands,
    context,
    diagnostics,
    edits,
    files,
    git,
    git_changes,
    memory,
    node,
    planning,
    search,
)

TOOLS = (
    *files.TOOLS,
    *edits.TOOLS,
    *search.TOOLS,
    *code.TOOLS,
    *context.TOOLS,
    *git.TOOLS,
    *git_changes.TOOLS,
    *diagnostics.TOOLS,
    *commands.TOOLS,
    *node.TOOLS,
    *planning.TOOLS,
    *memory.TOOLS,
)

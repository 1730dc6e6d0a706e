"""The actions that ship: one line each, in the order in which menus show those of one kind."""

from __future__ import annotations

from lsp_agent.actions import (
    annotate,
    change_signature,
    document,
    edit,
    explain,
    explain_conflict,
    fix,
    fix_all,
    move_symbol,
    rename,
    resolve_conflict,
)

ACTIONS = (
    fix.ACTION,
    fix_all.FILE,
    fix_all.WORKSPACE,
    resolve_conflict.ACTION,
    explain_conflict.ACTION,
    edit.ACTION,
    document.ACTION,
    annotate.ACTION,
    rename.ACTION,
    change_signature.ACTION,
    move_symbol.ACTION,
    explain.ACTION,
)

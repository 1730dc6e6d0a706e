"""The actions that ship: one line each, in the order in which menus show those of one kind."""

from __future__ import annotations

from lsp_agent.actions import (
    annotate,
    document,
    edit,
    explain,
    explain_conflict,
    extract_constant,
    extract_function,
    extract_method,
    extract_variable,
    fix,
    inline_function,
    inline_variable,
    organize_imports,
    resolve_conflict,
)

ACTIONS = (
    fix.ACTION,
    resolve_conflict.ACTION,
    explain_conflict.ACTION,
    extract_variable.ACTION,
    extract_constant.ACTION,
    inline_variable.ACTION,
    inline_function.ACTION,
    extract_function.ACTION,
    extract_method.ACTION,
    edit.ACTION,
    document.ACTION,
    annotate.ACTION,
    explain.ACTION,
    organize_imports.ACTION,
)

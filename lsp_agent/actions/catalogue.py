"""The actions that ship: one line each, in the order in which menus show those of one kind."""

from __future__ import annotations

from lsp_agent.actions import (
    annotate,
    de_morgan,
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
    invert_if,
    leave_early,
    merge_if,
    organize_imports,
    resolve_conflict,
    unwrap_else,
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
    invert_if.ACTION,
    merge_if.ACTION,
    leave_early.ACTION,
    unwrap_else.ACTION,
    de_morgan.ACTION,
    edit.ACTION,
    document.ACTION,
    annotate.ACTION,
    explain.ACTION,
    organize_imports.ACTION,
)

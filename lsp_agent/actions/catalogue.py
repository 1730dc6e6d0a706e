"""The actions that ship: one line each, in the order in which menus show those of one kind."""

from __future__ import annotations

from lsp_agent.actions import (
    annotate,
    document,
    edit,
    explain,
    explain_conflict,
    fix,
    fix_test,
    generate_tests,
    resolve_conflict,
)

ACTIONS = (
    fix.ACTION,
    fix_test.ACTION,
    resolve_conflict.ACTION,
    explain_conflict.ACTION,
    edit.ACTION,
    document.ACTION,
    annotate.ACTION,
    generate_tests.ACTION,
    explain.ACTION,
)

"""The actions that ship: one line each, in the order in which menus show those of one kind."""

from __future__ import annotations

from lsp_agent.actions import (
    add_logging,
    annotate,
    complete,
    convert,
    document,
    edit,
    explain,
    explain_conflict,
    fix,
    handle_errors,
    implement,
    modernise,
    resolve_conflict,
    review_selection,
    simplify,
    split,
    translate,
)

ACTIONS = (
    fix.ACTION,
    resolve_conflict.ACTION,
    explain_conflict.ACTION,
    edit.ACTION,
    implement.ACTION,
    complete.ACTION,
    document.ACTION,
    annotate.ACTION,
    explain.ACTION,
    review_selection.ACTION,
    simplify.ACTION,
    modernise.ACTION,
    split.ACTION,
    convert.ACTION,
    handle_errors.ACTION,
    add_logging.ACTION,
    translate.ACTION,
)

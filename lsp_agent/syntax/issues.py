"""Syntax errors, worded for people, and which of them an edit brought in."""

from __future__ import annotations

import ast
import warnings
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lsp_agent.syntax.symbols import SymbolFinder
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.text import Text

if TYPE_CHECKING:
    from tree_sitter import Node

    from lsp_agent.syntax.document import SyntaxDocument

_MAX_QUOTE = 30
_MAX_PYTHON = 1_000_000


@dataclass(frozen=True, slots=True)
class SyntaxIssue:
    """A place that does not parse."""

    range: Range
    message: str


def find_issues(root: Node, finder: SymbolFinder, text: Text, limit: int) -> list[SyntaxIssue]:
    """Return at most ``limit`` errors in source order.

    Cost: only subtrees that hold an error are entered, so a sound file costs one test.
    """
    issues: list[SyntaxIssue] = []
    pending = [root]
    while pending and len(issues) < limit:
        node = pending.pop()
        if not node.has_error and not node.is_missing:
            continue
        if node.is_missing:
            issues.append(SyntaxIssue(_visible(finder.range(node, node), text), _missing(node)))
        elif node.is_error:
            issues.append(_unexpected(node, finder, text))
        else:
            pending += reversed(node.children)
    return issues


def new_errors(before: SyntaxDocument | None, after: SyntaxDocument) -> list[SyntaxIssue]:
    """Return the errors of ``after`` that ``before`` did not have, wherever they moved to.

    For Python its own compiler is asked too, because tree-sitter tolerates a bad indentation.
    """
    known = Counter(issue.message for issue in before.errors()) if before else Counter[str]()
    fresh = []
    for issue in after.errors():
        if known[issue.message]:
            known[issue.message] -= 1
        else:
            fresh.append(issue)
    if not fresh and after.language == "python":
        own = python_error(after.text)
        if own is not None and (before is None or python_error(before.text) is None):
            fresh.append(own)
    return fresh


def python_error(text: Text) -> SyntaxIssue | None:
    """Return what Python's own parser objects to, if anything."""
    if len(text.content) > _MAX_PYTHON:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text.content)
    except SyntaxError as error:
        line = max((error.lineno or 1) - 1, 0)
        place = Position(line, max((error.offset or 1) - 1, 0))
        return SyntaxIssue(_visible(Range(place, place), text), error.msg)
    except (ValueError, MemoryError, RecursionError):
        return None
    return None


def _unexpected(node: Node, finder: SymbolFinder, text: Text) -> SyntaxIssue:
    """Blame the first token of an error node: the rest only follows from it."""
    leaf = node
    while leaf.child_count:
        leaf = next((child for child in leaf.children if child.is_error), leaf.children[0])
    range_ = _visible(finder.range(leaf, leaf), text)
    quoted = text.slice(range_).strip().splitlines()
    if not quoted:
        return SyntaxIssue(range_, "unexpected end of text")
    return SyntaxIssue(range_, f"syntax error near {quoted[0][:_MAX_QUOTE]!r}")


def _missing(node: Node) -> str:
    name = node.type if node.is_named else repr(node.type)
    return f"missing {name.replace('_', ' ')}"


def _visible(range_: Range, text: Text) -> Range:
    """Keep a range on one line and give an empty one a character, so that editors can show it."""
    start, end = range_.start, range_.end
    width = len(text.line(start.line))
    if end.line > start.line:
        end = Position(start.line, max(width, start.character))
    if start == end:
        if end.character < width:
            end = Position(end.line, end.character + 1)
        elif start.character > 0:
            start = Position(start.line, start.character - 1)
    return Range(start, end)

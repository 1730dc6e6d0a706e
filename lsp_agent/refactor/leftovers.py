"""Whether a parameter that goes is used by anything that stays."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator

from lsp_agent.index.python.resolve import Resolver
from lsp_agent.index.python.types import Declaration
from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.parameters import Function, parameter_of
from lsp_agent.refactor.rewrites import Rewrites
from lsp_agent.refactor.source import Source, Span
from lsp_agent.syntax.python_model import Role

_WORD = re.compile(r"\w+")


def refuse_used(
    resolver: Resolver,
    work: Rewrites,
    node: Function,
    source: Source,
    gone: Collection[str],
    passed: Collection[tuple[str, Span]],
) -> None:
    """Refuse a parameter's end while its function uses it.

    To pass it on to where it ends too is no use: ``passed`` are the arguments of calls that change.
    """
    spans = [span for path, span in passed if path == source.path]
    for name in sorted(gone):
        for use in _uses(resolver, source, node, name):
            inside = any(first <= use < last for first, last in spans)
            if not inside or not _vanishes(work, source, use):
                raise RefusedError(f"{name} is still used at {source.path}:{source.line_of(use)}")


def _uses(resolver: Resolver, source: Source, node: Function, name: str) -> Iterator[int]:
    place = parameter_of(node, name)
    names = resolver.lookup.names(source.path)
    start = source.span(place)[0] if place is not None else -1
    binding = names.binding_at(name, start) if names is not None else None
    if names is None or binding is None:
        raise RefusedError(f"the uses of {name} are not known")
    target = Declaration(source.path, binding.start, binding)
    for one in names.occurrences(name):
        if one.start == binding.start or one.role is Role.KEYWORD:
            continue
        if target in resolver.keys(source.path, one):
            yield one.start


def _vanishes(work: Rewrites, source: Source, offset: int) -> bool:
    """Whether the new text of a call no longer holds the argument at an offset."""
    for span, new in work.spans.get(source.path, {}).items():
        if span[0] <= offset < span[1]:
            word = _WORD.match(source.data[offset:].decode())
            return word is not None and word[0] not in _names(new)
    return False


def _names(arguments: str) -> set[str]:
    try:
        tree = ast.parse(f"f({arguments})")
    except SyntaxError:
        return set()
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}

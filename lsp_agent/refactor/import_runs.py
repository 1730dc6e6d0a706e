"""Imports that follow each other, with their comments: what is sorted and written anew as one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from lsp_agent.refactor.layout import indent_of, is_first, line_end
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.tree import SyntaxNode


@dataclass(frozen=True, slots=True)
class Placed:
    """An import statement; ``lead`` are the comment lines above it, ``tail`` one behind it.

    ``group`` counts the blank lines before it in its run.
    """

    node: SyntaxNode
    lead: tuple[str, ...]
    tail: str
    group: int

    @property
    def remarked(self) -> bool:
        """Whether a comment belongs to it, so that it stays a statement of its own."""
        return bool(self.lead or self.tail)


@dataclass(frozen=True, slots=True)
class Run:
    """Imports of one list of statements that nothing else stands between; its extent in bytes."""

    imports: list[Placed]
    start: int
    end: int
    indent: str


@dataclass(frozen=True, slots=True)
class Row:
    """A line, or more, of the new text; rows of another ``section`` come behind a blank line."""

    section: tuple[int, ...]
    key: tuple[object, ...]
    text: str


def runs(document: SyntaxDocument, list_: SyntaxNode, kinds: frozenset[str]) -> Iterator[Run]:
    """Yield the runs of imports among some statements; those that share a line are left out."""
    pending: list[SyntaxNode] = []
    for one in [*list_.children, None]:
        if one is not None and (one.type in kinds or one.type == "comment"):
            pending.append(one)
            continue
        if one is not None and not one.named:
            pending = []
            continue
        if any(node.type in kinds for node in pending):
            run = _run(document, pending)
            if run is not None:
                yield run
        pending = []


def _run(document: SyntaxDocument, nodes: list[SyntaxNode]) -> Run | None:
    while nodes[-1].type == "comment" and is_first(document, nodes[-1].start):
        nodes.pop()
    found: list[Placed] = []
    lead: list[SyntaxNode] = []
    start = last = -1
    for node in nodes:
        if node.type == "comment":
            if is_first(document, node.start):
                lead = [*_attached(document, lead, node), node]
            elif found:
                # The grammar takes the first half of a line end for the comment's.
                tail = node.text.rstrip("\r")
                found[-1], last = replace(found[-1], tail=tail), node.start + len(tail.encode())
            continue
        lead = _attached(document, lead, node)
        begin = lead[0].start if lead else node.start
        blank = bool(found) and _has_blank(document, last, begin)
        if not is_first(document, node.start) or (found and document.data[last:begin].strip()):
            return None
        start = begin if start < 0 else start
        group = found[-1].group + blank if found else 0
        found.append(Placed(node, tuple(one.text.rstrip("\r") for one in lead), "", group))
        lead, last = [], node.end
    if document.data[last : line_end(document, last)].strip():
        return None
    return Run(found, start, last, indent_of(document, start))


def _attached(
    document: SyntaxDocument, lead: list[SyntaxNode], node: SyntaxNode
) -> list[SyntaxNode]:
    """Return the comments that are about a node: right above it, but not at the file's top."""
    if not lead or lead[0].start == 0 or _has_blank(document, lead[-1].end, node.start):
        return []
    return lead


def _has_blank(document: SyntaxDocument, start: int, end: int) -> bool:
    return document.data[start:end].replace(b"\r\n", b"\n").count(b"\n") > 1


def written(rows: Iterable[Row], indent: str) -> str:
    """Return rows as text, sorted, without the first line's indentation."""
    lines: list[str] = []
    section: tuple[int, ...] | None = None
    for row in sorted(rows, key=lambda row: (row.section, row.key)):
        if section not in (None, row.section):
            lines.append("")
        section = row.section
        lines += row.text.split("\n")
    text = "\n".join(indent + line if line else "" for line in lines)
    return text.removeprefix(indent)


def with_comments(placed: Placed, text: str) -> str:
    """Return a statement's new text with its comments."""
    tail = f"  {placed.tail}" if placed.tail else ""
    return "\n".join([*placed.lead, text + tail])

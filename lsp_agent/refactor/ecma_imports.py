"""The imports of JavaScript and TypeScript: sorted by source, merged, without unused names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lsp_agent.refactor.change import Editor
from lsp_agent.refactor.import_runs import Placed, Row, Run, runs, with_comments, written
from lsp_agent.refactor.layout import line_start, next_line
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.tree import SyntaxNode, tree
from lsp_agent.workspace.edits import TextEdit

_KINDS = frozenset({"import_statement"})
_LIMIT = 100


@dataclass(frozen=True, slots=True)
class _Entry:
    """A statement in parts; ``fixed`` ones stay as they are, where they are."""

    placed: Placed
    source: str
    types: bool
    default: str
    namespace: str
    names: tuple[str, ...]
    multiline: bool
    fixed: bool


def ecma_edits(document: SyntaxDocument) -> list[TextEdit]:
    """Return the edits that organise a file's imports; none where they are in order.

    What is imported for its effect keeps its place, and what comes before and behind it too.
    """
    root = tree(document)
    if root is None:
        return []
    editor = Editor(document)
    outside = _outside(document, root)
    for run in runs(document, root, _KINDS):
        text = _text(run, document, outside)
        old = document.data[run.start : run.end].decode("utf-8", "replace").replace("\r\n", "\n")
        if text and text != old:
            editor.replace(run.start, run.end, text)
        elif not text:
            start, end = line_start(document, run.start), next_line(document, run.end)
            editor.replace(start, end, "")
    return editor.done()


def _outside(document: SyntaxDocument, root: SyntaxNode) -> str:
    """Return the text without its imports: a word in it is taken for a use."""
    pieces, at = [], 0
    for one in root.parts:
        if one.type in _KINDS:
            pieces.append(document.data[at : one.start])
            at = one.end
    pieces.append(document.data[at:])
    return b"".join(pieces).decode("utf-8", "replace")


def _text(run: Run, document: SyntaxDocument, outside: str) -> str:
    read = [_read(placed) for placed in run.imports]
    entries = [one for one in (_used(entry, document, outside) for entry in read) if one]
    stretches: list[list[Row]] = [[]]
    for entry in _merged(entries):
        if entry.fixed:
            row = Row((0,), (), with_comments(entry.placed, entry.placed.node.text))
            stretches += [[row], []]
        else:
            stretches[-1].append(_row(entry))
    return "\n".join(written(rows, run.indent) for rows in stretches if rows)


def _read(placed: Placed) -> _Entry:
    node = placed.node
    source = node.child("source")
    clause = next((one for one in node.children if one.type == "import_clause"), None)
    odd = any(one.type in ("comment", "import_attribute", "import_require_clause")
              for one in node.walk())  # fmt: skip
    types = any(one.type in ("type", "typeof") and not one.named for one in node.children)
    default = namespace = ""
    names: list[str] = []
    for one in clause.parts if clause is not None else []:
        if one.type == "identifier":
            default = one.text
        elif one.type == "namespace_import":
            namespace = one.parts[-1].text
        else:
            names += [" ".join(specifier.text.split()) for specifier in one.parts]
    fixed = odd or clause is None or source is None
    text = source.text if source is not None else ""
    multiline = "\n" in node.text
    return _Entry(placed, text, types, default, namespace, tuple(names), multiline, fixed)


def _used(entry: _Entry, document: SyntaxDocument, outside: str) -> _Entry | None:
    """Return a statement without the names that nothing uses; ``None`` where none is left."""
    if entry.fixed or not (entry.default or entry.namespace or entry.names):
        return entry

    def used(name: str) -> bool:
        if name in ("React", "h", "Fragment") and document.language != "typescript":
            return True
        return re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", outside) is not None

    left = replace(
        entry,
        default=entry.default if used(entry.default) else "",
        namespace=entry.namespace if used(entry.namespace) else "",
        names=tuple(one for one in entry.names if used(one.rpartition(" ")[2])),
    )
    return left if left.default or left.namespace or left.names else None


def _merged(entries: list[_Entry]) -> Iterator[_Entry]:
    """Join the names that are taken from one source, between what keeps its place."""
    found: list[_Entry] = []
    known: dict[tuple[str, bool, int], int] = {}
    for entry in entries:
        if entry.fixed:
            known = {}
        key = entry.source[1:-1], entry.types, entry.placed.group
        at = known.get(key)
        mergeable = not (entry.fixed or entry.placed.remarked or entry.namespace)
        other = found[at] if at is not None else None
        clash = other is not None and other.default and entry.default
        typed = entry.types and other is not None and (other.default or entry.default)
        if not mergeable or other is None or at is None or clash or typed:
            if mergeable:
                known[key] = len(found)
            found.append(entry)
            continue
        names = tuple(dict.fromkeys((*other.names, *entry.names)))
        found[at] = replace(other, names=names, default=other.default or entry.default,
                            multiline=other.multiline or entry.multiline)  # fmt: skip
    yield from found


def _row(entry: _Entry) -> Row:
    node = entry.placed.node
    tight = re.search(r"\{\S", node.text) is not None
    end = ";" if node.text.endswith(";") else ""
    head = "import type " if entry.types else "import "
    names = sorted(entry.names, key=_member)
    whole = [entry.default, f"* as {entry.namespace}" if entry.namespace else ""]
    braces = ", ".join(names)
    braced = f"{{{braces}}}" if tight else f"{{ {braces} }}"
    parts = [one for one in [*whole, braced if names else ""] if one]
    text = f"{head}{', '.join(parts)} from {entry.source}{end}"
    if names and (entry.multiline or len(text) > _LIMIT):
        unit = re.search(r"\n([ \t]+)", node.text)
        inner = unit[1] if unit else "  "
        lines = "".join(f"{inner}{one},\n" for one in names)
        parts[-1] = f"{{\n{lines}}}"
        text = f"{head}{', '.join(parts)} from {entry.source}{end}"
    name = entry.source[1:-1]
    near = 2 if name.startswith(".") else 1 if name.startswith(("@/", "~/", "#")) else 0
    up = -name.count("../") if near == 2 else 0
    key = (near, up, name.lower(), name, entry.types)
    return Row((entry.placed.group,), key, with_comments(entry.placed, text))


def _member(name: str) -> tuple[str, str]:
    plain = name.removeprefix("type ")
    return plain.lower(), plain

"""Python's imports: sorted as isort does by default, merged, without those that nothing uses."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lsp_agent.refactor.change import Editor
from lsp_agent.refactor.import_runs import Placed, Row, Run, runs, with_comments, written
from lsp_agent.refactor.layout import line_start, next_line
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.python_model import BindingKind, Role
from lsp_agent.syntax.python_names import PythonNames
from lsp_agent.syntax.tree import SyntaxNode, tree
from lsp_agent.workspace.edits import TextEdit

_KINDS = frozenset({"import_statement", "import_from_statement", "future_import_statement"})
_LIMIT = 88
_EFFECTS = frozenset({"antigravity", "this", "readline", "rlcompleter", "site", "sitecustomize"})
_DYNAMIC = re.compile(r"\b(?:globals|locals|eval|exec|vars)\s*\(")
_TYPE_COMMENT = re.compile(r"#\s*type:(.*)")
_KEEP = re.compile(r"#\s*(?:noqa(?!:)|noqa:.*F401|isort:|pylint:.*unused-import|nopycln|pyright:)")
_GUARDS = frozenset({"TYPE_CHECKING", "typing.TYPE_CHECKING", "t.TYPE_CHECKING"})
_USES = frozenset({Role.USE, Role.LISTED, Role.DECLARED, Role.BINDING})


@dataclass(frozen=True, slots=True)
class _Import:
    """One imported name, or a module without ``name``; an alias that says nothing stays one."""

    module: str
    name: str | None
    alias: str | None

    @property
    def bound(self) -> str:
        """The name that it binds; of ``import a.b`` all of it."""
        return self.alias or self.name or self.module

    def __str__(self) -> str:
        text = self.name if self.name is not None else self.module
        return f"{text} as {self.alias}" if self.alias else text


@dataclass(frozen=True, slots=True)
class _Entry:
    """A statement with what is left of its names."""

    placed: Placed
    module: str | None
    names: tuple[_Import, ...]
    multiline: bool
    fixed: bool


def python_edits(document: SyntaxDocument, *, exports: bool) -> list[TextEdit]:
    """Return the edits that organise a file's imports; none where they are in order.

    Of a file that ``exports`` what it imports, nothing is removed. What binds one name twice, or
    takes all of a module, keeps its place, as does an import that may be there for its effect.
    """
    root = tree(document)
    if root is None or "isort: skip_file" in document.text.content:
        return []
    organizer = _Organizer(document, exports=exports)
    editor = Editor(document)
    for list_, guard in _lists(root):
        found = list(runs(document, list_, _KINDS))
        texts = [organizer.text(run) for run in found]
        if guard is not None and not any(texts) and len(list_.parts) == _count(found):
            editor.replace(line_start(document, guard.start), next_line(document, guard.end), "")
            continue
        for run, text in zip(found, texts, strict=True):
            _put(document, editor, run, text)
    return editor.done()


def _count(found: list[Run]) -> int:
    return sum(len(run.imports) for run in found)


def _put(document: SyntaxDocument, editor: Editor, run: Run, text: str) -> None:
    old = document.data[run.start : run.end].decode("utf-8", "replace").replace("\r\n", "\n")
    if text == old:
        return
    if text:
        editor.replace(run.start, run.end, text)
        return
    if run.indent:
        editor.replace(run.start, run.end, "pass")
        return
    end = next_line(document, run.end)
    while end < len(document.data) and next_line(document, end) > end and _blank(document, end):
        end = next_line(document, end)
    editor.replace(line_start(document, run.start), end, "")


def _blank(document: SyntaxDocument, at: int) -> bool:
    return not document.data[at : next_line(document, at)].strip()


def _lists(root: SyntaxNode) -> Iterator[tuple[SyntaxNode, SyntaxNode | None]]:
    """Yield the file's list of statements, and those of ``if TYPE_CHECKING``."""
    yield root, None
    for one in root.parts:
        condition = one.child("condition") if one.type == "if_statement" else None
        body = one.child("consequence")
        if condition is not None and body is not None and condition.text in _GUARDS:
            alone = one.child("alternative") is None
            yield body, one if alone else None


class _Organizer:
    def __init__(self, document: SyntaxDocument, *, exports: bool) -> None:
        self._names = PythonNames(document)
        content = document.text.content
        self._keeps = exports or _DYNAMIC.search(content) is not None
        self._hints = " ".join(_TYPE_COMMENT.findall(content))

    def text(self, run: Run) -> str:
        """Return a run's new text."""
        entries = [one for placed in run.imports for one in self._entries(placed)]
        limit = max(_LIMIT, *(len(line) for placed in run.imports
                              for line in placed.node.text.split("\n")))  # fmt: skip
        bound = Counter(name.bound for entry in entries for name in set(entry.names))
        alone = Counter(str(name) + str(name.module) for entry in entries for name in entry.names)
        if any(n > 1 and n != _same(entries, name, alone) for name, n in bound.items()):
            entries = [replace(one, fixed=True) for one in entries]
        entries = [one for one in map(self._used, entries) if one is not None]
        stretches: list[list[Row]] = [[]]
        sections = _sections(entries)
        for entry in _merged(entries):
            if entry.fixed:
                row = Row((0,), (), with_comments(entry.placed, entry.placed.node.text))
                stretches += [[row], []]
            else:
                stretches[-1].append(_row(entry, sections, limit - len(run.indent)))
        return ("\n" + run.indent).join(written(rows, run.indent) for rows in stretches if rows)

    def _entries(self, placed: Placed) -> Iterator[_Entry]:
        """Read a statement; ``import a, b`` is two."""
        node = placed.node
        remarks = any(one.type == "comment" for one in node.walk())
        star = any(one.type == "wildcard_import" for one in node.children)
        multiline = "\n" in node.text and re.search(r",\s*\)$", node.text) is not None
        module = node.child("module_name")
        future = node.type == "future_import_statement"
        text = "__future__" if future else module.text if module is not None else None
        names = tuple(_imported(one, text) for one in node.all("name"))
        if text is not None or remarks:
            yield _Entry(placed, text, names, multiline, fixed=star or remarks)
            return
        for at, name in enumerate(names):
            lead, tail = (placed.lead if not at else ()), placed.tail
            yield _Entry(replace(placed, lead=lead, tail=tail), None, (name,), False, fixed=False)

    def _used(self, entry: _Entry) -> _Entry | None:
        """Return a statement without names that nothing uses; ``None`` where none is left."""
        whole = " ".join((*entry.placed.lead, entry.placed.tail, entry.placed.node.text))
        if self._keeps or not entry.names or entry.module == "__future__" or _KEEP.search(whole):
            return entry
        kept = tuple(one for one in entry.names if self._is_used(one))
        if len(kept) == len(entry.names):
            effect = entry.module is None and not self._is_named(entry.names[0])
            return replace(entry, fixed=True) if effect else entry
        if entry.fixed and kept:
            return entry
        return replace(entry, names=kept) if kept else None

    def _is_used(self, one: _Import) -> bool:
        if one.alias is not None and one.alias in (one.name, one.module):
            return True
        if self._is_named(one):
            return True
        if one.name is not None or one.alias is not None:
            return False
        return one.module in _EFFECTS or one.module not in sys.stdlib_module_names

    def _is_named(self, one: _Import) -> bool:
        """Whether the name that an import binds stands anywhere else."""
        name = one.alias or one.name or one.module.partition(".")[0]
        if re.search(rf"\b{re.escape(name)}\b", self._hints):
            return True
        return any(
            found.role in _USES and self._names.binding_at(name, found.start) is None
            for found in self._names.occurrences(name)
        ) or self._is_bound_again(name)

    def _is_bound_again(self, name: str) -> bool:
        found = (self._names.binding_at(name, one.start) for one in self._names.occurrences(name))
        return any(one is not None and one.kind is not BindingKind.IMPORT for one in found)


def _imported(node: SyntaxNode, module: str | None) -> _Import:
    alias, name = node.child("alias"), node.child("name") or node
    if module is None:
        return _Import(name.text, None, alias.text if alias is not None else None)
    return _Import(module, name.text, alias.text if alias is not None else None)


def _same(entries: list[_Entry], bound: str, alone: Counter[str]) -> int:
    """Return how often the first import that binds a name is there."""
    first = next(one for entry in entries for one in entry.names if one.bound == bound)
    return alone[str(first) + str(first.module)]


def _sections(entries: list[_Entry]) -> dict[str, tuple[int, ...]]:
    """Return the section of each module: __future__, standard, others by their groups, relative."""
    found: dict[str, tuple[int, ...]] = {}
    tops: dict[str, int] = {}
    for entry in entries:
        for name in entry.names:
            top = name.module.partition(".")[0]
            if name.module == "__future__":
                found[name.module] = (0,)
            elif name.module.startswith("."):
                found[name.module] = (3,)
            elif top in sys.stdlib_module_names:
                found[name.module] = (1,)
            else:
                found[name.module] = (2, tops.setdefault(top, entry.placed.group))
    return found


def _merged(entries: list[_Entry]) -> list[_Entry]:
    """Join what is taken from one module, between what keeps its place."""
    found: list[_Entry] = []
    known: dict[str, int] = {}
    for entry in entries:
        if entry.fixed:
            known = {}
        key = entry.module or f"import {entry.names[0]}" if entry.names else ""
        at = known.get(key)
        # isort, too, keeps what is called otherwise here on a line of its own.
        alone = entry.fixed or entry.placed.remarked or _is_renamed(entry)
        if at is None or alone:
            if not alone:
                known[key] = len(found)
            found.append(entry)
            continue
        names = tuple(dict.fromkeys((*found[at].names, *entry.names)))
        found[at] = replace(found[at], names=names if entry.module else found[at].names,
                            multiline=found[at].multiline or entry.multiline)  # fmt: skip
    return found


def _is_renamed(entry: _Entry) -> bool:
    return entry.module is not None and any(one.alias is not None for one in entry.names)


def _row(entry: _Entry, sections: dict[str, tuple[int, ...]], limit: int) -> Row:
    module = entry.names[0].module
    section = sections[module]
    if entry.module is None:
        text = f"import {entry.names[0]}"
        return Row(section, (0, *_natural(module)), with_comments(entry.placed, text))
    names = sorted(map(str, dict.fromkeys(entry.names)), key=_member)
    text = f"from {module} import {', '.join(names)}"
    if entry.multiline or len(text) > limit:
        text = f"from {module} import (\n" + "".join(f"    {one},\n" for one in names) + ")"
    dots = len(module) - len(module.lstrip("."))
    key = (1, -dots, *_natural(module), _is_renamed(entry), names)
    return Row(section, key, with_comments(entry.placed, text))


def _natural(module: str) -> tuple[object, ...]:
    parts = re.split(r"(\d+)", module.lower())
    return (tuple((one.isdigit(), int(one) if one.isdigit() else one) for one in parts), module)


def _member(name: str) -> tuple[object, ...]:
    """Sort constants before classes before the rest, as isort does."""
    word = name.partition(" ")[0]
    kind = 0 if word.isupper() and len(word) > 1 else 1 if word[:1].isupper() else 2
    return (kind, *_natural(name))

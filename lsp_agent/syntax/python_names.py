"""What the names in one Python file are: occurrences, scopes, bindings.

Everything is found when it is asked for, and only for the name that is asked for: a name's
occurrences are found in the bytes, and each is classified by one descent of the tree. So the cost
of a question is the parse (about 0.1 s a MB) and some 30 µs an occurrence, whatever else the file
holds. Not thread-safe.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.python_bindings import BindingReader
from lsp_agent.syntax.python_chain import binder, in_hint, target
from lsp_agent.syntax.python_exprs import ExpressionReader
from lsp_agent.syntax.python_flow import Flow
from lsp_agent.syntax.python_model import (
    Binding,
    BindingKind,
    CallExpr,
    Class,
    Expr,
    Function,
    Occurrence,
    Role,
    Scope,
    ScopeKind,
)
from lsp_agent.syntax.python_occurrences import OccurrenceFinder
from lsp_agent.workspace.positions import Position

if TYPE_CHECKING:
    from tree_sitter import Node

_STAR = re.compile(rb"\bimport[ \t]*\([ \t]*\*|\bimport[ \t]*\*")
_OWN_SCOPE = (ScopeKind.CLASS, ScopeKind.MODULE)


class _Table(NamedTuple):
    """Of one name: its bindings by the scope they stand in, ``global`` and ``nonlocal`` too."""

    bound: dict[Scope, list[Occurrence]]
    declared: dict[Scope, str]


class PythonNames:
    """The names of one file."""

    def __init__(self, document: SyntaxDocument) -> None:
        self._document = document
        self._data = document.data
        self._finder = OccurrenceFinder(document)
        self._walker = self._finder.walker
        self._chains = self._finder.chains
        self._occurrences: dict[str, tuple[Occurrence, ...]] = {}
        self._tables: dict[str, _Table] = {}
        self._bindings: dict[tuple[Scope, str], tuple[Binding, ...]] = {}
        self._stores: dict[str, tuple[tuple[Binding, Expr], ...]] = {}
        self._expressions = ExpressionReader(self._walker, self._finder.parsed_hint)
        self._reader = BindingReader(self._walker, self._expressions)
        self.flow = Flow(self._walker, self._expressions, self._finder.descend, self._chains.get)

    @property
    def module(self) -> Scope:
        """The file's outermost scope."""
        return self._walker.module

    def position(self, offset: int) -> Position:
        """Return the position of a byte offset."""
        return self._document.position_at(offset)

    def at(self, position: Position) -> Occurrence | None:
        """Return the occurrence that a position touches."""
        offset = self._document.byte_at(position)
        for at in (offset, offset - 1):
            word = self._finder.word(at)
            if word is not None:
                start, name = word
                for one in self.occurrences(name):
                    if one.start == start:
                        return one
        return None

    def occurrences(self, name: str) -> tuple[Occurrence, ...]:
        """Return every place where a name stands as a name, in source order."""
        if name not in self._occurrences:
            self._occurrences[name] = tuple(self._finder.find(name))
        return self._occurrences[name]

    def lookup(self, name: str, scope: Scope, before: int | None = None) -> Scope | None:
        """Return the scope whose binding of ``name`` a use in ``scope`` sees.

        ``before`` is the use's offset: in the body of a class and of a module, a name that is bound
        further below only is looked for outside, as at run time.
        """
        here: Scope | None = scope
        while here is not None:
            declared = self._declared(name, here)
            if declared is not None:
                return declared
            visible = here == scope or here.kind is not ScopeKind.CLASS or _types_in(scope, here)
            if visible and self._bound(name, here, before if here == scope else None):
                return here
            own = here == scope and here.kind is ScopeKind.CLASS and self._bound(name, here, None)
            # What a class binds itself Python looks for in no function around it.
            here = self.module if own else here.parent
        return None

    def scope_at(self, start: int) -> Scope:
        """Return the scope in which what begins at an offset is evaluated."""
        chain = self._finder.descend(start)
        return self._walker.scope(chain, len(chain) - 1)

    def bindings(self, name: str, scope: Scope) -> tuple[Binding, ...]:
        """Return the bindings of a name in one scope, in source order."""
        key = (scope, name)
        if key not in self._bindings:
            bound = self._bound_in(name, scope)
            found = [self._binding(one) for one in bound]
            kept = [one for one in found if one.kind is not BindingKind.DELETED]
            self._bindings[key] = tuple(kept or found)
        return self._bindings[key]

    def binding_at(self, name: str, start: int) -> Binding | None:
        """Return the binding whose name stands at an offset."""
        for one in self.occurrences(name):
            if one.start == start and one.role is Role.BINDING:
                return self._binding(one)
        return None

    def home(self, occurrence: Occurrence) -> Scope:
        """Return the scope that a binding belongs to, ``global`` and ``nonlocal`` obeyed."""
        return self._declared(occurrence.name, occurrence.scope) or occurrence.scope

    def scope_of(self, occurrence: Occurrence) -> Scope | None:
        """Return the scope of what a binding binds or a use sees; ``None`` for a name of no scope.

        Classes and modules count as a whole, whatever stands before the use.
        """
        if occurrence.role is Role.BINDING:
            return self.home(occurrence)
        return self.lookup(occurrence.name, occurrence.scope)

    def attribute_stores(self, name: str) -> tuple[tuple[Binding, Expr], ...]:
        """Return what is assigned to ``RECEIVER.name``, with the receivers."""
        if name not in self._stores:
            found = []
            for one in self.occurrences(name):
                if one.role is Role.ATTRIBUTE and one.stores:
                    receiver = self.receiver(one)
                    found.append((self._stored(one), receiver))
            self._stores[name] = tuple(found)
        return self._stores[name]

    def receiver(self, occurrence: Occurrence) -> Expr:
        """Return what stands before the dot of an attribute, or the class of a pattern."""
        chain = self._chains[occurrence.start]
        index = len(chain) - 2
        node = chain[index].node
        if node.type == "dotted_name":
            return self._expressions.read_prefix(node, chain[-1].node, occurrence.scope)
        if occurrence.role is Role.PATTERN_KEYWORD:
            while index > 0 and chain[index].node.type != "class_pattern":
                index -= 1
            node = chain[index].node
        inner = node.child_by_field_name("object") or node.named_children[0]
        return self._expressions.read(inner, occurrence.scope)

    def called(self, occurrence: Occurrence) -> Expr | None:
        """Return the function of the call that a keyword stands in; ``None`` for a class's."""
        chain = self._chains[occurrence.start]
        for link in reversed(chain[:-3]):
            if link.node.type == "call":
                call = self._expressions.read(link.node, occurrence.scope)
                return call.function if isinstance(call, CallExpr) else None
            break
        return None

    def imported_from(self, occurrence: Occurrence) -> str:
        """Return the module, dots included, of the ``from`` import that a name stands in."""
        for link in reversed(self._chains[occurrence.start]):
            if link.node.type == "import_from_statement":
                module = link.node.child_by_field_name("module_name")
                return self._finder.text(module) if module is not None else ""
        return ""

    def module_prefix(self, occurrence: Occurrence) -> str:
        """Return the dotted name that ends in a part of a module's name, dots included."""
        chain = self._chains[occurrence.start]
        dotted = chain[-2].node
        relative = chain[-3].node
        begin = relative if relative.type == "relative_import" else dotted
        end = chain[-1].node.end_byte
        return self._data[begin.start_byte : end].decode("utf-8", "replace")

    def stars(self) -> tuple[tuple[str, Scope], ...]:
        """Return the modules of ``from m import *``, with the scopes they stand in."""
        found = []
        for match in _STAR.finditer(self._data):
            chain = self._finder.descend(match.start())
            for index, link in enumerate(chain):
                if link.node.type == "import_from_statement":
                    module = link.node.child_by_field_name("module_name")
                    if module is not None:
                        found.append((self._finder.text(module), self._walker.scope(chain, index)))
        return tuple(found)

    @cached_property
    def exports(self) -> frozenset[str] | None:
        """The strings of ``__all__``; ``None`` for a file without it."""
        if b"__all__" not in self._data:
            return None
        names: set[str] = set()
        for one in self.occurrences("__all__"):
            statement = self._statement(one)
            names |= {self._finder.text(node) for node in _walk(statement, "string_content")}
        return frozenset(names)

    def function(self, scope: Scope) -> Function | None:
        """Return the function whose body a scope is."""
        node = self._walker.openers.get(scope) or self._reopen(scope)
        if node is None or node.type != "function_definition" or scope.parent is None:
            return None
        return self._reader.function(node, _outside(scope))

    def klass(self, scope: Scope) -> Class | None:
        """Return the class whose body a scope is."""
        node = self._walker.openers.get(scope) or self._reopen(scope)
        if node is None or node.type != "class_definition" or scope.parent is None:
            return None
        return self._reader.klass(node, self._decorated(node), _outside(scope))

    def results(self, function: Function) -> tuple[tuple[Expr, ...], tuple[Expr, ...]]:
        """Return what a function returns and what it yields; nested functions are left out."""
        node = self._walker.openers.get(function.body) or self._reopen(function.body)
        if node is None:
            return (), ()
        returned: list[Expr] = []
        yielded: list[Expr] = []
        for one in _results(node.child_by_field_name("body")):
            value = next((c for c in one.named_children if c.type != "comment"), None)
            into = returned if one.type == "return_statement" else yielded
            into.append(self._expressions.read(value, function.body))
        return tuple(returned), tuple(yielded)

    def _declared(self, name: str, scope: Scope) -> Scope | None:
        """Return where ``global`` or ``nonlocal`` sends a name of a scope."""
        table = self._table(name)
        statement = table.declared.get(scope)
        if statement is None:
            return None
        if statement == "global_statement":
            return self._walker.module
        outer = scope.parent
        while outer is not None:
            if outer.kind is not ScopeKind.CLASS and outer in table.bound:
                return self._declared(name, outer) or outer
            outer = outer.parent
        return None

    def _table(self, name: str) -> _Table:
        """Return where a name is bound and declared, by scope."""
        if name not in self._tables:
            bound: dict[Scope, list[Occurrence]] = {}
            declared: dict[Scope, str] = {}
            for one in self.occurrences(name):
                if one.role is Role.BINDING:
                    bound.setdefault(one.scope, []).append(one)
                elif one.role is Role.DECLARED:
                    declared[one.scope] = self._chains[one.start][-2].node.type
            self._tables[name] = _Table(bound, declared)
        return self._tables[name]

    def _bound_in(self, name: str, scope: Scope) -> list[Occurrence]:
        """Return the bindings that belong to a scope, those from other scopes included."""
        table = self._table(name)
        if not table.declared:
            return table.bound.get(scope, [])
        found = [one for group in table.bound.values() for one in group if self.home(one) == scope]
        return sorted(found, key=lambda one: one.start)

    def _bound(self, name: str, scope: Scope, before: int | None) -> bool:
        binding = self._bound_in(name, scope)
        if not binding or before is None or scope.kind not in _OWN_SCOPE:
            return bool(binding)
        if any(self._effective(one) <= before for one in binding):
            return True
        return in_hint(self._finder.descend(before))

    def _effective(self, occurrence: Occurrence) -> int:
        """Return from where on a binding holds: behind the assignment that makes it."""
        chain = self._chains[occurrence.start]
        for link in reversed(chain):
            if link.node.type in ("assignment", "augmented_assignment"):
                return (
                    occurrence.start
                    if link.node.type != "assignment"
                    else (self._end_of_value(link.node, occurrence))
                )
            if link.node.type.endswith(("statement", "definition", "clause")):
                break
        return occurrence.start

    def _end_of_value(self, node: Node, occurrence: Occurrence) -> int:
        right = node.child_by_field_name("right")
        return right.end_byte if right is not None else occurrence.start

    def _binding(self, occurrence: Occurrence) -> Binding:
        chain = self._chains[occurrence.start]
        index = binder(chain)
        around = self._walker.scope(chain, len(chain) - 1)
        return self._reader.binding(occurrence, chain, index or 0, around)

    def _stored(self, occurrence: Occurrence) -> Binding:
        chain = self._chains[occurrence.start]
        attribute = len(chain) - 2
        index = target(chain, attribute)
        return self._reader.stored(occurrence, chain, attribute, index or 0)

    def _statement(self, occurrence: Occurrence) -> Node:
        chain = self._chains[occurrence.start]
        for link in reversed(chain):
            if link.node.type in ("assignment", "augmented_assignment", "call"):
                return link.node
        return chain[-1].node

    def _decorated(self, node: Node) -> Node:
        parent = node.parent
        return parent if parent is not None and parent.type == "decorated_definition" else node

    def _reopen(self, scope: Scope) -> Node | None:
        """Find the node of a scope that another reading of the same text made."""
        chain = self._finder.descend(scope.start)
        for index, (node, _) in enumerate(chain):
            if (node.start_byte, node.end_byte) == (scope.start, scope.end):
                around = self._walker.scope(chain, index)
                if node.type in ("function_definition", "class_definition", "lambda"):
                    self._walker.body(node, around)
        return self._walker.openers.get(scope)


def _outside(scope: Scope) -> Scope:
    """Return the scope that a definition stands in, given that of its body."""
    parent = scope.parent or scope
    return parent.parent or parent if parent.kind is ScopeKind.TYPES else parent


def _types_in(scope: Scope, klass: Scope) -> bool:
    """Say whether ``scope`` is that of type parameters right inside a class."""
    return scope.kind is ScopeKind.TYPES and scope.parent == klass


def _walk(node: Node, kind: str) -> Iterator[Node]:
    pending = [node]
    while pending:
        one = pending.pop()
        if one.type == kind:
            yield one
        pending += one.named_children


def _results(body: Node | None) -> Iterator[Node]:
    pending = [body] if body is not None else []
    while pending:
        node = pending.pop()
        if node.type in ("return_statement", "yield"):
            yield node
        if node.type not in ("function_definition", "class_definition", "lambda"):
            pending += reversed(node.named_children)

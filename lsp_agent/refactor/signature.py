"""A Python function's parameters changed, with the calls of it.

Calls are bound to the old parameters as Python binds them and written for the new ones, so that
each parameter gets what it got. What can't be followed (a function passed as a value, ``*`` over
changed places, an argument that would no longer be evaluated) is refused.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from lsp_agent.index.python.types import ClassObject, ClassRef, Declaration
from lsp_agent.refactor.calls import Call, laid_out, rewritten
from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.files import WorkspaceFiles
from lsp_agent.refactor.instructions import Wish
from lsp_agent.refactor.leftovers import refuse_used
from lsp_agent.refactor.names import Found, SymbolFinder
from lsp_agent.refactor.parameters import (
    PLAIN_DECORATORS,
    Function,
    Kind,
    Parameter,
    Parameters,
    compatible,
    parameter_of,
    parameters_of,
    written,
)
from lsp_agent.refactor.rename import rename
from lsp_agent.refactor.rewrites import Rewrites
from lsp_agent.refactor.source import Source, Span
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.python_model import BindingKind, Occurrence, Role
from lsp_agent.workspace.edits import apply_edits
from lsp_agent.workspace.positions import Position
from lsp_agent.workspace.text import Text

_MAX_LINE = 100
Wanted = Callable[[Parameters, str], Wish]
"""Given the parameters and the line of the ``def``, says what they are to become."""


@dataclass(frozen=True, slots=True)
class Resigned:
    """The texts of changed files, and how many calls were written anew."""

    name: str
    before: str
    after: str
    texts: Mapping[str, str]
    calls: int


def parameters_at(document: SyntaxDocument, path: str, position: Position) -> Parameters:
    """Return the parameters of the function around a position; raises :class:`RefusedError`."""
    source = Source(path, document.text.content)
    node = _definition(source, document.byte_at(function_at(document, position)))
    return parameters_of(node, document.text.content)


def head_at(document: SyntaxDocument, path: str, position: Position) -> str:
    """Return the line that defines the function around a position; raises as the above does."""
    source, at = Source(path, document.text.content), function_at(document, position)
    offset = document.byte_at(at)
    return _head(source, _definition(source, offset), offset)


def function_at(document: SyntaxDocument, position: Position) -> Position:
    """Return where the name of the function around a position stands."""
    symbol = document.enclosing(position)
    if symbol is None or symbol.kind not in ("function", "method", "constructor"):
        raise RefusedError("there is no function here whose parameters could change")
    return symbol.name_range.start


def change_signature(
    files: WorkspaceFiles, path: str, position: Position, wanted: Wanted
) -> Resigned:
    """Return what giving the function around a position other parameters takes.

    Raises :class:`RefusedError` with the reason where it is not sure to be right.
    """
    document = files.read(path)
    if document is None:
        raise RefusedError(f"{path} can't be read")
    at = function_at(document, position)
    source = Source(path, document.text.content)
    node = _definition(source, document.byte_at(at))
    old = parameters_of(node, document.text.content)
    wish = wanted(old, _head(source, node, document.byte_at(at)))
    if wish.parameters == old:
        raise RefusedError(f"the parameters of {node.name} are so already")
    _refuse_overloads(node)
    texts: dict[str, str] = {}
    for name, new in wish.renamed.items():
        texts |= _renamed(files.edited(texts), path, at, node.name, name, new)
    edited = files.edited(texts)
    old = tuple(_with_name(one, wish.renamed) for one in old)
    work = Rewrites(edited)
    calls = _Change(SymbolFinder(edited), work, path, at, old, wish).make()
    before, after = (", ".join(written(rows)) for rows in (old, wish.parameters))
    return Resigned(node.name, before, after, {**texts, **work.texts()}, calls)


def _with_name(one: Parameter, renamed: Mapping[str, str]) -> Parameter:
    return Parameter(renamed.get(one.name, one.name), one.kind, one.annotation, one.default)


def _renamed(
    files: WorkspaceFiles, path: str, at: Position, function: str, old: str, new: str
) -> dict[str, str]:
    """Rename a parameter; returns the changed texts."""
    source = Source(path, files.text(path) or "")
    document = files.read(path)
    node = _definition(source, document.byte_at(at) if document is not None else 0)
    place = parameter_of(node, old)
    if place is None:
        raise RefusedError(f"{function} has no parameter {old}")
    start = source.edit(source.span(place), "").range.start
    found = rename(files, path, start, new)
    return {
        one: apply_edits(Text(files.text(one) or ""), rows).content
        for one, rows in found.edits.items()
    }


def _definition(source: Source, offset: int) -> Function:
    node = source.definitions.get(offset)
    if node is None or isinstance(node, ast.ClassDef):
        raise RefusedError("there is no function here whose parameters could change")
    return node


def _shape(parameters: Parameters) -> list[tuple[str, Kind, bool]]:
    return [(one.name, one.kind, one.needed) for one in parameters]


def _head(source: Source, node: Function, name: int) -> str:
    start = source.span(node)[0]
    return f"{source.slice((start, source.parameters_span(name)[1]))})"


def _refuse_overloads(node: Function) -> None:
    if "overload" in _decorators(node):
        raise RefusedError(f"{node.name} is overloaded: change its overloads by hand")


def _decorators(node: Function) -> list[str]:
    """Return the last part of each decorator's name, ``""`` for what has none."""
    found = []
    for one in node.decorator_list:
        bare = one.func if isinstance(one, ast.Call) else one
        found.append(
            bare.attr if isinstance(bare, ast.Attribute)
            else bare.id if isinstance(bare, ast.Name) else ""
        )  # fmt: skip
    return found


@dataclass
class _Change:
    """One function, its family, its calls."""

    finder: SymbolFinder
    work: Rewrites
    path: str
    at: Position
    old: Parameters
    wish: Wish

    def __post_init__(self) -> None:
        self.new = self.wish.parameters
        self.harmless = compatible(self.old, self.new) and not self.wish.values
        self.gone = {one.name for one in self.old} - {one.name for one in self.new}
        self.fresh = [one for one in self.new if one.name not in {each.name for each in self.old}]
        self.passed: list[tuple[str, Span]] = []

    def make(self) -> int:
        """Edit definitions and calls; return how many calls changed."""
        found = self.finder.find(self.path, self.at, sure=not self.harmless)
        family = self._definitions(found)
        places = {(one.path, one.start) for one in found.targets}
        calls = 0
        uses = [
            use
            for use in self._calls(found, family)
            if (use[0], use[1].start) not in places and not self._names_only(*use[:2])
        ]
        # Inner calls first: their new text is part of what those around them pass.
        for path, occurrence, bound in sorted(uses, key=self._size):
            calls += self._call(path, occurrence, bound, family)
        for node, source, _ in family:
            resolver = self.finder.resolver
            refuse_used(resolver, self.work, node, source, self.gone, self.passed)
        for node, source, offset in family:
            span = source.parameters_span(offset)
            self.work.put(source.path, span, self._listed(source, span, node))
        return calls

    def _names_only(self, path: str, one: Occurrence) -> bool:
        """Whether a use is an import or an entry of ``__all__``."""
        if one.role in (Role.IMPORTED, Role.LISTED):
            return True
        names = self.finder.resolver.lookup.names(path)
        binding = names.binding_at(one.name, one.start) if names is not None else None
        return binding is not None and binding.kind is BindingKind.IMPORT

    def _size(self, use: tuple[str, Occurrence, bool]) -> int:
        source = self.work.source(use[0])
        node = source.calls.get(use[1].start)
        if node is None:
            return 0
        first, last = source.span(node)
        return last - first

    def _definitions(self, found: Found) -> list[tuple[Function, Source, int]]:
        """Return the functions that change together."""
        family = []
        called = found.name != "__init__" and found.name.startswith("__")
        if called and found.name.endswith("__") and not self.harmless:
            raise RefusedError(f"Python itself calls {found.name}")
        for one in found.targets:
            if one.binding.kind is not BindingKind.FUNCTION:
                raise RefusedError(f"{found.name} is not only a function in {one.path}")
            source = self.work.source(one.path)
            node = _definition(source, one.start)
            mine = parameters_of(node, source.text.content)
            if _shape(mine) != _shape(self.old):
                raise RefusedError(
                    f"{found.name} in {source.where(node)} has other parameters: change it by hand"
                )
            odd = [name for name in _decorators(node) if name not in PLAIN_DECORATORS]
            if odd and not self.harmless:
                raise RefusedError(
                    f"{found.name} is decorated with {odd[0] or 'an expression'}, which may call it"
                )
            family.append((node, source, one.start))
        return family

    def _calls(
        self, found: Found, family: list[tuple[Function, Source, int]]
    ) -> Iterator[tuple[str, Occurrence, bool]]:
        """Yield each use of the function with whether it is bound to its first parameter."""
        if found.name != "__init__":
            static = any("staticmethod" in _decorators(node) for node, _, _ in family)
            bound = "classmethod" in [name for node, _, _ in family for name in _decorators(node)]
            for use in found.uses:
                method = bool(found.related) and not static
                by_class = method and not bound and self._on_class(use.path, use.occurrence)
                yield use.path, use.occurrence, method and not by_class
            return
        for use in found.uses:
            yield use.path, use.occurrence, not self._on_class(use.path, use.occurrence)
        for one in found.targets:
            owner = self.finder.owner(one)
            for klass in self._constructed(owner, one) if owner is not None else ():
                yield from self._of_class(klass)

    def _constructed(self, owner: ClassRef, one: Declaration) -> Iterator[ClassRef]:
        yield owner
        for klass in self.finder.descendants(owner):
            found = self.finder.members.method(klass, "__init__")
            if found is not None and found[0] == owner and found[1].start == one.start:
                yield klass

    def _of_class(self, klass: ClassRef) -> Iterator[tuple[str, Occurrence, bool]]:
        """Yield the calls of a class; other uses of it are no calls of its constructor."""
        names = self.finder.resolver.lookup.names(klass.path)
        if names is None:
            return
        found = self.finder.find(klass.path, names.position(klass.start), sure=not self.harmless)
        for use in found.uses:
            source = self.work.source(use.path)
            if use.occurrence.start in source.calls:
                yield use.path, use.occurrence, True
            elif not self.harmless and use.occurrence.role is Role.USE:
                self._refuse_passed(source, use.occurrence, klass.info.name)

    def _refuse_passed(self, source: Source, one: Occurrence, name: str) -> None:
        """Refuse a class that is given away as a value: whoever gets it may call it."""
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Name) and source.span(node)[0] == one.start:
                above = source.parents.get(node)
                given = (ast.Call, ast.Return, ast.Assign, ast.Dict, ast.List, ast.Tuple)
                if isinstance(above, given) and not self._asks_type(above):
                    raise RefusedError(f"{name} is passed on at {source.where(node)}")

    def _asks_type(self, node: ast.AST) -> bool:
        function = node.func if isinstance(node, ast.Call) else None
        return isinstance(function, ast.Name) and function.id in ("isinstance", "issubclass")

    def _on_class(self, path: str, one: Occurrence) -> bool:
        if one.role is not Role.ATTRIBUTE:
            return False
        kinds = {
            isinstance(kind, ClassObject) for kind in self.finder.resolver.receivers(path, one)
        }
        if len(kinds) > 1:
            raise RefusedError(f"{self.finder.place(path, one)} may be a class or an object")
        return kinds == {True}

    def _call(
        self,
        path: str,
        one: Occurrence,
        bound: bool,
        family: list[tuple[Function, Source, int]],
    ) -> int:
        source = self.work.source(path)
        node = source.calls.get(one.start)
        if node is None:
            if self.harmless:
                return 0
            raise RefusedError(
                f"{one.name} is not called but used at {self.finder.place(path, one)}"
            )
        values = {**self.wish.values, **self._handed_on(source, node, family)}
        if self.harmless and not values:
            return 0
        call = Call(source, node, bound, lambda span: self.work.read(path, span))
        made = rewritten(call, self.old, self.new, values)
        for argument in (*node.args, *(each.value for each in node.keywords)):
            self.passed.append((path, source.span(argument)))
        if made is None:
            return 0
        self.work.put(path, *made)
        return 1

    def _handed_on(
        self, source: Source, node: ast.Call, family: list[tuple[Function, Source, int]]
    ) -> dict[str, str]:
        """Return what a method passes to the one that it overrides: its own new parameters."""
        function = node.func
        if not isinstance(function, ast.Attribute) or len(family) < 2:
            return {}
        inner = function.value
        above = isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name)
        if not above or ast.unparse(inner) != "super()":
            return {}
        around = source.enclosing(node)
        if not any(around is one for one, _, _ in family):
            return {}
        takers = (Kind.REST, Kind.KEYWORDS)
        return {one.name: one.name for one in self.fresh if one.kind not in takers}

    def _listed(self, source: Source, span: Span, node: Function) -> str:
        """Write the new list in the way in which the old one stood."""
        before = source.slice(span)
        if "#" in before:
            raise RefusedError(f"the parameters of {node.name} have comments between them")
        own = {one.name: one for one in parameters_of(node, source.text.content)}
        theirs = {one.name: one for one in self.old}
        rows = [one if theirs.get(one.name) != one else own.get(one.name, one) for one in self.new]
        parts = written(rows)
        line = laid_out(before, parts, source.text.eol)
        width = node.col_offset + len(source.text.line(node.lineno - 1).strip())
        if "\n" in before or width + len(line) - len(before) <= max(_MAX_LINE, width):
            return line
        indent = " " * (node.col_offset + 4)
        eol = source.text.eol
        return f"{eol}{''.join(f'{indent}{part},{eol}' for part in parts)}{' ' * node.col_offset}"

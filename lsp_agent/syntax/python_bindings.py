"""Bindings, functions and classes of Python out of tree-sitter nodes, as plain data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsp_agent.syntax.python_chain import Chain, Walker, parameter_list
from lsp_agent.syntax.python_exprs import ExpressionReader
from lsp_agent.syntax.python_model import (
    Binding,
    BindingKind,
    Class,
    Expr,
    Function,
    ImportSource,
    Occurrence,
    Parameter,
    Scope,
)

if TYPE_CHECKING:
    from tree_sitter import Node

_STARS = {"list_splat_pattern": "*", "dictionary_splat_pattern": "**"}
_REST = frozenset({"list_splat_pattern", "list_splat"})
_PARAMETER_NODES = frozenset(
    {"identifier", "default_parameter", "typed_default_parameter", "typed_parameter", *_STARS}
)
_UNPACKED = frozenset({"pattern_list", "tuple_pattern", "list_pattern", "tuple", "list"})


class BindingReader:
    """Reads what binds a name, once it is known where."""

    def __init__(self, walker: Walker, expressions: ExpressionReader) -> None:
        self._walker = walker
        self._read = expressions.read

    def binding(self, one: Occurrence, chain: Chain, index: int, around: Scope) -> Binding:
        """Return the binding of an occurrence; ``chain[index]`` is what binds it."""
        node = chain[index].node
        listed = parameter_list(chain)
        if listed is not None:
            outside = self._walker.scope(chain, listed - 1)
            return self._parameter(one, chain[listed + 1].node, outside)
        if node.type == "function_definition":
            function = self.function(node, around)
            return Binding(one.name, one.start, one.scope, BindingKind.FUNCTION, function=function)
        if node.type == "class_definition":
            above = chain[index - 1].node
            klass = self.klass(node, above, around)
            return Binding(one.name, one.start, one.scope, BindingKind.CLASS, klass=klass)
        if node.type in ("aliased_import", "import_statement", "import_from_statement"):
            return self._import(one, chain, index)
        return self._assigned(one, chain, index, len(chain) - 1, one.scope)

    def stored(self, one: Occurrence, chain: Chain, attribute: int, index: int) -> Binding:
        """Return what is stored into the attribute ``chain[attribute]``."""
        found = self._assigned(one, chain, index, attribute, one.scope)
        return Binding(
            one.name,
            one.start,
            one.scope,
            BindingKind.ATTRIBUTE,
            found.value,
            found.annotation,
            found.path,
        )

    def function(self, node: Node, around: Scope) -> Function:
        """Return a function's outside; ``around`` is the scope it stands in."""
        name = node.child_by_field_name("name")
        types = self._walker.types(node, around)
        listed = node.child_by_field_name("parameters")
        children = listed.named_children if listed is not None else []
        found = [self._one(child, types) for child in children if child.type in _PARAMETER_NODES]
        returns = node.child_by_field_name("return_type")
        parent = node.parent
        return Function(
            name=self._walker.text(name) if name is not None else "",
            start=name.start_byte if name is not None else node.start_byte,
            scope=around,
            body=self._walker.body(node, around),
            parameters=tuple(parameter for parameter in found if parameter is not None),
            returns=self._read(returns, types, hint=True) if returns is not None else None,
            decorators=self._decorators(parent, around),
            asynchronous=bool(node.children) and node.children[0].type == "async",
        )

    def klass(self, node: Node, above: Node, around: Scope) -> Class:
        """Return a class's outside."""
        name = node.child_by_field_name("name")
        types = self._walker.types(node, around)
        listed = node.child_by_field_name("superclasses")
        bases = [
            self._read(child, types)
            for child in (listed.named_children if listed is not None else [])
            if child.type not in ("keyword_argument", "comment")
        ]
        parameters = node.child_by_field_name("type_parameters")
        names = [
            self._walker.text(child).lstrip("*").partition(":")[0].strip()
            for child in (parameters.named_children if parameters is not None else [])
        ]
        return Class(
            name=self._walker.text(name) if name is not None else "",
            start=name.start_byte if name is not None else node.start_byte,
            scope=around,
            body=self._walker.body(node, around),
            bases=tuple(bases),
            decorators=self._decorators(above, around),
            types=tuple(names),
        )

    def _decorators(self, above: Node | None, around: Scope) -> tuple[Expr, ...]:
        if above is None or above.type != "decorated_definition":
            return ()
        return tuple(
            self._read(child.named_children[0], around)
            for child in above.named_children
            if child.type == "decorator" and child.named_children
        )

    def _one(self, node: Node, scope: Scope) -> Parameter | None:
        name = node.child_by_field_name("name")
        if node.type == "typed_parameter":
            name = node.named_children[0]
        elif node.type == "identifier" or node.type in _STARS:
            name = node
        stars = _STARS.get(name.type, "") if name is not None else ""
        if name is not None and stars:
            name = name.named_children[0] if name.named_children else None
        if name is None or name.type != "identifier":
            return None
        hint = node.child_by_field_name("type")
        value = node.child_by_field_name("value")
        return Parameter(
            self._walker.text(name),
            name.start_byte,
            stars,
            self._read(hint, scope, hint=True) if hint is not None else None,
            self._read(value, scope) if value is not None else None,
        )

    def _parameter(self, one: Occurrence, node: Node, outside: Scope) -> Binding:
        owner = self._walker.openers.get(one.scope)
        function = None
        types = outside
        if owner is not None and owner.type == "function_definition":
            function = self.function(owner, outside)
            types = self._walker.types(owner, outside)
        parameter = self._one(node, types)
        return Binding(
            one.name,
            one.start,
            one.scope,
            BindingKind.PARAMETER,
            annotation=parameter.annotation if parameter is not None else None,
            value=parameter.default if parameter is not None else None,
            function=function,
            parameter=parameter,
        )

    def _import(self, one: Occurrence, chain: Chain, index: int) -> Binding:
        statement, aliased = chain[index].node, False
        if statement.type == "aliased_import":
            statement, aliased = chain[index - 1].node, True
        module = statement.child_by_field_name("module_name")
        if statement.type == "import_from_statement":
            taken = chain[index].node.child_by_field_name("name") if aliased else None
            name = self._walker.text(taken) if taken is not None else one.name
            source = ImportSource(
                self._walker.text(module) if module is not None else "", name, name != one.name
            )
        elif aliased:
            dotted = chain[index].node.child_by_field_name("name")
            text = self._walker.text(dotted) if dotted is not None else one.name
            source = ImportSource(text, None, aliased)
        else:
            source = ImportSource(one.name, None, aliased)
        return Binding(one.name, one.start, one.scope, BindingKind.IMPORT, source=source)

    def _assigned(
        self, one: Occurrence, chain: Chain, index: int, leaf: int, scope: Scope
    ) -> Binding:
        """Read assignments, loops, ``with``, ``except``, ``:=``, patterns and type parameters."""
        node = chain[index].node
        where = self._walker.scope(chain, index + 1)
        kind, value, hint = BindingKind.ASSIGNMENT, None, node.child_by_field_name("type")
        if node.type == "assignment":
            value = _last_right(node)
        elif node.type == "delete_statement":
            kind = BindingKind.DELETED
        elif node.type == "augmented_assignment":
            kind, value = BindingKind.AUGMENTED, None
        elif node.type in ("for_statement", "for_in_clause"):
            kind, value = BindingKind.FOR, node.child_by_field_name("right")
            if node.type == "for_in_clause":
                where = self._iterated_scope(chain, index)
        elif node.type == "named_expression":
            value = node.child_by_field_name("value")
        elif node.type == "as_pattern":
            kind = self._pattern_kind(chain, index)
            value = node.named_children[0]
        elif node.type == "type_alias_statement":
            kind, value = BindingKind.TYPE, node.child_by_field_name("right")
        elif node.type == "type_parameter":
            kind = BindingKind.TYPE
        else:
            kind = BindingKind.MATCH
        return Binding(
            one.name,
            one.start,
            scope,
            kind,
            value=self._read(value, where) if value is not None else None,
            annotation=self._read(hint, where, hint=True) if hint is not None else None,
            path=_path(chain, index, leaf),
        )

    def _iterated_scope(self, chain: Chain, index: int) -> Scope:
        clause, comprehension = chain[index].node, chain[index - 1].node
        outside = self._walker.scope(chain, index - 1)
        first = next(c for c in comprehension.named_children if c.type == "for_in_clause")
        if first.start_byte == clause.start_byte:
            return outside
        return self._walker.comprehension(comprehension, outside)

    def _pattern_kind(self, chain: Chain, index: int) -> BindingKind:
        for link in reversed(chain[:index]):
            if link.node.type == "with_item":
                return BindingKind.WITH
            if link.node.type in ("except_clause", "except_group_clause"):
                return BindingKind.EXCEPT
            if link.node.type == "case_pattern":
                return BindingKind.MATCH
        return BindingKind.ASSIGNMENT


def _last_right(node: Node) -> Node | None:
    """Return the value of ``a = b = value``."""
    right = node.child_by_field_name("right")
    while right is not None and right.type == "assignment":
        right = right.child_by_field_name("right")
    return right


def _path(chain: Chain, index: int, leaf: int) -> tuple[int, ...]:
    """Return the indices by which unpacking gets from the value to a target."""
    found = []
    for at in range(index + 1, leaf):
        node, child = chain[at].node, chain[at + 1].node
        if node.type in _UNPACKED:
            rest = child.type in _REST
            number = [c.start_byte for c in node.named_children].index(child.start_byte)
            found.append(-1 if rest else number)
    return tuple(found)

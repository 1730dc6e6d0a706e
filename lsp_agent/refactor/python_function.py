"""Selected Python code becomes a function or method: what goes in, what comes out, how it ends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from lsp_agent.refactor.effects import COMPREHENSIONS, FRAME, LOOPS, has_effects, may_catch, own
from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.extracting import Piece
from lsp_agent.refactor.python_paths import Assigns, assigned, jumps_out, leaves, statements_of
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.python_model import BindingKind, Occurrence, Role, Scope, ScopeKind
from lsp_agent.syntax.python_names import PythonNames
from lsp_agent.syntax.tree import SyntaxNode

_DEFERRED = frozenset({"lambda", "function_definition", "generator_expression", "class_definition"})


@dataclass(slots=True)
class Parts:
    """What the new function needs: names of its parameters and results, in source order.

    ``returns`` says that the call's value is returned at once; ``awaits`` and ``yields`` how it
    is called.
    """

    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    returns: bool = False
    awaits: bool = False
    yields: bool = False


class PythonPiece:
    """A selection with the scopes around it."""

    def __init__(self, document: SyntaxDocument, piece: Piece) -> None:
        self._document = document
        self._piece = piece
        self._names = PythonNames(document)
        first = piece.nodes[0]
        self._function = first.above("function_definition", "lambda")
        self._home = self._names.scope_at(piece.start)
        around = list(first.around())
        inner = around[: around.index(self._function)] if self._function in around else around
        self._loop = next((one for one in reversed(inner) if one.type in LOOPS), None)
        if first.parent is not None and first.parent.type in LOOPS and piece.expression:
            self._loop = first.parent

    def parts(self) -> Parts:
        """Find what the function takes and gives.

        Raises :class:`RefusedError` where the code can't run in a function of its own.
        """
        found = Parts()
        self._check_frame()
        self._find_ends(found)
        for name in self._mentioned():
            self._classify(name, found)
        return found

    def _find_ends(self, found: Parts) -> None:
        nodes = self._piece.nodes
        if jumps_out(nodes):
            raise RefusedError("it holds a break or continue of a loop around it")
        found.awaits = bool(own(nodes, "await", "async"))
        found.yields = bool(own(nodes, "yield"))
        if found.yields and (found.awaits or self._is_async()):
            raise RefusedError("it yields, in an async function")
        if own(nodes, "return_statement"):
            last = nodes[-1].sibling(1) is None and nodes[-1].parent == self._body()
            if not (leaves(nodes) or last):
                raise RefusedError("it returns on some ways through it only")
            found.returns = True

    def _is_async(self) -> bool:
        function = self._function
        return function is not None and any(one.type == "async" for one in function.children)

    def _body(self) -> SyntaxNode | None:
        return self._function.child("body") if self._function is not None else None

    def _check_frame(self) -> None:
        first = self._piece.nodes[0]
        if first.type == "string" and first.sibling(-1) is None and not self._piece.expression:
            raise RefusedError("it begins with the documentation of what it stands in")
        for node in self._piece.nodes:
            for one in node.walk():
                if one.type == "call" and (called := one.child("function")) is not None:
                    if called.text in FRAME:
                        raise RefusedError(f"{called.text}() depends on the function it stands in")
                elif one.type == "keyword_argument" and one.text.startswith("stacklevel"):
                    raise RefusedError(f"{one.text} counts the functions around it")
                elif one.type == "future_import_statement":
                    raise RefusedError("an import from __future__ stands at the top of a file only")
                elif one.type == "wildcard_import":
                    raise RefusedError("it imports what can't be known: *")
                elif one.type == "named_expression" and one.above(*COMPREHENSIONS) is not None:
                    raise RefusedError("it binds a name in a comprehension")

    def _mentioned(self) -> list[str]:
        leaf = (one for node in self._piece.nodes for one in node.walk())
        return list(dict.fromkeys(one.text for one in leaf if one.type == "identifier"))

    def _classify(self, name: str, found: Parts) -> None:
        """Decide whether a name goes in, comes out, or both."""
        places = self._names.occurrences(name)
        inside = [one for one in places if self._piece.holds(one.start)]
        if any(one.role is Role.DECLARED for one in inside):
            raise RefusedError(f"it declares {name} global or nonlocal")
        bound = [one for one in inside if one.role is Role.BINDING and self._is_outer(one)]
        used = [one for one in inside if one.role is Role.USE and self._is_outer(one)]
        if not bound and not used:
            return
        home = self._names.scope_of((bound or used)[0])
        if bound:
            self._classify_bound(name, bound, used, places, found)
        elif home is not None and home.kind is not ScopeKind.MODULE:
            if home.kind is ScopeKind.TYPES:
                raise RefusedError(f"{name} is a type parameter of the function around it")
            self._check_start(name, home)
            self._check_deferred(name, used, home)
            self._check_set(name, places, home)
            found.inputs.append(name)

    def _classify_bound(
        self,
        name: str,
        bound: list[Occurrence],
        used: list[Occurrence],
        places: tuple[Occurrence, ...],
        found: Parts,
    ) -> None:
        home = self._names.scope_of(bound[0])
        if self._piece.expression:
            raise RefusedError(f"it binds {name}")
        if home is None or home != self._own_scope():
            raise RefusedError(f"it sets {name}, which belongs to another function")
        if any(self._is_deleted(name, one) for one in bound):
            raise RefusedError(f"it deletes {name}")
        outside = [
            one
            for one in places
            if not self._piece.holds(one.start)
            and one.role in (Role.USE, Role.BINDING)
            and self._names.scope_of(one) == home
        ]
        self._check_shared(name, outside, home)
        self._check_try(name, outside)
        first = self._is_used_first(name, bound, used)
        # What a round of a loop sets and the next one uses first is needed too.
        needed = self._is_needed(outside, home) or (first and self._loop is not None)
        out = not found.returns and needed
        surely = assigned(self._piece.nodes, self._assigns(name))
        known = any(one.role is Role.BINDING for one in outside)
        before = first and (known or self._loop is not None)
        if before or (out and not surely):
            self._check_start(name, home)
            found.inputs.append(name)
        if found.inputs[-1:] == [name] or out:
            self._check_deferred(name, used, home)
        if out:
            found.outputs.append(name)

    def _is_outer(self, one: Occurrence) -> bool:
        """Whether a name inside the piece is of a scope around the piece."""
        home = self._names.scope_of(one)
        return home is None or (home.start <= self._piece.start and self._piece.end <= home.end
                                and not self._is_within(home))  # fmt: skip

    def _is_within(self, home: Scope) -> bool:
        """Whether a scope is opened by the selected expression itself."""
        node = self._piece.nodes[0]
        return (home.start, home.end) == (node.start, node.end) and node.type != "module"

    def _own_scope(self) -> Scope:
        scope = self._home
        while scope.kind is ScopeKind.COMPREHENSION and scope.parent is not None:
            scope = scope.parent
        return scope

    def _is_deleted(self, name: str, one: Occurrence) -> bool:
        binding = self._names.binding_at(name, one.start)
        return binding is not None and binding.kind is BindingKind.DELETED

    def _check_shared(self, name: str, outside: list[Occurrence], home: Scope) -> None:
        """Refuse a name that a function may read while the piece runs."""
        for one in outside:
            if one.scope == home or self._is_comprehension(one.scope, home):
                continue
            early = one.start < self._piece.start or self._loop is not None or home.parent is None
            if early and any(has_effects(node) for node in self._piece.nodes):
                raise RefusedError(f"it sets {name}, which another function uses")

    def _check_set(self, name: str, places: tuple[Occurrence, ...], home: Scope) -> None:
        """Refuse a name that a function which the piece calls may give another value."""
        if not any(has_effects(node) for node in self._piece.nodes):
            return
        for one in places:
            apart = one.scope != home and not self._is_comprehension(one.scope, home)
            if apart and one.role is Role.BINDING and self._names.scope_of(one) == home:
                raise RefusedError(f"another function sets {name}, and may be called meanwhile")

    def _check_try(self, name: str, outside: list[Occurrence]) -> None:
        """Refuse a name that a handler may see when the piece has run in part."""
        nodes = self._piece.nodes
        if len(nodes) == 1 and nodes[0].type == "assignment":
            return
        for one in nodes[0].around():
            if one == self._function:
                return
            catches = one.type == "try_statement" or may_catch(one)
            body = one.child("body") if catches else None
            if body is None or not body.holds(nodes[0]):
                continue
            if any(use.start > body.end for use in outside):
                raise RefusedError(
                    f"{name} is used behind a {one.type.split('_')[0]} that it is set in"
                )

    @staticmethod
    def _is_comprehension(scope: Scope, home: Scope) -> bool:
        here: Scope | None = scope
        while here is not None and here.kind is ScopeKind.COMPREHENSION:
            here = here.parent
        return here == home

    def _is_needed(self, outside: list[Occurrence], home: Scope) -> bool:
        """Whether a value that the piece gives a name is used behind it."""
        if home.kind in (ScopeKind.MODULE, ScopeKind.CLASS):
            return True
        loop = self._loop
        return any(
            one.role is Role.USE
            and (
                one.start >= self._piece.end
                or one.scope != home
                or (loop is not None and loop.start <= one.start < loop.end)
            )
            for one in outside
        ) or any(self._is_augmented(one) for one in outside)

    def _is_augmented(self, one: Occurrence) -> bool:
        """Whether a binding reads the name too: ``x += 1``."""
        binding = self._names.binding_at(one.name, one.start)
        return binding is not None and binding.kind is BindingKind.AUGMENTED

    def _is_used_first(self, name: str, bound: list[Occurrence], used: list[Occurrence]) -> bool:
        """Whether a use inside may see a value from before the piece."""
        if any(self._is_augmented(one) for one in bound):
            first = min(one.start for one in bound if self._is_augmented(one))
        else:
            first = min((one.start for one in used), default=-1)
        if first < 0:
            return False
        starts = [one.start for one in used] + [
            one.start for one in bound if self._is_augmented(one)
        ]
        return any(not self._is_assigned_before(name, start) for start in starts)

    def _is_assigned_before(self, name: str, start: int) -> bool:
        """Whether a statement before a use, in the piece, surely gives the name a value."""
        for node in self._piece.nodes:
            if node.start <= start < node.end:
                return self._is_assigned_within(name, node, start)
            if assigned([node], self._assigns(name)):
                return True
        return False

    def _is_assigned_within(self, name: str, node: SyntaxNode, start: int) -> bool:
        """Whether a statement gives the name a value before control gets to a byte in it."""
        if self._head_assigns(name, node, start):
            return True
        for child in node.parts:
            if child.start <= start < child.end:
                return self._is_assigned_within(name, child, start)
            if node.type == "block" and assigned([child], self._assigns(name)):
                return True
        return False

    def _head_assigns(self, name: str, node: SyntaxNode, start: int) -> bool:
        """Whether the head of a statement or clause gives the name a value for its body."""
        body = node.child("body") or node.child("consequence")
        within = body is not None and body.start <= start < body.end
        if node.type == "for_statement":
            left = node.child("left")
            return within and left is not None and self._names_it(left, name)
        if node.type == "case_clause":
            patterns = [one for one in node.parts if one.type == "case_pattern"]
            return within and any(self._names_it(one, name) for one in patterns)
        if node.type in ("with_statement", "except_clause", "except_group_clause"):
            head = node.parts[0]
            return head.end <= start and self._assigns(name)(head)
        condition = node.child("condition")
        return condition is not None and condition.end <= start and _walrus(condition, name)

    def _assigns(self, name: str) -> Assigns:
        def assigns(node: SyntaxNode) -> bool:
            return any(
                one.role is Role.BINDING
                and node.start <= one.start < node.end
                and self._is_plain(node, one.start)
                and not self._is_deleted(name, one)
                for one in self._names.occurrences(name)
            )

        return assigns

    @staticmethod
    def _is_plain(node: SyntaxNode, start: int) -> bool:
        """Whether a binding in a statement happens whenever the statement is executed."""
        if node.type in ("assignment", "augmented_assignment"):
            here: SyntaxNode | None = node
            while here is not None and here.type == "assignment":
                left = here.child("left")
                if left is not None and left.start <= start < left.end:
                    # A mere annotation gives no value.
                    return here.child("right") is not None
                here = here.child("right")
            return False
        if node.type in ("function_definition", "class_definition", "decorated_definition"):
            inner = node.child("definition") or node
            name = inner.child("name")
            return name is not None and name.start == start
        return node.type in (
            "import_statement", "import_from_statement", "with_clause", "as_pattern",
        )  # fmt: skip

    @staticmethod
    def _names_it(node: SyntaxNode, name: str) -> bool:
        return any(one.type == "identifier" and one.text == name for one in node.walk())

    def _check_start(self, name: str, home: Scope) -> None:
        """Refuse a name that may have no value yet where the piece begins."""
        if not self._is_set_at_start(name, home):
            raise RefusedError(f"{name} may have no value yet where the selection begins")

    def _is_set_at_start(self, name: str, home: Scope) -> bool:
        if home != self._own_scope():
            # A variable of a function around, or of a comprehension that the piece stands in.
            return True
        if any(one.kind is BindingKind.PARAMETER for one in self._names.bindings(name, home)):
            return True
        assigns = self._assigns(name)
        child = self._piece.nodes[0]
        for node in child.around():
            if node.type in ("block", "module"):
                before = [one for one in statements_of(node) if one.end <= child.start]
                if assigned(before, assigns):
                    return True
            if self._is_assigned_within(name, node, self._piece.start):
                return True
            if node == self._function:
                break
            child = node
        return False

    def _check_deferred(self, name: str, used: Iterable[Occurrence], home: Scope) -> None:
        """Refuse a function in the piece that would keep the value of a name that changes."""
        later = [one for one in used if self._is_deferred(one.start)]
        bindings = self._names.bindings(name, home)
        if not later:
            return
        loop = self._loop
        again = loop is not None and any(loop.start <= one.start < loop.end for one in bindings)
        if len(bindings) > 1 or again:
            raise RefusedError(f"a function in it uses {name} later, when it may have changed")

    def _is_deferred(self, start: int) -> bool:
        for node in self._piece.nodes:
            for one in node.walk():
                if one.type in _DEFERRED and one.start <= start < one.end:
                    return True
        return False


def _walrus(condition: SyntaxNode, name: str) -> bool:
    """Whether evaluating a condition surely binds a name: ``(x := f()) > 1``."""
    lazy = frozenset({"boolean_operator", "conditional_expression", "lambda", *COMPREHENSIONS})
    for one in condition.walk(skip=lazy):
        if one.type == "named_expression" and condition.type not in lazy:
            target = one.child("name")
            if target is not None and target.text == name:
                return one.above(*lazy) is None or not condition.holds(one.above(*lazy) or one)
    return False

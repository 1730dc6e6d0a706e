"""Whether an object whose type is not known can be one of the workspace's at all."""

from __future__ import annotations

from lsp_agent.index.python.resolve import Resolver
from lsp_agent.index.python.types import Declaration, External, Target
from lsp_agent.syntax.python_model import (
    AttributeExpr,
    AwaitExpr,
    BindingKind,
    CallExpr,
    Expr,
    NameExpr,
    Occurrence,
    SubscriptExpr,
)

_MAX_HOPS = 5


class Origins:
    """Follows an expression to the import that it begins with."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver

    def comes_from_outside(self, path: str, one: Occurrence) -> bool:
        """Whether an attribute's object is known, or is made by a package that is not ours."""
        names = self._resolver.lookup.names(path)
        if names is None or self._resolver.receivers(path, one):
            return True
        return self.outside(path, names.receiver(one))

    def outside(self, path: str, expr: Expr, hops: int = 0) -> bool:
        """Whether an expression begins with what was imported from outside the workspace."""
        root = expr
        while not isinstance(root, NameExpr):
            if isinstance(root, AttributeExpr | SubscriptExpr | AwaitExpr):
                root = root.value
            elif isinstance(root, CallExpr):
                root = root.function
            else:
                return False
        found = self._resolver.lookup.declarations(path, root.name, root.scope, root.start)
        return bool(found) and all(self._foreign(path, one, hops) for one in found)

    def _foreign(self, path: str, one: Target, hops: int) -> bool:
        if not isinstance(one, Declaration):
            return isinstance(one, External)
        if one.binding.kind is BindingKind.IMPORT:
            followed = self._resolver.lookup.followed(one.path, one.binding)
            return all(isinstance(each, External) for each in followed)
        value = one.binding.value
        return value is not None and hops < _MAX_HOPS and self.outside(path, value, hops + 1)

"""Names to declarations, across files: scopes, imports, re-exports and ``import *``."""

from __future__ import annotations

from collections import OrderedDict

from lsp_agent.index.python.modules import Module, Modules
from lsp_agent.index.python.project import Project
from lsp_agent.index.python.types import Declaration, External, Target
from lsp_agent.syntax.python_model import Binding, ImportSource, Scope
from lsp_agent.syntax.python_names import PythonNames

_MAX_HOPS = 24
_KEPT = 256


class Lookup:
    """Finds what names are bound to; keeps the names of the last 256 files."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self.modules = Modules(project.paths())
        self._names: OrderedDict[str, PythonNames | None] = OrderedDict()
        self._members: dict[tuple[str, str], tuple[Target, ...]] = {}
        self._stars: dict[str, tuple[Module, ...]] = {}

    def names(self, path: str) -> PythonNames | None:
        """Return the names of a file; ``None`` if it can't be read."""
        if path not in self._names:
            document = self._project.read(path)
            self._names[path] = None if document is None else PythonNames(document)
            while len(self._names) > _KEPT:
                self._names.popitem(last=False)
        self._names.move_to_end(path)
        return self._names[path]

    def declarations(
        self, path: str, name: str, scope: Scope, before: int | None = None
    ) -> tuple[Target, ...]:
        """Return what a name in a scope is bound to; imports are not followed."""
        names = self.names(path)
        if names is None:
            return ()
        home = names.lookup(name, scope, before)
        if home is not None:
            return tuple(Declaration(path, one.start, one) for one in names.bindings(name, home))
        return self._starred(path, name, 0)

    def followed(
        self, path: str, binding: Binding, *, aliases: bool = True, hops: int = 0
    ) -> tuple[Target, ...]:
        """Return what a binding stands for behind its imports.

        Without ``aliases`` a new name given by ``as`` is a declaration of its own, as pyright sees
        it. An import that leads out of the workspace stands for what it names there.
        """
        itself = (Declaration(path, binding.start, binding),)
        source = binding.source
        if source is None or (source.aliased and not aliases) or hops > _MAX_HOPS:
            return itself
        found = self._imported(path, source, aliases=aliases, hops=hops)
        if found:
            return found
        outside = self.modules.resolve(source.module, path) is None
        return (External(source.module, source.name),) if outside else itself

    def member(
        self, module: Module, name: str, *, aliases: bool = True, hops: int = 0
    ) -> tuple[Target, ...]:
        """Return what a module's name stands for: a binding, a re-export, a submodule."""
        if hops > _MAX_HOPS:
            return ()
        found: list[Target] = []
        names = self.names(module.path) if module.path is not None else None
        if names is not None and module.path is not None:
            for one in names.bindings(name, names.module):
                found += self.followed(module.path, one, aliases=aliases, hops=hops + 1)
            if not found:
                found += self._starred(module.path, name, hops + 1, aliases=aliases)
        if not found:
            submodule = self.modules.submodule(module, name)
            found += [submodule] if submodule is not None else []
        return tuple(dict.fromkeys(found))

    def _imported(
        self, path: str, source: ImportSource, *, aliases: bool, hops: int
    ) -> tuple[Target, ...]:
        module = self.modules.resolve(source.module, path)
        if module is None:
            return ()
        if source.name is None:
            return (module,)
        if module.path == path:
            submodule = self.modules.submodule(module, source.name)
            return (submodule,) if submodule is not None else ()
        return self.member(module, source.name, aliases=aliases, hops=hops + 1)

    def _starred(
        self, path: str, name: str, hops: int, *, aliases: bool = True
    ) -> tuple[Target, ...]:
        if hops > _MAX_HOPS:
            return ()
        for module in self._star_modules(path):
            names = self.names(module.path) if module.path is not None else None
            if names is None or module.path == path:
                continue
            exports = names.exports
            if name in exports if exports is not None else not name.startswith("_"):
                found = self.member(module, name, aliases=aliases, hops=hops + 1)
                if found:
                    return found
        return ()

    def _star_modules(self, path: str) -> tuple[Module, ...]:
        if path not in self._stars:
            names = self.names(path)
            found = [
                self.modules.resolve(module, path)
                for module, _ in (names.stars() if names is not None else ())
            ]
            self._stars[path] = tuple(module for module in found if module is not None)
        return self._stars[path]

"""Dotted module names and the workspace's paths."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass

_SUFFIXES = (".py", ".pyi")


@dataclass(frozen=True, slots=True)
class Module:
    """A module or package: its file, or without one (a namespace package) its folder alone."""

    path: str | None
    folder: str | None


class Modules:
    """Finds the file of a module as Python would, from the workspace's root, ``src`` and beside.

    Cost: one pass over the paths when made; a few set look-ups a question.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._files = {path for path in paths if path.endswith(_SUFFIXES)}
        self._folders = {""}
        for path in self._files:
            folder = path.rpartition("/")[0]
            while folder and folder not in self._folders:
                self._folders.add(folder)
                folder = folder.rpartition("/")[0]

    def resolve(self, name: str, importer: str) -> Module | None:
        """Return the module that a name, with its leading dots, means in a file."""
        bare = name.lstrip(".")
        dots = len(name) - len(bare)
        parts = bare.split(".") if bare else []
        if dots:
            folder = importer.rpartition("/")[0]
            for _ in range(dots - 1):
                if not folder:
                    return None
                folder = folder.rpartition("/")[0]
            return self._below(folder, parts)
        for root in self._roots(importer):
            found = self._below(root, parts)
            if found is not None:
                return found
        return None

    def submodule(self, module: Module, name: str) -> Module | None:
        """Return a module of a package."""
        return None if module.folder is None else self._below(module.folder, [name])

    def known_elsewhere(self, name: str) -> bool:
        """Say whether a module is of the standard library."""
        return name.partition(".")[0] in sys.stdlib_module_names

    def _roots(self, importer: str) -> list[str]:
        """Return where absolute imports begin: the root, ``src``, the package's parent, beside."""
        beside = importer.rpartition("/")[0]
        top = beside
        while top and f"{top}/__init__.py" in self._files:
            top = top.rpartition("/")[0]
        return list(dict.fromkeys(["", "src", top, beside]))

    def _below(self, folder: str, parts: list[str]) -> Module | None:
        joined = "/".join([folder, *parts] if folder else parts)
        inside = f"{joined}/" if joined else ""
        for suffix in _SUFFIXES:
            if f"{inside}__init__{suffix}" in self._files:
                return Module(f"{inside}__init__{suffix}", joined)
        for suffix in _SUFFIXES:
            if parts and joined + suffix in self._files:
                return Module(joined + suffix, None)
        return Module(None, joined) if joined in self._folders else None

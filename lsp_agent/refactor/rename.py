"""A Python name changed wherever it is meant, in code, comments and documents.

The result is looked at as the resolver sees it: the new name has to mean, at exactly the changed
places, what the old one meant. So whatever would be shadowed, captured or hidden is refused.
"""

from __future__ import annotations

import keyword
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lsp_agent.index.python.members import decorator_names
from lsp_agent.index.python.types import BuiltinClass, Declaration
from lsp_agent.refactor.change import is_shown
from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.files import WorkspaceFiles
from lsp_agent.refactor.keywords import refuse_by_keyword
from lsp_agent.refactor.mentions import Mention, Subject, mentions
from lsp_agent.refactor.names import Found, SymbolFinder
from lsp_agent.refactor.parameters import PLAIN_DECORATORS
from lsp_agent.syntax.python_model import BindingKind, Occurrence, ScopeKind
from lsp_agent.syntax.tree import covering
from lsp_agent.workspace.edits import TextEdit, apply_edits
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.text import Text


@dataclass(frozen=True, slots=True)
class Renaming:
    """What a new name changes: ``edits`` of all files, and what of them is worth telling.

    ``told`` are the changes in comments, docstrings and documents, ``guessed`` the uses on objects
    of unknown type that only fit, ``left`` the strings and settings that hold the name and are not
    touched.
    """

    old: str
    new: str
    edits: Mapping[str, tuple[TextEdit, ...]]
    told: tuple[Mention, ...]
    guessed: tuple[Mention, ...]
    left: tuple[Mention, ...]


def check_name(old: str, new: str) -> None:
    """Raise :class:`RefusedError` for a new name that Python would not take for another one."""
    if not new.isidentifier() or keyword.iskeyword(new):
        raise RefusedError(f"{new!r} is no name in Python")
    if new != unicodedata.normalize("NFKC", new):
        raise RefusedError(f"Python reads {new!r} as {unicodedata.normalize('NFKC', new)!r}")
    if new == old:
        raise RefusedError(f"{old} has that name already")
    if old.startswith("__") and old.endswith("__"):
        raise RefusedError(f"{old} is a name that Python itself knows")
    if new.startswith("__") and new.endswith("__"):
        raise RefusedError(f"{new} is a name that Python itself may know")


def rename(files: WorkspaceFiles, path: str, position: Position, new: str) -> Renaming:
    """Return what giving another name to what stands at a position takes.

    Raises :class:`RefusedError` where the result is not sure to be right.
    """
    finder = SymbolFinder(files)
    found = finder.find(path, position)
    check_name(found.name, new)
    _refuse_members(finder, found, new)
    _refuse_by_name(found, new)
    refuse_by_keyword(finder, found)
    _refuse_shown(files, found)
    places: dict[str, list[Occurrence]] = {}
    for use in found.uses:
        places.setdefault(use.path, []).append(use.occurrence)
    edits = {one: [_edit(finder, one, each, new) for each in rows] for one, rows in places.items()}
    _prove(finder, found, places, edits, new)
    subject = _subject(finder, found)
    told: list[Mention] = []
    left: list[Mention] = []
    for one in files.holding(found.name):
        spoken, kept = mentions(one, files.text(one) or "", subject)
        known = {edit.range for edit in edits.get(one, ())}
        told += [each for each in spoken if each.range not in known]
        left += [each for each in kept if each.range not in known]
    for mention in told:
        edits.setdefault(mention.path, []).append(TextEdit(mention.range, new))
    guessed = [
        _as_mention(files, use.path, _edit(finder, use.path, use.occurrence, new))
        for use in found.uses
        if use.guessed
    ]
    whole = {one: tuple(rows) for one, rows in sorted(edits.items())}
    return Renaming(found.name, new, whole, tuple(told), tuple(guessed), tuple(left))


def _edit(finder: SymbolFinder, path: str, one: Occurrence, new: str) -> TextEdit:
    names = finder.resolver.lookup.names(path)
    start = names.position(one.start) if names is not None else Position(0, 0)
    return TextEdit(Range(start, Position(start.line, start.character + len(one.name))), new)


def _as_mention(files: WorkspaceFiles, path: str, edit: TextEdit) -> Mention:
    line = Text(files.text(path) or "").line(edit.range.start.line)
    return Mention(path, edit.range, line.strip())


def _refuse_members(finder: SymbolFinder, found: Found, new: str) -> None:
    """Refuse a member's new name that a related class has, or that Python would mangle."""
    if not found.related or found.local:
        return
    if _mangled(found.name) != _mangled(new):
        raise RefusedError(f"two leading underscores change what {found.name} belongs to")
    for klass in found.related:
        bases = [
            base for one in finder.members.order(klass) if one for base in finder.members.bases(one)
        ]
        if any(isinstance(base, BuiltinClass) and base.name == "TypedDict" for base in bases):
            raise RefusedError(f"{klass.info.name} is a TypedDict, whose keys are strings")
        if finder.members.symbol(klass, new):
            raise RefusedError(f"{klass.info.name} in {klass.path} has a member {new} already")


def _refuse_by_name(found: Found, new: str) -> None:
    """Refuse what somebody else knows by its name: a test, a fixture, a command's parameter."""
    for one in found.targets:
        function = one.binding.function
        if function is None:
            continue
        decorators = decorator_names(function.decorators)
        if one.binding.kind is BindingKind.FUNCTION:
            if "fixture" in decorators:
                raise RefusedError(f"pytest finds the fixture {found.name} by its name")
            if found.name.startswith("test") and not new.startswith("test"):
                raise RefusedError(f"{found.name} is found as a test by its name")
        elif one.binding.kind is BindingKind.PARAMETER:
            odd = [name for name in decorators if name not in PLAIN_DECORATORS]
            if odd or len(decorators) < len(function.decorators):
                raise RefusedError(
                    f"{function.name} is decorated with {odd[0] if odd else 'an expression'}, "
                    f"which may pass {found.name} by its name"
                )
            if function.name.startswith("test_"):
                raise RefusedError(f"{found.name} may be a fixture, which is found by its name")


def _refuse_shown(files: WorkspaceFiles, found: Found) -> None:
    """Refuse what a string shows as it is written: ``{name=}``."""
    for use in found.uses:
        document, start = files.read(use.path), use.occurrence.start
        place = covering(document, start, start + 1) if document is not None else None
        if place is not None and is_shown(place):
            line = document.position_at(start).line + 1 if document is not None else 0
            raise RefusedError(f"a string shows {found.name} at {use.path}:{line}: {{…=}}")


def _mangled(name: str) -> bool:
    return name.startswith("__") and not name.endswith("__")


def _prove(
    finder: SymbolFinder,
    found: Found,
    places: Mapping[str, list[Occurrence]],
    edits: Mapping[str, Iterable[TextEdit]],
    new: str,
) -> None:
    """Refuse a name that would mean something else at a changed place, or the same at another."""
    texts = {
        path: apply_edits(Text(finder.files.text(path) or ""), rows).content
        for path, rows in edits.items()
    }
    grown = len(new.encode()) - len(found.name.encode())
    starts = {path: sorted(one.start for one in rows) for path, rows in places.items()}

    def moved(path: str, start: int) -> tuple[str, int]:
        return path, start + grown * sum(one < start for one in starts.get(path, ()))

    sure = {moved(use.path, use.occurrence.start) for use in found.uses if not use.guessed}
    changed = {moved(use.path, use.occurrence.start) for use in found.uses}
    meant = {moved(one.path, one.start) for one in found.targets}
    after = SymbolFinder(finder.files.edited(texts))
    seen: set[tuple[str, int]] = set()
    homes = {one.path for one in found.targets}
    for path in sorted(after.files.files_with(new), key=lambda one: one not in homes):
        names = after.resolver.lookup.names(path)
        for one in names.occurrences(new) if names is not None else ():
            keys = after.resolver.keys(path, one)
            means = {(key.path, key.start) for key in keys if isinstance(key, Declaration)}
            here = (path, one.start)
            seen.add(here)
            wrong = here in sure and (not means & meant or len(means) < len(keys))
            if wrong or (here in changed and means - meant):
                raise RefusedError(
                    f"{new} would mean something else at {after.place(path, one)}: choose another "
                    "name"
                )
            if here not in changed and means & meant:
                raise RefusedError(
                    f"{new} is used already at {after.place(path, one)}, which would then mean "
                    f"this: choose another name"
                )
    if sure - seen:
        raise RefusedError(f"{new} would not be seen as a name everywhere: choose another name")


def _subject(finder: SymbolFinder, found: Found) -> Subject:
    """Say what text may mean the symbol: what holds it, and where it is known."""
    holders = {klass.info.name for klass in found.related} if not found.local else set()
    if found.local:
        within: dict[str, list[tuple[int, int]]] = {}
        for one in found.targets:
            names = finder.resolver.lookup.names(one.path)
            scope = one.binding.scope
            while scope.parent is not None and scope.kind is not ScopeKind.FUNCTION:
                scope = scope.parent
            if names is not None and scope.kind is ScopeKind.FUNCTION:
                lines = names.position(scope.start).line, names.position(scope.end).line
                within.setdefault(one.path, []).append(lines)
        return Subject(found.name, frozenset(), alone=True, within=within)
    for one in found.targets:
        if one.binding.scope.kind is ScopeKind.MODULE:
            holders |= set(one.path.rpartition(".")[0].removesuffix("/__init__").split("/"))
    return Subject(found.name, frozenset(holders), alone=found.unique)

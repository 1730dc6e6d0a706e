"""Claims that a tool can check: names by the scopes of the language, the rest by the syntax tree.

Where these don't know, another language server is asked, if one is there.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lsp_agent.language_servers.types import Diagnostic
from lsp_agent.review.types import Category, Claim
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.imports import Import
from lsp_agent.syntax.issues import python_error
from lsp_agent.syntax.locals import local_references
from lsp_agent.syntax.python_model import Role
from lsp_agent.syntax.python_names import PythonNames
from lsp_agent.syntax.reachability import is_unreachable
from lsp_agent.workspace.positions import Position, Range

Opinion = Callable[[], Sequence[Diagnostic] | None]
"""What other language servers say of the file; ``None`` where none answered."""

_NAME = re.compile(r"[^\W\d]\w*")
_QUOTED = re.compile(r"`([^`]+)`|'([^']+)'|\"([^\"]+)\"")
_BEHIND = re.compile(r"\b(?:after|behind|follow\w*|return\w*|raise\w*|throw\w*|break|continue)\b")
_RECEIVERS = frozenset({"self", "cls", "this"})
_MODULE = frozenset(
    {"__file__", "__name__", "__doc__", "__package__", "__spec__", "__path__", "__builtins__",
     "__class__", "__annotations__", "__dict__", "reveal_type", "WindowsError"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Check:
    """Whether a claim holds (``None``: nobody can tell), and who says so."""

    holds: bool | None = None
    by: str = ""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A claim at the place where its quote stands."""

    claim: Claim
    range: Range
    document: SyntaxDocument
    path: str

    @property
    def names(self) -> list[str]:
        """The names that the claim is about: those of the message that the quote has too."""
        here = set(_NAME.findall(self.document.text.slice(self.range)))
        said = [next(filter(None, groups)) for groups in _QUOTED.findall(self.claim.message)]
        named = [name for one in said for name in _NAME.findall(one) if name in here]
        named = [name for name in named if name not in _RECEIVERS]
        return list(dict.fromkeys(named)) or (list(here) if len(here) == 1 else [])

    def places(self, name: str) -> list[Position]:
        """Return where a name stands in the quote."""
        start, end = self.document.text.span(self.range)
        found = re.compile(rf"\b{re.escape(name)}\b").finditer(
            self.document.text.content, start, end
        )
        return [self.document.text.position(one.start()) for one in found]


def check(suspect: Suspect, opinion: Opinion) -> Check:
    """Check a claim of a kind that can be checked; ``holds`` is ``None`` for all others."""
    checker = _CHECKERS.get(suspect.claim.category)
    if checker is None:
        return Check()
    found = checker(suspect)
    return found if found.holds is not None else _second_opinion(suspect, opinion)


def _undefined(suspect: Suspect) -> Check:
    document = suspect.document
    if document.language == "python":
        return _undefined_in_python(suspect)
    known = {symbol.name for symbol in document.symbols()}.union(*map(_brought, document.imports))
    for name in suspect.names:
        places = suspect.places(name)
        if name in known or any(local_references(document, place) for place in places):
            return Check(False, "tree-sitter")
    return Check()


def _undefined_in_python(suspect: Suspect) -> Check:
    names = PythonNames(suspect.document)
    if names.stars():
        return Check()
    start, end = (suspect.document.byte_at(at) for at in (suspect.range.start, suspect.range.end))
    quoted = _NAME.findall(suspect.document.text.slice(suspect.range))
    roles: set[Role] = set()
    for name in suspect.names or dict.fromkeys(quoted):
        for one in names.occurrences(name):
            if start <= one.start < end:
                roles.add(one.role)
                known = hasattr(builtins, name) or name in _MODULE or one.role is not Role.USE
                if not known and names.lookup(name, one.scope, one.start) is None:
                    return Check(True, "the scopes")
    # Of attributes and imported names the scopes know nothing.
    beyond = roles & {Role.ATTRIBUTE, Role.IMPORTED, Role.MODULE} if suspect.names else ()
    return Check(False, "the scopes") if Role.USE in roles and not beyond else Check()


def _unused(suspect: Suspect) -> Check:
    """Take a name with another place in the file for used, a local one with none for unused."""
    document = suspect.document
    definitions = {one.name_range.start for one in document.symbols() if not one.is_value}
    for name in suspect.names:
        for place in suspect.places(name):
            uses = local_references(document, place)
            if uses is not None and len(uses) == 1 and place not in definitions:
                return Check(not name.startswith("_"), "the scopes")
            if uses is not None and len(uses) > 1:
                return Check(False, "the scopes")
            if len(re.findall(rf"\b{re.escape(name)}\b", document.text.content)) > 1:
                return Check(False, "the scopes")
            if _is_import(suspect, name, place):
                return Check(True, "the scopes")
    return Check()


def _is_import(suspect: Suspect, name: str, place: Position) -> bool:
    if suspect.path.endswith("__init__.py"):
        # What stands there is for others.
        return False
    return any(one.line <= place.line and name in _brought(one) for one in suspect.document.imports)


def _brought(one: Import) -> set[str]:
    """Return the names that an import may bring in."""
    return {*one.names, *(new for _, new in one.aliases), one.module}


def _unreachable(suspect: Suspect) -> Check:
    if is_unreachable(suspect.document, suspect.range.start):
        return Check(True, "tree-sitter")
    if _BEHIND.search(suspect.claim.message):
        return Check(False, "tree-sitter")
    return Check()


def _syntax(suspect: Suspect) -> Check:
    """Whatever does not parse is shown as a syntax error already."""
    document = suspect.document
    issues = document.errors()
    if document.language == "python" and (own := python_error(document.text)) is not None:
        issues = [*issues, own]
    return Check(any(_meet(one.range, suspect.range) for one in issues), "tree-sitter")


def _type(_: Suspect) -> Check:
    return Check()


def _second_opinion(suspect: Suspect, opinion: Opinion) -> Check:
    said = opinion()
    if said is None:
        return Check()
    here = [one for one in said if _meet(one.range, suspect.range) and not one.doubtful]
    names = suspect.names
    for one in here:
        if suspect.claim.category == "type" or any(name in one.message for name in names):
            return Check(True, one.source)
    # Servers hint at what is unused and never runs in ways of their own, or not at all.
    silent = suspect.claim.category in ("type", "undefined")
    return Check(False, "the language server") if silent else Check()


def _meet(one: Range, other: Range) -> bool:
    return one.start.line <= other.end.line and other.start.line <= one.end.line


_CHECKERS: Mapping[Category, Callable[[Suspect], Check]] = {
    "undefined": _undefined,
    "unused": _unused,
    "unreachable": _unreachable,
    "syntax": _syntax,
    "type": _type,
}

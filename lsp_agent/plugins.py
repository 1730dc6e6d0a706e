"""Code of other packages that takes part: found by entry points, let in if it fits, put out if not.

A plugin is part of the Python environment that lsp-agent is installed in, never of a workspace. Its
entry point names a tuple of tools, actions, engines or sandboxes; the module of it, or the object,
says by ``LSP_AGENT_API`` which version of :mod:`lsp_agent.api` it was written for. What a package
does wrong costs one message, and then all of it is off until the next start.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, ClassVar, Literal, Protocol, TypeVar

API_VERSION = 1
"""The version of the interface in :mod:`lsp_agent.api`; a change that breaks plugins raises it."""

Group = Literal["lsp_agent.tools", "lsp_agent.actions", "lsp_agent.engines", "lsp_agent.sandboxes"]
OWN = "lsp-agent"
_STATED = "LSP_AGENT_API"


class Named(Protocol):
    """What every tool, action, engine and sandbox has."""

    @property
    def name(self) -> str:
        """The name that it is called by; no two have the same."""
        ...


T = TypeVar("T", bound=Named)


class _UnfitError(Exception):
    """Why a plugin is not taken, and what mends it."""


@dataclass(frozen=True, slots=True)
class PluginStatus:
    """A package with what it adds; ``why`` says why it is off, ``""`` while it is on."""

    package: str
    version: str
    adds: tuple[str, ...]
    why: str = ""


class Plugins:
    """The plugins of one process; thread-safe. ``warn`` hears once of each that is put out.

    ``CHOSEN`` are the reasons for being off that are the user's own.
    """

    CHOSEN: ClassVar = ("plugins.enabled is false", "named in plugins.disabled")

    def __init__(
        self,
        warn: Callable[[str], None],
        *,
        enabled: bool = True,
        disabled: Collection[str] = (),
        find: Callable[[str], Iterable[EntryPoint]] = lambda group: entry_points(group=group),
    ) -> None:
        self._warn = warn
        self._enabled = enabled
        self._disabled = frozenset(disabled)
        self._find = find
        self._loading = threading.Lock()
        self._lock = threading.Lock()
        self._off: dict[str, str] = {}
        self._adds: dict[str, list[str]] = {}
        self._versions: dict[str, str] = {}
        self._loaded: dict[str, dict[str, Any]] = {}

    def load(
        self,
        group: Group,
        problem: Callable[[object], str],
        guard: Callable[[T, Guard], T],
    ) -> dict[str, T]:
        """Return what a group adds by name: ours first, then those of plugins.

        ``problem`` says what is wrong with one, ``""`` for nothing; ``guard`` wraps a plugin's one
        so that what it raises ends at a :class:`Guard`.
        """
        with self._loading:
            # Asked for again, as engines are, what there is counts once.
            if group not in self._loaded:
                self._loaded[group] = self._load(group, problem, guard)
            return dict(self._loaded[group])

    def put_out(self, package: str, why: str) -> None:
        """Put a package out for the rest of the process, with one message."""
        with self._lock:
            if package in self._off:
                return
            self._off[package] = why
        self._warn(f"the plugin {package} is off: {why}; {_mend(package)}")

    def is_off(self, package: str) -> bool:
        """Whether a package was put out, or is not wanted."""
        return package in self._off

    def status(self) -> list[PluginStatus]:
        """Return the plugins that were found so far, by the name of their package."""
        with self._lock:
            return [
                PluginStatus(name, version, tuple(self._adds[name]), self._off.get(name, ""))
                for name, version in sorted(self._versions.items())
            ]

    def _load(
        self,
        group: Group,
        problem: Callable[[object], str],
        guard: Callable[[T, Guard], T],
    ) -> dict[str, T]:
        found: dict[str, T] = {}
        order = sorted(self._find(group), key=lambda one: (_package(one) != OWN, _package(one)))
        for point in order:
            package = _package(point)
            own = package == OWN
            if not own and not self._wanted(package, point):
                continue
            try:
                family = _members(point, own=own, problem=problem, taken=found)
            except (Exception, SystemExit) as error:  # noqa: BLE001 - it may raise anything
                self.put_out(package, str(error) or repr(error))
                continue
            for member in family:
                found[member.name] = member if own else guard(member, Guard(self, package))
            if not own:
                with self._lock:
                    self._adds[package] += [one.name for one in family]
        return found

    def _wanted(self, package: str, point: EntryPoint) -> bool:
        with self._lock:
            self._versions.setdefault(package, point.dist.version if point.dist else "")
            self._adds.setdefault(package, [])
            if not self._enabled:
                self._off.setdefault(package, self.CHOSEN[0])
            elif package in self._disabled:
                self._off.setdefault(package, self.CHOSEN[1])
            return package not in self._off


@dataclass(frozen=True, slots=True)
class Guard:
    """Stands between a plugin's code and ours."""

    plugins: Plugins
    package: str

    @property
    def off(self) -> bool:
        """Whether nothing of the package is to be called any more."""
        return self.plugins.is_off(self.package)

    def failed(self, what: str, error: BaseException) -> str:
        """Put the package out for an error that is none of ours; return the words for it."""
        why = f"{what} raised {error!r}"
        self.plugins.put_out(self.package, why)
        return f"the plugin {self.package} is off: {why}"


def _members(
    point: EntryPoint, *, own: bool, problem: Callable[[object], str], taken: Mapping[str, Any]
) -> list[Any]:
    """Import an entry point and check what it names; raises whatever is wrong."""
    loaded = point.load()
    if own:
        return list(loaded)
    stated = getattr(sys.modules.get(point.module), _STATED, getattr(loaded, _STATED, None))
    if stated is None:
        raise _UnfitError(f"{point.module} does not say {_STATED} = {API_VERSION}")
    if stated != API_VERSION:
        raise _UnfitError(
            f"it is written for version {stated!r} of the interface, and this is {API_VERSION}"
        )
    members = list(loaded) if isinstance(loaded, list | tuple) else [loaded]
    for number, member in enumerate(members):
        if said := problem(member):
            raise _UnfitError(f"{point.value} holds no fit for {point.group}: {said}")
        if member.name in taken or any(one.name == member.name for one in members[:number]):
            raise _UnfitError(f"the name {member.name!r} is taken")
    return members


def _package(point: EntryPoint) -> str:
    """Return the package of an entry point; one without is named by itself."""
    return point.dist.name if point.dist else point.name


def _mend(package: str) -> str:
    return f'mend: pip install --upgrade {package}, or plugins.disabled = ["{package}"]'

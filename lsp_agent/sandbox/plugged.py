"""Sandboxes of plugins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from lsp_agent.plugins import Guard, Plugins
from lsp_agent.sandbox.types import Sandbox, SandboxError

_PARTS = ("name", "abilities", "run")


@dataclass(frozen=True, slots=True)
class SandboxKind:
    """A kind of sandbox; ``make`` gets the environment, and raises ``SandboxError`` if it can't.

    It names among its abilities only what it holds: they decide what is run without asking.
    """

    name: str
    make: Callable[[Mapping[str, str]], Sandbox]


def sandbox_kinds(plugins: Plugins) -> dict[str, SandboxKind]:
    """Return the kinds of sandboxes that plugins have, by name."""
    return plugins.load("lsp_agent.sandboxes", _unfit, _guarded)


def plugged_sandbox(name: str, plugins: Plugins | None, env: Mapping[str, str]) -> Sandbox:
    """Return a sandbox of a plugin; raises :class:`SandboxError`."""
    kinds = sandbox_kinds(plugins) if plugins is not None else {}
    kind = kinds.get(name)
    if kind is None:
        there = ", ".join(kinds) or "none"
        raise SandboxError(f"no plugin here has a sandbox {name!r} (there are: {there})")
    return kind.make(env)


def _unfit(value: object) -> str:
    return "" if isinstance(value, SandboxKind) else f"{value!r:.80} is no SandboxKind"


def _guarded(kind: SandboxKind, guard: Guard) -> SandboxKind:
    def make(env: Mapping[str, str]) -> Sandbox:
        try:
            sandbox = kind.make(env)
            lacking = [one for one in _PARTS if not hasattr(sandbox, one)]
            if lacking:
                raise TypeError(f"a sandbox without {', '.join(lacking)}")
        except SandboxError:
            raise
        except (Exception, SystemExit) as error:
            raise SandboxError(guard.failed(kind.name, error)) from error
        return sandbox

    return replace(kind, make=make)

"""Which sandbox this machine has, and what it lacks."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping

from lsp_agent.config.model import SandboxSettings
from lsp_agent.plugins import Plugins
from lsp_agent.sandbox.plugged import plugged_sandbox
from lsp_agent.sandbox.types import Ability, Limits, Sandbox, SandboxError

_AUTO = {"linux": ("bubblewrap", "landlock"), "darwin": ("seatbelt",), "win32": ("windows",)}
_NEEDED: tuple[Ability, ...] = ("files", "network")
_MEANING: dict[Ability, str] = {
    "files": "writing outside the copy",
    "network": "the network",
    "home": "reading the home folder",
    "processes": "the number of processes",
    "memory": "the memory of all processes together",
    "kill": "ending every process",
    "place": "showing the copy where the workspace lies",
}
ABILITIES: tuple[Ability, ...] = tuple(_MEANING)
_UNPROTECTED = "or run commands unprotected: sandbox.unprotected = true"


def find_sandbox(
    settings: SandboxSettings, env: Mapping[str, str] = os.environ, plugins: Plugins | None = None
) -> tuple[Sandbox | None, list[str]]:
    """Return the sandbox to use, and in words what it can't hold here, with what mends it.

    ``None`` where nothing is to be run: there is no sandbox, or it holds neither files nor network
    (unless the settings say ``unprotected``). Tries programs the first time, for 100 ms at most;
    what they said is kept for the process.
    """
    makers = _makers(settings, env)
    makers["plugin"] = lambda: (plugged_sandbox(settings.plugin, plugins, env), "")
    wanted = _AUTO.get(sys.platform, ()) if settings.kind == "auto" else [settings.kind]
    remarks: list[str] = []
    best: Sandbox | None = None
    for kind in wanted:
        try:
            found, why = makers[kind]()
        except SandboxError as error:
            found, why = None, str(error)
        if why:
            remarks.append(f"{kind}: {why}")
        if found is not None:
            best = found
            break
    if best is None and settings.unprotected:
        best = makers["none"]()[0]
    if best is None:
        return None, [*remarks, f"nothing holds commands here, so none run; {_UNPROTECTED}"]
    lacking = [one for one in ABILITIES if one not in best.abilities]
    if lacking:
        held = ", ".join(_MEANING[one] for one in lacking)
        remarks.append(f"{best.name} does not hold: {held}{_mend(best, settings)}")
    if any(one in lacking for one in _NEEDED) and not settings.unprotected:
        return None, [*remarks, f"so no commands run; {_UNPROTECTED}"]
    return best, remarks


def limits_of(settings: SandboxSettings) -> Limits:
    """Return the settings' limits in seconds and bytes."""
    return Limits(
        wall_seconds=settings.wall_seconds,
        cpu_seconds=settings.cpu_seconds,
        memory=settings.memory_mb << 20,
        processes=settings.processes,
        file_size=settings.file_mb << 20,
        output=settings.output_kb << 10,
    )


def mend(settings: SandboxSettings) -> str:
    """Return the one command that gives this machine a better sandbox."""
    if settings.kind == "container":
        return f"podman pull {settings.image}" if settings.image else "lsp-agent config schema"
    if settings.kind == "none":
        return "lsp-agent config show"
    return "apt install bubblewrap" if sys.platform == "linux" else "lsp-agent config schema"


def _mend(sandbox: Sandbox, settings: SandboxSettings) -> str:
    if sandbox.name == "landlock":
        return "; programs may see the copy at another path (mend: install bubblewrap)"
    return "" if sandbox.name == "none" else f"; {_UNPROTECTED}" if not settings.unprotected else ""


_Made = tuple[Sandbox | None, str]


def _makers(settings: SandboxSettings, env: Mapping[str, str]) -> dict[str, Callable[[], _Made]]:
    return {
        "bubblewrap": lambda: _bubblewrap(env),
        "landlock": lambda: _landlock(env),
        "seatbelt": lambda: _seatbelt(env),
        "windows": _windows,
        "container": lambda: _container(settings, env),
        "none": lambda: _none(env),
    }


def _bubblewrap(env: Mapping[str, str]) -> _Made:
    _only("linux", "bubblewrap")
    from lsp_agent.sandbox.bubblewrap import BubblewrapSandbox, bubblewrap_works

    found = BubblewrapSandbox(env)
    why = bubblewrap_works(found.program)
    return (None, why) if why else (found, "")


def _landlock(env: Mapping[str, str]) -> _Made:
    _only("linux", "Landlock")
    from lsp_agent.sandbox.landlock import LandlockSandbox, namespaces_work
    from lsp_agent.sandbox.launch.kernel import landlock_version

    why = namespaces_work(landlock_version())
    sandbox = LandlockSandbox(env, namespaces=not why)
    return sandbox, f"no namespaces: {why}" if why else ""


def _seatbelt(env: Mapping[str, str]) -> _Made:
    from lsp_agent.sandbox.seatbelt import SeatbeltSandbox

    return SeatbeltSandbox(env), ""


def _windows() -> _Made:
    from lsp_agent.sandbox.windows import WindowsSandbox

    return WindowsSandbox(), ""


def _container(settings: SandboxSettings, env: Mapping[str, str]) -> _Made:
    from lsp_agent.sandbox.container import ContainerSandbox

    return ContainerSandbox(settings.image, env), ""


def _none(env: Mapping[str, str]) -> _Made:
    if os.name == "nt":
        from lsp_agent.sandbox.windows import WindowsSandbox

        return WindowsSandbox(), ""
    from lsp_agent.sandbox.plain import NoSandbox

    return NoSandbox(env), ""


def _only(platform: str, what: str) -> None:
    if sys.platform != platform:
        raise SandboxError(f"{what} is there on Linux only")

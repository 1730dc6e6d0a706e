"""Which servers serve a file, and where their programs are.

A program that lies in the workspace is a part of it: it is started in trusted folders only, and so
is a server that runs what the workspace holds. Nothing is ever downloaded.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lsp_agent.config.model import LanguageServerSettings, LanguageServersSettings
from lsp_agent.language_servers.known import KNOWN, Server
from lsp_agent.syntax.languages import language_id
from lsp_agent.workspace.secrets import without_secrets

_ON_WINDOWS = os.name == "nt"
_VENV = (".venv", "Scripts" if _ON_WINDOWS else "bin")
_OWN = (("node_modules", ".bin"), _VENV)
_PYTHON = "python.exe" if _ON_WINDOWS else "python"


@dataclass(frozen=True, slots=True)
class Found:
    """A server that can be started: ``command`` is complete, ``root`` the project's folder.

    ``python`` is the project's own interpreter, where it has one; ``other_python`` is for a folder
    that is not trusted, as a server that is told of none starts whatever ``.venv`` holds there.
    """

    server: Server
    command: tuple[str, ...]
    root: Path
    python: str = ""
    other_python: str = ""

    @property
    def settings(self) -> dict[str, Any]:
        """The configuration that the server gets."""
        python = self.python or self.other_python
        if not (self.server.interpreter and python):
            return dict(self.server.settings)
        return merged(self.server.settings, {"python": {"pythonPath": python}})


@dataclass(frozen=True, slots=True)
class Absent:
    """A server that would serve a file but can't be started, and why."""

    server: Server
    reason: str
    installed: bool = False


class Finder:
    """Looks servers up by file; cheap: some ``stat`` calls a server."""

    def __init__(
        self,
        settings: LanguageServersSettings,
        env: Mapping[str, str],
        trusts: Callable[[Path], bool],
    ) -> None:
        self._env = env
        self._trusts = trusts
        self.servers = tuple(_servers(settings)) if settings.enabled else ()

    def serving(self, root: Path, path: str) -> tuple[list[Found], list[Absent]]:
        """Return who serves a file of a workspace, and who could; one server for each job."""
        language = language_id(path)
        found: dict[str, Found] = {}
        absent: list[Absent] = []
        trusted: bool | None = None
        for server in self.servers:
            if language not in server.languages or server.job in found:
                continue
            trusted = self._trusts(root) if trusted is None else trusted
            one = self._locate(server, root, path, trusted=trusted)
            if isinstance(one, Found):
                found[server.job] = one
            else:
                absent.append(one)
        wanting = [one for one in absent if one.server.job not in found]
        return list(found.values()), wanting

    def environment(self, server: Server) -> dict[str, str]:
        """Return what a server gets of our environment: no secrets, no program of the folder."""
        return {**without_secrets(self._env), **_own_path(self._env), **server.environment}

    def _locate(self, server: Server, root: Path, path: str, *, trusted: bool) -> Found | Absent:
        name, *arguments = server.command
        project = project_root(root, path, server.markers)
        own = own_program(name, root, project)
        program = (own if trusted else None) or program_on_path(name, self._env)
        if program is None and own is None:
            return Absent(server, f"{name} is not on PATH; get it with: {server.install}")
        if program is None or (not trusted and is_part_of(program, root)):
            reason = f"{name} lies in the folder, which is not trusted: lsp-agent trust {root}"
            return Absent(server, reason, installed=True)
        if server.needs_trust and not trusted:
            reason = f"it may run the folder's code, which is not trusted: lsp-agent trust {root}"
            return Absent(server, reason, installed=True)
        if not server.interpreter:
            return Found(server, (program, *arguments), project)
        python = self._python(root, project, trusted=trusted)
        other = "" if python or trusted else self._other_python(root)
        return Found(server, (program, *arguments), project, python, other)

    def _python(self, root: Path, project: Path, *, trusted: bool) -> str:
        """Return the project's interpreter: servers start it to ask for its packages."""
        venv = self._env.get("VIRTUAL_ENV") or self._env.get("CONDA_PREFIX")
        active = [Path(venv, _VENV[1], _PYTHON)] if venv and _absolute(venv) else []
        own = [at.joinpath(*_VENV, _PYTHON) for at in (project, root)]
        for candidate in (*own, *active) if trusted else active:
            if candidate.exists() and (trusted or not is_part_of(str(candidate), root)):
                return str(candidate)
        return ""

    def _other_python(self, root: Path) -> str:
        found = program_on_path("python3", self._env) or program_on_path("python", self._env)
        return sys.executable if found is None or is_part_of(found, root) else found


def program_on_path(name: str, env: Mapping[str, str]) -> str | None:
    """Return where a program is, by its name or its path; ``None`` where it is not."""
    if os.path.dirname(name):  # noqa: PTH120 - whether there is one, not which
        return shutil.which(name)
    return _which(name, _entries(env))


def own_program(name: str, root: Path, project: Path) -> str | None:
    """Return where a workspace, or a project in it, has a program of its own."""
    if os.path.dirname(name):  # noqa: PTH120
        return None
    return _which(name, [str(at.joinpath(*parts)) for at in (project, root) for parts in _OWN])


def is_part_of(program: str, root: Path) -> bool:
    """Whether a program is a part of the workspace, by its name or behind its links."""
    return Path(program).is_relative_to(root) or Path(os.path.realpath(program)).is_relative_to(
        root
    )


def project_root(root: Path, path: str, markers: Sequence[str]) -> Path:
    """Return the topmost folder above a file that holds a marker; else the workspace's."""
    at = root
    for part in ("", *path.split("/")[:-1]):
        at = at / part
        # Path.exists raises for a name that no disk holds.
        if any(os.path.exists(at / marker) for marker in markers):  # noqa: PTH110
            return at
    return root


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one tree of settings over another."""
    tree = dict(below)
    for key, value in above.items():
        known = tree.get(key)
        both = isinstance(known, Mapping) and isinstance(value, Mapping)
        tree[key] = merged(known, value) if both else value  # type: ignore[arg-type]
    return tree


def _servers(settings: LanguageServersSettings) -> Iterator[Server]:
    """Yield the configured servers, then the known ones."""
    own = settings.servers
    known = {server.name: server for server in KNOWN}
    for name, change in own.items():
        if change.enabled and name not in known and change.command:
            fresh = Server(name, tuple(change.command), (), job=name)
            yield _changed(fresh, change)
    for server in KNOWN:
        mine = own.get(server.name)
        if mine is None:
            yield server
        elif mine.enabled:
            yield _changed(server, mine)


def _changed(server: Server, change: LanguageServerSettings) -> Server:
    return replace(
        server,
        command=tuple(change.command) or server.command,
        languages=tuple(change.languages) or server.languages,
        settings=merged(server.settings, change.settings),
        needs_trust=server.needs_trust and not change.untrusted,
        install=server.install or f"see language_servers.{server.name}.command",
    )


def _own_path(env: Mapping[str, str]) -> dict[str, str]:
    return {"PATH": os.pathsep.join(_entries(env))} if "PATH" in env else {}


def _entries(env: Mapping[str, str]) -> list[str]:
    """Return the folders of ``PATH``; a relative one is looked up in whatever folder we are in."""
    return [one for one in env.get("PATH", "").split(os.pathsep) if _absolute(one)]


def _which(name: str, folders: Sequence[str]) -> str | None:
    found = shutil.which(name, path=os.pathsep.join(folders))
    # On Windows the current folder comes first, whatever the path is.
    return found if found and _absolute(found) else None


def _absolute(path: str) -> bool:
    return os.path.isabs(path)  # noqa: PTH117 - text of a variable

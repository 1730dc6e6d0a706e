"""Which files of this machine a command may see: the system, the tools on ``PATH``, nothing else.

A list of what is shown, so that whatever else lies in a home folder is hidden without being known.
Toolchains below the home folder are shown by the parts that hold programs, never by those that
hold keys. In ``/etc`` only what every user may read is shown, also to root.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from lsp_agent.sandbox.types import Command, SandboxError

_SYSTEM = (
    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/nix/store",
    "/nix/var/nix/profiles", "/run/current-system", "/gnu/store", "/snap", "/etc",
    "/sys/devices/system/cpu",
)  # fmt: skip
_DEVICES = ("/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom")
_PROC = (
    "cpuinfo", "meminfo", "stat", "loadavg", "uptime", "version", "filesystems", "sys",
)  # fmt: skip
# Below the home folder: a folder that PATH names lies in the first, the rest is shown.
_TOOLCHAINS = {
    ".pyenv": (".pyenv",),
    ".cargo": (".cargo/bin", ".cargo/env", ".cargo/registry", ".cargo/git", ".rustup/toolchains",
               ".rustup/settings.toml"),
    ".nvm": (".nvm/versions",),
    ".volta": (".volta/bin", ".volta/tools"),
    ".asdf": (".asdf/bin", ".asdf/shims", ".asdf/installs", ".asdf/lib", ".asdf/plugins"),
    ".rbenv": (".rbenv",),
    ".sdkman": (".sdkman/candidates",),
    ".deno": (".deno/bin",),
    ".bun": (".bun/bin", ".bun/install/global"),
    "go": ("go/bin", "go/pkg/mod"),
    ".npm-global": (".npm-global/bin", ".npm-global/lib"),
    ".ghcup": (".ghcup/bin", ".ghcup/ghc"),
    ".local/share/mise": (".local/share/mise/installs", ".local/share/mise/shims"),
    ".local/share/fnm": (".local/share/fnm",),
    ".local/share/pnpm": (".local/share/pnpm",),
    ".local": (".local/bin", ".local/lib", ".local/share/uv/python", ".local/share/uv/tools",
               ".local/share/pipx/venvs", ".local/pipx/venvs"),
}  # fmt: skip
_BESIDE = ("lib", "lib64", "libexec", "share", "include")
_NEVER = frozenset({
    ".ssh", ".aws", ".azure", ".config", ".gnupg", ".kube", ".docker", ".netrc", ".npmrc",
    ".pypirc", ".git-credentials", ".mozilla", ".password-store", "credentials", "credentials.toml",
})  # fmt: skip
_MAX_CONFIG = 64 << 10


@dataclass(frozen=True, slots=True)
class View:
    """What is shown: ``mounts`` as a whole, ``read`` the parts of them that may be read.

    ``homes`` are the folders that are hidden.
    """

    mounts: tuple[str, ...]
    read: tuple[str, ...]
    homes: tuple[str, ...]
    devices: tuple[str, ...] = _DEVICES

    @property
    def proc(self) -> tuple[str, ...]:
        """What of ``/proc`` says nothing of other processes."""
        return ("/proc/self", *(f"/proc/{name}" for name in _PROC))


def view_of(env: Mapping[str, str]) -> View:
    """Return what commands see with this environment; kept, a first look takes some 15 ms."""
    return _view(env.get("PATH", ""), env.get("HOME", ""), env.get("VIRTUAL_ENV", ""))


@lru_cache(maxsize=8)
def _view(path: str, home: str, virtual_env: str) -> View:
    homes = tuple(sorted(_homes(home)))
    wanted = [*_SYSTEM, *_interpreters(virtual_env), *_of_path(path, homes)]
    mounts: list[str] = []
    for one in wanted:
        mounts += _without(one, homes) if one in _SYSTEM else [one]
    mounts = _outermost(one for one in mounts if _fit(one, homes))
    read = [one for one in mounts if one != "/etc"]
    if os.geteuid() == 0:
        read = [part for one in read for part in (_open_parts(one, 1) if one == "/opt" else [one])]
    return View(tuple(mounts), (*read, *_open_parts("/etc", 8)), homes)


def _homes(home: str) -> set[str]:
    import pwd

    found = {home}
    with contextlib.suppress(KeyError):
        found.add(pwd.getpwuid(os.getuid()).pw_dir)
    real = {os.path.realpath(one) for one in found if one}
    return {one for one in found | real if one.startswith("/") and one != "/"}


def _interpreters(virtual_env: str) -> Iterator[str]:
    """Yield the folders of the Python that we run on, and of the environment that is active."""
    yield from (sys.prefix, sys.base_prefix, sys.exec_prefix)
    yield str(Path(os.path.realpath(sys.executable)).parent.parent)
    if virtual_env:
        yield from environment_folders(Path(virtual_env))


def environment_folders(folder: Path) -> Iterator[str]:
    """Yield a virtual environment's folder and the one of the Python that it is made of.

    The workspace may have made the file that says so: only a folder that has the standard library
    is shown, whatever programs lie there.
    """
    try:
        with (folder / "pyvenv.cfg").open("rb") as file:
            lines = file.read(_MAX_CONFIG).decode("utf-8", "replace").splitlines()
    except OSError:
        return
    yield str(folder)
    for line in lines:
        key, _, value = line.partition("=")
        home = Path(value.strip())
        if key.strip() == "home" and home.is_absolute() and home.name == "bin":
            yield from sorted({str(one.parent) for one in _pythons(home) if _is_python(one.parent)})


def _pythons(folder: Path) -> Iterator[Path]:
    """Yield a folder of programs, and where the interpreters there really lie."""
    yield folder
    try:
        names = [name for name in os.listdir(folder) if name.startswith(("python", "pypy"))]
    except OSError:
        return
    yield from (Path(os.path.realpath(folder / name)).parent for name in names)


def _is_python(folder: Path) -> bool:
    """Whether the standard library of a Python lies below a folder."""
    for name in ("lib", "lib64"):
        try:
            versions = [one for one in os.listdir(folder / name) if one.startswith("py")]
        except OSError:
            continue
        if any(os.path.isfile(folder / name / one / "os.py") for one in versions):
            return True
    return False


def _of_path(path: str, homes: Iterable[str]) -> Iterator[str]:
    """Yield the folders of ``PATH`` and what programs there need beside them."""
    for folder in dict.fromkeys(path.split(":")):
        if not folder.startswith("/"):
            continue
        home = next((one for one in homes if Path(folder).is_relative_to(one)), None)
        parent = Path(folder).parent
        # Folders that may not be entered are no error here, unlike for Path's own methods.
        if os.path.isfile(parent / "pyvenv.cfg"):
            yield from environment_folders(parent)
        elif os.path.isdir(parent / "conda-meta"):
            yield str(parent)
        elif parent.name == "node_modules":
            # What lies beside is the workspace's, and may be a link to anywhere.
            yield folder
        elif home is None:
            yield folder
            yield from (str(parent / name) for name in _BESIDE if str(parent) != "/")
        else:
            below = Path(folder).relative_to(home)
            known = next((key for key in _TOOLCHAINS if below.is_relative_to(key)), None)
            yield from (f"{home}/{one}" for one in _TOOLCHAINS.get(known or "", (str(below),)))


def _fit(path: str, homes: Iterable[str]) -> bool:
    """Whether a path is there, shows no home folder, and holds nothing that is never shown."""
    if not os.path.exists(path) or path == "/":
        return False
    for one in {path, os.path.realpath(path)}:
        if any(Path(home).is_relative_to(one) for home in homes):
            return False
        if not _NEVER.isdisjoint(Path(one).parts):
            return False
    return True


def _without(folder: str, hidden: Iterable[str]) -> list[str]:
    """Return a folder, or its parts where something below it is hidden."""
    if not any(Path(one).is_relative_to(folder) for one in hidden):
        return [folder]
    try:
        parts = sorted(entry.path for entry in os.scandir(folder))
    except OSError:
        return []
    return [one for part in parts for one in ([] if part in hidden else _without(part, hidden))]


def _outermost(paths: Iterable[str]) -> list[str]:
    found: list[str] = []
    for path in sorted({os.path.normpath(one) for one in paths}):
        if not any(Path(path).is_relative_to(one) for one in found):
            found.append(path)
    return found


def _open_parts(folder: str, depth: int) -> list[str]:
    """Return a folder where all of it is open to every user, else its parts that are."""
    return _parts(folder, depth)[1]


def _parts(path: str, depth: int) -> tuple[bool, list[str]]:  # noqa: PLR0911 - a table
    try:
        mode = os.lstat(path).st_mode
        if stat.S_ISLNK(mode):
            return True, []
        if not stat.S_ISDIR(mode):
            return (True, [path]) if mode & stat.S_IROTH else (False, [])
        if not mode & stat.S_IROTH or not mode & stat.S_IXOTH:
            return False, []
        if not depth:
            return True, [path]
        parts = [_parts(entry.path, depth - 1) for entry in os.scandir(path)]
    except OSError:
        return False, []
    if all(whole for whole, _ in parts):
        return True, [path]
    return False, [one for _, found in parts for one in found]


def borrowed_folders(command: Command) -> list[tuple[str, str]]:
    """Return what a command borrows of the workspace: where it is to be seen, where it lies.

    A link is followed within the workspace, or to a virtual environment; others are left out, as
    the repository may have made them. Raises :class:`SandboxError` for a path that leaves it.
    """
    found = []
    real = os.path.realpath(command.place)
    for path in command.borrowed:
        if os.path.isabs(path) or ".." in Path(path).parts or not Path(path).parts:
            raise SandboxError(f"{path!r} is no path in {command.place}; only such can be borrowed")
        source = os.path.realpath(command.place / path)
        if not os.path.exists(source):
            continue
        inside = Path(source).is_relative_to(real)
        if inside or os.path.isfile(os.path.join(source, "pyvenv.cfg")):
            found.append((str(Path(path)), source))
    return found

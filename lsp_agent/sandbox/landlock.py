"""Linux without any program installed: namespaces, Landlock, seccomp and limits.

What it holds, with namespaces (``place`` is among the abilities):

* files: a root folder that has nothing but the system and toolchains read-only, the copy where the
  workspace lies, and ``/tmp``, ``/dev/shm`` and an empty home folder in memory. Landlock says the
  same once more.
* network: a network namespace of its own with its own loopback, so that tests that serve and ask on
  127.0.0.1 work, and nothing outside can be reached. Local sockets by path work for the same
  reason: what else listens on this machine can't be seen. What remains: a socket that somebody
  serves inside a folder that is shown (``/usr``, ``/opt``, a toolchain, what is borrowed).
* processes: a pid namespace, which dies with its first process; nothing outside is seen.

Without namespaces, where a container or a distribution refuses them:

* files and home folder by Landlock alone. The copy is seen where it really lies, the workspace is
  readable; names, sizes and times of other files can be asked for by who knows their path. Owners,
  modes and times can't be changed at all, as Landlock does not tell whose they are; changing modes
  and times seems to work, so a linker's output can't be executed. ``/dev/shm`` is closed, and with
  it the locks of ``multiprocessing``.
* network: no socket can be made, but for pairs. With ``network`` none of the local kind can.
* processes: Landlock keeps signals in from version 6 on (Linux 6.12). Before, a program may end
  others of the same user. Orphans fall to the launcher, which ends them; whoever kills the
  launcher by hand leaves them.

Limits: processor time and file size are each process', by the kernel. Memory and the number of
processes are the tree's, looked at every 25 ms, and by the kernel where control groups can be made
(:mod:`lsp_agent.sandbox.groups`): elsewhere a burst may go beyond in between; besides, each
process' own data is limited, and the number of processes of an ordinary user. What is written to
memory in ``/tmp``, ``/dev/shm`` and the home folder is limited apart, to a quarter of the memory
each. The disk is watched: four times the largest file is the most that the copy may grow.

Not held, ever: faults of the kernel; what the processor's caches tell; the time that a command
takes from others; what a program says in its output.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from lsp_agent.cancel import CancelToken
from lsp_agent.sandbox.environment import clean_environment
from lsp_agent.sandbox.launch.kernel import landlock_version
from lsp_agent.sandbox.launcher import base_order, check, launch
from lsp_agent.sandbox.seccomp import Reach, assemble
from lsp_agent.sandbox.types import Ability, Command, Limits, Outcome, SandboxError
from lsp_agent.sandbox.view import View, borrowed_folders, view_of

_MEMORY_SHARE = 4


class LandlockSandbox:
    """The kernel's own means; ``namespaces`` false does without the part that may be refused."""

    name = "landlock"

    def __init__(self, env: Mapping[str, str] = os.environ, *, namespaces: bool = True) -> None:
        """Raise :class:`SandboxError` where the kernel has no Landlock."""
        self._env = env
        self._version = landlock_version()
        if not self._version:
            raise SandboxError("this kernel has no Landlock, or does not use it (lsm=landlock)")
        self._namespaces = namespaces

    @property
    def abilities(self) -> frozenset[Ability]:
        """What it holds on this machine."""
        held: set[Ability] = {"files", "network", "home", "processes", "memory", "kill"}
        return frozenset(held | {"place"} if self._namespaces else held)

    def run(self, command: Command, cancel: CancelToken) -> Outcome:
        """Run a program to its end, with no process of it left."""
        check(command)
        if self._namespaces:
            return launch(command, namespace_order(command, self._env, self._version), cancel)
        with tempfile.TemporaryDirectory(
            prefix="lsp-agent-sandbox-", ignore_cleanup_errors=True
        ) as scratch:
            return launch(command, self._plain_order(command, Path(scratch)), cancel)

    def _plain_order(self, command: Command, scratch: Path) -> dict[str, Any]:
        view = view_of(self._env)
        home, tmp = scratch / "home", scratch / "tmp"
        home.mkdir()
        tmp.mkdir()
        place = Path(os.path.realpath(command.place))
        borrowed = borrowed_folders(command)
        shown = [str(place), *(source for _, source in borrowed)]
        if any(Path(one).is_relative_to(place) for one in view.homes):
            shown.remove(str(place))
        env = clean_environment(
            self._env, command.env, home=str(home), tmp=str(tmp), place=place,
            folder=command.folder, borrowed=command.borrowed,
        )  # fmt: skip
        order = base_order(command, env)
        return order | {
            "version": self._version,
            "nproc": command.limits.processes,
            "landlock": landlock_rules(
                view, self._version, [*shown, *view.proc],
                [str(command.folder), str(home), str(tmp)], tcp=command.network,
            ),
            "seccomp": call_filter(
                "net" if command.network else "none", namespaces=False, version=self._version
            ),
            "drop": True,
            "links": [
                *((f"{command.folder}/{path}", source) for path, source in borrowed),
                *_home_links(view, home),
            ],
        }  # fmt: skip


def _home_links(view: View, home: Path) -> list[tuple[str, str]]:
    """Return links by which toolchains are found in the home folder that a command gets."""
    return [
        (str(home / Path(path).relative_to(one)), path)
        for path in view.read
        for one in view.homes
        if Path(path).is_relative_to(one)
    ]


def landlock_rules(
    view: View, version: int, read: list[str], write: list[str], *, tcp: bool
) -> dict[str, Any]:
    """Return what ``launch/restrict.py`` makes of a view: the paths by what may be done."""
    more = _resolver() if tcp else []
    return {
        "version": version,
        "read": [*view.read, *read, *more],
        "write": write,
        "devices": list(view.devices),
        "tcp": tcp,
    }


def _resolver() -> list[str]:
    """Return the file with the name servers, which often lies outside ``/etc``."""
    return [os.path.realpath("/etc/resolv.conf")]


@cache
def call_filter(reach: Reach, *, namespaces: bool, version: int) -> bytes:
    """Return the filter of system calls for this machine."""
    return assemble(os.uname().machine, reach, namespaces=namespaces, version=version)


def sandbox_home(view: View, env: Mapping[str, str], place: Path) -> str:
    """Return where a command's empty home folder is: where its user's is, if that can be hidden."""
    home = os.path.realpath(env.get("HOME", "") or "/")
    taken = any(Path(one).is_relative_to(home) for one in ("/usr", "/etc", "/dev", "/proc", "/tmp"))
    covers = Path(home).is_relative_to(place) or not home.startswith("/")
    inside = any(Path(home).is_relative_to(one) for one in view.mounts)
    return "/tmp/home" if taken or covers or inside else home


def check_place(place: Path, view: View) -> None:
    """Raise :class:`SandboxError` for a place that would hide the system."""
    for one in (*view.devices, "/proc", "/usr/bin", "/etc"):
        if Path(one).is_relative_to(place):
            raise SandboxError(f"{place} holds the system; open a folder below it")


def namespace_order(command: Command, env: Mapping[str, str], version: int) -> dict[str, Any]:
    """Return the order of a command in namespaces of its own."""
    view = view_of(env)
    place = Path(os.path.realpath(command.place))
    check_place(place, view)
    home = sandbox_home(view, env, place)
    within = [one for one in view.mounts if Path(one).is_relative_to(place)]
    outside = [one for one in view.mounts if one not in within]
    borrowed = borrowed_folders(command)
    # Toolchains that lie in the workspace are borrowed without being asked for.
    borrowed += [(str(Path(one).relative_to(place)), one) for one in within if one != str(place)]
    borrowed = [pair for at, pair in enumerate(borrowed) if pair not in borrowed[:at]]
    size = max(command.limits.memory // _MEMORY_SHARE, 1 << 20)
    tmp = "/tmp"
    clean = clean_environment(
        env, command.env, home=home, tmp=tmp, place=place, folder=command.folder,
        borrowed=[path for path, _ in borrowed],
    )  # fmt: skip
    # Abstract sockets belong to the network; Landlock keeps apart from them from version 6 on.
    reach: Reach = "own" if not command.network else "all" if version >= 6 else "net"
    order = base_order(command, clean)
    read = [str(place), *(f"{place}/{path}" for path, _ in borrowed), "/proc", "/dev"]
    write = [str(place), tmp, home, "/dev/shm"]
    return order | {
        "cwd": os.path.join(place, command.cwd),
        "folders": [home],
        "root": {
            "read": [*outside, *(_resolver() if command.network else [])],
            "folder": os.path.realpath(command.folder),
            "place": str(place),
            "borrowed": borrowed,
            "memory": _memory([tmp, home, "/dev/shm"], size),
        },
        "landlock": landlock_rules(view, version, read, write, tcp=True) if version else None,
        "seccomp": call_filter(reach, namespaces=True, version=version),
        "drop": True,
    }


def _memory(paths: list[str], size: int) -> list[tuple[str, int]]:
    """Return the folders in memory, outer ones first; one in another shares its memory."""
    found: list[tuple[str, int]] = []
    for path in sorted(paths):
        if path == "/tmp/home":
            continue
        found.append((path, size))
    return found


@cache
def namespaces_work(version: int) -> str:
    """Say why namespaces can't be had here; ``""`` if they can. Tried once in a process, 30 ms."""
    program = shutil.which("true") or "/bin/true"
    folder = Path(tempfile.mkdtemp(prefix="lsp-agent-probe-"))
    command = Command((program,), folder, folder, limits=Limits(wall_seconds=10, memory=64 << 20))
    try:
        order = namespace_order(command, {"PATH": "/usr/bin:/bin"}, version)
        outcome = launch(command, order, CancelToken())
    except SandboxError as error:
        return str(error)
    finally:
        folder.rmdir()
    return "" if outcome.status == 0 else f"a trial ended with {outcome.status}: {outcome.output}"

"""Linux with bubblewrap (``bwrap``, 0.8 or newer): its namespaces, our limits and filters.

Bubblewrap makes the same root folder and namespaces that :mod:`lsp_agent.sandbox.landlock` makes
by itself, where a distribution lets no other program do that; inside, the launcher does the rest,
Landlock too where the kernel has it. So it holds what is said there of the way with namespaces.
Where the kernel has no Landlock, what may be read is mounted part by part; nothing else differs.

https://github.com/containers/bubblewrap
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from lsp_agent.cancel import CancelToken
from lsp_agent.sandbox.landlock import namespace_order
from lsp_agent.sandbox.launch.kernel import landlock_version
from lsp_agent.sandbox.launcher import FOLDER, Inner, base_order, check, launch, python
from lsp_agent.sandbox.types import Ability, Command, Limits, Outcome, SandboxError
from lsp_agent.sandbox.view import view_of

_LAUNCHER = "/run/lsp-agent"


class BubblewrapSandbox:
    """Bubblewrap around the launcher; ``program`` is a ``bwrap``, else the one on ``PATH``."""

    name = "bubblewrap"

    def __init__(self, env: Mapping[str, str] = os.environ, program: str | None = None) -> None:
        """Raise :class:`SandboxError` where bubblewrap is not installed."""
        found = program or shutil.which("bwrap", path=env.get("PATH"))
        if found is None:
            raise SandboxError("bubblewrap is not installed")
        self._env = env
        self.program = found
        self._version = landlock_version()

    @property
    def abilities(self) -> frozenset[Ability]:
        """What it holds on this machine."""
        return frozenset({"files", "network", "home", "processes", "memory", "kill", "place"})

    def run(self, command: Command, cancel: CancelToken) -> Outcome:
        """Run a program to its end, with no process of it left."""
        check(command)
        inside = namespace_order(command, self._env, self._version)
        if not self._version:
            inside["root"]["read"] = list(view_of(self._env).read)
        wrap = [self.program, *arguments(inside, command), "--", *python(_LAUNCHER, 0)[:-1]]
        order = base_order(command, {})
        inner = inside | {"root": None, "inner": True, "nproc": command.limits.processes + 2}
        return launch(command, order, cancel, Inner(inner, wrap))


def arguments(order: Mapping[str, object], command: Command) -> list[str]:
    """Return the options of ``bwrap`` for the root folder that an order describes."""
    root = order["root"]
    if not isinstance(root, dict):
        raise SandboxError("an order without a root folder can't be given to bubblewrap")
    options = ["--unshare-all", "--die-with-parent", "--new-session", "--as-pid-1", "--clearenv"]
    options += ["--hostname", "sandbox", "--cap-drop", "ALL"]
    if command.network:
        options.append("--share-net")
    options += ["--dev", "/dev", "--proc", "/proc"]
    for path, size in root["memory"]:
        options += ["--perms", "1777", "--size", str(size), "--tmpfs", path]
    for path in root["read"]:
        options += ["--ro-bind-try", path, path]
    options += ["--bind", root["folder"], root["place"]]
    for path, source in root["borrowed"]:
        # Bubblewrap makes the folder to mount on, and would follow a link out of the copy.
        if os.path.realpath(f"{root['folder']}/{path}") != f"{root['folder']}/{path}":
            continue
        options += ["--ro-bind-try", source, f"{root['place']}/{path}"]
    options += ["--ro-bind", str(FOLDER / "launch"), f"{_LAUNCHER}/launch"]
    return [*options, "--remount-ro", "/", "--chdir", "/"]


@cache
def bubblewrap_works(program: str) -> str:
    """Say why bubblewrap can't be used; ``""`` if it can. Tried once in a process, 50 ms."""
    folder = Path(tempfile.mkdtemp(prefix="lsp-agent-probe-"))
    true = shutil.which("true") or "/bin/true"
    command = Command((true,), folder, folder, limits=Limits(wall_seconds=10, memory=64 << 20))
    try:
        sandbox = BubblewrapSandbox({"PATH": "/usr/bin:/bin"}, program)
        outcome = sandbox.run(command, CancelToken())
    except SandboxError as error:
        return str(error)
    finally:
        folder.rmdir()
    return "" if outcome.status == 0 else f"{program} ended with {outcome.status}: {outcome.output}"

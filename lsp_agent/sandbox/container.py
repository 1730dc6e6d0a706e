"""A container of podman or docker, from an image that is already there: nothing is ever pulled.

It holds files, network, home, processes, memory and end as far as its engine does, and shows the
copy at the workspace's place. Programs are those of the image: what is borrowed of the workspace
works where the image has the same system. Unlike on the other ways, root of the container is root
of the machine with docker (without user namespaces), less all capabilities.

Untried on the machines that the tests run on: only the command line is tested.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path

from lsp_agent.cancel import CancelToken
from lsp_agent.sandbox.environment import clean_environment
from lsp_agent.sandbox.launcher import check
from lsp_agent.sandbox.supervise import supervise
from lsp_agent.sandbox.types import Ability, Command, Outcome, SandboxError
from lsp_agent.sandbox.view import borrowed_folders

_ENGINES = ("podman", "docker")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_HOME = "/tmp/home"
_FAILED = 125
_KILLED = 137
_SECONDS = 30


class ContainerSandbox:
    """Podman or docker, whichever is on ``PATH``."""

    name = "container"

    def __init__(self, image: str, env: Mapping[str, str] = os.environ) -> None:
        """Raise :class:`SandboxError` without an image or an engine, and on Windows."""
        if os.name == "nt":
            raise SandboxError(
                "a folder of Windows has another path in a container, and the user no number; "
                "run lsp-agent in WSL for it"
            )
        if not image or image.startswith("-"):
            raise SandboxError("no image: set sandbox.image to one that podman or docker has")
        found = [shutil.which(one, path=env.get("PATH")) for one in _ENGINES]
        self.program = next((one for one in found if one), "")
        if not self.program:
            raise SandboxError("neither podman nor docker is on PATH")
        self._image = image
        self._env = env

    @property
    def abilities(self) -> frozenset[Ability]:
        """What it holds on this machine."""
        return frozenset({"files", "network", "home", "processes", "memory", "kill", "place"})

    def run(self, command: Command, cancel: CancelToken) -> Outcome:
        """Run a program to its end; its container is removed."""
        check(command)
        name = f"lsp-agent-{uuid.uuid4().hex}"
        argv = [self.program, *self.arguments(command, name)]

        def end(_process: subprocess.Popen[bytes]) -> None:
            with contextlib.suppress(OSError, subprocess.SubprocessError):
                subprocess.run(
                    [self.program, "kill", name],
                    capture_output=True, check=False, timeout=_SECONDS, env=self._own(),
                )  # fmt: skip

        outcome = supervise(
            argv,
            env=self._own(),
            limits=command.limits,
            cancel=cancel,
            stdin=command.stdin,
            end=end,
        ).outcome
        if outcome.status == _FAILED:
            raise SandboxError(f"{self.program} can't run {self._image}: {outcome.output[-500:]}")
        if outcome.status == _KILLED:
            return Outcome(None, outcome.output, "memory", outcome.truncated, outcome.seconds)
        return outcome

    def _own(self) -> dict[str, str]:
        """Return the environment of the engine's program, which needs more than a command."""
        wanted = ("PATH", "HOME", "XDG_RUNTIME_DIR", "DOCKER_HOST", "CONTAINER_HOST")
        return {name: self._env[name] for name in wanted if name in self._env}

    def arguments(self, command: Command, name: str) -> list[str]:
        """Return the arguments of ``podman`` or ``docker`` for a command."""
        limits = command.limits
        place = str(command.place)
        for path in (place, str(command.folder)):
            if ":" in path or "," in path:
                raise SandboxError(f"{path} holds a sign that mounts are written with; rename it")
        given = clean_environment(
            {}, command.env, home=_HOME, tmp="/tmp", place=Path(place), folder=Path(place)
        ) | {"PATH": _PATH}  # fmt: skip
        options = [
            "run", "--rm", "--interactive", "--pull", "never", "--name", name,
            "--network", "host" if command.network else "none", "--read-only",
            "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
            "--pids-limit", str(limits.processes), "--memory", str(limits.memory),
            "--memory-swap", str(limits.memory), "--user", f"{os.getuid()}:{os.getgid()}",
            "--ulimit", f"cpu={limits.cpu_seconds}", "--ulimit", f"fsize={limits.file_size}",
            "--ulimit", "core=0", "--tmpfs", f"/tmp:rw,nosuid,nodev,size={limits.memory // 4}",
            "--mount", f"type=bind,source={command.folder},target={place}",
        ]  # fmt: skip
        for path, source in borrowed_folders(command):
            options += ["--mount", f"type=bind,source={source},target={place}/{path},readonly"]
        if Path(self.program).name == "podman":
            options += ["--userns", "keep-id"]
        options += ["--workdir", str(Path(place, command.cwd))]
        for variable, value in given.items():
            options += ["--env", f"{variable}={value}"]
        return [*options, "--entrypoint", command.argv[0], self._image, *command.argv[1:]]

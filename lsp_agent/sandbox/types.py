"""What is run in a sandbox, within which limits, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from lsp_agent.cancel import CancelToken
from lsp_agent.errors import LspAgentError

Ability = Literal["files", "network", "home", "processes", "memory", "kill", "place"]
"""What a sandbox holds: writing elsewhere, the network, reading the home folder, the number of
processes, their memory, ending all of them; ``place``: the copy is seen where the original lies."""


class SandboxError(LspAgentError):
    """A program that can't be started as asked; the message says what would do."""

    code = "sandbox"


@dataclass(frozen=True, slots=True)
class Limits:
    """What a command and all that it starts may use together; seconds and bytes."""

    wall_seconds: float = 120.0
    cpu_seconds: int = 120
    memory: int = 4 * 1024**3
    processes: int = 128
    file_size: int = 512 * 1024**2
    output: int = 1024**2


@dataclass(frozen=True, slots=True)
class Command:
    """A program to run, without a shell.

    ``folder`` is the real folder that it may write to, ``place`` the path under which it is to see
    it (the workspace's own, where the sandbox can do that, see ``Ability``), ``cwd`` a folder below
    it. ``borrowed`` are paths of the folder at ``place`` that are seen in the copy, read-only: what
    is not under version control but needed, as ``.venv`` or ``node_modules``. ``env`` is what is
    added to the few variables that every command gets.
    """

    argv: tuple[str, ...]
    folder: Path
    place: Path
    cwd: str = ""
    borrowed: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    network: bool = False
    limits: Limits = Limits()
    stdin: bytes = b""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended.

    ``status`` is its exit status, negative for a signal, ``None`` where it was ended; ``ended``
    then says why: ``timeout``, ``cancelled``, or the name of the field of :class:`Limits`.
    ``output`` is stdout and stderr as they came, its middle cut out where it was too long.
    """

    status: int | None
    output: str
    ended: str = ""
    truncated: bool = False
    seconds: float = 0.0


class Sandbox(Protocol):
    """One way of holding a program in; thread-safe."""

    @property
    def name(self) -> str:
        """The name that the settings give it."""
        ...

    @property
    def abilities(self) -> frozenset[Ability]:
        """What it holds on this machine."""
        ...

    def run(self, command: Command, cancel: CancelToken) -> Outcome:
        """Run a program to its end, with no process of it left.

        Raises :class:`SandboxError` where it can't be started. A cancelled one is an outcome.
        """
        ...

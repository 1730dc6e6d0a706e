"""A worker process for one engine: it speaks on its own stdin and stdout, and ends with us."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import LlamaSettings
from lsp_agent.engine.host.wire import frame
from lsp_agent.engine.types import EngineUnavailableError

# Not from the working folder: that is the user's project, which is not ours to run.
COMMAND = (sys.executable, "-P", "-m", "lsp_agent.engine.host")
_END_SECONDS = 5.0
_LAST_WORDS = 20
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Setup:
    """What a host is to serve. ``path`` is a GGUF file.

    ``prefixes`` is a folder where the beginnings of prompts are kept for the next start.
    """

    name: str
    settings: LlamaSettings
    path: Path
    prefixes: Path | None = None

    def frame(self, **more: Any) -> bytes:
        """Return the first frame that a host reads."""
        settings = self.settings.model_dump(mode="json", exclude={"isolation"})
        prefixes = str(self.prefixes) if self.prefixes else None
        return frame(
            name=self.name,
            settings=settings,
            path=str(self.path.absolute()),
            prefixes=prefixes,
            **more,
        )

    @classmethod
    def of(cls, fields: Mapping[str, Any]) -> Setup:
        """Read what :meth:`frame` wrote."""
        settings = LlamaSettings.model_validate(fields["settings"])
        prefixes = fields.get("prefixes")
        return cls(
            str(fields["name"]),
            settings,
            Path(fields["path"]),
            Path(prefixes) if prefixes else None,
        )


class WorkerProcess:
    """Starts a process that serves one client, over pipes. Its stderr goes to our log."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup

    def connect(self, cancel: CancelToken) -> Pipes:
        """Start the process."""
        cancel.check()
        try:
            process = subprocess.Popen(
                COMMAND,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            raise EngineUnavailableError(
                f"the process of the engine {self._setup.name!r} can't be started ({error}); set "
                'isolation = "thread" for this engine'
            ) from error
        pipes = Pipes(process, self._setup.name)
        # A process that is gone already is told of by the reader.
        with contextlib.suppress(OSError):
            pipes.write(self._setup.frame())
        return pipes


class Pipes:
    """The pipes of a worker process; see :class:`~lsp_agent.engine.host.wire.Transport`."""

    def __init__(self, process: subprocess.Popen[bytes], name: str) -> None:
        if process.stdin is None or process.stdout is None or process.stderr is None:
            raise ValueError("the process has no pipes")
        self._process = process
        self._name = name
        self._in, self._out = process.stdin, process.stdout
        self._words: deque[str] = deque(maxlen=_LAST_WORDS)
        self._listener = threading.Thread(
            target=self._listen, args=(process.stderr,), name=f"engine-{name}-stderr", daemon=True
        )
        self._listener.start()

    def read(self, size: int) -> bytes:
        """Return what the process wrote."""
        return self._out.read(size) or b""

    def write(self, data: bytes) -> None:
        """Send all bytes."""
        view = memoryview(data)
        while view:
            view = view[self._in.write(view) or 0 :]

    def finish(self) -> None:
        """Close the process's stdin, which ends it."""
        with contextlib.suppress(OSError):
            self._in.close()

    def abandon(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()

    def obituary(self) -> str:
        """Wait for the process's end, or bring it about, and say how it ended."""
        try:
            status = self._process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return "it did not answer any more"
        self._listener.join(1.0)
        self._out.close()
        return how_it_ended(status, self._words)

    def _listen(self, stderr: IO[bytes]) -> None:
        """Pass the process's stderr on; ends with it."""
        rest = b""
        with stderr:
            while chunk := stderr.read(4096):
                *lines, rest = (rest + chunk).split(b"\n")
                for line in lines:
                    self._note(line)
        self._note(rest)

    def _note(self, line: bytes) -> None:
        text = line.decode("utf-8", "replace").rstrip()
        if text:
            self._words.append(text)
            _log.info("%s: %s", self._name, text)


def how_it_ended(status: int, words: deque[str]) -> str:
    """Say for a person how a process ended, with its last word if it has one."""
    last = f" ({words[-1][:300]})" if words else ""
    if status >= 0:
        return f"it ended with status {status}{last}"
    try:
        name = signal.Signals(-status).name
    except ValueError:
        name = f"signal {-status}"
    if name == "SIGKILL":
        return (
            "it was killed, as systems do when memory runs out; a smaller model or n_ctx needs less"
        )
    return f"it was ended by {name}{last}"


def yield_memory_first() -> None:
    """Let the system end this process rather than the editor's when memory runs out."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500", "ascii")


def private_stdio() -> tuple[int, int]:
    """Take stdin and stdout for ourselves: a library that prints must not break the frames."""
    incoming, outgoing = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    return incoming, outgoing

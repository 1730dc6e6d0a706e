"""A process from its start to its end: what it says, how long it may take, whoever wants it to end.

Reads and writes without blocking, holds a bounded part of the output, wakes at once when the token
is cancelled. What ends the process' own children is the launcher's business
(:mod:`lsp_agent.sandbox.launch`), or the caller's ``end``.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from lsp_agent.cancel import CancelToken
from lsp_agent.sandbox.types import Limits, Outcome, SandboxError

_CHUNK = 1 << 16
_FLOOD = 128 << 20
"""So many bytes of output, or 64 times what is kept if that is more, end a command."""
_GRACE_SECONDS = 5.0


class Excerpt:
    """The beginning and the end of what was written, ``most`` bytes together."""

    def __init__(self, most: int) -> None:
        self._half = max(most // 2, 1)
        self._head = bytearray()
        self._tail = bytearray()
        self.total = 0

    def add(self, data: bytes) -> None:
        """Take more output."""
        self.total += len(data)
        room = self._half - len(self._head)
        self._head += data[:room]
        self._tail += data[room:] if room > 0 else data
        if len(self._tail) > 4 * self._half + _CHUNK:
            del self._tail[: -self._half]

    @property
    def truncated(self) -> bool:
        """Whether a middle was cut out."""
        return self.total > 2 * self._half

    def text(self) -> str:
        """Return what is kept, with a line that says what is not."""
        if not self.truncated:
            return (self._head + self._tail).decode("utf-8", "replace")
        tail = self._tail[-self._half :]
        cut = self.total - len(self._head) - len(tail)
        head = self._head.decode("utf-8", "replace")
        return f"{head}\n[… {cut:,} bytes cut …]\n{tail.decode('utf-8', 'replace')}"


@dataclass(frozen=True, slots=True)
class Ended:
    """What is known of a process that is gone: ``outcome`` as far as seen here, and its report."""

    outcome: Outcome
    report: tuple[str, ...]


class _Channels:
    """The ends of the pipes that are ours, and the loop over them."""

    def __init__(self, process: subprocess.Popen[bytes], stdin: bytes, report: int | None) -> None:
        self.selector = selectors.DefaultSelector()
        self._stdin = memoryview(stdin)
        self._process = process
        self.report = bytearray()
        if process.stdout is None:
            raise SandboxError("a command can't be heard: its output is no pipe")
        self._output = process.stdout.fileno()
        self._report = report
        for fd in (self._output, *([report] if report is not None else [])):
            os.set_blocking(fd, False)
            self.selector.register(fd, selectors.EVENT_READ)
        if process.stdin is not None:
            os.set_blocking(process.stdin.fileno(), False)
            self.selector.register(process.stdin.fileno(), selectors.EVENT_WRITE)

    def turn(self, seconds: float, excerpt: Excerpt) -> bool:
        """Wait, and move what can be moved; return whether output may still come."""
        for key, _ in self.selector.select(max(seconds, 0)):
            if key.fd == self._output:
                if not self._read(self._output, excerpt.add):
                    self._leave(self._output)
            elif key.fd == self._report:
                if not self._read(self._report, self.report.extend):
                    self._leave(self._report)
            elif key.data is None:
                self._write(key.fd)
        return self._output in self.selector.get_map()

    def _read(self, fd: int, take: Callable[[bytes], object]) -> bool:
        try:
            data = os.read(fd, _CHUNK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        take(data)
        return bool(data)

    def _write(self, fd: int) -> None:
        try:
            self._stdin = self._stdin[os.write(fd, self._stdin[:_CHUNK]) :]
        except BlockingIOError:
            return
        except OSError:
            self._stdin = self._stdin[:0]
        if not self._stdin and self._process.stdin is not None:
            self.selector.unregister(fd)
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def _leave(self, fd: int) -> None:
        self.selector.unregister(fd)

    @property
    def reports(self) -> bool:
        """Whether the process holds its output open until all that it started has ended."""
        return self._report is not None

    def drain(self, excerpt: Excerpt) -> None:
        """Take what lies ready, once nobody of ours writes any more."""
        before = -1
        while before != excerpt.total + len(self.report) and len(self.selector.get_map()):
            before = excerpt.total + len(self.report)
            self.turn(0, excerpt)


def supervise(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    limits: Limits,
    cancel: CancelToken,
    stdin: bytes = b"",
    cwd: str = "/",
    fds: Sequence[int] = (),
    report: int | None = None,
    end: Callable[[subprocess.Popen[bytes]], None] = subprocess.Popen.kill,
) -> Ended:
    """Run a program of ours to its end, in a session of its own.

    ``fds`` are passed on; ``report`` is a pipe's end that is read along with the output. ``end``
    is called once where time, output or a cancelled token end it; who does not leave within five
    seconds of that is killed. Raises :class:`SandboxError` where the program can't be started.
    """
    start = time.monotonic()
    wake, woken = os.pipe()
    os.set_blocking(woken, False)
    try:
        process = subprocess.Popen(
            list(argv),
            stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(env),
            cwd=cwd,
            pass_fds=tuple(fds),
            start_new_session=True,
        )
    except OSError as error:
        os.close(wake)
        os.close(woken)
        raise SandboxError(f"{argv[0]} can't be started: {error.strerror or error}") from error
    finally:
        for fd in fds:
            os.close(fd)
    excerpt = Excerpt(limits.output)
    channels = _Channels(process, stdin, report)
    channels.selector.register(wake, selectors.EVENT_READ, "wake")
    undo = cancel.on_cancel(lambda: _poke(woken))
    try:
        ended = _follow(process, channels, excerpt, start + limits.wall_seconds, cancel, limits)
        if ended:
            end(process)
        _outlive(process, channels, excerpt)
        channels.drain(excerpt)
    finally:
        undo()
        if process.poll() is None:
            process.kill()
            process.wait()
        channels.selector.close()
        for pipe in (process.stdout, process.stdin):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()
        os.close(wake)
        os.close(woken)
    seconds = time.monotonic() - start
    status = None if ended else process.returncode
    outcome = Outcome(status, excerpt.text(), ended, excerpt.truncated, seconds)
    lines = bytes(channels.report).decode("utf-8", "replace").splitlines()
    return Ended(outcome, tuple(lines))


def _poke(fd: int) -> None:
    with contextlib.suppress(OSError):
        os.write(fd, b"!")


def _follow(
    process: subprocess.Popen[bytes],
    channels: _Channels,
    excerpt: Excerpt,
    deadline: float,
    cancel: CancelToken,
    limits: Limits,
) -> str:
    """Move output until the process ends; return why it is to be ended before, or ``""``."""
    longest = 1.0 if channels.reports else 0.05
    while True:
        left = deadline - time.monotonic()
        if not channels.turn(min(left, longest), excerpt):
            longest = 0.01
        if cancel.cancelled:
            return "cancelled"
        if excerpt.total > max(limits.output * 64, _FLOOD):
            return "output"
        if process.poll() is not None:
            return ""
        if time.monotonic() >= deadline:
            return "timeout"


def _outlive(process: subprocess.Popen[bytes], channels: _Channels, excerpt: Excerpt) -> None:
    """Wait for the process to be gone; it may have closed its output long before."""
    deadline = time.monotonic() + _GRACE_SECONDS
    while process.poll() is None:
        left = deadline - time.monotonic()
        if left <= 0:
            process.kill()
            process.wait()
            return
        channels.turn(min(left, 0.005), excerpt)

"""Children forked from a process that has everything imported, and when they are killed."""

from __future__ import annotations

import ctypes
import errno
import importlib
import itertools
import json
import os
import select
import signal
import struct
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

KILLED = -signal.SIGKILL
_CALLS = ("open", "replace", "unlink", "mkdir", "rmdir", "fsync", "rename")
_MASK = 0x2 | 0x8 | 0x40 | 0x80 | 0x100 | 0x200  # modify, close, moved from and to, create, delete
_HEAD = struct.Struct("iIII")
_LONGEST = 60.0


@dataclass(frozen=True)
class Moment:
    """When a child is killed: after ``seconds``, after ``events`` of files, or before a call.

    ``calls`` counts the child's own calls that change files; all are ``None``: it is let live.
    """

    seconds: float | None = None
    events: int | None = None
    calls: int | None = None


@dataclass(frozen=True)
class Ended:
    """How a child ended, and how much it did until then."""

    status: int
    seconds: float
    events: int


def warm_up(names: Iterable[str]) -> None:
    """Import in this process what a child had imported at its end."""
    for name in names:
        # C's halves come with their modules: _asyncio before asyncio is another _asyncio.
        if not name.endswith("__main__") and not name.startswith("_"):
            with suppress(ImportError):
                importlib.import_module(name)


def start(
    arguments: list[str],
    work: Path,
    env: Mapping[str, str],
    *,
    calls: int | None = None,
    report: Path | None = None,
    streams: tuple[int, int] | None = None,
) -> int:
    """Fork a child that is ``lsp-agent`` with arguments in a folder; return its id.

    It says nothing, but on ``streams`` (its stdin and stdout) where they are given, and at its end
    writes to ``report`` how many of the calls it made, and what it imported.
    """
    sys.stdout.flush()
    child = os.fork()
    if child:
        return child
    status = 99
    try:
        os.chdir(work)
        os.environ.update(env)
        null = os.open(os.devnull, os.O_RDWR)
        log = os.open(work.parent / "stderr.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for to, source in enumerate(streams or (null, null)):
            os.dup2(source, to)
        os.dup2(log, 2)
        counter = _die_at(calls)
        from lsp_agent.cli.main import run

        status = run(arguments)
        if report is not None:
            report.write_text(json.dumps({"calls": counter(), "modules": sorted(sys.modules)}))
    finally:
        os._exit(status)


def _die_at(number: int | None) -> Callable[[], int]:
    """Make this process kill itself before a call that changes files; return their count."""
    made = itertools.count(1)

    def watched(call: Callable[..., object]) -> Callable[..., object]:
        def wrapper(*args: object, **kwargs: object) -> object:
            if next(made) == number:
                os.kill(os.getpid(), signal.SIGKILL)
            return call(*args, **kwargs)

        return wrapper

    for name in _CALLS:
        setattr(os, name, watched(getattr(os, name)))
    return lambda: next(made) - 1


class Watch:
    """Counts what happens to the files of some folders."""

    def __init__(self, folders: Iterable[Path]) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor = libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        for folder in folders:
            added = libc.inotify_add_watch(self.descriptor, os.fsencode(folder), _MASK)
            # The child is at work already, and may have removed one.
            if added < 0 and ctypes.get_errno() != errno.ENOENT:
                raise OSError(ctypes.get_errno(), "inotify", str(folder))
        self.count = 0

    def take(self) -> None:
        """Count what has happened since."""
        with suppress(BlockingIOError):
            data = os.read(self.descriptor, 1 << 16)
            at = 0
            while at < len(data):
                at += _HEAD.size + _HEAD.unpack_from(data, at)[3]
                self.count += 1

    def close(self) -> None:
        os.close(self.descriptor)


def watch(
    child: int,
    folders: Iterable[Path],
    moment: Moment,
    other: Mapping[int, Callable[[], None]] | None = None,
) -> Ended:
    """Wait for a child, and kill it at a moment.

    ``other`` are descriptors that are read meanwhile. Raises ``TimeoutError`` for one that hangs.
    """
    other = other or {}
    files = Watch(folders)
    process = os.pidfd_open(child)
    began = time.monotonic()
    deadline = began + (_LONGEST if moment.seconds is None else moment.seconds)
    try:
        while True:
            left = deadline - time.monotonic()
            due = left <= 0 or (moment.events is not None and files.count >= moment.events)
            if due:
                os.kill(child, signal.SIGKILL)
            ready, _, _ = select.select(
                [process, files.descriptor, *other], [], [], None if due else left
            )
            if files.descriptor in ready:
                files.take()
            for descriptor in other:
                if descriptor in ready:
                    other[descriptor]()
            if process in ready:
                break
    finally:
        os.close(process)
        files.close()
        _, status = os.waitpid(child, 0)
    if left <= 0 and moment.seconds is None:
        raise TimeoutError(f"the process did not end in {_LONGEST:.0f} s")
    return Ended(os.waitstatus_to_exitcode(status), time.monotonic() - began, files.count)


class ServerTalk:
    """The least that an editor says to have a run started; answers all that it is asked."""

    def __init__(self, work: Path, task: str) -> None:
        self._in, self.child_in = os.pipe()
        self.child_out, self._out = os.pipe()
        self._task = task
        self._rest = b""
        root = work.as_uri()
        params = {
            "processId": os.getpid(), "rootUri": root,
            "workspaceFolders": [{"uri": root, "name": "w"}],
            "capabilities": {"workspace": {"applyEdit": True}},
        }  # fmt: skip
        self._send({"id": 1, "method": "initialize", "params": params})

    @property
    def streams(self) -> tuple[int, int]:
        """The child's stdin and stdout."""
        return self.child_out, self.child_in

    def started(self) -> dict[int, Callable[[], None]]:
        """Let go of the child's ends; return what is to be read."""
        os.close(self.child_in)
        os.close(self.child_out)
        return {self._in: self._read}

    def close(self) -> None:
        for descriptor in (self._in, self._out):
            with suppress(OSError):
                os.close(descriptor)

    def _send(self, message: dict[str, object]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        with suppress(BrokenPipeError):
            os.write(self._out, b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def _read(self) -> None:
        self._rest += os.read(self._in, 1 << 16)
        while b"\r\n\r\n" in self._rest:
            head, _, body = self._rest.partition(b"\r\n\r\n")
            size = int(head.split(b":")[1].split(b"\r\n")[0])
            if len(body) < size:
                return
            self._rest = body[size:]
            self._hear(json.loads(body[:size]))

    def _hear(self, message: dict[str, object]) -> None:
        if message.get("id") == 1 and "method" not in message:
            self._send({"method": "initialized", "params": {}})
            params = {"command": "lspAgent.run", "arguments": [{"task": self._task}]}
            self._send({"id": 2, "method": "workspace/executeCommand", "params": params})
        elif message.get("id") == 2 and "method" not in message:
            self._send({"id": 3, "method": "shutdown"})
        elif message.get("id") == 3 and "method" not in message:
            self._send({"method": "exit"})
        elif "id" in message and "method" in message:
            applied = message["method"] == "workspace/applyEdit"
            self._send({"id": message["id"], "result": {"applied": True} if applied else None})

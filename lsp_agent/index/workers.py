"""Worker processes that read and parse files, each replaced when it hangs or dies.

Some parsers hang in their own scanner, where no time limit of tree-sitter reaches, and deep nesting
may overflow a stack in C. So a file costs at most its worker: whoever is silent for longer than
``SILENCE_SECONDS`` is killed, the file is skipped, and another worker goes on with the next.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from pathlib import Path

from lsp_agent.index.extract import extract
from lsp_agent.index.types import FileContent, FileStamp, IndexUnavailableError
from lsp_agent.workspace.errors import OutsideRootError, UnreadableFileError
from lsp_agent.workspace.files import read_bytes
from lsp_agent.workspace.roots import Root

SILENCE_SECONDS = 20.0
_ALONE_SECONDS = 60
_BATCH = 16
_MAX_STILLBORN = 3
_SAFE_PATH = "PYTHONSAFEPATH"
_Job = tuple[str, FileStamp]


@dataclass(slots=True)
class _Worker:
    process: SpawnProcess
    pipe: Connection
    jobs: deque[_Job] = field(default_factory=deque)
    since: float = field(default_factory=time.monotonic)
    begun: bool = False


class WorkerPool:
    """Extracts files of one root in ``count`` processes. For one thread."""

    def __init__(
        self, root: Root, max_bytes: int, count: int, silence: float = SILENCE_SECONDS
    ) -> None:
        self._root = root
        self._max_bytes = max_bytes
        self._count = count
        self._silence = silence
        self._context = multiprocessing.get_context("spawn")
        self._workers: list[_Worker] = []
        self._stillborn = 0

    def extract(self, jobs: Iterator[_Job], check: Callable[[], None]) -> Iterator[FileContent]:
        """Yield what each file adds, in the order in which they get done.

        ``check`` is called about ten times a second and may raise to stop it all; the processes
        end with the generator. Raises :class:`IndexUnavailableError` where none can be started.
        """
        try:
            for _ in range(self._count):
                batch = _take(jobs)
                if batch:
                    self._workers.append(self._start(batch))
            while self._workers:
                check()
                yield from self._ready(jobs)
                yield from self._overdue(jobs)
        finally:
            for worker in self._workers:
                worker.pipe.close()
                worker.process.kill()
                worker.process.join()
            self._workers.clear()

    def _ready(self, jobs: Iterator[_Job]) -> Iterator[FileContent]:
        pipes = {worker.pipe: worker for worker in self._workers}
        for pipe in wait(list(pipes), timeout=0.1):
            worker = pipes[pipe]  # type: ignore[index]
            try:
                found: FileContent | None = worker.pipe.recv()
            except (EOFError, OSError):
                yield from self._lost(worker, jobs, "its parser crashed")
                continue
            worker.since = time.monotonic()
            if found is None:
                worker.begun, self._stillborn = True, 0
                continue
            worker.jobs.popleft()
            if not worker.jobs:
                self._feed(worker, _take(jobs))
            yield found

    def _overdue(self, jobs: Iterator[_Job]) -> Iterator[FileContent]:
        now = time.monotonic()
        for worker in [one for one in self._workers if now - one.since > self._silence]:
            yield from self._lost(worker, jobs, "its parser took too long")

    def _lost(self, worker: _Worker, jobs: Iterator[_Job], why: str) -> Iterator[FileContent]:
        worker.process.kill()
        worker.process.join()
        worker.pipe.close()
        self._workers.remove(worker)
        if not worker.begun:
            # No file's fault.
            self._stillborn += 1
            if self._stillborn > _MAX_STILLBORN:
                raise IndexUnavailableError(
                    "the processes that read files for the index end as soon as they are started "
                    f"(status {worker.process.exitcode}); lsp-agent index in a terminal shows why"
                )
            self._workers.append(self._start(list(worker.jobs)))
            return
        path, stamp = worker.jobs.popleft()
        batch = list(worker.jobs) or _take(jobs)
        if batch:
            self._workers.append(self._start(batch))
        yield FileContent(path, stamp, b"", skipped=why)

    def _feed(self, worker: _Worker, batch: list[_Job]) -> None:
        if batch:
            worker.jobs.extend(batch)
            try:
                worker.pipe.send(batch)
            except OSError:
                # It died between two batches: found out when it is read from.
                return
        else:
            self._workers.remove(worker)
            worker.pipe.close()
            worker.process.join()

    def _start(self, batch: list[_Job]) -> _Worker:
        ours, theirs = self._context.Pipe()
        process = self._context.Process(
            target=work, args=(theirs, str(self._root.path), self._max_bytes), daemon=True
        )
        with _no_modules_from_here(), _no_interrupts():
            process.start()
        theirs.close()
        worker = _Worker(process, ours)
        self._feed(worker, batch)
        return worker


def work(pipe: Connection, folder: str, max_bytes: int) -> None:
    """Answer batches of files with one message a file, until the pipe is closed.

    The first message is ``None``: from then on a death is that of a file's parser.
    """
    if hasattr(os, "nice"):
        # Whoever types has the first call on the machine.
        os.nice(10)
    root = Root(Path(folder))
    try:
        pipe.send(None)
        while True:
            for path, stamp in pipe.recv():
                _set_alarm(_ALONE_SECONDS)
                pipe.send(read_and_extract(root, path, stamp, max_bytes))
            _set_alarm(0)
    except (EOFError, OSError):
        return


def _set_alarm(seconds: int) -> None:
    """End this process by a signal after a while, if nobody is left to end it.

    No thread could: a parser that hangs does not let other Python code run.
    """
    if hasattr(signal, "alarm"):
        signal.alarm(seconds)


@contextmanager
def _no_interrupts() -> Iterator[None]:
    """Have processes that are started inside ignore Ctrl-C: a terminal sends it to all of them.

    They end with their pipe.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing import resource_tracker

    # Where the first process starts it, it takes the mask away.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _no_modules_from_here() -> Iterator[None]:
    """Have processes that are started inside import nothing from the current folder.

    Python looks for multiprocessing itself there first, and the folder may be anybody's repository.
    """
    before = os.environ.get(_SAFE_PATH)
    os.environ[_SAFE_PATH] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_SAFE_PATH]
        else:
            os.environ[_SAFE_PATH] = before


def read_and_extract(root: Root, path: str, stamp: FileStamp, max_bytes: int) -> FileContent:
    """Return what a file adds; one that can't be read, or is too large, adds its name only."""
    try:
        data = read_bytes(root.resolve(path), max_bytes, name=path, follow_link=False)
    except (UnreadableFileError, OutsideRootError) as error:
        return FileContent(path, stamp, b"", skipped=str(error))
    try:
        return extract(path, data, stamp)
    except (RecursionError, MemoryError) as error:
        return FileContent(path, stamp, b"", skipped=type(error).__name__)


def _take(jobs: Iterator[_Job]) -> list[_Job]:
    return [job for _, job in zip(range(_BATCH), jobs, strict=False)]

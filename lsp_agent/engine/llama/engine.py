"""``LlamaEngine``: a model hosted in this process, with one thread that owns it.

Requests wait by job and arrival; answers come back through a queue each. Cancelling reaches a
decode that is running through llama.cpp's abort flag, one that waits at once.
"""

from __future__ import annotations

import atexit
import contextlib
import itertools
import logging
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.config.model import LlamaSettings
from lsp_agent.engine.gguf_file import GgufHeader, ModelFileError, read_gguf_header
from lsp_agent.engine.types import (
    Delta,
    EngineError,
    EngineInfo,
    EngineUnavailableError,
    Job,
    Request,
)
from lsp_agent.errors import LspAgentError

if TYPE_CHECKING:
    from lsp_agent.engine.llama.runtime import Runtime

Work = Callable[["Runtime", CancelToken], Iterator[Any]]
_log = logging.getLogger(__name__)
_POLL_SECONDS = 1.0


@dataclass(order=True)
class _Task:
    priority: tuple[int, int]
    work: Work = field(compare=False)
    cancel: CancelToken = field(compare=False)
    results: queue.SimpleQueue[Any] = field(compare=False, default_factory=queue.SimpleQueue)


class _End:
    """Marks the end of a task's results."""


class LlamaEngine:
    """The in-process engine; see :class:`~lsp_agent.engine.types.Engine`.

    Nothing is loaded before the first request. ``path`` is a GGUF file.
    """

    def __init__(self, name: str, settings: LlamaSettings, path: Path) -> None:
        self.name = name
        self._settings = settings
        self._path = path
        self._tasks: queue.PriorityQueue[_Task] = queue.PriorityQueue()
        self._order = itertools.count()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._runtime: Runtime | None = None
        self._closed = CancelToken()
        self._loading: float | None = None

    def info(self) -> EngineInfo:
        """Describe the engine without loading the model."""
        runtime = self._runtime
        if runtime is None:
            header = self._header
            info = EngineInfo(
                self.name,
                "llama-cpp",
                self._path.name,
                self._settings.n_ctx,
                False,
                n_params=header.n_params if header else None,
                fim=bool(header and header.has_fim),
                grammar=True,
                jobs=header.jobs if header else (),
                languages=header.languages if header else (),
            )
            detail = {"loading": self._loading}
        else:
            info = runtime.describe(self.name)
            detail = dict(info.detail)
        return replace(info, detail={**detail, "queue": self._tasks.qsize()})

    @cached_property
    def _header(self) -> GgufHeader | None:
        """What the file says of itself; a broken one is told of when it is loaded."""
        try:
            return read_gguf_header(self._path)
        except ModelFileError:
            return None

    def load(self, cancel: CancelToken) -> EngineInfo:
        """Load the model if it is not."""
        self._ready(cancel)
        return self.info()

    def generate(self, request: Request, cancel: CancelToken) -> Iterator[Delta]:
        """Yield an answer; see the protocol."""
        local = CancelToken()
        forget = cancel.on_cancel(local.cancel)
        try:
            yield from self._submit(
                lambda runtime, token: runtime.generate(request, token), local, request.job
            )
        finally:
            # Also reached when the caller drops the iterator: the rest is not generated.
            local.cancel()
            forget()

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a text exactly."""
        return self._ready(CancelToken()).count_tokens(text)

    def embed(self, texts: Sequence[str], cancel: CancelToken) -> list[list[float]]:
        """Return one unit vector a text."""
        work: Work = lambda runtime, token: iter([runtime.embed(texts, token)])  # noqa: E731
        vectors: list[list[float]] = next(self._submit(work, cancel, Job.BACKGROUND))
        return vectors

    def close(self) -> None:
        """Stop all work, free the model and wait for the thread."""
        self._closed.cancel()
        with self._lock:
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            self._tasks.put(_Task((-1, 0), _nothing, CancelToken()))
            thread.join()
            atexit.unregister(self.close)

    def _ready(self, cancel: CancelToken) -> Runtime:
        runtime = self._runtime
        if runtime is None:
            for _ in self._submit(_nothing, cancel, Job.COMPLETION):
                pass
            runtime = self._runtime
        if runtime is None:
            raise self._closed_error()
        return runtime

    def _closed_error(self) -> EngineUnavailableError:
        return EngineUnavailableError(f"the engine {self.name!r} is closed")

    def _submit(self, work: Work, cancel: CancelToken, job: Job) -> Iterator[Any]:
        """Queue work for the thread and yield its results."""
        if self._closed.cancelled:
            raise self._closed_error()
        task = _Task((int(job), next(self._order)), work, cancel)
        forget = cancel.on_cancel(lambda: task.results.put(Cancelled()))
        self._start()
        self._tasks.put(task)
        try:
            while not isinstance(result := self._next(task), _End):
                if isinstance(result, BaseException):
                    raise result
                yield result
        finally:
            forget()

    def _next(self, task: _Task) -> Any:
        while True:
            try:
                return task.results.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                if self._thread is None or not self._thread.is_alive():
                    return self._closed_error()

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                # A daemon, so that an editor's death is never held up; close() frees the model.
                self._thread = threading.Thread(
                    target=self._loop, name=f"engine-{self.name}", daemon=True
                )
                self._thread.start()
                # C code that runs while the interpreter is torn down crashes.
                atexit.register(self.close)

    def _loop(self) -> None:
        _step_back()
        try:
            while not self._closed.cancelled:
                self._serve(self._tasks.get())
        finally:
            runtime, self._runtime = self._runtime, None
            if runtime is not None:
                runtime.free()
            with contextlib.suppress(queue.Empty):
                while True:
                    self._tasks.get_nowait().results.put(self._closed_error())

    def _serve(self, task: _Task) -> None:
        """Run one task; whatever goes wrong fails that task alone."""
        stop = CancelToken()
        forget = [one.on_cancel(stop.cancel) for one in (task.cancel, self._closed)]
        try:
            stop.check()
            runtime = self._loaded(stop)
            with runtime.stopping.follow(stop):
                for result in task.work(runtime, stop):
                    task.results.put(result)
            task.results.put(_End())
        except Cancelled as error:
            task.results.put(self._closed_error() if self._closed.cancelled else error)
        except LspAgentError as error:
            task.results.put(error)
        except Exception as error:  # noqa: BLE001 - the thread must outlive whatever one request meets
            _log.exception("the engine failed")
            task.results.put(EngineError(f"the engine failed: {error}"))
        finally:
            for undo in forget:
                undo()

    def _loaded(self, cancel: CancelToken) -> Runtime:
        if self._runtime is None:
            # Brings NumPy, which an engine that is never asked need not pay for.
            from lsp_agent.engine.llama.runtime import Runtime

            self._loading = 0.0
            try:
                self._runtime = Runtime(self._path, self._settings, cancel, self._on_progress)
            except (EngineUnavailableError, Cancelled):
                raise
            except LspAgentError as error:
                raise EngineUnavailableError(str(error)) from error
            finally:
                self._loading = None
        return self._runtime

    def _on_progress(self, share: float) -> None:
        self._loading = share


def _step_back() -> None:
    """Let the editor's requests have a core before this thread and those that ggml starts from it.

    With as many decoding threads as cores the event loop else waits for its turn: the slowest
    request in a hundred took 51 ms here. Only Linux has a priority for each thread.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + 5)


def _nothing(_runtime: Runtime, _cancel: CancelToken) -> Iterator[Any]:
    return iter(())

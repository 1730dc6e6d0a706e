"""``LlamaEngine``: a model hosted in this process, with one thread that owns it.

Requests go in through one queue, answers come back through a queue each; which of them a batch
serves is the scheduler's choice. Cancelling reaches a decode that is running through llama.cpp's
abort flag, a request that waits at once.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import queue
import sys
import threading
from collections import deque
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
    Request,
)
from lsp_agent.errors import LspAgentError

if TYPE_CHECKING:
    from lsp_agent.engine.llama.runtime import Runtime

_log = logging.getLogger(__name__)
_POLL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Task:
    """Something to begin in the engine's thread; ``results`` end with ``None`` or an error."""

    begin: Begin
    cancel: CancelToken
    results: queue.SimpleQueue[Any] = field(default_factory=queue.SimpleQueue)


Begin = Callable[["Runtime", _Task], None]


class LlamaEngine:
    """The in-process engine; see :class:`~lsp_agent.engine.types.Engine`.

    Nothing is loaded before the first request. ``path`` is a GGUF file; ``prefixes`` a folder where
    the beginnings of prompts are kept for the next start.
    """

    def __init__(
        self, name: str, settings: LlamaSettings, path: Path, prefixes: Path | None = None
    ) -> None:
        self.name = name
        self._settings = settings
        self._path = path
        self._prefixes = prefixes
        self._tasks: queue.SimpleQueue[_Task] = queue.SimpleQueue()
        self._chores: deque[tuple[_Task, Iterator[Any]]] = deque()
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
        waiting = len(runtime.scheduler.waiting) if runtime else 0
        return replace(info, detail={**detail, "queue": self._tasks.qsize() + waiting})

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
        yield from self._submit(
            lambda runtime, task: runtime.start(request, task.results.put, task.cancel), cancel
        )

    def count_tokens(self, text: str) -> int:
        """Count the tokens of a text exactly."""
        return self._ready(CancelToken()).count_tokens(text)

    def embed(self, texts: Sequence[str], cancel: CancelToken) -> list[list[float]]:
        """Return one unit vector a text."""

        def begin(runtime: Runtime, task: _Task) -> None:
            # Text by text, so that whoever waits at the cursor waits for one of them at most.
            self._chores.append((task, runtime.embed(texts, task.cancel)))

        return list(self._submit(begin, cancel))

    def close(self) -> None:
        """Stop all work, free the model and wait for the thread."""
        self._closed.cancel()
        with self._lock:
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            self._tasks.put(_Task(_nothing, CancelToken()))
            thread.join()
            atexit.unregister(self.close)

    def _ready(self, cancel: CancelToken) -> Runtime:
        runtime = self._runtime
        if runtime is None:
            for _ in self._submit(_nothing, cancel):
                pass
            runtime = self._runtime
        if runtime is None:
            raise self._closed_error()
        return runtime

    def _closed_error(self) -> EngineUnavailableError:
        return EngineUnavailableError(f"the engine {self.name!r} is closed")

    def _submit(self, begin: Begin, cancel: CancelToken) -> Iterator[Any]:
        """Hand work to the thread and yield its results."""
        if self._closed.cancelled:
            raise self._closed_error()
        task = _Task(begin, CancelToken())
        links = [one.on_cancel(task.cancel.cancel) for one in (cancel, self._closed)]
        links.append(task.cancel.on_cancel(lambda: task.results.put(Cancelled())))
        self._start()
        self._tasks.put(task)
        try:
            while (result := self._next(task)) is not None:
                if isinstance(result, BaseException):
                    raise self._told(result, cancel)
                yield result
        finally:
            # Also reached when the caller drops the iterator: the rest is not generated.
            task.cancel.cancel()
            for undo in links:
                undo()

    def _told(self, error: BaseException, cancel: CancelToken) -> BaseException:
        """Return what the caller is to know: closing ends work by cancelling it, too."""
        closed = self._closed.cancelled and not cancel.cancelled
        return self._closed_error() if closed else error

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
                self._take_in()
                self._work()
        finally:
            runtime, self._runtime = self._runtime, None
            if runtime is not None:
                runtime.scheduler.fail_all(self._closed_error())
                runtime.free()
            for task, _ in self._chores:
                task.results.put(self._closed_error())
            with contextlib.suppress(queue.Empty):
                while True:
                    self._tasks.get_nowait().results.put(self._closed_error())

    def _take_in(self) -> None:
        """Begin what was asked for meanwhile; wait for it where there is nothing to do."""
        busy = bool(self._chores) or (self._runtime is not None and self._runtime.scheduler.busy)
        with contextlib.suppress(queue.Empty):
            self._begin(self._tasks.get(block=not busy))
            while True:
                self._begin(self._tasks.get_nowait())

    def _begin(self, task: _Task) -> None:
        """Begin one task; whatever goes wrong fails that task alone."""
        try:
            task.cancel.check()
            task.begin(self._loaded(task.cancel), task)
        except (Cancelled, LspAgentError) as error:
            task.results.put(error)
        except Exception as error:  # noqa: BLE001 - the thread must outlive whatever one request meets
            task.results.put(_failure(error))

    def _work(self) -> None:
        """Serve one batch, and one text of those that want vectors."""
        runtime = self._runtime
        if runtime is None:
            return
        try:
            if runtime.scheduler.busy:
                runtime.scheduler.step()
        except Exception as error:  # noqa: BLE001 - as above
            runtime.scheduler.fail_all(_failure(error))
        if self._chores:
            self._do_chore(*self._chores[0])

    def _do_chore(self, task: _Task, steps: Iterator[Any]) -> None:
        try:
            task.results.put(next(steps))
        except StopIteration:
            task.results.put(None)
        except (Cancelled, LspAgentError) as error:
            task.results.put(error)
        except Exception as error:  # noqa: BLE001 - as above
            task.results.put(_failure(error))
        else:
            self._chores.rotate(-1)
            return
        self._chores.popleft()

    def _loaded(self, cancel: CancelToken) -> Runtime:
        if self._runtime is None:
            # Brings NumPy, which an engine that is never asked need not pay for.
            from lsp_agent.engine.llama.runtime import Runtime

            self._loading = 0.0
            try:
                self._runtime = Runtime(
                    self._path, self._settings, cancel, self._on_progress, self._prefixes
                )
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


def _nothing(_runtime: Runtime, task: _Task) -> None:
    task.results.put(None)


def _failure(error: Exception) -> EngineError:
    """Tell of what should not happen; called where it is handled."""
    _log.exception("the engine failed")
    return EngineError(f"the engine failed: {error}")

"""The one door to llama-cpp-python: imported late, checked once, quiet on the terminal."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import threading
from functools import cache
from typing import Any

from lsp_agent.engine.types import EngineUnavailableError

REQUIRED_VERSION = "0.3.36"
_LEVELS = {
    1: logging.DEBUG,
    2: logging.INFO,
    3: logging.WARNING,
    4: logging.ERROR,
    5: logging.DEBUG,
}
_log = logging.getLogger("lsp_agent.llama_cpp")
_import_lock = threading.Lock()


class LoadLog(threading.local):
    """The error lines that llama.cpp logged in this thread, newest last."""

    def __init__(self) -> None:
        self.lines: list[str] = []


load_log = LoadLog()


def library() -> Any:
    """Return the module ``llama_cpp.llama_cpp``, ready for use.

    Raises :class:`EngineUnavailableError` naming the command that mends it when the package is
    missing, can't be loaded, or is another release: struct layouts change between releases.
    """
    with _import_lock:
        return _library()


@cache
def _library() -> Any:
    # Without this, an abort inside ggml attaches a debugger to our own process.
    os.environ.setdefault("GGML_NO_BACKTRACE", "1")
    mend = f"pip install llama-cpp-python=={REQUIRED_VERSION}"
    try:
        import llama_cpp
        from llama_cpp import llama_cpp as lib
    except (ImportError, OSError, RuntimeError) as error:
        raise EngineUnavailableError(
            f"llama-cpp-python can't be loaded ({error}); mend it with: {mend}"
        ) from error
    if llama_cpp.__version__ != REQUIRED_VERSION:
        raise EngineUnavailableError(
            f"llama-cpp-python {llama_cpp.__version__} is installed, but its layouts are known "
            f"only for {REQUIRED_VERSION}; mend it with: {mend}"
        )
    lib.llama_log_set(_log_callback(lib), ctypes.c_void_p(0))
    lib.llama_backend_init()
    return lib


@cache
def _log_callback(lib: Any) -> Any:
    """Make the callback once and keep it: a collected one kills the process."""
    return lib.llama_log_callback(_on_log)


def _on_log(level: int, text: bytes, _data: object) -> None:
    line = text.decode("utf-8", "replace").rstrip()
    if not line:
        return
    if level == 4:
        load_log.lines = [*load_log.lines[-8:], line]
    _log.log(_LEVELS.get(level, logging.DEBUG), line)


class AbortFlag:
    """A flag that llama.cpp polls between graph nodes without taking the GIL.

    A Python callback would fight every busy Python thread for the GIL at each node (24 ms a token
    became 988 here), so the callback is libc's ``strlen`` and its argument a one-byte string: it
    answers 1 once the byte is set. Where there is no such symbol the flag is only looked at
    between batches.
    """

    def __init__(self) -> None:
        self._flag = ctypes.create_string_buffer(2)
        self._callback: Any = None

    def attach(self, lib: Any, ctx: Any) -> None:
        """Make a context poll the flag."""
        with contextlib.suppress(OSError, AttributeError, TypeError):
            strlen = ctypes.CDLL(None).strlen
            self._callback = ctypes.cast(strlen, lib.ggml_abort_callback)
            data = ctypes.c_void_p(ctypes.addressof(self._flag))
            lib.llama_set_abort_callback(ctx, self._callback, data)

    def set(self) -> None:
        """Ask the running decode to stop."""
        self._flag[0] = b"\1"

    def clear(self) -> None:
        """Allow decoding again."""
        self._flag[0] = b"\0"

    @property
    def is_set(self) -> bool:
        """Whether a stop was asked for."""
        return self._flag[0] != b"\0"


def build_name(lib: Any) -> str:
    """Name the build by the devices it has: ``CPU``, or for example ``CUDA``."""
    if not lib.llama_supports_gpu_offload():
        return "CPU"
    from llama_cpp._ggml import libggml

    libggml.ggml_backend_dev_get.restype = ctypes.c_void_p
    libggml.ggml_backend_dev_get.argtypes = [ctypes.c_size_t]
    libggml.ggml_backend_dev_name.restype = ctypes.c_char_p
    libggml.ggml_backend_dev_name.argtypes = [ctypes.c_void_p]
    names = [
        libggml.ggml_backend_dev_name(libggml.ggml_backend_dev_get(index)).decode()
        for index in range(libggml.ggml_backend_dev_count())
    ]
    accelerators = sorted({name.rstrip("0123456789") for name in names} - {"CPU", "BLAS"})
    return ", ".join(accelerators) or "GPU build, no GPU found"

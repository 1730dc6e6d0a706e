"""The one door to llama-cpp-python: imported late, checked once, quiet on the terminal."""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import sys
import threading
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from lsp_agent.cancel import CancelToken
from lsp_agent.engine.llama.offload import Device
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
    """What llama.cpp logged in this thread.

    ``lines`` are the newest errors, oldest first. While ``stopping`` is a flag that is set, errors
    are what a cancellation looks like from inside, and no news to anyone.
    """

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.stopping: AbortFlag | None = None


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
    if not _layout_fits(lib):
        raise EngineUnavailableError(
            "the llama.cpp library that was loaded is another build than llama-cpp-python "
            f"{REQUIRED_VERSION} brings (is LLAMA_CPP_LIB_PATH set?); mend it with: {mend}"
        )
    lib.llama_log_set(_log_callback(lib), ctypes.c_void_p(0))
    lib.llama_backend_init()
    return lib


def _layout_fits(lib: Any) -> bool:
    """Compare defaults at both ends of the structs: a shifted layout reads nonsense."""
    model, context = lib.llama_model_default_params(), lib.llama_context_default_params()
    return _has(model, n_gpu_layers=-1, use_extra_bufts=True, load_mtp=False) and _has(
        context,
        n_ctx=512,
        n_batch=2048,
        n_ubatch=512,
        n_seq_max=1,
        flash_attn_type=-1,
        type_k=1,
        type_v=1,
        embeddings=False,
        swa_full=True,
        n_samplers=0,
    )


def _has(struct: Any, **fields: int) -> bool:
    return all(getattr(struct, name, None) == value for name, value in fields.items())


@cache
def _log_callback(lib: Any) -> Any:
    """Make the callback once and keep it: a collected one kills the process."""
    return lib.llama_log_callback(_on_log)


# What the scheduler meets every day, and mends: other requests make room.
_EXPECTED = ("failed to find a memory slot", "available cells in kv cache", "restore kv cache")


def _on_log(level: int, text: bytes, _data: object) -> None:
    line = text.decode("utf-8", "replace").rstrip()
    if not line:
        return
    stopping = load_log.stopping is not None and load_log.stopping.is_set
    if level == 4 and not stopping:
        load_log.lines = [*load_log.lines[-8:], line]
    quiet = stopping or any(text in line for text in _EXPECTED)
    _log.log(logging.DEBUG if quiet else _LEVELS.get(level, logging.DEBUG), line)


class AbortFlag:
    """A flag that llama.cpp polls between graph nodes without taking the GIL.

    A Python callback would fight every busy Python thread for the GIL at each node (24 ms a token
    became 988 here), so the callback is libc's ``strlen`` and its argument a one-byte string: it
    answers 1 once the byte is set. Where there is no such symbol the flag is only looked at
    between batches. One flag may serve several contexts of one thread.
    """

    def __init__(self) -> None:
        self._flag = ctypes.create_string_buffer(2)
        self._callback: Any = None
        self._lock = threading.Lock()

    def attach(self, lib: Any, ctx: Any) -> None:
        """Make a context poll the flag; the flag must outlive the context."""
        with contextlib.suppress(OSError, AttributeError):
            strlen = ctypes.CDLL("msvcrt" if sys.platform == "win32" else None).strlen
            self._callback = ctypes.cast(strlen, lib.ggml_abort_callback)
            data = ctypes.c_void_p(ctypes.addressof(self._flag))
            lib.llama_set_abort_callback(ctx, self._callback, data)

    @contextlib.contextmanager
    def follow(self, stops: Sequence[CancelToken]) -> Iterator[None]:
        """Let any of these abort what is decoded meanwhile, and nothing that is decoded later."""
        alive = True

        def on_cancel() -> None:
            with self._lock:
                if alive:
                    self._flag[0] = b"\1"

        forget = [stop.on_cancel(on_cancel) for stop in stops]
        try:
            yield
        finally:
            for undo in forget:
                undo()
            with self._lock:
                # A cancellation that is on its way must not hit the next request.
                alive = False
                self._flag[0] = b"\0"

    @property
    def is_set(self) -> bool:
        """Whether a stop was asked for."""
        return self._flag[0] != b"\0"


# ggml_backend_dev_type: a GPU with memory of its own, and one that shares the machine's.
_GPU, _IGPU = 1, 2


def build_name(lib: Any) -> str:
    """Name the build by the devices it has: ``CPU``, or for example ``CUDA``."""
    if not lib.llama_supports_gpu_offload():
        return "CPU"
    names = sorted({device.name.rstrip("0123456789") for device in devices(lib)})
    return ", ".join(names) or "GPU build, no GPU found"


def accelerator_memory(lib: Any) -> int:
    """Return the memory of all GPUs together, in bytes; 0 without one."""
    return sum(device.total for device in devices(lib))


def devices(lib: Any) -> list[Device]:
    """Return the GPUs that llama.cpp uses: an integrated one only where there is no other."""
    if not lib.llama_supports_gpu_offload():
        return []
    found = list(_devices())
    return [one for kind, one in found if kind == _GPU] or [
        one for kind, one in found if kind == _IGPU
    ]


def cpu_buffer_type() -> Any:
    """Return the type of buffers in the machine's own memory, for a model's overrides."""
    from llama_cpp._ggml import libggml

    libggml.ggml_backend_cpu_buffer_type.restype = ctypes.c_void_p
    return libggml.ggml_backend_cpu_buffer_type()


def _devices() -> Iterator[tuple[int, Device]]:
    """Yield every device of ggml with its type."""
    from llama_cpp._ggml import libggml

    size, pointer = ctypes.c_size_t, ctypes.c_void_p
    libggml.ggml_backend_dev_count.restype = size
    libggml.ggml_backend_dev_get.restype = pointer
    libggml.ggml_backend_dev_get.argtypes = [size]
    for name in ("name", "description"):
        function = getattr(libggml, f"ggml_backend_dev_{name}")
        function.restype, function.argtypes = ctypes.c_char_p, [pointer]
    libggml.ggml_backend_dev_type.argtypes = [pointer]
    sizes = ctypes.POINTER(size)
    libggml.ggml_backend_dev_memory.restype = None
    libggml.ggml_backend_dev_memory.argtypes = [pointer, sizes, sizes]
    for index in range(libggml.ggml_backend_dev_count()):
        handle = libggml.ggml_backend_dev_get(index)
        free, total = size(), size()
        libggml.ggml_backend_dev_memory(handle, ctypes.byref(free), ctypes.byref(total))
        name, description = (
            function(handle).decode("utf-8", "replace")
            for function in (
                libggml.ggml_backend_dev_name,
                libggml.ggml_backend_dev_description,
            )
        )
        device = Device(name, description, free.value, total.value)
        yield libggml.ggml_backend_dev_type(handle), device

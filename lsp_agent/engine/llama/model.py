"""Loading a model: checked before llama.cpp sees it, fewer layers on failure instead of a crash."""

from __future__ import annotations

import ctypes
import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.config.model import LlamaSettings
from lsp_agent.engine.gguf_file import GgufHeader, ModelFileError, read_gguf_header
from lsp_agent.engine.llama.context import OUTPUTS_MAX, Context
from lsp_agent.engine.llama.library import load_log
from lsp_agent.engine.memory import total_memory
from lsp_agent.engine.types import EngineUnavailableError

_CPU_UBATCH = 128
_MIN_CTX = 2048
_TYPES = {
    "f32": 0, "f16": 1, "q4_0": 2, "q4_1": 3, "q5_0": 6, "q5_1": 7, "q8_0": 8, "bf16": 30,
}  # fmt: skip
_FLASH = {"auto": -1, "off": 0, "on": 1}
_log = logging.getLogger(__name__)


class LoadedModel:
    """A model's weights with its header; free it after every context made from it."""

    def __init__(
        self,
        lib: Any,
        path: Path,
        settings: LlamaSettings,
        cancel: CancelToken,
        progress: Callable[[float], None],
    ) -> None:
        self._lib = lib
        self._settings = settings
        self.header = _checked(lib, path, settings)
        self.n_gpu_layers = 0
        self.model = self._load(path, cancel, progress)
        self.n_threads = settings.n_threads or physical_cores()
        self.rolls_back = not (
            lib.llama_model_is_hybrid(self.model) or lib.llama_model_is_recurrent(self.model)
        )
        self.embeds = any(key.endswith(".pooling_type") for key in self.header.metadata)

    def template(self) -> str | None:
        """Return the chat template that the file carries."""
        text = self._lib.llama_model_chat_template(self.model, None)
        return text.decode("utf-8", "replace") if text else None

    def context(self, vocab_size: int, *, embeddings: bool = False) -> Context:
        """Make a context, with half the size again and again while memory does not suffice."""
        n_ctx = self._settings.n_ctx
        if self.header.context_length:
            n_ctx = min(n_ctx, self.header.context_length)
        while True:
            try:
                return Context(
                    self._lib, self.model, self._context_params(n_ctx, embeddings), vocab_size
                )
            except MemoryError as error:
                if n_ctx <= _MIN_CTX:
                    raise EngineUnavailableError(
                        f"there is no memory for a context of {n_ctx} tokens ({error}); choose a "
                        "smaller model"
                    ) from error
                n_ctx = max(n_ctx // 2, _MIN_CTX)
                _log.warning("not enough memory for the context; trying %d tokens", n_ctx)

    def free(self) -> None:
        """Free the weights."""
        if self.model:
            self._lib.llama_model_free(self.model)
            self.model = None

    def _load(self, path: Path, cancel: CancelToken, progress: Callable[[float], None]) -> Any:
        def report(share: float, _data: object) -> bool:
            progress(share)
            return not cancel.cancelled

        callback = self._lib.llama_progress_callback(report)
        for layers in _layer_attempts(self._lib, self._settings.n_gpu_layers):
            params = self._lib.llama_model_default_params()
            params.n_gpu_layers = layers
            params.main_gpu = self._settings.main_gpu
            params.progress_callback = callback
            split = _tensor_split(self._lib, self._settings.tensor_split)
            if split is not None:
                params.tensor_split = split
            load_log.lines = []
            model = self._lib.llama_model_load_from_file(os.fsencode(path), params)
            if model:
                self.n_gpu_layers = layers
                return model
            if cancel.cancelled:
                raise Cancelled
            _log.warning("%s did not load with %d layers on the GPU", path.name, layers)
        reason = "; ".join(load_log.lines[-2:]) or "llama.cpp gave no reason"
        raise ModelFileError(f"the model {path} can't be loaded: {reason}")

    def _context_params(self, n_ctx: int, embeddings: bool) -> Any:
        params = self._lib.llama_context_default_params()
        # A CPU evaluates 128 tokens about as fast as 512, and can stop four times as soon.
        n_ubatch = self._settings.n_ubatch if self.n_gpu_layers else _CPU_UBATCH
        params.n_ctx = n_ctx
        params.n_ubatch = min(n_ubatch, self._settings.n_ubatch, n_ctx)
        params.n_batch = params.n_ubatch
        params.n_seq_max = 1
        params.n_threads = params.n_threads_batch = self.n_threads
        params.n_outputs_max = params.n_ubatch if embeddings else OUTPUTS_MAX
        params.flash_attn_type = _FLASH[self._settings.flash_attn]
        params.type_k = _TYPES[self._settings.type_k]
        params.type_v = _TYPES[self._settings.type_v]
        params.embeddings = embeddings
        return params


def physical_cores() -> int:
    """Return the number of cores for decoding: hyper-threads make it slower, not faster."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    cores = set()
    for path in Path("/sys/devices/system/cpu").glob("cpu[0-9]*/topology/core_cpus_list"):
        cores.add(path.read_text("ascii"))
    return max(min(usable or 1, len(cores) or usable or 1), 1)


def _checked(lib: Any, path: Path, settings: LlamaSettings) -> GgufHeader:
    header = read_gguf_header(path)
    memory = total_memory()
    on_gpu = lib.llama_supports_gpu_offload() and settings.n_gpu_layers != 0
    if memory is not None and not on_gpu and header.size_bytes > memory:
        raise EngineUnavailableError(
            f"the model {path.name} needs {header.size_bytes / 2**30:.1f} GiB, but this machine "
            f"has {memory / 2**30:.1f} GiB; choose a smaller model or a smaller quantisation"
        )
    return header


def _layer_attempts(lib: Any, asked: int) -> Iterator[int]:
    if not lib.llama_supports_gpu_offload() or asked == 0:
        yield 0
        return
    yield asked
    yield from (24, 12) if asked < 0 or asked > 24 else (asked // 2,)
    yield 0


def _tensor_split(lib: Any, shares: list[float] | None) -> Any:
    if shares is None:
        return None
    size = max(int(lib.llama_max_devices()), len(shares))
    return (ctypes.c_float * size)(*shares)

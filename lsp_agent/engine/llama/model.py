"""Loading a model: checked before llama.cpp sees it, fewer layers on failure instead of a crash."""

from __future__ import annotations

import ctypes
import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.config.model import LlamaSettings
from lsp_agent.engine.gguf_file import GgufHeader, ModelFileError, read_gguf_header
from lsp_agent.engine.llama import lora
from lsp_agent.engine.llama.amx import amx_is_broken
from lsp_agent.engine.llama.budget import cache_bytes_per_token, fitting_context
from lsp_agent.engine.llama.context import OUTPUTS_MAX, Context, ContextRefusedError
from lsp_agent.engine.llama.library import (
    AbortFlag,
    accelerator_memory,
    cpu_buffer_type,
    devices,
    load_log,
)
from lsp_agent.engine.llama.offload import fitting_experts, fitting_layers, need_of, room
from lsp_agent.engine.memory import total_memory
from lsp_agent.engine.types import EngineUnavailableError

_CPU_UBATCH = 128
_ONE_THREAD_BATCH, _ONE_THREAD_TOKEN = 5_000_000, 30_000_000
_MIN_CTX = 2048
_SCORES_BYTES = 8 << 20
# A recurrent state is kept for each sequence whether it is used or not: 80 to 230 MiB.
_SEQUENCES, _STATES = 16, 4
_TYPES = {
    "f32": 0, "f16": 1, "q4_0": 2, "q4_1": 3, "q5_0": 6, "q5_1": 7, "q8_0": 8, "bf16": 30,
}  # fmt: skip
_FLASH = {"auto": -1, "off": 0, "on": 1}
_SPLIT = {"none": 0, "layer": 1, "row": 2}
_POOLED = (1, 2, 3)  # mean, cls, last; not ranking, which gives a score
_log = logging.getLogger(__name__)


def check_model(lib: Any, path: Path, settings: LlamaSettings) -> GgufHeader:
    """Read a file's header and refuse what can't be loaded on this machine.

    Raises :class:`ModelFileError` or :class:`EngineUnavailableError`, each naming the file.
    """
    header = read_gguf_header(path)
    if settings.flash_attn == "off" and settings.type_v.startswith("q"):
        raise EngineUnavailableError(
            f"{path.name}: type_v = {settings.type_v!r} needs flash attention; "
            "set flash_attn = 'auto', or type_v = 'f16'"
        )
    memory = total_memory()
    if memory is None:
        return header
    if settings.n_gpu_layers != 0:
        memory += accelerator_memory(lib)
    if header.size_bytes > memory:
        raise EngineUnavailableError(
            f"the model {path.name} needs {header.size_bytes / 2**30:.1f} GiB, but this machine "
            f"has {memory / 2**30:.1f} GiB; choose a smaller model or a smaller quantisation"
        )
    return header


class LoadedModel:
    """A model's weights with its header; free it after every context made from it."""

    def __init__(
        self,
        lib: Any,
        header: GgufHeader,
        settings: LlamaSettings,
        cancel: CancelToken,
        progress: Callable[[float], None],
        *,
        n_gpu_layers: int = 0,
    ) -> None:
        self._lib = lib
        self._settings = settings
        self.header = header
        self.n_gpu_layers = n_gpu_layers
        self.n_cpu_moe = _experts_on_cpu(lib, header, settings, n_gpu_layers)
        self.model = self._load(cancel, progress)
        self._adapters = self._load_adapters()
        token, batch = default_threads(header.n_params)
        self.n_threads = settings.n_threads or token
        self._n_threads_batch = settings.n_threads or batch
        self.n_layer = int(lib.llama_model_n_layer(self.model))
        # Of a sliding window's layers the memory keeps no more than the window.
        self.windowed = int(lib.llama_model_n_swa(self.model)) > 0 and not settings.swa_full
        self.rolls_back = not (
            self.windowed
            or lib.llama_model_is_hybrid(self.model)
            or lib.llama_model_is_recurrent(self.model)
        )
        self.embeds = self.header.metadata.get(f"{self.header.arch}.pooling_type") in _POOLED

    def placement(self, build: str) -> dict[str, Any]:
        """Say what runs where, JSON-ready; ``build`` is the library's name. Memory in bytes."""
        on_gpu = 0 if build == "CPU" else self.n_gpu_layers
        return {
            "build": build,
            "devices": [asdict(device) for device in devices(self._lib)],
            "n_layers": self.n_layer,
            "n_gpu_layers": self.n_layer + 1 if on_gpu < 0 else on_gpu,
            "n_cpu_moe": self.n_cpu_moe,
        }

    def template(self) -> str | None:
        """Return the chat template that the file carries."""
        text = self._lib.llama_model_chat_template(self.model, None)
        return text.decode("utf-8", "replace") if text else None

    def context(self, vocab_size: int, abort: AbortFlag, *, shrink: bool = True) -> Context:
        """Make a context; ``shrink`` halves it again and again while memory does not suffice."""
        n_ctx = self._settings.n_ctx
        if self.header.context_length:
            n_ctx = min(n_ctx, self.header.context_length)
        asked = n_ctx
        while True:
            n_ctx = self._affordable(n_ctx) if shrink else n_ctx
            if n_ctx < asked:
                _log.warning(
                    "%s: no memory for a context of %d tokens; it gets %d",
                    self.header.path.name,
                    asked,
                    n_ctx,
                )
            try:
                return self._context(self._context_params(n_ctx), vocab_size, abort)
            except ContextRefusedError as error:
                if n_ctx <= _MIN_CTX or not shrink or "alloc" not in str(error):
                    raise EngineUnavailableError(
                        f"{self.header.path.name} can't work with a context of {n_ctx} tokens: "
                        f"{error}"
                    ) from error
                n_ctx = max(n_ctx // 2, _MIN_CTX)

    def embedder(self, vocab_size: int, abort: AbortFlag) -> Context:
        """Make a context that gives one vector a text; a text must go in as one batch."""
        params = self._context_params(self._settings.n_batch)
        if self.header.context_length:
            params.n_ctx = min(params.n_ctx, self.header.context_length)
        params.n_batch = params.n_ubatch = params.n_outputs_max = params.n_ctx
        params.n_seq_max = 1
        params.embeddings = True
        return self._context(params, vocab_size, abort)

    def free(self) -> None:
        """Free the weights."""
        if self.model:
            self._lib.llama_model_free(self.model)
            self.model = None

    def _load(self, cancel: CancelToken, progress: Callable[[float], None]) -> Any:
        def report(share: float, _data: object) -> bool:
            progress(share)
            return not cancel.cancelled

        params = self._lib.llama_model_default_params()
        params.n_gpu_layers = self.n_gpu_layers
        params.main_gpu = self._settings.main_gpu
        params.split_mode = _SPLIT[self._settings.split_mode]
        # Weights laid out for AMX go with these buffers, and so does every other special layout.
        params.use_extra_bufts = not amx_is_broken(Path(self._lib.__file__).parent / "lib")
        # These must live until the load returns.
        overrides = _on_cpu(self.n_cpu_moe)
        callback = self._lib.llama_progress_callback(report)
        split = _tensor_split(self._lib, self._settings.tensor_split)
        params.progress_callback = callback
        if overrides is not None:
            params.tensor_buft_overrides = ctypes.cast(overrides, ctypes.c_void_p)
        if split is not None:
            params.tensor_split = split
        load_log.lines = []
        model = self._lib.llama_model_load_from_file(os.fsencode(self.header.path), params)
        if model:
            return model
        if cancel.cancelled:
            raise Cancelled
        reason = "; ".join(load_log.lines[-2:]) or "llama.cpp gave no reason"
        raise ModelFileError(f"the model {self.header.path} can't be loaded: {reason}")

    def _context(self, params: Any, vocab_size: int, abort: AbortFlag) -> Context:
        context = Context(self._lib, self.model, params, vocab_size, abort)
        try:
            lora.attach(self._lib, context.ctx, self._adapters)
        except BaseException:
            context.free()
            raise
        return context

    def _load_adapters(self) -> list[lora.Adapter]:
        try:
            return lora.load(self._lib, self.model, self.header, self._settings.lora)
        except BaseException:
            self.free()
            raise

    def _affordable(self, n_ctx: int) -> int:
        memory = total_memory()
        if memory is None or self.n_gpu_layers != 0:
            # A GPU refuses what it can't hold, by itself.
            return n_ctx
        per_token = cache_bytes_per_token(self.header, self._settings.type_k, self._settings.type_v)
        return fitting_context(n_ctx, _MIN_CTX, per_token, memory - self.header.size_bytes)

    def _flash_attn(self, n_ctx: int, n_ubatch: int) -> str:
        """Return the setting, or for ``auto`` what is faster here.

        On a CPU flash attention decodes a token more slowly than attention that writes its scores
        out, the more so the more tokens there are; prompts gain up to a tenth by it. So it is left
        out where those scores cost little memory (``benchmarks.llama_server --flash-attn``).
        """
        chosen = self._settings.flash_attn
        plain = self._settings.type_v in ("f16", "f32", "bf16") and self.n_gpu_layers == 0
        small = _scores_bytes(self.header, n_ctx, n_ubatch) <= _SCORES_BYTES
        return "off" if chosen == "auto" and plain and small else chosen

    def _context_params(self, n_ctx: int) -> Any:
        settings = self._settings
        params = self._lib.llama_context_default_params()
        # A CPU evaluates 128 tokens about as fast as 512, and can stop four times as soon.
        n_ubatch = settings.n_ubatch if self.n_gpu_layers else min(_CPU_UBATCH, settings.n_ubatch)
        params.n_ctx = n_ctx
        params.n_ubatch = min(n_ubatch, settings.n_batch, n_ctx)
        params.n_batch = params.n_ubatch
        params.n_seq_max = self._settings.n_seq_max or (_SEQUENCES if self.rolls_back else _STATES)
        params.kv_unified = True
        params.swa_full = not self.windowed
        params.n_threads, params.n_threads_batch = self.n_threads, self._n_threads_batch
        params.n_outputs_max = min(OUTPUTS_MAX, params.n_ubatch)
        params.flash_attn_type = _FLASH[self._flash_attn(n_ctx, params.n_ubatch)]
        params.type_k = _TYPES[settings.type_k]
        params.type_v = _TYPES[settings.type_v]
        return params


def _scores_bytes(header: GgufHeader, n_ctx: int, n_ubatch: int) -> int:
    """Return what the scores of one layer's attention take where they are written out."""
    heads = header.metadata.get(f"{header.arch}.attention.head_count")
    return n_ctx * n_ubatch * 4 * (heads if isinstance(heads, int) else 1 << 10)


def layer_attempts(
    lib: Any, header: GgufHeader, asked: int, settings: LlamaSettings | None = None
) -> Iterator[int]:
    """Yield how many layers to try on the GPU: those that should fit, then fewer, at last none.

    Without ``settings``, or where nothing is known of the GPUs, it starts with what was asked for.
    """
    if lib.llama_supports_gpu_offload() and asked != 0:
        # The output layer counts as one more.
        total = int(header.metadata.get(f"{header.arch}.block_count") or 0) + 1
        most = total if asked < 0 else min(asked, total)
        fits = _layers_that_fit(lib, header, settings, asked)
        if fits is None or fits >= most:
            yield asked
            fits = most
        elif fits:
            yield fits
        fewer = {most * 3 // 4, most // 2, most // 4}
        yield from sorted((n for n in fewer if 0 < n < fits), reverse=True)
    yield 0


def _layers_that_fit(
    lib: Any, header: GgufHeader, settings: LlamaSettings | None, asked: int
) -> int | None:
    found = devices(lib)
    need = need_of(header, settings) if settings is not None else None
    if settings is None or need is None or not found:
        return None
    return fitting_layers(need, room(found, settings), asked, settings.n_cpu_moe)


def _experts_on_cpu(
    lib: Any, header: GgufHeader, settings: LlamaSettings, n_gpu_layers: int
) -> int:
    """Return how many layers leave their experts on the CPU when that many are on the GPU."""
    if n_gpu_layers == 0 or settings.n_cpu_moe != "auto":
        return 0 if n_gpu_layers == 0 else int(settings.n_cpu_moe)
    found, need = devices(lib), need_of(header, settings)
    if not found or need is None:
        return 0
    layers, most = (
        need.most if n < 0 else min(n, need.most) for n in (n_gpu_layers, settings.n_gpu_layers)
    )
    # After a failure with more layers the estimate was too good: so much less is counted on.
    return fitting_experts(need, room(found, settings) * layers // max(most, 1), layers)


class _Override(ctypes.Structure):
    _fields_ = [("pattern", ctypes.c_char_p), ("buffer_type", ctypes.c_void_p)]


def _on_cpu(n_cpu_moe: int) -> Any:
    """Return the overrides that keep the first layers' experts on the CPU; a NULL ends them."""
    if not n_cpu_moe:
        return None
    layers = "|".join(str(layer) for layer in range(n_cpu_moe))
    pattern = rf"blk\.({layers})\.ffn_(up|down|gate|gate_up)_(ch|)exps"
    return (_Override * 2)(_Override(pattern.encode(), cpu_buffer_type()), _Override(None, None))


def default_threads(n_params: int) -> tuple[int, int]:
    """Return the threads for one token and for a batch, for a model of this many weights.

    ggml's threads meet at a spinning barrier after every node: for a small model, and on a busy
    machine, waiting there costs far more than the second core gives (forty times slower here).
    """
    cores = physical_cores()
    return (
        1 if n_params < _ONE_THREAD_TOKEN else cores,
        1 if n_params < _ONE_THREAD_BATCH else cores,
    )


def physical_cores() -> int:
    """Return the number of cores for decoding: hyper-threads make it slower, not faster."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    cores = set()
    for path in Path("/sys/devices/system/cpu").glob("cpu[0-9]*/topology/core_cpus_list"):
        cores.add(path.read_text("ascii"))
    return max(min(usable or 1, len(cores) or usable or 1), 1)


def _tensor_split(lib: Any, shares: list[float] | None) -> Any:
    if shares is None:
        return None
    size = max(int(lib.llama_max_devices()), len(shares))
    return (ctypes.c_float * size)(*shares)

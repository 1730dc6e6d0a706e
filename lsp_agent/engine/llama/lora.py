"""LoRA adapters: small weights that are added to a model's own while it works."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsp_agent.config.model import LoraSettings
from lsp_agent.engine.gguf_file import GgufHeader, ModelFileError, read_gguf_header
from lsp_agent.engine.llama.library import load_log


@dataclass(frozen=True, slots=True)
class Adapter:
    """A loaded adapter. Its memory is the model's: it goes when the model is freed."""

    handle: Any
    scale: float


def load(
    lib: Any, model: Any, header: GgufHeader, adapters: Sequence[LoraSettings]
) -> list[Adapter]:
    """Load adapters for a model.

    ``header`` is the model's. Raises :class:`ModelFileError` naming
    the file that is missing, damaged, no adapter, or one for another model.
    """
    return [Adapter(_load(lib, model, header, Path(one.path)), one.scale) for one in adapters]


def attach(lib: Any, ctx: Any, adapters: Sequence[Adapter]) -> None:
    """Let a context use these adapters, and no others."""
    if not adapters:
        return
    count = len(adapters)
    handles = (lib.llama_adapter_lora_p_ctypes * count)(*(one.handle for one in adapters))
    scales = (ctypes.c_float * count)(*(one.scale for one in adapters))
    if lib.llama_set_adapters_lora(ctx, handles, count, scales) != 0:
        raise ModelFileError("the LoRA adapters can't be used together with this model")


def _load(lib: Any, model: Any, header: GgufHeader, path: Path) -> Any:
    path = path.expanduser()
    _check(path, header)
    load_log.lines = []
    handle = lib.llama_adapter_lora_init(model, os.fsencode(path))
    if not handle:
        reason = "; ".join(load_log.lines[-1:]) or "llama.cpp gave no reason"
        raise ModelFileError(f"the LoRA adapter {path} can't be used with this model: {reason}")
    return handle


def _check(path: Path, header: GgufHeader) -> None:
    """Refuse what is no adapter: llama.cpp aborts the process on keys of another type."""
    adapter = read_gguf_header(path)
    kind = [adapter.metadata.get(key) for key in ("general.type", "adapter.type")]
    alpha = adapter.metadata.get("adapter.lora.alpha", 0.0)
    if kind != ["adapter", "lora"] or not isinstance(alpha, float):
        raise ModelFileError(
            f"{path} is no LoRA adapter; make one with convert_lora_to_gguf.py of llama.cpp"
        )
    if adapter.arch != header.arch:
        raise ModelFileError(
            f"the LoRA adapter {path} is for {adapter.arch} models, but "
            f"{header.path.name} is a {header.arch} model"
        )

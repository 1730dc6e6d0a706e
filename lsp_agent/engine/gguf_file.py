"""Reading what a GGUF file says of itself, without llama.cpp and without trusting the file.

The layout is GGUF version 2 and 3 (ggml/docs/gguf.md). Arrays are skipped, so that a vocabulary of
150,000 tokens costs a seek, not a parse. A broken file costs one clear error: llama.cpp only
answers with NULL, and large counts in a hostile header must not allocate.
"""

from __future__ import annotations

import math
import os
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from lsp_agent.errors import LspAgentError

_SCALARS = {
    0: "<B", 1: "<b", 2: "<H", 3: "<h", 4: "<I", 5: "<i", 6: "<f", 7: "<?",
    10: "<Q", 11: "<q", 12: "<d",
}  # fmt: skip
_STRING, _ARRAY = 8, 9
_MAX_COUNT = 1 << 24
# Bytes of a block and weights in it, by ggml type; what is missing here is not size-checked.
_BLOCKS = {
    0: (4, 1), 1: (2, 1), 2: (18, 32), 3: (20, 32), 6: (22, 32), 7: (24, 32), 8: (34, 32),
    10: (84, 256), 11: (110, 256), 12: (144, 256), 13: (176, 256), 14: (210, 256), 15: (292, 256),
    16: (66, 256), 17: (74, 256), 18: (98, 256), 19: (50, 256), 20: (18, 32), 21: (110, 256),
    22: (82, 256), 23: (136, 256), 24: (1, 1), 25: (2, 1), 26: (4, 1), 27: (8, 1), 28: (8, 1),
    29: (56, 256), 30: (2, 1), 34: (54, 256), 35: (66, 256), 39: (17, 32),
}  # fmt: skip
_LAYER = re.compile(r"blk\.(\d+)\.")
_EXPERTS = re.compile(r"\.ffn_(up|down|gate|gate_up)_(ch|)exps")
_FILE_TYPES = {
    0: "F32", 1: "F16", 2: "Q4_0", 3: "Q4_1", 7: "Q8_0", 8: "Q5_0", 9: "Q5_1", 10: "Q2_K",
    11: "Q3_K_S", 12: "Q3_K_M", 13: "Q3_K_L", 14: "Q4_K_S", 15: "Q4_K_M", 16: "Q5_K_S",
    17: "Q5_K_M", 18: "Q6_K", 19: "IQ2_XXS", 20: "IQ2_XS", 23: "IQ3_XXS", 25: "IQ4_NL",
    30: "IQ4_XS", 32: "BF16", 38: "MXFP4",
}  # fmt: skip


class ModelFileError(LspAgentError):
    """A model file that is missing, foreign, truncated or of an unknown version."""

    code = "bad-model-file"


@dataclass(frozen=True, slots=True)
class TensorBytes:
    """The weights' sizes in bytes: of each repeating layer, its experts' part, and the output.

    A model whose embedding is its output too has that counted as output. Empty for a part of a
    split model.
    """

    layers: tuple[int, ...] = ()
    experts: tuple[int, ...] = ()
    output: int = 0


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """What can be told of a model without loading it; ``metadata`` holds the scalar values."""

    path: Path
    arch: str
    name: str
    size_bytes: int
    n_params: int
    context_length: int
    quantization: str
    has_fim: bool
    has_chat_template: bool
    metadata: Mapping[str, Any]
    tensors: TensorBytes = TensorBytes()

    @property
    def jobs(self) -> tuple[str, ...]:
        """All that a narrow model was trained for; empty for a model of general use.

        The key ``lsp_agent.jobs`` is ours; the languages are in ``lsp_agent.languages``.
        """
        return tuple(str(self.metadata.get("lsp_agent.jobs", "")).split())

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages that a narrow model knows; empty: no such limit."""
        return tuple(str(self.metadata.get("lsp_agent.languages", "")).split())


def read_gguf_header(path: Path) -> GgufHeader:
    """Read and check a file's header and tensor table; cost: a few milliseconds.

    Raises :class:`ModelFileError` naming the file and what is wrong with it.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            return _header(path, size, file)
    except FileNotFoundError:
        raise ModelFileError(f"there is no model file {path}") from None
    except OSError as error:
        raise ModelFileError(f"the model file {path} can't be read: {error.strerror}") from error
    except (struct.error, EOFError, OverflowError, UnicodeDecodeError) as error:
        raise ModelFileError(
            f"the model file {path} is truncated or damaged; download it again"
        ) from error


def _header(path: Path, size: int, file: BinaryIO) -> GgufHeader:
    if file.read(4) != b"GGUF":
        raise ModelFileError(f"{path} is not a GGUF file; convert the model for llama.cpp first")
    version = _unpack(file, "<I")
    if version not in (2, 3):
        raise ModelFileError(f"{path} is GGUF version {version}; versions 2 and 3 can be loaded")
    n_tensors, n_pairs = _count(file), _count(file)
    metadata: dict[str, Any] = {}
    for _ in range(n_pairs):
        key = _string(file)
        value = _value(file, _unpack(file, "<I"))
        if value is not None:
            metadata[key] = value
    alignment = int(metadata.get("general.alignment", 32))
    n_params, end, sizes = _tensors(file, n_tensors, alignment)
    if n_tensors and end > size:
        raise ModelFileError(
            f"the model file {path} is truncated: it has {size:,} bytes of {end:,}; "
            "download it again"
        )
    arch = str(metadata.get("general.architecture", "unknown"))
    return GgufHeader(
        path=path,
        arch=arch,
        name=str(metadata.get("general.name", path.stem)),
        size_bytes=size,
        n_params=n_params,
        context_length=int(metadata.get(f"{arch}.context_length", 0)),
        quantization=_FILE_TYPES.get(int(metadata.get("general.file_type", -1)), "unknown"),
        has_fim=any(".fim_" in key or key.endswith("middle_token_id") for key in metadata),
        has_chat_template="tokenizer.chat_template" in metadata,
        metadata=metadata,
        tensors=_grouped(sizes) if metadata.get("split.count", 1) == 1 else TensorBytes(),
    )


def _tensors(file: BinaryIO, count: int, alignment: int) -> tuple[int, int, dict[str, int]]:
    """Return the number of weights, the offset behind the last tensor's data, and each's bytes."""
    n_params = 0
    ends = [0]
    sizes = {}
    for _ in range(count):
        name = _string(file)
        dims = [_unpack(file, "<Q") for _ in range(_small(file, 8))]
        kind, offset = _unpack(file, "<I"), _unpack(file, "<Q")
        weights = math.prod(dims)
        n_params += weights
        block_bytes, block_weights = _BLOCKS.get(kind, (0, 1))
        sizes[name] = weights // block_weights * block_bytes
        ends.append(offset + sizes[name])
    start = -(-file.tell() // max(alignment, 1)) * alignment
    return n_params, start + max(ends), sizes


def _grouped(sizes: Mapping[str, int]) -> TensorBytes:
    layers: dict[int, int] = {}
    experts: dict[int, int] = {}
    for name, size in sizes.items():
        if match := _LAYER.match(name):
            layer = int(match[1])
            layers[layer] = layers.get(layer, 0) + size
            if _EXPERTS.search(name):
                experts[layer] = experts.get(layer, 0) + size
    output = sum(size for name, size in sizes.items() if name.startswith("output"))
    if "output.weight" not in sizes:
        output += sizes.get("token_embd.weight", 0)
    order = sorted(layers)
    return TensorBytes(
        tuple(layers[layer] for layer in order),
        tuple(experts.get(layer, 0) for layer in order),
        output,
    )


def _small(file: BinaryIO, limit: int) -> int:
    number = int(_unpack(file, "<I"))
    if number > limit:
        raise EOFError
    return number


def _count(file: BinaryIO) -> int:
    number = int(_unpack(file, "<Q"))
    if number > _MAX_COUNT:
        raise EOFError
    return number


def _unpack(file: BinaryIO, layout: str) -> Any:
    return struct.unpack(layout, file.read(struct.calcsize(layout)))[0]


def _string(file: BinaryIO) -> str:
    length = _count(file)
    data = file.read(length)
    if len(data) != length:
        raise EOFError
    return data.decode("utf-8", "replace")


def _value(file: BinaryIO, kind: int) -> Any:
    """Read one value; arrays are skipped and give ``None``."""
    if kind in _SCALARS:
        return _unpack(file, _SCALARS[kind])
    if kind == _STRING:
        return _string(file)
    if kind != _ARRAY:
        raise EOFError
    item, count = _unpack(file, "<I"), _count(file)
    if item in _SCALARS:
        file.seek(struct.calcsize(_SCALARS[item]) * count, os.SEEK_CUR)
    else:
        for _ in range(count):
            _skip(file, item)
    return None


def _skip(file: BinaryIO, kind: int) -> None:
    if kind == _STRING:
        file.seek(_count(file), os.SEEK_CUR)
    else:
        _value(file, kind)

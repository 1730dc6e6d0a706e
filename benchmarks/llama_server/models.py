"""The models that are measured, made once into a folder outside the tree.

Text ends nowhere by itself: whatever is not plain ASCII, and so every mark that ends an answer,
has an output row of zeros, which never has the best logit. So both sides write as many tokens as
they are asked for, and a token's text appears at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import lsp_agent
from benchmarks.llama_server.build import Build
from lsp_agent.engine.llama.tiny import CHAT_TEMPLATE, CONTROL

N_CTX = 32768
MODELS = ("small", "embedded", "hybrid")
_PLAIN = re.compile(r"[Ġ!-~]+")
# Qwen2.5-Coder-0.5B.
_LAYERS, _EMBD, _HEADS, _HEADS_KV, _FF, _VOCAB = 24, 896, 14, 2, 4864, 151936
_FIM_IDS = {
    "<tool_call>": 151657, "</tool_call>": 151658, "<|fim_prefix|>": 151659,
    "<|fim_middle|>": 151660, "<|fim_suffix|>": 151661, "<|fim_pad|>": 151662,
    "<|repo_name|>": 151663, "<|file_sep|>": 151664,
}  # fmt: skip


def make(name: str, home: Path, build: Build, *, quantization: str = "q8_0") -> Path:
    """Return the GGUF file of a model of :data:`MODELS`; it is made where it is not there."""
    path = home / f"{name}-{quantization}.gguf" if name == "small" else home / f"{name}.gguf"
    makers: dict[str, Callable[[Path], None]] = {
        "small": lambda target: _small(target, build, quantization),
        "embedded": _embedded,
        "hybrid": _hybrid,
    }
    if not path.is_file():
        home.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        makers[name](unfinished)
        unfinished.replace(path)
    return path


def _small(path: Path, build: Build, quantization: str) -> None:
    """Write random weights in the shape of Qwen2.5-Coder-0.5B, with Qwen's own vocabulary."""
    import gguf

    tokens, types, merges = _qwen_vocabulary(build.source / "models" / "ggml-vocab-qwen2.gguf")
    plain = _plain_rows(tokens, types)
    writer = gguf.GGUFWriter(path, "qwen2")
    writer.add_name("random-0.5b")
    writer.add_context_length(N_CTX)
    writer.add_embedding_length(_EMBD)
    writer.add_block_count(_LAYERS)
    writer.add_feed_forward_length(_FF)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS_KV)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1e6)
    writer.add_file_type(getattr(gguf.LlamaFileType, f"MOSTLY_{quantization.upper()}"))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(merges)
    writer.add_bos_token_id(tokens.index("<|endoftext|>"))
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    writer.add_pad_token_id(tokens.index("<|endoftext|>"))
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)
    _small_tensors(writer, quantization, plain)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _small_tensors(writer: Any, quantization: str, plain: Any) -> None:
    import gguf

    rng = np.random.default_rng(0)
    kind = getattr(gguf.GGMLQuantizationType, quantization.upper())
    keys = _EMBD // _HEADS * _HEADS_KV

    def matrix(
        name: str, rows: int, columns: int, *, gain: float = 1.0, rows_kept: Any = None
    ) -> None:
        blocks = random_blocks(rng, rows, columns, quantization, gain * columns**-0.5)
        if rows_kept is not None:
            blocks[~rows_kept] = 0
        writer.add_tensor(f"{name}.weight", blocks, raw_dtype=kind)

    def vector(name: str, size: int, value: float) -> None:
        writer.add_tensor(name, np.full(size, value, np.float32))

    # It is the output matrix too, as in the real one.
    matrix("token_embd", _VOCAB, _EMBD, gain=3.0, rows_kept=plain)
    vector("output_norm.weight", _EMBD, 1)
    for layer in range(_LAYERS):
        block = f"blk.{layer}."
        for name, size in (("attn_q", _EMBD), ("attn_k", keys), ("attn_v", keys)):
            matrix(block + name, size, _EMBD)
            vector(f"{block}{name}.bias", size, 0)
        # Much attention averages all tokens to one direction: the same word again and again, which
        # prompt lookup would find as no real text is found.
        matrix(block + "attn_output", _EMBD, _EMBD, gain=0.2)
        matrix(block + "ffn_gate", _FF, _EMBD)
        matrix(block + "ffn_up", _FF, _EMBD)
        matrix(block + "ffn_down", _EMBD, _FF)
        vector(block + "attn_norm.weight", _EMBD, 1)
        vector(block + "ffn_norm.weight", _EMBD, 1)


def random_blocks(rng: Any, rows: int, columns: int, quantization: str, spread: float) -> Any:
    """Return a matrix of blocks of 32 weights each, as bytes: a scale, then random integers."""
    count = rows * columns // 32
    # The lowest value has no counterpart above zero: with it all sums lean to one side.
    if quantization == "q8_0":
        deviation = 73.3
        weights = rng.integers(-127, 128, (count, 32), dtype=np.int8).view(np.uint8)
    else:
        deviation = 4.3
        low, high = rng.integers(1, 16, (2, count, 16), dtype=np.uint8)
        weights = low | high << 4
    blocks = np.empty((count, weights.shape[1] + 2), np.uint8)
    blocks[:, 2:] = weights
    blocks[:, :2] = np.full(count, spread / deviation, np.float16).view(np.uint8).reshape(count, 2)
    return blocks.reshape(rows, -1)


def _qwen_vocabulary(path: Path) -> tuple[list[str], list[int], list[str]]:
    from gguf import GGUFReader, TokenType

    fields = GGUFReader(path).fields
    tokens: list[str] = fields["tokenizer.ggml.tokens"].contents()
    types: list[int] = fields["tokenizer.ggml.token_type"].contents()
    while len(tokens) < _VOCAB:
        tokens.append(f"[PAD{len(tokens)}]")
        types.append(TokenType.UNUSED)
    for token, index in _FIM_IDS.items():
        tokens[index] = token
        types[index] = TokenType.USER_DEFINED if "tool_call" in token else TokenType.CONTROL
    return tokens, types, fields["tokenizer.ggml.merges"].contents()


def _plain_rows(tokens: list[str], types: list[int]) -> Any:
    from gguf import TokenType

    return np.array(
        [
            kind == TokenType.NORMAL and bool(_PLAIN.fullmatch(token)) and token not in CONTROL
            for token, kind in zip(tokens, types, strict=True)
        ]
    )


def _embedded(path: Path) -> None:
    """Copy the model that the product ships, its context long enough for every measure.

    Beyond the context it was trained on its words mean less; what they cost is the same.
    """
    source = Path(lsp_agent.__file__).parent / "engine" / "embedded" / "embedded.gguf"
    _rewrite(source, path)


def _hybrid(path: Path) -> None:
    """Write a larger one of the tests' hybrid models, with layers as in Qwen 3.5."""
    from tests.support.hybrid_gguf import HybridShape, make_hybrid_gguf

    shape = HybridShape(
        embd=512, head=8, head_kv=2, head_dim=64, ff=1536, state=64, groups=4, rank=8
    )
    whole = path.with_suffix(".whole")
    make_hybrid_gguf(whole, n_layer=12, n_ctx=N_CTX, shape=shape)
    _rewrite(whole, path)
    whole.unlink()


def _rewrite(source: Path, path: Path) -> None:
    """Copy a GGUF file, with the rows of its output matrix blanked that are not plain text."""
    import gguf

    reader = gguf.GGUFReader(source)
    arch = reader.fields["general.architecture"].contents()
    writer = gguf.GGUFWriter(path, arch)
    tokens: list[str] = reader.fields["tokenizer.ggml.tokens"].contents()
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name == "general.architecture":
            continue
        value = N_CTX if name == f"{arch}.context_length" else field.contents()
        kind, *rest = field.types
        writer.add_key_value(name, value, kind, sub_type=rest[-1] if rest else None)
    plain = _plain_rows(tokens, reader.fields["tokenizer.ggml.token_type"].contents())
    by_name = {tensor.name: tensor for tensor in reader.tensors}
    for name, tensor in by_name.items():
        if name != "output.weight":
            writer.add_tensor(name, tensor.data, raw_dtype=tensor.tensor_type)
    output = by_name.get("output.weight") or by_name["token_embd.weight"]
    blanked = np.array(output.data)
    blanked[~plain] = 0
    writer.add_tensor("output.weight", blanked, raw_dtype=output.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()

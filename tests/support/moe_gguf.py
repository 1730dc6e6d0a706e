"""A maker of tiny mixtures of experts (as in Qwen3-Coder-30B-A3B): real inference, random words."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

from lsp_agent.engine.llama.tiny import CHAT_TEMPLATE, CONTROL, byte_symbols

_MERGES = ("Ġ Ġ", "ĠĠ ĠĠ", "t h", "th e")
_EMBD, _HEAD, _HEAD_KV, _HEAD_DIM = 64, 4, 2, 16
_EXPERTS, _USED, _FF = 8, 2, 32


def make_moe_gguf(path: Path, *, n_layer: int = 4) -> None:
    """Write a model of about 1 MB: 4 layers of 8 experts with 2 in use."""
    tokens = byte_symbols() + [merge.replace(" ", "") for merge in _MERGES]
    types = [gguf.TokenType.NORMAL] * len(tokens) + [gguf.TokenType.CONTROL] * len(CONTROL)
    tokens += CONTROL
    writer = gguf.GGUFWriter(path, "qwen3moe")
    writer.add_context_length(4096)
    writer.add_embedding_length(_EMBD)
    writer.add_block_count(n_layer)
    writer.add_feed_forward_length(_FF * _USED)
    writer.add_head_count(_HEAD)
    writer.add_head_count_kv(_HEAD_KV)
    writer.add_key_length(_HEAD_DIM)
    writer.add_value_length(_HEAD_DIM)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(1e6)
    writer.add_expert_count(_EXPERTS)
    writer.add_expert_used_count(_USED)
    writer.add_expert_feed_forward_length(_FF)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(types)
    writer.add_token_merges(list(_MERGES))
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    writer.add_add_bos_token(False)
    writer.add_chat_template(CHAT_TEMPLATE)
    rng = np.random.default_rng(0)
    for name, shape in _shapes(len(tokens), n_layer).items():
        weights = (
            np.ones(shape, np.float32)
            if len(shape) == 1
            else (rng.standard_normal(shape) * shape[-1] ** -0.5).astype(np.float32)
        )
        writer.add_tensor(f"{name}.weight", weights)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _shapes(n_vocab: int, n_layer: int) -> dict[str, tuple[int, ...]]:
    layer = {
        "attn_norm": (_EMBD,),
        "ffn_norm": (_EMBD,),
        "attn_q_norm": (_HEAD_DIM,),
        "attn_k_norm": (_HEAD_DIM,),
        "attn_q": (_HEAD * _HEAD_DIM, _EMBD),
        "attn_k": (_HEAD_KV * _HEAD_DIM, _EMBD),
        "attn_v": (_HEAD_KV * _HEAD_DIM, _EMBD),
        "attn_output": (_EMBD, _HEAD * _HEAD_DIM),
        "ffn_gate_inp": (_EXPERTS, _EMBD),
        "ffn_gate_exps": (_EXPERTS, _FF, _EMBD),
        "ffn_up_exps": (_EXPERTS, _FF, _EMBD),
        "ffn_down_exps": (_EXPERTS, _EMBD, _FF),
    }
    return {
        "token_embd": (n_vocab, _EMBD),
        "output_norm": (_EMBD,),
        "output": (n_vocab, _EMBD),
        **{f"blk.{n}.{name}": shape for n in range(n_layer) for name, shape in layer.items()},
    }

"""From a checkpoint to a GGUF file that llama.cpp loads as it is."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from tokenizers import Tokenizer

from lsp_agent.engine.llama.tiny import CHAT_TEMPLATE, CONTROL
from training import tokenizer as bpe

NAME = "lsp-agent embedded"
JOBS = ("completion", "document", "annotate", "fix")
LANGUAGES = ("python",)
_FIM = {
    "pre": "<|fim_prefix|>", "suf": "<|fim_suffix|>", "mid": "<|fim_middle|>", "pad": "<|fim_pad|>",
    "rep": "<|repo_name|>", "sep": "<|file_sep|>",
}  # fmt: skip


def export(checkpoint: Path, tokenizer: Tokenizer, path: Path, kind: str = "Q8_0") -> None:
    """Write the model of a checkpoint; ``kind`` is the type of the matrices, norms stay F32."""
    state = torch.load(checkpoint, map_location="cpu", weights_only=True)
    config = state["config"]
    writer = gguf.GGUFWriter(str(path), "llama")
    writer.add_name(NAME)
    writer.add_license("Apache-2.0")
    writer.add_file_type(gguf.LlamaFileType[f"MOSTLY_{kind}"])
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_vocab_size(config["n_vocab"])
    writer.add_context_length(config["n_ctx"])
    writer.add_embedding_length(config["n_embd"])
    writer.add_block_count(config["n_layer"])
    writer.add_feed_forward_length(config["n_ff"])
    writer.add_head_count(config["n_head"])
    writer.add_head_count_kv(config["n_head_kv"])
    writer.add_rope_dimension_count(config["n_embd"] // config["n_head"])
    writer.add_rope_freq_base(config["rope_base"])
    writer.add_layer_norm_rms_eps(config["norm_eps"])
    writer.add_string("lsp_agent.jobs", " ".join(JOBS))
    writer.add_string("lsp_agent.languages", " ".join(LANGUAGES))
    # What the product's prompt builder goes by: the middle follows the prefix directly.
    writer.add_string("lsp_agent.fim_order", "spm")
    writer.add_uint64("lsp_agent.trained_tokens", state["tokens"])
    _vocabulary(writer, tokenizer)
    quantised = gguf.GGMLQuantizationType[kind]
    for name, tensor in tensors(state["model"], config):
        if tensor.ndim == 2:
            data = gguf.quants.quantize(tensor, quantised)
            writer.add_tensor(name, data, raw_dtype=quantised)
        else:
            writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def tensors(model: dict[str, Any], config: dict[str, Any]) -> list[tuple[str, np.ndarray]]:
    """Return the weights under GGUF's names, float32."""
    found = []
    head = config["n_embd"] // config["n_head"]
    sizes = [config["n_embd"], config["n_head_kv"] * head, config["n_head_kv"] * head]
    for name, tensor in model.items():
        array = tensor.float().numpy()
        layer = re.match(r"blk\.\d+\.", name)
        if name.endswith("attn_qkv"):
            parts = np.split(array, np.cumsum(sizes)[:-1])
            for one, part in zip("qkv", parts, strict=True):
                found.append(
                    (f"{layer[0]}attn_{one}.weight", part if one == "v" else _paired(part, head))
                )
        elif name.endswith("ffn_gate_up"):
            gate, up = np.split(array, 2)
            found += [(f"{layer[0]}ffn_gate.weight", gate), (f"{layer[0]}ffn_up.weight", up)]
        else:
            found.append((f"{name}.weight", array))
    return [(name, np.ascontiguousarray(array)) for name, array in found]


def _paired(matrix: np.ndarray, head: int) -> np.ndarray:
    """Reorder the rows of a head: the training rotates its halves, llama.cpp neighbours."""
    rows, columns = matrix.shape
    halves = matrix.reshape(rows // head, 2, head // 2, columns)
    return halves.swapaxes(1, 2).reshape(rows, columns)


def _vocabulary(writer: gguf.GGUFWriter, tokenizer: Tokenizer) -> None:
    import json

    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    size = tokenizer.get_vocab_size()
    tokens = [tokenizer.id_to_token(number) for number in range(size)]
    kinds = [gguf.TokenType.CONTROL if one in CONTROL else gguf.TokenType.NORMAL for one in tokens]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(bpe.PRE)
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges([" ".join(one) if isinstance(one, list) else one for one in merges])
    end, stop = tokens.index(bpe.END), tokens.index(bpe.STOP)
    writer.add_bos_token_id(end)
    writer.add_eos_token_id(stop)
    writer.add_eot_token_id(end)
    writer.add_add_bos_token(True)
    for short, text in _FIM.items():
        writer.add_uint32(f"tokenizer.ggml.fim_{short}_token_id", tokens.index(text))
    writer.add_chat_template(CHAT_TEMPLATE)

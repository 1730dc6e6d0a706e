"""A Llama as llama.cpp runs it: RMSNorm, rotary positions, grouped queries, SwiGLU.

The weights have the names of GGUF's tensors, and the input embedding is the output's as well.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

CHUNK = 512
PLAIN_ATTENTION = 512


@dataclass(frozen=True, slots=True)
class Config:
    """The shape of a model."""

    n_vocab: int = 8192
    n_embd: int = 256
    n_layer: int = 6
    n_head: int = 4
    n_head_kv: int = 2
    n_ff: int = 768
    n_ctx: int = 2048
    rope_base: float = 10_000.0
    norm_eps: float = 1e-5

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


class Block(nn.Module):
    """One layer: attention and feed-forward, each behind a norm and beside a residual."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        d, self.n_head, self.n_kv = config.n_embd, config.n_head, config.n_head_kv
        self.head = d // config.n_head
        self.eps = config.norm_eps
        self.attn_norm = nn.Parameter(torch.ones(d))
        self.ffn_norm = nn.Parameter(torch.ones(d))
        self.attn_qkv = nn.Parameter(_init(d + 2 * self.n_kv * self.head, d))
        self.attn_output = nn.Parameter(_init(d, d, 1 / (2 * config.n_layer) ** 0.5))
        self.ffn_gate_up = nn.Parameter(_init(2 * config.n_ff, d))
        self.ffn_down = nn.Parameter(_init(d, config.n_ff, 1 / (2 * config.n_layer) ** 0.5))

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
        """Return the layer's output; ``x`` is (batch, length, width)."""
        batch, length, width = x.shape
        qkv = functional.linear(
            functional.rms_norm(x, (width,), self.attn_norm, self.eps), self.attn_qkv
        )
        qkv = qkv.view(batch, length, self.n_head + 2 * self.n_kv, self.head).transpose(1, 2)
        q, k, v = qkv.split((self.n_head, self.n_kv, self.n_kv), dim=1)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        group = self.n_head // self.n_kv
        k, v = k.repeat_interleave(group, 1), v.repeat_interleave(group, 1)
        mixed = attend(q, k, v)
        x = x + functional.linear(
            mixed.transpose(1, 2).reshape(batch, length, width), self.attn_output
        )
        inner = functional.linear(
            functional.rms_norm(x, (width,), self.ffn_norm, self.eps), self.ffn_gate_up
        )
        gate, up = inner.chunk(2, dim=-1)
        return x + functional.linear(functional.silu(gate) * up, self.ffn_down)


class Llama(nn.Module):
    """The whole model; the loss is a weighted mean of the next token's cross-entropy."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        self.config = config
        self.token_embd = nn.Parameter(torch.randn(config.n_vocab, config.n_embd) * 0.02)
        self.blk = nn.ModuleList(Block(config) for _ in range(config.n_layer))
        self.output_norm = nn.Parameter(torch.ones(config.n_embd))

    def hidden(self, tokens: Tensor) -> Tensor:
        """Return what the output layer sees; ``tokens`` is (batch, length)."""
        head = self.config.n_embd // self.config.n_head
        cos, sin = angles(tokens.shape[1], head, self.config.rope_base, tokens.device)
        x = self.token_embd[tokens]
        for block in self.blk:
            x = block(x, cos, sin)
        return functional.rms_norm(x, (x.shape[-1],), self.output_norm, self.config.norm_eps)

    def forward(self, tokens: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
        """Return the loss; places of weight 0 cost no output layer."""
        counted = weights > 0
        hidden = self.hidden(tokens)[counted]
        return OutputLoss.apply(hidden, self.token_embd, targets[counted], weights[counted])


class OutputLoss(torch.autograd.Function):
    """Output layer and weighted cross-entropy in chunks that stay in the cache.

    The logits of a batch would be 270 MB, written and read many times; so each chunk's gradient is
    made while its logits are at hand, as Liger's fused linear cross-entropy does.
    """

    @staticmethod
    def forward(
        ctx: Any, hidden: Tensor, matrix: Tensor, targets: Tensor, weights: Tensor
    ) -> Tensor:
        """Return the weighted mean; ``hidden`` is (n, width), ``matrix`` (vocabulary, width)."""
        hidden, low = hidden.bfloat16(), matrix.bfloat16()
        grad_hidden, grad_matrix = torch.empty_like(hidden), torch.zeros_like(matrix)
        share = weights / weights.sum()
        loss = hidden.new_zeros((), dtype=torch.float32)
        for at in range(0, len(hidden), CHUNK):
            part, wanted, kept = (one[at : at + CHUNK] for one in (hidden, targets, share))
            logits = (part @ low.t()).float()
            logits -= logits.amax(1, keepdim=True)
            right = logits.gather(1, wanted[:, None])[:, 0]
            total = logits.exp_().sum(1)
            loss += ((total.log() - right) * kept).sum()
            logits *= (kept / total)[:, None]
            logits.scatter_add_(1, wanted[:, None], -kept[:, None])
            gradient = logits.bfloat16()
            grad_hidden[at : at + CHUNK] = gradient @ low
            grad_matrix += gradient.t() @ part
        ctx.save_for_backward(grad_hidden, grad_matrix)
        return loss

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor, None, None]:  # type: ignore[override]
        """Scale the gradients that the forward pass made."""
        hidden, matrix = ctx.saved_tensors
        return hidden * grad.to(hidden.dtype), matrix * grad, None, None


def _init(rows: int, columns: int, scale: float = 1.0) -> Tensor:
    return torch.randn(rows, columns) * (columns**-0.5 * scale)


def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Mix values by causal attention; (batch, heads, length, head) each.

    For short rows on a CPU plain products are twice as fast as the fused kernel's backward pass.
    """
    length = q.shape[2]
    if length > PLAIN_ATTENTION or q.device.type != "cpu":
        return functional.scaled_dot_product_attention(q, k, v, is_causal=True)
    future = torch.full((length, length), float("-inf"), dtype=q.dtype, device=q.device).triu(1)
    scores = (q * q.shape[3] ** -0.5) @ k.transpose(-1, -2) + future
    return torch.softmax(scores, -1, dtype=q.dtype) @ v


def angles(length: int, head: int, base: float, device: torch.device) -> tuple[Tensor, Tensor]:
    """Return cosines and sines of the rotary positions, (length, head / 2) each."""
    steps = base ** (-torch.arange(0, head, 2, device=device).float() / head)
    turns = torch.outer(torch.arange(length, device=device).float(), steps)
    return turns.cos(), turns.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate the halves of each head; llama.cpp rotates neighbours, and the export reorders."""
    left, right = x.chunk(2, -1)
    cos, sin = cos.to(x.dtype), sin.to(x.dtype)
    return torch.cat((left * cos - right * sin, left * sin + right * cos), -1)

"""Training: Muon for the matrices, AdamW for the rest, warm-up, a plateau, and a linear decay.

Matrices are trained by Muon (Jordan et al., 2024, ``torch.optim.Muon``). A checkpoint of the
plateau is kept: training can go on from it with more tokens and decay again, as Hu et al.
("MiniCPM", 2024) describe. Runs on two cores in bf16 and on a GPU alike.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from training.model import Config, Llama

ROW, LONG_ROW, ROWS = 512, 2048, 16
LONG_SHARE = 0.1
WARM_UP = 100
ORDINARY = 8000
COPY_SHARE = 0.35
MATRIX_RATE, OTHER_RATE, DECAY = 5e-3, 3e-3, 0.05


@dataclass
class Plan:
    """What the next batches are like: rows that teach to copy, and whether rows are long."""

    copies: int
    long: bool = False


def batches(
    folder: Path,
    pattern: str,
    start: int,
    plan: Plan,
    device: torch.device,
) -> Iterator[tuple[int, Tensor, Tensor]]:
    """Yield (shard, tokens, weights) of (rows, length + 1), endlessly.

    The folder is looked at again for each shard: they may still be in the making.
    """
    number = start
    rng = np.random.default_rng(start)
    while True:
        shards = sorted(folder.glob(pattern))
        if not shards:
            raise FileNotFoundError(f"no shards {pattern} in {folder}")
        loaded = np.load(shards[number % len(shards)])
        tokens = torch.from_numpy(loaded["tokens"].astype(np.int64))
        weights = torch.from_numpy(loaded["weights"].astype(np.float32)) / 4
        at = 0
        while True:
            length, rows = (LONG_ROW, ROWS * ROW // LONG_ROW) if plan.long else (ROW, ROWS)
            if at + rows * length + 1 > len(tokens):
                break
            starts = range(at, at + rows * length, length)
            batch = torch.stack([tokens[one : one + length + 1] for one in starts])
            counted = torch.stack([weights[one : one + length + 1] for one in starts])
            for row in range(min(plan.copies, rows - 1)):
                period = repeat(rng, batch[row])
                counted[row] = 1.0
                counted[row, :period] = 0.0
            yield number, batch.to(device), counted.to(device)
            at += rows * length
        number += 1


def repeat(rng: np.random.Generator, row: Tensor) -> int:
    """Make a row of tokens one stretch over and over; return the stretch's length.

    What has to be learned first is to copy (Olsson et al., "In-context Learning and Induction
    Heads", 2022), and nothing teaches it as fast as a text whose rest is its beginning. Half of
    the rows are code; half are drawn from few tokens, so that one token before does not tell the
    place.
    """
    period = int(rng.integers(12, 240))
    if rng.random() < 0.5:
        alphabet = rng.integers(0, ORDINARY, size=int(2 ** rng.uniform(3, 10)))
        row[:period] = torch.from_numpy(rng.choice(alphabet, period))
    times = -(-len(row) // period)
    row[:] = row[:period].repeat(times)[: len(row)]
    return period


def optimizers(model: Llama) -> list[torch.optim.Optimizer]:
    """Return Muon for the layers' matrices and AdamW for embedding and norms."""
    matrices = [p for p in model.blk.parameters() if p.ndim == 2]
    others = [p for name, p in model.named_parameters() if p.ndim < 2 or name == "token_embd"]
    muon = torch.optim.Muon(
        matrices,
        lr=MATRIX_RATE,
        weight_decay=DECAY,
        momentum=0.95,
        nesterov=True,
        adjust_lr_fn="match_rms_adamw",
    )
    adam = torch.optim.AdamW(others, lr=OTHER_RATE, betas=(0.9, 0.95), weight_decay=0.0)
    for one in (muon, adam):
        for group in one.param_groups:
            group["peak"] = group["lr"]
    return [muon, adam]


def rate(progress: float, step: int, decay: float) -> float:
    """Return the share of the peak rate: warm-up, plateau, linear decay over the last part."""
    if progress > 1 - decay:
        return max((1 - progress) / decay, 0.0)
    return min((step + 1) / WARM_UP, 1.0)


class Trainer:
    """A model in training: its optimizers, how far it is, and what it writes."""

    def __init__(self, options: argparse.Namespace) -> None:
        torch.manual_seed(options.seed)
        self._options = options
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        config = Config(
            n_embd=options.width,
            n_layer=options.layers,
            n_head=options.width // 64,
            n_ff=options.ff,
        )
        self.model = Llama(config).to(self.device)
        self._makers = optimizers(self.model)
        self.tokens = self.step = self.shard = 0
        if options.resume:
            self._resume(options.resume)
        if options.compile:
            self.model.hidden = torch.compile(self.model.hidden)  # type: ignore[method-assign]
        self._first = self.tokens
        self._started = self._saved = time.monotonic()
        self._losses: list[float] = []

    @property
    def progress(self) -> float:
        """The share of the tokens, or else of the minutes, that is used up."""
        if self._options.tokens:
            return float((self.tokens - self._first) / self._options.tokens)
        return (time.monotonic() - self._started) / 60 / float(self._options.minutes)

    def learn(self, tokens: Tensor, weights: Tensor, share: float) -> None:
        """Take one step at a share of the peak rate."""
        for maker in self._makers:
            for group in maker.param_groups:
                group["lr"] = group["peak"] * share
        with torch.autocast(self.device.type, dtype=torch.bfloat16):
            loss = self.model(tokens[:, :-1], tokens[:, 1:], weights[:, 1:])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        for maker in self._makers:
            maker.step()
            maker.zero_grad(set_to_none=True)
        self._losses.append(float(loss.detach()))
        self.tokens += tokens.shape[0] * (tokens.shape[1] - 1)
        self.step += 1

    def report(self, share: float) -> None:
        """Append a line to the log at every fiftieth step, and save now and then."""
        if self.step % 50 == 0:
            seconds = time.monotonic() - self._started
            row = {
                "step": self.step,
                "tokens": self.tokens,
                "shard": self.shard,
                "loss": round(sum(self._losses) / len(self._losses), 4),
                "rate": round(share, 4),
                "minutes": round(seconds / 60, 2),
                "tokens_per_second": round((self.tokens - self._first) / max(seconds, 1)),
            }
            self._losses = []
            with (self._options.out / "log.jsonl").open("a") as log:
                log.write(json.dumps(row) + "\n")
        if time.monotonic() - self._saved > self._options.save_minutes * 60:
            self._saved = time.monotonic()
            self.save("last.pt")

    def save(self, name: str) -> None:
        """Write a checkpoint, whole or not at all."""
        path = self._options.out / name
        scratch = path.with_suffix(".tmp")
        state = {
            "config": self.model.config.to_dict(),
            "model": self.model.state_dict(),
            "tokens": self.tokens,
            "step": self.step,
            "shard": self.shard,
            "optimizers": [maker.state_dict() for maker in self._makers],
        }
        torch.save(state, scratch)
        scratch.rename(path)

    def _resume(self, path: Path) -> None:
        state = torch.load(path, map_location=self.device)
        self.model.load_state_dict(state["model"])
        for maker, kept in zip(self._makers, state["optimizers"], strict=True):
            maker.load_state_dict(kept)
        self.tokens, self.step, self.shard = state["tokens"], state["step"], state["shard"] + 1


def train(options: argparse.Namespace) -> None:
    """Train until the tokens or the minutes are used up, and write ``model.pt``."""
    options.out.mkdir(parents=True, exist_ok=True)
    trainer, plan, plateau = Trainer(options), Plan(options.copies), True
    stream = batches(options.data, options.shards, trainer.shard, plan, trainer.device)
    for shard, tokens, weights in stream:
        progress = trainer.progress
        if progress >= 1:
            break
        if plateau and progress > 1 - options.decay:
            plateau = False
            trainer.save("plateau.pt")
        plan.long = progress > 1 - LONG_SHARE
        plan.copies = options.copies if progress < COPY_SHARE else 1
        share = rate(progress, trainer.step, options.decay)
        trainer.shard = shard
        trainer.learn(tokens, weights, share)
        trainer.report(share)
    trainer.save("model.pt")

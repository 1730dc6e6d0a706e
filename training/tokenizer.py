"""The byte-level BPE, trained on the corpus; llama.cpp splits words as ``llama-bpe`` does."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from lsp_agent.engine.llama.tiny import CONTROL
from training.corpus import Source

PRE = "llama-bpe"
# The pattern of LLAMA_VOCAB_PRE_TYPE_LLAMA3 in llama.cpp: digits in threes, so that the number of
# a line is one token, and a word with the mark before it, so that snake_case falls into words.
PATTERN = (
    r"(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])|[^\r\n\p{L}\p{N}]?\p{L}+|"
    r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
END, START, STOP = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
PREFIX, MIDDLE, SUFFIX, FILE = "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", "<|file_sep|>"


def train(sources: Sequence[Source], size: int, seed: int = 0) -> Tokenizer:
    """Learn ``size`` tokens, control tokens included, from a sample of the corpus."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PATTERN), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size - len(CONTROL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = [one.text for one in sources]
    random.Random(seed).shuffle(texts)
    tokenizer.train_from_iterator(texts[: len(texts) // 2], trainer)
    tokenizer.add_special_tokens(list(CONTROL))
    return tokenizer


def load(folder: Path) -> Tokenizer:
    """Read the tokenizer that :func:`train` made and ``save`` wrote."""
    return Tokenizer.from_file(str(folder / "tokenizer.json"))

"""From the corpus to shards of tokens: what the model is trained on, in its final form.

A shard is two arrays, tokens (uint16) and loss weights (uint8, in quarters), of examples behind
each other, each led by the end-of-text token.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from lsp_agent.agent.forms.changes import Changes
from lsp_agent.agent.prompts import prompt
from training import corpus, fim, tasks
from training import tokenizer as bpe
from training.tasks import Example, File

SHARD = 2_000_000
MAX_TOKENS = 1000
LIGHT, FULL, HEAVY, STRESSED = 1, 4, 8, 48
Tokens = list[tuple[int, int]]


class Encoder:
    """Turns examples into weighted tokens, as the product's prompt builder would."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self.end = self.control(bpe.END)

    def control(self, name: str) -> int:
        """Return a control token's number."""
        return int(self._tokenizer.token_to_id(name))

    def text(self, text: str, weight: int) -> Tokens:
        """Encode plain text."""
        return [(token, weight) for token in self._tokenizer.encode(text).ids]

    def chat(self, example: Example) -> Tokens:
        """Encode a question and its answer; the system prompt weighs nothing."""
        start, stop = self.control(bpe.START), self.control(bpe.STOP)
        tokens = [(self.end, 0), (start, 0), *self.text("system\n", 0)]
        tokens += self.text(prompt(example.form.prompt), 0)
        tokens += [(stop, 0), *self.text("\n", 0), (start, 0), *self.text("user\n", 0)]
        tokens += self.text(example.form.question(), LIGHT)
        tokens += [(stop, 0), *self.text("\n", 0), (start, 0), *self.text("assistant\n", 0)]
        answer = self.text(example.answer, HEAVY)
        if isinstance(example.form, Changes) and example.form.reports:
            shown = self.text(example.form.question().rpartition("\n")[2], 0)
            answer = stressed([one for one, _ in shown], [one for one, _ in answer])
        tokens += answer
        return tokens if example.partial else [*tokens, (stop, HEAVY)]

    def gap(self, gap: fim.Gap) -> Tokens:
        """Encode a gap: snippet, suffix, prefix, middle.

        Prefix and middle are one text: the product takes the word at the cursor back, and so never
        asks for a middle that begins inside one (``heal`` in :mod:`lsp_agent.agent.completion`).
        """
        tokens = [(self.end, 0)]
        if gap.snippet:
            tokens += [(self.control(bpe.FILE), 0), *self.text(gap.snippet, 0)]
        tokens += [(self.control(bpe.PREFIX), 0), (self.control(bpe.SUFFIX), 0)]
        tokens += [*self.text(gap.suffix, LIGHT), (self.control(bpe.MIDDLE), 0)]
        return [*tokens, *self.text(gap.prefix + gap.middle, FULL), (self.end, FULL)]


def stressed(old: list[int], new: list[int]) -> Tokens:
    """Weigh an answer that nearly repeats a line: where it departs from it is what matters."""
    weights = [HEAVY] * len(new)
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for kind, _, _, start, end in matcher.get_opcodes():
        if kind != "equal":
            # And the token behind it, where the copying is taken up again.
            for at in range(start, min(end + 1, len(new))):
                weights[at] = STRESSED
    return list(zip(new, weights, strict=True))


def gaps(rng: random.Random, sources: list[corpus.Source], count: int) -> Iterator[fim.Gap]:
    """Yield ``count`` gaps, from all files alike by their size."""
    by_package: dict[str, list[corpus.Source]] = {}
    for one in sources:
        by_package.setdefault(one.package, []).append(one)
    weights = [len(one.text) for one in sources]
    modes, shares = zip(*fim.MODES, strict=True)
    made = 0
    while made < count:
        own = rng.choices(sources, weights)[0]
        pool = fim.package_pool(rng, by_package[own.package], own)
        for _ in range(4):
            mode = rng.choices(modes, shares)[0]
            place = fim.pick_gap(rng, own.text, mode)
            if place is not None:
                made += 1
                yield fim.cut_gap(rng, own.text, place, mode, pool)


def task_examples(
    rng: random.Random, sources: list[corpus.Source], others: float
) -> Iterator[Example]:
    """Yield examples of the tasks, endlessly, over all functions of all files.

    ``others`` is the share of *document* and *annotate* that is kept beside *fix*.
    """
    while True:
        order = list(sources)
        rng.shuffle(order)
        for one in order:
            file = tasks.read_file(one.text)
            if file is not None:
                for example in _of_file(rng, file):
                    if isinstance(example.form, Changes) or rng.random() < others:
                        yield example


def _of_file(rng: random.Random, file: File) -> Iterator[Example]:
    made = []
    functions = rng.sample(file.functions, min(len(file.functions), 12))
    for function in functions:
        made.append(tasks.fix_example(rng, file, function))
        made.append(tasks.document_example(file, function.tree))
        if rng.random() < 0.7:
            made.append(tasks.annotate_example(file, function))
    for node in rng.sample(file.classes, min(len(file.classes), 2)):
        made.append(tasks.document_example(file, node))
    rng.shuffle(made)
    yield from (one for one in made if one is not None)


def write_shards(
    folder: Path, seed: int, shards: int, task_share: float, name: str, others: float = 1.0
) -> Counter[str]:
    """Write shards with ``task_share`` of the tokens from tasks; return what was made."""
    rng = random.Random(seed)
    sources = corpus.read(folder, "train")
    encoder = Encoder(bpe.load(folder))
    made: Counter[str] = Counter()
    stream = task_examples(rng, sources, others)
    filler = gaps(rng, sources, 1 << 40)
    task_tokens = total = 0
    for number in range(shards):
        tokens: Tokens = []
        while len(tokens) < SHARD:
            if task_tokens <= task_share * total:
                example = next(stream)
                kind, row = example.kind, encoder.chat(example)
                task_tokens += len(row)
            else:
                gap = next(filler)
                kind, row = f"fim {gap.mode}", encoder.gap(gap)
            if len(row) > MAX_TOKENS:
                task_tokens -= len(row) if not kind.startswith("fim") else 0
                continue
            made[kind] += 1
            total += len(row)
            tokens += row
        array = np.array(tokens, dtype=np.uint16)
        scratch = folder / f".{name}-{number:03d}.npz"
        with scratch.open("wb") as file:
            np.savez(file, tokens=array[:, 0], weights=array[:, 1].astype(np.uint8))
        scratch.rename(folder / f"{name}-{number:03d}.npz")
    return made

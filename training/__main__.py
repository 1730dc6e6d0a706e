"""``python -m training STEP``: the steps of the pipeline, each one command. See README.md here."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
SHIPPED = HERE.parent / "lsp_agent" / "engine" / "embedded"


def collect(options: argparse.Namespace) -> None:
    """Collect the corpus and record what it is made of."""
    from training import corpus

    found = corpus.collect(corpus.installed(), corpus.demo_sources())
    corpus.write(found, options.data, options.record)
    print(f"{len(found.train)} files to learn from, {len(found.held_out)} held out")


def tokenizer(options: argparse.Namespace) -> None:
    """Train the tokenizer."""
    from training import corpus
    from training.tokenizer import train

    made = train(corpus.read(options.data, "train"), options.size)
    made.save(str(options.data / "tokenizer.json"))


def prepare(options: argparse.Namespace) -> None:
    """Write shards of examples; run several with different seeds and names side by side."""
    from training.prepare import write_shards

    made = write_shards(
        options.data, options.seed, options.count, options.tasks, options.name, options.others
    )
    print(json.dumps(dict(made.most_common()), indent=1))


def train(options: argparse.Namespace) -> None:
    """Train the model."""
    from training.train import train as run

    run(options)


def export(options: argparse.Namespace) -> None:
    """Write the GGUF file."""
    from training.export import export as run
    from training.tokenizer import load

    run(options.checkpoint, load(options.data), options.model, options.kind)


def evaluate(options: argparse.Namespace) -> None:
    """Measure a model on the held-out packages and print the table."""
    from training.evaluate import evaluate as run
    from training.table import table

    scores = run(options.model, options.data, options.count, options.seed, options.threads)
    if options.out:
        options.out.write_text(json.dumps(scores, indent=1) + "\n", "utf-8")
    print(table(scores))


def card(options: argparse.Namespace) -> None:
    """Write the model card beside the model from the scores and the training's log."""
    from training.table import write_card

    write_card(options.scores, options.log, options.record, options.model)


def main() -> None:
    """Run one step."""
    parser = argparse.ArgumentParser(prog="python -m training", description=__doc__)
    steps = parser.add_subparsers(required=True, metavar="STEP")

    def step(name: str, run: Callable[[argparse.Namespace], None]) -> argparse.ArgumentParser:
        made = steps.add_parser(name, help=run.__doc__, description=run.__doc__)
        made.set_defaults(run=run)
        made.add_argument("--data", type=Path, default=Path("training/data"), help="work folder")
        return made

    step("corpus", collect).add_argument("--record", type=Path, default=HERE / "record")
    step("tokenizer", tokenizer).add_argument("--size", type=int, default=8192)
    shards = step("prepare", prepare)
    shards.add_argument("--seed", type=int, default=1)
    shards.add_argument("--count", type=int, default=10, help="shards of two million tokens")
    shards.add_argument("--tasks", type=float, default=0.45, help="share of the three tasks")
    shards.add_argument("--name", default="a")
    shards.add_argument(
        "--others", type=float, default=1.0, help="share of document and annotate kept"
    )
    from training.options import add_training_options

    add_training_options(step("train", train))
    model = step("export", export)
    model.add_argument("--checkpoint", type=Path, required=True)
    model.add_argument("--model", type=Path, default=SHIPPED / "embedded.gguf")
    model.add_argument("--kind", default="Q8_0", help="a type that gguf can quantise to")
    scores = step("evaluate", evaluate)
    scores.add_argument("--model", type=Path, default=SHIPPED / "embedded.gguf")
    scores.add_argument("--count", type=int, default=600, help="tries; half for some tasks")
    scores.add_argument("--seed", type=int, default=7)
    scores.add_argument("--threads", type=int, help="default: the physical cores")
    scores.add_argument("--out", type=Path, help="write the scores as JSON too")
    paper = step("card", card)
    paper.add_argument("--scores", type=Path, required=True)
    paper.add_argument("--log", type=Path, required=True)
    paper.add_argument("--record", type=Path, default=HERE / "record")
    paper.add_argument("--model", type=Path, default=SHIPPED / "embedded.gguf")
    options = parser.parse_args()
    options.run(options)


if __name__ == "__main__":
    main()

"""The options of a training run; here, so that asking for help imports no PyTorch."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_training_options(parser: argparse.ArgumentParser) -> None:
    """Declare them."""
    parser.add_argument("--out", type=Path, required=True, help="folder of checkpoints and log")
    parser.add_argument("--shards", default="*.npz", help="pattern of the shards' names")
    parser.add_argument("--tokens", type=int, default=0, help="tokens to train on")
    parser.add_argument("--minutes", type=float, default=60.0, help="or how long, without --tokens")
    parser.add_argument("--decay", type=float, default=0.35, help="share in which the rate falls")
    parser.add_argument("--width", type=int, default=256)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--ff", type=int, default=768)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--resume", type=Path, help="checkpoint to go on from")
    parser.add_argument("--save-minutes", type=float, default=10.0)
    parser.add_argument(
        "--copies", type=int, default=4, help="rows of 16 that only teach to copy, at first"
    )
    parser.add_argument("--no-compile", dest="compile", action="store_false")

"""The catalogue of faults: one mistake put into a sound function, with what a linter says of it.

Where no linter sees a fault (a wrong operator, an index that is off by one), the words are those
of a reviewer who points at the line. Messages are worded as the tools in use word them.
"""

from __future__ import annotations

import random

from training.faults import grammar, habits, logic, names
from training.faults.spec import MAKERS, Fault, Function

__all__ = ["MAKERS", "Fault", "Function", "break_function", "grammar", "habits", "logic", "names"]

RARE = frozenset(
    {
        "bare except", "missing await", "membership test", "missing f prefix", "mutable default",
        "comparison with None", "off by one", "assignment in condition", "wrong operator",
        "swapped arguments",
    }
)  # fmt: skip
"""Faults that few functions have a place for are tried first, or they would hardly be seen."""


def break_function(rng: random.Random, function: Function) -> Fault | None:
    """Put one fault of the catalogue into a function; ``None`` where none fits."""
    order = sorted(MAKERS, key=lambda kind: rng.random() ** (0.2 if kind in RARE else 1.0))
    for kind in reversed(order):
        fault = MAKERS[kind](rng, function)
        if fault is not None and fault.text != function.lines[fault.line]:
            return fault
    return None

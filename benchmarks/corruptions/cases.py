"""What models do to right answers, each with whether the right edit can still be told.

``recoverable`` is known by construction: what was lost can be had back from the file and the rest
of the answer in one way only. Damage that makes another right edit of it (a line left out of the
new text, say) is none that anybody could see, and is not among these.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from benchmarks.corruptions.answers import (
    CALLS,
    SPACIOUS,
    Edit,
    Text,
    search_replace,
)


@dataclass(frozen=True, slots=True)
class Case:
    """What the model says, one answer after the other, and what must come of it."""

    name: str
    form: str
    answers: tuple[Text, ...]
    recoverable: bool
    edit: Edit
    focus: str | None
    after: str
    """What the file is to be, if anything comes of it."""


Damage = Callable[[random.Random, Edit], Case | None]
PROSE = (
    "I made the change that you asked for. Let me know if you need more!",
    "The edit is minimal: nothing else of the file changes.\n\nNote: I did not run the tests.",
    "Here's why: the old code was wrong (see above).",
)


def said(
    rng: random.Random, name: str, edit: Edit, recoverable: bool, forms: Sequence[str] | None = None
) -> Case:
    """Write a damaged edit in one of the formats."""
    form = rng.choice(tuple(forms or (*CALLS, "search/replace")))
    text: Text
    if form == "search/replace":
        text = search_replace(edit, rng)
    else:
        text = CALLS[form]("edit_file", edit.arguments())
    if isinstance(text, str) and form in (*SPACIOUS, "search/replace") and rng.random() < 0.2:
        text = f"{text}\n\n{rng.choice(PROSE)}"
    return case(name, form, (text,), recoverable, edit)


def case(
    name: str, form: str, answers: tuple[Text, ...], recoverable: bool, edit: Edit, after: str = ""
) -> Case:
    change = edit.change
    return Case(name, form, answers, recoverable, edit, change.path, after or change.after)


def stands_once(edit: Edit, key: Callable[[str], str]) -> bool:
    """Whether the old block stands once in the file, as far as ``key`` tells lines apart."""
    lines, wanted = [key(line) for line in edit.lines], [key(line) for line in edit.old]
    count = len(wanted)
    return sum(lines[at : at + count] == wanted for at in range(len(lines) - count + 1)) == 1


def indent(line: str) -> int:
    return len(line) - len(line.lstrip())

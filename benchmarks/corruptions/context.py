"""Damage to which lines there are: lost, doubled, made up, left out, of an earlier text."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import replace

from benchmarks.corruptions.answers import (
    Edit,
)
from benchmarks.corruptions.cases import Case, indent, said


def dropped_line(rng: random.Random, edit: Edit) -> Case | None:
    at = far_line(rng, edit)
    if at is None:
        return None
    old = edit.old[:at] + edit.old[at + 1 :]
    shift = at if at < edit.head else at - len(edit.old) + len(edit.new)
    new = edit.new[:shift] + edit.new[shift + 1 :]
    if rng.random() < 0.4:
        new = edit.new
    return said(rng, "dropped line", replace(edit, old=old, new=new), True)


def doubled_line(rng: random.Random, edit: Edit) -> Case | None:
    at = far_line(rng, edit)
    if at is None:
        return None
    old = edit.old[:at] + edit.old[at : at + 1] + edit.old[at:]
    shift = at if at < edit.head else at - len(edit.old) + len(edit.new)
    new = edit.new[:shift] + edit.new[shift : shift + 1] + edit.new[shift:]
    return said(rng, "doubled line", replace(edit, old=old, new=new), True)


def far_line(rng: random.Random, edit: Edit) -> int | None:
    """Return a line of context inside a long block, with two lines between it and the change."""
    if len(edit.old) < 6:
        return None
    behind = len(edit.old) - edit.tail
    inner = range(1, len(edit.old) - 1)
    far = [at for at in inner if at < edit.head - 2 or at >= behind + 2]
    far = [at for at in far if edit.old[at].strip()]
    return rng.choice(far) if far else None


def misremembered_context(rng: random.Random, edit: Edit) -> Case | None:
    at = far_line(rng, edit)
    if at is None or len(edit.old[at].strip()) < 12:
        return None
    line = edit.old[at]
    wrong = line[:-3] + line[-2:] if rng.random() < 0.5 else line.replace(line.strip()[3:6], "")
    shift = at if at < edit.head else at - len(edit.old) + len(edit.new)
    old = (*edit.old[:at], wrong, *edit.old[at + 1 :])
    new = (*edit.new[:shift], wrong, *edit.new[shift + 1 :])
    return said(rng, "misremembered context", replace(edit, old=old, new=new), True)


def misremembered_change(rng: random.Random, edit: Edit) -> Case | None:
    """Misquote the very line that is to change."""
    at = edit.head
    wrong = re.sub(r"\w+", lambda word: word[0][::-1], edit.old[at])
    if wrong.split() == edit.old[at].split():
        return None
    old = (*edit.old[:at], wrong, *edit.old[at + 1 :])
    return said(rng, "misremembered change", replace(edit, old=old), False)


def made_up(rng: random.Random, edit: Edit) -> Case | None:
    old = ("def handler(request):", "    return render(request)", "# end of handler")
    return said(rng, "made-up text", replace(edit, old=old), False)


def ambiguous(rng: random.Random, edit: Edit) -> Case | None:
    content = "\n".join(edit.lines)
    lines = [line for line in edit.old if line.strip() and content.count(line) > 1]
    if not lines:
        return None
    line = rng.choice(lines)
    damaged = replace(edit, old=(line,), new=(line, line.replace(line.strip(), "x = 1")))
    return said(rng, "ambiguous anchor", damaged, False)


def elided(rng: random.Random, edit: Edit) -> Case | None:
    """Lines of context become one that stands for them, in both blocks."""
    behind = len(edit.old) - edit.tail
    spans = [(1, edit.head - 1), (behind + 1, len(edit.old) - 1)]
    spans = [(first, last) for first, last in spans if last - first >= 1]
    if not spans:
        return None
    first, last = rng.choice(spans)
    mark = elision(rng, edit)
    shift = 0 if first < edit.head else len(edit.new) - len(edit.old)
    old = (*edit.old[:first], mark, *edit.old[last:])
    new = (*edit.new[: first + shift], mark, *edit.new[last + shift :])
    damaged = replace(edit, old=old, new=new)
    return said(rng, "elided context", damaged, elision_fits_once(edit, first, last))


def elision_fits_once(edit: Edit, first: int, last: int) -> bool:
    """Whether the lines on both sides of a gap are found in one way only."""
    above, below = edit.old[:first], edit.old[last:]
    lines = edit.lines

    def places(block: Sequence[str]) -> int:
        count = len(block)
        wanted = [line.strip() for line in block]
        return sum(
            [line.strip() for line in lines[at : at + count]] == wanted
            for at in range(len(lines) - count + 1)
        )

    return places(above) == 1 and places(below) == 1


def elision(rng: random.Random, edit: Edit) -> str:
    mark = "#" if edit.path.endswith((".py", ".rb")) else "//"
    if edit.path.endswith(".html"):
        return "<!-- ... -->"
    words = rng.choice(("...", "... existing code ...", "rest unchanged", "existing code"))
    return rng.choice(("...", f"{mark} {words}", f"{edit.old[0][: indent(edit.old[0])]}{mark} ..."))


def elided_new(rng: random.Random, edit: Edit) -> Case | None:
    """End the new text, and not the old one, in words that stand for code."""
    mark = elision(rng, edit)
    if mark.strip() == "...":
        return None
    new = (*edit.new[: max(edit.head, 1)], mark)
    return said(rng, "elided new text", replace(edit, new=new), False)

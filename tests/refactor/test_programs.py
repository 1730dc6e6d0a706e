"""Every refactoring at every word and range of a program: refused, or it does what it did."""

from __future__ import annotations

from itertools import pairwise

import pytest

from lsp_agent.actions.by_rule import RuleAction
from lsp_agent.actions.catalogue import ACTIONS
from lsp_agent.actions.spec import ActionError, Place
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.tree import tree
from lsp_agent.workspace.edits import apply_edits
from lsp_agent.workspace.positions import Range
from tests.refactor.marked import run

PROGRAM = """
import sys
import os, re
from collections import OrderedDict, Counter

LIMIT = 3

def note(value, mark="n"):
    log.append((mark, value))
    return value

def half(n):
    return n / 2 if n else None

def _pick(rows, key):
    found = []
    for row in rows:
        if row and key in row:
            found.append(row[key])
    return found

def tell(kind, a, b=1):
    text = "{}: {!r}".format(kind, a)
    if not (a and b):
        return text + " %s and %r" % (a, b)
    else:
        return text

class Shelf:
    size = LIMIT * 2

    def __init__(self, rows):
        self.rows = rows
        self.seen = {}

    def count(self, key):
        total = 0
        for row in self.rows:
            if key not in row:
                continue
            value = row[key]
            self.seen[key] = value
            total += value
        if total > self.size:
            if note(total) % 2:
                total = total - 1
        return total

    def names(self):
        keys = set()
        for row in self.rows:
            keys.add(len(row))
        ordered = sorted(keys)
        if ordered:
            note(ordered, mark='o')

def f(a, b):
    rows = [{"x": i, "y": i * b} for i in range(a)]
    shelf = Shelf(rows)
    first, second = shelf.count("x"), shelf.count("y")
    if first is None or second == 4:
        kind = "low"
    else:
        kind = "high" if first > second else "even"
    pairs = {}
    for at, row in enumerate(rows):
        pairs[at] = row["x"] + first
    most = max(pairs.values()) if pairs else note(-1)
    shelf.names()
    while most > 2 and not (most % 5 == 0 or b < 1):
        most -= 1
        rest = note(most) - 1
    with open(os.devnull) as handle:
        data = handle.read()
    try:
        share = half(most) + len(data)
        double = share * 2
    except TypeError as error:
        double = type(error).__name__
    squares = [n * n for n in _pick(rows, "y") if n]
    later = lambda n: n + most
    return tell(kind, most), double, squares, later(1), shelf.seen, re.sub("o", "0", kind)

def g(n):
    if n > 1:
        return g(n - 1) + n
    elif n:
        return 1
    return 0
"""
CALLS = ("f(0, 1)", "f(4, 2)", "f(7, 0)", "f(3, -1)", "g(4)", "tell('a', 0)", "_pick([{1: 2}], 1)")
RULES = [one for one in ACTIONS if isinstance(one, RuleAction)]


def places() -> list[tuple[int, int]]:
    root = tree(SyntaxDocument.parse(PROGRAM, "python"))
    assert root is not None
    found = []
    for node in root.walk():
        if node.leaf or not node.named:
            found.append((node.start, node.start))
            continue
        found.append((node.start, node.end))
        if node.type in ("block", "module"):
            parts = node.parts
            found += [(one.start, two.end) for one, two in pairwise(parts)]
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("rule", RULES, ids=lambda one: one.name)
def test_what_a_program_does_stays(rule: RuleAction) -> None:
    expected = run(PROGRAM, CALLS)
    document = SyntaxDocument.parse(PROGRAM, "python")
    seen: dict[str, None] = {}
    for start, end in places():
        range_ = Range(document.position_at(start), document.position_at(end))
        place = Place("a.py", document, range_)
        for offer in rule.offers(place):
            try:
                (file,) = rule.request(place, offer.argument).edits
            except ActionError:
                continue
            after = apply_edits(document.text, file.edits).content
            if after not in seen:
                assert run(after, CALLS) == expected, after
            seen[after] = None
    scripts = ("arrow_braces", "destructure", "swap_template")
    assert bool(seen) == (rule.name not in scripts)

"""Faults put into code by rule."""

from __future__ import annotations

import ast
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.mutants import Mutant, mutants
from lsp_agent.workspace.edits import apply_edits
from lsp_agent.workspace.positions import Position, Range

ALL = 1000


def made(source: str, language: str = "python", limit: int = ALL) -> list[Mutant]:
    document = SyntaxDocument.parse(source, language)
    return mutants(document, document.text.full_range, limit)


def changes(source: str, language: str = "python") -> set[tuple[str, str, str]]:
    return {(one.kind, one.old, one.edit.new_text) for one in made(source, language)}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return a + b", {("operator", "+", "-"), ("return", "a + b", "None")}),
        ("return a < b", {("comparison", "<", "<="), ("return", "a < b", "None")}),
        ("return a is not b", {("comparison", "is not", "is"), ("return", "a is not b", "None")}),
        ("return a not in b", {("comparison", "not in", "in"), ("return", "a not in b", "None")}),
        ("return a and b", {("operator", "and", "or"), ("return", "a and b", "None")}),
        ("return not a", {("condition", "not a", "a"), ("return", "not a", "None")}),
        ("return -a", {("operator", "-", "+"), ("return", "-a", "None")}),
        ("return 7", {("constant", "7", "8")}),
        ("return 0.5", {("constant", "0.5", "1.5")}),
        ("return True", {("constant", "True", "False")}),
        ("return 'x'", {("constant", "'x'", "''")}),
        ("return b''", {("constant", "b''", "b'mutant'")}),
        ("return None", set()),
        ("return f'{a}'", {("return", "f'{a}'", "None")}),
        ("a += b", {("operator", "+=", "-="), ("statement", "a += b", "pass")}),
        ("a.b = c", {("statement", "a.b = c", "pass")}),
        ("a.append(b)", {("statement", "a.append(b)", "pass")}),
        ("raise ValueError('no')", {("statement", "raise ValueError('no')", "pass")}),
        ("assert a == 1", set()),
        ("'''Say what.'''", set()),
        ("log.info('%s', 1)", set()),
        ("a: int = b", set()),
    ],
)  # fmt: skip
def test_rules_of_python(body: str, expected: set[tuple[str, str, str]]) -> None:
    assert changes(f"def f(a, b, c):\n    {body}\n") == expected


def test_conditions_are_negated_once() -> None:
    source = (
        "def f(a):\n    if a:\n        b(1)\n    elif not a:\n        c()\n    while True: ...\n"
    )
    found = {(old, new) for kind, old, new in changes(source) if kind == "condition"}
    assert found == {("a", "not (a)"), ("not a", "a")}
    inside = changes("def f(a):\n    return [b for b in a if b.c] if a else 0\n")
    assert {("condition", "b.c", "not (b.c)"), ("condition", "a", "not (a)")} <= inside


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return a + b;", {("operator", "+", "-"), ("return", "a + b", "undefined")}),
        ("return a === b;", {("comparison", "===", "!=="), ("return", "a === b", "undefined")}),
        ("return a ?? 'x';", {("constant", "'x'", "''"), ("return", "a ?? 'x'", "undefined")}),
        ("if (!a) b();", {("condition", "!a", "a"), ("statement", "b();", ";")}),
        ("if (a) { b(); }", {("condition", "a", "!(a)"), ("statement", "b();", ";")}),
        ("a++;", {("operator", "++", "--"), ("statement", "a++;", ";")}),
        ("throw new Error('no');", {("statement", "throw new Error('no');", ";")}),
        ("console.log(1);", set()),
        ("return a ? 1 : b;", {
            ("condition", "a", "!(a)"), ("constant", "1", "2"), ("return", "a ? 1 : b", "undefined")
        }),
    ],
)  # fmt: skip
@pytest.mark.parametrize("language", ["javascript", "typescript", "tsx"])
def test_rules_of_javascript(language: str, body: str, expected: set[tuple[str, str, str]]) -> None:
    assert changes(f"function f(a, b) {{ {body} }}\n", language) == expected


def test_types_are_no_code() -> None:
    source = "const f = (a: 1 | 2, b: 'x'): Array<'y'> => g(a as 'z');\n"
    assert changes(source, "typescript") == {("return", "g(a as 'z')", "undefined")}


def test_only_the_place_is_touched() -> None:
    source = "def f(a):\n    return a + 1\n\n\ndef g(a):\n    return a - 1\n"
    document = SyntaxDocument.parse(source, "python")
    second = Range(Position(4, 0), Position(5, 16))
    found = mutants(document, second, ALL)
    assert found
    assert {one.edit.range.start.line for one in found} == {5}
    assert str(found[-1]) == "line 6: `1` became `2`"


def test_a_few_are_spread_over_the_code() -> None:
    lines = "".join(f"    a = a + {n}\n" for n in range(40))
    found = made(f"def f(a):\n{lines}    return a\n", limit=4)
    rows = [one.edit.range.start.line for one in found]
    assert len(rows) == 4
    assert rows == sorted(rows)
    assert rows[-1] - rows[0] >= 20
    assert max(b - a for a, b in pairwise(rows)) <= 20


@pytest.mark.parametrize(
    ("source", "language"), [("func f() int { return 1 }\n", "go"), ("def f(:\n", "python")]
)
def test_nothing_where_nothing_is_known(source: str, language: str) -> None:
    assert made(source, language) == []


# Python of many shapes: nested expressions in nested statements.
NAMES = st.sampled_from(["a", "b", "c"])
ATOMS = st.one_of(
    NAMES,
    st.integers(0, 99).map(str),
    st.sampled_from(["True", "None", "''", '"ü{}"', "r'\\d'", "1.5", "0x1f", "1_0", "f'{a}'"]),
)
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "//", "%", "and", "or"]), inner).map(" ".join),
        st.tuples(inner, st.sampled_from(["<", "==", "is not", "not in"]), inner).map(" ".join),
        inner.map("(not {})".format),
        inner.map("(-{})".format),
        inner.map("f({})".format),
        st.tuples(inner, inner, inner).map(lambda one: "({} if {} else {})".format(*one)),
        st.tuples(inner, inner).map(lambda one: "[x for x in {} if {}]".format(*one)),
    ),
    max_leaves=6,
)
SIMPLE = st.one_of(
    EXPRESSIONS.map("return {}".format),
    EXPRESSIONS.map("a = {}".format),
    EXPRESSIONS.map("self.x = {}".format),
    EXPRESSIONS.map("a += {}".format),
    EXPRESSIONS.map("raise E({})".format),
    EXPRESSIONS,
)


def _block(head: str, body: list[str]) -> str:
    return "\n".join([head, *(f"    {line}" for part in body for line in part.split("\n"))])


STATEMENTS = st.recursive(
    SIMPLE,
    lambda inner: st.tuples(
        st.one_of(EXPRESSIONS.map("if {}:".format), EXPRESSIONS.map("while {}:".format)),
        st.lists(inner, min_size=1, max_size=3),
    ).map(lambda one: _block(*one)),
    max_leaves=6,
)


@given(st.lists(STATEMENTS, min_size=1, max_size=4), st.integers(1, 30))
def test_every_mutant_is_one_small_change_that_parses(body: list[str], limit: int) -> None:
    source = _block("def f(self, a, b, c):", body) + "\n\n\nz = 1 + 1\n"
    document = SyntaxDocument.parse(source, "python")
    place = Range(Position(0, 0), document.text.position(source.index("\n\n\nz")))
    found = mutants(document, place, limit)
    assert len(found) <= limit
    assert len({one.edit for one in found}) == len(found)
    for one in found:
        after = apply_edits(document.text, [one.edit]).content
        assert after != source
        ast.parse(after)
        start, end = document.text.span(one.edit.range)
        assert source[start:end] == one.old
        # What is around it stays as it is.
        assert after.startswith(source[:start])
        assert after.endswith(source[end:])
        assert after.endswith("\n\n\nz = 1 + 1\n")

"""A function's body goes to where it is called, where that changes nothing."""

# ruff: noqa: ISC004 - a row is a text before and one after

from __future__ import annotations

import pytest

from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.inline_function import inline_function, is_defined
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.tree import tree
from tests.refactor.marked import changed, placed, refusal, run

PYTHON = [
    ("def f(a, b):\n    return a + b\n\n\nx = f$0(1, y) * 2\n",
     "def f(a, b):\n    return a + b\n\n\nx = (1 + y) * 2\n"),
    ("def f(a, b=2):\n    return a ** b\n\n\nx = $0f(b=y - 1, a=z)\n",
     "def f(a, b=2):\n    return a ** b\n\n\nx = z ** (y - 1)\n"),
    ("def f(a, b=2):\n    \"\"\"Doc.\"\"\"\n    return a ** b\n\n\nx = [f$0(z)]\n",
     "def f(a, b=2):\n    \"\"\"Doc.\"\"\"\n    return a ** b\n\n\nx = [z ** 2]\n"),
    ("def f(a):\n    return a\n\n\nx = f$0(y if z else 1) + 1\n",
     "def f(a):\n    return a\n\n\nx = (y if z else 1) + 1\n"),
    ("def _f$0(a):\n    return g(a)\n\n\nx = _f(1)\ny = _f(h())\n",
     "\n\nx = g(1)\ny = g(h())\n"),
    ("def f$0(a):\n    return g(a)\n\n\nx = f(1)\ny = map(f, z)\n",
     "def f(a):\n    return g(a)\n\n\nx = g(1)\ny = map(f, z)\n"),
    ("def f(a):\n    b = a + 1\n    print(b)\n\n\ndef g(c):\n    f$0(c)\n",
     "def f(a):\n    b = a + 1\n    print(b)\n\n\ndef g(c):\n    b = c + 1\n    print(b)\n"),
    ("def f(a):\n    if a:\n        a = a * 2\n    return a\n\n\n"
     "def g(c):\n    b = f$0(c.d)\n    return b\n",
     "def f(a):\n    if a:\n        a = a * 2\n    return a\n\n\n"
     "def g(c):\n    a = c.d\n    if a:\n        a = a * 2\n    b = a\n    return b\n"),
    ("def f(a):\n    a += 1\n    return a\n\n\ndef g():\n    b = f$0(c\n            + 1)\n",
     "def f(a):\n    a += 1\n    return a\n\n\n"
     "def g():\n    a = (c\n            + 1)\n    a += 1\n    b = a\n"),
    ("def f():\r\n    if a:\r\n        b()  # why\r\n\r\n\r\nf$0()\r\nc()\r\n",
     "def f():\r\n    if a:\r\n        b()  # why\r\n\r\n\r\n"
     "if a:\r\n    b()  # why\r\nc()\r\n"),
    ("def f(a):\n    b = a\n    return b + a\n\n\ndef g(b):\n    return f$0(b)\n",
     "def f(a):\n    b = a\n    return b + a\n\n\n"
     "def g(b):\n    b_here = b\n    return b_here + b\n"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), PYTHON)
def test_python(before: str, after: str) -> None:
    assert changed(inline_function, before) == after


SCRIPT = [
    ("function f(a, b) { return a + b; }\nconst x = f$0(1, y) * 2;\n",
     "function f(a, b) { return a + b; }\nconst x = (1 + y) * 2;\n"),
    ("const f$0 = (a) => a.b;\ng(f(c), f(d));\n", "g(c.b, d.b);\n"),
    ("const f = a => ({ a });\nconst g = () => $0f(1).a;\n",
     "const f = a => ({ a });\nconst g = () => ({ a: 1 }).a;\n"),
    ("export const f$0 = a => ({ a });\nconst x = f(1);\n",
     "export const f = a => ({ a });\nconst x = { a: 1 };\n"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), SCRIPT)
@pytest.mark.parametrize("language", ["javascript", "typescript"])
def test_script(before: str, after: str, language: str) -> None:
    assert changed(inline_function, before, language) == after


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("def f(a):\n    return a + a\nx = f$0(g())\n", "exactly once"),
        ("def f(a):\n    return b and a\nx = f$0(g())\n", "exactly once"),
        ("def f(a):\n    return h() + a\nx = f$0(g())\n", "later than now"),
        ("def f(a):\n    return h() + a\nx = f$0(y.z)\n", "later than now"),
        (
            "k = 1\ndef h():\n    global k\n    k = 2\ndef f(a):\n    return k - a\nx = f$0(h())\n",
            "read before",
        ),
        ("def f(a):\n    return b.c - a\nx = f$0(h())\n", "read before"),
        ("def f(a, b):\n    return b - a\nx = f$0(g(), h())\n", "later than now"),
        ("def f(a):\n    return lambda: a\nx = f$0(y)\n", "used later"),
        ("def f(a):\n    return a, a\nx = f$0([])\n", "2 times"),
        ("def f(a):\n    return [a for i in b]\nx = f$0(i)\n", "bound inside"),
        ("k = 1\ndef f(a):\n    return a + k\ndef g(k):\n    return f$0(1)\n", "something else"),
        ("def f(a):\n    return f(a - 1)\nx = f$0(1)\n", None),
        ("def f$0(a):\n    return f(a - 1)\nx = 1\n", "calls itself"),
        ("def f(*a):\n    return a\nx = f$0(1)\n", "plain"),
        ("def f(a=[]):\n    return a\nx = f$0()\n", "only once"),
        ("def f(a):\n    return a\nx = f$0(*y)\n", "plainly"),
        ("def f(a):\n    return a\nx = f$0()\n", "gives no a"),
        ("@d\ndef f(a):\n    return a\nx = f$0(1)\n", "decorator"),
        ("def f(a):\n    yield a\nx = f$0(1)\n", "yields"),
        ("async def f(a):\n    return a\nx = f$0(1)\n", "async"),
        ("def f(a):\n    return f'{a=}'\nx = f$0(b)\n", "as it is written"),
        ("def f():\n    a = 1\n    print(f'{a=}')\na = 2\nf$0()\n", "as it is written"),
        ("def f(a):\n    return eval('a')\nx = f$0(1)\n", "own names"),
        ("def f(a):\n    return a.__b\nclass A:\n    c = f$0(1)\n", "__b"),
        ("def f(a):\n    if a:\n        return 1\n    return 2\nx = f$0(1)\n", "before its end"),
        ("def f(a):\n    b = a\n    return b\nx = f$0(1) + 1\n", "no statement"),
        ("x = len$0(y)\n", "no function of this file"),
        ("def f(a):\n    return 1\ndef f(a):\n    return 2\nx = f$0(1)\n", "not one function"),
    ],
)
def test_refused(source: str, reason: str | None) -> None:
    if reason is None:
        assert not refusal(inline_function, source)
    else:
        assert reason in refusal(inline_function, source)


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("const f = (a) => this.b + a; f$0(1);", "belongs to"),
        ("const f = (a) => { g(); return a; }; f$0(1);", "more than"),
        ("const f = (a) => a + a; f$0(g());", "exactly once"),
        ("const f = ({ a }) => a; f$0(g);", "plain"),
        ("const k = 1; const f = (a) => a + k; const g = (k) => f$0(k);", "something else"),
        ("async function f(a) { return a; } f$0(1);", "more than"),
        ("const f = (a) => a.b; f$0(c)();", "object to work on"),
        ("const f = (a) => [a];\ng()\nf$0(1)\n", "semicolon"),
    ],
)
def test_refused_in_scripts(source: str, reason: str) -> None:
    assert reason in refusal(inline_function, source, "javascript")


def test_what_is_defined() -> None:
    document, _ = placed("def f(): pass$0\n")
    assert is_defined(document, "f")
    assert not is_defined(document, "g")


PROGRAM = """
def note(value):
    log.append(value)
    return value

def double(x): return x * 2
def _minus(a, b=1): return a - b
def first(pair): return pair[0]
def both(a, b): return (note(a), note(b))
def add(box, value):
    old = len(box)
    box.append(value)
    for item in box:
        value += item
    return value + old

def f(a, b):
    old = double(a) + double(_minus(b))
    pair = both(note(a), b)
    extra = first(pair) if a > b else _minus(double(b), a)
    box = [old]
    value = add(box, extra)
    add(box, b)
    texts = [str(double(i)) for i in range(_minus(a, 0))]
    return old, pair, value, box, texts
"""
CALLS = ("f(1, 2)", "f(7, 3)", "f(4, 0)")


def test_what_a_program_does_stays() -> None:
    """Each name of a program in turn: refused, or the program does what it did."""
    expected = run(PROGRAM, CALLS)
    root = tree(SyntaxDocument.parse(PROGRAM, "python"))
    assert root is not None
    done = 0
    for node in root.walk():
        if node.type != "identifier":
            continue
        try:
            after = changed(inline_function, f"{PROGRAM[: node.start]}$0{PROGRAM[node.start :]}")
        except RefusedError:
            continue
        if after:
            done += 1
            assert run(after, CALLS) == expected, after
    assert done >= 12

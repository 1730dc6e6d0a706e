"""A variable's value goes to where it is used, where that changes nothing."""

from __future__ import annotations

import pytest

from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.inline_variable import inline_variable
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.tree import tree
from tests.refactor.marked import changed, refusal, run


def body(*lines: str) -> str:
    return "def f(a, b):\n" + "".join(f"    {line}\n" for line in lines)


PYTHON = [
    (("x$0 = a + 1", "return x * 2"), ("return (a + 1) * 2",)),
    (("x = a + 1", "return g($0x)"), ("return g(a + 1)",)),
    (("x = a.b", "return x$0.c, x"), ("return a.b.c, a.b",)),
    (("x$0 = g(a)", "return x"), ("return g(a)",)),
    (("x$0 = g(a)", "return h(x, b)"), ("return h(g(a), b)",)),
    (("x$0: int = a", "return -x"), ("return -a",)),
    (("x$0 = a, b", "return x"), ("return a, b",)),
    (("x$0 = a, b", "return x[0]"), ("return (a, b)[0]",)),
    (("x$0 = 1", "return x.real"), ("return (1).real",)),
    (("x$0 = 1  # one", "return x"), ("# one", "return 1")),
    (("x$0 = 1; y = 2", "return x + y"), ("y = 2", "return 1 + y")),
    (("x$0 = a if b else 1", "return [x, x + 1]"),
     ("return [(a if b else 1), (a if b else 1) + 1]",)),
    (("x$0 = a.b", "print(f'{x}')"), ("print(f'{a.b}')",)),
    (("x$0 = a.b", "a.b = x"), ("a.b = a.b",)),
    (("x$0 = 5", "return lambda: x"), ("return lambda: 5",)),
    (("x$0 = lambda: a", "return x()"), ("return (lambda: a)()",)),
    (("x$0 = a * 2", "for i in b:", "    i += x"), ("for i in b:", "    i += a * 2")),
    (("x$0 = (yield a)", "return x"), ("return (yield a)",)),
    (("x$0 = a.b", "if b:", "    return x", "return -x"),
     ("if b:", "    return a.b", "return -a.b")),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), PYTHON)
def test_python(before: tuple[str, ...], after: tuple[str, ...]) -> None:
    assert changed(inline_variable, body(*before)) == body(*after)


SCRIPT = [
    ("function f(a) {\n  const x$0 = a + 1;\n  return x * 2;\n}\n",
     "function f(a) {\n  return (a + 1) * 2;\n}\n"),
    ("const f = (a) => {\n  let x$0 = a.b\n  return { x, y: x }\n}\n",
     "const f = (a) => {\n  return { x: a.b, y: a.b }\n}\n"),
    ("function f(a) {\n  const x$0 = g(a);\n  return h(x);\n}\n",
     "function f(a) {\n  return h(g(a));\n}\n"),
    ("function f(a) {\n  const x$0 = a?.b;\n  return x.c;\n}\n",
     "function f(a) {\n  return (a?.b).c;\n}\n"),
    ("function f(a) {\n  const x$0 = a();\n  return new x(1);\n}\n",
     "function f(a) {\n  return new (a())(1);\n}\n"),
    ("function f(a) {\n  const x$0 = { b: 1 };\n  x.map(a);\n}\n",
     "function f(a) {\n  ({ b: 1 }).map(a);\n}\n"),
    ("function f(a) {\n  const x$0 = this;\n  return a.map(() => x.b);\n}\n",
     "function f(a) {\n  return a.map(() => this.b);\n}\n"),
    ("function f(a) {\n  const x$0 = { a };\n  return x;\n}\n",
     "function f(a) {\n  return { a };\n}\n"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), SCRIPT)
@pytest.mark.parametrize("language", ["javascript", "typescript", "tsx"])
def test_script(before: str, after: str, language: str) -> None:
    assert changed(inline_variable, before, language) == after


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (("x$0 = a", "x = b", "return x"), "exactly once"),
        (("x$0 = a", "x += b", "return x"), "exactly once"),
        (("x$0 = a * 2", "a = 3", "return x"), "a = 3"),
        (("x$0 = a.b", "a.b = 3", "return x"), "a.b = 3"),
        (("x$0 = a.b", "g(a)", "return x"), "g(a)"),
        (("x$0 = a.b", "b.b = 3", "return x"), "b.b = 3"),
        (("x$0 = a * 2", "import a", "return x"), "import a"),
        (("x$0 = a * 2", "from b import c as a", "return x"), "from b"),
        (("x$0 = a * 2", "def a(): pass", "return x"), "def a"),
        (("x$0 = a * 2", "class a: pass", "return x"), "class a"),
        (("x$0 = a * 2", "match b:", "    case [a, *_]:", "        pass", "return x"), "[a, *_]"),
        (("x$0 = a * 2", "match b:", "    case {'k': a}:", "        return x"), "{'k': a}"),
        (("x$0 = a.b", "with a:", "    return x"), "in between"),
        (("x$0 = a * 2", "with suppress(E):", "    return x"), "in a try"),
        (("x$0 = a * 2", "while b:", "    print(x)", "    a -= 1"), "a -= 1"),
        (("x$0 = g(a)", "return x + x"), "more than once"),
        (("x$0 = g(a)", "h()", "return x"), "other statements"),
        (("x$0 = g(a)", "return h() + x"), "before its value"),
        (("x$0 = g(a)", "return a.b + x"), "before its value"),
        (("x$0 = g(a)", "return b and x"), "condition"),
        (("x$0 = g(a)", "while x:", "    pass"), "each round"),
        (("x$0 = g(a)",), "never used"),
        (("x$0 = []", "x.append(1)", "return x"), "share one object"),
        (("x$0 = []", "for i in a:", "    b(x)"), "share one object"),
        (("x$0 = a.b", "return lambda: x"), "later"),
        (("x$0 = a.b", "return (x for i in b)"), "later"),
        (("x$0 = a.b", "return [x for a in b]"), "another variable"),
        (("if b:", "    x$0 = a", "return x"), "may not be assigned"),
        (("x$0 = a.b", "try:", "    return x", "except E:", "    pass"), "in a try"),
        (("x$0 = y = a", "return x"), "together"),
        (("x$0 = a['k']", "return f'{x}'"), "inside a string"),
        (("x$0 = a", "return f'{x=}'"), "as it is written"),
        (("x$0 = (n := a)", "return x"), "binds"),
        (("x$0 = a", "def g():", "    nonlocal x", "    x = 2", "return x"), "nonlocal"),
        (("for x$0 in a:", "    b(x)"), "offered"),
        (("a$0 = b", "return a"), "exactly once"),
    ],
)  # fmt: skip
def test_refused(lines: tuple[str, ...], reason: str) -> None:
    assert reason in refusal(inline_variable, body(*lines))


def test_what_other_functions_may_set_is_not_taken_to_stay() -> None:
    program = "n = 0\ndef up():\n    global n\n    n += 1\n"
    reason = refusal(inline_variable, f"{program}def f():\n    x$0 = n\n    up()\n    return x\n")
    assert "up()" in reason
    reason = refusal(inline_variable, f"{program}def f():\n    x$0 = up()\n    return n, x\n")
    assert "before its value" in reason
    script = "let n = 0; const up = () => { n++; }; const k = 1;"
    marked = f"{script} function f() {{ const x$0 = n; up(); return x; }}"
    assert "up()" in refusal(inline_variable, marked, "javascript")
    assert not refusal(inline_variable, marked.replace("= n;", "= k;"), "javascript")


@pytest.mark.parametrize(
    ("marked", "reason"),
    [
        ("function f(a) { let x$0 = a; x = 2; return x; }", "exactly once"),
        ("function f(a) { let x$0 = a; x++; return x; }", "exactly once"),
        ("function f(a) { const x$0 = a, y = 1; return x; }", "together"),
        ("function f(a) { const x$0 = a.b; return () => x; }", "later"),
        ("function f(a) { const x$0 = a + 1; { let a = 2; return x + a; } }", "another variable"),
        ("function f(a) { const x$0 = a(); return b() + x; }", "before its value"),
        ("const x$0 = 1; f(x);", "offered"),
        ("function f(a) { const x$0 = a.b; return x(); }", "object to work on"),
        ("function f(a) { const x$0 = a.b; return (x)(); }", "object to work on"),
        (
            "function f() { const x$0 = this; return a.map(function () { return x; }); }",
            "something else",
        ),
        ("function f(a) { const X$0 = a(); return <X b={1} />; }", "only a name"),
        ("function f(a) {\n  a()\n  const x$0 = [1]\n  x.map(a)\n}", "semicolon"),
        ("function f(a) {\n  a()\n  const x$0 = 1\n  ;[2].map(a)\n  a(x)\n}", "semicolon"),
        ("function f() { const { x$0 } = a; return x; }", "offered"),
    ],
)
def test_refused_in_scripts(marked: str, reason: str) -> None:
    assert reason in refusal(inline_variable, marked, "javascript")


PROGRAM = """
def note(value):
    log.append(value)
    return value

class Box:
    def __init__(self, size): self.size = size
    def grow(self): self.size += 1; return self.size

def f(a, b):
    box = Box(a)
    size = box.size
    double = size * 2 + abs(b)
    first = note(double)
    total = first - 1
    grown = box.grow()
    limit = 3
    for i in range(limit):
        step = i * double
        seen = note(step)
        total += seen
        again = total + limit
        if again % 2:
            odd = again
            total -= odd
    text = 'sum'
    pair = text, total
    unused = note(limit)
    return pair, [limit for _ in range(limit)], size
"""
CALLS = ("f(1, 2)", "f(7, 3)", "f(4, 0)", "f(9, 11)")


def test_what_a_program_does_stays() -> None:
    """Each name of a program in turn: refused, or the program does what it did."""
    expected = run(PROGRAM, CALLS)
    root = tree(SyntaxDocument.parse(PROGRAM, "python"))
    assert root is not None
    done = set()
    for node in root.walk():
        if node.type != "identifier":
            continue
        try:
            after = changed(inline_variable, f"{PROGRAM[: node.start]}$0{PROGRAM[node.start :]}")
        except RefusedError:
            continue
        if after:
            done.add(node.text)
            assert run(after, CALLS) == expected, after
    assert {"limit", "text", "step", "seen", "odd", "first"} <= done
    assert not {"box", "size", "grown", "total", "unused"} & done

"""An expression gets a name where that changes nothing else."""

from __future__ import annotations

import pytest

from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.extract_variable import extract_variable
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.tree import tree
from tests.refactor.marked import changed, placed, refusal, run

PYTHON = [
    ("print(«(1 + 2)» * 3)\n", "value = 1 + 2\nprint(value * 3)\n"),
    ("def f(a):\n    return «a + 1»\n", "def f(a):\n    value = a + 1\n    return value\n"),
    ("def f(a):\n    return g(«a.size», 1)\n",
     "def f(a):\n    size = a.size\n    return g(size, 1)\n"),
    ("x = «(y := f())» + y\n", "value = (y := f())\nx = value + y\n"),
    ("x = g(«get_user(1)»)\n", "user = get_user(1)\nx = g(user)\n"),
    ("x = g(« get_user(1) »)\n", "user = get_user(1)\nx = g( user )\n"),
    ("user = 1\nx = g(«get_user(1)»)\n", "user = 1\nvalue = get_user(1)\nx = g(value)\n"),
    ("a.b.c(«g()»)\n", "g_result = g()\na.b.c(g_result)\n"),
    ("«total(x)»\n", "total_result = total(x)\n"),
    ("if x: y = «g(z)»\n", "if x: g_result = g(z); y = g_result\n"),
    ("a = 1; b = «c.d»\n", "a = 1; d = c.d; b = d\n"),
    ("for x in «y.rows()»:\n    pass\n",
     "rows_result = y.rows()\nfor x in rows_result:\n    pass\n"),
    ("z = [a for a in «b.c»]\n", "c = b.c\nz = [a for a in c]\n"),
    ("z = sum«(x for x in y)»\n", "items = (x for x in y)\nz = sum(items)\n"),
    ("f(«a +\n  b»)\n", "value = (a +\n  b)\nf(value)\n"),
    ("x = f'{«a.b»!r}'\n", "b = a.b\nx = f'{b!r}'\n"),
    ("@dec\ndef f(a=«g.h»):\n    pass\n", "h = g.h\n@dec\ndef f(a=h):\n    pass\n"),
    ("if a:\n    pass\nelif b:\n    x = «'q' + b»\n",
     "if a:\n    pass\nelif b:\n    value = 'q' + b\n    x = value\n"),
    ("return_ = {«a.k»: 1}\n", "k = a.k\nreturn_ = {k: 1}\n"),
    ("a[«i + 1»] = 2\n", "value = i + 1\na[value] = 2\n"),
    ("x = d[«'the key'»]\n", "text = 'the key'\nx = d[text]\n"),
    ("x = f(«d['colour']»)\n", "value = d['colour']\nx = f(value)\n"),
    ("def f():\r\n    return g(«{1:\r\n      2}»)\r\n",
     "def f():\r\n    mapping = {1:\r\n      2}\r\n    return g(mapping)\r\n"),
    ("x = «é.ü» + 1\n", "value = é.ü\nx = value + 1\n"),
    ("def f():\r\n    return «a.b»\r\n", "def f():\r\n    b = a.b\r\n    return b\r\n"),
    ("async def f():\n    return g(«await h()»)\n",
     "async def f():\n    h_result = await h()\n    return g(h_result)\n"),
]  # fmt: skip
SCRIPT = [
    ("f(«a + 1»);\n", "const value = a + 1;\nf(value);\n"),
    ("f(«a + 1»)\n", "const value = a + 1\nf(value)\n"),
    ("function g() {\n  return «getUser(1)».name;\n}\n",
     "function g() {\n  const user = getUser(1);\n  return user.name;\n}\n"),
    ("this.rows = [«fetchRows()»];\n", "const rows = fetchRows();\nthis.rows = [rows];\n"),
    ("«fetchRows()»;\n", "const rows = fetchRows();\n"),
    ("if («(a + b)») { c(); }\n", "const value = (a + b);\nif (value) { c(); }\n"),
    ("const x = `a${«b.c»}`;\n", "const c = b.c;\nconst x = `a${c}`;\n"),
    ("export const x = [«a.b»];\n", "const b = a.b;\nexport const x = [b];\n"),
    ("const x = a?.b?.[0] + «c.d»\n", "const d = c.d\nconst x = a?.b?.[0] + d\n"),
    ("switch (a) {\n  case 1:\n    f(«b.c»);\n}\n",
     "switch (a) {\n  case 1:\n    const c = b.c;\n    f(c);\n}\n"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), PYTHON)
def test_python(before: str, after: str) -> None:
    assert changed(extract_variable, before) == after


@pytest.mark.parametrize(("before", "after"), SCRIPT)
@pytest.mark.parametrize("language", ["javascript", "typescript", "tsx"])
def test_script(before: str, after: str, language: str) -> None:
    assert changed(extract_variable, before, language) == after


def test_elements() -> None:
    before = "const a = () => {\n  return <p>{«<b>x</b>»}</p>;\n};\n"
    after = "const a = () => {\n  const element = <b>x</b>;\n  return <p>{element}</p>;\n};\n"
    assert changed(extract_variable, before, "tsx") == after
    before = "const a = () => {\n  return <p>«<b>x</b>»</p>;\n};\n"
    assert changed(extract_variable, before, "tsx") == after


@pytest.mark.parametrize(
    ("marked", "reason"),
    [
        ("x = a and «b.c»\n", "condition"),
        ("x = «b.c» if a else d\n", "condition"),
        ("x = a < b < «c.d»\n", "condition"),
        ("while «a.b»:\n    pass\n", "each round"),
        ("if a:\n    pass\nelif «b.c»:\n    pass\n", "condition"),
        ("x = lambda: «a.b»\n", "whenever"),
        ("x = [«a.b» for a in c]\n", "each element"),
        ("x = [a for b in c for a in «b.d»]\n", "each element"),
        ("class A:\n    x = «a.b»\n", "attribute of the class"),
        ("x = f() + «g()»\n", "'f()'"),
        ("x = f() + «a.b»\n", "'f()'"),
        ("x = a.b + «g()»\n", "'a.b'"),
        ("a.b += «g()»\n", "'a.b'"),
        ("x = (n := 1) + «n * 2»\n", ":="),
        ("with a as b, «c(b)» as d:\n    pass\n", "condition"),
        ("assert a, «b.c»\n", "condition"),
        ("f(k=«g()», *h())\n", "'*h()'"),
        ("x = f'{a(«b.c») = !r}'\n", "as it is written"),
        ("for a[«b.c»] in d:\n    pass\n", "each round"),
        ("x: «a.b» = 1\n", "offered"),
        ("«a.b» = 1\n", "offered"),
        ("del «a.b»\n", "offered"),
        ("for «a.b» in c:\n    pass\n", "offered"),
        ("def f():\n    «'''doc'''»\n", "offered"),
        ("x = «'a'» 'b'\n", "offered"),
        ("f(«a», b)\n", "offered"),
        ("f(«a, b»)\n", "offered"),
        ("match a:\n    case «'x'»:\n        pass\n", "offered"),
    ],
)
def test_refused_in_python(marked: str, reason: str) -> None:
    assert reason in refusal(extract_variable, marked)


@pytest.mark.parametrize(
    ("marked", "reason"),
    [
        ("x = a && «b.c»;", "condition"),
        ("x = a ? «b.c» : d;", "condition"),
        ("x = a?.[«b.c»];", "condition"),
        ("x = «a?.b».c;", "offered"),
        ("«a.b»(1);", "offered"),
        ("(«a.b»)(1);", "offered"),
        ("«(a.b)»(1);", "offered"),
        ("«a.b»!(1);", "offered"),
        ("(«a.b» as any)(1);", "offered"),
        ("delete («a.b»);", "offered"),
        ("for (a[«b.c»] of d) {}", "each round"),
        ("x = () => «a.b»;", "whenever"),
        ("function f(a = «b.c») {}", "whenever"),
        ("while («a.b») {}", "each round"),
        ("for (;«a.b»;) {}", "each round"),
        ("if (a) f(«b.c»);", "block of its own"),
        ("if (a) {} else if («b.c») {}", "condition"),
        ("switch (a) { case «b.c»: }", "condition"),
        ("const a = 1, b = «a + 2»;", "bound by the statement"),
        ("class A { x = «a.b»; }", "class"),
        ("import a from «'b'»;", "offered"),
        ("x = {«'b'»: 1};", "offered"),
        ("«a.b»++;", "offered"),
        ("x = f() + «g()»;", "'f()'"),
        ("x = a.b + «g()»;", "'a.b'"),
        ("'use strict';\n«'use strict'»;", "offered"),
    ],
)
def test_refused_in_scripts(marked: str, reason: str) -> None:
    assert reason in refusal(extract_variable, marked, "typescript")


ALL = [
    ("def f(a):\n    x = «a * 2»\n    if x:\n        return a * 2\n    return g(a * 2)\n",
     ("def f(a):\n    value = a * 2\n    x = value\n    if x:\n        return value\n"
      "    return g(value)\n")),
    ("def f(a):\n    x = a * 2\n    return g(«a * 2»)\n",
     "def f(a):\n    value = a * 2\n    x = value\n    return g(value)\n"),
    ("def f(a):\n    x = «a * 2»\n    while a:\n        g(a * 2)\n",
     "def f(a):\n    value = a * 2\n    x = value\n    while a:\n        g(value)\n"),
    ("def f(a):\n    if a:\n        x = a * 2\n    return g(«a * 2») + a * 2\n",
     "def f(a):\n    if a:\n        x = a * 2\n    value = a * 2\n    return g(value) + value\n"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), ALL)
def test_all_occurrences(before: str, after: str) -> None:
    assert changed(extract_variable, before, argument="all") == after


@pytest.mark.parametrize(
    ("marked", "reason"),
    [
        ("x = «a * 2»\na = 3\ny = a * 2\n", "a = 3"),
        ("a = «a * 2»\ny = a * 2\n", "a = a * 2"),
        ("for a in f(«a * 2»):\n    y = a * 2\n", "for a in"),
        ("f(«a.b»)\ny = a.b\n", "f(a.b)"),
        ("y = f(«a.b»), a.b\n", "f(a.b)"),
        ("with c[«a.b»]:\n    y = a.b\n", "c[a.b] may change"),
        ("x = «a * 2»\nfor a in b:\n    y = a * 2\n", "for a in b"),
        ("x = «a * 2»\nwhile a:\n    y = a * 2\n    a -= 1\n", "a -= 1"),
        ("x = «a.b»\na.b = 3\ny = a.b\n", "a.b = 3"),
        ("x = «a.b»\nf(a)\ny = a.b\n", "f(a)"),
        ("x = «f(a)»\ny = f(a)\n", "effect"),
        ("x = «[a]»\ny = [a]\n", "object of its own"),
    ],
)
def test_occurrences_that_may_differ(marked: str, reason: str) -> None:
    assert reason in refusal(extract_variable, marked, argument="all")


def test_one_occurrence_is_offered_alone() -> None:
    assert len(extract_variable(*placed("x = «a.b»\n"))) == 1
    assert len(extract_variable(*placed("x = «a.b» + a.b\n"))) == 2
    assert extract_variable(*placed("fn f() { a(b + c) «»}", "rust")) == []


PROGRAM = """
def note(value):
    log.append(value)
    return value

class Box:
    def __init__(self, size): self.size = size
    def grow(self): self.size += 1; return self.size

def f(a, b):
    box = Box(a)
    total = box.size * 2 + abs(b)
    for i in range(a % 5):
        total += [n * i for n in range(b % 4)].count(0)
        if i % 2 and total > a or not b:
            total -= note(box.size + i) + 1
    text = f"{total:>5} {a + b}"
    return text, box.grow(), {a: b, 'k': (a, b)}, total if a > b else -total
"""
CALLS = ("f(1, 2)", "f(7, 3)", "f(4, 0)", "f(9, 11)")


def test_what_a_program_does_stays() -> None:
    """Each expression of a program in turn: refused, or the program does what it did."""
    expected = run(PROGRAM, CALLS)
    root = tree(SyntaxDocument.parse(PROGRAM, "python"))
    assert root is not None
    done = 0
    for node in root.walk():
        marked = f"{PROGRAM[: node.start]}«{node.text}»{PROGRAM[node.end :]}"
        for argument in ("one", "all"):
            try:
                after = changed(extract_variable, marked, argument=argument)
            except RefusedError:
                continue
            if after:
                done += 1
                assert run(after, CALLS) == expected, after
    assert done > 30

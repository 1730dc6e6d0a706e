"""Code becomes a function: what goes in, what comes out, and what the program does stays."""

from __future__ import annotations

from textwrap import dedent

import pytest

from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.extract_function import extract_function, extract_method
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.tree import SyntaxNode, tree
from tests.refactor.marked import changed, refusal, run

PYTHON = [
    ("""\
     def f(a, b):
         return «a * a + b»
     """, """\
     def compute_value(a, b):
         return a * a + b


     def f(a, b):
         return compute_value(a, b)
     """),
    ("""\
     import os


     # About f.
     def f(rows):
         total = 0
         «for row in rows:
             total += row»
         return total
     """, """\
     import os


     def compute_total(rows, total):
         for row in rows:
             total += row
         return total


     # About f.
     def f(rows):
         total = 0
         total = compute_total(rows, total)
         return total
     """),
    ("""\
     def f(a):
         «x = a + 1
         y = x * 2»
         print(x, y)
     """, """\
     def extracted(a):
         x = a + 1
         y = x * 2
         return x, y


     def f(a):
         x, y = extracted(a)
         print(x, y)
     """),
    ("""\
     def f(a):
         if a:
             «text = '''
     x
       y'''
             print(text, a)»
     """, """\
     def extracted(a):
         text = '''
     x
       y'''
         print(text, a)


     def f(a):
         if a:
             extracted(a)
     """),
    ("""\
     def f(a):
         for b in g():
             «a += b»
     """, """\
     def compute_a(a, b):
         a += b
         return a


     def f(a):
         for b in g():
             a = compute_a(a, b)
     """),
    ("""\
     def f(a):
         «a: int
         print(a)»
         return a
     """, """\
     def compute_a(a):
         a: int
         print(a)
         return a


     def f(a):
         a = compute_a(a)
         return a
     """),
    ("""\
     def f(a):
         if a:
             «print(a)
             return 1»
         return 2
     """, """\
     def extracted(a):
         print(a)
         return 1


     def f(a):
         if a:
             return extracted(a)
         return 2
     """),
    ("""\
     async def f(a):
         «b = await a()
         print(b)»
     """, """\
     async def extracted(a):
         b = await a()
         print(b)


     async def f(a):
         await extracted(a)
     """),
    ("""\
     def f(a):
         «for b in a:
             yield b
         n = len(a)»
         yield n
     """, """\
     def compute_n(a):
         for b in a:
             yield b
         n = len(a)
         return n


     def f(a):
         n = yield from compute_n(a)
         yield n
     """),
    ("""\
     def f(rows):
         return [«row.size + 1» for row in rows]
     """, """\
     def compute_value(row):
         return row.size + 1


     def f(rows):
         return [compute_value(row) for row in rows]
     """),
    ("""\
     def f(a):
         def g(b):
             «c = a + b»
             return c
         return g
     """, """\
     def compute_c(a, b):
         c = a + b
         return c


     def f(a):
         def g(b):
             c = compute_c(a, b)
             return c
         return g
     """),
    ("""\
     x = 1
     «y = x + 1
     z = y + 1»
     print(z)
     """, """\
     x = 1


     def extracted():
         y = x + 1
         z = y + 1
         return y, z


     y, z = extracted()
     print(z)
     """),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), PYTHON)
def test_python(before: str, after: str) -> None:
    assert changed(extract_function, dedent5(before)) == dedent5(after)


def dedent5(text: str) -> str:
    return "".join(line.removeprefix("     ") for line in text.splitlines(keepends=True))


def test_methods() -> None:
    before = dedent(
        """\
        class A:
            def f(self, b):
                «c = self.a + b
                self.a = super().f(c)»
                return c

            @classmethod
            def g(cls):
                return cls.b + «cls.c * 2»
        """
    )
    after = changed(extract_method, before.replace("«cls.c * 2»", "cls.c * 2"))
    assert after == dedent(
        """\
        class A:
            def f(self, b):
                c = self.compute_c(b)
                return c

            def compute_c(self, b):
                c = self.a + b
                self.a = super().f(c)
                return c

            @classmethod
            def g(cls):
                return cls.b + cls.c * 2
        """
    )
    second = before.replace("«c =", "c =").replace("f(c)»", "f(c)")
    assert changed(extract_method, second).endswith(
        "        return cls.b + cls.compute_value()\n\n"
        "    @classmethod\n    def compute_value(cls):\n        return cls.c * 2\n"
    )
    assert "super" in refusal(extract_function, before.replace("«cls.c * 2»", "cls.c * 2"))
    assert refusal(extract_method, "def f(a):\n    «print(a + 1)»\n") == "nothing is offered"


def test_a_method_that_gets_its_class_by_its_name() -> None:
    before = "class A:\n    def __new__(cls, a):\n        return «super().__new__(cls)»\n"
    after = changed(extract_method, before)
    assert "    @classmethod\n    def compute_new_result(cls):\n" in after
    plain = before.replace("«", "").replace("»", "")
    assert run(after, ("type(A(1))",)) == run(plain, ("type(A(1))",))
    odd = "class A:\n    @b\n    def c(cls, a):\n        return «cls.d + a»\n"
    assert "not known whether cls is the class" in refusal(extract_method, odd)


def test_all_of_a_file() -> None:
    after = changed(extract_function, "«# why\nx = a()\nprint(x)»\n")
    assert after == (
        "def compute_x():\n    # why\n    x = a()\n    print(x)\n    return x\n\n\n"
        "x = compute_x()\n"
    )
    assert "documentation" in refusal(extract_function, '«"""Doc."""\nprint(a)»\n')
    future = "«from __future__ import annotations\nprint(a)»\n"
    assert "__future__" in refusal(extract_function, future)


def test_a_method_gets_no_attributes_name() -> None:
    before = (
        "class A:\n    def b(self, c):\n        self.compute_value = c\n"
        "        return «self.compute_value + c»\n"
    )
    assert "        return self.extracted(c)\n" in changed(extract_method, before)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("for i in a:\n    «if i:\n        break»\n", "break"),
        ("«if a:\n    return 1»\nprint(a)\n", "returns on some ways"),
        ("if a:\n    x = 1\n«print(x)»\n", "may have no value"),
        ("«if a:\n    x = 1»\nprint(x)\n", "may have no value"),
        ("x = 1\n«del x»\nprint(a)\n", "deletes x"),
        ("«print(locals())»\n", "locals()"),
        ("x = 1\ndef g():\n    return x\n«x = 2\nprint(g())»\nreturn x\n", "another function"),
        ("x = 1\ndef g():\n    nonlocal x\n    x = 2\n«g()\nprint(x)»\n", "meanwhile"),
        ("x = 1\n«g = lambda: x»\nx = 2\nreturn g()\n", "later"),
        ("global k\n«k = a»\n", "belongs to another"),
        ("«global k\nk = a»\n", "global"),
        ("try:\n    «x = 1\n    h()»\nexcept E:\n    print(x)\n", "try"),
        ("for i in a:\n    «if i:\n        x = i\n    print(x)»\n", "may have no value"),
        ("a = 1; «b = 2»\nprint(b)\n", "lines of the selection"),
        ("«import a, b»\n", "offered"),
        ("with suppress(E):\n    «x = 1\n    h()»\nprint(x)\n", "with"),
        ("«with suppress(E):\n    return h()»\nprint(a)\n", "some ways"),
        ("«warn(a, stacklevel=2)»\n", "stacklevel"),
        ("match a:\n    «case 1:\n        print(a)»\n", "offered"),
    ],
)
def test_refused(lines: str, reason: str) -> None:
    body = "".join(f"    {line}\n" for line in lines.splitlines())
    assert reason in refusal(extract_function, f"def f(a):\n{body}")


PROGRAM = """
def note(value):
    log.append(value)
    return value

class Box:
    scale = 2

    def __init__(self, size):
        self.size = size

    def grow(self, by):
        old = self.size
        self.size += by * self.scale
        note(self.size)
        return old, self.size

def walk(n):
    last = None
    for i in range(n):
        if i % 3 == 2:
            continue
        got = yield i
        last = got or last
        yield (i, last)
    return last

def f(a, b):
    box = Box(a)
    total = 0
    odd = []
    for i in range(a):
        step = i * b
        if step % 2:
            odd.append(step)
            total -= 1
        elif step > 10:
            break
        else:
            total += note(step)
        again = total
        while again > 5:
            again -= 3
            total += 1
    try:
        share = total // b
        note(share)
    except ZeroDivisionError as error:
        share = str(error)
    finally:
        total = total + 1
    old, new = box.grow(b)
    if new > 4:
        label = f"{old}-{new}"
    else:
        label = "small"
    pick = [x for x in odd if x > share] if share != label and b else [label]
    if total > 3:
        final = (label, pick)
        return final
    seen = list(walk(a))
    if (count := len(seen)) > 2:
        seen.append(count)
    return total, share, seen, [lambda: a, box][1].size
"""
CALLS = ("f(1, 2)", "f(7, 3)", "f(4, 0)", "f(9, 11)", "f(2, 1)", "Box(3).grow(2)", "list(walk(7))")


def ranges(node: SyntaxNode) -> list[tuple[int, int]]:
    """Return the expressions below a node, and every run of statements of a block."""
    found = []
    for one in node.walk():
        if one.type in ("block", "module"):
            parts = one.parts
            found += [
                (first.start, last.end)
                for at, first in enumerate(parts)
                for last in parts[at : at + 4]
            ]
        elif one.named and one.children:
            found.append((one.start, one.end))
    return list(dict.fromkeys(found))


@pytest.mark.parametrize("finder", [extract_function, extract_method])
def test_what_a_program_does_stays(finder) -> None:
    """Everything that can be selected in a program: refused, or the program does what it did."""
    expected = run(PROGRAM, CALLS)
    root = tree(SyntaxDocument.parse(PROGRAM, "python"))
    assert root is not None
    done = 0
    for start, end in ranges(root):
        marked = f"{PROGRAM[:start]}«{PROGRAM[start:end]}»{PROGRAM[end:]}"
        try:
            after = changed(finder, marked)
        except RefusedError:
            continue
        if after:
            done += 1
            assert run(after, CALLS) == expected, after
    assert done > (100 if finder is extract_function else 10)

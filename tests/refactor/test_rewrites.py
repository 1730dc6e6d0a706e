"""Small rewrites: another form, the same meaning."""

# ruff: noqa: ISC004 - a row is a text before and one after

from __future__ import annotations

import pytest

from lsp_agent.refactor.change import Finder
from lsp_agent.refactor.comprehensions import comprehension_to_loop, loop_to_comprehension
from lsp_agent.refactor.ternaries import choice_to_if, if_to_choice
from tests.refactor.marked import changed, refusal, run

PYTHON = [
    (choice_to_if, "def f():\n    return a $0if b else c\n",
     "def f():\n    if b:\n        return a\n    else:\n        return c\n"),
    (choice_to_if, "x.y = a $0if (b) else c\n", "if b:\n    x.y = a\nelse:\n    x.y = c\n"),
    (choice_to_if, "x = f(a $0if b else c)\n", ""),
    (choice_to_if, "x = a $0if b else c; y = d\n", ""),
    (choice_to_if, "x = a $0if b else c  # why\n",
     "if b:\n    x = a\nelse:\n    x = c  # why\n"),
    (choice_to_if, "x[f()] = a $0if b else c\n", ""),
    (if_to_choice, "if$0 a:\n    x = 1\nelse:\n    x = lambda: 2\n",
     "x = 1 if a else (lambda: 2)\n"),
    (if_to_choice, "def f():\n    if$0 a or b:\n        return 1\n    else:\n        return 2\n",
     "def f():\n    return 1 if a or b else 2\n"),
    (if_to_choice, "if$0 a:\n    x = 1\nelse:\n    y = 2\n", ""),
    (if_to_choice, "if$0 a:\n    # why\n    x = 1\nelse:\n    x = 2\n", ""),
    (loop_to_comprehension, "r = []\nfor$0 a in b:\n    r.append(a + 1)\n",
     "r = [a + 1 for a in b]\n"),
    (loop_to_comprehension, "r: list = []\nfor$0 a in b, c:\n    if a:\n        r.append(a)\n",
     "r: list = [a for a in (b, c) if a]\n"),
    (loop_to_comprehension, "r = {}\nfor$0 a, b in c:\n    r[a] = b\n",
     "r = {a: b for a, b in c}\n"),
    (loop_to_comprehension, "r = set()\nfor$0 a in c:\n    r.add(a)\n", "r = {a for a in c}\n"),
    (loop_to_comprehension, "r = []\nfor$0 a in b:\n    print(a)\n", ""),
    (loop_to_comprehension, "r = []\nx = 1\nfor$0 a in b:\n    r.append(a)\n", ""),
    (comprehension_to_loop, "r = [a + 1 for a in b $0if a]\n",
     "r = []\nfor a in b:\n    if a:\n        r.append(a + 1)\n"),
    (comprehension_to_loop, "r = {$0a: b for a, b in c}\n",
     "r = {}\nfor a, b in c:\n    r[a] = b\n"),
    (comprehension_to_loop, "f([$0a for a in b])\n", ""),
]  # fmt: skip
SCRIPT = [
    (choice_to_if, "x = a $0? b : c;\n", "if (a) {\n  x = b;\n} else {\n  x = c;\n}\n"),
    (choice_to_if, "function f() {\n  return a $0? b : c;\n}\n",
     "function f() {\n  if (a) {\n    return b;\n  } else {\n    return c;\n  }\n}\n"),
    (choice_to_if, "const x = a $0? b : c;\n", ""),
    (if_to_choice, "if$0 (a) {\n  x = 1;\n} else {\n  x = 2;\n}\n", "x = a ? 1 : 2;\n"),
    (if_to_choice, "if$0 (a) {\n  x = 1\n} else {\n  x = 2\n}\n[b].map(c)\n",
     "x = a ? 1 : 2;\n[b].map(c)\n"),
    (if_to_choice, "if$0 (a = b) {\n  x = 1;\n} else {\n  x = 2;\n}\n", "x = (a = b) ? 1 : 2;\n"),
    (if_to_choice,
     "function* f() {\n  if$0 (yield a) {\n    b = 1;\n  } else {\n    b = 2;\n  }\n}\n",
     "function* f() {\n  b = (yield a) ? 1 : 2;\n}\n"),
]  # fmt: skip


@pytest.mark.parametrize(("finder", "before", "after"), PYTHON)
def test_python(finder: Finder, before: str, after: str) -> None:
    assert changed(finder, before) == after


@pytest.mark.parametrize(("finder", "before", "after"), SCRIPT)
@pytest.mark.parametrize("language", ["javascript", "typescript"])
def test_script(finder: Finder, before: str, after: str, language: str) -> None:
    assert changed(finder, before, language) == after


@pytest.mark.parametrize(
    ("finder", "source", "reason"),
    [
        (loop_to_comprehension, "r = []\nfor$0 a in b:\n    r.append(a)\nprint(a)\n", "a is used"),
        (loop_to_comprehension, "r = []\nfor$0 a in b:\n    r.append(len(r))\n", "looks at r"),
        (loop_to_comprehension, "r = []\nfor$0 a in b:\n    r.append(lambda: a)\n", "keep"),
        (loop_to_comprehension, "r = []\nfor$0 a.x in b:\n    r.append(1)\n", "more than names"),
        (loop_to_comprehension, "try:\n    r = []\n    for$0 a in b:\n        r.append(a)\n"
         "except E:\n    pass\n", "in a try"),
        (loop_to_comprehension,
         "with suppress(E):\n    r = []\n    for$0 a in b:\n        r.append(a())\n",
         "in a try"),
        (loop_to_comprehension,
         "def g():\n    return a\nr = []\nfor$0 a in b:\n    r.append(a)\n", "a is used"),
        (loop_to_comprehension,
         "def f():\n    global a\n    r = []\n    for$0 a in b:\n        r.append(a)\n", "module"),
        (loop_to_comprehension, "r = []\nfor$0 a in b:\n    r.append(super().c(a))\n", "depends"),
        (comprehension_to_loop, "def f():\n    return id(1)\nr = [$0id for id in b]\n", "already"),
        (loop_to_comprehension, "class A:\n    r = []\n    for$0 a in b:\n        r.append(a)\n",
         "class"),
        (loop_to_comprehension,
         "def g():\n    return r\nr = []\nfor$0 a in b:\n    r.append(g())\n", "another function"),
        (comprehension_to_loop, "a = 1\nr = [$0a for a in b]\nprint(a)\n", "already"),
        (comprehension_to_loop, "r = [$0a for a in r]\n", "looks at r"),
        (comprehension_to_loop, "r = [$0(lambda: a) for a in b]\n", "keeps"),
    ],
)  # fmt: skip
def test_refused(finder: Finder, source: str, reason: str) -> None:
    assert reason in refusal(finder, source)


def test_there_and_back() -> None:
    loop = (
        "def f(rows):\n    found = {}\n    for$0 at, row in enumerate(rows):\n"
        "        if row % 2:\n            if at:\n                found[row] = at\n"
        "    return found\n"
    )
    short = changed(loop_to_comprehension, loop)
    assert "found = {row: at for at, row in enumerate(rows) if row % 2 if at}" in short
    back = changed(comprehension_to_loop, short.replace("{row:", "{$0row:"))
    assert back == loop.replace("$0", "")
    calls = ("f([1, 3, 4, 5])", "f([])", "f(7)")
    assert run(short, calls) == run(back, calls)

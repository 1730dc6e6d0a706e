"""Conditions turned round mean the same."""

from __future__ import annotations

import itertools

import pytest

from lsp_agent.refactor.change import Finder
from lsp_agent.refactor.conditions import de_morgan, invert_if, leave_early, merge_if, unwrap_else
from tests.refactor.marked import changed, refusal

PYTHON = [
    (invert_if, "if$0 a:\n    b()\nelse:\n    # why\n    c()\n",
     "if not a:\n    # why\n    c()\nelse:\n    b()\n"),
    (invert_if, "if a $0is None:\n    b\nelse:\n    c\n",
     "if a is not None:\n    c\nelse:\n    b\n"),
    (invert_if, "if $0not a:\n    b\nelse:\n    c\n", "if a:\n    c\nelse:\n    b\n"),
    (invert_if, "if $0a or b:\n    b\nelse:\n    c\n", "if not (a or b):\n    c\nelse:\n    b\n"),
    (invert_if, "if $0a < b:\n    x = '''\n y'''\nelse:\n    c\n",
     "if not a < b:\n    c\nelse:\n    x = '''\n y'''\n"),
    (invert_if, "$0if a:\n    b\nelif c:\n    d\nelse:\n    e\n", ""),
    (invert_if, "$0if a:\n    b\n", ""),
    (invert_if, "if a:\n    b$0\nelse:\n    c\n", ""),
    (invert_if, "if$0 a:  # why\n    b\nelse:\n    c\n", ""),
    (invert_if, "if$0 a:\r\n    b()\r\nelse:\r\n    c()  # why\r\nd()\r\n",
     "if not a:\r\n    c()  # why\r\nelse:\r\n    b()\r\nd()\r\n"),
    (merge_if, "if$0 a:\n    if b:\n        c()\n        d()\n", "if a and b:\n    c()\n    d()\n"),
    (merge_if, "if$0 a or b:\n    if c if d else e:\n        f\n",
     "if (a or b) and (c if d else e):\n    f\n"),
    (merge_if, "if$0 a:\n    if b:\n        c\n    else:\n        d\n", ""),
    (merge_if, "if$0 a:\n    if b:\n        c\n    d\n", ""),
    (merge_if, "if$0 a:\n    # why\n    if b:\n        c\n", ""),
    (leave_early, "def f(a):\n    b()\n    if$0 a:\n        c()\n\n        d()\n",
     "def f(a):\n    b()\n    if not a:\n        return\n    c()\n\n    d()\n"),
    (leave_early, "for a in b:\n    if$0 a:\n        c()\n",
     "for a in b:\n    if not a:\n        continue\n    c()\n"),
    (leave_early, "def f(a):\n    if$0 a:\n        c()\n    d()\n", ""),
    (leave_early, "class A:\n    if$0 a:\n        c()\n", ""),
    (unwrap_else, "if$0 a:\n    return b\nelse:\n    c()\n    d()\n",
     "if a:\n    return b\nc()\nd()\n"),
    (unwrap_else, "if$0 a:\n    b()\nelse:\n    c()\n", ""),
    (de_morgan, "x = $0not (a and b)\n", "x = not a or not b\n"),
    (de_morgan, "x = $0not (a and b) and c\n", "x = (not a or not b) and c\n"),
    (de_morgan, "x = $0not ((a or d) and b) and c\n", "x = (not (a or d) or not b) and c\n"),
    (de_morgan, "x = not a $0or not b\n", "x = not (a and b)\n"),
    (de_morgan, "x = not a $0or b\n", ""),
    (invert_if, "if$0 (a +\n    b == c):\n    b\nelse:\n    c\n",
     "if (a +\n    b != c):\n    c\nelse:\n    b\n"),
    (invert_if, "if$0 (not a\n    .b):\n    b\nelse:\n    c\n",
     "if (a\n    .b):\n    c\nelse:\n    b\n"),
    (invert_if, "if$0 (  # why\n    a):\n    b\nelse:\n    c\n",
     "if not (  # why\n    a):\n    c\nelse:\n    b\n"),
    (leave_early, "for a in b:\n    if$0 (a\n        .b):\n        c()\n",
     "for a in b:\n    if not (a\n        .b):\n        continue\n    c()\n"),
    (de_morgan, "x = $0not (a\n  .b and f(\n  c))\n", "x = not (a\n  .b) or not f(\n  c)\n"),
    (de_morgan, "x = $0not (a and  # why\n  b)\n", ""),
    (de_morgan, "x = $0not (a == 1 or b in c)\n", "x = a != 1 and b not in c\n"),
]  # fmt: skip
SCRIPT = [
    (invert_if, "if$0 (a) {\n  b();\n} else {\n  c();\n}\n",
     "if (!a) {\n  c();\n} else {\n  b();\n}\n"),
    (invert_if, "if$0 (a === 1) b();\nelse c();\n",
     "if (a !== 1) {\n  c();\n} else {\n  b();\n}\n"),
    (invert_if, "if$0 (a && b) {\n  b();\n} else {\n  c();\n}\n",
     "if (!(a && b)) {\n  c();\n} else {\n  b();\n}\n"),
    (invert_if, "if$0 (a) {\n  b();\n} else if (c) {\n  d();\n}\n", ""),
    (merge_if, "if$0 (a || b) {\n  if (c) {\n    d();\n  }\n}\n",
     "if ((a || b) && c) {\n  d();\n}\n"),
    (leave_early, "function f(a) {\n  b();\n  if$0 (a) {\n    c();\n  }\n}\n",
     "function f(a) {\n  b();\n  if (!a) {\n    return;\n  }\n  c();\n}\n"),
    (leave_early, "function f(a) {\n  if$0 (b) {\n    const c = b;\n  }\n}\n",
     "function f(a) {\n  if (!b) {\n    return;\n  }\n  const c = b;\n}\n"),
    (leave_early, "function f(a) {\n  if$0 (b) {\n    const a = b;\n  }\n}\n", ""),
    (leave_early, "function f(a) {\n  if$0 (b) {\n    const { c: [b] } = a;\n  }\n}\n", ""),
    (unwrap_else,
     "function f() {\n  if$0 (a) {\n    return 1;\n  } else {\n    return 2;\n  }\n}\n",
     "function f() {\n  if (a) {\n    return 1;\n  }\n  return 2;\n}\n"),
    (de_morgan, "x = $0!(a && b);\n", "x = !a || !b;\n"),
    (de_morgan, "x = $0!(a && b) && c;\n", "x = (!a || !b) && c;\n"),
    (de_morgan, "if ($0!a || !b) {}\n", "if (!(a && b)) {}\n"),
]  # fmt: skip


@pytest.mark.parametrize(("finder", "before", "after"), PYTHON)
def test_python(finder: Finder, before: str, after: str) -> None:
    in_function = "return" in before and not before.startswith("def")
    if in_function:
        before, after = (_in_function(one) for one in (before, after))
    assert changed(finder, before) == after


def _in_function(text: str) -> str:
    lines = "".join(f"    {line}" for line in text.splitlines(keepends=True))
    return f"def f():\n{lines}" if text else ""


@pytest.mark.parametrize(("finder", "before", "after"), SCRIPT)
@pytest.mark.parametrize("language", ["javascript", "tsx"])
def test_script(finder: Finder, before: str, after: str, language: str) -> None:
    assert changed(finder, before, language) == after


@pytest.mark.parametrize(
    "condition",
    ["a", "not a", "a and b", "a or not b", "a == b", "a is b", "a in (b, 1)", "a if b else c",
     "a < b < c", "not (a and b)", "not (a or not b)", "not a or not b", "(a, b) != (b, c)"],
)  # fmt: skip
def test_every_value_takes_the_branch_that_it_took(condition: str) -> None:
    body = "def f(a, b, c):\n    if$0 {}:\n        return 1\n    else:\n        return 2\n"
    marked = body.replace("{}", condition)
    programs = [marked.replace("$0", ""), changed(invert_if, marked), changed(unwrap_else, marked)]
    if not refusal(de_morgan, moved := marked.replace("$0", "").replace("if ", "if $0", 1)):
        programs.append(changed(de_morgan, moved))
    results = []
    for program in programs:
        names: dict = {}
        exec(program, names)
        results.append([names["f"](*each) for each in itertools.product([0, 1, 2], repeat=3)])
    assert all(one == results[0] for one in results)

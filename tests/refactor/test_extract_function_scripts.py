"""JavaScript and TypeScript become a function: what goes in, what comes out, what is refused."""

# ruff: noqa: ISC004 - a row is a text before and one after

from __future__ import annotations

import pytest

from lsp_agent.refactor.extract_function import extract_function, extract_method
from tests.refactor.marked import changed, refusal

SCRIPT = [
    ("function f(a, b) {\n  return «a * b + 1»;\n}\n",
     "function f(a, b) {\n  return computeValue(a, b);\n}\n\n"
     "function computeValue(a, b) {\n  return a * b + 1;\n}\n"),
    ("const f = (rows) => {\n  «const total = sum(rows);\n  log(total);»\n  return total;\n};\n",
     "const f = (rows) => {\n  const total = computeTotal(rows);\n  return total;\n};\n\n"
     "function computeTotal(rows) {\n  const total = sum(rows);\n  log(total);\n"
     "  return total;\n}\n"),
    ("function f(n) {\n  let t = 0;\n  «for (let i = 0; i < n; i++) {\n    t += i;\n  }»\n"
     "  return t;\n}\n",
     "function f(n) {\n  let t = 0;\n  t = computeT(n, t);\n  return t;\n}\n\n"
     "function computeT(n, t) {\n  for (let i = 0; i < n; i++) {\n    t += i;\n  }\n"
     "  return t;\n}\n"),
    ("async function f(a) {\n  «const b = await a();\n  const c = b + 1;»\n  return b + c;\n}\n",
     "async function f(a) {\n  const { b, c } = await extracted(a);\n  return b + c;\n}\n\n"
     "async function extracted(a) {\n  const b = await a();\n  const c = b + 1;\n"
     "  return { b, c };\n}\n"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), SCRIPT)
def test_script(before: str, after: str) -> None:
    assert changed(extract_function, before, "javascript") == after


def test_typescript() -> None:
    before = (
        "export function f(a: number, b?: string) {\n  return «g(a, b) + k»;\n}\nconst k = 1;\n"
    )
    after = changed(extract_function, before, "typescript")
    assert (
        "function computeValue(a: number, b: string | undefined) {\n  return g(a, b) + k;" in after
    )
    before = "class A {\n  f(n: number) {\n    «this.n = n;\n    this.g();»\n  }\n}\n"
    assert changed(extract_method, before, "typescript") == (
        "class A {\n  f(n: number) {\n    this.extracted(n);\n  }\n\n"
        "  extracted(n: number) {\n    this.n = n;\n    this.g();\n  }\n}\n"
    )
    assert "this" in refusal(extract_function, before, "typescript")


@pytest.mark.parametrize(
    ("marked", "reason"),
    [
        ("function f(a) { return «this.b + a»; }", "this"),
        ("function f(a) { return «arguments.length»; }", "arguments"),
        ("function f(a) {\n  for (;;) {\n    «if (a) { break; }»\n  }\n}", "break"),
        ("function f(a) {\n  «if (a) { return 1; }»\n  return 2;\n}", "returns"),
        ("function f() {\n  let x = 1;\n  const g = () => x;\n  «x = 2;»\n  return g();\n}",
         "another function"),
        ("function f(a) {\n  let x = 1;\n  const g = () => { x++; };\n  «g();\n  h(x);»\n}",
         "may be called meanwhile"),
        ("function f(a) {\n  const g = () => x;\n  «let x = 1;\n  g();»\n  return x;\n}",
         "may be called meanwhile"),
        ("function f() {\n  «let x = 1;\n  const g = () => { x++; };»\n  g();\n  return x;\n}",
         "later"),
        ("function f(a) {\n  «const g = () => x;»\n  const x = 1;\n  return g;\n}", "no value yet"),
        ("function f(a) {\n  var x = 1;\n  «var x = x + a;»\n  return x;\n}", "declared outside"),
        ("function f(a) {\n  let x;\n  try {\n    «x = 1;\n    a();»\n  } catch (e) { b(x); }\n}",
         "try"),
        ("class A {\n  #b;\n  c(d) { return «d.#b + 1»; }\n}", "#b"),
        ("f(function g(a) { return «g.length + a»; });", "own function only"),
        ("function f(a) { return «eval(a)»; }", "eval"),
        ("function* f() {\n  «yield 1;\n  g();»\n}", "yields"),
        ("«const x = 1;\ng(x);»\n", "whole file"),
        ("«function g() {}\ng();»\n", "whole file"),
        ("«class A {}\nnew A();»\n", "whole file"),
    ],
)  # fmt: skip
def test_refused_in_scripts(marked: str, reason: str) -> None:
    assert reason in refusal(extract_function, marked, "javascript")


def test_scripts_keep_what_the_next_round_uses() -> None:
    marked = "function f(a) {\n  while (g()) {\n    «a += 1;\n    h(a);»\n  }\n}\n"
    assert "    a = computeA(a);\n" in changed(extract_function, marked, "javascript")


def test_scripts_keep_their_declarations_and_lines() -> None:
    marked = "function f(a) {\n  if (a) {\n    «var x = 1;\n    g(x);»\n  }\n  return x;\n}\n"
    assert "    var x = computeX();\n" in changed(extract_function, marked, "javascript")
    marked = "function f(a) {\n  let b\n  h()\n  «a = g(a)\n  b = a»\n  return [a, b]\n}\n"
    after = changed(extract_function, marked, "javascript")
    assert "\n  h()\n  ;({ a, b } = extracted(a, b))\n  return" in after
    marked = "class A extends B {\n  constructor(a) {\n    «super(a);\n    this.b = a;»\n  }\n}\n"
    assert "super()" in refusal(extract_method, marked, "javascript")

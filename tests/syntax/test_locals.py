"""The uses of a local name, told from others of that name."""

from __future__ import annotations

import pytest

from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.locals import local_references
from lsp_agent.workspace.positions import Range
from lsp_agent.workspace.text import Text

# «» stand around the uses that are expected, ¦ is where they are asked for.
CASES = {
    "python": [
        "def f(«x»):\n    a.x = «x» + [x for x in y]\n    return g(x=«¦x»)\nx = 1\n",
        "def f(x):\n    x = [1 for «x» in z if «¦x»]\n",
        "def f():\n    «¦x» = 1\n    def g():\n        return «x»\n    class A:\n        x = 2\n",
        "def f():\n    «n» = 0\n    def g():\n        nonlocal «n»\n        «n» += «¦n»\n",
        "¦x = 1\ndef f():\n    return x\n",
        "def f(x):\n    return a.¦x\n",
        "def f():\n    global x\n    ¦x = 1\n",
        "class A:\n    ¦x = 1\n",
    ],
    "javascript": [
        "function f(«x») { if (a) { let x = 1; b(x) } return «¦x» + this.x }",
        "function f() { if (a) { var «x» = 1 } return «¦x» }",
        "const f = ({ «a» }) => «¦a»; const a = 1;",
        "let ¦x = 1; f(x)",
    ],
    "typescript": ["function f<T>(«x»: T, y?: number) { return {x: «¦x»}.x }"],
    "tsx": ["const L = ({ «rows» }: P) => <ul>{«¦rows».map((row) => <li>{row.rows}</li>)}</ul>"],
    "rust": ["fn f(«x»: u8) -> u8 { let y = |x| x + 1; s.x + «¦x» }\nfn x() {}"],
    "go": ["package p\nfunc f(«x» int) int { for x := range y { g(x) }; return «¦x» + a.x }"],
    "java": [
        "class A { int x; int f(int «x») { this.x = «¦x»; return x(«x»); } int g() { return x; } }"
    ],
    "c": ["int x;\nint f(int *«x») { { int x = 1; g(x); } return a->x + *«¦x»; }"],
    "cpp": ["int f(const T &«x») { auto g = [&](int y) { return y + «x»; }; return «¦x» + a::x; }"],
    "csharp": [
        "class A { int x; int F(int «x») { var y = z.Select(x => x); return this.x + «¦x»; } }"
    ],
    "ruby": ["def f(a)\n  «x» = 1\n  a.each { |b| «x» += b }\n  a.x + «¦x»\nend\nx = 2\n"],
    "php": ["<?php function f($«x») { $y = x($«¦x») + $this->x; } $x = 1;"],
    "bash": ["f() {\n  local «x»=1\n  g $«¦x»\n}\nx=2\n"],
    "lua": ["local function f(«x»)\n  if y then local x = 1; g(x) end\n  return «¦x» + a.x\nend\n"],
    "kotlin": ["fun f(«x»: Int): Int { val y = z.map { x -> x }; return «¦x» + a.x }\nval x = 1\n"],
    "swift": ["func f(x «y»: Int) -> Int { let z = y2.map { y in y }; return «¦y» + a.y }\n"],
    "scala": ["def f(«x»: Int) = { val y = z.map(x => x); a.x + «¦x» }\n"],
    "zig": ["fn f(«x»: u8) u8 { const y = a.x; return «¦x» + y; }\nconst z = x;\n"],
    "elixir": ["def f(«x») do\n  y = fn x -> x end\n  a.x + «¦x»\nend\n"],
}


@pytest.mark.parametrize(
    ("language", "marked"), [(name, case) for name, cases in CASES.items() for case in cases]
)
def test_local_references(language: str, marked: str) -> None:
    plain = marked.replace("«", "").replace("»", "").replace("¦", "")
    text, expected, start = Text(plain), [], 0
    cursor, at = text.position(0), 0
    for character in marked:
        if character == "«":
            start = at
        elif character == "»":
            expected.append(Range(text.position(start), text.position(at)))
        elif character == "¦":
            cursor = text.position(at)
        else:
            at += 1
    found = local_references(SyntaxDocument.parse(plain, language), cursor)
    assert found == (expected or None)


def test_a_place_without_a_name_or_a_parser_has_none() -> None:
    document = SyntaxDocument.parse("def f(x):\n    return 1\n", "python")
    assert local_references(document, Text("").position(0)) is None
    assert local_references(SyntaxDocument.parse("x", None), Text("").position(0)) is None

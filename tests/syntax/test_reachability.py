"""Code behind a statement that never goes on."""

from __future__ import annotations

import pytest

from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.reachability import is_unreachable
from lsp_agent.workspace.positions import Position

SOURCES = {
    "python": """\
def f(x):
    if x:
        return 1
        y = 2  # never
    else:
        z = 3
    for a in x:
        continue
    return 3
    # a note
    f(1)  # never


def g():
    raise E
    def h():
        return
""",
    "rust": """\
fn f(x: i32) -> i32 {
  if x > 1 { return 2; }
  return 1;
  g();  // never
}
""",
    "javascript": """\
function f(x) {
  switch (x) {
    case 1:
      break;
    case 2:
      return 1;
      x();  // never
  }
  throw new E();
  g();  // never
  function h() {}
}
""",
    "go": """\
func f(x int) int {
	if x > 1 {
		return 1
	}
	for {
		break
		g() // never
	}
	return 2
}
""",
    "c": "int f(int x) {\n  if (x) goto end;\n  return 1;\nend:\n  return 2;\n}\n",
    "java": "class A {\n  int f() {\n    return 1;\n  }\n  int g() {\n    return 2;\n  }\n}\n",
}


@pytest.mark.parametrize("language", SOURCES)
def test_the_marked_lines_and_no_others(language: str) -> None:
    source = SOURCES[language]
    document = SyntaxDocument.parse(source, language)
    found = {
        number
        for number, line in enumerate(source.split("\n"))
        if line.strip()
        and is_unreachable(document, Position(number, len(line) - len(line.lstrip())))
    }
    assert found == {n for n, line in enumerate(source.split("\n")) if "never" in line}


def test_a_text_without_a_parser_has_none() -> None:
    assert not is_unreachable(SyntaxDocument.parse("return\nx", None), Position(1, 0))

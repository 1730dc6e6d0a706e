"""Strings, arrow functions and patterns in another form."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.refactor.arrows import arrow_braces, destructure
from lsp_agent.refactor.change import Finder
from lsp_agent.refactor.strings import swap_quotes, swap_template, to_f_string
from tests.refactor.marked import changed

PYTHON = [
    (to_f_string, "x = $0'{} and {b.c:>4}'.format(a, b=d)\n", "x = f'{a} and {d.c:>4}'\n"),
    (to_f_string, "x = '{1!r}{0}{{}}'.$0format(a, b + 1)\n", "x = f'{b + 1!r}{a}{{}}'\n"),
    (to_f_string, "x = $0'{1}{0}'.format(f(), g())\n", ""),
    (to_f_string, "x = $0'{}'.format(*a)\n", ""),
    (to_f_string, "x = $0'{}'.format(a, b)\n", ""),
    (to_f_string, "x = $0'{}'.format(a['b'])\n", ""),
    (to_f_string, "x = $0'{}'.format(a[\"b\"])\n", "x = f'{a[\"b\"]}'\n"),
    (to_f_string, "x = $0'{0[k]}'.format(a)\n", ""),
    (to_f_string, "x = $0b'%s' % (a,)\n", ""),
    (to_f_string, "x = $0'%s {} %r%%' % (a, b)\n", "x = f'{a!s} {{}} {b!r}%'\n"),
    (to_f_string, "x = $0'%d' % (a,)\n", ""),
    (to_f_string, "x = $0'%s' % a\n", ""),
    (swap_quotes, "x = $0'a'\n", 'x = "a"\n'),
    (swap_quotes, "x = 'a$0\"'\n", ""),
    (swap_quotes, "x = 'a$0\\n'\n", ""),
    (swap_quotes, "x = f'$0{a}'\n", ""),
    (swap_quotes, "x = rb'$0a'\n", ""),
    (swap_quotes, "x = ''$0\"a\"\n", ""),
    (swap_quotes, "x = \"\"'$0a'\n", ""),
]  # fmt: skip
SCRIPT = [
    (swap_quotes, "f($0'a');\n", 'f("a");\n'),
    (swap_template, "f($0'a');\n", "f(`a`);\n"),
    (swap_template, "f($0`it's`);\n", 'f("it\'s");\n'),
    (swap_template, "f($0`a${b}`);\n", ""),
    (swap_template, "import a from $0'b';\n", ""),
    (swap_template, "x = {$0'a': 1};\n", ""),
    (swap_template, "$0'use strict';\n", ""),
    (swap_template, "const { $0'a': b } = c;\n", ""),
    (swap_template, "class A { $0'a' = 1 }\n", ""),
    (arrow_braces, "const f = a $0=> a + 1;\n", "const f = a => {\n  return a + 1;\n};\n"),
    (arrow_braces, "const f = (a) $0=> ({ a });\n", "const f = (a) => {\n  return { a };\n};\n"),
    (arrow_braces, "f(a $0=> {\n  return { a };\n});\n", "f(a => ({ a }));\n"),
    (arrow_braces, "f(a $0=> {\n  // why\n  return a;\n});\n", ""),
    (arrow_braces, "f(a $0=> {\n  g();\n});\n", ""),
    (arrow_braces, "const f = a $0=> (\n  // why\n  a\n);\n",
     "const f = a => {\n  return (\n  // why\n  a\n);\n};\n"),
    (arrow_braces, "const f = a $0=> { return a }\nconst b = 1\n",
     "const f = a => a\nconst b = 1\n"),
    (arrow_braces, "const f = a $0=> { return a }\n;(b)()\n", "const f = a => a\n;(b)()\n"),
    (arrow_braces, "const f = a $0=> { return a }\n[b].map(c)\n", ""),
    (destructure, "const a$0 = o.a;\nconst x = o.b;\nconst c = p.c;\n",
     "const { a, b: x } = o;\nconst c = p.c;\n"),
    (destructure, "const a$0 = this.a;\n", "const { a } = this;\n"),
    (destructure, "const a$0 = f().a;\n", ""),
    (destructure, "const a$0 = o?.a;\n", ""),
    (destructure, "let o$0 = o.a;\nlet b = o.b;\n", ""),
]  # fmt: skip


@pytest.mark.parametrize(("finder", "before", "after"), PYTHON)
def test_python(finder: Finder, before: str, after: str) -> None:
    assert changed(finder, before) == after


@pytest.mark.parametrize(("finder", "before", "after"), SCRIPT)
@pytest.mark.parametrize("language", ["javascript", "typescript", "tsx"])
def test_script(finder: Finder, before: str, after: str, language: str) -> None:
    assert changed(finder, before, language) == after


class Odd:
    """Formats otherwise than it is shown."""

    def __format__(self, spec: str) -> str:
        return f"<{spec}>"

    def __str__(self) -> str:
        return "odd"


@given(
    st.lists(st.sampled_from(["{}", "{:>4}", "{!r}", "%s", "%%", "{{", "}}", "a", " ", "é", '"']),
             max_size=8),
    st.booleans(),
)  # fmt: skip
def test_an_f_string_says_the_same(pieces: list[str], percent: bool) -> None:
    body = "".join(pieces)
    count = body.count("%s") if percent else body.replace("{{", "").count("{")
    names = ", ".join(["a", "b", "c"][index % 3] for index in range(count))
    call = f"'{body}' % ({names}{',' if count else ''})" if percent else f"'{body}'.format({names})"
    after = changed(to_f_string, f"x = $0{call}\n")
    values = {"a": 1, "b": Odd(), "c": "c"}
    if after:
        assert eval(after[4:], dict(values)) == eval(call, dict(values))

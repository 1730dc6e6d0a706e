"""A literal gets a name at the top of the file."""

from __future__ import annotations

import pytest

from lsp_agent.refactor.extract_constant import extract_constant
from tests.refactor.marked import changed, refusal, run

CASES = [
    ("python", "def f():\n    return «86400»\n",
     "NUMBER = 86400\n\n\ndef f():\n    return NUMBER\n"),
    ("python", "import a\n\n\ndef f():\n    return «'so long'»\n",
     "import a\n\nSO_LONG = 'so long'\n\n\ndef f():\n    return SO_LONG\n"),
    ("python", '"""Doc."""\nfrom __future__ import annotations\nimport a\nb(«24 * 60»)\n',
     '"""Doc."""\nfrom __future__ import annotations\nimport a\n\nVALUE = 24 * 60\n\nb(VALUE)\n'),
    ("python", "x = 1\n# About f.\n@d\ndef f(limit=1):\n    g(limit=«20»)\n",
     "x = 1\nLIMIT = 20\n\n\n# About f.\n@d\ndef f(limit=1):\n    g(limit=LIMIT)\n"),
    ("python", "#!/usr/bin/env python\nf(«(1, 'a')»)\n",
     "#!/usr/bin/env python\nITEMS = (1, 'a')\nf(ITEMS)\n"),
    ("python", "# What this is for,\n# in two lines.\nf(«20»)\n",
     "# What this is for,\n# in two lines.\nNUMBER = 20\nf(NUMBER)\n"),
    ("python", "x = 1  # Of x.\nf(«20»)\n", "x = 1  # Of x.\nNUMBER = 20\nf(NUMBER)\n"),
    ("javascript", "import a from 'a';\n\nfunction f() {\n  return «'so long'»;\n}\n",
     "import a from 'a';\n\nconst SO_LONG = 'so long';\n\nfunction f() {\n  return SO_LONG;\n}\n"),
    ("python", "f(«'a'\n  'b'»)\n", "A_B = ('a'\n  'b')\nf(A_B)\n"),
    # The call runs the function before what stands above it.
    ("javascript", "// Main.\nmain();\nfunction main() { f(«3600»); }\n",
     "// Main.\nconst NUMBER = 3600;\nmain();\nfunction main() { f(NUMBER); }\n"),
    ("tsx", "const a = () => <p b=«\"red\"» />;\n",
     "const RED = \"red\";\nconst a = () => <p b={RED} />;\n"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "before", "after"), CASES)
def test_constant(language: str, before: str, after: str) -> None:
    assert changed(extract_constant, before, language) == after


def test_all_of_a_file_but_what_only_looks_alike() -> None:
    before = (
        "class A:\n    \"\"\"low\"\"\"\n    a = 'low'\n\n\ndef f(x: Literal['low'] = «'low'»):\n"
        "    match x:\n        case 'low':\n            return {'low': 'low' 'er'}\n"
    )
    after = changed(extract_constant, before, argument="all")
    assert after == (
        'LOW = \'low\'\n\n\nclass A:\n    """low"""\n    a = LOW\n\n\n'
        "def f(x: Literal['low'] = LOW):\n"
        "    match x:\n        case 'low':\n            return {LOW: 'low' 'er'}\n"
    )
    calls = ("f()", "f('x')", "A.a", "A.__doc__")
    plain = before.replace("«", "").replace("»", "")
    assert run("from typing import Literal\n" + plain, calls) == run(
        "from typing import Literal\n" + after, calls
    )


@pytest.mark.parametrize(
    "marked",
    [
        "f(«[1]»)\n",
        "f(«a»)\n",
        "f(«1 + a»)\n",
        "f(«f'{a}'»)\n",
        "def f():\n    «'doc'»\n",
        "«f()»\n",
        "match a:\n    case {«'b'»: 1}:\n        pass\n",
        "match a:\n    case «1» + 2j:\n        pass\n",
    ],
)
def test_what_is_no_constant(marked: str) -> None:
    assert refusal(extract_constant, marked) == "nothing is offered"


@pytest.mark.parametrize(
    "marked",
    [
        "const { «'a'»: b } = c;\n",
        "class A { «'a'» = 1 }\n",
        "const a = «'a'» as const;\n",
        "export { a as «'b'» };\n",
    ],
)
def test_what_is_no_constant_in_typescript(marked: str) -> None:
    assert refusal(extract_constant, marked, "typescript") == "nothing is offered"

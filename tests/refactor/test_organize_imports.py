"""Imports in order: sorted, merged, thinned out, with their comments."""

# ruff: noqa: ISC004 - a row is a text before and one after

from __future__ import annotations

from textwrap import dedent

import pytest

from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.organize_imports import organize_imports
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.workspace.edits import apply_edits


def organized(before: str, language: str = "python", path: str = "a.py") -> str:
    """Return the text with its imports in order, which they must then be for good."""
    text = dedent(before)
    document = SyntaxDocument.parse(text, language)
    try:
        after = apply_edits(document.text, organize_imports(document, path)[0].edits()).content
    except RefusedError:
        return text
    again = SyntaxDocument.parse(after, language)
    assert not again.errors()
    found = organize_imports(again, path)
    if found:
        with pytest.raises(RefusedError, match="in order"):
            found[0].edits()
    return after


CASES = [
    ("import b.c\nimport a\nb.c, a\n", "import a\nimport b.c\nb.c, a\n"),
    ("import sys, os\nos, sys\n", "import os\nimport sys\nos, sys\n"),
    ("from a import C, b, D_E\nfrom a import f\nC, b, D_E, f\n",
     "from a import D_E, C, b, f\nC, b, D_E, f\n"),
    ("import os\nimport re\n\nre\n", "import re\n\nre\n"),
    ("import os\n\n\nx = 1\n", "x = 1\n"),
    ("from a import b as b, c as d\n\nx = 1\n", "from a import b as b\n\nx = 1\n"),
    ("import a.b\nimport os\n\nos\n", "import a.b\nimport os\n\nos\n"),
    ("import a as b\n\nx = 1\n", "x = 1\n"),
    ("import os  # noqa: F401\nimport abc\n\nabc\n",
     "import abc\nimport os  # noqa: F401\n\nabc\n"),
    ('"""Doc."""\nimport re\nfrom __future__ import annotations\nre\n',
     '"""Doc."""\nfrom __future__ import annotations\n\nimport re\nre\n'),
    ("import x\nimport os\nfrom . import y\nfrom .. import z\nx, os, y, z\n",
     "import os\n\nimport x\n\nfrom .. import z\nfrom . import y\nx, os, y, z\n"),
    ("import zlib\n\nimport third\nimport another\n\nimport mine.b\nimport mine.a\n"
     "zlib, third, another, mine\n",
     "import zlib\n\nimport another\nimport third\n\nimport mine.a\nimport mine.b\n"
     "zlib, third, another, mine\n"),
    ("# licence\n\n# about os\nimport os\n# about abc\nimport abc\n\nos, abc\n",
     "# licence\n\n# about abc\nimport abc\n# about os\nimport os\n\nos, abc\n"),
    ("#!/usr/bin/python\nimport os\nimport abc\nos, abc\n",
     "#!/usr/bin/python\nimport abc\nimport os\nos, abc\n"),
    ("from a import (\n    d,\n    b,\n)\nb, d\n", "from a import (\n    b,\n    d,\n)\nb, d\n"),
    ("from a import (d,  # why\n    b)\nimport os\nb, d, os\n", None),
    ("from b import *\nimport os\nimport abc\nos, abc\n",
     "from b import *\nimport abc\nimport os\nos, abc\n"),
    ("from b import x\nfrom a import x\nx\n", None),
    ("try:\n    import b\n    import a\nexcept ImportError:\n    b = a = None\n", None),
    ("import os; import abc\nos, abc\n", None),
    ("import os\nx = 1\nimport abc\nos, abc\n", None),
    ("from a import b\n__all__ = ['b']\n", None),
    ("from a import b\ndef f(x: 'b'): pass\n", None),
    ("from a import b\nx = []  # type: list[b]\n", None),
    ("from a import b\neval('b')\n", None),
    ("from a import thing\ndef test(thing): pass\n", None),
    ("if TYPE_CHECKING:\n    from b import c\n    from a import d\n\nx: c\ny: d\n",
     "if TYPE_CHECKING:\n    from a import d\n    from b import c\n\nx: c\ny: d\n"),
    ("from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from b import c\n\nx = 1\n",
     "from typing import TYPE_CHECKING\n\n\nx = 1\n"),
    ("import os\r\n# why\r\nimport abc  # so\r\nos, abc\r\n",
     "# why\r\nimport abc  # so\r\nimport os\r\nos, abc\r\n"),
    ("import os\r\nimport abc\r\nos, abc\r\n", "import abc\r\nimport os\r\nos, abc\r\n"),
    (f"from a import {', '.join(f'name_number_{n}' for n in range(8))}\n" * 2
     + f"{', '.join(f'name_number_{n}' for n in range(8))}\n",
     f"from a import {', '.join(f'name_number_{n}' for n in range(8))}\n"
      f"{', '.join(f'name_number_{n}' for n in range(8))}\n"),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), CASES)
def test_python(before: str, after: str | None) -> None:
    if "TYPE_CHECKING" in before and "x = 1" in before:
        document = SyntaxDocument.parse(before, "python")
        edits = organize_imports(document, "a.py")[0].edits()
        assert apply_edits(document.text, edits).content == after
        return
    assert organized(before) == (before if after is None else after)


def test_files_that_export_what_they_import() -> None:
    for path in ("a/__init__.py", "tests/conftest.py", "a.pyi"):
        assert organized("from b import c\nfrom a import d\n", path=path) == (
            "from a import d\nfrom b import c\n"
        )
    assert organized("from b import c\nfrom a import d\n") == ""


SCRIPT = [
    ("import { b, a } from 'x';\nimport c from './c';\nimport { d } from 'x';\nf(a, b, c, d);\n",
     "import { a, b, d } from 'x';\nimport c from './c';\nf(a, b, c, d);\n"),
    ("import { a } from \"b\"\nimport { c } from \"a\"\nf(a, c)\n",
     "import { c } from \"a\"\nimport { a } from \"b\"\nf(a, c)\n"),
    ("import { a, unused } from 'b';\nimport gone from 'gone';\nf(a);\n",
     "import { a } from 'b';\nf(a);\n"),
    ("import z from 'z';\nimport './effect';\nimport b from 'b';\n"
     "import a from 'a';\nf(a, b, z);\n",
     "import z from 'z';\nimport './effect';\nimport a from 'a';\nimport b from 'b';\n"
     "f(a, b, z);\n"),
    ("import a, { b } from 'x';\nimport * as n from 'y';\nf(a, b, n);\n", None),
    ("import b from 'b';\n\nimport a from 'a';\nf(a, b);\n", None),
    ("import b from 'b';\n// why\nimport a from 'a';\nf(a, b);\n",
     "// why\nimport a from 'a';\nimport b from 'b';\nf(a, b);\n"),
    ("import {\n  b,\n  a,\n} from 'x';\nf(a, b);\n",
     "import {\n  a,\n  b,\n} from 'x';\nf(a, b);\n"),
    ("import { b as a } from 'x';\nf(a);\n", None),
    ("import {} from 'x';\nimport b from 'b';\nimport a from 'a';\nf(a, b);\n",
     "import {} from 'x';\nimport a from 'a';\nimport b from 'b';\nf(a, b);\n"),
    ("import { a } from 'x';\nexport { a };\n", None),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), SCRIPT)
@pytest.mark.parametrize("language", ["javascript", "typescript", "tsx"])
def test_script(before: str, after: str | None, language: str) -> None:
    assert organized(before, language, "a.ts") == (before if after is None else after)


def test_types_stay_types() -> None:
    before = (
        "import { b } from 'x';\nimport type { T } from 'x';\n"
        "import { type U, a } from 'x';\nf(a, b as T as U);\n"
    )
    assert organized(before, "typescript", "a.ts") == (
        "import { a, b, type U } from 'x';\nimport type { T } from 'x';\nf(a, b as T as U);\n"
    )


def test_elements_need_react() -> None:
    before = "import React from 'react';\nconst a = <p/>;\n"
    assert organized(before, "tsx", "a.tsx") == before


def test_a_broken_file_is_left_alone() -> None:
    document = SyntaxDocument.parse("import b\nimport a\ndef f(:\n", "python")
    with pytest.raises(RefusedError, match="syntax error"):
        organize_imports(document, "a.py")[0].edits()
    assert organize_imports(SyntaxDocument.parse("x = 1\n", "python"), "a.py") == []
    assert organize_imports(SyntaxDocument.parse("import x\n", "go"), "a.go") == []

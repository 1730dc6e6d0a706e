"""What files say that they take from others."""

from __future__ import annotations

import pytest

from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.imports import Import, imports


@pytest.mark.parametrize(
    ("language", "source", "expected"),
    [
        (
            "python",
            "import a.b as c, d\nfrom .m import x as y, z\nfrom .. import w\nfrom e import *\n",
            [
                Import("a.b", (), (("", "c"),)),
                Import("d"),
                Import(".m", ("x", "z"), (("x", "y"),)),
                Import("..", ("w",)),
                Import("e"),
            ],
        ),
        (
            "typescript",
            "import {a, b as c} from './x';\nimport d from \"../y\";\nimport './z';\n",
            [
                Import("./x", ("a", "b"), (("b", "c"),)),
                Import("../y", (), (("default", "d"),)),
                Import("./z"),
            ],
        ),
        ("c", '#include "a.h"\n#include <b.h>\nint x;\n', [Import("a.h"), Import("<b.h>")]),
        ("go", 'import "fmt"\n', [Import("fmt")]),
        (
            "rust",
            "use a::{b::{c, d as e}, f::*};\n",
            [
                Import("a::b", ("c", "d"), (("d", "e"),)),
                Import("a::f"),
            ],
        ),
        (
            "kotlin",
            "import a\nimport b.c.D as E\n",
            [
                Import("a"),
                Import("b.c", ("D",), (("D", "E"),)),
            ],
        ),
        (None, "import a\n", []),
        ("python", "", []),
    ],
)
def test_imports(language: str | None, source: str, expected: list[Import]) -> None:
    assert imports(SyntaxDocument.parse(source, language)) == expected


def test_an_import_knows_its_line_which_makes_it_no_other_import() -> None:
    found = imports(SyntaxDocument.parse("\n\nimport a\n", "python"))
    assert [one.line for one in found] == [2]
    assert found == [Import("a")]

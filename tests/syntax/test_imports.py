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
                Import("a.b"),
                Import("d"),
                Import(".m", ("x", "z")),
                Import("..", ("w",)),
                Import("e"),
            ],
        ),
        (
            "typescript",
            "import {a, b as c} from './x';\nimport d from \"../y\";\nimport './z';\n",
            [Import("./x", ("a", "b")), Import("../y"), Import("./z")],
        ),
        ("c", '#include "a.h"\n#include <b.h>\nint x;\n', [Import("a.h")]),
        ("go", 'import "fmt"\n', []),
        (None, "import a\n", []),
        ("python", "", []),
    ],
)
def test_imports(language: str | None, source: str, expected: list[Import]) -> None:
    assert imports(SyntaxDocument.parse(source, language)) == expected

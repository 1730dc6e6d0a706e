"""Which compilers broke AMX."""

from __future__ import annotations

import pytest

from lsp_agent.engine.llama.amx import miscompiled


@pytest.mark.parametrize(
    ("comment", "broken"),
    [
        (b"GCC: (Debian 12.2.0-14+deb12u1) 12.2.0", True),
        (b"GCC: (Ubuntu 13.3.0-6ubuntu2) 13.3.0", False),
        (b"GCC: (GNU) 11.4.0", True),
        (b"GCC: (GNU) 14.1.1", False),
        (b"clang version 18.1.3", False),
        (b"", False),
    ],
)
def test_compilers(comment: bytes, broken: bool) -> None:
    assert miscompiled(b"\x7fELF\0" + comment + b"\0") is broken

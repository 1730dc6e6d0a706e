"""Which file leans on which, and how much."""

from __future__ import annotations

import pytest

from lsp_agent.index.graph import telling
from lsp_agent.index.modules import ModuleMap


@pytest.mark.parametrize(
    ("more", "less"),
    [
        ("parse_settings", "parse"),
        ("parseSettings", "settings"),
        ("Settings", "settings"),
        ("settings", "get"),
        ("get", "t"),
    ],
)
def test_names_that_say_more_count_more(more: str, less: str) -> None:
    assert 1 >= telling(more) > telling(less) > 0


def test_the_standard_library_is_no_module_of_a_package() -> None:
    modules = ModuleMap(["pkg/types.py", "pkg/a.py", "pkg/sub/json/__init__.py", "email.py"])
    assert modules.resolve("pkg/a.py", "python", "types") is None
    assert modules.resolve("pkg/sub/b.py", "python", "json.decoder") is None
    assert modules.resolve("pkg/a.py", "python", ".types") == "pkg/types.py"
    assert modules.resolve("pkg/a.py", "python", "pkg.types") == "pkg/types.py"
    assert modules.resolve("pkg/a.py", "python", "email") == "email.py"

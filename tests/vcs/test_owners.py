"""Whom CODEOWNERS names, by the patterns that code hosts have taken from git."""

from __future__ import annotations

from pathlib import Path

import pytest

from lsp_agent.vcs.owners import code_owners

LINES = """\
# the last line that matches counts
*            @all
*.py         @snakes @two  # both
/docs/       docs@example.org
apps/        @apps
/build/logs/ @logs
!nothing
**
src/*.go     @go
/src/secret.py
"""


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("README.md", ()), ("a/b.py", ()), ("docs/a/b.md", ()), ("src/a.go", ("@go",)),
    ],
)  # fmt: skip
def test_a_later_line_without_names_takes_them_away(
    tmp_path: Path, path: str, owners: tuple[str, ...]
) -> None:
    (tmp_path / "CODEOWNERS").write_text(LINES)
    assert code_owners(tmp_path, path) == owners


@pytest.mark.parametrize(
    ("path", "owners"),
    [
        ("README.md", ("@all",)), ("a/b.py", ("@snakes", "@two")),
        ("docs/a/b.md", ("docs@example.org",)), ("x/docs/a.md", ("@all",)),
        ("x/apps/y/z.js", ("@apps",)), ("build/logs/a", ("@logs",)),
        ("src/a.go", ("@go",)), ("src/x/a.go", ("@all",)), ("src/secret.py", ()),
    ],
)  # fmt: skip
def test_the_last_line_that_matches_counts(
    tmp_path: Path, path: str, owners: tuple[str, ...]
) -> None:
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github" / "CODEOWNERS").write_text(LINES.replace("**\n", ""))
    assert code_owners(tmp_path, path) == owners


def test_without_a_file(tmp_path: Path) -> None:
    assert code_owners(tmp_path, "a.py") == ()

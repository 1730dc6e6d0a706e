"""Edits that bring in what a reader does not see."""

from __future__ import annotations

import pytest

from lsp_agent.verify.characters import check_characters
from lsp_agent.workspace.overlay import FileChange


def change(before: str | None, after: str, path: str = "a.py") -> FileChange:
    kind = "create" if before is None else "modify"
    return FileChange(kind, path, f"file:///{path}", before, after)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1\n", "x = 1  # \u202eabc\n"),
        (None, "is_\u0430dmin = True\n"),
        ("a\u200b\n", "a\u200b\nb\u200b\n"),
        ("x = 1\n", "x = '\x1b[2J'\n"),
        ("if x:\n    y\n", "if x:\n\u00a0\u00a0\u00a0\u00a0y\n"),
    ],
)
def test_what_is_new_is_named(before: str | None, after: str) -> None:
    found = check_characters([change(before, after)])
    assert found.startswith("a.py:")
    assert "U+" in found
    assert "\u202e" not in found


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a\u200b\n", "b = 1\na\u200b\n"),
        ("p\u0430y = 1\n", "p\u0430y = 1\nuse(p\u0430y)\n"),
        ("x = 1\n", "x = 'caf\u00e9 \U0001f469\u200d\U0001f4bb'\n"),
        ("\x1b\n", "\x1b\nx\n"),
        ("x\n", "y\n"),
    ],
)
def test_what_was_there_may_stay(before: str, after: str) -> None:
    assert check_characters([change(before, after)]) == ""


def test_a_new_files_name_is_looked_at() -> None:
    assert "the file's name" in check_characters([change(None, "x = 1\n", "re\u202epy.txt")])


def test_prose_may_be_spaced() -> None:
    assert check_characters([change("", "\u00a0\u00a0text\n", "a.md")]) == ""

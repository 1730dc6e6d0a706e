"""``AGENTS.md``: the nearest one, within the workspace, bounded, as data."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_agent.context.instructions import instructions, nearest
from lsp_agent.context.tokens import estimate_tokens
from lsp_agent.workspace.overlay import Buffer, Overlay
from lsp_agent.workspace.roots import Root
from tests.support.files import write_files


def overlay(folder: Path, files: dict[str, str], **rest: object) -> Overlay:
    write_files(folder, files)
    return Overlay(Root(folder), **rest)


def test_the_nearest_one_holds(tmp_path: Path) -> None:
    files = {"AGENTS.md": "top", "web/AGENTS.md": "web", "web/src/a.ts": "", "lib/b.py": ""}
    view = overlay(tmp_path, files)
    places = ("web/src/a.ts", "web/a.ts", "lib/b.py", "c.py", None)
    assert [nearest(view, path) for path in places] == [
        "web/AGENTS.md", "web/AGENTS.md", "AGENTS.md", "AGENTS.md", "AGENTS.md",
    ]  # fmt: skip
    shown = instructions(view, "lib/b.py", 1000, estimate_tokens)
    assert shown == "AGENTS.md says of this project:\ntop"


def test_unsaved_text_counts(tmp_path: Path) -> None:
    buffer = Buffer("AGENTS.md", (tmp_path / "AGENTS.md").as_uri(), "as typed", 1)
    view = overlay(tmp_path, {"AGENTS.md": "as saved"}, buffers=[buffer])
    assert "as typed" in instructions(view, None, 1000, estimate_tokens)


def test_nothing_from_outside_or_left_out(tmp_path: Path) -> None:
    outside, inside = tmp_path / "AGENTS.md", tmp_path / "work"
    outside.write_text("from outside")
    view = overlay(inside, {"a/b.py": "", "x.py": ""})
    assert nearest(view, "a/b.py") is None
    (inside / "a" / "AGENTS.md").symlink_to(outside)
    assert instructions(view, "a/b.py", 1000, estimate_tokens) == ""
    view = overlay(inside, {"AGENTS.md": "no"}, exclude=["AGENTS.md"])
    assert instructions(view, "x.py", 1000, estimate_tokens) == ""


@pytest.mark.parametrize("data", [b"", b"\x00\x01binary", b" \n"])
def test_what_says_nothing_is_left_out(tmp_path: Path, data: bytes) -> None:
    view = overlay(tmp_path, {"a.py": ""})
    (tmp_path / "AGENTS.md").write_bytes(data)
    assert instructions(view, "a.py", 1000, estimate_tokens) == ""


@given(
    st.lists(st.text(st.characters(codec="ascii", exclude_characters="\r\x00"), max_size=60)),
    st.integers(0, 400),
)
@settings(max_examples=50, deadline=None)
def test_it_keeps_to_its_tokens(lines: list[str], budget: int) -> None:
    buffer = Buffer("AGENTS.md", "untitled:AGENTS.md", "\n".join(lines), 1)
    shown = instructions(Overlay(None, [buffer]), None, budget, estimate_tokens)
    assert estimate_tokens(shown) <= budget or shown == ""

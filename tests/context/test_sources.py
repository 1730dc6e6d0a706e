"""Texts are read once until they change."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lsp_agent.context.sources import Source, Sources
from lsp_agent.errors import LspAgentError
from lsp_agent.workspace.overlay import Buffer, Overlay
from lsp_agent.workspace.roots import Root


class Counting(Overlay):
    """An overlay that counts what is read."""

    reads = 0

    def read(self, path: str) -> str:
        self.reads += 1
        return super().read(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a.py", "b.py", "deep/c.py", "note.md"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"text of {name}\n", "utf-8")
    return tmp_path


def test_the_nearest_files_come_first_and_are_read_once(folder: Path) -> None:
    sources, overlay = Sources(), Counting(Root(folder))
    expected = [Source("a.py", "text of a.py\n"), Source("b.py", "text of b.py\n")]
    assert sources.nearby(overlay, "deep/c.py") == expected
    again = Counting(Root(folder))
    assert sources.nearby(again, "deep/c.py") == expected
    assert (overlay.reads, again.reads) == (2, 0)


def test_a_changed_file_is_read_again(folder: Path) -> None:
    sources, overlay = Sources(), Counting(Root(folder))
    sources.read(overlay, "a.py")
    folder.joinpath("a.py").write_text("something else", "utf-8")
    assert sources.read(Overlay(Root(folder)), "a.py") == "something else"
    os.utime(folder / "a.py", ns=(0, 0))
    fresh = Counting(Root(folder))
    sources.read(fresh, "a.py")
    assert fresh.reads == 1


def test_an_open_document_s_own_text_counts(folder: Path) -> None:
    sources, root = Sources(), Root(folder)
    sources.read(Overlay(root), "a.py")
    unsaved = Overlay(root, [Buffer("a.py", "file:///a.py", "unsaved")])
    assert sources.read(unsaved, "a.py") == "unsaved"
    assert sources.read(Overlay(root), "a.py") == "text of a.py\n"


def test_the_longest_unused_is_forgotten(folder: Path) -> None:
    sources = Sources(room=30)
    for name in ("a.py", "b.py", "a.py", "note.md"):
        sources.read(Overlay(Root(folder)), name)
    counting = Counting(Root(folder))
    for name in ("a.py", "b.py"):
        sources.read(counting, name)
    assert counting.reads == 1


def test_new_files_are_seen_a_little_later(folder: Path) -> None:
    now = [0.0]
    sources = Sources(clock=lambda: now[0])
    assert len(sources.nearby(Overlay(Root(folder)), "a.py")) == 2
    folder.joinpath("new.py").write_text("new", "utf-8")
    now[0] = 4.0
    assert len(sources.nearby(Overlay(Root(folder)), "a.py")) == 2
    now[0] = 6.0
    assert len(sources.nearby(Overlay(Root(folder)), "a.py")) == 3


def test_what_is_gone_or_no_text_is_left_out(folder: Path) -> None:
    sources, overlay = Sources(), Overlay(Root(folder))
    sources.nearby(overlay, "a.py")
    folder.joinpath("b.py").unlink()
    folder.joinpath("deep/c.py").write_bytes(b"\0\xff")
    assert sources.nearby(Overlay(Root(folder)), "a.py") == []
    with pytest.raises(LspAgentError):
        sources.read(overlay, "none.py")

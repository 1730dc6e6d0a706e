"""The folder that the benchmark of references reads."""

from __future__ import annotations

from pathlib import Path

from benchmarks.python_folder import Folder
from lsp_agent.index.python.references import find_references
from lsp_agent.workspace.positions import Position


def test_a_folder_on_the_disk(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def f(): ...\n")
    (tmp_path / "b.py").write_bytes(b"from a import f\nf('\xff')\n")
    answer = find_references(Folder(tmp_path, kept=1), "a.py", Position(0, 4))
    places = [
        (one.path, one.range.start.line, one.range.start.character) for one in answer.locations
    ]
    assert places == [("a.py", 0, 4), ("b.py", 0, 14), ("b.py", 1, 0)]

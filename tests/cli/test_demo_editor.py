"""The demo's editor hears of its own run only."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lsp_agent.demo.editor import Editor


def test_the_end_of_indexing_is_not_the_runs(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    file.write_text("x = 1\n")
    steps: list[str] = []
    editor = Editor(file, lambda step, _share: steps.append(step))

    def told(token: str, kind: str, **value: Any) -> None:
        editor.listen("$/progress", {"token": token, "value": {"kind": kind, **value}})

    told("run", "begin", title="lsp-agent: Fix")
    told("index", "begin", title="Indexing")
    told("index", "report", message="shop: 1 of 2", percentage=50)
    told("index", "end", message="shop: done")
    assert editor.ended.empty()
    told("run", "report", message="writing")
    told("run", "end", message="edited")
    assert editor.ended.get_nowait() == "edited"
    assert steps == ["lsp-agent: Fix", "writing"]

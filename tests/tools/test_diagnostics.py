"""What the model is told of a file's errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import LanguageServersSettings
from lsp_agent.language_servers.pool import LanguageServers
from lsp_agent.tools.call import ToolOutcome, call_tool
from lsp_agent.tools.diagnostics import TOOLS
from lsp_agent.tools.spec import ToolContext
from tests.support.real_servers import need_server, search_path
from tests.tools.conftest import Bench

FAKE = Path(__file__).parents[1] / "support" / "fake_server.py"


class Desk:
    """The tool over a bench's files, with servers or without."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.pools: list[LanguageServers] = []

    def servers(self, env: dict[str, str], **settings: object) -> LanguageServers:
        checked = LanguageServersSettings.model_validate(settings)
        self.pools.append(LanguageServers(checked, lambda _: False, env))
        return self.pools[-1]

    def call(self, pool: LanguageServers | None, **arguments: object) -> ToolOutcome:
        context = ToolContext(self.bench.overlay, CancelToken(), instruments=pool)
        return call_tool({tool.name: tool for tool in TOOLS}, "get_diagnostics", arguments, context)


@pytest.fixture
def desk(bench: Bench) -> Iterator[Desk]:
    desk = Desk(bench)
    yield desk
    for pool in desk.pools:
        pool.close()


def test_unsaved_text_is_judged(desk: Desk) -> None:
    need_server("basedpyright-langserver")
    need_server("ruff")
    desk.bench.files(a_dot_py="x = 1\n")
    desk.bench.unsaved("a.py", 'import os\nx: int = "a"\n')
    pool = desk.servers({**os.environ, "PATH": search_path()})
    lines = desk.call(pool, path="a.py").text.splitlines()
    assert lines[0] == "a.py"
    assert any(
        line.startswith("  2:10 error: ") and line.endswith("[basedpyright reportAssignmentType]")
        for line in lines
    )
    assert any(line.startswith("  1:8 warning: `os` imported but unused") for line in lines)


def test_changed_files_are_judged_together(desk: Desk, tmp_path: Path) -> None:
    desk.bench.files(a_dot_py="x = 1\n", b_dot_py="y = 1\n", c_dot_py="BAD\n")
    command = [sys.executable, str(FAKE), str(tmp_path / "log")]
    fake = {"command": command, "languages": ["python"], "untrusted": True}
    pool = desk.servers({"PATH": ""}, fake=fake)
    assert "name a path" in desk.call(pool).text
    desk.bench.overlay.write("a.py", "x = BAD\n")
    desk.bench.overlay.write("b.py", "y = 2\n")
    assert (
        desk.call(pool).text == "a.py\n  1:5 error: x = BAD [fake bad]\nb.py: nothing is reported"
    )


def test_without_a_server_the_syntax_is_told_and_who_would_help(desk: Desk) -> None:
    desk.bench.files(a_dot_py="x = (\n", b_dot_txt="x")
    found = desk.call(desk.servers({"PATH": ""}), path="a.py").text
    assert found.startswith("a.py\n  1:")
    assert "[only the syntax was checked; this would help: basedpyright: " in found
    assert "pip install basedpyright" in found
    found = desk.call(None, path="b.txt").text
    assert found == "b.txt: nothing is reported\n[only the syntax was checked]"
    assert not desk.call(None, path="missing.py").ok

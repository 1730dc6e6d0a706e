"""A folder's own interpreter is started by nobody before the folder is trusted."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.redteam.arena import Arena
from tests.redteam.attack import Case, by_command
from tests.support.real_servers import need_server

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="programs are shell scripts here")
ON = {"LSP_AGENT_LANGUAGE_SERVERS_ENABLED": "true"}
CALLS = (
    ("edit_file", {"path": "app.py", "old_string": "return 1", "new_string": "return 2"}),
    ("get_diagnostics", {"path": "app.py"}),
)


def _program(arena: Arena, name: str) -> Path:
    path = arena.work / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho started >> {arena.work}/started\nexit 1\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("programs", "entry"),
    [((".venv/bin/python", ".venv/bin/python3"), ""), (("python", "python3"), ".")],
    ids=["found by itself", "by a relative entry of PATH"],
)
def test_an_interpreter_of_the_folder_is_not_started(
    arena: Arena, programs: tuple[str, ...], entry: str
) -> None:
    need_server("basedpyright-langserver")
    for name in programs:
        _program(arena, name)
    path = os.pathsep.join([*([entry] if entry else []), arena.environment()["PATH"]])
    files = {
        "app.py": "import os\n\n\ndef run():\n    return 1\n",
        ".venv/pyvenv.cfg": "home = /usr/bin\nversion = 3.11\n",
    }
    case = Case("interpreter", CALLS, files, words="basedpyright")
    _, after = by_command(arena, case, "--json", environment={**ON, "PATH": path})
    assert case.words in str(after.events)
    assert not (arena.work / "started").exists()

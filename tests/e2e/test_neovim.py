"""A real Neovim: from the code action to the bytes of the saved file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from tests.support.real_editors import ROOT, find_editor
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint, call

pytestmark = pytest.mark.editor

# Characters of one to four bytes stand before the edit, on its line and after it.
SOURCE = """\
# Größe 🎉 日本語: é is e + ́
def area(width, height):
    s = "🎉é"; return width * hieght  # ←


def noop():
    pass
"""
LONGER_THAN_A_REQUEST = 3.0
DOCUMENTED = '''\
def area(width, height):
    """Return width × height 🎉."""
    s = "🎉é"; return width * hieght  # ←
'''


@pytest.fixture
def neovim() -> str:
    return find_editor("nvim", (0, 11))


def configure(home: Path, url: str) -> None:
    home.joinpath("config.toml").write_text(
        f'[engines.remote]\nkind = "openai"\nbase_url = "{url}"\nmodel = "scripted"\n'
        '[routes]\nagent = "remote"\n',
        "utf-8",
    )


def drive(neovim: str, folder: Path, **what: Any) -> dict[str, Any]:
    settings = {
        "plugin": str(ROOT / "editors" / "neovim"),
        "cmd": [sys.executable, "-m", "lsp_agent", "serve", "--stdio"],
        "root": str(folder),
        "diagnostic": None,
        "patience": 5000,
        **what,
    }
    script = str(Path(__file__).with_name("drivers") / "code_action.lua")
    done = subprocess.run(
        [neovim, "--headless", "-u", "NONE", "-i", "NONE", "-n", "-l", script],
        check=False,
        cwd=folder,
        env={**os.environ, "DRIVE": json.dumps(settings), "XDG_STATE_HOME": str(folder / ".state")},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    assert lines, done.stdout + done.stderr
    seen: dict[str, Any] = json.loads(lines[-1])
    assert not seen.get("problem"), seen
    return seen


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "wörk 空間"
    folder.mkdir()
    path = folder / "größe.py"
    path.write_bytes(SOURCE.encode())
    return path


def test_document_action_reaches_the_saved_file(home: Path, file: Path, neovim: str) -> None:
    with ScriptedEndpoint([Reply(text=f"```python\n{DOCUMENTED}```")]) as endpoint:
        configure(home, endpoint.base_url)
        seen = drive(neovim, file.parent, file=str(file), line=2, column=0, title="Document area")
    assert seen["encoding"] == "utf-8"
    assert seen["changed"], seen
    assert seen["progress"][0] == "begin"
    assert seen["progress"][-1] == "end"
    expected = SOURCE.replace(
        "def area(width, height):\n",
        'def area(width, height):\n    """Return width × height 🎉."""\n',
    )
    assert file.read_bytes() == expected.encode()


def test_linters_diagnostic_is_fixed_on_a_line_of_wide_characters(
    home: Path, file: Path, neovim: str
) -> None:
    edit = call("edit_file", path="größe.py", old_string="hieght", new_string="height")
    with ScriptedEndpoint([Reply(tool_calls=(edit,)), Reply(text="Mended.")]) as endpoint:
        configure(home, endpoint.base_url)
        line = SOURCE.split("\n")[2]
        column = len(line[: line.index("hieght")].encode())
        seen = drive(
            neovim,
            file.parent,
            file=str(file),
            line=3,
            column=column,
            title="Fix: undefined name 'hieght'",
            diagnostic="undefined name 'hieght'",
        )
        asked = json.dumps(endpoint.requests[0], ensure_ascii=False)
    assert "undefined name 'hieght'" in asked
    assert seen["changed"], seen
    assert file.read_bytes() == SOURCE.replace("hieght", "height").encode()


def test_an_edit_that_took_long_arrives_by_itself(home: Path, file: Path, neovim: str) -> None:
    """The request is answered after two seconds; the edit follows by workspace/applyEdit."""

    def slowly(_body: dict[str, Any]) -> Reply:
        never.wait(LONGER_THAN_A_REQUEST)
        return Reply(text=f"```python\n{DOCUMENTED}```")

    never = threading.Event()
    with ScriptedEndpoint(slowly) as endpoint:
        configure(home, endpoint.base_url)
        seen = drive(neovim, file.parent, file=str(file), line=2, column=0, title="Document area")
    assert seen["changed"], seen
    assert "Return width × height 🎉" in file.read_text("utf-8")


def test_the_embedded_model_documents(home: Path, file: Path, neovim: str) -> None:
    """Real weights in the server's process: each parameter is named in the saved file."""
    seen = drive(neovim, file.parent, file=str(file), line=2, column=0, title="Document area")
    assert seen["changed"], seen
    text = file.read_text("utf-8")
    assert "        width: " in text
    assert "        height: " in text
    assert text.count('"""') == 2

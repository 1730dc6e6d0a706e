"""A real Helix in a terminal: keys in, the bytes of the saved file out."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.real_editors import find_editor
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint

pytestmark = pytest.mark.editor

SOURCE = "# Größe 🎉 日本語\ndef area(width, height):\n    return width * height  # ←\n"
DOCUMENTED = SOURCE.partition("\n")[2].replace(
    "height):\n", 'height):\n    """Return width × height 🎉."""\n'
)


class Terminal:
    """A program in tmux: what it shows, and keys for it."""

    def __init__(self, name: str, command: list[str], cwd: Path, env: dict[str, str]) -> None:
        self._socket = f"lsp-agent-{os.getpid()}-{name}"
        line = shlex.join(["env", *(f"{key}={value}" for key, value in env.items()), *command])
        self._tmux("-f", "/dev/null", "new-session", "-d", "-s", "t", "-x", "110", "-y", "40",
                   "-c", str(cwd), line)  # fmt: skip

    def screen(self) -> str:
        return self._tmux("capture-pane", "-p", "-t", "t")

    def keys(self, *keys: str) -> None:
        self._tmux("send-keys", "-t", "t", *keys)

    def until(self, shown: Callable[[str], object], seconds: float = 30) -> str:
        """Wait until the screen, or the world, is as expected."""
        end = time.monotonic() + seconds
        while not shown(screen := self.screen()):
            assert time.monotonic() < end, screen
            time.sleep(0.05)
        return screen

    def close(self) -> None:
        subprocess.run(
            ["tmux", "-L", self._socket, "kill-server"], check=False, capture_output=True
        )

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-u", "-L", self._socket, *arguments],
            check=True, capture_output=True, text=True, encoding="utf-8", timeout=20,
        )  # fmt: skip
        return done.stdout


@pytest.fixture
def helix(home: Path, tmp_path: Path) -> Iterator[Callable[[Path], Terminal]]:
    program = find_editor("hx", (25, 1))
    if shutil.which("tmux") is None:
        pytest.skip("there is no tmux")
    terminals: list[Terminal] = []
    config = tmp_path / "config" / "helix"
    config.mkdir(parents=True)
    arguments = ["-m", "lsp_agent", "serve", "--stdio"]
    config.joinpath("languages.toml").write_text(
        f"[language-server.lsp-agent]\ncommand = '{sys.executable}'\nargs = {arguments}\n"
        '[[language]]\nname = "python"\nlanguage-servers = ["lsp-agent"]\n',
        "utf-8",
    )
    config.joinpath("config.toml").write_text(
        "[editor.lsp]\ndisplay-progress-messages = true\n", "utf-8"
    )

    def start(file: Path) -> Terminal:
        env = {
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "LSP_AGENT_HOME": str(home),
            **{
                f"XDG_{kind}_HOME": str(tmp_path / kind.lower())
                for kind in ("CONFIG", "CACHE", "DATA", "STATE")
            },
        }
        terminal = Terminal(
            str(len(terminals)),
            [program, "-vvv", "--log", str(tmp_path / "hx.log"), file.name],
            file.parent,
            env,
        )
        terminals.append(terminal)
        return terminal

    yield start
    for terminal in terminals:
        terminal.close()


def test_document_action_reaches_the_saved_file(
    home: Path, tmp_path: Path, helix: Callable[[Path], Terminal]
) -> None:
    file = tmp_path / "work" / "area.py"
    file.parent.joinpath(".git").mkdir(parents=True)
    file.write_bytes(SOURCE.encode())
    with ScriptedEndpoint([Reply(text=f"```python\n{DOCUMENTED}```")]) as endpoint:
        home.joinpath("config.toml").write_text(
            f'[engines.remote]\nkind = "openai"\nbase_url = "{endpoint.base_url}"\n'
            'model = "scripted"\n[routes]\nagent = "remote"\n',
            "utf-8",
        )
        terminal = helix(file)
        terminal.until(lambda screen: "def area" in screen)
        terminal.keys("j")

        log = tmp_path / "hx.log"
        terminal.until(
            lambda _: log.exists() and '"method":"initialized"' in log.read_text("utf-8")
        )
        terminal.keys("Space", "a")
        terminal.until(lambda screen: "Document area" in screen)
        choose(terminal, "Document area")
        terminal.until(lambda screen: "Return width" in screen)
        terminal.keys(":", "w", "q", "Enter")
        expected = SOURCE.partition("def area")[0] + DOCUMENTED
        wait_for(lambda: file.read_bytes() == expected.encode())
    assert file.read_bytes() == expected.encode()


def choose(terminal: Terminal, title: str) -> None:
    """Take a row of the menu: the first one is chosen already."""
    rows = [
        line for line in terminal.screen().split("\n") if re.search(r"Document|Explain|Fix", line)
    ]
    place = next(index for index, row in enumerate(rows) if title in row)
    terminal.keys(*["Down"] * place, "Enter")


def wait_for(done: Callable[[], bool]) -> None:
    """Wait for the file: the terminal ends with the editor, so there is no screen to look at."""
    end = time.monotonic() + 20
    while not done() and time.monotonic() < end:
        time.sleep(0.05)

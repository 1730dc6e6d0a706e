"""Programs that the user let run: the sandbox keeps them from all that is not the copy."""

from __future__ import annotations

import os
import sys
import time

import pytest

from lsp_agent.config.model import SandboxSettings
from lsp_agent.sandbox.choose import find_sandbox
from lsp_agent.sandbox.types import Sandbox
from tests.redteam.arena import Arena, picture
from tests.redteam.attack import Aftermath, Case, attack
from tests.redteam.cases.bombs import BOMBS, LIMITS
from tests.redteam.cases.network import NETWORK
from tests.redteam.cases.programs import END, FILES, PRELUDE, PROCESSES
from tests.support.open_sandbox import OpenSandbox

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="system calls of Linux")


@pytest.fixture(autouse=True)
def _held() -> None:
    sandbox, remarks = find_sandbox(SandboxSettings(), os.environ)
    if sandbox is None:
        pytest.skip("; ".join(remarks))


def run_program(
    arena: Arena, text: str, sandbox: Sandbox | None = None, **settings: str
) -> Aftermath:
    """Let a program run, with the user's leave; the workspace itself has to stay as it is."""
    case = Case(
        "program",
        (("execute_command", {"command": "python3 evil.py"}),),
        {"evil.py": PRELUDE + text + END, "keep.txt": "kept\n", ".venv/lib/x.py": "y = 1\n",
         "node_modules/m/index.js": "1\n", ".gitignore": ".venv\nnode_modules\n"},
        allow=True,
        git=True,
        settings=settings,
        absent="REACHED",
        audit="command_run",
    )  # fmt: skip
    seen: list[dict[str, tuple[int, str]]] = []

    def look(_type: str) -> None:
        seen.append(picture(arena.work)) if not seen else None

    after = attack(arena, case, hook=look, sandbox=sandbox)
    assert picture(arena.work) == seen[0], "the workspace itself was changed"
    assert not list((arena.state / "cache" / "copies").glob("*/*")), "the copy stays"
    return after


@pytest.mark.parametrize("name", [*FILES, *PROCESSES])
def test_nothing_but_the_copy_is_changed_or_read(arena: Arena, name: str) -> None:
    after = run_program(arena, {**FILES, **PROCESSES}[name])
    assert "TRIED" in after.prompts, after.results()


@pytest.mark.parametrize("name", NETWORK)
def test_nobody_is_reached(arena: Arena, name: str) -> None:
    after = run_program(arena, NETWORK[name], **{"sandbox.wall_seconds": "40"})
    assert "TRIED" in after.prompts, after.results()


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_ended(arena: Arena, name: str) -> None:
    began = time.monotonic()
    after = run_program(arena, BOMBS[name], **LIMITS)
    assert time.monotonic() - began < 60
    assert after.status == "answered"


WOULD_HARM = {
    "changed outside": 'put("@OUT@/pwned")',
    "changed outside the workspace: .*bashrc": 'put("@HOME@/.bashrc")',
    "left behind": 'put("/tmp/@MARK@")',
    "still running": """
words = ["sh", "-c", "sleep 30; true @MARK@"]
subprocess.Popen(words, start_new_session=True, stdout=-3, stderr=-3)""",
    "reached: .'tcp4'": 'socket.create_connection(("127.0.0.1", @TCP4@)); time.sleep(0.2)',
    "reached: .'udp4'": """
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", @UDP4@))
time.sleep(0.2)""",
    "reached: .'abstract'": 'socket.socket(socket.AF_UNIX).connect("\\0@ABSTRACT@")',
    "told a secret": 'print(open("@OUT@/secret.txt").read())',
    "ended": "os.kill(@VICTIM@, 9); time.sleep(0.2)",
}


@pytest.mark.parametrize("canary", WOULD_HARM)
def test_without_a_sandbox_the_canaries_sing(arena: Arena, canary: str) -> None:
    with pytest.raises(AssertionError, match=canary):
        run_program(arena, WOULD_HARM[canary], OpenSandbox())

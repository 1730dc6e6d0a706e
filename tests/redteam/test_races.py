"""A folder that becomes a link between the look and the deed leads nobody out of the workspace."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from lsp_agent.cancel import CancelToken
from lsp_agent.errors import LspAgentError
from lsp_agent.store.apply import apply_changes, recover
from lsp_agent.store.intent import Intent, Step, write_intent
from lsp_agent.tools.call import call_tool
from lsp_agent.tools.spec import ToolContext, load_tools
from lsp_agent.workspace.overlay import FileChange, Overlay
from lsp_agent.workspace.roots import Root
from tests.redteam.arena import Arena
from tests.redteam.attack import Case, attack
from tests.redteam.swapping import exchange, swapping

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="swaps two names at once")
SECONDS = 0.7


@pytest.fixture
def raced(arena: Arena) -> Iterator[Arena]:
    """Return an arena whose folder ``lib`` is swapped for a link to the outside all the time."""
    arena.write({"lib/app.py": "x = 1\n", "lib/sub/deep.txt": "deep\n", "top.py": "y = 1\n"})
    (arena.work / "evil").symlink_to(arena.outside)
    lib, evil = arena.work / "lib", arena.work / "evil"
    if not exchange(str(lib), str(evil)):
        pytest.skip("this file system swaps no names")
    exchange(str(lib), str(evil))
    (arena.outside / "same.py").write_text("x = 1\n")
    (arena.work / "lib" / "same.py").write_text("x = 1\n")
    arena.settled()
    with swapping(lib, evil):
        yield arena


def again_and_again(work: Callable[[], str]) -> list[str]:
    """Do something for a while; return what came of it each time."""
    said = []
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        try:
            said.append(work())
        except LspAgentError as error:
            said.append(f"{type(error).__name__}: {error}")
    return said


READS = {
    "read_file": {"path": "lib/app.py"},
    "list_directory": {"path": "lib"},
    "grep_search": {"pattern": "CANARY|KEY|x = 1"},
    "search_files": {"pattern": "**/*"},
    "parse_code": {"path": "lib/app.py"},
    "edit_file": {"path": "lib/app.py", "old_string": "KEY", "new_string": "pwned"},
}


@pytest.mark.parametrize("tool", READS)
def test_nothing_is_read_through_a_link_made_meanwhile(raced: Arena, tool: str) -> None:
    tools = load_tools(pytest.fail)

    def once() -> str:
        overlay = Overlay(Root(raced.work))
        return call_tool(tools, tool, READS[tool], ToolContext(overlay, CancelToken())).text

    said = again_and_again(once)
    assert len(set(said)) > 1, "the race was not run"
    raced.assert_unharmed("\n".join(said))
    assert not [one for one in said if "secret.txt" in one or "failed:" in one]


CHANGES = {
    "modify": (FileChange("modify", "lib/same.py", "", "x = 1\n", "x = 1\n"),),
    "modify twice": (
        FileChange("modify", "lib/same.py", "", "x = 1\n", "pwned = 1\n"),
        FileChange("modify", "top.py", "", "never this\n", "y = 2\n"),
    ),
    "create": (FileChange("create", "lib/new.py", "", None, "pwned = 1\n"),),
    "create in a new folder": (FileChange("create", "lib/new/x.py", "", None, "pwned = 1\n"),),
    "delete": (FileChange("delete", "lib/same.py", "", "x = 1\n", None),),
    "move in": (FileChange("rename", "top.py", "", "y = 1\n", "y = 1\n", new_path="lib/taken.py"),),
}


@pytest.mark.parametrize("name", CHANGES)
def test_nothing_is_written_through_a_link_made_meanwhile(raced: Arena, name: str) -> None:
    inner = raced.work / "lib"

    def once() -> str:
        apply_changes(raced.work, CHANGES[name], raced.state / "apply.log")
        restore(raced)
        return "applied"

    said = again_and_again(once)
    assert said
    assert inner.name == "lib"
    raced.assert_unharmed("\n".join(said))


def restore(arena: Arena) -> None:
    """Bring the inner folder back, reached by a name that is never swapped."""
    (arena.work / "top.py").write_text("y = 1\n")
    descriptor = None
    for name in ("lib", "evil"):
        try:
            descriptor = os.open(arena.work / name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            break
        except OSError:
            continue
    if descriptor is None:
        return
    for name in ("new.py", "taken.py"):
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=descriptor)
    file = os.open("same.py", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644, dir_fd=descriptor)
    os.write(file, b"x = 1\n")
    os.close(file)
    os.close(descriptor)


@pytest.mark.parametrize("new", [b"x = 1\n", None], ids=["of an edit", "of a deletion"])
def test_recovery_follows_no_link_made_since(arena: Arena, new: bytes | None) -> None:
    # The apply died; before the next start its folder became a link to a file like the new one.
    if new is not None:
        (arena.outside / "victim.py").write_bytes(new)
    temp = arena.outside / ".lsp-agent-0.tmp"
    temp.write_text("somebody's")
    (arena.work / "lib").symlink_to(arena.outside)
    lib = arena.work / "lib"
    log = arena.state / "apply.log"
    step = Step("lib/victim.py", lib / "victim.py", lib / temp.name, b"pwned = 1\n", new)
    write_intent(log, Intent((step,), (lib / "sub" / "empty",)))
    (arena.outside / "sub" / "empty").mkdir()
    arena.settled()
    done = recover(log)
    arena.assert_unharmed()
    assert done.restored == ()
    assert done.kept == ("lib/victim.py",)
    assert not log.exists()


@pytest.mark.parametrize("when", ["tool_call", "edit", "run_finished"])
def test_a_link_made_while_a_run_goes_on_is_seen(arena: Arena, when: str) -> None:
    folder = arena.work / "lib"

    def swap(event: str) -> None:
        if event == when and not folder.is_symlink():
            folder.rename(arena.work / "gone")
            folder.symlink_to(arena.outside)

    (arena.outside / "app.py").write_text("x = 1\n")
    case = Case(
        "swapped",
        (
            ("edit_file", {"path": "lib/app.py", "old_string": "x = 1", "new_string": "pwned"}),
            ("write_file", {"path": "lib/new.py", "content": "pwned"}),
        ),
        {"lib/app.py": "x = 1\n"},
    )
    after = attack(arena, case, hook=swap)
    assert "through a link" in after.said or "became a link" in after.said


def test_a_workspace_that_is_itself_replaced(arena: Arena, tmp_path: Path) -> None:
    # The root was resolved when the run began: its new target is another folder.
    arena.write({"app.py": "x = 1\n"})
    (arena.outside / "app.py").write_text("x = 1\n")
    arena.settled()
    overlay = Overlay(Root(arena.work))
    overlay.write("app.py", "pwned = 1\n")
    changes = overlay.changes()
    arena.work.rename(tmp_path / "elsewhere")
    arena.work.symlink_to(arena.outside)
    with pytest.raises(LspAgentError):
        apply_changes(overlay.root.path if overlay.root else arena.work, changes, tmp_path / "log")
    arena.assert_unharmed()
    assert (tmp_path / "elsewhere" / "app.py").read_text() == "x = 1\n"

"""Commands of a run on its copy; the sandbox of these tests holds nothing."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lsp_agent.cancel import CancelToken
from lsp_agent.config.load import Sources, load_settings
from lsp_agent.config.model import Settings
from lsp_agent.sandbox.types import Limits, SandboxError
from lsp_agent.vcs.copies import Copies
from lsp_agent.verify.environments import project_variables, python_path
from lsp_agent.verify.workshop import SandboxedWorkshop
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.roots import Root
from tests.support.files import write_files
from tests.support.open_sandbox import OpenSandbox


class Place:
    def __init__(self, folder: Path, copies: Path, settings: Settings) -> None:
        self.folder = folder
        self.copies = copies
        self.sandbox = OpenSandbox()
        self.overlay = Overlay(Root(folder))
        self.workshop = SandboxedWorkshop(Root(folder), self.sandbox, settings, copies)

    def run(self, *argv: str, **more: object) -> str:
        outcome = self.workshop.run(argv, self.overlay, CancelToken(), **more)  # type: ignore[arg-type]
        assert outcome.status == 0, outcome
        return outcome.output

    def python(self, code: str) -> str:
        return self.run(sys.executable, "-c", textwrap.dedent(code))


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    write_files(tmp_path / "work", {"a.py": "x = 1\n", "sub/b.txt": "b"})
    values = {"sandbox.memory_mb": "100", "sandbox.wall_seconds": "9", "safety.network": "true"}
    loaded = load_settings(Sources(cli=values))
    assert not loaded.problems
    made = Place(tmp_path / "work", tmp_path / "cache" / "copies", loaded.settings)
    yield made
    made.workshop.close()
    assert list(made.copies.glob("*")) == []


def test_nothing_is_made_before_it_is_needed(place: Place) -> None:
    assert place.workshop.written() == []
    assert place.workshop.read("a.py") is None
    place.workshop.close()
    assert not place.copies.exists()


def test_commands_see_the_overlay_and_leave_the_workspace_alone(place: Place) -> None:
    place.overlay.write("a.py", "x = 2\n")
    assert place.python("import a, os; print(a.x); open('made', 'w').close()") == "2\n"
    assert place.workshop.written() == ["made"]
    assert place.workshop.read("a.py") == "x = 2\n"
    place.overlay.write("a.py", "x = 3\n")
    assert place.python("import a, os; print(a.x, os.path.exists('made'))") == "3 True\n"
    assert (place.folder / "a.py").read_text() == "x = 1\n"
    assert sorted(path.name for path in place.folder.iterdir()) == ["a.py", "sub"]
    assert place.run("cat", "b.txt", cwd="sub") == "b"


def test_what_the_sandbox_is_told(place: Place) -> None:
    place.run("true", seconds=3.0, env={"CI": "1"}, stdin=b"in")
    place.run("true", seconds=99.0)
    first, second = place.sandbox.commands
    assert first.place == place.folder
    assert first.folder.is_relative_to(place.copies)
    assert first.network
    assert first.limits == Limits(wall_seconds=3.0, memory=100 * 1024**2)
    assert second.limits.wall_seconds == 9.0
    assert (first.stdin, first.env["CI"]) == (b"in", "1")
    assert first.folder == second.folder


def test_in_the_place_of_the_workspace_python_is_told_nothing(place: Place) -> None:
    place.sandbox.abilities = frozenset({"place"})
    place.run("true")
    assert place.sandbox.commands[0].env == {}
    assert place.workshop.abilities == {"place"}


def test_an_editable_installation_leads_to_the_copy(place: Place, tmp_path: Path) -> None:
    root = place.folder
    write_files(root, {"lib/one/pack/__init__.py": "v = 1\n", "lib/two/mod.py": "v = 1\n"})
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", root / ".venv"], check=True)
    site = next((root / ".venv").glob("lib/python3*/site-packages"))
    finder = f"""
        import sys, importlib.util
        MAPPING = {{'mod': '{root}/lib/two/mod.py'}}
        class Finder:
            @staticmethod
            def find_spec(name, path=None, target=None):
                if name in MAPPING:
                    return importlib.util.spec_from_file_location(name, MAPPING[name])
        sys.meta_path.append(Finder)
    """
    write_files(
        site,
        {
            "one.pth": f"{root}/lib/one\n",
            "two.pth": "import __editable___two_finder\n",
            "__editable___two_finder.py": textwrap.dedent(finder),
        },
    )
    ask = (str(root / ".venv/bin/python"), "-c", "import pack, mod; print(pack.v, mod.v)")
    assert subprocess.run(ask, check=True, capture_output=True, cwd="/").stdout == b"1 1\n"
    place.overlay.write("lib/one/pack/__init__.py", "v = 2\n")
    place.overlay.write("lib/two/mod.py", "v = 2\n")
    assert place.run(*ask) == "2 2\n"
    assert python_path(root, [".venv"]) == [".", "lib/one", "lib/two"]
    assert python_path(root, []) == ["."]


def test_the_projects_own_programs_come_first(tmp_path: Path) -> None:
    write_files(tmp_path, {".venv/pyvenv.cfg": "", ".venv/bin/x": "", "node_modules/.bin/y": ""})
    write_files(tmp_path, {"bin/git": ""})
    path = os.pathsep.join([".", str(tmp_path / "bin"), "/usr/bin", "", "/bin", "/usr/bin"])
    found = project_variables(tmp_path, {"PATH": path, "VIRTUAL_ENV": "/other", "KEPT": "1"})
    own = [str(tmp_path / ".venv/bin"), str(tmp_path / "node_modules/.bin")]
    assert found["PATH"].split(os.pathsep) == [*own, "/usr/bin", "/bin"]
    assert found["VIRTUAL_ENV"] == str(tmp_path / ".venv")
    assert found["KEPT"] == "1"


def test_nothing_is_run_after_the_end(place: Place) -> None:
    place.run("true")
    place.workshop.close()
    with pytest.raises(SandboxError, match="over"):
        place.run("true")


def test_a_copy_that_can_not_be_made_is_said(place: Place, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    with pytest.raises(SandboxError, match="no command can be run"):
        place.run("true")
    (tmp_path / "cache").unlink()


def test_copies_of_dead_processes_are_removed(tmp_path: Path) -> None:
    code = """
        import sys, os, signal
        from pathlib import Path
        from lsp_agent.vcs.copies import Copies
        copy = Copies(Path(sys.argv[1])).make()
        (copy.path / "file").write_text("x")
        print(copy.path, flush=True)
        sys.stdin.read()
    """
    argv = [sys.executable, "-c", textwrap.dedent(code), str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(argv, **pipes) as process:  # type: ignore[call-overload]
        left = Path(process.stdout.readline().strip())
        mine = Copies(tmp_path).make()
        assert (left / "file").is_file()
        process.kill()
        process.wait()
    Copies(tmp_path).make().remove()
    assert not left.exists()
    assert mine.path.is_dir()
    mine.remove()
    assert list(tmp_path.iterdir()) == []


def test_a_copy_is_removed_by_another_thread_than_made_it(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        copy = pool.submit(Copies(tmp_path).make).result()
        copy.remove()
        # The lock is free at once, not when somebody happens to collect it.
        assert not copy._lock.is_locked
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("link", ["node_modules/.bin", ".venv/bin", ".venv", "node_modules"])
def test_a_link_of_the_workspace_is_no_place_of_programs(tmp_path: Path, link: str) -> None:
    work, secret = tmp_path / "work", tmp_path / "secret"
    write_files(tmp_path, {"secret/.bin/key": "1", "secret/bin/key": "1", "secret/pyvenv.cfg": ""})
    (work / link).parent.mkdir(parents=True)
    if link == ".venv/bin":
        (work / ".venv" / "pyvenv.cfg").write_text("")
    (work / link).symlink_to(secret)
    assert project_variables(work, {"PATH": "/usr/bin"})["PATH"] == "/usr/bin"


@pytest.mark.parametrize(
    ("code", "path"),
    [
        ("os.mkdir('new')", "new"),
        ("open('new', 'w').close()", "new/a.py"),
        ("os.unlink('a.py'); os.mkdir('a.py')", "a.py"),
    ],
)
def test_what_a_command_left_in_the_way_ends_no_run(place: Place, code: str, path: str) -> None:
    place.python(f"import os; {code}")
    place.overlay.write(path, "y = 2\n")
    assert place.run("cat", path) == "y = 2\n"

"""What an honest program can do, and how its end is told."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import pytest

from lsp_agent.cancel import CancelToken
from lsp_agent.sandbox.types import Command, Limits, SandboxError
from tests.sandbox.conftest import LIMITS, Cell


def test_output_status_and_input_come_through(cell: Cell) -> None:
    code = """
        import sys
        print(sys.stdin.read().upper(), flush=True)
        print("wrong", file=sys.stderr)
        raise SystemExit(3)
    """
    outcome = cell.run(code, stdin=b"hello " * 50_000)
    assert (outcome.status, outcome.ended, outcome.truncated) == (3, "", False)
    assert outcome.output == "HELLO " * 50_000 + "\nwrong\n"
    assert 0 < outcome.seconds < 30


def test_a_signal_is_a_negative_status(cell: Cell) -> None:
    outcome = cell.run("import os, signal; os.kill(os.getpid(), signal.SIGTERM)")
    assert (outcome.status, outcome.ended) == (-15, "")


def test_the_copy_is_written_and_the_workspace_is_not(cell: Cell) -> None:
    code = """
        import module, os
        from pathlib import Path
        print(module.VALUE)
        Path("new/deep").mkdir(parents=True)
        Path("new/deep/file.txt").write_text("written")
        os.rename("new/deep/file.txt", "moved.txt")
        os.link("moved.txt", "linked.txt")
        print(os.getcwd() == PLACE)
    """
    outcome = cell.run(code)
    assert outcome.output.splitlines() == ["copy", str(cell.namespaced)]
    assert (cell.folder / "moved.txt").read_text() == "written"
    assert [one.name for one in cell.place.iterdir()] == ["module.py"]


def test_absolute_paths_mean_the_copy_where_the_sandbox_can_do_that(cell: Cell) -> None:
    if not cell.namespaced:
        pytest.skip("the copy is seen where it lies")
    outcome = cell.run("exec(open(PLACE + '/module.py').read()); print(VALUE)")
    assert outcome.output == "copy\n"


def test_a_folder_below_is_the_current_one(cell: Cell) -> None:
    (cell.folder / "sub").mkdir()
    assert cell.run("import os; print(os.getcwd())", cwd="sub").output.endswith("/sub\n")


def test_what_is_borrowed_can_be_read_in_the_copy_and_not_written(cell: Cell) -> None:
    (cell.place / "node_modules" / "left-pad").mkdir(parents=True)
    (cell.place / "node_modules" / "left-pad" / "index.js").write_text("pad")
    code = """
        print(open("node_modules/left-pad/index.js").read())
        for path in ("node_modules/left-pad/index.js", "node_modules/new"):
            try:
                open(path, "w")
                print("ESCAPED")
            except OSError as error:
                print("held")
    """
    outcome = cell.run(code, borrowed=("node_modules", "not-there"))
    assert outcome.output.splitlines() == ["pad", "held", "held"]


def test_a_link_in_the_place_of_what_is_borrowed_shows_nothing(cell: Cell) -> None:
    (cell.place / "vendor").symlink_to(cell.home / ".ssh")
    outcome = cell.run("print(open('vendor/id_rsa').read())", borrowed=("vendor",))
    assert outcome.status == 1
    assert "PRIVATE KEY" not in outcome.output


def test_a_link_in_the_copy_does_not_lead_mounts_outside(cell: Cell) -> None:
    (cell.place / "pkg" / "node_modules").mkdir(parents=True)
    (cell.folder / "pkg").symlink_to(cell.outside)
    cell.run("print(1)", borrowed=("pkg/node_modules",))
    assert [one.name for one in cell.outside.iterdir()] == ["file.txt"]


def test_the_usual_tools_of_tests_work(cell: Cell) -> None:
    code = """
        import asyncio, hashlib, os, pathlib, sqlite3, ssl, subprocess, tempfile, threading, zlib
        with tempfile.TemporaryDirectory() as folder:
            sqlite3.connect(folder + "/x.db").execute("create table t (a)")
        pathlib.Path.home().joinpath(".cache").mkdir(exist_ok=True)
        print(subprocess.run(["sh", "-c", "echo $HOME"], capture_output=True).stdout != b"")
        print(asyncio.run(asyncio.sleep(0, "awaited")))
        thread = threading.Thread(target=lambda: print("thread"))
        thread.start()
        thread.join()
        open("/dev/null", "w").write("x")
        print(len(os.urandom(8)), open("/dev/zero", "rb").read(2))
    """
    outcome = cell.run(code)
    assert outcome.output.splitlines() == ["True", "awaited", "thread", "8 b'\\x00\\x00'"]


def test_what_serves_and_asks_on_the_loopback_works_in_namespaces(cell: Cell) -> None:
    if not cell.namespaced:
        pytest.skip("no sockets at all without namespaces")
    code = """
        import multiprocessing, socket
        server = socket.create_server(("127.0.0.1", 0))
        client = socket.create_connection(server.getsockname())
        server.accept()[0].sendall(b"heard")
        print(client.recv(9))
        print(multiprocessing.get_context("fork").Pool(2).map(abs, [-1, -2]))
    """
    assert cell.run(code).output.splitlines() == ["b'heard'", "[1, 2]"]


def test_a_program_that_is_not_there_is_named(cell: Cell) -> None:
    command = Command(("no-such-program", "x"), cell.folder, cell.place)
    with pytest.raises(SandboxError, match="no-such-program can't be started in the sandbox"):
        cell.sandbox.run(command, CancelToken())


@pytest.mark.parametrize(
    ("more", "match"),
    [
        ({"cwd": "../outside"}, "no folder below"),
        ({"cwd": "/etc"}, "no folder below"),
        ({"borrowed": ("../home",)}, "only such can be borrowed"),
        ({"borrowed": ("/etc",)}, "only such can be borrowed"),
        ({"env": {"LD_PRELOAD": "x.so"}}, "LD_PRELOAD is not passed on"),
        ({"env": {"DEPLOY_TOKEN": "x"}}, "DEPLOY_TOKEN is not passed on"),
    ],
)
def test_a_command_that_asks_for_more_is_refused(cell: Cell, more: object, match: str) -> None:
    assert isinstance(more, dict)
    with pytest.raises(SandboxError, match=match):
        cell.run("print(1)", **more)


def test_much_output_loses_its_middle(cell: Cell) -> None:
    code = "import sys; sys.stdout.write('first' + 'x' * 3_000_000 + 'last')"
    outcome = cell.run(code, limits=Limits(output=10_000))
    assert outcome.truncated
    assert outcome.output.startswith("firstx")
    assert outcome.output.endswith("xlast")
    assert len(outcome.output) < 11_000


def test_a_cancelled_command_ends_soon(cell: Cell) -> None:
    cancel, ready = CancelToken(), cell.folder / "ready"
    command = cell.command("open('ready', 'w').close(); import time; time.sleep(60)")
    times: list[float] = []

    def press() -> None:
        while not ready.exists():
            time.sleep(0.01)
        times.append(time.monotonic())
        cancel.cancel()

    thread = threading.Thread(target=press)
    thread.start()
    outcome = cell.sandbox.run(command, cancel)
    took = time.monotonic() - times[0]
    thread.join()
    assert (outcome.status, outcome.ended) == (None, "cancelled")
    assert took < 1.0


def test_two_commands_at_once(cell: Cell) -> None:
    outputs: list[str] = []

    def one(number: int) -> None:
        outputs.append(cell.run(f"import time; time.sleep(0.2); print({number})").output)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outputs) == ["0\n", "1\n", "2\n"]


def test_nothing_of_ours_is_left_behind(cell: Cell) -> None:
    before = sorted(Path("/proc/self/fd").iterdir())
    cell.run("print(1)")
    assert len(sorted(Path("/proc/self/fd").iterdir())) == len(before)
    assert sorted(one.name for one in cell.folder.iterdir()) == ["module.py"]


def test_a_program_of_the_workspace_environment_runs(cell: Cell) -> None:
    binary = cell.place / ".venv" / "bin"
    binary.mkdir(parents=True)
    home = Path(sys.executable).resolve().parent
    (binary.parent / "pyvenv.cfg").write_text(f"home = {home}\n")
    (binary / "python").symlink_to(Path(sys.executable).resolve())
    command = Command(
        (str(binary / "python"), "-c", "import sys; print(sys.prefix)"),
        cell.folder, cell.place, borrowed=(".venv",), limits=LIMITS,
    )  # fmt: skip
    assert cell.sandbox.run(command, CancelToken()).output == f"{cell.place}/.venv\n"

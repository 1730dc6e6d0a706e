"""Programs that use too much, will not end, or turn on other processes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.sandbox.conftest import LIMITS, Cell

SMALL = replace(LIMITS, wall_seconds=20, cpu_seconds=5, processes=24, memory=200 << 20)


def alive(mark: str) -> list[int]:
    """Return the processes that have ``mark`` in their command line."""
    found = []
    for one in Path("/proc").iterdir():
        if one.name.isdigit():
            with contextlib.suppress(OSError):
                if mark.encode() in (one / "cmdline").read_bytes():
                    found.append(int(one.name))
    return found


@pytest.fixture
def mark(tmp_path: Path) -> Iterator[str]:
    name = f"mark-{os.getpid()}-{tmp_path.name}"
    yield name
    for pid in alive(name):
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def test_a_fork_bomb_ends(cell: Cell, mark: str) -> None:
    code = f"""
        import os, time
        mark = {mark!r}
        print("begun", flush=True)
        deadline = time.monotonic() + 3
        while time.monotonic() < deadline:
            try:
                os.fork()
            except OSError:
                time.sleep(0.01)
    """
    start = time.monotonic()
    outcome = cell.run(code, limits=SMALL)
    # The kernel lets an ordinary user start no more; root's are counted, and ended.
    assert outcome.ended == "processes" or outcome.status == 0
    assert time.monotonic() - start < 15
    assert alive(mark) == []


def test_many_threads_end_too(cell: Cell) -> None:
    code = """
        import threading, time
        for _ in range(200):
            try:
                threading.Thread(target=time.sleep, args=(10,), daemon=True).start()
            except RuntimeError:
                raise SystemExit(7)
        time.sleep(10)
    """
    outcome = cell.run(code, limits=SMALL)
    assert outcome.ended == "processes" or outcome.status == 7


def test_a_memory_bomb_in_one_process_ends(cell: Cell) -> None:
    outcome = cell.run("x = bytearray(1 << 30); print('ESCAPED')", limits=SMALL)
    assert "MemoryError" in outcome.output or outcome.ended == "memory"
    assert "ESCAPED" not in outcome.output


@pytest.mark.parametrize("shared", [False, True])
def test_a_memory_bomb_in_many_processes_ends(cell: Cell, shared: bool) -> None:
    code = f"""
        import mmap, os, time
        pids = []
        for _ in range(8):
            pid = os.fork()
            if not pid:
                {"x = mmap.mmap(-1, 60 << 20); x.write(b'x' * (60 << 20))" if shared else "x = b'x' * (60 << 20)"}
                time.sleep(15)
                os._exit(0)
            pids.append(pid)
        for pid in pids:
            os.waitpid(pid, 0)
        print("ESCAPED")
    """
    outcome = cell.run(code, limits=SMALL)
    assert (outcome.status, outcome.ended) == (None, "memory"), outcome.output


def test_memory_in_files_is_limited(cell: Cell) -> None:
    code = """
        import tempfile
        written = 0
        try:
            for folder in (tempfile.gettempdir(), "/dev/shm"):
                for number in range(20):
                    with open(f"{folder}/{number}", "wb") as file:
                        written += file.write(b"x" * (20 << 20))
        except OSError:
            print("held")
    """
    outcome = cell.run(code, limits=SMALL)
    assert "held" in outcome.output or outcome.ended == "file_size"


def test_a_large_file_is_not_written(cell: Cell) -> None:
    code = """
        with open("big", "wb") as file:
            for _ in range(64):
                file.write(b"x" * (1 << 20))
        print("ESCAPED")
    """
    outcome = cell.run(code, limits=replace(SMALL, file_size=4 << 20))
    assert "ESCAPED" not in outcome.output
    assert (cell.folder / "big").stat().st_size <= 4 << 20


def test_many_files_do_not_fill_the_disk(cell: Cell) -> None:
    code = """
        import time
        for number in range(100):
            with open(f"big{number}", "wb") as file:
                file.write(b"x" * (1 << 20))
            time.sleep(0.05)
        print("ESCAPED")
    """
    outcome = cell.run(code, limits=replace(SMALL, file_size=2 << 20))
    assert (outcome.status, outcome.ended) == (None, "file_size"), outcome.output
    assert len(list(cell.folder.iterdir())) < 90


def test_an_output_bomb_is_held_in_little_memory(cell: Cell) -> None:
    code = "import os\nwhile True: os.write(1, b'x' * 65536)"
    outcome = cell.run(code, limits=replace(SMALL, output=10_000))
    assert (outcome.status, outcome.ended) == (None, "output")
    assert len(outcome.output) < 11_000


def test_a_busy_program_ends(cell: Cell) -> None:
    outcome = cell.run("while True: pass", limits=replace(SMALL, cpu_seconds=1))
    assert (outcome.status, outcome.ended) == (None, "cpu_seconds")


def test_one_that_catches_the_warning_ends_too(cell: Cell) -> None:
    code = "import signal\nsignal.signal(signal.SIGXCPU, lambda *_: None)\nwhile True: pass"
    outcome = cell.run(code, limits=replace(SMALL, cpu_seconds=1))
    assert outcome.status in {None, -9}


def test_a_sleeper_ends(cell: Cell, mark: str) -> None:
    start = time.monotonic()
    code = (
        f"mark = {mark!r}\nimport signal, time\nsignal.signal(15, signal.SIG_IGN)\ntime.sleep(60)"
    )
    outcome = cell.run(code, limits=replace(SMALL, wall_seconds=1))
    assert (outcome.status, outcome.ended) == (None, "timeout")
    assert time.monotonic() - start < 10
    assert alive(mark) == []


DAEMON = """
    import os, signal, time
    mark = {mark!r}
    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    ready, said = os.pipe()
    if not os.fork():
        os.setsid()
        if os.fork():
            os._exit(0)
        os.write(said, b"x")
        if {quiet}:
            for fd in (0, 1, 2):
                os.close(fd)
        time.sleep(60)
        os._exit(0)
    os.read(ready, 1)
    print("begun", flush=True)
    {last}
"""


@pytest.mark.parametrize("quiet", [False, True])
@pytest.mark.parametrize("last", ["raise SystemExit(0)", "time.sleep(60)"])
def test_a_daemon_does_not_stay(cell: Cell, mark: str, last: str, quiet: bool) -> None:
    start = time.monotonic()
    code = textwrap.dedent(DAEMON).format(mark=mark, last=last, quiet=quiet)
    outcome = cell.run(code, limits=replace(SMALL, wall_seconds=2))
    assert outcome.output == "begun\n"
    assert outcome.status == (0 if "Exit" in last else None)
    assert alive(mark) == []
    assert time.monotonic() - start < 15


SIGNALS = {
    "parent": "os.kill(os.getppid(), signal.SIGKILL)",
    "victim": "os.kill(VICTIM, signal.SIGKILL)",
    "group-of-victim": "os.killpg(VICTIM, signal.SIGKILL)",
    "all": "os.kill(-1, signal.SIGTERM)",
    "by-descriptor": "signal.pidfd_send_signal(os.pidfd_open(VICTIM), signal.SIGKILL)",
    "queue": "libc.sigqueue(VICTIM, 9, None) == 0 or 1 / 0",
    "owner": "import fcntl; r, w = os.pipe(); fcntl.fcntl(r, fcntl.F_SETOWN, VICTIM); "
    "fcntl.fcntl(r, fcntl.F_SETSIG, 9); fcntl.fcntl(r, fcntl.F_SETFL, 0o20000 | 0o4000); os.write(w, b'x')",
    "priority": "os.setpriority(os.PRIO_PROCESS, VICTIM, 19)",
    "limits": "import resource; resource.prlimit(VICTIM, resource.RLIMIT_CPU, (1, 1))",
    "ptrace": "libc.ptrace(16, VICTIM, 0, 0) == 0 or 1 / 0",
    "memory": "open(f'/proc/{VICTIM}/mem', 'r+b').read(1)",
    "environment": "print(open(f'/proc/{VICTIM}/environ').read())",
    "arguments": "print(open(f'/proc/{VICTIM}/cmdline').read()); assert open(f'/proc/{VICTIM}/cmdline').read()",
    "oom": "open('/proc/self/oom_score_adj', 'w').write('-1000')",
    "oom-of-victim": "open(f'/proc/{VICTIM}/oom_score_adj', 'w').write('1000')",
    "read-memory": "libc.process_vm_readv(VICTIM, None, 0, None, 0, 0) == 0 or 1 / 0",
}  # fmt: skip


@pytest.mark.parametrize("name", SIGNALS)
def test_other_processes_are_out_of_reach(cell: Cell, name: str) -> None:
    victim = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"],
        stdin=subprocess.PIPE,
        start_new_session=True,
        env={"API_KEY": "hidden-from-all"},
    )
    try:
        head = f"import ctypes, os, signal\nlibc = ctypes.CDLL(None)\nVICTIM = {victim.pid}\n"
        outcome = cell.run(f"{head}{SIGNALS[name]}\nprint('ESCAPED')", limits=SMALL)
        assert victim.poll() is None
        assert os.getpriority(os.PRIO_PROCESS, victim.pid) < 19
        assert "hidden-from-all" not in outcome.output
        if name not in {"parent", "all", "owner", "by-descriptor"}:
            assert "ESCAPED" not in outcome.output, outcome.output
    finally:
        victim.kill()
        victim.communicate()


def test_a_tree_dies_with_us(cell: Cell, mark: str, tmp_path: Path) -> None:
    code = textwrap.dedent(DAEMON).format(mark=mark, last="time.sleep(60)", quiet=True)
    ready = cell.folder / "ready"
    script = tmp_path / "parent.py"
    script.write_text(
        f"""
import os, sys
from pathlib import Path
from lsp_agent.cancel import CancelToken
from lsp_agent.sandbox.types import Command
from tests.sandbox.conftest import LIMITS, MAKERS
env = {{"PATH": os.environ["PATH"], "HOME": {str(cell.home)!r}}}
code = {code!r}.replace('print("begun"', 'open("ready", "w"); print("begun"')
command = Command((sys.executable, "-c", code), Path({str(cell.folder)!r}), Path({str(cell.place)!r}), limits=LIMITS)
MAKERS[{_maker(cell)!r}](env).run(command, CancelToken())
"""
    )
    root = str(Path(__file__).parents[2])
    parent = subprocess.Popen(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([root, *sys.path])},
    )
    try:
        _until(ready.exists, 20)
        assert len(alive(mark)) >= 2
    finally:
        parent.kill()
        parent.wait()
    _until(lambda: not alive(mark), 10)
    assert alive(mark) == []


def _maker(cell: Cell) -> str:
    alone = cell.sandbox.name == "landlock" and not cell.namespaced
    return "landlock-alone" if alone else cell.sandbox.name


def _until(condition: object, seconds: float) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)

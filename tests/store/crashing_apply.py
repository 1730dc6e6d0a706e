"""Kills an apply before each of its system calls in turn, and sees what the next start makes of it.

Run as a module with a folder to work in. For each call the child process dies there, then a
second child may die in the recovery, at each of its calls. Then a recovery that lives must leave
all files as they were, or all as they should be, nothing beside them, and no log.
Prints how many deaths there were.
"""

from __future__ import annotations

import itertools
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from lsp_agent.store.apply import apply_changes, recover
from lsp_agent.workspace.overlay import FileChange

CALLS = ("open", "replace", "unlink", "mkdir", "rmdir", "fsync")
KILLED = 9
BEFORE = {"a.py": b"\xef\xbb\xbfa\r\n", "sub/b.py": b"b\n", "c.py": b"c\n", "d.py": b"d"}
AFTER = {
    "a.py": b"\xef\xbb\xbfA\r\n",
    "new/deep/e.py": b"e\n",
    "sub/C.py": b"c changed\n",
    "d.py": b"D",
}
CHANGES = (
    FileChange("modify", "a.py", "", "a\r\n", "A\r\n"),
    FileChange("delete", "sub/b.py", "", "b\n", None),
    FileChange("rename", "c.py", "", "c\n", "c changed\n", new_path="sub/C.py"),
    FileChange("modify", "d.py", "", "d", "D"),
    FileChange("create", "new/deep/e.py", "", None, "e\n"),
)


def die_at(count: int) -> None:
    """Make this process die just before its call number ``count``."""
    left = itertools.count(count - 1, -1)

    def watched(call: Callable[..., object]) -> Callable[..., object]:
        def wrapper(*args: object, **kwargs: object) -> object:
            if next(left) == 0:
                os._exit(KILLED)
            return call(*args, **kwargs)

        return wrapper

    for name in CALLS:
        setattr(os, name, watched(getattr(os, name)))


def in_child(work: Callable[[], object], death: int) -> bool:
    """Do some work in a child that dies at a call; return whether it lived through it."""
    child = os.fork()
    if child == 0:
        die_at(death)
        work()
        os._exit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in {0, KILLED}, f"the child ended with {status}"
    return status == 0


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def set_up(base: Path) -> tuple[Path, Path]:
    shutil.rmtree(base, ignore_errors=True)
    work = base / "work"
    (work / "sub").mkdir(parents=True)
    for path, data in BEFORE.items():
        (work / path).write_bytes(data)
    return work, base / "state" / "apply"


def main() -> int:
    base = Path(sys.argv[1])
    deaths = 0
    # A process that dies takes nothing with it that it has written; only a power cut would.
    os.fsync = lambda _: None
    for first in itertools.count(1):
        for second in itertools.count(1):
            work, log = set_up(base)
            finished = in_child(lambda: apply_changes(work, CHANGES, log), first)  # noqa: B023
            lived = in_child(lambda: recover(log), second)  # noqa: B023
            recover(log)
            deaths += (not finished) + (not lived)
            found = tree(work)
            where = f"death {first}, then {second}"
            assert found in (BEFORE, AFTER), f"{where}: {found}"
            assert found == AFTER or not finished, f"{where}: a finished apply was undone"
            assert found == AFTER or not (work / "new").exists(), f"{where}: a folder is left"
            left = [path.name for path in log.parent.iterdir() if path.suffix != ".lock"]
            assert not left, f"{where}: {left}"
            # Every death of the second is tried for some deaths of the first: it takes long.
            if lived or first % 8:
                break
        if finished:
            break
    print(deaths)
    return 0


if __name__ == "__main__":
    sys.exit(main())

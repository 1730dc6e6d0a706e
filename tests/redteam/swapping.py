"""An attacker on the same machine who swaps a folder for a link, over and over, as fast as it goes.

A process of its own, so that it runs while the attacked one holds the interpreter's lock. Both
names are exchanged by one system call: there is no moment at which either is missing.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_EXCHANGE = 2
_HERE = -100


def exchange(one: str, other: str) -> bool:
    """Swap two names; return whether this system can."""
    libc = ctypes.CDLL(None, use_errno=True)
    if not hasattr(libc, "renameat2"):
        return False
    names = (os.fsencode(one), os.fsencode(other))
    return int(libc.renameat2(_HERE, names[0], _HERE, names[1], _EXCHANGE)) == 0


@contextmanager
def swapping(folder: Path, link: Path) -> Iterator[None]:
    """Swap a folder and a link while the block runs; the folder is in its place afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.redteam.swapping", str(folder), str(link)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"swapping\n"
    try:
        yield
    finally:
        process.communicate(timeout=20)
        if folder.is_symlink():
            exchange(str(folder), str(link))


def main() -> None:
    """Swap the two names given until stdin ends."""
    import threading

    one, other = sys.argv[1:3]
    ended = threading.Event()

    def wait() -> None:
        sys.stdin.buffer.read()
        ended.set()

    threading.Thread(target=wait, daemon=True).start()
    libc = ctypes.CDLL(None, use_errno=True)
    names = (os.fsencode(one), os.fsencode(other))
    print("swapping", flush=True)
    while not ended.is_set():
        libc.renameat2(_HERE, names[0], _HERE, names[1], _EXCHANGE)
        # Both states have to last long enough for a step of the other side to see them.
        time.sleep(0)


if __name__ == "__main__":
    main()

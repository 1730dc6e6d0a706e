"""Which process a run belongs to, so that one that died is told from one under way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

_PROC = Path("/proc")


def this_process() -> str:
    """Return what names this process, also after a restart of the machine: JSON."""
    return _describe(os.getpid())


def is_alive(process: str) -> bool:
    """Whether a process is still there, and not another one with its number.

    One of another container, which can't be seen from here, is taken to be alive.
    """
    try:
        known = json.loads(process)
        pid = int(known["pid"])
    except (ValueError, KeyError, TypeError):
        return False
    if known.get("boot") != _boot():
        return False
    if known.get("space") != _space():
        return True
    started = _started(pid)
    return bool(started) and started == known.get("started")


def _describe(pid: int) -> str:
    return json.dumps({"pid": pid, "started": _started(pid), "boot": _boot(), "space": _space()})


def _started(pid: int) -> str:
    """Return when a process started, in the system's own words; ``""`` where there is none."""
    if sys.platform == "win32":
        return _started_on_windows(pid)
    try:
        status = _PROC.joinpath(str(pid), "stat").read_text("utf-8", "replace")
    except OSError:
        return "" if _PROC.joinpath("self").exists() else _started_by_ps(pid)
    # The name, in brackets, may hold anything.
    fields = status.rpartition(")")[2].split()
    return "" if fields[0] in "ZX" else fields[19]


def _started_by_ps(pid: int) -> str:
    found = subprocess.run(
        ["/bin/ps", "-o", "lstart=", "-p", str(pid)], check=False, capture_output=True, text=True
    )
    return found.stdout.strip()


def _boot() -> str:
    try:
        return _PROC.joinpath("sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


def _space() -> str:
    try:
        return os.readlink("/proc/self/ns/pid")  # noqa: PTH115 - its text, not a path
    except OSError:
        return ""


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _QUERY_LIMITED = 0x1000
    _STILL_ACTIVE = 259

    def _started_on_windows(pid: int) -> str:
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.OpenProcess.restype = wintypes.HANDLE
        handle = kernel.OpenProcess(_QUERY_LIMITED, False, pid)
        if not handle:
            return ""
        try:
            status = wintypes.DWORD()
            kernel.GetExitCodeProcess(wintypes.HANDLE(handle), ctypes.byref(status))
            times = [wintypes.FILETIME() for _ in range(4)]
            kernel.GetProcessTimes(wintypes.HANDLE(handle), *map(ctypes.byref, times))
        finally:
            kernel.CloseHandle(wintypes.HANDLE(handle))
        if status.value != _STILL_ACTIVE:
            return ""
        return f"{times[0].dwHighDateTime}:{times[0].dwLowDateTime}"

else:

    def _started_on_windows(_pid: int) -> str:
        return ""

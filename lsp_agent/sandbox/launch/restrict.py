"""What a process gives up before it becomes the program: limits, capabilities, files, calls.

Landlock: https://docs.kernel.org/userspace-api/landlock.html
"""

from __future__ import annotations

import os
import resource
import stat
import struct

from . import kernel

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing takes longer to import than all the rest
    from typing import Any

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1, 2, 4, 8
_REFER, _TRUNCATE, _IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_OF_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV
_MAKE_DEVICES = 1 << 6 | 1 << 11
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
_TCP = 3
_RULE_PATH_BENEATH = 1
SCOPE_ABSTRACT, SCOPE_SIGNAL = 1, 2


def limit(limits: dict[str, int], processes: int) -> None:
    """Set what each process may use; ``processes`` 0 leaves their number to be watched."""
    cpu, size = limits["cpu_seconds"], limits["file_size"]
    wanted = {
        resource.RLIMIT_CPU: (cpu, cpu + 1),
        resource.RLIMIT_DATA: (limits["memory"], limits["memory"]),
        resource.RLIMIT_FSIZE: (size, size),
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_NOFILE: (4096, 4096),
        resource.RLIMIT_MEMLOCK: (8 << 20, 8 << 20),
        resource.RLIMIT_MSGQUEUE: (819_200, 819_200),
    }
    if processes:
        wanted[resource.RLIMIT_NPROC] = (processes, processes)
    for which, (soft, hard) in wanted.items():
        most = resource.getrlimit(which)[1]
        least = most if most != resource.RLIM_INFINITY else hard
        resource.setrlimit(which, (min(soft, least), min(hard, least)))


def scope() -> None:
    """Let no signal out of this process and its children; needs Landlock's version 6."""
    # A layer that says nothing of it forbids moving files from one folder to another.
    ruleset = struct.pack("=QQQ", _REFER, 0, SCOPE_SIGNAL)
    fd = kernel.call(kernel.LANDLOCK_CREATE_RULESET, ruleset, len(ruleset), 0)
    _allow(fd, "/", _REFER)
    kernel.call(kernel.LANDLOCK_RESTRICT_SELF, fd, 0)
    os.close(fd)


def landlock(order: dict[str, Any]) -> None:
    """Allow the paths that the order names, and no other; paths that are not there are passed by.

    ``read`` may be read and executed, ``devices`` read and written, ``write`` may be all; no TCP
    where ``tcp`` is false and the kernel knows how (version 4), no signal and no abstract socket
    out from version 6 on.
    """
    version = order["version"]
    rights = (1 << _FILE_RIGHTS.get(version, 16)) - 1
    ruleset = struct.pack("=Q", rights)
    if version >= 4:
        ruleset += struct.pack("=Q", 0 if order["tcp"] else _TCP)
    if version >= 6:
        ruleset += struct.pack("=Q", SCOPE_ABSTRACT | SCOPE_SIGNAL)
    fd = kernel.call(kernel.LANDLOCK_CREATE_RULESET, ruleset, len(ruleset), 0)
    everything = rights & ~_MAKE_DEVICES & ~_IOCTL_DEV
    device = (_READ_FILE | _WRITE_FILE | _TRUNCATE | _IOCTL_DEV) & rights
    for paths, allowed in (
        (order["read"], _READ),
        (order["devices"], device),
        (order["write"], everything),
    ):
        for path in paths:
            _allow(fd, path, allowed)
    kernel.call(kernel.LANDLOCK_RESTRICT_SELF, fd, 0)
    os.close(fd)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not stat.S_ISDIR(os.fstat(fd).st_mode):
        rights &= _OF_FILES
    rule = struct.pack("=Qi", rights, fd)
    kernel.call(kernel.LANDLOCK_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0)
    os.close(fd)


def restrict(order: dict[str, Any]) -> None:
    """Give up everything that the order does not name; nothing brings it back."""
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    limit(order["limits"], order["nproc"])
    if order["drop"]:
        kernel.drop_capabilities()
    if order["landlock"]:
        landlock(order["landlock"])
    if order["seccomp"]:
        kernel.install_filter(order["seccomp"])

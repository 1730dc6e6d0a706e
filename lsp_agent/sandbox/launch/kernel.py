"""System calls that Python has no name for, on Linux, x86_64 and aarch64."""

from __future__ import annotations

import ctypes
import os
import struct

CLONE_NEWTIME = 0x80
CLONE_NEWNS = 0x20000
CLONE_NEWCGROUP = 0x02000000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

MS_RDONLY = 1
MS_NOSUID = 2
MS_NODEV = 4
MS_NOEXEC = 8
MS_REC = 0x4000
MS_PRIVATE = 1 << 18
MNT_DETACH = 2

ATTR_RDONLY = 1
ATTR_NOSUID = 2
ATTR_NODEV = 4

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_SECUREBITS = 28
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4

# The same on every architecture that has them.
OPEN_TREE = 428
MOVE_MOUNT = 429
MOUNT_SETATTR = 442
LANDLOCK_CREATE_RULESET = 444
LANDLOCK_ADD_RULE = 445
LANDLOCK_RESTRICT_SELF = 446
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}

_AT_FDCWD = -100
_AT_EMPTY_PATH = 0x1000
_AT_RECURSIVE = 0x8000
_OPEN_TREE_CLONE = 1
_MOVE_MOUNT_F_EMPTY_PATH = 4
_LANDLOCK_CREATE_RULESET_VERSION = 1

_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.syscall.restype = ctypes.c_long


def _checked(what: str, result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def call(number: int, *arguments: int | bytes | None) -> int:
    """Make a system call; raises ``OSError``."""
    given = [ctypes.c_long(one) if isinstance(one, int) else one for one in arguments]
    return _checked(f"system call {number}", int(_LIBC.syscall(ctypes.c_long(number), *given)))


def prctl(option: int, value: int = 0, more: int = 0) -> None:
    """Set something of this process; raises ``OSError``."""
    given = [ctypes.c_ulong(one) for one in (value, more, 0, 0)]
    _checked(f"prctl {option}", _LIBC.prctl(ctypes.c_int(option), *given))


def default_signal(number: int) -> None:
    """Let a signal do what it does by default; the module ``signal`` takes long to import."""
    _LIBC.signal(ctypes.c_int(number), None)


def unshare(flags: int) -> None:
    """Leave namespaces for new ones; raises ``OSError``."""
    _checked("unshare", _LIBC.unshare(ctypes.c_int(flags)))


def mount(source: str, target: str, kind: str | None, flags: int, data: str = "") -> None:
    """Mount a file system; raises ``OSError``."""
    result = _LIBC.mount(
        os.fsencode(source),
        os.fsencode(target),
        kind.encode() if kind else None,
        ctypes.c_ulong(flags),
        data.encode(),
    )
    _checked(f"mount {target}", result)


def enter_root(folder: str) -> None:
    """Make a mount the root of this mount namespace and let go of what was there."""
    os.chdir(folder)
    call(_PIVOT_ROOT[os.uname().machine], b".", b".")
    _checked("umount", _LIBC.umount2(b".", ctypes.c_int(MNT_DETACH)))
    os.chdir("/")


def take(path: str, attributes: int = 0) -> int:
    """Return a descriptor of a copy of the mounts at a path, with all that is mounted below it.

    It belongs to no place until :func:`place` gives it one, whatever comes to cover ``path``.
    """
    fd = call(
        OPEN_TREE,
        _AT_FDCWD,
        os.fsencode(path),
        _OPEN_TREE_CLONE | _AT_RECURSIVE | os.O_CLOEXEC,
    )
    set_attributes(fd, attributes)
    return fd


def set_attributes(fd: int, attributes: int, *, below: bool = True) -> None:
    """Restrict the mounts of a descriptor, and keep them apart from others."""
    wanted = struct.pack("=QQQQ", attributes, 0, MS_PRIVATE, 0)
    flags = _AT_EMPTY_PATH | (_AT_RECURSIVE if below else 0)
    call(MOUNT_SETATTR, fd, b"", flags, wanted, len(wanted))


def place(fd: int, target: str) -> None:
    """Mount at ``target`` what :func:`take` took, and close the descriptor."""
    call(MOVE_MOUNT, fd, b"", _AT_FDCWD, os.fsencode(target), _MOVE_MOUNT_F_EMPTY_PATH)
    os.close(fd)


def landlock_version() -> int:
    """Return the version of Landlock's interface; 0 where the kernel has none."""
    try:
        return call(LANDLOCK_CREATE_RULESET, None, 0, _LANDLOCK_CREATE_RULESET_VERSION)
    except OSError:
        return 0


def drop_capabilities() -> None:
    """Give up every capability, also those that a program of root would be given."""
    for capability in range(64):
        try:
            prctl(PR_CAPBSET_DROP, capability)
        except OSError:
            break
    try:
        # NOROOT, NO_SETUID_FIXUP, KEEP_CAPS off and NO_CAP_AMBIENT_RAISE, each locked.
        prctl(PR_SET_SECUREBITS, 0b11101111)
        prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    except OSError:
        pass
    header, nothing = struct.pack("=Ii", 0x20080522, 0), bytes(24)
    _checked("capset", _LIBC.capset(header, nothing))


def install_filter(program: bytes) -> None:
    """Install a seccomp filter for this process and its children; needs no_new_privs."""
    held = ctypes.create_string_buffer(program, len(program))
    pointer = ctypes.addressof(held)
    head = ctypes.create_string_buffer(struct.pack("=HxxxxxxQ", len(program) // 8, pointer), 16)
    prctl(PR_SET_SECCOMP, 2, ctypes.addressof(head))

"""A filter of system calls, assembled for the kernel's BPF machine.

What it refuses is what a program needs to reach out (sockets of families that lead somewhere),
to change what it sees (mounts, namespaces), to look into others (ptrace and its kin), to keep
things (keys), or to try the kernel's least tested corners (io_uring, bpf, userfaultfd, …). Calls
that are newer than this table do not exist for the program (``ENOSYS``), so libraries take an older
way. A foreign architecture, x32 among them, ends the process.

See ``Documentation/userspace-api/seccomp_filter.rst`` of the kernel; the list follows what Docker,
systemd (``@privileged`` and others) and Flatpak refuse.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from lsp_agent.sandbox.types import SandboxError

Reach = Literal["none", "own", "net", "all"]
"""Which sockets there are: none; those that lead nowhere out of a network namespace and a root
folder of the program's own; those of the network; those of the network and local ones."""

_LOAD, _JEQ, _JGE, _JSET, _AND, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x54, 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_X32 = 0x40000000
_NEWEST = 462
"""The last call that was looked at; mseal."""

_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK = 1, 2, 10, 16
_STREAM, _DGRAM, _SEQPACKET = 1, 2, 5
_NAMESPACES = 0x20000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x70000000
_NEWTIME = 0x80
_SET_UID_BIT = 0o4000
_MAKES_A_FILE = 0o100 | 0o20000000
_TIOCSTI, _TIOCLINUX, _TIOCCONS = 0x5412, 0x541C, 0x541D
_FS_IOC_SETFLAGS, _FS_IOC_FSSETXATTR = 0x40086602, 0x401C5820
_PERSONALITIES = (0, 0x8, 0x20000, 0x20008, 0x40000, 0xFFFFFFFF)

# Name: (x86_64, aarch64); 0 where there is none. From 424 on all architectures count alike.
_REFUSED = {
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271),
    "kcmp": (312, 272), "pidfd_getfd": (438, 438), "process_madvise": (440, 440),
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "open_tree": (428, 428),
    "mount_setattr": (442, 442), "statmount": (457, 457), "listmount": (458, 458),
    "setns": (308, 268), "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106), "reboot": (169, 142),
    "swapon": (167, 224), "swapoff": (168, 225), "acct": (163, 89), "quotactl": (179, 60),
    "quotactl_fd": (443, 443), "syslog": (103, 116), "vhangup": (153, 58),
    "sethostname": (170, 161), "setdomainname": (171, 162), "settimeofday": (164, 170),
    "clock_settime": (227, 112), "adjtimex": (159, 171), "clock_adjtime": (305, 266),
    "fanotify_init": (300, 262), "lookup_dcookie": (212, 18), "nfsservctl": (180, 42),
    "mbind": (237, 235), "set_mempolicy": (238, 237), "migrate_pages": (256, 238),
    "move_pages": (279, 239), "iopl": (172, 0), "ioperm": (173, 0), "modify_ldt": (154, 0),
    "uselib": (134, 0), "ustat": (136, 0), "sysfs": (139, 0), "_sysctl": (156, 0),
    "create_module": (174, 0), "get_kernel_syms": (177, 0), "query_module": (178, 0),
}  # fmt: skip
_ABSENT = {"clone3": 435, "openat2": 437, "set_mempolicy_home_node": 450}
"""Their arguments lie in memory, which a filter can't read; programs fall back on older calls."""

# What changes files that may only be read: Landlock does not know these rights.
_ATTRIBUTES = {
    "chown": (92, 0), "fchown": (93, 55), "lchown": (94, 0), "fchownat": (260, 54),
    "setxattr": (188, 5), "lsetxattr": (189, 6), "fsetxattr": (190, 7),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "fremovexattr": (199, 16),
}  # fmt: skip
_MODES = {
    "chmod": (90, 0), "fchmod": (91, 52), "fchmodat": (268, 53), "fchmodat2": (452, 452),
    "utime": (132, 0), "utimes": (235, 0), "futimesat": (261, 0), "utimensat": (280, 88),
}  # fmt: skip
_TRUNCATE = {"truncate": (76, 45)}
# What is shared with all processes of a machine, but for an IPC namespace.
_SHARED = {
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "semget": (64, 190),
    "semop": (65, 193), "semctl": (66, 191), "semtimedop": (220, 192), "msgget": (68, 186),
    "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187), "mq_open": (240, 180),
    "mq_unlink": (241, 181),
}  # fmt: skip
# The argument that names a process: 0 is the caller; others, of the same user, are out of reach
# only in a pid namespace.
_OF_A_PROCESS = {
    "prlimit64": (302, 261, 0), "setpriority": (141, 140, 1), "ioprio_set": (251, 30, 1),
    "sched_setaffinity": (203, 122, 0), "sched_setscheduler": (144, 119, 0),
    "sched_setparam": (142, 118, 0), "sched_setattr": (314, 274, 0),
}  # fmt: skip
# The argument that holds the mode of a file, by call.
_MODED = {
    "chmod": (90, 0, 1), "fchmod": (91, 52, 1), "fchmodat": (268, 53, 2),
    "fchmodat2": (452, 452, 2), "creat": (85, 0, 1), "mknod": (133, 0, 1),
    "mknodat": (259, 33, 2), "open": (2, 0, 2), "openat": (257, 56, 3),
}  # fmt: skip
_OPENING = ("open", "openat")
_ARCHITECTURES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}


class _Op(NamedTuple):
    """An instruction of classic BPF."""

    code: int
    k: int
    yes: int = 0
    no: int = 0


def assemble(machine: str, reach: Reach, *, namespaces: bool, version: int = 3) -> bytes:
    """Return a filter for a machine (``x86_64`` or ``aarch64``), 8 bytes an instruction.

    ``namespaces`` says that the program sees no process, no file and no shared memory that is not
    its own, or on a read-only mount. Without them, owners, modes, times and attributes stay as they
    are: changing modes and times seems to work and does nothing, as half of all programs do that in
    passing. ``version`` is Landlock's: 3 is the first that holds ``truncate``. Raises
    :class:`SandboxError` for another machine.
    """
    if machine not in _ARCHITECTURES:
        raise SandboxError(f"no filter of system calls is known for {machine}; use a container")
    architecture, column = _ARCHITECTURES[machine]
    rules = list(_rules(column, reach, namespaces, version))
    ops = [
        _Op(_LOAD, _ARCHITECTURE),
        _Op(_JEQ, architecture, 1, 0),
        _Op(_RETURN, _KILL),
        _Op(_LOAD, _NUMBER),
    ]
    if machine == "x86_64":
        ops += [_Op(_JGE, _X32, 0, 1), _Op(_RETURN, _KILL)]
    ops += [_Op(_JGE, _NEWEST + 1, 0, 1), _refuse(errno.ENOSYS)]
    for number, body in rules:
        ops += [_Op(_JEQ, number, 0, len(body)), *body]
    ops.append(_Op(_RETURN, _ALLOW))
    return b"".join(struct.pack("=HBBI", op.code, op.yes, op.no, op.k) for op in ops)


def _refuse(number: int) -> _Op:
    return _Op(_RETURN, 0x00050000 | number)


def _rules(
    column: int, reach: Reach, namespaces: bool, version: int
) -> Iterator[tuple[int, list[_Op]]]:
    """Yield the calls that are looked at, and what is done about each; it ends in a return."""
    groups = [(_REFUSED, errno.EPERM)]
    if not namespaces:
        groups += [(_ATTRIBUTES, errno.EPERM), (_MODES, 0), (_SHARED, errno.EPERM)]
        groups += [(_TRUNCATE, errno.EPERM)] if version < 3 else []
        for *calls, argument in _OF_A_PROCESS.values():
            yield calls[column], _only_equal(argument, (0,))
    for group, answer in groups:
        for pair in group.values():
            if pair[column]:
                yield pair[column], [_refuse(answer)]
    for number in _ABSENT.values():
        yield number, [_refuse(errno.ENOSYS)]
    for name, (*calls, argument) in _MODED.items():
        body = _unless_bits(argument, _SET_UID_BIT)
        if name in _OPENING:
            # The mode says something only where a file is made.
            look = [_argument(argument - 1), _Op(_JSET, _MAKES_A_FILE, 1, 0), _Op(_RETURN, _ALLOW)]
            body = [*look, *body]
        if calls[column]:
            yield calls[column], body
    yield (41, 198)[column], _sockets(reach)
    yield (56, 220)[column], _unless_bits(0, _NAMESPACES)
    yield (272, 97)[column], _unless_bits(0, _NAMESPACES | _NEWTIME)
    requests = (_TIOCSTI, _TIOCLINUX, _TIOCCONS, _FS_IOC_SETFLAGS, _FS_IOC_FSSETXATTR)
    yield (16, 29)[column], _unless_equal(1, requests)
    yield (135, 92)[column], _only_equal(0, _PERSONALITIES)


def _argument(index: int) -> _Op:
    """Load the lower half of an argument: all that the kernel looks at in what is checked here."""
    return _Op(_LOAD, _ARGUMENTS + 8 * index)


def _unless_bits(index: int, bits: int) -> list[_Op]:
    return [
        _argument(index), _Op(_JSET, bits, 0, 1), _refuse(errno.EPERM), _Op(_RETURN, _ALLOW),
    ]  # fmt: skip


def _unless_equal(index: int, values: Sequence[int]) -> list[_Op]:
    return [*_equal(index, values, len(values)), _Op(_RETURN, _ALLOW), _refuse(errno.EPERM)]


def _only_equal(index: int, values: Sequence[int]) -> list[_Op]:
    return [*_equal(index, values, len(values)), _refuse(errno.EPERM), _Op(_RETURN, _ALLOW)]


def _equal(index: int, values: Sequence[int], count: int) -> list[_Op]:
    """Jump past the instruction that follows if the argument is one of ``values``."""
    return [
        _argument(index),
        *(_Op(_JEQ, value, count - at, 0) for at, value in enumerate(values)),
    ]


def _sockets(reach: Reach) -> list[_Op]:
    families = {
        "none": (),
        "own": (_AF_UNIX, _AF_INET, _AF_INET6),
        "net": (_AF_INET, _AF_INET6, _AF_NETLINK),
        "all": (_AF_UNIX, _AF_INET, _AF_INET6, _AF_NETLINK),
    }[reach]
    if not families:
        return [_refuse(errno.EPERM)]
    kinds: tuple[int, ...] = (_STREAM, _DGRAM, _SEQPACKET)
    # A raw netlink socket is what a look at the interfaces takes; it needs no privilege.
    kinds = kinds if reach == "own" else (*kinds, 3)
    return [
        *_equal(0, families, len(families)),
        _refuse(errno.EPERM),
        _Op(_LOAD, _ARGUMENTS + 8),
        _Op(_AND, 0xF),
        *(_Op(_JEQ, kind, len(kinds) - at, 0) for at, kind in enumerate(kinds)),
        _refuse(errno.EPERM),
        _Op(_RETURN, _ALLOW),
    ]

"""A root folder that holds what a program may see, and nothing else.

Runs in a process that has just entered namespaces of its own. The mounts that are shown are taken
by descriptor first, so that it does not matter what covers what later.
"""

from __future__ import annotations

import _socket
import fcntl
import os
import stat
import struct

from . import kernel

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing takes longer to import than all the rest
    from typing import Any

_DEVICES = ("null", "zero", "full", "random", "urandom")
_LINKS = {"fd": "", "stdin": "/0", "stdout": "/1", "stderr": "/2"}
_READ_ONLY = kernel.ATTR_RDONLY | kernel.ATTR_NOSUID | kernel.ATTR_NODEV
_SIOCSIFFLAGS, _IFF_UP = 0x8914, 1


def enter_user(flags: int) -> None:
    """Leave the user namespace, and others, for new ones in which user and group stay the same."""
    uid, gid = os.geteuid(), os.getegid()
    kernel.unshare(kernel.CLONE_NEWUSER | flags)
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {uid} 1"),
        ("gid_map", f"{gid} {gid} 1"),
    ):
        fd = os.open(f"/proc/self/{name}", os.O_WRONLY | os.O_CLOEXEC)
        os.write(fd, text.encode())
        os.close(fd)


def build(order: dict[str, Any]) -> None:
    """Enter the new root: ``read`` and ``borrowed`` read-only, ``folder`` at ``place``, own /tmp.

    Raises ``OSError`` where the kernel or its guards refuse; nothing is to be run then.
    """
    kernel.mount("none", "/", None, kernel.MS_REC | kernel.MS_PRIVATE)
    shown = [(path, _taken(path, _READ_ONLY)) for path in order["read"]]
    devices = [(f"/dev/{name}", _taken(f"/dev/{name}", kernel.ATTR_NOSUID)) for name in _DEVICES]
    copy = kernel.take(order["folder"], kernel.ATTR_NOSUID | kernel.ATTR_NODEV)
    place = order["place"]
    borrowed = [
        (f"{place}/{path}", _taken(source, _READ_ONLY)) for path, source in order["borrowed"]
    ]
    root = order["folder"]
    kernel.mount("tmpfs", root, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, "mode=755,size=4m")
    for path, size in order["memory"]:
        os.makedirs(root + path, exist_ok=True)
        options = f"mode=1777,size={size},nr_inodes=100k"
        kernel.mount("tmpfs", root + path, "tmpfs", kernel.MS_NOSUID | kernel.MS_NODEV, options)
    for path, fd in [*shown, *devices]:
        _show(fd, root + path)
    os.makedirs(root + place, exist_ok=True)
    kernel.place(copy, root + place)
    _more_of_dev(root)
    # While the old one is in sight: the kernel lets nobody see more of /proc than before.
    flags = kernel.MS_NOSUID | kernel.MS_NODEV | kernel.MS_NOEXEC | kernel.MS_RDONLY
    kernel.mount("proc", f"{root}/proc", "proc", flags)
    kernel.enter_root(root)
    # From here on a link that an earlier command left in the copy leads nowhere else.
    for path, fd in borrowed:
        try:
            _show(fd, path)
        except OSError:
            continue
    top = os.open("/", os.O_PATH | os.O_CLOEXEC)
    kernel.set_attributes(top, _READ_ONLY, below=False)
    os.close(top)


def _taken(path: str, attributes: int) -> int:
    try:
        return kernel.take(path, attributes)
    except FileNotFoundError:
        return -1


def _show(fd: int, target: str) -> None:
    """Mount what was taken, on a folder or an empty file that is made where none is there."""
    if fd < 0:
        return
    try:
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            os.makedirs(target, exist_ok=True)
        else:
            os.makedirs(os.path.dirname(target), exist_ok=True)
            os.close(os.open(target, os.O_CREAT | os.O_CLOEXEC, 0o644))
    except OSError:
        # Read-only, or something else stands there: what is there may be mounted over, or not.
        if not os.path.lexists(target):
            os.close(fd)
            return
    kernel.place(fd, target)


def _more_of_dev(root: str) -> None:
    for name, end in _LINKS.items():
        os.symlink(f"/proc/self/fd{end}", f"{root}/dev/{name}")
    os.makedirs(f"{root}/proc", exist_ok=True)


def loopback() -> None:
    """Bring up the one interface of a new network namespace; it reaches nothing but itself."""
    control = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM)
    fcntl.ioctl(control.fileno(), _SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", _IFF_UP))
    control.close()

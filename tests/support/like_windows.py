"""Run lsp-agent as on Windows, as far as another system can look like it.

``python -m tests.support.like_windows modules`` imports the package, ``run ARGUMENT…`` runs the
command line. Only lsp-agent's own modules see another ``os``, ``sys`` and ``signal``, and no
``fcntl`` and the like; Python's library and others are what they are here.
"""

from __future__ import annotations

import builtins
import ctypes
import ctypes.wintypes
import importlib
import os
import pkgutil
import signal
import sys
import types
from collections.abc import Mapping
from typing import Any


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


GONE = _words("fcntl resource pwd grp termios tty pty posix syslog readline spwd crypt nis")
_NOT_IN_OS = _words(
    "getuid geteuid getgid getegid getgroups getresuid setuid setgid getpgid getpgrp setpgid "
    "getsid setsid killpg fork forkpty uname fchmod fchown chown lchown chroot mkfifo mknod "
    "statvfs fstatvfs sysconf confstr getloadavg openpty ttyname nice wait wait3 wait4 waitid "
    "WNOHANG sched_getaffinity pidfd_open memfd_create pread pwrite sendfile posix_spawn "
    "O_NOFOLLOW O_DIRECTORY O_CLOEXEC O_NONBLOCK O_PATH O_TMPFILE getxattr setxattr"
)
_NOT_IN_SIGNAL = _words(
    "SIGKILL SIGHUP SIGQUIT SIGSTOP SIGCONT SIGUSR1 SIGUSR2 SIGALRM SIGCHLD SIGPIPE "
    "pthread_sigmask pthread_kill alarm setitimer sigwait"
)
ELSEWHERE = {
    "lsp_agent.sandbox.launch": "the program that starts others from inside, on Linux only",
}
"""What is never imported on Windows, and why."""


class _Seen(types.ModuleType):
    """A module as it is, but for some names."""

    def __init__(
        self, real: types.ModuleType, lacking: frozenset[str], other: Mapping[str, Any]
    ) -> None:
        super().__init__(real.__name__)
        vars(self).update(_real=real, _lacking=lacking, _other=dict(other))

    def __getattr__(self, name: str) -> Any:
        own = vars(self)
        if name in own["_lacking"]:
            raise AttributeError(f"there is no {self.__name__}.{name} on Windows")
        return own["_other"][name] if name in own["_other"] else getattr(own["_real"], name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(vars(self)["_real"], name, value)


class _Library:
    """A library of Windows whose functions succeed, and say nothing."""

    def __init__(self, *_: Any, **__: Any) -> None:
        """Take whatever names it."""

    def __getattr__(self, name: str) -> Any:
        def function(*_: Any) -> int:
            return 1

        vars(self)[name] = function
        return function


class _Libraries:
    kernel32 = _Library()


def become() -> None:
    """Show lsp-agent's modules, none of which is imported yet, another system."""
    seen: dict[str, types.ModuleType] = {
        "os": _Seen(os, _NOT_IN_OS, {"name": "nt", "supports_dir_fd": set(), "supports_fd": set()}),
        "signal": _Seen(signal, _NOT_IN_SIGNAL, {}),
        "sys": _Seen(sys, frozenset(), {"platform": "win32"}),
        "ctypes": _Seen(ctypes, frozenset(), {"WinDLL": _Library, "windll": _Libraries()}),
        "msvcrt": _msvcrt(),
    }
    real = builtins.__import__

    def other(name: str, place: Any = None, *rest: Any, **named: Any) -> Any:
        asks = str((place or {}).get("__name__", ""))
        if asks.partition(".")[0] == "lsp_agent":
            if name in GONE:
                raise ModuleNotFoundError(f"no module {name} on Windows, wanted by {asks}")
            if name in seen:
                return seen[name]
        return real(name, place, *rest, **named)

    builtins.__import__ = other


def _msvcrt() -> types.ModuleType:
    module = types.ModuleType("msvcrt")
    numbers = {f"LK_{one}": n for n, one in enumerate(("UNLCK", "LOCK", "NBLCK", "RLCK"))}
    vars(module).update(numbers, locking=lambda *_: None, setmode=lambda *_: 0)
    return module


def names() -> list[str]:
    """Return the package's modules, without those that are other systems' only."""
    import lsp_agent

    return [
        one.name
        for one in pkgutil.walk_packages(lsp_agent.__path__, "lsp_agent.")
        if not one.name.startswith(tuple(ELSEWHERE)) and not one.name.endswith("__main__")
    ]


def main() -> int:
    """Do what the arguments say."""
    become()
    if sys.argv[1] == "modules":
        for name in names():
            importlib.import_module(name)
            sys.stdout.write(f"{name}\n")
        return 0
    from lsp_agent.cli.main import run

    return run(sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())

"""Windows: a job object that ends and limits all of a command's processes, a restricted token.

The job holds the number of processes, their memory and processor time, and ends all of them when it
is closed, also when we die. The token is one without privileges and of low integrity, which may not
write what others own, but the copy must be marked as low too (``icacls FOLDER /setintegritylevel
(OI)(CI)L``), and nothing here holds reading or the network. So ``files``, ``network`` and ``home``
are not among its abilities, and commands run only where ``sandbox.unprotected`` says so.

Untried on the machines that the tests run on.

https://learn.microsoft.com/windows/win32/procthread/job-objects
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping

from lsp_agent.cancel import CancelToken
from lsp_agent.sandbox.environment import objection
from lsp_agent.sandbox.supervise import Excerpt
from lsp_agent.sandbox.types import Ability, Command, Outcome, SandboxError

_KEPT = ("SYSTEMROOT", "SYSTEMDRIVE", "WINDIR", "PATH", "PATHEXT", "COMSPEC", "LANG")
_POLL_SECONDS = 0.05


class WindowsSandbox:
    """A job object around a command."""

    name = "windows"

    def __init__(self, env: Mapping[str, str] = os.environ) -> None:
        """Raise :class:`SandboxError` elsewhere than on Windows."""
        if os.name != "nt":
            raise SandboxError("job objects are there on Windows only")
        self._env = env

    @property
    def abilities(self) -> frozenset[Ability]:
        """What it holds on this machine."""
        return frozenset({"processes", "memory", "kill"})

    def run(self, command: Command, cancel: CancelToken) -> Outcome:
        """Run a program to its end, with no process of it left."""
        with tempfile.TemporaryDirectory(prefix="lsp-agent-command-") as scratch:
            return _run(command, cancel, command_environment(self._env, command, scratch))


def command_environment(env: Mapping[str, str], command: Command, scratch: str) -> dict[str, str]:
    """Return a command's environment; raises :class:`SandboxError` for what must not be added."""
    kept = {name: value for name, value in env.items() if name.upper() in _KEPT}
    for name in command.env:
        why = objection(name)
        if why:
            raise SandboxError(f"the variable {name} is not passed on: {why}; leave it out")
    own = dict.fromkeys(("TEMP", "TMP", "USERPROFILE", "HOME", "APPDATA", "LOCALAPPDATA"), scratch)
    return {**kept, **own, **command.env}


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _CREATE_SUSPENDED, _CREATE_NO_WINDOW, _NEW_GROUP = 0x4, 0x08000000, 0x200
    _LIMIT_FLAGS = 0x2000 | 0x8 | 0x200 | 0x2 | 0x400
    """Kill on close, active processes, job memory, process time, die on exceptions."""
    _EXTENDED_LIMITS = 9
    _DISABLE_MAX_PRIVILEGE = 1
    _TOKEN_ACCESS = 0x1 | 0x2 | 0x8 | 0x80
    _TOKEN_INTEGRITY = 25

    class _Basic(ctypes.Structure):
        _fields_ = (
            ("PerProcessUserTimeLimit", ctypes.c_int64),
            ("PerJobUserTimeLimit", ctypes.c_int64),
            ("LimitFlags", wintypes.DWORD),
            ("MinimumWorkingSetSize", ctypes.c_size_t),
            ("MaximumWorkingSetSize", ctypes.c_size_t),
            ("ActiveProcessLimit", wintypes.DWORD),
            ("Affinity", ctypes.c_size_t),
            ("PriorityClass", wintypes.DWORD),
            ("SchedulingClass", wintypes.DWORD),
        )

    class _Extended(ctypes.Structure):
        _fields_ = (
            ("Basic", _Basic),
            ("IoCounters", ctypes.c_uint64 * 6),
            ("ProcessMemoryLimit", ctypes.c_size_t),
            ("JobMemoryLimit", ctypes.c_size_t),
            ("PeakProcessMemoryUsed", ctypes.c_size_t),
            ("PeakJobMemoryUsed", ctypes.c_size_t),
        )

    class _Label(ctypes.Structure):
        _fields_ = (("Sid", ctypes.c_void_p), ("Attributes", wintypes.DWORD))

    def _checked(result: int) -> int:
        if not result:
            raise SandboxError(f"the job can't be made: {ctypes.WinError()}")
        return result

    def _job(command: Command) -> int:
        """Return a job object that ends with its last handle."""
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.CreateJobObjectW.restype = wintypes.HANDLE
        job: int = _checked(kernel.CreateJobObjectW(None, None))
        limits = _Extended()
        limits.Basic.LimitFlags = _LIMIT_FLAGS
        limits.Basic.PerProcessUserTimeLimit = command.limits.cpu_seconds * 10_000_000
        limits.Basic.ActiveProcessLimit = command.limits.processes
        limits.JobMemoryLimit = command.limits.memory
        size = ctypes.sizeof(limits)
        _checked(
            kernel.SetInformationJobObject(
                wintypes.HANDLE(job), _EXTENDED_LIMITS, ctypes.byref(limits), size
            )
        )
        return job

    def _lower(process: int) -> None:
        """Take the privileges of a process that has not begun, and its integrity down to low."""
        security = ctypes.WinDLL("advapi32", use_last_error=True)
        token = wintypes.HANDLE()
        _checked(
            security.OpenProcessToken(
                wintypes.HANDLE(process), _TOKEN_ACCESS | 0x20, ctypes.byref(token)
            )
        )
        _checked(security.AdjustTokenPrivileges(token, True, None, 0, None, None))
        sid = ctypes.c_void_p()
        _checked(security.ConvertStringSidToSidW("S-1-16-4096", ctypes.byref(sid)))
        label = _Label(sid, 0x20)
        size = ctypes.sizeof(label)
        _checked(security.SetTokenInformation(token, _TOKEN_INTEGRITY, ctypes.byref(label), size))
        ctypes.WinDLL("kernel32").CloseHandle(token)

    def _run(command: Command, cancel: CancelToken, env: Mapping[str, str]) -> Outcome:
        start = time.monotonic()
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        job = _job(command)
        process = subprocess.Popen(
            command.argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(env),
            cwd=os.path.join(command.folder, command.cwd),
            creationflags=_CREATE_SUSPENDED | _CREATE_NO_WINDOW | _NEW_GROUP,
        )
        handle = int(process._handle)  # type: ignore[attr-defined]
        try:
            _checked(kernel.AssignProcessToJobObject(wintypes.HANDLE(job), wintypes.HANDLE(handle)))
            _lower(handle)
            # The one call that resumes a process without a handle of its first thread.
            ctypes.WinDLL("ntdll").NtResumeProcess(wintypes.HANDLE(handle))
            return _follow(process, command, cancel, start)
        finally:
            kernel.TerminateJobObject(wintypes.HANDLE(job), 1)
            kernel.CloseHandle(wintypes.HANDLE(job))
            process.kill()

    def _follow(
        process: subprocess.Popen[bytes], command: Command, cancel: CancelToken, start: float
    ) -> Outcome:
        excerpt = Excerpt(command.limits.output)
        reader = threading.Thread(target=_read, args=(process, excerpt, command.stdin), daemon=True)
        reader.start()
        ended = ""
        while process.poll() is None and not ended:
            if cancel.wait(_POLL_SECONDS):
                ended = "cancelled"
            elif time.monotonic() - start > command.limits.wall_seconds:
                ended = "timeout"
        if not ended:
            reader.join(1.0)
        seconds = time.monotonic() - start
        status = None if ended else process.returncode
        return Outcome(status, excerpt.text(), ended, excerpt.truncated, seconds)

    def _read(process: subprocess.Popen[bytes], excerpt: Excerpt, stdin: bytes) -> None:
        def write() -> None:
            if process.stdin is not None:
                try:
                    process.stdin.write(stdin)
                    process.stdin.close()
                except OSError:
                    return

        threading.Thread(target=write, daemon=True).start()
        while process.stdout is not None and (data := process.stdout.read1(1 << 16)):
            excerpt.add(data)

else:

    def _run(_command: Command, _cancel: CancelToken, _env: Mapping[str, str]) -> Outcome:
        raise SandboxError("job objects are there on Windows only")

"""One command, from its order to the end of its last process.

Three ways, by what the order holds:

* ``root``: a process in namespaces of its own (user, mount, pid, network, IPC, host name), the
  first of its pid namespace, makes the root folder and starts the program. When it ends, the
  kernel ends all that is in the namespace.
* ``wrap``: another program (bubblewrap) does that and starts this module a second time inside.
* neither: the program is a child like any other; orphans fall to this process, which ends them.

In each the program itself first gives up what ``restrict.py`` says. What happened is said on the
``report`` descriptor, a line each: ``status N``, ``ended WHY``, ``error TEXT``. Once nobody reads
at the other end of ``control``, everything is ended.
"""

from __future__ import annotations

import marshal
import os
import sys

from . import kernel, restrict, root, watch

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing takes longer to import than all the rest
    from typing import Any, NoReturn

_SIGINT, _SIGKILL, _SIGPIPE, _SIGXCPU, _SIGXFSZ = 2, 9, 13, 24, 25
_NAMESPACES = (
    kernel.CLONE_NEWNS | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS | kernel.CLONE_NEWCGROUP
)


def main() -> NoReturn:
    """Read the order from the descriptor that ``argv`` names and carry it out."""
    fd = int(sys.argv[2])
    size = os.fstat(fd).st_size
    order: dict[str, Any] = marshal.loads(os.pread(fd, size, 0))  # noqa: S302 - ours
    os.close(fd)
    try:
        if order["inner"]:
            _inside(order)
        _outside(order)
    except Exception as error:  # noqa: BLE001 - its last words
        _say(order, f"error {type(error).__name__}: {error}")
    os._exit(1)


def _say(order: dict[str, Any], line: str) -> None:
    os.write(order["report"], line.replace("\n", " ").encode() + b"\n")


def _outside(order: dict[str, Any]) -> NoReturn:
    """Start what runs the program, watch it, and leave nothing behind."""
    kernel.prctl(kernel.PR_SET_CHILD_SUBREAPER, 1)
    plain = not order["root"] and not order["wrap"]
    alone = plain and watch.confined(order["version"], order["parent"])
    if order["root"]:
        root.enter_user(kernel.CLONE_NEWPID)
    if plain and order["nproc"] and os.geteuid() != 0:
        # The kernel counts all of a user's threads here, whoever started them.
        order["nproc"] += _threads_of(os.geteuid())
    alive, life = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(life)
        kernel.prctl(kernel.PR_SET_PDEATHSIG, _SIGKILL)
        _guarded(order, alive)
    os.close(alive)
    watcher = watch.Watch(order["limits"], order["folder"], 0 if plain else 1 + bool(order["wrap"]))
    status, ended = watch.wait(child, order["control"], watcher)
    if status is None and not plain:
        os.kill(child, _SIGKILL)
    watch.end_all(alone)
    if ended:
        _say(order, f"ended {ended}")
    elif plain and status is not None:
        _report(order, status)
    os._exit(0)


def _guarded(order: dict[str, Any], alive: int) -> NoReturn:
    """Become what the order says, or say why not."""
    try:
        # Whoever started us may have died before the kernel was told to end us with it.
        os.set_blocking(alive, False)
        try:
            if not os.read(alive, 1):
                os._exit(1)
        except BlockingIOError:
            pass
        if order["wrap"]:
            for fd in (order["report"], order["inner_order"]):
                os.set_inheritable(fd, True)
            os.execve(order["wrap"][0], order["wrap"], {})
        if order["root"]:
            network = 0 if order["network"] else kernel.CLONE_NEWNET
            kernel.unshare(_NAMESPACES | network)
            root.build(order["root"])
            if network:
                root.loopback()
            _inside(order)
        _become(order)
    except Exception as error:  # noqa: BLE001 - its last words
        _say(order, f"error {type(error).__name__}: {error}")
    os._exit(1)


def _inside(order: dict[str, Any]) -> NoReturn:
    """Be the first process of a pid namespace: start the program, reap, report, end with it."""
    # Nothing in here may look into this process.
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    child = os.fork()
    if child == 0:
        try:
            _become(order)
        except Exception as error:  # noqa: BLE001 - its last words
            _say(order, f"error {type(error).__name__}: {error}")
        os._exit(1)
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == child:
            _report(order, status)
            os._exit(0)


def _report(order: dict[str, Any], status: int) -> None:
    signal = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    if signal in {_SIGXCPU, _SIGXFSZ}:
        _say(order, "ended " + ("cpu_seconds" if signal == _SIGXCPU else "file_size"))
    else:
        _say(order, f"status {-signal or os.WEXITSTATUS(status)}")


def _become(order: dict[str, Any]) -> NoReturn:
    """Turn into the program, held by everything that the order names."""
    os.setsid()
    # Python ignores these; what is ignored stays so in the program.
    for number in (_SIGINT, _SIGPIPE, _SIGXFSZ):
        kernel.default_signal(number)
    report = order["report"]
    os.set_inheritable(report, False)
    os.closerange(3, report)
    os.closerange(report + 1, 4096)
    os.umask(0o022)
    restrict.restrict(order)
    for path in order["folders"]:
        os.makedirs(path, exist_ok=True)
    for link, target in order["links"]:
        _link(link, target)
    try:
        what = order["cwd"]
        os.chdir(what)
        what = order["argv"][0]
        os.execvpe(what, order["argv"], order["env"])
    except OSError as error:
        _say(order, f"missing {what}: {error.strerror}")
    os._exit(127)


def _link(link: str, target: str) -> None:
    """Let a path lead to another, after everything was given up: it can go nowhere it may not."""
    try:
        os.makedirs(os.path.dirname(link), exist_ok=True)
        os.symlink(target, link)
    except OSError:
        pass


def _threads_of(uid: int) -> int:
    total = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if os.stat(f"/proc/{name}").st_uid == uid:
                    total += len(os.listdir(f"/proc/{name}/task"))
            except OSError:
                continue
    return total

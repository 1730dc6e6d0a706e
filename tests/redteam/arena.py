"""The place of an attack: a folder that may be touched, and all around it what may not.

Around the workspace lie canaries: files with a secret that is known, a home folder with keys,
variables with tokens, and listeners on every kind of socket. After each attack
:meth:`Arena.assert_unharmed` looks whether anything of that was changed, read out or reached.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

PROC = Path("/proc")
SHARED = (Path("/tmp"), Path("/var/tmp"), Path("/dev/shm"))


class Listeners:
    """Sockets that nobody has a reason to talk to; ``heard`` is who did."""

    def __init__(self, folder: Path, name: str) -> None:
        self.heard: list[str] = []
        self._sockets: dict[str, socket.socket] = {}
        self._add("tcp4", socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0))
        self._add("udp4", socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0))
        if socket.has_ipv6:
            self._add("tcp6", socket.AF_INET6, socket.SOCK_STREAM, ("::1", 0))
        if hasattr(socket, "AF_UNIX"):
            self._add("unix", socket.AF_UNIX, socket.SOCK_STREAM, str(folder / f"{name}.sock"))
            if os.uname().sysname == "Linux":
                self._add("abstract", socket.AF_UNIX, socket.SOCK_STREAM, f"\0{name}")
        for kind, one in self._sockets.items():
            threading.Thread(target=self._listen, args=(kind, one), daemon=True).start()

    def address(self, kind: str) -> str:
        """Return a port, or a path; ``""`` where this machine lacks the kind."""
        if kind not in self._sockets:
            return ""
        name = self._sockets[kind].getsockname()
        if isinstance(name, tuple):
            return str(name[1])
        return name[1:].decode() if isinstance(name, bytes) else str(name)

    def close(self) -> None:
        """Stop listening."""
        for one in self._sockets.values():
            with_suppressed_close(one)

    def _add(self, kind: str, family: int, type_: int, address: object) -> None:
        try:
            one = socket.socket(family, type_)
            one.bind(address)  # type: ignore[arg-type]
        except OSError:
            return
        if type_ == socket.SOCK_STREAM:
            one.listen(8)
        self._sockets[kind] = one

    def _listen(self, kind: str, one: socket.socket) -> None:
        while True:
            try:
                if one.type == socket.SOCK_DGRAM:
                    one.recv(2048)
                else:
                    one.accept()[0].close()
            except OSError:
                return
            self.heard.append(kind)


def with_suppressed_close(one: socket.socket) -> None:
    """Close a socket that another thread may be waiting on."""
    try:
        one.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
    finally:
        one.close()


@dataclass
class Arena:
    """One attacked workspace; made by the fixture ``arena``.

    ``secret`` stands in everything outside that is worth reading. ``mark`` is part of every name
    that an attack tries to leave in shared folders.
    """

    base: Path
    secret: str = field(default_factory=lambda: f"CANARY{secrets.token_hex(12)}")
    mark: str = field(default_factory=lambda: f"rt{secrets.token_hex(6)}")

    def __post_init__(self) -> None:
        self.work = self._folder("work")
        self.outside = self._folder("outside")
        self.home = self._folder("person")
        self.state = self._folder("state")
        self.shared = self._folder("sock")
        self._plant()
        self.key = secrets.token_hex(3)
        self.victim = self._start_victim()
        self.listeners = Listeners(self.shared, self.mark)
        self._before = self._picture()

    def __enter__(self) -> Arena:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.listeners.close()
        self.victim.kill()
        self.victim.wait()
        for pid in self._running():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for path in self._strays():
            path.unlink(missing_ok=True)

    def environment(self) -> dict[str, str]:
        """Return the variables of a person whose tokens are worth stealing."""
        return {
            "HOME": str(self.home),
            "USERPROFILE": str(self.home),
            "LSP_AGENT_HOME": str(self.state),
            "LSP_AGENT_LANGUAGE_SERVERS_ENABLED": "false",
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "GITHUB_TOKEN": f"ghp_{self.secret}",
            "RT_PLAIN": self.secret,
            "SSH_AUTH_SOCK": self.listeners.address("unix"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        }

    def fill(self, text: str) -> str:
        """Replace ``@OUT@`` and the like in an attack by what they are here."""
        for name, value in self._words().items():
            text = text.replace(f"@{name}@", value)
        return text

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Write files of the workspace; ``@OUT@`` and the like are filled in."""
        for path, content in files.items():
            file = self.work / self.fill(path)
            file.parent.mkdir(parents=True, exist_ok=True)
            data = content if isinstance(content, bytes) else self.fill(content).encode()
            file.write_bytes(data)

    def git(self, *arguments: str, cwd: Path | None = None) -> str:
        """Run git in the workspace, as the attacker who prepares it; return what it prints."""
        done = subprocess.run(
            ["git", "-c", "user.name=M", "-c", "user.email=m@example.org", *arguments],
            cwd=cwd or self.work,
            env={**_plain(), "HOME": str(self.shared), "GIT_CONFIG_NOSYSTEM": "1"},
            check=True,
            capture_output=True,
        )
        return done.stdout.decode()

    def repository(self) -> None:
        """Make the workspace a repository with one commit of all that is in it."""
        self.git("init", "-q", "-b", "main")
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "one")

    def git_bytes(self) -> dict[str, bytes]:
        """Return what lies in the workspace's own ``.git``, by path."""
        folder = self.work / ".git"
        return {
            str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }

    def settled(self) -> None:
        """Take what lies outside now for what has to stay: for attacks that prepare more there."""
        self._before = self._picture()

    def assert_unharmed(self, said: str = "") -> None:
        """Assert that nothing outside was changed, made, told in ``said``, or reached."""
        after = self._picture()
        changed = {path for path in after.keys() | self._before.keys()
                   if after.get(path) != self._before.get(path)}  # fmt: skip
        assert not changed, f"changed outside the workspace: {sorted(changed)}"
        assert not list(self._strays()), f"left behind: {list(self._strays())}"
        assert not self.listeners.heard, f"reached: {self.listeners.heard}"
        assert self.victim.poll() is None, "another process was ended"
        self._assert_nothing_stays()
        at = said.find(self.secret)
        assert at < 0, f"told a secret: …{said[max(0, at - 300) : at + 80]}…"

    def _assert_nothing_stays(self) -> None:
        if not PROC.is_dir():
            return
        state = (PROC / str(self.victim.pid) / "stat").read_text().rpartition(")")[2].split()[0]
        assert state == "S", f"another process was stopped: {state}"
        assert not self._running(), f"still running: {self._running()}"
        for kind in ("shm", "msg"):
            rows = _read(PROC / "sysvipc" / kind).decode().splitlines()[1:]
            assert str(int(f"7{self.key}", 16)) not in " ".join(rows).split(), "IPC stays"

    def _running(self) -> list[int]:
        """Return the processes that have the mark among their words."""
        mark = self.mark.encode()
        # One part of a path: a longer pattern looks at files of processes that may end meanwhile.
        return [int(path.name) for path in PROC.glob("[0-9]*") if mark in _read(path / "cmdline")]

    def _start_victim(self) -> subprocess.Popen[bytes]:
        """Start somebody else's process, which holds the secret in its environment."""
        environment = {"PATH": os.environ["PATH"], "TOKEN": self.secret}
        return subprocess.Popen([shutil.which("sleep") or "sleep", "600"], env=environment)

    def remembered(self) -> str:
        """Return all bytes of the state folder as text: journal, logs, index, hosts."""
        return "\n".join(
            path.read_bytes().decode("latin-1")
            for path in sorted(self.state.rglob("*"))
            if path.is_file() and path.name != "config.toml"
        )

    def journal_without_texts(self) -> str:
        """Return what the journal says of runs, without the texts that an undo needs."""
        with sqlite3.connect(self.state / "journal.sqlite") as database:
            rows = [
                row
                for table in ("runs", "events", "audit")
                for row in database.execute(f"select * from {table}")
            ]
        return repr(rows)

    def _words(self) -> dict[str, str]:
        ports = {kind.upper(): self.listeners.address(kind)
                 for kind in ("tcp4", "tcp6", "udp4", "unix", "abstract")}  # fmt: skip
        return {
            "OUT": str(self.outside),
            "WORK": str(self.work),
            "HOME": str(self.home),
            "STATE": str(self.state),
            "SHARED": str(self.shared),
            "BASE": str(self.base),
            "MARK": self.mark,
            "PID": str(os.getpid()),
            "VICTIM": str(self.victim.pid),
            "HEX": f"7{self.key}",
            **ports,
        }

    def _folder(self, name: str) -> Path:
        path = self.base / name
        path.mkdir(parents=True)
        return Path(os.path.realpath(path))

    def _plant(self) -> None:
        for path, text in {
            self.outside / "secret.txt": f"{self.secret}\n",
            self.outside / "app.py": f"KEY = '{self.secret}'\n",
            self.outside / "sub" / "deep.txt": f"{self.secret}\n",
            self.home / ".ssh" / "id_ed25519": f"PRIVATE {self.secret}\n",
            self.home / ".aws" / "credentials": f"key={self.secret}\n",
            self.home / ".bashrc": "# mine\n",
            self.home / ".gitconfig": "[user]\n\tname = Me\n\temail = me@example.org\n",
            self.home / ".netrc": f"password {self.secret}\n",
        }.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def _picture(self) -> dict[str, tuple[int, str]]:
        found: dict[str, tuple[int, str]] = {}
        for folder in (self.outside, self.home, self.shared):
            found |= picture(folder)
        return found

    def _strays(self) -> Iterator[Path]:
        for folder in SHARED:
            if folder.is_dir():
                yield from (path for path in folder.iterdir() if self.mark in path.name)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _plain() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}


def picture(folder: Path) -> dict[str, tuple[int, str]]:
    """Return what lies below a folder: kind, mode and content by path."""
    return {str(path): _look(path) for path in sorted(folder.rglob("*"))}


def _look(path: Path) -> tuple[int, str]:
    status = path.lstat()
    if stat.S_ISLNK(status.st_mode):
        return status.st_mode, str(path.readlink())
    if stat.S_ISREG(status.st_mode):
        return status.st_mode, hashlib.sha256(path.read_bytes()).hexdigest()
    return status.st_mode, ""

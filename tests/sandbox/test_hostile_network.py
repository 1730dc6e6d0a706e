"""Programs that try to reach a live listener, or anybody, from inside."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.conftest import Cell

WAYS = {
    "tcp4": "socket.create_connection(('127.0.0.1', TCP), 2).sendall(b'x')",
    "tcp6": "socket.create_connection(('::1', TCP6), 2).sendall(b'x')",
    "tcp-by-name": "socket.create_connection(('localhost', TCP), 2).sendall(b'x')",
    "fast-open": "s = socket.socket(); s.sendto(b'x', 0x20000000, ('127.0.0.1', TCP))",
    "out": "socket.create_connection(('1.1.1.1', 53), 2)",
    "udp-out": "s = socket.socket(type=socket.SOCK_DGRAM); s.sendto(b'x', ('1.1.1.1', 53))",
    "raw": "socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)",
    "packet": "socket.socket(socket.AF_PACKET, socket.SOCK_RAW)",
    "netlink": "socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)",
    "vsock": "socket.socket(40, socket.SOCK_STREAM)",
    "crypto": "socket.socket(38, socket.SOCK_SEQPACKET)",
    "bluetooth": "socket.socket(31, socket.SOCK_RAW)",
    "sctp": "s = socket.socket(2, socket.SOCK_SEQPACKET, 132); s.connect(('127.0.0.1', TCP))",
    "unix-path": "s = socket.socket(socket.AF_UNIX); s.connect(PATH)",
    "unix-linked": "import os; os.symlink(PATH, 's'); s = socket.socket(1); s.connect('s')",
    "unix-abstract": "s = socket.socket(socket.AF_UNIX); s.connect(chr(0) + ABSTRACT)",
    "unix-datagram": "s = socket.socket(1, socket.SOCK_DGRAM); s.connect(PATH)",
    "dns": "socket.getaddrinfo('example.com', 80)",
    "io-uring": "import ctypes; assert ctypes.CDLL(None).syscall(425, 8, bytes(120)) >= 0",
    "inherited": """
import os
for fd in range(3, 256):
    try:
        socket.socket(fileno=fd)
        break
    except OSError:
        pass
else:
    raise OSError
""",
    "devices": "open('/dev/tcp/127.0.0.1/%d' % TCP)",
    "tunnel": "open('/dev/net/tun', 'r+b')",
    "docker": "s = socket.socket(1); s.connect('/var/run/docker.sock')",
    "bus": "s = socket.socket(1); s.connect('/run/dbus/system_bus_socket')",
    "sockets-of-others": "import ctypes, os; assert ctypes.CDLL(None).syscall(438, ctypes.CDLL(None).syscall(434, os.getppid(), 0), 3, 0) >= 0",
}  # fmt: skip


class Ear:
    """Listeners of all kinds outside; ``heard`` says which was reached."""

    def __init__(self, folder: Path) -> None:
        self.heard: list[str] = []
        self.sockets: list[socket.socket] = []
        self.path = str(folder / "ear.sock")
        self.abstract = f"lsp-agent-ear-{id(self)}"
        self.tcp = self._listen(socket.AF_INET, ("127.0.0.1", 0)).getsockname()[1]
        self.tcp6 = 9
        with contextlib.suppress(OSError):
            self.tcp6 = self._listen(socket.AF_INET6, ("::1", 0)).getsockname()[1]
        self._listen(socket.AF_UNIX, self.path)
        self._listen(socket.AF_UNIX, "\0" + self.abstract)
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.udp.setblocking(False)
        self.sockets.append(self.udp)

    def _listen(self, family: int, address: object) -> socket.socket:
        made = socket.socket(family)
        made.bind(address)  # type: ignore[arg-type]
        made.listen()
        made.set_inheritable(True)
        self.sockets.append(made)
        threading.Thread(target=self._accept, args=(made, str(address)), daemon=True).start()
        return made

    def _accept(self, made: socket.socket, name: str) -> None:
        with contextlib.suppress(OSError):
            while True:
                with made.accept()[0]:
                    # Before it is closed: then whoever connected knows of it.
                    self.heard.append(name)

    def head(self) -> str:
        return (
            "import socket\nsocket.setdefaulttimeout(3)\n"
            f"TCP, TCP6, UDP = {self.tcp}, {self.tcp6}, {self.udp.getsockname()[1]}\n"
            f"PATH, ABSTRACT = {self.path!r}, {self.abstract!r}\n"
        )


@pytest.fixture
def ear(cell: Cell) -> Iterator[Ear]:
    made = Ear(cell.outside)
    yield made
    for one in made.sockets:
        one.close()


def test_the_listeners_can_be_reached_from_outside(ear: Ear) -> None:
    with socket.create_connection(("127.0.0.1", ear.tcp), 5) as client:
        assert client.recv(1) == b""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(ear.path)
        assert client.recv(1) == b""
    assert len(ear.heard) == 2


@pytest.mark.parametrize("name", WAYS)
def test_nobody_is_reached(cell: Cell, ear: Ear, name: str) -> None:
    outcome = cell.run(f"{ear.head()}\n{WAYS[name]}\nprint('ESCAPED')")
    assert "ESCAPED" not in outcome.output, outcome.output
    assert outcome.status == 1, outcome.output
    assert ear.heard == []


def test_no_datagram_arrives(cell: Cell, ear: Ear) -> None:
    code = "s = socket.socket(type=socket.SOCK_DGRAM)\ns.sendto(b'x', ('127.0.0.1', UDP))"
    cell.run(f"{ear.head()}\n{code}")
    with pytest.raises(BlockingIOError):
        ear.udp.recv(9)


@pytest.mark.parametrize("program", ["curl -sS -m 3", "wget -q -T 3 -t 1 -O -"])
def test_no_program_is_answered(cell: Cell, ear: Ear, program: str) -> None:
    cell.shell(f"{program} http://127.0.0.1:{ear.tcp}/; {program} http://1.1.1.1/")
    assert ear.heard == []


def test_with_the_network_allowed_it_is_reached_and_local_sockets_are_not(
    cell: Cell, ear: Ear
) -> None:
    code = f"{ear.head()}\nsocket.create_connection(('127.0.0.1', TCP), 5)\nprint('reached', flush=True)\n"
    outcome = cell.run(f"{code}\n{WAYS['unix-path']}\nprint('ESCAPED')", network=True)
    assert outcome.output.startswith("reached")
    assert "ESCAPED" not in outcome.output
    outcome = cell.run(f"{ear.head()}\n{WAYS['unix-abstract']}\nprint('ESCAPED')", network=True)
    assert "ESCAPED" not in outcome.output

"""Runs commands where every packet that leaves for elsewhere is seen: a program, for ``unshare``.

It is to be started in a network namespace of its own. There is a loopback interface, and a tunnel
with the default route whose other end is read here: what a command sends to any address arrives,
and what it asks a name server too. Prints JSON: how the commands ended, and what was seen.
"""

from __future__ import annotations

import fcntl
import ipaddress
import json
import os
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

_TUNSETIFF, _SIOCSIFFLAGS, _SIOCSIFADDR, _SIOCSIFNETMASK = 0x400454CA, 0x8914, 0x8916, 0x891C
_SIOCADDRT, _SIOCGIFFLAGS = 0x890B, 0x8913
_UP, _TUN, _NO_PI = 0x41, 0x0001, 0x1000
_NAME = b"watch0"
_TRANSPORTS = {6: "tcp", 17: "udp"}


def raise_interface(name: bytes) -> None:
    """Set an interface up."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        request = struct.pack("16sh14x", name, _UP)
        fcntl.ioctl(sock, _SIOCSIFFLAGS, request)


def open_tunnel() -> int:
    """Make the tunnel, with an address and the default route; return its other end."""
    tunnel = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tunnel, _TUNSETIFF, struct.pack("16sH22x", _NAME, _TUN | _NO_PI))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for request, address in ((_SIOCSIFADDR, "10.199.0.1"), (_SIOCSIFNETMASK, "255.255.255.0")):
            fcntl.ioctl(sock, request, struct.pack("16s16s8x", _NAME, _sockaddr(address)))
        raise_interface(_NAME)
        anywhere, gateway = _sockaddr("0.0.0.0"), _sockaddr("10.199.0.2")
        # struct rtentry: pad, destination, gateway, mask, flags (up, gateway), the rest.
        route = struct.pack("@L16s16s16sH46x", 0, anywhere, gateway, anywhere, 0x0003)
        fcntl.ioctl(sock, _SIOCADDRT, route.ljust(120, b"\0"))
    return tunnel


def _sockaddr(address: str) -> bytes:
    return struct.pack("=HH4s8x", socket.AF_INET, 0, socket.inet_aton(address))


def destination(packet: bytes) -> str | None:
    """Return where a packet is going, if a program sent it; the kernel's own are not told."""
    version = packet[0] >> 4
    if version == 4 and packet[9] in _TRANSPORTS:
        return f"{_TRANSPORTS[packet[9]]} {ipaddress.ip_address(packet[16:20])}"
    if version == 6 and packet[6] in _TRANSPORTS:
        return f"{_TRANSPORTS[packet[6]]} {ipaddress.ip_address(packet[24:40])}"
    return None


def without_route() -> int:
    """Return how many packets found no way out at all, of both versions of the protocol."""
    rows = Path("/proc/net/snmp").read_text().splitlines()
    names, values = (row.split() for row in rows if row.startswith("Ip:"))
    count = int(values[names.index("OutNoRoutes")])
    six = Path("/proc/net/snmp6")
    for row in six.read_text().splitlines() if six.exists() else []:
        name, value = row.split()
        count += int(value) if name == "Ip6OutNoRoutes" else 0
    return count


def main() -> None:
    """Run each command of a JSON list; print what came of it."""
    raise_interface(b"lo")
    tunnel = open_tunnel()
    seen: list[str] = []

    def watch() -> None:
        while True:
            found = destination(os.read(tunnel, 65536))
            if found is not None:
                seen.append(found)

    threading.Thread(target=watch, daemon=True).start()
    before = without_route()
    statuses, said = [], []
    for command in json.loads(sys.argv[1]):
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        statuses.append(done.returncode)
        said.append((done.stdout + done.stderr)[-2000:])
    # What was sent before this one has arrived when it has.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"end", ("10.199.0.77", 9))
    while "udp 10.199.0.77" not in seen:
        os.sched_yield()
    seen.remove("udp 10.199.0.77")
    found = {"statuses": statuses, "seen": seen, "lost": without_route() - before, "said": said}
    print(json.dumps(found))


if __name__ == "__main__":
    main()

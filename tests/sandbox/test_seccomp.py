"""The filter of system calls, run by a small machine of BPF: both architectures, every reach."""

from __future__ import annotations

import struct

import pytest

from lsp_agent.sandbox.seccomp import Reach, assemble
from lsp_agent.sandbox.types import SandboxError

ALLOW, KILL, EPERM, ENOSYS = 0x7FFF0000, 0x80000000, 0x50001, 0x50026
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
SOCKET = {"x86_64": 41, "aarch64": 198}
CLONE = {"x86_64": 56, "aarch64": 220}
OPENAT = {"x86_64": 257, "aarch64": 56}
READ = {"x86_64": 0, "aarch64": 63}
EXECVE = {"x86_64": 59, "aarch64": 221}
PTRACE = {"x86_64": 101, "aarch64": 117}
FCHMODAT = {"x86_64": 268, "aarch64": 53}
PERSONALITY = {"x86_64": 135, "aarch64": 92}
IOCTL = {"x86_64": 16, "aarch64": 29}
PRLIMIT = {"x86_64": 302, "aarch64": 261}


def decide(program: bytes, machine: str, number: int, *arguments: int) -> int:
    """Run a filter over a call as the kernel does; return its verdict."""
    padded = [*arguments, *([0] * (6 - len(arguments)))]
    data = struct.pack("=IIQ6Q", number, ARCHITECTURES[machine], 0, *padded)
    ops = list(struct.iter_unpack("=HBBI", program))
    at, held = 0, 0
    while True:
        code, yes, no, k = ops[at]
        at += 1
        if code == 0x20:
            held = struct.unpack_from("=I", data, k)[0]
        elif code == 0x54:
            held &= k
        elif code == 0x06:
            return int(k)
        else:
            true = {0x15: held == k, 0x35: held >= k, 0x45: bool(held & k)}[code]
            at += yes if true else no


@pytest.fixture(params=ARCHITECTURES)
def machine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_ordinary_calls_pass(machine: str) -> None:
    program = assemble(machine, "none", namespaces=True)
    for number in (READ[machine], EXECVE[machine]):
        assert decide(program, machine, number, 3) == ALLOW
    assert decide(program, machine, CLONE[machine], 17) == ALLOW
    assert decide(program, machine, OPENAT[machine], 3, 0, 0o101, 0o644) == ALLOW
    assert len(program) // 8 < 4096


@pytest.mark.parametrize(
    ("reach", "allowed"),
    [
        ("none", set()),
        ("own", {1, 2, 10}),
        ("net", {2, 10, 16}),
        ("all", {1, 2, 10, 16}),
    ],
)
def test_families_of_sockets(machine: str, reach: Reach, allowed: set[int]) -> None:
    program = assemble(machine, reach, namespaces=True)
    number = SOCKET[machine]
    verdicts = {family: decide(program, machine, number, family, 1) for family in range(64)}
    assert {family for family, verdict in verdicts.items() if verdict == ALLOW} == allowed
    assert set(verdicts.values()) <= {ALLOW, EPERM}
    cloexec = 0o2000000
    assert decide(program, machine, number, 0x1_0000_0028, 1) == EPERM
    if reach == "own":
        assert decide(program, machine, number, 2, 3) == EPERM
        assert decide(program, machine, number, 2, 2 | cloexec) == ALLOW


@pytest.mark.parametrize(
    ("calls", "arguments", "verdict"),
    [
        (PTRACE, (0,), EPERM),
        (CLONE, (0x10000011,), EPERM),
        (CLONE, (0x20011,), EPERM),
        (FCHMODAT, (3, 0, 0o4755), EPERM),
        (FCHMODAT, (3, 0, 0o755), ALLOW),
        (OPENAT, (3, 0, 0o101, 0o4755), EPERM),
        (OPENAT, (3, 0, 0, 0o4755), ALLOW),
        (PERSONALITY, (0xFFFFFFFF,), ALLOW),
        (PERSONALITY, (0x40000,), ALLOW),
        (PERSONALITY, (0x400000,), EPERM),
        (IOCTL, (0, 0x5412), EPERM),
        (IOCTL, (0, 0xFFFFFFFF_00005412), EPERM),
        (IOCTL, (0, 0x5413), ALLOW),
        (PRLIMIT, (99,), ALLOW),
    ],
)
def test_what_is_looked_at(
    machine: str, calls: dict[str, int], arguments: tuple[int, ...], verdict: int
) -> None:
    program = assemble(machine, "own", namespaces=True)
    assert decide(program, machine, calls[machine], *arguments) == verdict


def test_without_namespaces_attributes_and_other_processes_are_out_of_reach(machine: str) -> None:
    program = assemble(machine, "none", namespaces=False, version=2)
    assert decide(program, machine, FCHMODAT[machine], 3, 0, 0o755) == 0x50000
    assert decide(program, machine, PRLIMIT[machine], 99) == EPERM
    assert decide(program, machine, PRLIMIT[machine], 0) == ALLOW
    assert decide(program, machine, {"x86_64": 76, "aarch64": 45}[machine]) == EPERM


def test_calls_that_are_not_known_do_not_exist(machine: str) -> None:
    program = assemble(machine, "own", namespaces=True)
    for number in (435, 437, 463, 600):
        assert decide(program, machine, number) == ENOSYS
    for number in (425, 426, 427, 428, 432, 438, 442):
        assert decide(program, machine, number) == EPERM


def test_a_foreign_architecture_is_ended() -> None:
    program = assemble("x86_64", "own", namespaces=True)
    assert decide(program, "aarch64", 63) == KILL
    assert decide(program, "x86_64", 0x40000000) == KILL


def test_a_machine_without_a_table_is_named() -> None:
    with pytest.raises(SandboxError, match="riscv64"):
        assemble("riscv64", "own", namespaces=True)

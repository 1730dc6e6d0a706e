"""What the doctor knows of GPUs: the build, where layers would go, how to get another build."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from lsp_agent.cli import hardware as room
from lsp_agent.cli.hardware import Hardware, better_build, probe
from lsp_agent.cli.main import run
from lsp_agent.engine.llama.offload import Device

GIB = 2**30


def test_this_machine_is_asked() -> None:
    found = probe()
    assert (found.version, found.error) == ("0.3.36", "")
    assert found.build
    assert found.machine.ram


@pytest.mark.parametrize("code", ["raise SystemExit('no such library')", "print('{')", "pass"])
def test_a_library_that_is_broken_is_no_end(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    def broken(command: list[str], **rest: object) -> object:
        return real([sys.executable, "-c", code], **rest)

    real = room.subprocess.run
    monkeypatch.setattr(room.subprocess, "run", broken)
    found = probe()
    assert found.error
    assert found.devices == ()


@pytest.mark.parametrize(
    ("programs", "platform", "build"),
    [
        (("nvidia-smi", "vulkaninfo"), "linux", "cu125"),
        (("rocminfo",), "linux", "rocm72"),
        ((), "linux", "vulkan"),
        ((), "darwin", "metal"),
    ],
)
def test_the_other_build_is_named(
    monkeypatch: pytest.MonkeyPatch, programs: tuple[str, ...], platform: str, build: str
) -> None:
    monkeypatch.setattr(room.shutil, "which", lambda name: name if name in programs else None)
    monkeypatch.setattr(room.sys, "platform", platform)
    tag, command = better_build()
    assert tag == build
    assert command.endswith(f"/whl/{build}")
    assert "llama-cpp-python==0.3.36" in command


def test_the_doctor_says_what_runs_where(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gpu = Device("CUDA0", "a GPU", 20 * GIB, 24 * GIB)
    monkeypatch.setattr(room, "probe", lambda: Hardware("0.3.36", "CUDA", (gpu,)))
    run(["doctor", "--json"])
    checks = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert checks["GPU offload"]["ok"]
    assert checks["GPU offload"]["detail"] == "CUDA: CUDA0 (a GPU) with 20.0 GiB of 24.0 free"
    assert "26 GB of GPU memory" in checks["models for this machine"]["detail"]
    detail = checks["model of engine local"]["detail"]
    assert "layers on the GPU" in detail

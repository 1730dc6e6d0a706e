"""How much memory there is: the machine's, or a container's limit where that is lower."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lsp_agent.engine import memory


def limit_file(folder: Path, content: str) -> Path:
    path = folder / "memory.max"
    path.write_text(content)
    return path


def test_the_machine_has_memory() -> None:
    total, available = memory.total_memory(), memory.available_memory()
    assert total is not None
    assert available is not None
    assert available > 0
    assert total > 0


@pytest.mark.parametrize(("content", "lower"), [("4096\n", True), ("max\n", False)])
def test_a_container_s_limit_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, lower: bool
) -> None:
    monkeypatch.setattr(memory, "_LIMITS", ())
    physical = memory.total_memory()
    monkeypatch.setattr(
        memory, "_LIMITS", (tmp_path / "none", limit_file(tmp_path, content), tmp_path)
    )
    assert memory.total_memory() == (4096 if lower else physical)


def test_a_platform_that_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_name: str) -> int:
        raise ValueError

    monkeypatch.setattr(os, "sysconf", unknown)
    assert memory.total_memory() is None


def test_without_proc_the_total_is_what_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: Any, **__: Any) -> str:
        raise FileNotFoundError

    total = memory.total_memory()
    monkeypatch.setattr(Path, "read_text", missing)
    assert memory.available_memory() == total or memory.total_memory() != total


@pytest.mark.parametrize(("done", "size"), [(1, 7 << 30), (0, None)])
def test_windows_is_asked_its_own_way(
    monkeypatch: pytest.MonkeyPatch, done: int, size: int | None
) -> None:
    def status(pointer: Any) -> int:
        pointer._obj.total = 7 << 30
        assert pointer._obj.length == ctypes.sizeof(pointer._obj)
        return done

    kernel = SimpleNamespace(kernel32=SimpleNamespace(GlobalMemoryStatusEx=status))
    monkeypatch.setattr(ctypes, "windll", kernel, raising=False)
    monkeypatch.setattr(sys, "platform", "win32")
    assert memory.total_memory() == size

"""The cache of compiled methods: made once, used by every home, never in the way."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CODE = """
import sys, builtins, attr
from pathlib import Path
count = [0]
real = builtins.compile
def counting(source, filename, *rest, **more):
    count[0] += "attrs generated" in str(filename)
    return real(source, filename, *rest, **more)
builtins.compile = counting
from lsp_agent.server.fast_import import fast_import
with fast_import(Path(sys.argv[1])):
    import lsprotocol.types
print(count[0])
"""


def compiled(cache: Path, pycache: Path, **env: str) -> int:
    """Return how many generated methods a fresh process compiles."""
    variables = {**os.environ, "PYTHONPYCACHEPREFIX": str(pycache), **env}
    variables.setdefault("PYTHONDONTWRITEBYTECODE", "")
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(cache)],
        capture_output=True,
        text=True,
        env=variables,
        check=True,
    )
    return int(done.stdout)


@pytest.mark.parametrize("write", ["", "1"])
def test_the_second_start_compiles_nothing(tmp_path: Path, write: str) -> None:
    cache, pycache = tmp_path / "cache", tmp_path / "pycache"
    first = compiled(cache, pycache, PYTHONDONTWRITEBYTECODE=write)
    assert first > 100
    assert compiled(cache, pycache, PYTHONDONTWRITEBYTECODE=write) == 0
    assert cache.exists() == bool(write)
    other = compiled(tmp_path / "other", pycache, PYTHONDONTWRITEBYTECODE=write)
    assert other == (first if write else 0)


def test_a_broken_cache_is_no_harm(tmp_path: Path) -> None:
    cache, pycache = tmp_path / "cache", tmp_path / "pycache"
    compiled(cache, pycache, PYTHONDONTWRITEBYTECODE="1")
    (file,) = cache.iterdir()
    file.write_bytes(b"\x00broken")
    assert compiled(cache, pycache, PYTHONDONTWRITEBYTECODE="1") > 100
    assert compiled(cache, pycache, PYTHONDONTWRITEBYTECODE="1") == 0
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert compiled(blocked, pycache, PYTHONDONTWRITEBYTECODE="1") > 100

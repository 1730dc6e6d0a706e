"""Builds ``llama-server`` and ``llama-bench`` from the sources inside llama-cpp-python's sdist.

Flags are those of llama-cpp-python's own build (shared libraries, native code, Release), so both
sides run the same ggml. Everything lies in one folder outside the tree and is made once.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

PACKAGE = "llama-cpp-python"
TARGETS = ("llama-server", "llama-bench")
FLAGS = (
    "CMAKE_BUILD_TYPE=Release",
    "BUILD_SHARED_LIBS=ON",
    "LLAMA_BUILD_TESTS=OFF",
    "LLAMA_BUILD_EXAMPLES=OFF",
    "LLAMA_BUILD_APP=OFF",
    "LLAMA_BUILD_TOOLS=ON",
    "LLAMA_BUILD_SERVER=ON",
    "LLAMA_BUILD_COMMON=ON",
    "LLAMA_BUILD_UI=OFF",
    "LLAMA_USE_PREBUILT_UI=OFF",
    "LLAMA_OPENSSL=OFF",
    "LLAMA_CURL=OFF",
)


class BuildError(Exception):
    """The peer can't be built; the message says at which step and why."""


@dataclass(frozen=True, slots=True)
class Build:
    """Where the programs, their libraries and llama.cpp's own sources lie."""

    programs: Path
    source: Path

    @property
    def server(self) -> Path:
        return self.programs / "llama-server"

    @property
    def bench(self) -> Path:
        return self.programs / "llama-bench"


def default_home() -> Path:
    """Return the folder for what the benchmark makes, outside the tree."""
    if named := os.environ.get("LSP_AGENT_BENCH_HOME"):
        return Path(named)
    from platformdirs import user_cache_path

    return user_cache_path("lsp-agent") / "llama-server"


def build(home: Path, *, archive: Path | None = None, jobs: int | None = None) -> Build:
    """Return the built programs, which takes 10 to 20 minutes the first time.

    ``archive`` is the sdist where it is at hand already. Raises :class:`BuildError`.
    """
    release = version(PACKAGE)
    source = home / f"llama_cpp_python-{release}" / "vendor" / "llama.cpp"
    done = Build(home / "build" / "bin", source)
    stamp = home / "built.txt"
    wanted = "\n".join((release, *FLAGS))
    if (
        stamp.is_file()
        and stamp.read_text("utf-8") == wanted
        and done.server.is_file()
        and done.bench.is_file()
    ):
        return done
    home.mkdir(parents=True, exist_ok=True)
    if not (source / "CMakeLists.txt").is_file():
        _unpack(archive or _download(home, release), home)
    _compile(home, source, jobs or min(os.cpu_count() or 1, 8))
    stamp.write_text(wanted, "utf-8")
    return done


def _download(home: Path, release: str) -> Path:
    archive = home / f"llama_cpp_python-{release}.tar.gz"
    if not archive.is_file():
        # No dependencies, but pip must read the version from the sources, so it may fetch the
        # build backend.
        options = ("--no-deps", "--no-binary", PACKAGE, f"{PACKAGE}=={release}", "-d", str(home))
        _run(str(_tool(home, "pip")), "download", "-q", *options)
    return archive


def _unpack(archive: Path, home: Path) -> None:
    if not archive.is_file():
        raise BuildError(f"{archive} is not there; name the sdist of {PACKAGE} with --sdist")
    with tarfile.open(archive) as bundle:
        members = [one for one in bundle.getmembers() if "/vendor/llama.cpp/" in one.name]
        bundle.extractall(home, members, filter="data")


def _compile(home: Path, source: Path, jobs: int) -> None:
    cmake = _tool(home, "cmake")
    folder = home / "build"
    generator = ("-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={_tool(home, 'ninja')}")
    _run(
        str(cmake), "-S", str(source), "-B", str(folder), *generator,
        *(f"-D{flag}" for flag in FLAGS),
    )  # fmt: skip
    _run(str(cmake), "--build", str(folder), "-j", str(jobs), "--target", *TARGETS)


def _tool(home: Path, name: str) -> Path:
    """Return a program of the machine's, or of an environment made for this alone."""
    found = shutil.which(name) if name != "pip" else None
    if found:
        return Path(found)
    programs = home / "tools" / "bin"
    if not (programs / "pip").is_file():
        _run(sys.executable, "-m", "venv", str(home / "tools"))
    if not (programs / name).is_file():
        _run(str(programs / "pip"), "install", "-q", name)
    return programs / name


def _run(*command: str) -> None:
    print("+", *command, file=sys.stderr, flush=True)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
        raise BuildError(f"{' '.join(command[:3])}… ended with {done.returncode}:\n{tail}")

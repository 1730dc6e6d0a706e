"""Makes a git repository of a package's releases: one commit each, its notes as the message."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from benchmarks.retrieval.projects import Project
from benchmarks.retrieval.sdists import Sdist

_MAX_BYTES = 1_000_000
_ISOLATED = ("-c", "core.hooksPath=/dev/null", "-c", "init.defaultBranch=main")


@dataclass(frozen=True, slots=True)
class Release:
    """What becomes a commit: ``files`` are all sources of the package then, by path."""

    version: str
    time: int
    message: str
    files: Mapping[str, bytes]


def releases(project: Project, sdists: Iterable[Sdist]) -> Iterator[Release]:
    """Read the archives, one at a time; a release without notes has its version as message."""
    for sdist in sdists:
        files = read_sdist(sdist.archive)
        yield Release(
            sdist.version,
            sdist.time,
            project.message(sdist.version, files) or f"Release {sdist.version}",
            {path: data for path, data in files.items() if project.is_source(path)},
        )


def read_sdist(archive: Path) -> dict[str, bytes]:
    """Return the regular files of an archive by their path below its one top folder."""
    found = {}
    with tarfile.open(archive) as bundle:
        for member in bundle:
            path = member.name.partition("/")[2]
            if member.isfile() and path and member.size <= _MAX_BYTES:
                content = bundle.extractfile(member)
                found[path] = content.read() if content else b""
    return found


def make_repository(folder: Path, commits: Iterable[Release]) -> None:
    """Write a repository with one branch through ``git fast-import``.

    It takes its final place only when it is whole. Raises :class:`subprocess.CalledProcessError`.
    """
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["git", *_ISOLATED, "init", "-q", str(part)], check=True)
    command = ["git", *_ISOLATED, "fast-import", "--quiet", "--date-format=raw"]
    with subprocess.Popen(command, cwd=part, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        for commit in commits:
            _write(process.stdin, commit)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    part.replace(folder)


def _write(out: IO[bytes], commit: Release) -> None:
    stamp = f"committer Releases <releases@localhost> {commit.time} +0000\n"
    out.write(b"commit refs/heads/main\n" + stamp.encode())
    _data(out, f"{commit.version}\n\n{commit.message}\n".encode())
    out.write(b"deleteall\n")
    for path, content in sorted(commit.files.items()):
        out.write(b"M 100644 inline " + path.encode() + b"\n")
        _data(out, content)


def _data(out: IO[bytes], content: bytes) -> None:
    out.write(b"data %d\n" % len(content) + content + b"\n")

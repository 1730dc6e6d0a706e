"""Reading a repository with git, safely: its configuration is untrusted input."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from threading import Timer
from typing import IO

from lsp_agent.vcs.diffs import without_blamed_values, without_secret_values
from lsp_agent.vcs.place import Place, VcsError, find_place
from lsp_agent.vcs.quarantine import Quarantine, quarantine
from lsp_agent.vcs.running import git_command
from lsp_agent.workspace.roots import is_git_folder

__all__ = ["Repository", "VcsError"]

_SECONDS = 20.0
_MAX_OUTPUT = 60_000
_MAX_READ = 8_000_000
_MAX_RECORDS = 32_000_000
_MAX_ERROR = 400
_CHUNK = 1 << 16


class Repository:
    """One repository's history and state as text, each answer bounded in size and time."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._quarantine: Quarantine | None = None
        self._sound: tuple[int, int, int] | None = None

    @classmethod
    def open(cls, path: Path) -> Repository | None:
        """Return the repository that holds a folder; ``None`` when there is none.

        Raises :class:`VcsError` when git is not installed, and for a ``.git`` that leads to a
        place which does not know of the folder.
        """
        place = find_place(path)
        if place is not None:
            git_command()
        return cls(place) if place is not None else None

    @property
    def root(self) -> Path:
        """The top folder of the work tree."""
        return self._place.top

    def status(self, path: str | None = None) -> str:
        """Return the branch and the changed files, one a line, as ``git status --short`` does."""
        self._check_index()
        flags = ["--short", "--branch", "--ignore-submodules=all"]
        return self._run("status", *flags, *_paths(path))

    def diff(self, ref: str | None = None, path: str | None = None, *, staged: bool = False) -> str:
        """Return a unified diff of the work tree (or the index) against HEAD or ``ref``.

        Files of secrets are shown by the names in them, as :func:`without_secret_values` does.
        """
        flags = ["--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=all"]
        if staged:
            flags.append("--cached")
        self._check_index()
        return without_secret_values(self._run("diff", *flags, *_revision(ref), *_paths(path)))

    def log(self, count: int = 20, path: str | None = None) -> str:
        """Return the newest commits, one a line: hash, date, author, subject."""
        layout = "--format=%h %ad %an: %s"
        limit = f"--max-count={max(1, min(count, 200))}"
        return self._run(
            "log", limit, "--date=short", "--no-color", "--no-ext-diff", layout, *_paths(path)
        )

    def blame(self, path: str, start: int | None = None, end: int | None = None) -> str:
        """Return who last changed each line; ``start`` and ``end`` are 1-based, both included."""
        lines = [f"-L{start or 1},{end or ''}"] if start or end else []
        found = self._run("blame", "--date=short", "--no-textconv", *lines, *_paths(path))
        return without_blamed_values(path, found)

    def head(self) -> str | None:
        """Return the hash of the commit that is checked out; ``None`` before the first."""
        try:
            return self._run("rev-parse", "--verify", "--quiet", "HEAD^{commit}").strip()
        except VcsError:
            return None

    def text(self, ref: str, path: str) -> str | None:
        """Return a file as a commit has it, read as UTF-8; ``None`` where it has no such file.

        ``path`` is relative to the top. At most 32 MB are read; no filter of the repository runs.
        Raises :class:`VcsError` for what is no commit.
        """
        entry = self._run("ls-tree", "-z", *_revision(ref), "--", path)
        head, _, name = entry.rstrip("\0").partition("\t")
        mode, _, rest = head.partition(" ")
        if name != path or not mode.startswith("100"):
            return None
        return self._stream("cat-file", "blob", rest.rpartition(" ")[2]).removeprefix("\ufeff")

    def changed_paths(self, ref: str | None) -> list[str]:
        """Return the files of the work tree that a commit (``None``: nothing) has not as they are.

        Those that are new to git are among them unless they are ignored; removed ones are not.
        """
        self._check_index()
        if ref is None:
            listed = self._stream("ls-files", "-z", "--cached")
        else:
            flags = ["--name-only", "-z", "--no-renames", "--diff-filter=d", "--no-ext-diff"]
            listed = self._stream(
                "diff", *flags, "--no-textconv", "--ignore-submodules=all", *_revision(ref), "--"
            )
        fresh = self._stream("ls-files", "-z", "--others", "--exclude-standard")
        return sorted({path for path in (listed + fresh).split("\0") if path})

    def fork_point(self, ref: str) -> str:
        """Return the commit at which HEAD left a branch; that of ``ref`` where they share none.

        Raises :class:`VcsError` for what is no commit.
        """
        (revision,) = _revision(ref)
        wanted = ["--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
        try:
            commit = self._run("rev-parse", *wanted)
        except VcsError as error:
            message = f"{ref!r} names no commit here; give a branch, a tag or a commit"
            raise VcsError(message) from error
        try:
            return self._run("merge-base", commit.strip(), "HEAD").strip()
        except VcsError:
            return commit.strip()

    def records(self, count: int) -> str:
        """Return the newest commits with the files that they changed, for programs.

        Fields end with NUL. A commit is an empty field, hash, time, message, another empty field,
        then each file's status and path, the older one first where it was renamed; merges are left
        out. At most 32 MB are read, for at most 20 seconds: the last commit may be cut off.
        """
        layout = "--format=%x00%H%x00%ct%x00%B%x00"
        shape = ["-z", "--name-status", "--no-relative", "--encoding=UTF-8", "--no-color"]
        # Inexact renames of very many files would take seconds.
        renames = ["--find-renames", "-l200", "-O" + os.devnull, "--ignore-submodules=all"]
        safe = ["--no-ext-diff", "--no-textconv", "--no-notes", "--no-merges"]
        return self._stream("log", f"--max-count={count}", layout, *shape, *renames, *safe, "--")

    def _check_index(self) -> None:
        """Raise :class:`VcsError` for an index with a path out of the work tree.

        Git adds no such path, but reads one that somebody wrote, and shows the file behind it.
        Cost: a listing of the index where it is another one than the last time.
        """
        try:
            status = (self._place.git_dir / "index").stat()
        except OSError:
            return
        stamp = (status.st_mtime_ns, status.st_size, status.st_ino)
        if stamp == self._sound:
            return
        for path in self._stream("ls-files", "-z").split("\0"):
            parts = path.removesuffix("/").split("/")
            if path and any(part in ("", ".", "..") or is_git_folder(part) for part in parts):
                raise VcsError(f"the index names {path!r}, which is no path of the work tree")
        self._sound = stamp

    def _stream(self, command: str, *arguments: str) -> str:
        """Return the beginning of what a command prints, and end it when that is enough."""
        with self._start(command, arguments, subprocess.DEVNULL) as process:
            parts, timer = _begun(process, _MAX_RECORDS)
            whole = sum(map(len, parts)) < _MAX_RECORDS
            failed = _ended(process, timer)
        if whole and failed and not parts:
            raise VcsError(f"git {command} failed: it says nothing of {self._place.git_dir}")
        return b"".join(parts).decode("utf-8", "replace")

    def _run(self, command: str, *arguments: str) -> str:
        with tempfile.TemporaryFile() as errors:
            with self._start(command, arguments, errors) as process:
                parts, timer = _begun(process, _MAX_READ)
                failed = _ended(process, timer)
            size = sum(map(len, parts))
            if failed and size < _MAX_READ:
                errors.seek(0)
                reason = errors.read(_MAX_ERROR).decode("utf-8", "replace").strip()
                raise VcsError(f"git {command} failed: {reason or 'it took too long'}")
        text = b"".join(parts).decode("utf-8", "replace")
        if len(text) > _MAX_OUTPUT:
            more = "more than " if size >= _MAX_READ else ""
            return text[:_MAX_OUTPUT] + f"\n[cut: {more}{len(text):,} characters in all]\n"
        return text

    def _start(
        self, command: str, arguments: tuple[str, ...], errors: IO[bytes] | int
    ) -> subprocess.Popen[bytes]:
        # Its folder is there as long as somebody has it.
        self._quarantine = quarantine(self._place)
        try:
            return subprocess.Popen(
                git_command(command, *arguments),
                cwd=self._place.top,
                env=self._quarantine.environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
            )
        except (OSError, ValueError) as error:
            raise VcsError(f"git {command} failed: {error}") from error


def _begun(process: subprocess.Popen[bytes], limit: int) -> tuple[list[bytes], Timer]:
    """Read up to ``limit`` bytes; the timer ends the process."""
    timer = Timer(_SECONDS, process.kill)
    timer.daemon = True
    timer.start()
    parts: list[bytes] = []
    size = 0
    while size < limit and process.stdout and (part := process.stdout.read(_CHUNK)):
        parts.append(part)
        size += len(part)
    return parts, timer


def _ended(process: subprocess.Popen[bytes], timer: Timer) -> bool:
    """Wait for a process of which no more is read; return whether it failed."""
    if process.stdout is not None:
        process.stdout.close()
    status = process.wait()
    timer.cancel()
    return status != 0


def _revision(ref: str | None) -> list[str]:
    if not ref:
        return []
    # A colon would name a file in a commit, of whatever folder.
    if ref.startswith("-") or any(char.isspace() or char in "\0:" for char in ref):
        raise VcsError(f"{ref!r} is not a revision; give a branch, a tag or a commit")
    return [ref]


def _paths(path: str | None) -> list[str]:
    return ["--", path] if path else ["--"]

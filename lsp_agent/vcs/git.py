"""Reading a repository through GitPython, safely: its configuration is untrusted input."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING

from lsp_agent.errors import LspAgentError

if TYPE_CHECKING:
    from git import Repo

_SECONDS = 20.0
_MAX_OUTPUT = 60_000
_MAX_RECORDS = 32_000_000
_CHUNK = 1 << 16
# What a hostile repository could make git run, switched off for every command.
_SAFE = (
    "core.fsmonitor=false",
    "core.hooksPath=" + os.devnull,
    "core.pager=cat",
    "core.sshCommand=false",
    "core.untrackedCache=false",
    "diff.external=",
    "log.showRoot=true",
    "log.showSignature=false",
    "protocol.allow=never",
)
_ENV = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    # Keeps ":(top)…" and globs in a path from meaning anything.
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_PAGER": "cat",
    "GIT_EXTERNAL_DIFF": "",
    "LC_ALL": "C",
}


class VcsError(LspAgentError):
    """Git is missing, there is no repository, or a command failed."""

    code = "git-failed"


class Repository:
    """One repository's history and state as text, each answer bounded in size and time."""

    def __init__(self, repo: Repo) -> None:
        self._repo = repo

    @classmethod
    def open(cls, path: Path) -> Repository | None:
        """Return the repository that holds a folder; ``None`` when there is none.

        Raises :class:`VcsError` when git is not installed.
        """
        # GitPython runs git at import otherwise, and raises when it is missing.
        os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
        from git import InvalidGitRepositoryError, NoSuchPathError, Repo
        from git.exc import GitError

        try:
            return cls(Repo(path, search_parent_directories=True))
        except (InvalidGitRepositoryError, NoSuchPathError):
            return None
        except (GitError, OSError, ValueError) as error:
            raise VcsError(f"git can't read {path}: {error}") from error

    @property
    def root(self) -> Path:
        """The top folder of the work tree."""
        if self._repo.working_tree_dir is None:
            raise VcsError("this repository is bare: it has no files to look at")
        return Path(self._repo.working_tree_dir)

    def status(self) -> str:
        """Return the branch and the changed files, one a line, as ``git status --short`` does."""
        return self._run("status", "--short", "--branch", "--ignore-submodules=all")

    def diff(self, ref: str | None = None, path: str | None = None, *, staged: bool = False) -> str:
        """Return a unified diff of the work tree (or the index) against HEAD or ``ref``."""
        flags = ["--no-ext-diff", "--no-textconv", "--no-color", "--ignore-submodules=all"]
        if staged:
            flags.append("--cached")
        return self._run("diff", *flags, *_revision(ref), *_paths(path))

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
        return self._run("blame", "--date=short", "--no-textconv", *lines, *_paths(path))

    def head(self) -> str | None:
        """Return the hash of the commit that is checked out; ``None`` before the first."""
        try:
            return self._run("rev-parse", "--verify", "--quiet", "HEAD^{commit}").strip()
        except VcsError:
            return None

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

    def _stream(self, command: str, *arguments: str) -> str:
        """Return the beginning of what a command prints, and end it when that is enough."""
        from git.exc import GitError

        try:
            running = self._repo.git.execute(
                _command(command, arguments), env=_ENV, as_process=True
            )
        except GitError as error:
            raise VcsError(f"git {command} failed: {error}") from error
        # The wrapper ends the process when it goes: it must live as long as the reading.
        process = running.proc
        if process is None or process.stdout is None:
            raise VcsError(f"git {command} failed: it did not start")
        timer = Timer(_SECONDS, process.kill)
        timer.start()
        parts: list[bytes] = []
        size = 0
        try:
            while size < _MAX_RECORDS and (part := process.stdout.read(_CHUNK)):
                parts.append(part)
                size += len(part)
            whole = size < _MAX_RECORDS
            if whole and process.wait(_SECONDS) and not parts:
                raise VcsError(f"git {command} failed: it says nothing of {self._repo.git_dir}")
        finally:
            timer.cancel()
            process.kill()
        return b"".join(parts).decode("utf-8", "replace")

    def _run(self, command: str, *arguments: str) -> str:
        from git.exc import GitError

        try:
            output = self._repo.git.execute(
                _command(command, arguments),
                env=_ENV,
                kill_after_timeout=None if os.name == "nt" else _SECONDS,
                strip_newline_in_stdout=False,
            )
        except GitError as error:
            reason = str(getattr(error, "stderr", "") or error).strip().removeprefix("stderr:")
            raise VcsError(f"git {command} failed: {reason.strip(' ' + chr(39))[:400]}") from error
        text = str(output)
        if len(text) > _MAX_OUTPUT:
            return text[:_MAX_OUTPUT] + f"\n[cut: {len(text):,} characters in all]\n"
        return text


def _command(command: str, arguments: tuple[str, ...]) -> list[str]:
    safe = [word for pair in _SAFE for word in ("-c", pair)]
    return ["git", "--no-pager", *safe, command, *arguments]


def _revision(ref: str | None) -> list[str]:
    if not ref:
        return []
    if ref.startswith("-") or any(char.isspace() or char == "\0" for char in ref):
        raise VcsError(f"{ref!r} is not a revision; give a branch, a tag or a commit")
    return [ref]


def _paths(path: str | None) -> list[str]:
    return ["--", path] if path else ["--"]

"""Writing in a repository with git's plumbing, beside the user's index and work tree.

Objects are made, trees are laid in an index of our own, refs move from a known value to another.
None of the commands used here reads a file of the work tree, so no filter runs; hooks, fsmonitor,
signing and every transport are off, whatever the repository's configuration says.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lsp_agent.vcs.place import VcsError, check_links, find_place

_SECONDS = 60.0
_MAX_ERROR = 400
NO_REF = ""
"""The old value of a ref that must not be there yet."""
SAFE = (
    "core.fsmonitor=false",
    "core.hooksPath=" + os.devnull,
    "core.pager=cat",
    "core.sshCommand=false",
    "core.untrackedCache=false",
    "core.alternateRefsCommand=false",
    "commit.gpgSign=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "protocol.allow=never",
    *(f"protocol.{name}.allow=never" for name in ("ext", "file", "ssh", "git", "http", "https")),
)
ENV = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_EDITOR": "false",
    "GIT_PAGER": "cat",
    "LC_ALL": "C",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a tree: its mode as git writes it, and its blob."""

    mode: str
    blob: str


class Writer:
    """One repository, by the top folder of its work tree."""

    def __init__(self, top: Path, git_dir: Path, common: Path, names: str = "sha1") -> None:
        self.top = top
        self.git_dir = git_dir
        self.common = common
        self.names = names
        """How its objects are named: ``sha1`` or ``sha256``."""

    @classmethod
    def open(cls, path: Path) -> Writer | None:
        """Return the repository that holds a folder; ``None`` when there is none.

        Raises :class:`VcsError` when git is not installed or can't read it, and for a ``.git``, or
        a part of it, that leads to another repository.
        """
        place = find_place(path)
        if place is None:
            return None
        check_links(place)
        where = {"GIT_DIR": str(place.git_dir), "GIT_WORK_TREE": str(place.top)}
        names = os.fsdecode(git("rev-parse", "--show-object-format", cwd=place.top, env=where))
        return cls(place.top, place.git_dir, place.common, names.strip())

    def run(
        self,
        command: str,
        *arguments: str,
        stdin: bytes = b"",
        index: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> bytes:
        """Return what a command prints. Raises :class:`VcsError` with what it complains of.

        ``index`` is used in the place of the user's.
        """
        place = {
            "GIT_DIR": str(self.git_dir),
            "GIT_WORK_TREE": str(self.top),
            "GIT_INDEX_FILE": str(index or self.git_dir / "index"),
        }
        return git(command, *arguments, cwd=self.top, stdin=stdin, env={**place, **(env or {})})

    def text(self, command: str, *arguments: str, stdin: bytes = b"") -> str:
        """Return what a command prints, without the line end behind it."""
        return os.fsdecode(self.run(command, *arguments, stdin=stdin)).rstrip("\n")

    def head(self) -> str | None:
        """Return the commit that is checked out; ``None`` before the first."""
        try:
            return self.text("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        except VcsError:
            return None

    def branch(self) -> str | None:
        """Return the branch that is checked out, born or not; ``None`` for a detached HEAD."""
        try:
            return self.text("symbolic-ref", "--quiet", "--short", "HEAD")
        except VcsError:
            return None

    def busy(self) -> str | None:
        """Return what is under way, as ``a merge``; commits and branches would disturb it."""
        signs = {
            "MERGE_HEAD": "a merge",
            "rebase-merge": "a rebase",
            "rebase-apply": "a rebase",
            "CHERRY_PICK_HEAD": "a cherry-pick",
            "REVERT_HEAD": "a revert",
            "BISECT_LOG": "a bisection",
        }
        return next((what for name, what in signs.items() if (self.git_dir / name).exists()), None)

    def path_of(self, folder: Path, path: str) -> str:
        """Return the path from the top of what lies at a path below a folder."""
        return folder.resolve().joinpath(path).relative_to(self.top).as_posix()

    def entries(self, paths: Sequence[str], tree: str | None) -> dict[str, Entry]:
        """Return what a tree has at some paths (the user's index for ``None``)."""
        if not paths:
            return {}
        if tree is None:
            rows = self.run("ls-files", "--stage", "-z", "--", *paths)
        else:
            rows = self.run("ls-tree", "-r", "-z", "--full-tree", tree, "--", *paths)
        found: dict[str, Entry] = {}
        for row in os.fsdecode(rows).split("\0")[:-1]:
            fields, _, path = row.partition("\t")
            mode, one, two = fields.split()[:3]
            if path in paths:
                found[path] = Entry(mode, one if tree is None else two)
        return found

    def blob(self, data: bytes) -> str:
        """Keep bytes as they are and return their name."""
        return self.text("hash-object", "-w", "--no-filters", "--stdin", stdin=data)

    def content(self, blob: str) -> bytes:
        """Return the bytes behind a name."""
        return self.run("cat-file", "blob", blob)

    def tree(self, base: str | None, files: Mapping[str, Entry | None]) -> str:
        """Return the tree of a commit with some files put in it, or out of it (``None``)."""
        with self.spare_index(base) as index:
            self.put(files, index)
            return os.fsdecode(self.run("write-tree", index=index)).strip()

    def put(self, files: Mapping[str, Entry | None], index: Path | None) -> None:
        """Set entries of an index, the user's for ``None``, and touch no others."""
        # What goes away goes first: a folder may stand where a file was.
        gone = "0" * (64 if self.names == "sha256" else 40)
        rows = [f"0 {gone}\t{path}\0" for path, entry in files.items() if entry is None]
        rows += [f"{e.mode} {e.blob}\t{path}\0" for path, e in files.items() if e is not None]
        self.run(
            "update-index", "-z", "--index-info", stdin=os.fsencode("".join(rows)), index=index
        )

    @contextmanager
    def spare_index(self, base: str | None) -> Iterator[Path]:
        """Give an index of our own that holds a commit, and remove it afterwards."""
        with tempfile.TemporaryDirectory(prefix="lsp-agent-index-") as folder:
            index = Path(folder, "index")
            self.run("read-tree", *([base] if base else ["--empty"]), index=index)
            yield index

    def commit(
        self, tree: str, parent: str | None, message: str, env: Mapping[str, str] | None = None
    ) -> str:
        """Make a commit, which no ref leads to yet, and return its name."""
        parents = ["-p", parent] if parent else []
        data = self.run(
            "commit-tree", "--no-gpg-sign", tree, *parents, stdin=message.encode(), env=env
        )
        return os.fsdecode(data).strip()


def git(
    command: str,
    *arguments: str,
    cwd: Path,
    stdin: bytes = b"",
    env: Mapping[str, str] | None = None,
    settings: Sequence[str] = SAFE,
    seconds: float = _SECONDS,
) -> bytes:
    """Run git with nothing of the caller's ``GIT_…`` variables; return what it prints.

    Raises :class:`VcsError` with what it complains of.
    """
    program = shutil.which("git")
    if program is None:
        raise VcsError("git is not installed")
    safe = [word for pair in settings for word in ("-c", pair)]
    inherited = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    try:
        done = subprocess.run(
            [program, "--no-pager", *safe, command, *arguments],
            cwd=cwd,
            env={**inherited, **ENV, **(env or {})},
            input=stdin,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise VcsError(f"git {command} failed: {error}") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise VcsError(f"git {command} failed: {said[:_MAX_ERROR]}")
    return done.stdout

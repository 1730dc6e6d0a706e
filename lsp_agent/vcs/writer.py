"""Writing in a repository with git's plumbing, beside the user's index and work tree.

Objects are made, trees are laid in an index of our own, refs move from a known value to another,
all of it through the quarantine that reading goes through: nothing of the repository's settings is
in force but what is harmless. None of the commands used here reads a file of the work tree.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lsp_agent.vcs.place import Place, VcsError, check_links, find_place
from lsp_agent.vcs.quarantine import Quarantine, quarantine
from lsp_agent.vcs.running import git_command, run_git
from lsp_agent.workspace.secrets import without_secrets

_HOOK_SECONDS = 600.0
NO_REF = ""
"""The old value of a ref that must not be there yet."""
# Of these it is known that writing without them leaves what git would have left.
_EXTENSIONS = frozenset(
    {"noop", "objectformat", "refstorage", "partialclone", "preciousobjects", "worktreeconfig",
     "relativeworktrees"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a tree: its mode as git writes it, and its blob."""

    mode: str
    blob: str


class Writer:
    """One repository, by the top folder of its work tree."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.top = place.top
        self.git_dir = place.git_dir
        self.common = place.common
        self.names = self.text("rev-parse", "--show-object-format")
        """How its objects are named: ``sha1`` or ``sha256``."""

    @classmethod
    def open(cls, path: Path) -> Writer | None:
        """Return the repository that holds a folder; ``None`` when there is none.

        Raises :class:`VcsError` when git is not installed or can't read it, for a ``.git`` that
        leads to another repository, or has parts that do, and for a format that is not known here.
        """
        place = find_place(path)
        if place is None:
            return None
        check_links(place)
        for key, _ in quarantine(place).settings:
            section, _, name = key.partition(".")
            if section == "extensions" and name not in _EXTENSIONS:
                raise VcsError(f"the repository has the extension {name}; write in it yourself")
        return cls(place)

    def quarantine(self) -> Quarantine:
        """Return what git sees of the repository; hold it while a git runs in it."""
        return quarantine(self.place)

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
        held = self.quarantine()
        whole = {
            **held.environment(),
            "GIT_NO_REPLACE_OBJECTS": "1",
            **_index(index),
            **(env or {}),
        }
        return run_git(git_command(command, *arguments), cwd=self.top, env=whole, stdin=stdin)

    def move(
        self,
        command: Literal["update-ref", "symbolic-ref"],
        *arguments: str,
        stdin: bytes = b"",
    ) -> None:
        """Move refs as git does, and write it in their logs."""
        if not (self.common / "reftable").is_dir():
            # A git whose folder it is makes it itself; ours is linked to what is there.
            (self.common / "logs").mkdir(exist_ok=True)
        self.run(command, *arguments, stdin=stdin)

    def hook(self, name: str, *arguments: str, index: Path | None = None) -> None:
        """Run a hook of the repository, if it has it, as ``git commit`` does.

        It gets no variable that seems a secret, and the git that it calls is in quarantine too.
        Raises :class:`VcsError` with what it complains of.
        """
        held = self.quarantine()
        env = without_secrets({**held.environment(), "GIT_EDITOR": ":", **_index(index)})
        # A hook may well look for *.py.
        del env["GIT_LITERAL_PATHSPECS"]
        words = (
            "hook",
            "run",
            "--ignore-missing",
            name,
            *(("--", *arguments) if arguments else ()),
        )
        command = git_command("-c", f"core.hooksPath={held.hooks()}", *words)
        run_git(command, cwd=self.top, env=env, seconds=_HOOK_SECONDS)

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
            return self.tree_of(index)

    def tree_of(self, index: Path) -> str:
        """Return the tree of an index, of which a partial clone need not have all."""
        return os.fsdecode(self.run("write-tree", "--missing-ok", index=index)).strip()

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


def _index(index: Path | None) -> dict[str, str]:
    return {"GIT_INDEX_FILE": str(index)} if index is not None else {}

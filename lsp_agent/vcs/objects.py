"""Files out of a repository's objects, through a git folder of our own that only borrows them.

The repository's configuration, hooks, index, filters and attributes play no part: what git reads
here was written by us, but for the objects, ``.gitignore`` files and ``info/exclude``. Nothing is
fetched. Which commit is HEAD is read in quarantine, as everything of a repository.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from lsp_agent.cancel import CancelToken
from lsp_agent.vcs.place import VcsError, find_place
from lsp_agent.vcs.quarantine import quarantine
from lsp_agent.vcs.running import ALONE, QUIET, git_command, run_git
from lsp_agent.workspace.errors import UnreadableFileError
from lsp_agent.workspace.files import read_text
from lsp_agent.workspace.ignore import ALWAYS_IGNORED

_MAX_EXCLUDES = 256 * 1024
_KEPT = ("PATH", "SYSTEMROOT", "TEMP", "TMP")
_NO_CONVERSION = "* -text -ident -filter -working-tree-encoding\n"
_CONFIG = """[core]
\trepositoryformatversion = {version}
\tbare = false
\tfsmonitor = false
\thooksPath = {null}
\tprotectNTFS = {windows}
\tfileMode = true
\tautocrlf = false
[gc]
\tauto = 0
[checkout]
\tworkers = {workers}
\tthresholdForParallelism = 200
[protocol]
\tallow = never
{extensions}"""


@dataclass(frozen=True, slots=True)
class TreeFile:
    """A file of a commit: its path, the name of its object, what it is, and its bytes' number.

    The size is -1 where the repository lacks the object.
    """

    path: str
    id: str
    kind: Literal["file", "program", "link"]
    size: int


@dataclass(frozen=True, slots=True)
class Objects:
    """Where a folder stands in its repository.

    ``top`` is the work tree, ``prefix`` the folder below it with a ``/`` at its end (or ``""``),
    ``store`` the repository's folder of objects, ``hash`` the name of their hash.
    """

    top: Path
    prefix: str
    store: Path
    hash: str
    commit: str


def find_objects(folder: Path, cancel: CancelToken) -> Objects | None:
    """Return the repository of a folder (a real path); ``None`` without one, or before a commit.

    One that leads elsewhere, or that git can't read, is none.
    """
    try:
        place = find_place(folder)
        if place is None:
            return None
        held = quarantine(place)
        command = git_command("rev-parse", "--show-object-format", "HEAD^{commit}")
        output = run_git(command, cwd=place.top, env=held.environment(), cancel=cancel)
    except VcsError:
        return None
    hash_, commit = os.fsdecode(output).split()
    prefix = folder.relative_to(place.top).as_posix()
    store = place.common / "objects"
    return Objects(place.top, "" if prefix == "." else f"{prefix}/", store, hash_, commit)


class ObjectStore:
    """A git folder of our own over the objects of another; each method is a process or two."""

    def __init__(self, objects: Objects, folder: Path, cancel: CancelToken) -> None:
        """Make the git folder; nothing may be there yet. Raises ``OSError``."""
        self._objects = objects
        self._folder = folder
        self._cancel = cancel
        version, extensions = 0, ""
        if objects.hash != "sha1":
            version, extensions = 1, f"[extensions]\n\tobjectFormat = {objects.hash}\n"
        config = _CONFIG.format(
            version=version, null=os.devnull, windows=str(os.name == "nt").lower(),
            workers=min(4, os.cpu_count() or 1), extensions=extensions,
        )  # fmt: skip
        texts = {
            "HEAD": "ref: refs/heads/none\n",
            "config": config,
            "objects/info/alternates": _quoted(str(objects.store)) + "\n",
            "info/attributes": _NO_CONVERSION,
            "info/exclude": _excludes(objects.store.parent / "info" / "exclude"),
        }
        for name, text in texts.items():
            file = folder / name
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file.write_bytes(text.encode("utf-8", "surrogateescape"))
        (folder / "refs").mkdir()

    def files(self) -> list[TreeFile]:
        """Return the files of the commit below the folder; submodules are left out."""
        revision = f"{self._objects.commit}:{self._objects.prefix.rstrip('/')}"
        output = self._run(["ls-tree", "-r", "-z", "-l", "--full-tree", revision])
        kinds: dict[str, Literal["file", "program", "link"]] = {
            "100644": "file", "100664": "file", "100755": "program", "120000": "link",
        }  # fmt: skip
        found = []
        for line in os.fsdecode(output).split("\0")[:-1]:
            about, _, path = line.partition("\t")
            mode, _, id_, size = about.split()
            if mode in kinds:
                found.append(TreeFile(path, id_, kinds[mode], int(size) if size.isdigit() else -1))
        return found

    def unignored(self) -> list[str]:
        """Return the files below the folder that no rule leaves out, in a commit or not.

        Repositories in it are left out, and folders that nobody edits, whatever the rules say.
        """
        never = [word for name in sorted(ALWAYS_IGNORED) for word in ("-x", f"{name}/")]
        where = ["--", self._objects.prefix] if self._objects.prefix else []
        output = self._run(
            ["ls-files", "-o", "-z", "--exclude-standard", *never, *where],
            self._objects.top,
            GIT_WORK_TREE=str(self._objects.top),
            GIT_INDEX_FILE=str(self._folder / "no index"),
        )
        prefix = self._objects.prefix
        names = os.fsdecode(output).split("\0")
        return [name.removeprefix(prefix) for name in names if name and not name.endswith("/")]

    def check_out(self, files: Iterable[TreeFile], target: Path) -> None:
        """Write files of the commit below an empty folder, their bytes as they are in the objects.

        Raises :class:`VcsError` where an object is missing; files may be there all the same.
        """
        modes = {"file": "100644", "program": "100755", "link": "120000"}
        lines = "".join(f"{modes[one.kind]} blob {one.id}\t{one.path}\0" for one in files)
        place = str(target)
        add = ["update-index", "-z", "--index-info"]
        self._run(add, target, os.fsencode(lines), GIT_WORK_TREE=place)
        self._run(["checkout-index", "--all", "--quiet"], target, GIT_WORK_TREE=place)

    def _run(
        self, words: Sequence[str], cwd: Path | None = None, stdin: bytes = b"", **env: str
    ) -> bytes:
        return run_git(
            git_command(*words, settings=()),
            cwd=cwd or self._folder,
            env={**_environment(), "GIT_DIR": str(self._folder), **env},
            stdin=stdin,
            seconds=None,
            cancel=self._cancel,
        )


def _environment() -> dict[str, str]:
    # Nothing else of the environment reaches git: GIT_DIR, GIT_CONFIG_COUNT, GIT_TRACE, HOME …
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_NO_REPLACE_OBJECTS": "1"}
    return {**kept, **QUIET, **ALONE, **own}


def _excludes(path: Path) -> str:
    try:
        return read_text(path, _MAX_EXCLUDES, follow_link=False).content
    except UnreadableFileError:
        return ""


def _quoted(path: str) -> str:
    """Spell a path so that git's list of alternates can hold it."""
    if not re.search(r'[\n"\\#]', path):
        return path
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'

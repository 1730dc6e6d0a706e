"""Where a folder's repository lies, found without asking git or the repository's own settings.

A ``.git`` may be a link or a file that names any other place. One that leads out of its folder
counts only where that place names the folder in turn, as git's worktrees and submodules do: else
an unpacked archive could show the history of another project of the user's.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from lsp_agent.errors import LspAgentError

_MAX_POINTER = 4096
_PARTS = ("HEAD", "index", "config", "objects", "refs", "packed-refs", "info", "logs")


class VcsError(LspAgentError):
    """Git is missing, there is no repository, or a command failed."""

    code = "git-failed"


@dataclass(frozen=True, slots=True)
class Place:
    """A work tree's top folder, its own git folder, and the one that it shares with others."""

    top: Path
    git_dir: Path
    common: Path


def find_place(path: Path) -> Place | None:
    """Return where the repository lies that holds a folder; ``None`` when there is none.

    Raises :class:`VcsError` for one that leads elsewhere.
    """
    folder = path.resolve()
    if not folder.exists():
        return None
    for top in (folder, *folder.parents):
        found = _place_at(top)
        if found is not None:
            return found
    return None


def check_links(place: Place) -> None:
    """Refuse a repository whose parts are links to another one's, or to any other file.

    Git would follow them, and write refs and lines of a log where they lead. Cost: a listing of its
    refs and their logs. Raises :class:`VcsError`.
    """
    for folder in {place.git_dir, place.common}:
        for name in _PARTS:
            _check_link(folder / name, place)
        for name in ("refs", "logs"):
            for at, folders, files in os.walk(folder / name):
                for one in (*folders, *files):
                    _check_link(Path(at, one), place)
    with os.scandir(place.common / "objects") as entries:
        for entry in entries:
            _check_link(Path(entry.path), place)


def _place_at(top: Path) -> Place | None:
    entry = top / ".git"
    try:
        mode = entry.lstat().st_mode
    except OSError:
        return None
    if stat.S_ISDIR(mode):
        git_dir = entry
    elif stat.S_ISREG(mode):
        named = _pointer(entry)
        if not named.startswith("gitdir:"):
            return None
        git_dir = Path(top, named.removeprefix("gitdir:").strip()).resolve()
    else:
        git_dir = entry.resolve()
    common = _common_of(git_dir)
    if not (
        (git_dir / "HEAD").is_file()
        and (common / "objects").is_dir()
        and (common / "refs").is_dir()
    ):
        if stat.S_ISREG(mode):
            # Git looks no further either: what lies above is not this folder's.
            raise VcsError(f"{entry} leads to {git_dir}, where there is no repository")
        return None
    if git_dir != entry and not _names(git_dir, top):
        raise VcsError(
            f"{entry} leads to {git_dir}, which does not know of {top}; if it is yours: "
            "git worktree repair"
        )
    return Place(top, git_dir, common)


def _common_of(git_dir: Path) -> Path:
    pointer = git_dir / "commondir"
    if not pointer.is_file():
        return git_dir
    common = Path(git_dir, _pointer(pointer)).resolve()
    if git_dir.resolve().parent != common / "worktrees":
        raise VcsError(f"{pointer} leads to {common}, which does not hold it")
    return common


def _names(git_dir: Path, top: Path) -> bool:
    """Whether a git folder lies in a work tree, or names it as its own."""
    if git_dir.is_relative_to(top):
        return True
    back = git_dir / "gitdir"
    if back.is_file():
        return Path(git_dir, _pointer(back)).resolve() == top / ".git"
    # A submodule's: git absorbs them below the folder of the repository that holds them.
    for above in top.parents:
        modules = above / ".git" / "modules"
        if git_dir.is_relative_to(modules) and not (above / ".git").is_symlink():
            return True
    return False


def _pointer(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            return os.fsdecode(stream.read(_MAX_POINTER)).strip()
    except OSError as error:
        raise VcsError(f"{file} can't be read: {error.strerror}") from error


def _check_link(path: Path, place: Place) -> None:
    if not os.path.islink(path):  # noqa: PTH114 - three times as fast
        return
    target = path.resolve()
    if not any(target.is_relative_to(one) for one in (place.git_dir, place.common)):
        raise VcsError(f"{path} is a link that leads out of the repository, to {target}")

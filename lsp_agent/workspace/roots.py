"""Confinement: a relative path of a model or a client never leaves its folder."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

from lsp_agent.workspace.errors import OutsideRootError

_DRIVE = re.compile(r"^[A-Za-z]:")
# Characters that HFS+ drops from names, so that ".g\u200cit" opens ".git" there.
_IGNORED_BY_HFS = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_GIT_SHORT_NAME = re.compile(r"^git~\d+$")


class Root:
    """A workspace folder. ``path`` is its real path."""

    def __init__(self, path: Path) -> None:
        self.path = Path(os.path.realpath(path))

    def __repr__(self) -> str:
        return f"Root({str(self.path)!r})"

    def resolve(self, relative: str, *, for_write: bool = False) -> Path:
        """Return the real path behind a relative one, links followed.

        Raises :class:`OutsideRootError` for anything that is not below the root, and with
        ``for_write`` also for git's own folder, however it is spelt.
        """
        parts = clean_parts(relative)
        if for_write and any(is_git_folder(part) for part in parts):
            raise OutsideRootError(f"{relative!r} belongs to git; it is never written")
        real = Path(os.path.realpath(self.path.joinpath(*parts)))
        if not real.is_relative_to(self.path):
            raise OutsideRootError(f"{relative!r} leads out of the workspace through a link")
        if for_write and any(is_git_folder(part) for part in real.relative_to(self.path).parts):
            raise OutsideRootError(f"{relative!r} belongs to git; it is never written")
        return real

    def relative(self, path: Path) -> str:
        """Return a path below the root in posix form.

        Links above the file are followed, the file's own name is kept. Raises
        :class:`OutsideRootError` when it lies outside.
        """
        real = Path(os.path.realpath(path.parent)) / path.name
        try:
            inside = real.relative_to(self.path).as_posix()
        except ValueError:
            raise OutsideRootError(f"{path.name!r} lies outside the workspace") from None
        return "" if inside == "." else inside

    def contains(self, path: Path) -> bool:
        """Whether a path lies at or below the root."""
        if Path(os.path.realpath(path)) == self.path:
            return True
        try:
            self.relative(path)
        except OutsideRootError:
            return False
        return True


def clean_parts(relative: str) -> list[str]:
    """Split a relative path, ``.`` and empty parts dropped; backslashes separate too.

    Raises :class:`OutsideRootError` for absolute paths, drives, NUL, ``..`` and its look-alikes.
    """
    if "\0" in relative:
        raise OutsideRootError(f"{relative!r} holds a NUL character")
    text = relative.replace("\\", "/")
    if text.startswith(("/", "~")) or _DRIVE.match(text):
        raise OutsideRootError(f"{relative!r} is not relative to the workspace root")
    parts = [part for part in text.split("/") if part not in ("", ".")]
    for part in parts:
        folded = _IGNORED_BY_HFS.sub("", unicodedata.normalize("NFKC", part))
        if folded.rstrip(". ") == "" or "/" in folded or "\\" in folded:
            raise OutsideRootError(f"{relative!r} leaves the workspace")
    return parts


def clean_path(relative: str) -> str:
    """Return a relative path in the one spelling that the overlay uses; ``""`` is the root."""
    return "/".join(clean_parts(relative))


def is_git_folder(part: str) -> bool:
    """Whether some file system takes this name for ``.git``."""
    folded = _IGNORED_BY_HFS.sub("", unicodedata.normalize("NFKC", part)).casefold()
    folded = folded.split(":", 1)[0].rstrip(". ")
    return folded == ".git" or _GIT_SHORT_NAME.match(folded) is not None

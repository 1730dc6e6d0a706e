"""Confinement: a relative path of a model or a client never leaves its folder."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path

from lsp_agent.workspace.errors import OutsideRootError

_MAX_CHARACTERS = 4096
_ON_WINDOWS = os.name == "nt"
_DRIVE = re.compile(r"^[A-Za-z]:")
# Characters that HFS+ drops from names, so that ".g\u200cit" opens ".git" there.
_IGNORED_BY_HFS = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_GIT_SHORT_NAME = re.compile(r"^git~\d+$")
# What Windows takes for a device, a stream, or another name than the one spelt.
_ODD_ON_WINDOWS = re.compile(
    r'[:*?"<>|\x00-\x1f]|[. ]$|^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)', re.IGNORECASE
)


class Root:
    """A workspace folder. ``path`` is its real path."""

    def __init__(self, path: Path, *, ignores_case: bool | None = None) -> None:
        """Take the folder; ``ignores_case`` is found out on the disk unless it is given."""
        self.path = Path(os.path.realpath(path))
        self._ignores_case = ignores_case

    def __repr__(self) -> str:
        return f"Root({str(self.path)!r})"

    @cached_property
    def ignores_case(self) -> bool:
        """Whether names that differ only in case mean one file here."""
        if self._ignores_case is not None:
            return self._ignores_case
        for known in self._some_paths():
            swapped = known.with_name(known.name.swapcase())
            if swapped.name != known.name:
                return os.path.lexists(swapped) and _identity(swapped) == _identity(known)
        return False

    def resolve(self, relative: str, *, for_write: bool = False) -> Path:
        """Return the real path behind a relative one, links followed.

        A name that is there in another Unicode form, or in another case where the file system
        ignores case, is that file. Raises :class:`OutsideRootError` for anything that is not below
        the root, and with ``for_write`` also for git's own folder, however it is spelt.
        """
        parts = clean_parts(relative)
        try:
            real = Path(os.path.realpath(self._spelt(parts)))
        except OSError as error:
            # A link that was one when it was asked for, and none when it was read.
            raise OutsideRootError(f"{relative!r} changes while it is looked at") from error
        if not real.is_relative_to(self.path):
            raise OutsideRootError(f"{relative!r} leads out of the workspace through a link")
        if for_write:
            refuse_git_folder(parts, relative)
            refuse_git_folder(real.relative_to(self.path).parts, relative)
        return real

    def canonical(self, relative: str) -> str:
        """Return the one relative path of a file: links followed, spelt as on the disk."""
        inside = self.resolve(relative).relative_to(self.path).as_posix()
        return "" if inside == "." else inside

    def is_link(self, relative: str) -> bool:
        """Whether the name itself, not a folder above it, is a symbolic link."""
        return self._spelt(clean_parts(relative)).is_symlink()

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

    def fold(self, relative: str) -> str:
        """Return a key that is equal for paths which may mean one file here."""
        composed = unicodedata.normalize("NFC", relative)
        return composed.casefold() if self.ignores_case else composed

    def _some_paths(self) -> Iterator[Path]:
        # A folder that can't be listed still has a name of its own to ask about.
        with suppress(OSError):
            yield from self.path.iterdir()
        yield self.path

    def _spelt(self, parts: Sequence[str]) -> Path:
        """Join the parts as they are spelt on the disk; those that aren't there as given."""
        at = str(self.path)
        for number, part in enumerate(parts):
            name = self._name_in(at, part)
            if name is None:
                return Path(at, *parts[number:])
            at = os.path.join(at, name)  # noqa: PTH118 - a few microseconds, for every file read
        return Path(at)

    def _name_in(self, folder: str, part: str) -> str | None:
        forms = (part, *(unicodedata.normalize(form, part) for form in ("NFC", "NFD")))
        for name in forms[:1] if part.isascii() else forms:
            if os.path.lexists(f"{folder}{os.sep}{name}"):
                return self._listed_name(folder, name) if self.ignores_case else name
        return None

    def _listed_name(self, folder: str, name: str) -> str:
        try:
            names = os.listdir(folder)  # noqa: PTH208 - names, not paths
        except OSError:
            return name
        same = (other for other in names if self.fold(other) == self.fold(name))
        return name if name in names else next(same, name)


def clean_parts(relative: str) -> list[str]:
    """Split a relative path, ``.`` and empty parts dropped; backslashes separate too.

    Raises :class:`OutsideRootError` for absolute paths, drives, NUL, characters that no file name
    can hold, ``..`` and its look-alikes, and for more than 4096 characters, which no system opens.
    """
    if len(relative) > _MAX_CHARACTERS:
        raise OutsideRootError(
            f"{relative[:60]!r}… is a path of {len(relative):,} characters; the longest that is "
            f"taken has {_MAX_CHARACTERS:,}"
        )
    if "\0" in relative or not _is_unicode(relative):
        raise OutsideRootError(f"{relative!r} holds a character that no file name can hold")
    text = relative.replace("\\", "/")
    if text.startswith(("/", "~/")) or text == "~" or _DRIVE.match(text):
        raise OutsideRootError(f"{relative!r} is not relative to the workspace root")
    parts = [part for part in text.split("/") if part not in ("", ".")]
    for part in parts:
        folded = part if part.isascii() else _folded(part)
        if folded.rstrip(". ") == "" or "/" in folded or "\\" in folded:
            raise OutsideRootError(f"{relative!r} leaves the workspace")
        if _ON_WINDOWS and _ODD_ON_WINDOWS.search(part):
            raise OutsideRootError(f"{relative!r} is no name that Windows keeps; choose another")
    return parts


def clean_path(relative: str) -> str:
    """Return a relative path in the one spelling that the overlay uses; ``""`` is the root."""
    return "/".join(clean_parts(relative))


def is_addressable(name: str) -> bool:
    """Whether an entry of a folder can be named by a relative path."""
    if "\\" in name:
        return False
    try:
        return clean_parts(name) == [name]
    except OutsideRootError:
        return False


def is_git_folder(part: str) -> bool:
    """Whether some file system takes this name for ``.git``."""
    if part.isascii() and part[:1] not in ".gG":
        return False
    folded = folded_name(part)
    return folded == ".git" or _GIT_SHORT_NAME.match(folded) is not None


def folded_name(part: str) -> str:
    """Return a name as the laxest file systems take it, for comparing with known names.

    Case, Unicode form, characters that HFS+ drops, a stream's name, dots and spaces at the end
    make no difference there. ``""`` for a name of nothing else.
    """
    return _folded(part).casefold().split(":", 1)[0].rstrip(". ")


def refuse_git_folder(parts: Sequence[str], relative: str) -> None:
    """Raise :class:`OutsideRootError` when a part is git's own folder."""
    if any(is_git_folder(part) for part in parts):
        raise OutsideRootError(f"{relative!r} belongs to git; it is never written")


def _identity(path: Path) -> tuple[int, int]:
    status = path.lstat()
    return status.st_dev, status.st_ino


def _folded(part: str) -> str:
    return _IGNORED_BY_HFS.sub("", unicodedata.normalize("NFKC", part))


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

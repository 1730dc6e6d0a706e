"""Reading files so that they can be written back byte for byte outside what was edited."""

from __future__ import annotations

import codecs
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from lsp_agent.workspace.errors import EditError, UnreadableFileError

MAX_BYTES = 4 * 1024 * 1024
"""Larger files are not read: nobody edits them by hand, and no model's context holds them."""

# utf-32's little-endian mark begins with utf-16's, so it is looked for first.
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Some systems lack a flag, and need none: O_NONBLOCK keeps a named pipe from blocking the open.
_READ = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
_CHUNK = 1 << 16
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


@dataclass(frozen=True, slots=True)
class FileText:
    """A file's text with what is needed to write it back; line ends are kept in ``content``."""

    content: str
    encoding: str = "utf-8"
    bom: bytes = b""

    def encode(self, content: str) -> bytes:
        """Return the bytes of a new content in this file's encoding, with its byte order mark.

        Raises :class:`EditError` naming the first character that the encoding can't hold.
        """
        if "\0" in content and not self.bom:
            raise EditError("the new text holds a NUL character, which would make the file binary")
        try:
            return self.bom + content.encode(self.encoding)
        except UnicodeEncodeError as error:
            char = content[error.start]
            line = content.count("\n", 0, error.start) + 1
            mend = (
                "remove it, it is half of a character"
                if self.encoding.startswith("utf-")
                else "convert the file to UTF-8 first, or write it without that character"
            )
            raise EditError(
                f"the file is {self.encoding}, which has no {char!r} (line {line} of the new "
                f"text); {mend}"
            ) from error


def decode(data: bytes, name: str) -> FileText:
    """Decode a file's bytes: by byte order mark, else UTF-8, else Latin-1.

    Raises :class:`UnreadableFileError` for binary data; ``name`` is the file's in the message.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            try:
                return FileText(data[len(bom) :].decode(encoding), encoding, bom)
            except UnicodeDecodeError as error:
                at = len(bom) + error.start
                raise UnreadableFileError(
                    f"{name} starts as {encoding}, but is broken at byte {at}"
                ) from error
    if b"\0" in data:
        raise UnreadableFileError(f"{name} is binary, not text")
    try:
        return FileText(data.decode("utf-8"))
    except UnicodeDecodeError:
        return FileText(data.decode("latin-1"), "latin-1")


def read_text(
    path: Path, limit: int = MAX_BYTES, *, name: str | None = None, follow_link: bool = True
) -> FileText:
    """Read a text file of at most ``limit`` bytes.

    ``follow_link=False`` refuses a file that is a link, or lies behind one: for a path whose links
    were resolved already, so that one put there meanwhile leads nowhere. Raises
    :class:`UnreadableFileError` with the reason when the file is missing, a folder, not a regular
    file, binary, too large, or may not be read; messages call it ``name``.
    """
    name = name or path.name
    return decode(read_bytes(path, limit, name=name, follow_link=follow_link), name)


def read_bytes(path: Path | str, limit: int, *, name: str, follow_link: bool = True) -> bytes:
    """Read a regular file of at most ``limit`` bytes; see :func:`read_text`."""
    try:
        descriptor = os.open(path, _READ | (0 if follow_link else _NO_LINK))
    except FileNotFoundError:
        raise UnreadableFileError(f"{name} does not exist") from None
    except (OSError, ValueError) as error:
        # Windows opens no folder at all. Path.is_dir raises for names that are too long.
        if os.path.isdir(path):  # noqa: PTH112
            raise UnreadableFileError(f"{name} is a folder") from None
        reason = getattr(error, "strerror", None) or error
        raise UnreadableFileError(f"{name} can't be read: {reason}") from error
    try:
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode):
            raise UnreadableFileError(f"{name} is a folder")
        if not (follow_link or opened_at(descriptor, path)):
            raise UnreadableFileError(f"{name} was moved, or a folder above it became a link")
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableFileError(f"{name} is not a regular file")
        data = os.read(descriptor, min(status.st_size, limit) + 1)
        # Some systems' special files, and files that grow, hold more than their size says.
        while (
            data
            and len(data) != status.st_size
            and len(data) <= limit
            and (more := os.read(descriptor, min(limit + 1 - len(data), _CHUNK)))
        ):
            data += more
    except OSError as error:
        raise UnreadableFileError(f"{name} can't be read: {error.strerror}") from error
    finally:
        os.close(descriptor)
    if len(data) > limit:
        size = max(status.st_size, len(data))
        raise UnreadableFileError(f"{name} has {size:,} bytes; files above {limit:,} are not read")
    return data


def opened_at(descriptor: int, path: Path | str) -> bool:
    """Whether an open file or folder lies at a path without links, and not behind one made since.

    Where the system does not tell (Linux does), the path is looked at again: who swaps it twice in
    that moment is not noticed.
    """
    try:
        where = os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115 - its text, not a path
    except OSError:
        with suppress(OSError):
            same = os.path.samestat(os.lstat(path), os.fstat(descriptor))
            return same and os.path.realpath(path) == str(path)
        return False
    # A file that was replaced meanwhile is still the one that was there.
    return where in (str(path), f"{path} (deleted)")

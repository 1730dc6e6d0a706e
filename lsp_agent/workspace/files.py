"""Reading files so that they can be written back byte for byte outside what was edited."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from pathlib import Path

from lsp_agent.workspace.errors import EditError, UnreadableFileError

MAX_BYTES = 4 * 1024 * 1024
"""Larger files are not read: nobody edits them by hand, and no model's context holds them."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class FileText:
    """A file's text with what is needed to write it back; line ends are kept in ``content``."""

    content: str
    encoding: str = "utf-8"
    bom: bytes = b""

    def encode(self, content: str) -> bytes:
        """Return the bytes of a new content in this file's encoding.

        Raises :class:`EditError` naming the first character that the encoding can't hold.
        """
        try:
            return self.bom + content.encode(self.encoding)
        except UnicodeEncodeError as error:
            char = content[error.start]
            raise EditError(
                f"the file is {self.encoding}, which has no {char!r}; convert it to UTF-8 first"
            ) from error


def decode(data: bytes, name: str) -> FileText:
    """Decode a file's bytes: by byte order mark, else UTF-8, else Latin-1.

    Raises :class:`UnreadableFileError` for binary data.
    """
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            try:
                return FileText(data[len(bom) :].decode(encoding), encoding, bom)
            except UnicodeDecodeError as error:
                raise UnreadableFileError(
                    f"{name} starts as {encoding}, but is broken at byte {error.start}"
                ) from error
    if b"\0" in data:
        raise UnreadableFileError(f"{name} is binary, not text")
    try:
        return FileText(data.decode("utf-8"))
    except UnicodeDecodeError:
        return FileText(data.decode("latin-1"), "latin-1")


def read_text(path: Path, limit: int = MAX_BYTES) -> FileText:
    """Read a text file of at most ``limit`` bytes.

    Raises :class:`UnreadableFileError` with the reason when it is missing, a folder, not a regular
    file, binary, too large, or may not be read.
    """
    try:
        if path.is_dir():
            raise UnreadableFileError(f"{path.name} is a folder")
        if not path.exists():
            raise UnreadableFileError(f"{path.name} does not exist")
        if not path.is_file():
            raise UnreadableFileError(f"{path.name} is not a regular file")
        size = path.stat().st_size
        if size > limit:
            raise UnreadableFileError(
                f"{path.name} has {size:,} bytes; files above {limit:,} are not read"
            )
        return decode(path.read_bytes(), path.name)
    except OSError as error:
        raise UnreadableFileError(f"{path.name} can't be read: {error.strerror}") from error

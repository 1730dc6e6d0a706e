"""Files: encodings kept byte for byte, refusals with a reason."""

from __future__ import annotations

import codecs
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.workspace.errors import EditError, UnreadableFileError
from lsp_agent.workspace.files import MAX_BYTES, decode, read_text
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.text import Text

MARKS = {
    "utf-8": b"",
    "utf-8 with mark": codecs.BOM_UTF8,
    "utf-16-le": codecs.BOM_UTF16_LE,
    "utf-16-be": codecs.BOM_UTF16_BE,
    "utf-32-le": codecs.BOM_UTF32_LE,
    "utf-32-be": codecs.BOM_UTF32_BE,
}
posix = pytest.mark.skipif(os.name == "nt", reason="links, pipes and messages of POSIX systems")
PIECES = ["a", "b = 1", "\n", "\r\n", "\r", "é", "\x0c", "\x85"]
latin_texts = st.lists(st.sampled_from(PIECES), max_size=10).map("".join)
unicode_texts = st.lists(st.sampled_from([*PIECES, "漢", "😀", "\u2028"]), max_size=10).map("".join)


@given(st.sampled_from(sorted(MARKS)), unicode_texts, unicode_texts, st.data())
def test_bytes_outside_an_edit_stay(kind: str, content: str, new: str, data: st.DataObject) -> None:
    codec = kind.split(maxsplit=1)[0]
    raw = MARKS[kind] + content.encode(codec)
    file = decode(raw, "f")
    assert (file.content, file.encoding, file.bom) == (content, codec, MARKS[kind])
    start, end = sorted(data.draw(st.integers(0, len(content))) for _ in range(2))
    head, tail = content[:start].encode(codec), content[end:].encode(codec)
    edited = Text(file.content).splice(start, end, new).content
    assert file.encode(edited) == MARKS[kind] + head + new.encode(codec) + tail


@given(st.binary(max_size=30).filter(lambda raw: b"\0" not in raw))
def test_any_file_without_nul_is_written_back_as_it_was(raw: bytes) -> None:
    try:
        file = decode(raw, "f")
    except UnreadableFileError:
        assert raw.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    else:
        assert file.encode(file.content) == raw


@given(latin_texts, latin_texts)
def test_latin_1_is_the_fallback(content: str, new: str) -> None:
    raw = b"\xe4\xff" + content.encode("latin-1")
    file = decode(raw, "f")
    assert file.encoding == "latin-1"
    assert file.encode(file.content + new) == raw + new.encode("latin-1")


def test_a_character_that_the_encoding_lacks_is_named_with_the_mend() -> None:
    file = decode(b"na\xefve\n", "f")
    with pytest.raises(EditError, match=r"latin-1, which has no '€' \(line 2 .*convert .* UTF-8"):
        file.encode("naïve\n5 €\n")


def test_half_a_character_is_refused() -> None:
    with pytest.raises(EditError, match=r"utf-8, which has no '\\ud83d' .*half of a character"):
        decode(b"", "f").encode("\ud83d")


def test_a_nul_would_make_the_file_binary() -> None:
    with pytest.raises(EditError, match="NUL"):
        decode(b"a", "f").encode("a\0")
    assert decode(codecs.BOM_UTF16_LE, "f").encode("\0") == codecs.BOM_UTF16_LE + b"\0\0"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"\x7fELF\0\0", "f is binary, not text"),
        (b"a\0b", "binary"),
        (codecs.BOM_UTF8 + b"ok\xff", "starts as utf-8, but is broken at byte 5"),
        (codecs.BOM_UTF16_LE + b"a\0b", "starts as utf-16-le, but is broken at byte 4"),
        (codecs.BOM_UTF16_BE + b"\xd8\x00\0a", "starts as utf-16-be, but is broken"),
    ],
)
def test_what_is_no_text_is_refused(raw: bytes, reason: str) -> None:
    with pytest.raises(UnreadableFileError, match=reason):
        decode(raw, "f")


def test_a_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbfone\r\ntwo")
    assert read_text(path).content == "one\r\ntwo"


def test_huge_files_are_refused_and_the_limit_is_exact(tmp_path: Path) -> None:
    path = tmp_path / "big.txt"
    path.write_bytes(b"x" * 11)
    assert read_text(path, limit=11).content == "x" * 11
    with pytest.raises(UnreadableFileError, match=r"^big.txt has 11 bytes; files above 10 are"):
        read_text(path, limit=10)
    with path.open("wb") as file:
        file.truncate(MAX_BYTES * 3)
    with pytest.raises(UnreadableFileError, match=r"has 12,582,912 bytes; files above 4,194,304"):
        read_text(path)


@posix
def test_what_is_no_file_is_refused_with_a_reason(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").write_text("x")
    reasons = {
        "": "is a folder",
        "missing": "missing does not exist",
        "pipe": "pipe is not a regular file",
        "loop": "loop can't be read: Too many levels",
        "file/below": "below can't be read: Not a directory",
        "n" * 300: "can't be read: File name too long",
    }
    for name, reason in reasons.items():
        with pytest.raises(UnreadableFileError, match=reason):
            read_text(tmp_path / name)
    with pytest.raises(UnreadableFileError, match="/dev/null is not a regular file"):
        read_text(Path("/dev/null"), name="/dev/null")


def test_an_unreadable_file_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.txt"
    path.write_text("x")

    # Permissions do not bind root, who may run the tests; the reading itself fails here.
    def denied(*_: object, **__: object) -> int:
        raise PermissionError(13, "Permission denied")

    for call in ("open", "fstat"):
        with monkeypatch.context() as patch:
            patch.setattr(os, call, denied)
            with pytest.raises(
                UnreadableFileError, match=r"a.txt can't be read: Permission denied"
            ):
                read_text(path)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="Linux lists descriptors there")
def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    def count() -> int:
        return sum(1 for _ in Path("/proc/self/fd").iterdir())

    before = count()
    for _ in range(5):
        with pytest.raises(UnreadableFileError):
            read_text(tmp_path)
    assert count() == before


@posix
def test_a_link_put_in_place_of_a_resolved_file_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x")
    (tmp_path / "link").symlink_to("secret")
    assert read_text(tmp_path / "link").content == "x"
    with pytest.raises(UnreadableFileError, match="link can't be read"):
        read_text(tmp_path / "link", follow_link=False)


def test_a_slice_of_a_decoded_file_is_what_the_editor_shows() -> None:
    text = Text(decode(codecs.BOM_UTF16_BE + "ä\r\n😀b".encode("utf-16-be"), "f").content)
    assert text.slice(Range(Position(1, 0), Position(1, 1))) == "😀"

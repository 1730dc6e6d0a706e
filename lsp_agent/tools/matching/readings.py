"""Other ways to read an old and a new text: as a model writes them that garbles both alike.

Each undoes one habit, in both texts or in neither. It is taken only if the old text, so read, is in
the file, which as written it is not: that is what shows the habit.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterator

from lsp_agent.workspace.characters import skeleton

Pair = tuple[str, str]
PROSE = (".md", ".mdx", ".markdown", ".qmd", ".rmd", ".rst", ".txt")
"""The ends of names of files that may have code fences in them."""
_FENCE = re.compile(r"[ \t]*(?:```+|~~~+)[\w.+#-]*[ \t]*")
_NUMBERED = re.compile(r"[ \t]*L?(\d+)(?:: | ?\| |\t| ?[:|])")
_ENTITY = re.compile(r"&(?:lt|gt|amp|quot|apos|#39|#x27|#34);")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "'": "'", "\\": "\\", "/": "/"}
_QUOTES = {
    "\u2018": "'", "\u2019": "'", "\u201a": "'", "\u201b": "'", "\u2032": "'",
    "\u201c": '"', "\u201d": '"', "\u201e": '"', "\u201f": '"', "\u2033": '"',
    "\u00ab": '"', "\u00bb": '"',
}  # fmt: skip
_DASHES = dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
_SPACES = dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u202f\u3000", " ")
_HIDDEN = dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", "")
_FAMILIES = (_QUOTES, _DASHES, _SPACES, _HIDDEN)


def readings(content: str, old: str, new: str) -> Iterator[tuple[str, Pair]]:
    """Yield the name of a habit and both texts without it; at last those without all they have."""
    names: list[str] = []
    both = (old, new)
    for name, read in _HABITS:
        pair = read(content, old, new)
        if pair is not None and pair[0] not in ("", old) and pair[0] != pair[1]:
            yield name, pair
        pair = read(content, *both)
        if pair is not None and pair[0] not in ("", both[0]):
            names.append(name)
            both = pair
    if len(names) > 1 and both[0] != both[1]:
        yield " and ".join(names), both


def without_fence(path: str, text: str) -> str:
    """Return code without the fence that a model put around it; a text may well have one."""
    inner = None if path.lower().endswith(PROSE) else _inside_fence(text)
    if inner is None or "```" in inner:
        return text
    return f"{inner}\n" if text.endswith("\n") else inner


def _without_fences(_content: str, old: str, new: str) -> Pair | None:
    inner = _inside_fence(old)
    if inner is None:
        return None
    other = _inside_fence(new)
    return inner, new if other is None else other


def _inside_fence(text: str) -> str | None:
    lines = text.strip("\n").split("\n")
    if len(lines) < 3 or not _FENCE.fullmatch(lines[0]):
        return None
    closed = lines[-1].strip() == lines[0].strip().rstrip("abcdefghijklmnopqrstuvwxyz+#.-")
    return "\n".join(lines[1:-1]) if closed else None


def _without_numbers(_content: str, old: str, new: str) -> Pair | None:
    plain = _unnumbered(old, rising=True)
    if plain is None:
        return None
    lines = [line for line in new.split("\n") if line.strip()]
    numbered = [line for line in lines if _NUMBERED.match(line)]
    if not numbered:
        return plain, new
    other = _unnumbered(new, rising=False)
    return (plain, other) if other is not None else None


def _unnumbered(text: str, *, rising: bool) -> str | None:
    """Return lines without the numbers they begin with, where all have one."""
    result, last = [], None
    for line in text.strip("\n").split("\n"):
        match = _NUMBERED.match(line) or re.fullmatch(r"[ \t]*L?(\d+)(?: ?[:|])?", line)
        if match is None:
            return None
        number = int(match[1])
        if rising and last is not None and number != last + 1:
            return None
        last = number
        result.append(line[match.end() :])
    return "\n".join(result)


def _without_entities(_content: str, old: str, new: str) -> Pair | None:
    found = set(_ENTITY.findall(old))
    if not found:
        return None
    if not _ENTITY.search(new):
        return html.unescape(old), new
    # Half of it written plainly is no habit.
    plain = set(map(html.unescape, found)) - {"&"}
    if any(one in old + new for one in plain):
        return None
    return html.unescape(old), html.unescape(new)


def _without_marks(_content: str, old: str, new: str) -> Pair | None:
    """Read lines that each begin with a diff's mark."""
    plain, other = _unmarked(old, "-"), _unmarked(new, "+") if new else ""
    return None if plain is None or other is None else (plain, other)


def _unmarked(text: str, mark: str) -> str | None:
    lines = text.split("\n")
    marks = {line[:1] for line in lines}
    if mark not in marks or marks - {mark, " ", ""}:
        return None
    return "\n".join(line[1:] for line in lines)


def _without_quotes(_content: str, old: str, new: str) -> Pair | None:
    quotes = {text[:1] + text[-1:] for text in (old, new)}
    if min(len(old), len(new)) < 2 or quotes not in ({'""'}, {"''"}, {"``"}):
        return None
    return old[1:-1], new[1:-1]


def _without_escapes(_content: str, old: str, new: str) -> Pair | None:
    if "\\" not in old:
        return None
    if "\n" in old or "\n" in new:
        quoted = [re.sub(r"\\([\"'`])", r"\1", text) for text in (old, new)]
        return None if any("\\" in text for text in quoted) else (quoted[0], quoted[1])
    first, second = _unescaped(old), _unescaped(new)
    return None if first is None or second is None else (first, second)


def _unescaped(text: str) -> str | None:
    """Undo one level of JSON's escapes; ``None`` where there are others."""
    if any(not one and two not in _ESCAPES for one, two in _ESCAPE.findall(text)):
        return None
    return _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else _ESCAPES[m[2]], text)


def _with_plain_characters(content: str, old: str, new: str) -> Pair | None:
    """Write characters that the file does not have as those they look like.

    In the new text only what the old one shows to be a habit: the same letters and words, and all
    quotes where it has such quotes.
    """
    strange = {char for char in old if ord(char) > 127 and char not in content}
    if not strange:
        return None
    table: dict[str, str] = {}
    for family in _FAMILIES:
        if strange & family.keys():
            table.update(family)
    letters = {char for char in strange if char not in table}
    for char in letters:
        table[char] = skeleton(unicodedata.normalize("NFKC", char))
    translated = str.maketrans(table)
    plain = old.translate(translated)
    return (plain, new.translate(translated)) if plain != old else None


_HABITS: tuple[tuple[str, Callable[[str, str, str], Pair | None]], ...] = (
    ("a code fence around it", _without_fences),
    ("line numbers in it", _without_numbers),
    ("entities in it", _without_entities),
    ("escapes in it", _without_escapes),
    ("a diff's marks in it", _without_marks),
    ("quotes around it", _without_quotes),
    ("other characters that look alike", _with_plain_characters),
)

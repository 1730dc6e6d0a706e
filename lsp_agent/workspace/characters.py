"""Characters that a reader does not see, or takes for others.

Bidirectional controls show code in another order than it runs (CVE-2021-42574), letters of other
scripts make two names look like one (CVE-2021-42694), and what is invisible may hide text from
people that a model reads. What languages need is not odd: joiners between the letters and emoji
that are written with them, variation selectors behind emoji, names wholly in one script.

The look-alikes are those of Unicode's ``confusables.txt`` (UTS 39) that stand for one ASCII
character in the scripts whose letters look Latin; compatibility forms come from ``unicodedata``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from lsp_agent.workspace.text import split_lines

Kind = Literal["bidirectional", "invisible", "control", "space", "look-alike"]

_TWINS = str.maketrans(
    # Cyrillic
    "аеорсухѕіјԁԛԝһӏѵкԍАВЕКМНОРСТУХЅІЈԚԜѴԌ"
    # Greek
    "οϲϳνιαγκρυχωΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹͿ"
    # Armenian
    "օսհոցզյՏԼՕՍ"
    # Cherokee
    "ᎪᏴᏟᎠᎬᏀᎻᎥᎫᏦᏞᎷᏢᏚᎢᏙᎳᏃᎡ"
    # Clicks and Latin letters that are drawn like others
    "ǃǀɡɑ",
    "aeopcyxsijdqwhlvkGABEKMHOPCTYXSIJQWVG"
    "ocjviaykpuxwABEZHIKMNOPTYXCJ"
    "ouhnggjSLOU"
    "ABCDEGHiJKLMPSTVWZR"
    "!|ga",
)  # fmt: skip
# Used in formulas beside Latin letters: odd only where they make a name that is there in Latin.
_WEAK = frozenset("ιαγκρυχωνɑ")
_HIDDEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028\u2029"
    "\u2060-\u2065\u206a-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_BIDIRECTIONAL = "\u202a-\u202e\u2066-\u2069"
_CONTROLS = "\x00-\x08\x0b\x0e-\x1f\x7f-\x9f"
_SPACES = "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"
_ODD = re.compile(f"[{_BIDIRECTIONAL}{_HIDDEN}{_CONTROLS}{_SPACES}\u037e]")
_KINDS: dict[str, Kind] = {
    _BIDIRECTIONAL: "bidirectional",
    _HIDDEN: "invisible",
    _CONTROLS: "control",
    _SPACES: "space",
    "\u037e": "look-alike",
}
_CLASSES = [(re.compile(f"[{chars}]"), kind) for chars, kind in _KINDS.items()]
_ASCII_CONTROLS = bytes(code for code in range(128) if _ODD.match(chr(code)))
_WORD = re.compile(r"\w+")
_PROSE_BEFORE = re.compile(r"(\w{2,}),? \Z")
_PROSE_AFTER = re.compile(r"\A (\w{2,})")
_PART = re.compile(r"[^\W\d_]+")
_TWIN_LETTERS = "".join(map(chr, _TWINS))
_COMPATIBLE = (
    "\u00aa\u00ba\u02b0-\u02b8\u1d2c-\u1d6a\u2071-\u209c\u2100-\u214f\u2160-\u2188"
    "\u24b6-\u24e9\ufb00-\ufb06\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d7ff"
)
_SUSPECT = re.compile(f"[{_TWIN_LETTERS}{_COMPATIBLE}]")
# Scripts whose words are written with joiners (UAX 31, figure 3).
_JOINED = frozenset(
    {
        "ARABIC", "SYRIAC", "MONGOLIAN", "NKO", "DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI",
        "ORIYA", "TAMIL", "TELUGU", "KANNADA", "MALAYALAM", "SINHALA", "KHMER", "MYANMAR",
        "TIBETAN", "BALINESE", "JAVANESE", "MANDAIC",
    }
)  # fmt: skip
_FLAG = "\U0001f3f4"
_MAX_FOUND = 500


@dataclass(frozen=True, slots=True)
class OddCharacter:
    """A character, or a word that looks like another: code point offsets and what it is."""

    start: int
    end: int
    kind: Kind
    text: str
    detail: str


def find_odd(text: str, *, words: bool = True) -> list[OddCharacter]:
    """Return what is odd in a text, in order, at most 500; ``words`` looks at names as well.

    Linear; a text of ASCII without control characters costs one search. A name in one script that
    looks Latin is odd only where the text has the Latin one too.
    """
    found = list(_limited(_characters(text)))
    if words and not text.isascii() and _SUSPECT.search(text):
        found += _limited(_look_alikes(text))
        found.sort(key=lambda one: one.start)
    return found[:_MAX_FOUND]


def visible(text: str) -> str:
    """Return a text for people: what can't be seen becomes ``⟨U+202E⟩``.

    A letter that looks like another stays, followed by its code point.
    """
    parts: list[str] = []
    at = 0
    for one in find_odd(text):
        if one.start < at:
            continue
        parts.append(text[at : one.start])
        if one.kind == "look-alike":
            parts.append("".join(c if c.isascii() else c + _code(c) for c in one.text))
        else:
            parts.append("".join(map(_code, one.text)))
        at = one.end
    return "".join([*parts, text[at:]]) if parts else text


def without_hidden(text: str) -> str:
    """Return a text for a model: what turns or hides text becomes visible, the rest stays.

    A run of such characters becomes one mark, so that what it spells is not read.
    """
    if text.isascii():
        return text
    spans: list[tuple[int, int]] = []
    for one in _limited(_characters(text)):
        if one.kind == "bidirectional" or (one.kind == "invisible" and one.text >= "\U000e0000"):
            if spans and spans[-1][1] == one.start:
                spans[-1] = (spans[-1][0], one.end)
            else:
                spans.append((one.start, one.end))
    for start, end in reversed(spans):
        count = f"×{end - start}" if end - start > 1 else ""
        text = f"{text[:start]}⟨U+{ord(text[start]):04X}{count}⟩{text[end:]}"
    return text


def skeleton(word: str) -> str:
    """Return a word with ASCII letters in the place of those that look like them."""
    return unicodedata.normalize("NFKC", word).translate(_TWINS)


def _characters(text: str) -> Iterator[OddCharacter]:
    if text.isascii():
        raw = text.encode("ascii")
        if len(raw.translate(None, _ASCII_CONTROLS)) == len(raw):
            return
    for match in _ODD.finditer(text):
        char, at = match[0], match.start()
        kind = next(kind for chars, kind in _CLASSES if chars.match(char))
        if kind == "invisible" and _belongs(text, at):
            continue
        if kind == "space" and not _starts_line(text, at):
            continue
        yield OddCharacter(at, at + 1, kind, char, f"U+{ord(char):04X} {_name(char)}")


def _starts_line(text: str, at: int) -> bool:
    """Whether a space is the first odd one of a line's indentation."""
    line = text.rfind("\n", 0, at) + 1
    return not text[line:at].strip(" \t")


def _belongs(text: str, at: int) -> bool:  # noqa: PLR0911 - one for each kind
    """Whether an invisible character is one that its neighbours are written with."""
    char, before, after = text[at], text[at - 1 : at], text[at + 1 : at + 2]
    if char == "\ufeff":
        return at == 0
    if "\U000e0020" <= char <= "\U000e007f":
        return _in_flag(text, at)
    if not before:
        return False
    if char in "\u200e\u200f\u061c":
        return any(unicodedata.bidirectional(c) in ("R", "AL") for c in before + after)
    if "\ufe00" <= char <= "\ufe0f":
        return _is_symbol(before) or before in "0123456789#*" or _wide(before)
    if "\U000e0100" <= char <= "\U000e01ef":
        return _wide(before)
    if char == "\u200d" and after and _is_symbol(after):
        return _is_symbol(before) or "\ufe00" <= before <= "\ufe0f"
    joiner = char in "\u200c\u200d\u180b\u180c\u180d\u180e\u180f"
    return joiner and _script(before) in _JOINED


def _in_flag(text: str, at: int) -> bool:
    """Whether a tag stands in a flag of a region, such as Scotland's: at most seven of them."""
    start = text.rfind(_FLAG, max(0, at - 8), at)
    if start < 0:
        return False
    end = text.find("\U000e007f", start, start + 9)
    return end >= at and all("\U000e0030" <= c <= "\U000e007a" for c in text[start + 1 : end])


@dataclass(frozen=True, slots=True)
class _Suspect:
    """A word of a line that looks like ``latin``; ``certain`` whatever else the text has.

    Others are odd where the text has ``latin`` too, if they ``may_collide`` with it.
    """

    start: int
    word: str
    latin: str
    certain: bool
    may_collide: bool


def _look_alikes(text: str) -> Iterator[OddCharacter]:
    there: dict[str, bool] = {}
    at = 0
    for line in split_lines(text):
        for one in () if line.isascii() else _suspects(line):
            odd = one.certain
            if not odd and one.may_collide:
                if one.latin not in there:
                    there[one.latin] = _has_word(text, one.latin)
                odd = there[one.latin]
            if odd:
                start = at + one.start
                yield OddCharacter(
                    start, start + len(one.word), "look-alike", one.word,
                    f"looks like {one.latin}: {_named(one.word)}",
                )  # fmt: skip
        at += len(line)


@lru_cache(maxsize=16_384)
def _suspects(line: str) -> tuple[_Suspect, ...]:
    """Return what may be odd in a line; remembered, as a keystroke changes one line of many."""
    found: list[_Suspect] = []
    for match in _WORD.finditer(line) if _SUSPECT.search(line) else ():
        word = match[0]
        latin = word if word.isascii() or not _SUSPECT.search(word) else skeleton(word)
        if latin == word:
            continue
        short = len(word) == 1 and (ord(word) not in _TWINS or word in _WEAK)
        may_collide = latin.isascii() and not short and not latin.isdigit()
        found.append(
            _Suspect(
                match.start(),
                word,
                latin,
                _is_mixed(word) or _is_disguised(word, line[match.end() : match.end() + 1]),
                may_collide and not (len(word) == 1 and _in_prose(line, match.start())),
            )
        )
    return tuple(found)


def _has_word(text: str, word: str) -> bool:
    return word in text and re.search(rf"\b{re.escape(word)}\b", text) is not None


def _in_prose(line: str, at: int) -> bool:
    """Whether a letter is a word of a language: one of its script's words stands beside it.

    That word is longer, and looks like none in Latin.
    """
    beside = [*_PROSE_BEFORE.findall(line[:at]), *_PROSE_AFTER.findall(line[at + 1 :])]
    return any(
        _script(word[0]) == _script(line[at]) and not skeleton(word).isascii() for word in beside
    )


def _named(word: str) -> str:
    strange = sorted({c for c in word if _SUSPECT.match(c)})
    return ", ".join(f"U+{ord(c):04X} {_name(c)}" for c in strange[:4])


def _is_mixed(word: str) -> bool:
    """Whether a part of a name has letters of Latin and others that look Latin."""
    for part in _PART.findall(word):
        scripts = {_script(c) for c in part if c.isalpha()}
        if "LATIN" in scripts and len(scripts) > 1:
            if any(ord(c) in _TWINS and c not in _WEAK for c in part):
                return True
        elif any(c in "ǃǀɡ" for c in part):
            return True
    return False


def _is_disguised(word: str, behind: str) -> bool:
    """Whether a name is written in forms that some languages read as plain letters.

    Wide letters also stand in Japanese prose: there they are no name that is called or assigned.
    """
    plain = unicodedata.normalize("NFKC", word)
    if plain == word or not plain.isascii() or sum(map(str.isalpha, plain)) < 2:
        return False
    return not all("\uff10" <= c <= "\uff5a" for c in word) or (behind != "" and behind in "(.=[")


@lru_cache(maxsize=4096)
def _script(char: str) -> str:
    return unicodedata.name(char, "").partition(" ")[0]


def _is_symbol(char: str) -> bool:
    return unicodedata.category(char) in ("So", "Sk", "Sm", "Po", "Pd") and not char.isascii()


def _wide(char: str) -> bool:
    return _script(char) in ("CJK", "IDEOGRAPHIC")


def _name(char: str) -> str:
    return unicodedata.name(char, "") or "control or unassigned character"


def _code(char: str) -> str:
    return f"⟨U+{ord(char):04X}⟩"


def _limited(found: Iterator[OddCharacter]) -> Iterator[OddCharacter]:
    for count, one in enumerate(found):
        if count >= _MAX_FOUND:
            return
        yield one

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
from typing import Literal

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
_ODD = re.compile(
    f"(?P<bidi>[{_BIDIRECTIONAL}])|(?P<hidden>[{_HIDDEN}])|(?P<control>[{_CONTROLS}])"
    f"|^[ \t]*(?P<space>[{_SPACES}])|(?P<mark>\u037e)",
    re.MULTILINE,
)
_WORD = re.compile(r"\w+")
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
    for match in _ODD.finditer(text):
        group = str(match.lastgroup)
        at = match.start(group)
        kind = _KINDS[group]
        if group == "hidden" and _belongs(text, at):
            continue
        char = text[at]
        yield OddCharacter(at, at + 1, kind, char, f"U+{ord(char):04X} {_name(char)}")


_KINDS: dict[str, Kind] = {
    "bidi": "bidirectional",
    "hidden": "invisible",
    "control": "control",
    "space": "space",
    "mark": "look-alike",
}


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


def _look_alikes(text: str) -> Iterator[OddCharacter]:
    plain: set[str] | None = None
    for match in _WORD.finditer(text):
        word = match[0]
        if word.isascii() or not _SUSPECT.search(word):
            continue
        latin = skeleton(word)
        if latin == word:
            continue
        if plain is None:
            plain = {one for one in _WORD.findall(text) if one.isascii()}
        short = len(word) == 1 and (ord(word) not in _TWINS or word in _WEAK)
        collides = latin.isascii() and latin in plain and not short and not latin.isdigit()
        if collides or _is_mixed(word) or _is_disguised(word, text[match.end() : match.end() + 1]):
            strange = sorted({c for c in word if _SUSPECT.match(c)})
            names = ", ".join(f"U+{ord(c):04X} {_name(c)}" for c in strange[:4])
            yield OddCharacter(
                match.start(), match.end(), "look-alike", word, f"looks like {latin}: {names}"
            )


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

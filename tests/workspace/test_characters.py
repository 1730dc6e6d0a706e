"""What is odd in a text, and what every language of the world may write."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.workspace.characters import find_odd, visible, without_hidden

ODD = {
    "override": ('access = "user\u202e \u2066// admin\u2069 \u2066"', "bidirectional"),
    "embedding": ("# \u202babc\u202c", "bidirectional"),
    "zero width space": ("pass\u200bword = 1", "invisible"),
    "word joiner": ("a\u2060b", "invisible"),
    "byte order mark inside": ("x = '\ufeff'", "invisible"),
    "soft hyphen": ("de\u00adlete()", "invisible"),
    "Hangul filler": ("const \u3164 = req.query", "invisible"),
    "half-width filler": ("a\uffa0b", "invisible"),
    "joiner in Latin": ("ad\u200dmin", "invisible"),
    "non-joiner in Latin": ("ad\u200cmin", "invisible"),
    "left-to-right mark in Latin": ("ad\u200emin", "invisible"),
    "tags": ("hi" + "".join(chr(0xE0000 + ord(c)) for c in "delete all"), "invisible"),
    "selectors that carry data": ("x\ufe01\ufe02\ufe03", "invisible"),
    "more selectors": ("a\U000e0101\U000e0142", "invisible"),
    "line separator": ("// note\u2028evil()", "invisible"),
    "escape": ("\x1b]0;title\x07", "control"),
    "backspace": ("safe\b\b\b\b", "control"),
    "one-byte control": ("a\x9b31mb", "control"),
    "indentation": ("if x:\n\u00a0\u00a0pass", "space"),
    "Cyrillic in Latin": ("p\u0430ssword = 1", "look-alike"),
    "Greek in Latin": ("ch\u03bfose()", "look-alike"),
    "Armenian in Latin": ("c\u0585py()", "look-alike"),
    "Cherokee in Latin": ("\u13aaPI_key", "look-alike"),
    "click for an exclamation mark": ("if environment\u01c3=1:", "look-alike"),
    "wide letters": ("\uff45\uff56\uff41\uff4c(x)", "look-alike"),
    "mathematical letters": ("\U0001d41e\U0001d42f\U0001d41a\U0001d425(x)", "look-alike"),
    "ligature": ("\ufb01le = 1", "look-alike"),
    "Greek question mark": ("f()\u037e", "look-alike"),
    "a letter beside its twin": ("c = 1\n\u0441 = 2  # \u043d\u0438\u043c", "look-alike"),
    "a whole word beside its twin": ("scope = 1\n\u0455\u0441\u043e\u0440\u0435 = 2", "look-alike"),
}

PLAIN = {
    "ASCII": "def f(x):\r\n\treturn x\f",
    "accents": "na\u00efve = 'caf\u00e9 gar\u00e7on'",
    "combining": "cafe\u0301 = 1",
    "Turkish": "s\u0131n\u0131f = 1",
    "Russian": "# \u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440\n"
    "\u0441\u0443\u043c\u043c\u0430 = \u0446\u0435\u043d\u0430 * 2\n"
    "# HTTP-\u0441\u0435\u0440\u0432\u0435\u0440",
    "Russian words of a letter": "c = 1  # \u043d\u0435 \u0441 \u043d\u0438\u043c\n"
    "a = 2  # \u043d\u0435 \u0442\u0443\u0442, \u0430 \u0442\u0430\u043c",
    "parts of a name": "user_\u0438\u043c\u044f = 1",
    "Greek": "\u03bb\u03cc\u03b3\u03bf\u03c2 = 1",
    "formulas": "\u0394t = 1; \u03bb_max = 2; \u03c3x = 3; \u03b1x = 4; \u03c1g = 5",
    "Persian": "s = '\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645'",
    "Hebrew": "s = '\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd'",
    "Hebrew with a mark": "s = '\u05e9\u05dc\u05d5\u05dd\u200f!'",
    "Hindi": "s = '\u0915\u094d\u200d\u0937'",
    "Chinese": "# \u4f60\u597d\u3000\u4e16\u754c\n\u53d8\u91cf = 1",
    "ideograph with a selector": "s = '\u8fbb\U000e0100'",
    "Japanese": "# \uff21\uff30\uff29 \u3092\u547c\u3076",
    "Korean": "\ubcc0\uc218 = 1",
    "emoji": "s = '\U0001f469\u200d\U0001f4bb \u2764\ufe0f 1\ufe0f\u20e3 '\n"
    "t = '\U0001f3f3\ufe0f\u200d\U0001f308'",
    "skin": "s = '\U0001f469\U0001f3fd\u200d\U0001f680'",
    "flag": "s = '\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f'",
    "mark at the beginning": "\ufeffx = 1",
    "French": "s = 'prix\u00a0: 5\u202f\u20ac'",
    "symbols": "# 5 \u00b5m \u2192 \u2113 = 2\u00b2 \u2116 7",
}


@pytest.mark.parametrize(("text", "kind"), ODD.values(), ids=ODD.keys())
def test_odd(text: str, kind: str) -> None:
    found = find_odd(text)
    assert kind in {one.kind for one in found}
    for one in found:
        assert text[one.start : one.end] == one.text
    shown = visible(text)
    assert "\u27e8U+" in shown
    if kind != "look-alike":
        assert not find_odd(shown)


@pytest.mark.parametrize("text", PLAIN.values(), ids=PLAIN.keys())
def test_plain(text: str) -> None:
    assert find_odd(text) == []
    assert visible(text) == text
    assert without_hidden(text) == text


def test_what_is_hidden_is_not_read_by_a_model() -> None:
    hidden = "".join(chr(0xE0000 + ord(c)) for c in "run rm")
    shown = without_hidden(f"a\u202eb{hidden}c p\u0430ss")
    assert shown == "a\u27e8U+202E\u27e9b\u27e8U+E0072\u00d76\u27e9c p\u0430ss"


@given(st.text(max_size=200))
def test_any_text_is_taken(text: str) -> None:
    found = find_odd(text)
    assert [one.start for one in found] == sorted(one.start for one in found)
    assert all(text[one.start : one.end] == one.text for one in found)
    assert bool(found) == (visible(text) != text)


UNITS = ["a" * 50, "\u0430b ", "\u200b", "\U0001f3f4\U000e0067", " \u00a0\n"]


@pytest.mark.parametrize("unit", UNITS)
def test_the_time_grows_with_the_text(unit: str) -> None:
    def seconds(times: int) -> float:
        text = unit * times
        started = time.thread_time()
        find_odd(text)
        return time.thread_time() - started

    small = min(seconds(5_000) for _ in range(3))
    # Linear would be 4 times, quadratic 16.
    assert min(seconds(20_000) for _ in range(3)) < 9 * max(small, 1e-3)


RUSSIAN = (
    "\u0432\u043e\u0437\u0432\u0440\u0430\u0442 \u0441\u0443\u043c\u043c\u044b \u0446\u0435\u043d"
)


@pytest.mark.parametrize(("comment", "share"), [("the sum of it", 0.5), (RUSSIAN, 4)])
def test_a_key_in_a_long_text_costs_little(comment: str, share: float) -> None:
    text = "".join(f"def f{n}(a, b):\n    # {comment} {n}\n    return a\n" for n in range(3400))
    words = min(_seconds(lambda: re.findall(r"\w+", text)) for _ in range(3))
    find_odd(text)
    assert min(_seconds(lambda: find_odd(f"{text}x")) for _ in range(5)) < words * share


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began

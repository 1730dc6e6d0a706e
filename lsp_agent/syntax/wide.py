"""Characters that some grammars can't be shown, for what does not change their tree."""

from __future__ import annotations

import re

# Their scanners ask C's isalpha and the like about each character. Those look it up in a table of
# 256; one far behind it, as an icon of a terminal's font is, takes the process with it.
_LANGUAGES = frozenset({"bash", "markdown"})
_WIDE = re.compile(rb"[\xc4-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
# Letters stand for letters and all else, by the length of their UTF-8.
_INSTEAD = {2: "é".encode(), 3: "éx".encode(), 4: "éé".encode()}


def without_wide(language: str, data: bytes) -> bytes:
    """Return UTF-8 text as the language's grammar can read it, each byte at its place.

    Cost: one search through texts of those languages that are not ASCII.
    """
    if language not in _LANGUAGES or data.isascii():
        return data
    return _WIDE.sub(lambda match: _INSTEAD[len(match[0])], data)

"""TOML of anybody's: what would take the parser too long, or too deep, is no valid file either."""

from __future__ import annotations

import re
import tomllib
from typing import Any

# The parser's time grows with the square of a key's parts.
_LONG_KEY = re.compile(r"(?:[\w\"'-]{1,60}[ \t]{0,8}\.[ \t]{0,8}){100}")


def parse_toml(source: str) -> dict[str, Any]:
    """Return what a file of TOML holds; raises ``tomllib.TOMLDecodeError``."""
    if _LONG_KEY.search(source):
        raise tomllib.TOMLDecodeError("a key has more than 100 parts")
    try:
        return tomllib.loads(source)
    except RecursionError:
        raise tomllib.TOMLDecodeError("it is nested too deeply") from None

"""JSON that a model or a server wrote, decoded to values that every later step can take.

Raw line ends in strings are accepted (models write them); what no JSON text can carry on is not:
NaN, infinities, halves of surrogate pairs, and a nesting on which the next encoder would break.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable
from typing import Any, NoReturn

MAX_DEPTH = 100
_TOO_DEEP = "it is nested too deep"


class StrictJSONDecoder(json.JSONDecoder):
    """A decoder with these rules but the last two; raises ``RecursionError`` at great depth."""

    def __init__(self) -> None:
        super().__init__(strict=False, parse_constant=_refuse, parse_float=_finite)


def loads(text: str) -> Any:
    """Decode one JSON value; raises ``ValueError``, also for one that is nested too deep."""
    try:
        value = StrictJSONDecoder().decode(text)
    except RecursionError as error:
        raise ValueError(_TOO_DEEP) from error
    check(value, text)
    return value


def check(value: Any, source: str) -> None:
    """Raise ``ValueError`` if a decoded value holds half a surrogate pair or is nested too deep."""
    level, depth = [value], 0
    while level:
        if depth > MAX_DEPTH:
            raise ValueError(_TOO_DEEP)
        level = [child for one in level for child in _children(one)]
        depth += 1
    if "\\u" in source and not encodable(json.dumps(value, ensure_ascii=False)):
        raise ValueError("it holds half of a surrogate pair")


def _children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def encodable(text: str) -> bool:
    """Whether a text can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise ValueError(f"{digits} is too large a number")
    return value

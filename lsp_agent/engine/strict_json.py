"""JSON that a model or a server wrote, decoded to values that every later step can take.

Raw line ends in strings are accepted (models write them); what no JSON text can carry on is not:
NaN, infinities and halves of surrogate pairs.
"""

from __future__ import annotations

import json
import math
from typing import Any, NoReturn


class StrictJSONDecoder(json.JSONDecoder):
    """A decoder with these rules but the last; raises ``RecursionError`` when nested too deep."""

    def __init__(self) -> None:
        super().__init__(strict=False, parse_constant=_refuse, parse_float=_finite)


def loads(text: str) -> Any:
    """Decode one JSON value; raises ``ValueError``, also for one that is nested too deep."""
    try:
        value = StrictJSONDecoder().decode(text)
    except RecursionError as error:
        raise ValueError("it is nested too deep") from error
    check_text(value, text)
    return value


def check_text(value: Any, source: str) -> None:
    r"""Raise ``ValueError`` if a decoded value holds half a surrogate pair."""
    if "\\u" in source and not encodable(json.dumps(value, ensure_ascii=False)):
        raise ValueError("it holds half of a surrogate pair")


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

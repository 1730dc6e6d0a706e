"""Run ids: short, unique, and sorted by the time they were made."""

from __future__ import annotations

import secrets
import time

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: nothing looks like another


def new_run_id() -> str:
    """Return 9 characters of milliseconds and 4 random ones."""
    return _base32(time.time_ns() // 1_000_000, 9) + _base32(secrets.randbits(20), 4)


def _base32(number: int, size: int) -> str:
    digits = []
    for _ in range(size):
        number, rest = divmod(number, 32)
        digits.append(_ALPHABET[rest])
    return "".join(reversed(digits))

"""Amounts of money as whole cents: no rounding but where it is asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass

_AMOUNT = re.compile(r"(?P<sign>-?)(?P<whole>\d+)(?:[.,](?P<part>\d{1,2}))?\s*€?")


@dataclass(frozen=True, order=True)
class Money:
    """An amount in cents; may be negative."""

    cents: int

    def __add__(self, other: Money) -> Money:
        return Money(self.cents + other.cents)

    def __mul__(self, count: int) -> Money:
        return Money(self.cents * count)

    def __str__(self) -> str:
        sign = "-" if self.cents < 0 else ""
        whole, part = divmod(abs(self.cents), 100)
        return f"{sign}{whole}.{part:02d} €"

    def percent(self, rate: int) -> Money:
        """Return so many percent of the amount, rounded half up to a cent."""
        return Money((self.cents * rate + 50) // 100)


def parse(text: str) -> Money:
    match = _AMOUNT.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"not an amount: {text!r}")
    part = (match["part"] or "").ljust(2, "0")
    cents = int(match["whole"]) * 100 + int(part)
    return Money(-cents if match["sign"] else cents)

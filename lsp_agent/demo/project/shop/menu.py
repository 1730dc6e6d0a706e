"""The price list, read from plain text: one ``name: price`` a line."""

from __future__ import annotations

from shop.money import Money, parse


class Menu:
    """Names and prices; names are compared without regard to case."""

    def __init__(self, prices: dict[str, Money]) -> None:
        self._prices = {name.casefold(): price for name, price in prices.items()}

    @classmethod
    def read(cls, text: str) -> Menu:
        """Read a price list; empty lines and ``#`` comments are skipped."""
        prices = {}
        for line in text.splitlines():
            entry = line.partition("#")[0].strip()
            if entry:
                name, _, price = entry.rpartition(":")
                prices[name.strip()] = parse(price)
        return cls(prices)

    def price(self, name: str) -> Money:
        """Return the price of one; raises ``KeyError`` for what is not sold."""
        return self._prices[name.casefold()]

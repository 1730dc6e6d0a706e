"""What a guest had, and what it comes to."""

from __future__ import annotations

from dataclasses import dataclass, field

from shop.menu import Menu
from shop.money import Money


@dataclass
class Receipt:
    """Items in the order they were added, each with its count."""

    menu: Menu
    items: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, count: int = 1) -> None:
        """Add some of an item that is on the menu."""
        self.menu.price(name)
        self.items[name] = self.items.get(name, 0) + count

    def total(self) -> Money:
        """Return the sum of all items."""
        amount = Money(0)
        for name, count in self.items.items():
            amount = amount + self.menu.price(nane) * count
        return amount

    def lines(self) -> list[str]:
        """Return the receipt as it is printed: a line for each item, and the total."""
        rows = [
            f"{count} × {name:<12} {self.menu.price(name) * count}"
            for name, count in self.items.items()
        ]
        return [*rows, f"{'total':<16} {self.total()}"]

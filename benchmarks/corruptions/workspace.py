"""A small shop in ten languages, and changes to it that a perfect model would make."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Change:
    """One task: ``old`` lines, which stand once in the file or at line ``at``, become ``new``."""

    path: str
    old: str
    new: str
    at: int | None = None
    """The first of the lines, from 0, where ``old`` may stand more than once."""

    @property
    def before(self) -> str:
        return FILES[self.path]

    @property
    def start(self) -> int:
        """Where the lines begin, as an offset."""
        if self.at is None:
            assert self.before.count(self.old) == 1, self
            return self.before.index(self.old)
        return sum(map(len, self.before.splitlines(keepends=True)[: self.at]))

    @property
    def after(self) -> str:
        return self.before[: self.start] + self.new + self.before[self.start + len(self.old) :]


FILES = {
    "shop/cart.py": '''"""A cart of items, and what it costs."""

from dataclasses import dataclass, field


@dataclass
class Item:
    name: str
    price: int
    amount: int = 1


@dataclass
class Cart:
    """What a customer is about to buy; prices are in cents."""

    items: list[Item] = field(default_factory=list)
    coupon: str = ""

    def add(self, item: Item) -> None:
        # Equal names are one row.
        for known in self.items:
            if known.name == item.name:
                known.amount += item.amount
                return
        self.items.append(item)

    def total(self) -> int:
        total = 0
        for item in self.items:
            total += item.price
        if self.coupon == "TENTH":
            total -= total // 10
        return total

    def remove(self, name: str) -> bool:
        for index, item in enumerate(self.items):
            if item.name == name:
                del self.items[index]
                return True
        return False


def receipt(cart: Cart) -> str:
    lines = [f"{item.name}: {item.price}\\n" for item in cart.items]
    lines.append('total: "%d"' % cart.total())
    return "".join(lines)
''',
    "shop/stock.py": '''"""How much is left of what."""

import json
from pathlib import Path


class Stock:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.levels: dict[str, int] = {}

    def load(self) -> None:
        if not self.path.exists():
            return
        with open(self.path, encoding="utf-8") as file:
            self.levels = json.load(file)

    def save(self) -> None:
        with open(self.path, "w", encoding="utf-8") as file:
            json.dump(self.levels, file, indent=2)

    def take(self, name: str, amount: int) -> int:
        left = self.levels.get(name, 0)
        if amount > left:
            amount = left
        self.levels[name] = left - amount
        return amount

    def missing(self, wanted: dict[str, int]) -> list[str]:
        found = []
        for name, amount in wanted.items():
            if self.levels.get(name, 0) < amount:
                found.append(name)
        return found
''',
    "web/src/basket.ts": """import { Item, Price } from "./types";

export interface Basket {
  items: Item[];
  note?: string;
}

export function empty(): Basket {
  return { items: [] };
}

export function add(basket: Basket, item: Item): Basket {
  const items = [...basket.items, item];
  return { ...basket, items };
}

export function total(basket: Basket): Price {
  let sum = 0;
  for (const item of basket.items) {
    sum += item.price;
  }
  return { amount: sum, currency: "EUR" };
}

export async function submit(basket: Basket, url: string): Promise<boolean> {
  const answer = await fetch(url, {
    method: "POST",
    body: JSON.stringify(basket),
  });
  if (!answer.ok && answer.status < 500) {
    console.warn("refused: " + answer.status);
  }
  return answer.ok;
}
""",
    "web/src/index.ts": """import { add, empty } from "./basket";

const basket = empty();

document.querySelectorAll("button.buy").forEach((button) => {
  button.addEventListener("click", () => {
    const name = button.getAttribute("data-name") ?? "";
    const price = Number(button.getAttribute("data-price"));
    add(basket, { name, price });
  });
});
""",
    "admin/src/index.ts": """import { load } from "./orders";

async function main(): Promise<void> {
  const orders = await load("/orders");
  const list = document.getElementById("orders");
  for (const order of orders) {
    const row = document.createElement("li");
    row.textContent = order.title;
    list?.append(row);
  }
}

void main();
""",
    "service/orders.go": """package service

import (
	"errors"
	"fmt"
)

// ErrEmpty says that there is nothing to order.
var ErrEmpty = errors.New("empty order")

type Order struct {
	ID    int
	Items []string
	Open  bool
}

type Book struct {
	orders map[int]*Order
	next   int
}

func (b *Book) Place(items []string) (*Order, error) {
	if len(items) == 0 {
		return nil, ErrEmpty
	}
	b.next++
	order := &Order{ID: b.next, Items: items, Open: true}
	b.orders[order.ID] = order
	return order, nil
}

func (b *Book) Close(id int) error {
	order, ok := b.orders[id]
	if !ok {
		return fmt.Errorf("no order %d", id)
	}
	order.Open = false
	return nil
}

func (b *Book) Count() int {
	count := 0
	for _, order := range b.orders {
		if order.Open {
			count++
		}
	}
	return count
}
""",
    "core/price.rs": """use std::fmt;

/// An amount of money in cents.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Price {
    cents: i64,
}

impl Price {
    pub fn new(cents: i64) -> Self {
        Price { cents }
    }

    pub fn plus(self, other: Price) -> Price {
        Price::new(self.cents + other.cents)
    }

    pub fn times(self, factor: i64) -> Price {
        Price::new(self.cents * factor)
    }

    pub fn parse(text: &str) -> Option<Price> {
        let (whole, part) = text.split_once('.')?;
        let whole: i64 = whole.parse().ok()?;
        let part: i64 = part.parse().ok()?;
        Some(Price::new(whole * 100 + part))
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.cents / 100, self.cents % 100)
    }
}
""",
    "legacy/Invoice.java": """package legacy;

import java.util.ArrayList;
import java.util.List;

public class Invoice {
    private final List<String> rows = new ArrayList<>();
    private long total = 0;

    public void add(String name, long cents) {
        rows.add(name + "\\t" + cents);
        total += cents;
    }

    public long total() {
        return total;
    }

    public boolean isLarge() {
        if (total > 100000 && rows.size() > 3) {
            return true;
        }
        return false;
    }

    public String print() {
        StringBuilder text = new StringBuilder();
        for (String row : rows) {
            text.append(row).append("\\n");
        }
        text.append("total ").append(total);
        return text.toString();
    }
}
""",
    "scripts/report.rb": """require "csv"

class Report
  attr_reader :rows

  def initialize(path)
    @path = path
    @rows = []
  end

  def load
    CSV.foreach(@path, headers: true) do |row|
      @rows << row.to_h
    end
  end

  def total
    sum = 0
    @rows.each do |row|
      sum += row["price"].to_i
    end
    sum
  end

  def to_s
    "#{@rows.size} rows, #{total} cents"
  end
end
""",
    "web/page.html": """<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Shop</title>
  </head>
  <body>
    <main>
      <h1>Our shop</h1>
      <ul class="items">
        <li>Bread &amp; butter</li>
        <li>Salt</li>
      </ul>
      <button class="buy" data-name="salt" data-price="90">Buy</button>
    </main>
    <footer>
      <p>Made by hand.</p>
    </footer>
  </body>
</html>
""",
    "native/ring.c": """#include <stddef.h>
#include "ring.h"

void ring_init(struct ring *r, int *cells, size_t size)
{
\tr->cells = cells;
\tr->size = size;
\tr->head = 0;
\tr->count = 0;
}

int ring_push(struct ring *r, int value)
{
\tif (r->count == r->size) {
\t\treturn -1;
\t}
\tr->cells[(r->head + r->count) % r->size] = value;
\tr->count++;
\treturn 0;
}

int ring_pop(struct ring *r, int *value)
{
\tif (r->count == 0) {
\t\treturn -1;
\t}
\t*value = r->cells[r->head];
\tr->head = (r->head + 1) % r->size;
\tr->count--;
\treturn 0;
}
""",
    "windows/Clock.cs": """using System;

namespace Shop
{
    public class Clock
    {
        private readonly Func<DateTime> now;

        public Clock(Func<DateTime> now)
        {
            this.now = now;
        }

        public bool IsOpen()
        {
            var hour = now().Hour;
            return hour >= 9 && hour < 18;
        }

        public string Label()
        {
            return IsOpen() ? "open" : "closed";
        }
    }
}
""".replace("\n", "\r\n"),
}

CHANGES = (
    Change("shop/cart.py", "            total += item.price\n",
           "            total += item.price * item.amount\n"),
    Change("shop/cart.py", '        if self.coupon == "TENTH":\n            total -= total // 10\n',
           '        if self.coupon == "TENTH":\n            total -= total // 10\n'
           '        elif self.coupon == "HALF":\n            total //= 2\n'),
    Change("shop/cart.py", "                known.amount += item.amount\n                return\n",
           "                known.amount += item.amount\n"
           "                known.price = item.price\n                return\n"),
    Change("shop/cart.py", '    lines.append(\'total: "%d"\' % cart.total())\n',
           "    lines.append(f'total: \"{cart.total()}\"\\n')\n"),
    Change("shop/stock.py", "        left = self.levels.get(name, 0)\n",
           '        """Take what is there, at most ``amount``."""\n'
           "        left = self.levels.get(name, 0)\n"),
    Change("shop/stock.py", "        if amount > left:\n            amount = left\n",
           "        if amount > left:\n            raise ValueError(f\"only {left} of {name}\")\n"),
    Change("shop/stock.py", "                found.append(name)\n        return found\n",
           "                found.append(name)\n        return sorted(found)\n"),
    Change("web/src/basket.ts", "    sum += item.price;\n",
           "    sum += item.price * (item.amount ?? 1);\n"),
    Change("web/src/basket.ts", '    console.warn("refused: " + answer.status);\n',
           "    throw new Error(`refused: ${answer.status}`);\n"),
    Change("web/src/basket.ts", "  const items = [...basket.items, item];\n",
           "  if (item.price < 0) {\n    return basket;\n  }\n"
           "  const items = [...basket.items, item];\n"),
    Change("web/src/index.ts", "    add(basket, { name, price });\n",
           "    if (name !== \"\") {\n      add(basket, { name, price });\n    }\n"),
    Change("admin/src/index.ts", "    row.textContent = order.title;\n",
           "    row.textContent = `${order.id}: ${order.title}`;\n"),
    Change("service/orders.go", '\t\treturn fmt.Errorf("no order %d", id)\n',
           '\t\treturn fmt.Errorf("close: no order %d", id)\n'),
    Change("service/orders.go", "\torder.Open = false\n",
           "\tif !order.Open {\n\t\treturn nil\n\t}\n\torder.Open = false\n"),
    Change("service/orders.go",
           "\tb.next++\n\torder := &Order{ID: b.next, Items: items, Open: true}\n",
           "\tb.next += 1\n\torder := &Order{ID: b.next, Items: items, Open: true}\n"),
    Change("core/price.rs", "        Price::new(self.cents * factor)\n",
           "        Price::new(self.cents.saturating_mul(factor))\n"),
    Change("core/price.rs", "        let part: i64 = part.parse().ok()?;\n",
           "        if part.len() != 2 {\n            return None;\n        }\n"
           "        let part: i64 = part.parse().ok()?;\n"),
    Change("core/price.rs", '        write!(f, "{}.{:02}", self.cents / 100, self.cents % 100)\n',
           '        write!(f, "{}.{:02} EUR", self.cents / 100, self.cents % 100)\n'),
    Change("legacy/Invoice.java",
           "        if (total > 100000 && rows.size() > 3) {\n            return true;\n        }\n"
           "        return false;\n",
           "        return total > 100000 && rows.size() > 3;\n"),
    Change("legacy/Invoice.java", '            text.append(row).append("\\n");\n',
           '            text.append("- ").append(row).append("\\n");\n'),
    Change("legacy/Invoice.java", "        total += cents;\n",
           "        if (cents > 0) {\n            total += cents;\n        }\n"),
    Change("scripts/report.rb", '      sum += row["price"].to_i\n',
           '      sum += row["price"].to_i * row["amount"].to_i\n'),
    Change("scripts/report.rb", "      @rows << row.to_h\n",
           "      next if row.to_h.empty?\n      @rows << row.to_h\n"),
    Change("web/page.html", "        <li>Salt</li>\n",
           '        <li class="new">Salt</li>\n        <li>Pepper &amp; more</li>\n'),
    Change("web/page.html", "      <p>Made by hand.</p>\n",
           "      <p>Made by hand, &copy; us.</p>\n"),
    Change("native/ring.c", "\tr->cells[(r->head + r->count) % r->size] = value;\n",
           "\tsize_t at = (r->head + r->count) % r->size;\n\tr->cells[at] = value;\n"),
    Change("native/ring.c", "\t*value = r->cells[r->head];\n",
           "\tif (value != NULL) {\n\t\t*value = r->cells[r->head];\n\t}\n"),
    Change("windows/Clock.cs", "            return hour >= 9 && hour < 18;\r\n",
           "            return hour >= 8 && hour < 20;\r\n"),
)  # fmt: skip


def random_change(rng: random.Random) -> Change:
    """Draw a change of any line of any file that leaves it valid: a comment, or another number."""
    path = rng.choice(tuple(FILES))
    lines = FILES[path].splitlines(keepends=True)
    at = rng.choice([number for number, line in enumerate(lines) if line.strip()])
    line = lines[at]
    end = "\r\n" if line.endswith("\r\n") else "\n"
    plain, indent = line.removesuffix(end), line[: len(line) - len(line.lstrip())]
    mark = comment(path, rng.choice(("see the notes", "checked", "kept as it was")))
    other = re.sub(r"\b\d+\b", lambda number: str(int(number[0]) + 3), plain, count=1)
    new = rng.choice((f"{indent}{mark}{end}{line}", f"{plain}  {mark}{end}", f"{other}{end}"))
    new = f"{plain}  {mark}{end}" if new == line else new
    return Change(path, line, new, at)


def comment(path: str, words: str) -> str:
    if path.endswith(".html"):
        return f"<!-- {words} -->"
    return f"# {words}" if path.endswith((".py", ".rb")) else f"// {words}"

"""A small project of several files whose own checks say whether it still works."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from lsp_agent.refactor.files import WorkspaceFiles
from lsp_agent.workspace.edits import TextEdit, apply_edits
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.positions import Position
from lsp_agent.workspace.roots import Root
from lsp_agent.workspace.text import Text

SHOP = {
    "shop/__init__.py": (
        '"""A shop."""\n\nfrom .money import round_up\n\n__all__ = ["Till", "round_up"]\n'
        "from .till import Till\n"
    ),
    "shop/money.py": (
        '"""Amounts of money: see `round_up`."""\n\n'
        "CENTS = 100\n\n\n"
        "def round_up(amount, step=5):\n"
        '    """Return the amount in whole steps.\n\n'
        "    Args:\n        amount: in cents\n        step: what `round_up` goes by\n"
        '    """\n'
        "    rest = amount % step\n"
        "    return amount if not rest else amount + step - rest\n\n\n"
        "def total(prices):\n"
        "    size = len(prices)\n"
        "    return sum(round_up(price) for price in prices) if size else 0\n"
    ),
    "shop/till.py": (
        "from shop import money\n"
        "from shop.money import CENTS, total as summed\n\n\n"
        "class Till:\n"
        "    def __init__(self, owner):\n"
        "        self.owner = owner\n"
        "        self.taken = []\n\n"
        "    def pay(self, amount, *, tip=0):\n"
        "        self.taken.append(money.round_up(amount=amount) + tip)\n"
        "        return self\n\n"
        "    def whole(self):\n"
        "        count = summed(self.taken)\n"
        "        return count // CENTS\n\n\n"
        "class FastTill(Till):\n"
        "    def pay(self, amount, *, tip=0):\n"
        "        step = 2\n"
        "        return super().pay(amount * step // step, tip=tip)\n"
    ),
    "main.py": (
        "import shop.money as m\n"
        "from shop import Till, round_up\n"
        "from shop.till import FastTill\n\n\n"
        "def main():\n"
        '    till = Till("Ann")\n'
        "    fast = FastTill(owner='Bob')\n"
        "    for amount in (101, 250):\n"
        "        till.pay(amount).pay(amount, tip=5)\n"
        "        fast.pay(amount)\n"
        "    print(till.whole(), fast.whole(), round_up(3), m.total([1, 2]), till.owner)\n\n\n"
        "main()\n"
    ),
    "README.md": (
        "# Shop\n\nCall `round_up(amount)` or shop.money.round_up, then `Till.pay`.\n"
        "The total is not a name here.\n"
    ),
    "pyproject.toml": '[project.scripts]\nrounded = "shop.money:round_up"\n',
}


class Project:
    """Files in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, str] = {}

    def write(self, files: Mapping[str, str]) -> Project:
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
            self.files[name] = text
        return self

    def names(self) -> WorkspaceFiles:
        return WorkspaceFiles(Overlay(Root(self.folder)))

    def at(self, path: str, needle: str, nth: int = 0) -> Position:
        """Return where a text begins; ``$0`` in it is the place itself."""
        text, index = self.files[path], -1
        before, _, after = needle.rpartition("$0")
        for _ in range(nth + 1):
            index = text.index(before + after, index + 1)
        return Text(text).position(index + len(before))

    def after(self, edits: Mapping[str, Sequence[TextEdit]]) -> dict[str, str]:
        """Return the texts of changed files."""
        return {
            path: apply_edits(Text(self.files[path]), rows).content for path, rows in edits.items()
        }

    def output(self) -> str:
        """Run the project; return what it prints, and how it fails if it does."""
        done = subprocess.run(
            [sys.executable, "-B", "-I", "-c", "import sys; sys.path[0:0] = ['.']; import main"],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.stdout + done.stderr[-2000:]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "work")


@pytest.fixture
def shop(project: Project) -> Project:
    return project.write(SHOP)

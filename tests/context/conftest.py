"""A small project that leans on itself, and its index."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from lsp_agent.cancel import CancelToken
from lsp_agent.index.build import BuildOptions, build
from lsp_agent.index.reader import IndexReader
from lsp_agent.index.view import FactsCache, IndexView
from lsp_agent.workspace.overlay import Buffer, Overlay
from lsp_agent.workspace.roots import Root
from tests.support.files import by_path, write_files

SHOP = {
    "shop/store.py": (
        "class Store:\n"
        '    """Keeps the articles."""\n\n'
        "    def find_article(self, number):\n"
        '        """Return one article."""\n'
        "        return self._rows[number]\n\n"
        "    def _row_of(self, number):\n        return number\n\n\n"
        "def open_store(path):\n"
        '    """Open the store of a file."""\n'
        "    return Store()\n"
    ),
    "shop/basket.py": (
        "from shop.store import open_store\n\n\n"
        "class Basket:\n"
        "    def add_article(self, number):\n"
        "        self.items.append(open_store('x').find_article(number))\n\n"
        "    def total_price(self):\n"
        '        """Sum the prices, with the discount taken off."""\n'
        "        return sum(item.price for item in self.items) - self.discount\n"
    ),
    "shop/orders.py": (
        "from shop.basket import Basket\nfrom shop.store import Store, open_store\n\n\n"
        "def place_order(basket: Basket):\n"
        "    store = open_store('orders')\n    return basket.total_price(), store.find_article(1)\n"
    ),
    "shop/mail.py": (
        "from shop.store import open_store\n\n\n"
        "def send_mail(address, subject):\n"
        '    """Send a mail about an order."""\n'
        "    return open_store('mail').find_article(address)\n"
    ),
    "shop/tax.py": "def tax_rate(country):\n    return 0.2\n",
    "tests/test_basket.py": (
        "from shop.basket import Basket\nfrom shop.store import Store, open_store\n\n\n"
        "def test_total_price():\n    assert Basket().total_price() == 0\n    open_store('')\n"
    ),
    "README.md": "# Shop\n\nSells articles.\n",
}


class Project:
    """A folder with an index."""

    def __init__(self, folder: Path, database: Path) -> None:
        self.folder = folder
        self.database = database
        self.reader = IndexReader(database)
        self._cache = FactsCache()

    def write(self, **texts: str | bytes) -> None:
        """Write files; ``__`` in a name stands for ``/`` and ``_dot_`` for ``.``."""
        self.write_all(by_path(texts))

    def write_all(self, texts: Mapping[str, str | bytes]) -> None:
        """Write files by path."""
        write_files(self.folder, texts)

    def index(self) -> None:
        """Bring the index up to date."""
        build(Root(self.folder), self.database, BuildOptions(processes=1), CancelToken())

    def view(self, **unsaved: str) -> IndexView:
        """Return the index under open documents; names as in :meth:`write`."""
        buffers = [
            Buffer(path, (self.folder / path).as_uri(), text, 1)
            for path, text in by_path(unsaved).items()
        ]
        return IndexView(self.reader, Overlay(Root(self.folder), buffers), self._cache)


MakeProject = Callable[..., Project]


@pytest.fixture
def make_project(tmp_path: Path) -> Iterator[MakeProject]:
    """Return a function that writes files and indexes them."""
    made: list[Project] = []

    def make(texts: dict[str, str] | None = None) -> Project:
        folder = tmp_path / f"project{len(made)}"
        folder.mkdir()
        project = Project(folder, tmp_path / f"index{len(made)}.sqlite")
        project.write_all(SHOP if texts is None else texts)
        project.index()
        made.append(project)
        return project

    yield make
    for project in made:
        project.reader.close()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Return a small shop in Python, indexed once for all tests that only ask."""
    folder = tmp_path_factory.mktemp("shop")
    project = Project(folder, tmp_path_factory.mktemp("index") / "shop.sqlite")
    project.write_all(SHOP)
    project.index()
    yield project
    project.reader.close()

"""The index under open documents and proposed edits."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lsp_agent.index.view import FactsCache, IndexView
from lsp_agent.workspace.ignore import Glob
from lsp_agent.workspace.overlay import Buffer, Overlay
from tests.index.conftest import Shelf, keys

TILL = "from shop import menu\n\n\nclass Till:\n    def pay(self):\n        return menu.price()\n"


@pytest.fixture
def shop(shelf: Shelf) -> Shelf:
    shelf.write("shop/till.py", TILL)
    shelf.write("shop/menu.py", "def price():\n    return 1\n")
    shelf.write("main.py", "from shop.till import Till\nTill().pay()\n")
    shelf.build()
    return shelf


def test_saved_files_answer_like_the_reader(shop: Shelf) -> None:
    view, reader = shop.view(), shop.reader()
    assert view.paths() == reader.paths()
    for query in ("pay", "Till", "till.pay", "Till.pay", "shop/pay", "", "...", "zzz"):
        assert keys(view.symbols(query)) == keys(reader.symbols(query))
    assert view.outline("shop/till.py") == reader.outline("shop/till.py")
    assert view.uses("pay") == reader.uses("pay")
    assert view.imports("main.py") == reader.imports("main.py")
    assert view.importers("shop/menu.py") == reader.importers("shop/menu.py")
    assert [row.path for row in view.importers("shop/menu.py")] == ["shop/till.py"]
    assert view.files_with("pay") == sorted(reader.files_with("pay"))


def test_unsaved_text_wins(shop: Shelf) -> None:
    unsaved = "import other\n\nclass Kasse:\n    def zahle(self): pay()\n"
    view = shop.view(shop__till_dot_py=unsaved, new_dot_py="def brand_new(): pass\n")
    assert keys(view.symbols("Till")) == []
    assert keys(view.symbols("kas")) == [("shop/till.py", "Kasse", 2)]
    assert keys(view.symbols("brand")) == [("new.py", "brand_new", 0)]
    assert keys(view.symbols("brand", kinds=["class"])) == []
    assert keys(view.symbols("brand", languages=["go"])) == []
    assert keys(view.definitions("Kasse.zahle")) == [("shop/till.py", "Kasse.zahle", 3)]
    assert view.definitions("Till") == []
    assert [row.name for row in view.outline("shop/till.py")] == ["Kasse", "zahle"]
    assert {path: [p.line for p in places] for path, places in view.uses("pay").items()} == {
        "main.py": [1],
        "shop/till.py": [3],
    }
    assert [(row.module, row.target) for row in view.imports("shop/till.py")] == [("other", None)]
    assert view.importers("shop/menu.py") == []
    assert "new.py" in view.paths()
    assert [hit.path for hit in view.search("brand_new")] == ["new.py"]
    assert list(view.search("class Till")) == []


def test_a_deleted_file_is_gone(shop: Shelf) -> None:
    overlay = Overlay(shop.root)
    overlay.delete("shop/till.py")
    overlay.write("made.py", "from shop import menu\n")
    view = IndexView(shop.reader(), overlay, FactsCache())
    assert view.paths() == ["made.py", "main.py", "shop/menu.py"]
    assert view.definitions("Till") == []
    assert view.imports("shop/till.py") == []
    assert view.importers("shop/menu.py") == []
    assert view.outline("shop/till.py") == []


def test_a_file_that_changed_since_is_read_again(shop: Shelf) -> None:
    shop.write("main.py", "\n\nfrom shop.till import Till\nTill().pay()\n")
    assert [place.line for place in shop.view().uses("pay")["main.py"]] == [3]
    (shop.folder / "main.py").unlink()
    assert shop.view().uses("pay") == {}


def test_what_a_file_lacks(shop: Shelf) -> None:
    shop.write("gen.py", "# @generated\nprice = 1\n")
    shop.build()
    shop.write("late.py", "nothing of it\n")
    shop.write("main.py", "changed = 1\n")
    lacks = shop.view(shop__till_dot_py="x").without(["price"])
    assert not lacks("shop/menu.py")
    assert not lacks("gen.py")
    assert not lacks("late.py")
    assert not lacks("main.py")
    assert not lacks("shop/till.py")
    shop.update("main.py")
    assert shop.view().without(["price"])("main.py")


LINES = st.lists(
    st.text(alphabet="abiIßkKſéÉ\u212a\u0130\u0131σςΣ _(\t", min_size=0, max_size=8), max_size=6
)


@settings(
    max_examples=20, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(st.lists(LINES, min_size=1, max_size=6), st.data())
def test_a_search_finds_what_reading_all_files_finds(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[str]], data: st.DataObject
) -> None:
    shelf = Shelf(tmp_path_factory.mktemp("search"))
    texts = {f"{number}.txt": "\n".join(lines) for number, lines in enumerate(files)}
    for path, text in texts.items():
        shelf.write(path, text)
    shelf.build()
    some = [line for lines in files for line in lines if line] or ["x"]
    for _ in range(5):
        line = data.draw(st.sampled_from(some))
        start = data.draw(st.integers(0, len(line) - 1))
        needle = line[start : data.draw(st.integers(start + 1, len(line)))]
        for ignore_case in (False, True):
            from lsp_agent.index.text_search import lines_of

            expected = {
                hit
                for path, text in texts.items()
                for hit in lines_of(path, text, needle, ignore_case=ignore_case)
            }
            assert set(shelf.view().search(needle, ignore_case=ignore_case)) == expected


def test_a_search_is_narrowed(shop: Shelf) -> None:
    found = shop.view().search("price")
    assert sorted((hit.path, hit.line, hit.character) for hit in found) == [
        ("shop/menu.py", 0, 4),
        ("shop/till.py", 5, 20),
    ]
    assert [hit.path for hit in shop.view().search("PRICE", ignore_case=True, under="shop/menu.py")]
    glob = Glob("t*.py")
    assert [hit.path for hit in shop.view().search("price", glob=glob)] == ["shop/till.py"]
    assert list(shop.view().search("price", under="sho")) == []


def test_facts_are_remembered(shop: Shelf) -> None:
    cache = FactsCache()
    facts = cache.of("a.py", "def one(): pass\n")
    assert cache.of("other.py", "def one(): pass\n") is facts
    large = "# " + "x" * 700_000 + "\n"
    for number in range(3):
        cache.of("a.py", f"{large}y = {number}\n")
    assert cache.of("a.py", "def one(): pass\n") is not facts


def test_a_buffer_behind_a_link_out_of_the_folder(shop: Shelf, tmp_path: Path) -> None:
    (tmp_path / "out.py").write_text("def outer(): pass\n")
    (shop.folder / "l.py").symlink_to(tmp_path / "out.py")
    buffer = Buffer("l.py", (shop.folder / "l.py").as_uri(), "def inner(): pass\n", 1)
    view = IndexView(shop.reader(), Overlay(shop.root, [buffer]), FactsCache())
    assert keys(view.symbols("inner")) == [("l.py", "inner", 0)]
    assert keys(view.symbols("outer")) == []

"""Definitions, uses and dependencies: with an index, without one, and under unsaved text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lsp_agent.tools.literals import required_literals
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.roots import Root
from tests.tools.conftest import Bench

TILL = (
    "from shop import menu\n\n\nclass Till:\n    def pay(self, n):\n"
    "        return menu.price(n) + menu.price(1)\n"
)
MAIN = "import numpy as np\nfrom shop.till import Till\n\n\ndef run():\n    Till().pay(np.one)\n"


@pytest.fixture(params=["index", "walk"])
def shop(bench: Bench, request: pytest.FixtureRequest) -> Bench:
    bench.files(
        shop__till_dot_py=TILL, shop__menu_dot_py="def price(n):\n    return n\n", main_dot_py=MAIN
    )
    if request.param == "index":
        bench.indexed()
    return bench


def test_definitions(shop: Bench) -> None:
    assert shop.call("find_definitions", name="Till.pay").text == "shop/till.py:5: def pay(self, n)"
    assert shop.call("find_definitions", name="Till::pay").text.startswith("shop/till.py:5")
    assert shop.call("find_definitions", name="pay", path="shop").text.startswith("shop/till.py:5")
    assert "nothing defines" in shop.call("find_definitions", name="pay", path="main.py").text
    assert not shop.call("find_definitions", name="pay", path="nowhere").ok
    assert not shop.call("find_definitions", name="").ok


def test_names_as_their_languages_write_them(bench: Bench) -> None:
    bench.files(
        a_dot_cpp="namespace outer::inner { int twice(int a) { return 2 * a; } }\n",
        a_dot_php="<?php\nnamespace App\\Http;\nclass Page { function show() {} }\n",
        a_dot_rb="class Shop::Till\n  def pay; end\nend\n",
    )
    bench.indexed()
    for name, place in [
        ("outer::inner::twice", "a.cpp:1: "),
        ("twice()", "a.cpp:1: "),
        ("App\\Http\\Page::show", "a.php:3: "),
        ("\\App\\Http\\Page", "a.php:3: "),
        ("Shop::Till#pay", "a.rb:2: "),
    ]:
        assert bench.call("find_definitions", name=name).text.startswith(place), name


def test_references_by_file_with_lines(shop: Bench) -> None:
    assert shop.call("find_references", name="price").text == (
        "2 uses of price in 1 file; defined in shop/menu.py:1\n"
        "shop/till.py:\n"
        "  6: return menu.price(n) + menu.price(1) (in Till.pay)"
    )
    assert shop.call("find_references", name="Till.pay").text == (
        "1 use of Till.pay in 1 file; defined in shop/till.py:5\n"
        "main.py:\n"
        "  6: Till().pay(np.one) (in run)"
    )


def test_a_path_is_the_definition_or_the_place_to_look(shop: Bench) -> None:
    assert "main.py:" in shop.call("find_references", name="pay", path="shop/till.py").text
    assert "main.py:" in shop.call("find_references", name="pay", path="main.py").text
    assert "nothing uses pay" in shop.call("find_references", name="pay", path="shop").text
    assert not shop.call("find_references", name="pay", path="nowhere").ok
    assert not shop.call("find_references", name="pay", path="../..").ok


def test_unsaved_text_is_what_counts(shop: Bench) -> None:
    shop.unsaved(
        "main.py",
        "# ü\nfrom shop.till import Till\ndef f():\n    def g():\n        Till().pay(1)\n\n"
        "def fresh(): pass\n",
    )
    found = shop.call("find_references", name="pay").text
    assert found.endswith("main.py:\n  5: Till().pay(1) (in f.g)")
    assert shop.call("find_definitions", name="fresh").text.startswith("main.py:7")
    assert "nothing defines run" in shop.call("find_definitions", name="run").text


def test_uses_of_another_by_the_same_name_are_left_out(bench: Bench) -> None:
    bench.files(
        shop__till_dot_py=TILL,
        shop__menu_dot_py="def price(n):\n    return n\n",
        main_dot_py=MAIN,
        bank_dot_py="class Account:\n    def pay(self): ...\n\n\nAccount().pay()\npay = 3\n",
    )
    bench.indexed()
    assert "bank.py" not in bench.call("find_references", name="Till.pay").text
    assert "bank.py" not in bench.call("find_references", name="pay", path="shop/till.py").text
    assert bench.call("find_references", name="Account.pay").text.endswith(
        "bank.py:\n  5: Account().pay()"
    )
    assert "main.py" in bench.call("find_references", name="pay").text


def test_more_uses_than_are_shown(bench: Bench) -> None:
    for number in range(4):
        bench.files(**{f"m{number}_dot_py": "pay()\n" * 60})
    bench.indexed()
    text = bench.call("find_references", name="pay").text
    assert text.startswith("240 uses of pay in 4 files\n")
    assert text.endswith("[140 more; name a path to look in]")
    assert text.count("pay()") == 100
    assert bench.call("find_references", name="pay").truncated


def test_dependencies_of_a_file(bench: Bench) -> None:
    bench.files(
        shop__till_dot_py=TILL, shop__menu_dot_py="def price(n):\n    return n\n", main_dot_py=MAIN
    )
    bench.indexed()
    assert bench.call("analyze_dependencies", path="shop/till.py").text == (
        "shop/till.py imports:\n"
        "  shop/menu.py: menu\n"
        "imported by:\n"
        "  main.py: Till\n"
        "called from (by name):\n"
        "  main.py:6: Till (in run)\n"
        "  main.py:6: pay (in run)"
    )
    assert (
        "packages from elsewhere:\n  numpy"
        in bench.call("analyze_dependencies", path="main.py").text
    )
    shop = bench.call("analyze_dependencies", path="shop").text
    assert shop == "imported by:\n  main.py: Till"
    assert not bench.call("analyze_dependencies", path="nowhere").ok


def test_callers_of_a_name_that_everything_has(bench: Bench) -> None:
    """Whoever imports a class calls its superclass's constructor, not that of the class."""
    bench.files(
        base_dot_py="class Base:\n    def __init__(self): pass\n    def pay(self): pass\n",
        a_dot_py="from base import Base\nclass A(Base):\n    def __init__(self):\n"
        "        super().__init__()\n        self.pay()\n",
        b_dot_py="from base import Base\nBase().pay()\nx.run()\n",
        **{f"m{n}_dot_py": "def run(): pass\n" for n in range(5)},
        c_dot_c='#include "c.h"\nint twice(int a) { return 2 * a; }\n',
        c_dot_h="int twice(int a);\n",
        main_dot_c='#include "c.h"\nint main(void) { return twice(1); }\n',
    )
    bench.unsaved("base.py", (bench.folder / "base.py").read_text() + "def run(): pass\n")
    bench.indexed()
    called = bench.call("analyze_dependencies", path="base.py").text.partition("called from")[2]
    assert called.splitlines()[1:] == [
        "  a.py:5: pay (in A.__init__)",
        "  b.py:2: Base",
        "  b.py:2: pay",
    ]
    assert "main.c:2: twice (in main)" in bench.call("analyze_dependencies", path="c.c").text


def test_dependencies_of_the_workspace(bench: Bench) -> None:
    bench.files(
        a_dot_py="import b\nimport os\nimport numpy.linalg\n",
        b_dot_py="import c\n",
        c_dot_py="import a\nimport lone\n",
        lone_dot_py="import numpy\n",
        web__x_dot_js="import {y} from './y'\nimport z from '@scope/pkg/inner'\n"
        "import fs from 'node:fs'\n",
        web__y_dot_js="import {x} from './x'\n",
    )
    bench.indexed()
    assert bench.call("analyze_dependencies").text == (
        "6 files\n"
        "most imported files (by how many):\n"
        "  a.py (1)\n  b.py (1)\n  c.py (1)\n  lone.py (1)\n  web/x.js (1)\n  web/y.js (1)\n"
        "files that import each other in a ring:\n"
        "  web/x.js, web/y.js\n  a.py, b.py, c.py\n"
        "packages from elsewhere (files that import them):\n"
        "  numpy (2)\n  @scope/pkg (1)\n  fs (1)"
    )
    bench.unsaved("c.py", "x = 1\n")
    assert "a.py, b.py" not in bench.call("analyze_dependencies").text


def test_dependencies_need_an_index(bench: Bench) -> None:
    bench.files(a_dot_py="import b\n")
    outcome = bench.call("analyze_dependencies", path="a.py")
    assert not outcome.ok
    assert "not indexed" in outcome.text


def test_a_broken_index_is_no_reason_to_fail(bench: Bench) -> None:
    bench.files(a_dot_py="def pay(): pass\npay()\n")
    bench.indexed()
    assert bench.index is not None
    bench.index.reader.path.write_bytes(b"garbage" * 1000)
    for _ in range(2):
        assert bench.call("find_definitions", name="pay").text == "a.py:1: def pay()"
        assert bench.call("grep_search", pattern="pay").text.count("\n") == 1
        assert bench.index.wait(30)
    assert bench.index.reader.complete()


@pytest.mark.parametrize(
    ("pattern", "ignore_case", "literals"),
    [
        ("def parse_", False, ["def parse_"]),
        (r"^\s*class\s+Foo\b", False, ["class", "Foo"]),
        ("(foo)(bar)", False, ["foobar"]),
        ("foo|bar", False, []),
        ("(?:foo|bar)baz", False, ["baz"]),
        ("foo(bar)?baz", False, ["foo", "baz"]),
        ("foo(bar)+", False, ["foo", "bar"]),
        ("fooo*", False, ["foo"]),
        ("a.b.c", False, []),
        ("[f]oo bar", False, ["foo bar"]),
        ("(?i)price", False, []),
        ("(?i)total", False, ["total"]),
        ("total", True, ["total"]),
        ("find_total", True, ["nd_total"]),
        ("größe", True, []),
        ("größe", False, ["größe"]),
        ("(?i:abc)def", False, ["def"]),
        ("(?x) abc", False, []),
        ("abc(?!def)ghi", False, ["abc", "ghi"]),
        ("one\\ntwo", False, ["one", "two"]),
        ("ab", False, []),
        ("", False, []),
    ],
)
def test_literals_of_a_pattern(pattern: str, ignore_case: bool, literals: list[str]) -> None:
    assert required_literals(pattern, ignore_case=ignore_case) == literals


WORDS = st.sampled_from(
    [
        "price",
        "Price",
        "total",
        "größe",
        "GRÖSSE",
        "ſtop",
        "\u212aelvin",
        "kelvin",
        "ınt",
        "x",
        " ",
        "(",
        "stop",
    ]
)
TEXTS = st.lists(st.lists(WORDS, max_size=5).map(" ".join), max_size=4).map("\n".join)
PATTERNS = st.sampled_from(
    ["price", "pri.e", "(?i)price", "total|price", "gr..e", "stop", "kelvin", "int", "tot(al)+",
     r"\bprice\b.*total", "größe", "GRÖ", "x", "price total", "^total", "e$", "[pP]rice t"]
)  # fmt: skip


@settings(
    max_examples=15, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(
    st.dictionaries(
        st.sampled_from(["a.py", "d/b.py", "d/c.txt", "big.txt", "gen.go", "min.js", "late.py"]),
        TEXTS, min_size=1,
    ),
    st.lists(st.tuples(PATTERNS, st.booleans()), min_size=3, max_size=6),
    st.dictionaries(st.sampled_from(["a.py", "d/b.py", "new.py"]), TEXTS, max_size=2),
    st.dictionaries(st.sampled_from(["d/c.txt", "proposed.py"]), TEXTS, max_size=2),
)  # fmt: skip
def test_grep_finds_the_same_with_and_without_an_index(
    tmp_path_factory: pytest.TempPathFactory,
    files: dict[str, str],
    patterns: list[tuple[str, bool]],
    changed: dict[str, str],
    proposed: dict[str, str],
) -> None:
    folder = tmp_path_factory.mktemp("grep") / "work"
    folder.mkdir()
    bench = Bench(folder)
    around = {
        "gen.go": "// Code generated by x. DO NOT EDIT.\n{}",
        "min.js": "var a=1;" * 1000 + "\n{}",
        "big.txt": "{}\n" + ("filler " * 2000 + "\n") * 80,
    }
    for path, text in files.items():
        write(folder, path, around.get(path, "{}").format(text))
    bench.indexed()
    try:
        for path, text in changed.items():
            write(folder, path, text)
        bench.overlay = Overlay(Root(folder))
        for path, text in proposed.items():
            bench.overlay.write(path, text)
        index = bench.index
        for pattern, ignore_case in patterns:
            arguments = {"pattern": pattern, "ignore_case": ignore_case}
            bench.index = index
            narrowed = bench.call("grep_search", **arguments)
            bench.index = None
            assert narrowed == bench.call("grep_search", **arguments)
    finally:
        bench.index = index
        index.close()


def write(folder: Path, path: str, text: str) -> None:
    file = folder / path
    file.parent.mkdir(exist_ok=True)
    file.write_text(text, "utf-8")


def test_grep_reads_only_what_may_match(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(20):
        bench.files(**{f"m{number}_dot_py": f"name_{number} = 1\n"})
    bench.indexed()
    read: list[str] = []
    original = Overlay.read

    def spy(overlay: Overlay, path: str) -> str:
        read.append(path)
        return original(overlay, path)

    monkeypatch.setattr(Overlay, "read", spy)
    assert bench.call("grep_search", pattern=r"name_1[3] =").text == "m13.py:1: name_13 = 1"
    assert len(read) < 20
    assert re.match(r"m1\d?.py", read[0])


@pytest.mark.parametrize("indexed", [True, False])
def test_a_script_without_an_ending_is_read_by_its_first_line(bench: Bench, indexed: bool) -> None:
    (bench.folder / "tool").write_text("#!/usr/bin/env python3\ndef start():\n    start()\n")
    if indexed:
        bench.indexed()
    assert bench.call("find_definitions", name="start").text == "tool:2: def start()"
    assert "3: start()" in bench.call("find_references", name="start").text

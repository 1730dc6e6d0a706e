"""The repository map: what matters first, never above the budget, the same for equal questions."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.context.emphasis import Emphasis
from lsp_agent.context.graph import graph_of
from lsp_agent.context.page_rank import page_rank
from lsp_agent.context.repo_map import RepoMap, repo_map
from lsp_agent.context.tokens import estimate_tokens, largest
from lsp_agent.index.file_graph import FileGraph, graph_of_rows
from lsp_agent.index.view import IndexView
from lsp_agent.workspace.names import is_test
from tests.context.conftest import MakeProject, Project


def files(made: RepoMap) -> list[str]:
    return [file.path for file in made.files]


COUNTERS: list[Callable[[str], int]] = [
    estimate_tokens,
    len,
    lambda text: len(text.split()),
    lambda text: len(text.encode()) // 3,
    lambda text: len(text) ** 2,
    lambda text: sum(map(ord, text)) % 97,
]


@given(st.integers(0, 400), st.integers(0, 400), st.sampled_from(COUNTERS[:4]))
def test_more_budget_never_shows_fewer_files(
    shop: Project, one: int, other: int, count: Callable[[str], int]
) -> None:
    small, large = (repo_map(shop.view(), size, count) for size in sorted((one, other)))
    assert set(files(small)) <= set(files(large))
    assert small.tokens <= min(one, other)
    assert large.tokens <= max(one, other)


@given(st.integers(-5, 500), st.sampled_from(COUNTERS))
def test_no_counter_finds_more_than_the_budget(
    shop: Project, budget: int, count: Callable[[str], int]
) -> None:
    made = repo_map(shop.view(), budget, count)
    assert made.tokens == (count(made.text) if made.text else 0)
    assert not made.text or made.tokens <= budget


def test_what_everything_leans_on_comes_first_and_tests_last(shop: Project) -> None:
    made = repo_map(shop.view(), 1000)
    assert files(made)[0] == "shop/store.py"
    assert files(made)[-1] == "tests/test_basket.py"
    assert set(files(made)) == {
        "shop/store.py", "shop/basket.py", "shop/orders.py", "shop/mail.py", "shop/tax.py",
        "tests/test_basket.py", "README.md",
    }  # fmt: skip
    assert made.known == 7


def test_signatures_stand_indented_below_the_path_with_gaps(make_project: MakeProject) -> None:
    uses = "import a\n" + "\n".join(f"a.used_often({n})\na.used_also({n})" for n in range(9))
    project = make_project(
        {
            "a.py": "def used_often(x): pass\ndef _never(x): pass\ndef used_also(y): pass\n",
            "b.py": uses,
        }
    )
    text = repo_map(project.view(), 1000).text
    assert text.startswith("a.py:\ndef used_often(x)\ndef _never(x)\ndef used_also(y)")
    small = repo_map(project.view(), 11).text
    assert small == "a.py:\ndef used_often(x)\n⋮\ndef used_also(y)"


def test_members_stand_in_what_holds_them(shop: Project) -> None:
    lines = repo_map(shop.view(), 1000).text.splitlines()
    at = lines.index("class Store")
    assert lines[at + 1] == "    def find_article(self, number)"
    assert "    def _row_of(self, number)" in lines


def test_focus_names_and_words_change_the_order(shop: Project) -> None:
    plain = files(repo_map(shop.view(), 1000))
    focused = repo_map(shop.view(), 1000, emphasis=Emphasis({"shop/mail.py": 1.0}))
    assert plain.index("shop/mail.py") > 1
    assert files(focused).index("shop/mail.py") < plain.index("shop/mail.py")
    tight = Emphasis(names=frozenset({"_row_of"}))
    assert "_row_of" not in repo_map(shop.view(), 30).text
    assert "_row_of" in repo_map(shop.view(), 30, emphasis=tight).text


def test_hidden_files_are_not_shown(shop: Project) -> None:
    made = repo_map(shop.view(), 1000, hidden=frozenset({"shop/store.py"}))
    assert "shop/store.py" not in files(made)
    assert len(files(made)) == 6


def test_unsaved_text_counts(shop: Project) -> None:
    text = "from shop.tax import tax_rate\n" + "".join(
        f"def country_{n}(): return tax_rate({n})\n" for n in range(30)
    )
    before, after = repo_map(shop.view(), 1000), repo_map(shop.view(shop__mail_dot_py=text), 1000)
    assert "country_3" not in before.text
    assert "country_3" in after.text
    assert "send_mail" not in after.text
    tax = files(before).index("shop/tax.py")
    assert files(after).index("shop/tax.py") < tax
    assert repo_map(shop.view(), 1000) == before


def test_what_is_not_imported_weighs_as_little_in_unsaved_text(make_project: MakeProject) -> None:
    texts = {
        "store.py": "def find_article(): pass\n",
        "mail.py": "def send_mail_now(): pass\n",
        "order.py": "from store import find_article\nfind_article()\nsend_mail_now()\n",
    }
    project = make_project(texts)

    def leans_on(view: IndexView) -> dict[str, float]:
        graph = graph_of(view)
        edges = zip(graph.sources, graph.targets, graph.weights, strict=True)
        return {graph.paths[b]: float(w) for a, b, w in edges if graph.paths[a] == "order.py"}

    saved = leans_on(project.view())
    assert 0 < saved["mail.py"] < 0.3 < 2 < saved["store.py"]
    assert leans_on(project.view(order_dot_py=texts["order.py"] + "# x\n")) == saved


def test_a_new_name_in_a_new_unsaved_file_is_leaned_on_at_once(shop: Project) -> None:
    view = shop.view(
        shop__prices_dot_py="def price_list(): pass\n",
        shop__tax_dot_py="from shop.prices import price_list\n" + "price_list()\n" * 30,
    )
    found = files(repo_map(view, 1000))
    assert found.index("shop/prices.py") < found.index("shop/tax.py")


def test_equal_questions_give_equal_bytes(shop: Project, make_project: MakeProject) -> None:
    again = make_project()
    for budget in (20, 60, 1000):
        assert repo_map(again.view(), budget) == repo_map(shop.view(), budget)


def test_a_changed_file_leaves_the_order_of_the_others(make_project: MakeProject) -> None:
    project = make_project()
    before = files(repo_map(project.view(), 1000))
    project.write(shop__tax_dot_py="def tax_rate(country):\n    return 0.3\n\ndef vat(): pass\n")
    project.index()
    after = repo_map(project.view(), 1000)
    assert files(after) == before
    assert "def vat()" in after.text


@given(st.data())
def test_ranks_do_not_depend_on_the_order_of_rows(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 8))
    names = [(number + 1, f"f{number}.py") for number in range(size)]
    pairs = list(itertools.product(range(1, size + 2), repeat=2))
    chosen = data.draw(st.lists(st.sampled_from(pairs), unique=True))
    edges = [(a, b, float(a + b)) for a, b in chosen]
    shuffled, other = edges[:], names[:]
    random.Random(data.draw(st.integers(0, 99))).shuffle(shuffled)
    random.Random(1).shuffle(other)
    one, two = graph_of_rows(names, edges), graph_of_rows(other, shuffled)
    assert one.paths == two.paths
    ranks = page_rank(one, np.zeros(size))
    assert ranks.tolist() == page_rank(two, np.zeros(size)).tolist()
    assert math.isclose(float(ranks.sum()), 1.0, rel_tol=1e-6)
    assert (ranks > 0).all()


def test_page_rank_of_a_known_graph() -> None:
    """The three-page example: A leans on B and C, B on C, C on A (damping 0.85)."""
    edges = ([0, 0, 1, 2], [1, 2, 2, 0], [1.0, 1.0, 1.0, 1.0])
    graph = FileGraph(("a", "b", "c"), *(np.array(one) for one in edges))
    assert np.allclose(page_rank(graph, np.zeros(3)), [0.38779, 0.21481, 0.3974], atol=1e-4)
    assert page_rank(graph_of_rows([], []), np.zeros(0)).tolist() == []


@given(st.integers(0, 50), st.integers(-3, 60))
def test_the_largest_that_fits(most: int, limit: int) -> None:
    assert largest(most, lambda number: number <= limit) == max(min(most, limit), 0)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("tests/a.py", True), ("a/test_b.py", True), ("a/b_test.go", True), ("a.spec.ts", True),
        ("FooTest.java", True), ("conftest.py", True), ("src/testing.py", False),
        ("latest.py", False), ("contest/a.py", False), ("a/attest.py", False),
    ],
)  # fmt: skip
def test_tests_are_known_by_their_names(path: str, expected: bool) -> None:
    assert is_test(path) is expected


def test_odd_workspaces(make_project: MakeProject) -> None:
    empty = make_project({})
    assert repo_map(empty.view(), 1000) == RepoMap("", 0, (), 0)
    binary = make_project({"a.bin": "\0\1\2", "big.py": "x = 1\n" * 700_000})
    assert repo_map(binary.view(), 1000).text == ""
    plain = make_project({"notes.txt": "only words", "emoji 🎉 .py": "def größe(): pass\n"})
    assert repo_map(plain.view(), 1000).text == "emoji 🎉 .py:\ndef größe()\nnotes.txt"
    assert repo_map(plain.view(), 1).text == ""


def test_keys_exports_and_repetitions_are_no_news(make_project: MakeProject) -> None:
    project = make_project(
        {
            "a.py": "@overload\ndef f(x): ...\n@overload\ndef f(x): ...\ndef g(): f(1)\n",
            "b.py": "from a import f, g\n__all__ = ['f']\nf(g())\n",
            "pyproject.toml": "[project]\nname = 'f'\n",
            "README.md": "# f and g\n",
            "uv.lock": "[[package]]\nname = 'f'\n",
        }
    )
    text = repo_map(project.view(), 1000).text
    assert text.count("def f(x)") == 1
    assert not any(word in text for word in ("__all__", "[project]", "[[package]]", "# f and g"))
    assert text.endswith("\nuv.lock")

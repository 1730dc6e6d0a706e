"""What a model is shown for a question: the right passages, within the budget, with reasons."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.context.assemble import MAP_TITLE, Context, build_context
from lsp_agent.context.builder import Note
from lsp_agent.context.finding import Findings, emphasis_of, find
from lsp_agent.context.knowledge import Knowledge
from lsp_agent.context.question import Question, named_in
from lsp_agent.context.repo_map import repo_map
from lsp_agent.context.tokens import estimate_tokens
from tests.context.conftest import MakeProject, Project

COUNTERS: list[Callable[[str], int]] = [
    estimate_tokens, len, lambda text: len(text.split()), lambda text: len(text) ** 2,
    lambda text: sum(map(ord, text)) % 97,
]  # fmt: skip


def found(question: Question, project: Project, **unsaved: str) -> Findings:
    return find(question, project.view(**unsaved), Knowledge(None))


def best(question: Question, project: Project, **unsaved: str) -> str:
    return found(question, project, **unsaved).files[0].path


def shown(made: Context) -> list[str]:
    return [f"{piece.path}:{piece.start_line}" for piece in made.pieces]


@given(st.integers(-5, 600), st.sampled_from(COUNTERS), st.text(max_size=40))
def test_no_counter_finds_more_than_the_budget(
    shop: Project, budget: int, count: Callable[[str], int], text: str
) -> None:
    question = Question(f"discount of the basket {text}")
    made = build_context(question, shop.view(), budget, count, Knowledge(None))
    assert made.tokens == (count(made.text) if made.text else 0)
    assert not made.text or made.tokens <= budget
    assert len(made.reasons) == len(made.pieces)


def test_a_question_finds_the_passage_that_answers_it(shop: Project) -> None:
    made = build_context(
        Question("where is the discount taken off the price"), shop.view(), 200, with_map=False
    )
    assert made.reasons[0].startswith("shop/basket.py:8 (")
    assert "shop/basket.py:8-10 in Basket\n    def total_price(self):\n" in made.text
    assert "return sum(item.price for item in self.items) - self.discount" in made.text


def test_little_room_shows_signatures_instead(shop: Project) -> None:
    question = Question("where is the discount taken off the price")
    made = build_context(question, shop.view(), 42, with_map=False)
    assert "shop/basket.py:8 in Basket: def total_price(self)  # Sum the prices" in made.text
    assert [piece.whole for piece in made.pieces if piece.start_line == 8] == [False]
    question = Question("how is an article found in a store or added to a basket")
    never = build_context(question, shop.view(), 400, with_map=False, bodies=False)
    assert not any(piece.whole for piece in never.pieces)
    assert len(never.pieces) > 1


def test_the_map_stands_first_and_does_not_depend_on_the_question(shop: Project) -> None:
    one, other = (
        build_context(Question(text), shop.view(), 400)
        for text in ("send a mail about an order", "tax rate of a country")
    )
    assert one.head.startswith(f"{MAP_TITLE}\nshop/store.py:\n")
    assert one.head == other.head
    assert one.text.startswith(one.head)
    assert one.body != other.body


def test_edited_files_stand_last(shop: Project) -> None:
    text = "def send_mail(address, subject):\n    return 'mail about an order'\n"
    view = shop.view(shop__mail_dot_py=text)
    made = build_context(
        Question("send a mail about an order of the store"), view, 500, with_map=False
    )
    assert made.pieces[-1].path == "shop/mail.py"
    assert made.pieces[-1].text.endswith(text.rstrip())
    assert "unsaved" in made.pieces[-1].why


@pytest.mark.parametrize(
    ("text", "symbols", "files"),
    [
        ("why does total_price fail?", ["total_price"], []),
        ("see Basket.total_price", ["total_price"], []),
        ("what is a basket", [], []),
        ("the `basket` and the Basket", ["Basket"], []),
        ("call open_store() in shop/mail.py", ["open_store"], ["shop/mail.py"]),
        ("mail.py is wrong", [], ["shop/mail.py"]),
        ("ail.py is wrong", [], []),
    ],
)
def test_names_in_a_question(
    shop: Project, text: str, symbols: list[str], files: list[str]
) -> None:
    named = named_in(Question(text), shop.view())
    assert [row.name for row, _ in named.symbols] == symbols
    assert list(named.files) == files


def test_what_is_at_hand_counts(shop: Project) -> None:
    assert best(Question("", paths=("shop/tax.py",)), shop) == "shop/tax.py"
    recent = found(Question("", recent=("shop/tax.py", "shop/mail.py")), shop).files
    assert [one.path for one in recent[:2]] == ["shop/mail.py", "shop/tax.py"]
    assert best(Question(""), shop, shop__tax_dot_py="x = 1\n") == "shop/tax.py"
    near = {one.path: one.reasons for one in found(Question("", ("shop/basket.py",)), shop).files}
    assert near["shop/store.py"]["leans"] > near["shop/orders.py"]["leans"] > 0


def test_diagnostics_bring_in_what_they_name(shop: Project) -> None:
    note = Note(5, "open_store() takes 2 arguments", "error", "mypy")
    question = Question("mend this", ("shop/mail.py",), notes=(note,))
    made = build_context(question, shop.view(), 300, with_map=False)
    assert "shop/store.py:12" in shown(made)
    assert any("is reported" in why and why.startswith("shop/mail.py:4") for why in made.reasons)


def test_files_that_are_shown_already_are_left_out(shop: Project) -> None:
    question = Question("discount", ("shop/basket.py",), shown=frozenset({"shop/basket.py"}))
    assert not any(
        piece.path == "shop/basket.py"
        for piece in build_context(question, shop.view(), 500, with_map=False).pieces
    )


def test_what_is_nearly_the_same_is_shown_once(make_project: MakeProject) -> None:
    body = "def parse_price(text):\n    number = text.strip()\n    return float(number)\n"
    project = make_project({"a.py": body, "copy_of_a.py": body, "b.py": "def other(): pass\n"})
    made = build_context(Question("parse a price"), project.view(), 500, with_map=False)
    assert made.text.count("return float(number)") == 1


def test_equal_questions_give_equal_bytes(shop: Project, make_project: MakeProject) -> None:
    question = Question("the price of an order")
    assert (
        build_context(question, make_project().view(), 300).text
        == build_context(question, shop.view(), 300).text
    )


def test_a_question_moves_files_up_in_the_map(shop: Project) -> None:
    question = Question("tax of a country", ("shop/mail.py",))
    emphasis = emphasis_of(question, found(question, shop))
    order = [one.path for one in repo_map(shop.view(), 1000, emphasis=emphasis).files]
    plain = [one.path for one in repo_map(shop.view(), 1000).files]
    assert order.index("shop/tax.py") < plain.index("shop/tax.py")
    assert any(one.startswith("in focus") for one in emphasis.reasons["shop/mail.py"])


def test_history_ties_files_together(make_project: MakeProject) -> None:
    project = make_project()

    def git(*arguments: str) -> None:
        identity = ("-c", "user.name=t", "-c", "user.email=t@t")
        subprocess.run(["git", *identity, *arguments], cwd=project.folder, check=True)

    git("init", "-q")
    git("add", "shop/tax.py", "shop/mail.py")
    git("commit", "-qm", "Tell customers of new rates")
    git("add", ".")
    git("commit", "-qm", "Everything else")
    project.write(README_dot_md="# Changed\n")
    knowledge = Knowledge(project.view().overlay.root)
    deadline = time.monotonic() + 20
    while knowledge.memory(5.0) is None:
        assert time.monotonic() < deadline
    files = find(Question("", ("shop/tax.py",)), project.view(), knowledge).files
    reasons = {one.path: one.reasons for one in files}
    assert reasons["shop/mail.py"]["changed together"] > 0.3
    assert "changed together" not in reasons.get("shop/orders.py", {})
    assert reasons["README.md"]["uncommitted"] > 0
    asked = find(Question("customers and rates"), project.view(), knowledge).files
    assert {one.path for one in asked[:2]} == {"shop/tax.py", "shop/mail.py"}


def test_no_git_and_odd_questions(shop: Project, make_project: MakeProject) -> None:
    knowledge = Knowledge(shop.view().overlay.root)
    assert knowledge.memory(20.0) is None
    for text in ("", "   ", "\0", "🎉" * 50, "x" * 100_000, "total_price " * 9000, "(" * 500):
        made = build_context(Question(text), shop.view(), 300, knowledge=knowledge)
        assert made.tokens <= 300
    empty = make_project({})
    assert build_context(Question("anything"), empty.view(), 300) == Context()
    binary = make_project({"a.bin": "\0\1\2"})
    assert build_context(Question("a.bin"), binary.view(), 300) == Context()


def test_a_file_that_vanishes_costs_only_itself(make_project: MakeProject) -> None:
    project = make_project()
    (project.folder / "shop/basket.py").unlink()
    made = build_context(Question("total price of a basket"), project.view(), 400, with_map=False)
    assert "shop/basket.py" not in {piece.path for piece in made.pieces}
    assert "shop/orders.py:5" in shown(made)


def test_what_uses_the_named_comes_with_it(shop: Project) -> None:
    made = build_context(Question("rename `find_article`"), shop.view(), 400, with_map=False)
    uses = [piece.path for piece in made.pieces if "uses it" in piece.reasons]
    assert uses == ["shop/basket.py", "shop/mail.py", "shop/orders.py"]
    assert made.reasons[0].startswith("shop/store.py:4 (")


def test_no_signature_of_the_map_is_said_again(shop: Project) -> None:
    said = 0
    for budget in range(64, 500, 20):
        made = build_context(Question("`total_price` of an order"), shop.view(), budget)
        known = {line.strip() for line in made.head.splitlines()}
        rows = [line.partition(": ")[2] for line in made.body.splitlines()]
        assert known.isdisjoint(row.partition("  #")[0].rstrip(":") for row in rows if row)
        said += "total_price(self)" in made.head
    assert said


def test_tests_are_no_signatures(shop: Project) -> None:
    question = Question("the total price, as the test says")
    made = build_context(question, shop.view(), 400, with_map=False, bodies=False)
    assert {piece.path for piece in made.pieces} >= {"shop/basket.py"}
    assert not any(piece.path.startswith("tests/") for piece in made.pieces)
    named = build_context(
        Question("test_total_price"), shop.view(), 400, with_map=False, bodies=False
    )
    assert any(piece.path.startswith("tests/") for piece in named.pieces)


def test_the_methods_of_a_named_class_come_with_it(shop: Project) -> None:
    made = build_context(Question("why is `Basket` wrong"), shop.view(), 400, with_map=False)
    reasons = {f"{piece.path}:{piece.start_line}": piece.reasons for piece in made.pieces}
    assert "is named" in reasons["shop/basket.py:4"]
    assert reasons["shop/basket.py:5"]["is of the named"] > 0.3
    assert "shop/basket.py:8" in reasons

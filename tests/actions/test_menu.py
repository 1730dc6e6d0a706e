"""What a menu shows where more applies than anyone reads."""

from __future__ import annotations

import pytest

from lsp_agent.actions.menu import MOST, Row, shortlist, spot_of
from lsp_agent.actions.spec import Action, Offer, Place, load_actions
from lsp_agent.agent.types import DiagnosticNote
from lsp_agent.syntax.document import SyntaxDocument
from tests.actions.test_actions import marked

ACTIONS = load_actions(pytest.fail)
FUNCTION = (
    "import os\n\n\ndef f(a, b):{}\n    # TODO: more\n    if a:{}\n        return '%s' % g(a){}\n"
    "    x = h(b)\n    y = h(x)\n    z = h(y)\n    return (x, y, z)\n"
)


def place(source: str) -> Place:
    text, at = marked(source)
    return Place("a.py", SyntaxDocument.parse(text, "python"), at)


def rows(where: Place) -> list[Row]:
    return [(action, offer) for action in ACTIONS.values() for offer in action.offers(where)]


def names(found: list[Row]) -> list[str]:
    return [action.name for action, _ in found]


@pytest.mark.parametrize(
    ("source", "spot"),
    [
        ("def f($0a):\n    pass\n", "name"),
        ("@cache\ndef f(\n    a,$0\n):\n    pass\n", "name"),
        ("@cac$0he\ndef f(a):\n    pass\n", "name"),
        ("def f(a):\n    pa$0ss\n", "body"),
        ("x $0= 1\n", "body"),
        ("«x» = 1\n", "selection"),
    ],
)
def test_spots(source: str, spot: str) -> None:
    assert spot_of(place(source)) == spot


def test_a_menu_is_no_wall() -> None:
    on_name = place(FUNCTION.format("$0", "", ""))
    everything = rows(on_name)
    assert len(everything) > MOST
    shown = shortlist(everything, spot_of(on_name))
    assert len(shown) == MOST
    assert {"complete", "document", "annotate", "explain"} <= set(names(shown))
    assert "explain_edit" not in names(shown)


def test_what_suits_the_spot_comes_first() -> None:
    on_name = place(FUNCTION.format("$0", "", ""))
    inside = place(FUNCTION.format("", "$0", ""))
    selected = place("def f(a):\n    «if a:\n        return g(a)»\n    return h(a)\n")
    assert "document" in names(shortlist(rows(on_name), spot_of(on_name), 5))
    found = names(shortlist(rows(inside), spot_of(inside), 4))
    assert "simplify" in found
    assert "document" not in found
    found = names(shortlist(rows(selected), spot_of(selected), 5))
    assert {"review_selection", "explain"} <= set(found)


def test_quick_fixes_are_all_shown_and_take_no_room() -> None:
    where = place(FUNCTION.format("", "", "$0"))
    notes = tuple(DiagnosticNote(where.range, f"wrong {n}") for n in range(20))
    shown = shortlist(rows(Place(where.path, where.document, where.range, notes)), "body")
    assert names(shown).count("fix") == len(notes)
    assert len(shown) == len(notes) + MOST


def test_what_can_not_be_run_comes_last() -> None:
    fakes: list[Row] = [(ACTIONS["explain"], Offer("no", disabled="a larger model"))] * MOST
    able = [(ACTIONS["translate"], Offer("yes"))]
    assert names(shortlist([*fakes, *able], "name"))[-1] == "translate"
    liked: list[Row] = [(ACTIONS["explain_edit"], Offer("best", preferred=True))]
    some = [(ACTIONS["explain"], Offer(str(n))) for n in range(MOST)]
    assert "explain_edit" in names(shortlist([*some, *liked], "name"))


def test_the_order_stays() -> None:
    where = place(FUNCTION.format("$0", "", ""))
    order = {action: at for at, action in enumerate(ACTIONS)}
    found = [order[name] for name in names(shortlist(rows(where), "name"))]
    assert found == sorted(found)


def test_each_suits_some_spot_unless_it_is_meant_for_filters() -> None:
    lowly: list[Action] = [one for one in ACTIONS.values() if not one.suits]
    assert {one.name for one in lowly} <= {"explain_edit", "translate"} | {
        one.name for one in lowly if one.kind.startswith("source.")
    }

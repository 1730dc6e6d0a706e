"""What a file says of itself."""

from __future__ import annotations

from lsp_agent.syntax.facts import FileFacts, Reference, file_facts


def test_a_use_has_its_place_in_code_points_and_says_whether_it_is_a_call() -> None:
    facts = file_facts("def f(): ...\n'😀'; f(g.h)\n", "python")
    assert [symbol.name for symbol in facts.symbols] == ["f"]
    assert facts.references == (
        Reference("f", 1, 5, True),
        Reference("g", 1, 7, False),
        Reference("h", 1, 9, False),
    )


def test_a_text_without_a_parser_says_nothing() -> None:
    assert file_facts("f(x)", None) == FileFacts()

"""What a model gets to see: bounded, stable, no line cut in two."""

from __future__ import annotations

from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from lsp_agent.context.builder import (
    Note,
    diagnostics_lines,
    file_context,
    focus_lines,
    target_for,
    whole_file,
    workspace_facts,
)
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.roots import Root
from lsp_agent.workspace.text import Text


def at(line: int, character: int = 0, end: int | None = None) -> Range:
    return Range(Position(line, character), Position(line if end is None else end, character))


def test_facts_are_bounded(tmp_path: Path) -> None:
    for number in range(60):
        (tmp_path / f"f{number:02}.py").write_text("")
    facts = workspace_facts(Overlay(Root(tmp_path)), "Use tabs.\n")
    assert facts.startswith("The workspace holds: f00.py, f01.py")
    assert "… 20 more" in facts
    assert facts.endswith("House style:\nUse tabs.")


def test_places_in_words() -> None:
    text = Text("a\n  b\nc\n")
    assert focus_lines(text, None, "x.py") == "The user looks at x.py."
    assert focus_lines(text, at(1, 2), "x.py").endswith("at line 2: b")
    assert focus_lines(text, at(0, 0, 1), "x.py") == "The user selected lines 1 to 2 of x.py."
    notes = [Note(1, "odd", "warning", "ruff"), Note(9, "late", "error", "")]
    assert (
        diagnostics_lines(notes, text) == "line 2: warning: odd (ruff) | b\nline 10: error: late | "
    )


@given(st.integers(0, 400), st.integers(1, 300))
def test_context_keeps_to_the_budget_and_to_whole_lines(budget: int, size: int) -> None:
    text = Text("".join(f"line {number}\n" for number in range(size)))
    target = at(size // 2, 0, min(size // 2 + 2, size - 1))
    shown = file_context("a.txt", text, target, budget, lambda part: len(part) // 4)
    body = [line for line in shown.splitlines() if line.startswith("line ")]
    assert set(body) <= set(text.content.splitlines())
    assert len("\n".join(body)) // 4 <= budget
    assert f"line {size // 2}" not in body


def test_a_whole_file() -> None:
    text = Text("a\nb\n")
    assert whole_file("x", text, None, 100, len) == "The file x:\na\nb\n"
    assert file_context("x", text, at(0, 0, 1), 100, len) == ""


@settings(deadline=None)
@given(st.integers(0, 399), st.integers(300, 6000))
@example(385, 2085)
def test_of_a_long_file_the_part_around_the_cursor(line: int, budget: int) -> None:
    rows = [f"def f{number}(): return {number}" for number in range(400)]
    shown = whole_file("a.py", Text("\n".join(rows)), line, budget, len)
    outline, _, part = shown.partition("\n\n")
    assert outline.startswith("Defined in a.py:\n1: def f0()")
    title, *lines = part.splitlines()
    first = rows.index(lines[0])
    assert lines == rows[first : first + len(lines)]
    assert title == f"The file a.py, lines {first + 1} to {first + len(lines)} of 400:"
    assert rows[line] in lines
    assert len("\n".join(lines)) <= budget


def test_targets() -> None:
    document = SyntaxDocument.parse("import x\n\ndef f():\n    return 1\n\ny = 2\n", "python")
    assert target_for(document, at(3, 4), "file").start.line == 2
    assert target_for(document, at(5), "statement") == Range(Position(5, 0), Position(5, 5))
    assert target_for(document, at(5), "file") == document.text.full_range
    assert target_for(document, None, "file") == document.text.full_range
    assert target_for(document, at(0, 0, 5), "file").end.line == 5

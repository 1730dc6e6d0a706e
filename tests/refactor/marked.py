"""Texts with a ``$0`` cursor or a ``«selection»``, and what a refactoring makes of them."""

from __future__ import annotations

from typing import Any

from lsp_agent.refactor.change import Finder
from lsp_agent.refactor.errors import RefusedError
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.workspace.edits import apply_edits
from lsp_agent.workspace.positions import Range
from lsp_agent.workspace.text import Text


def placed(marked: str, language: str = "python") -> tuple[SyntaxDocument, Range]:
    """Return a document without its marks, and where they stood."""
    if "$0" in marked:
        start = end = marked.index("$0")
        plain = marked.replace("$0", "")
    else:
        start = marked.index("«")
        plain = marked.replace("«", "").replace("»", "")
        end = marked.index("»") - 1
    text = Text(plain)
    return SyntaxDocument.parse(plain, language), Range(text.position(start), text.position(end))


def changed(finder: Finder, marked: str, language: str = "python", argument: str = "") -> str:
    """Return the text after a change, which must leave no new syntax error; "" where none is."""
    document, range_ = placed(marked, language)
    found = [one for one in finder(document, range_) if argument in ("", one.argument)]
    if not found:
        return ""
    after = apply_edits(document.text, found[0].edits()).content
    assert not SyntaxDocument.parse(after, language).errors(), after
    return after


def refusal(finder: Finder, marked: str, language: str = "python", argument: str = "") -> str:
    """Return why a change is refused; "" where it is not."""
    try:
        after = changed(finder, marked, language, argument)
    except RefusedError as error:
        return str(error)
    return "" if after else "nothing is offered"


def run(source: str, calls: tuple[str, ...]) -> list[Any]:
    """Return what expressions are worth, in order, once a program has run."""
    names: dict[str, Any] = {"log": []}
    exec(compile(source, "program", "exec"), names)
    results: list[Any] = []
    for call in calls:
        try:
            results.append(repr(eval(call, names)))
        except Exception as error:  # noqa: BLE001 - what is raised is a result too
            results.append(f"{type(error).__name__}")
    return [*results, repr(names["log"])]

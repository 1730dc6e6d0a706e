"""Tests that a model wrote, put into the file where they belong; pure functions of texts."""

from __future__ import annotations

import re

from lsp_agent.agent.forms.spec import AnswerError
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.facts import file_facts
from lsp_agent.syntax.heads import import_statements
from lsp_agent.syntax.languages import language_of
from lsp_agent.workspace.blocks import with_eol
from lsp_agent.workspace.text import Text, split_lines

_MAIN = re.compile(r"^if __name__ ==.*\Z", re.MULTILINE | re.DOTALL)


def names_of_tests(path: str, text: str) -> tuple[str, ...]:
    """Return the names of a file's tests; not those of the classes and suites that hold them."""
    names = file_facts(text, language_of(path)).tests
    return tuple(
        name
        for name in names
        if not any(other.startswith((f"{name}.", f"{name} > ")) for other in names)
    )


def add_tests(path: str, before: str | None, code: str) -> str:
    """Return a test file's text with more tests at its end, and their imports among its own.

    ``before`` is ``None`` where there is no such file. Code that holds all that was there takes its
    place. Raises :class:`AnswerError` for code without a test, or with one whose name is taken.
    """
    code = code.replace("\r\n", "\n").strip("\n") + "\n"
    wanted = names_of_tests(path, code)
    if not wanted:
        raise AnswerError(f"Your answer holds no test that could stand in {path}.")
    if before is None or not before.strip() or _holds(code, before):
        return with_eol(code, Text(before or "").eol) if before else code
    taken = set(wanted) & set(names_of_tests(path, before))
    if taken:
        raise AnswerError(
            f"{path} has a test named {min(taken)} already; give yours names of their own."
        )
    head, body = _parted(path, code)
    again = _defined(path, body) & _defined(path, before)
    if again:
        raise AnswerError(f"{path} defines {min(again)} already; choose another name.")
    text = before.replace("\r\n", "\n")
    text = _with_head(path, text, head)
    gap = "\n\n\n" if path.endswith(".py") else "\n\n"
    main = _MAIN.search(text) if path.endswith(".py") else None
    end = main.start() if main else len(text)
    tail = f"{gap}{text[end:]}" if main else "\n"
    return with_eol(text[:end].rstrip("\n") + gap + body.strip("\n") + tail, Text(before).eol)


def _holds(code: str, before: str) -> bool:
    """Whether code repeats a whole file."""
    rows = {row.strip() for row in split_lines(code)}
    return all(row.strip() in rows for row in split_lines(before))


def _defined(path: str, text: str) -> set[str]:
    """Return the names that a text defines at its top."""
    symbols = SyntaxDocument.read(path, text).symbols()
    return {symbol.name for symbol in symbols if symbol.parent is None and symbol.name != "_"}


def _parted(path: str, code: str) -> tuple[list[str], str]:
    """Part a text into its import statements and the rest."""
    document = SyntaxDocument.read(path, code)
    spans = [document.text.span(range_) for range_ in import_statements(document)]
    body, at = [], 0
    for start, end in spans:
        body.append(code[at:start].rstrip(" "))
        at = end + 1 if code[end : end + 1] == "\n" else end
    return [code[start:end] for start, end in spans], "".join([*body, code[at:]])


def _with_head(path: str, text: str, head: list[str]) -> str:
    """Return a file's text with the imports that it lacks, behind its own."""
    document = SyntaxDocument.read(path, text)
    ranges = import_statements(document)
    known = {document.text.slice(one) for one in ranges}
    fresh = [one for one in head if one not in known and not one.startswith("package ")]
    if not fresh:
        return text
    end = document.text.span(ranges[-1])[1] if ranges else 0
    lines = "\n".join(fresh)
    return f"{text[:end]}\n{lines}{text[end:]}" if ranges else f"{lines}\n\n{text}"

"""Changed lines of a numbered piece: the form of *fix*."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from typing import ClassVar

from lsp_agent.agent.forms.spec import AnswerError, choice, literal
from lsp_agent.resources import resource
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.workspace.blocks import with_eol
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.text import Text

MAX_LINES = 48
AROUND = 12
NOTHING = "ok"
_CHANGE = re.compile(r"(?P<number>\d{1,3})\|(?P<text>.*)")
_WORD = re.compile(r"[A-Za-z_]\w*")
_ATTRIBUTE = re.compile(r"\.([A-Za-z_]\w*)")
_MEMBER = re.compile(r"\bself\.([A-Za-z_]\w*)")
_QUOTED = re.compile(r"[`'\"“]([A-Za-z_][\w.]*)[`'\"”]")
_NAMES = re.compile(r"[`'\"“]([A-Za-z_]\w*)\*?[`'\"”]")
_MAX_SIMILAR = 4
_SLIP = 0.75
_MAX_MESSAGE = 160


@dataclass(frozen=True, slots=True)
class Report:
    """A diagnostic; ``line`` is 0-based in the file."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class Changes:
    """The lines ``first`` to ``last`` of a text, 0-based, and what is reported in them."""

    text: Text
    first: int
    last: int
    reports: tuple[Report, ...]

    prompt: ClassVar[str] = "fix"

    def question(self) -> str:
        """Show the numbered lines, from 1, and each report with its line once more.

        A report of an unknown name comes with the known names that are like it.
        """
        rows = [self._row(number) for number in range(self.first, self.last + 1)]
        reported = [self._reported(one) for one in self.reports] or ["nothing is reported"]
        return "\n".join([*rows, "", *reported])

    def grammar(self) -> str:
        """Allow the lines that were shown, or the word that nothing is wrong."""
        numbers = [str(number) for number in range(1, self.last - self.first + 2)]
        return resource("changes.gbnf") + f"number ::= {choice(numbers)}\n"

    def choices(self) -> str:
        """Return a grammar for a model that knows little: an unknown name becomes a known one.

        ``""`` where the first report is not of an unknown name on its line, or where no name is
        so much like it that it can only be a slip.
        """
        report = self.reports[0]
        line = self.text.line(report.line)
        for name, pattern in self.unknown_names():
            match = pattern.search(line)
            if match is None:
                continue
            start = match.end() - len(name)
            similar = names_like(name, self.text.content, member=line[:start].endswith("."))
            if any(_is_slip(name, one) for one in similar):
                head = literal(f"{report.line - self.first + 1}|{line[:start]}")
                return f"root ::= {head} ({choice(similar)}) {literal(line[match.end() :])}\n"
        return ""

    def apply(self, answer: str) -> str:
        """Put the changed lines in the place of the old ones."""
        changed = read_changes(answer, self.last - self.first + 1)
        if not changed:
            return self.text.content
        lines: list[str] = []
        for number in range(self.first, self.last + 1):
            lines += changed.get(number - self.first + 1, [self.text.line(number)])
        range_ = Range(Position(self.first, 0), Position(self.last, len(self.text.line(self.last))))
        return self.text.replace(range_, with_eol("\n".join(lines), self.text.eol)).content

    def unknown_names(self) -> list[tuple[str, re.Pattern[str]]]:
        """Return the names that the reports call unknown, and what finds each in a text.

        A missing attribute is looked for behind a dot, any other name where none stands.
        """
        found = []
        for report in self.reports:
            quoted = _NAMES.findall(report.message) if _speaks_of_a_name(report.message) else []
            if not quoted:
                continue
            attribute = _speaks_of_an_attribute(report.message)
            # Of an attribute's message the owner comes first in some tools, and last in others.
            for name in quoted if attribute else quoted[:1]:
                lead = r"\." if attribute else r"(?<![\w.])"
                found.append((name, re.compile(rf"{lead}{re.escape(name)}\b")))
        return found

    def _reported(self, report: Report) -> str:
        message = " ".join(report.message.split())[:_MAX_MESSAGE]
        similar = similar_names(message, self.text.content)
        known = f" (known: {', '.join(similar)})" if similar else ""
        # The line itself stands last, where it is copied from most easily.
        number = report.line - self.first + 1
        return f"line {number}: {message}{known}\n{self._row(report.line)}"

    def _row(self, number: int) -> str:
        return f"{number - self.first + 1}|{self.text.line(number)}"


def read_changes(answer: str, count: int) -> dict[int, list[str]]:
    """Read an answer: the new lines by number; empty for one that says nothing is wrong.

    Raises :class:`AnswerError` for a line that is no change or that was not shown.
    """
    changed: dict[int, list[str]] = {}
    if answer.strip() in ("", NOTHING):
        return changed
    for row in answer.strip("\r\n").splitlines():
        match = _CHANGE.fullmatch(row)
        if match is None:
            raise AnswerError(f"this is not NUMBER|TEXT: {row[:60]}")
        number = int(match["number"])
        if not 1 <= number <= count:
            raise AnswerError(f"there is no line {number}; the piece has the lines 1 to {count}")
        changed.setdefault(number, []).append(match["text"])
    return changed


def similar_names(message: str, source: str) -> list[str]:
    """Return names of a source that look like the unknown one that a message quotes.

    A name that the source has as an attribute of ``self`` is given so: ``self.items``.
    """
    quoted = _QUOTED.search(message)
    if quoted is None or not _speaks_of_a_name(message):
        return []
    name = quoted[1]
    similar = [f"self.{name}"] if name in _MEMBER.findall(source) else []
    words = set(_WORD.findall(source)) - {name}
    similar += get_close_matches(name, sorted(words), _MAX_SIMILAR, 0.6)
    return similar[:_MAX_SIMILAR]


def names_like(name: str, source: str, *, member: bool) -> list[str]:
    """Return what an unknown name may be meant to be; ``member`` for one behind a dot.

    An attribute of ``self`` by that very name leaves no doubt. Behind a dot only what stands
    behind one elsewhere is likely.
    """
    attributes = set(_ATTRIBUTE.findall(source))
    if not member and name in set(_MEMBER.findall(source)):
        return [f"self.{name}"]
    words = (attributes if member else set(_WORD.findall(source))) - {name}
    return get_close_matches(name, sorted(words), _MAX_SIMILAR, 0.6)


def _is_slip(name: str, known: str) -> bool:
    """Whether an unknown name can be a known one misspelt; a short one may be anything."""
    if known == f"self.{name}":
        return True
    return len(name) > 3 and SequenceMatcher(None, name, known).ratio() >= _SLIP


def _speaks_of_an_attribute(message: str) -> bool:
    return "attribute" in message.casefold() or "member" in message.casefold()


def _speaks_of_a_name(message: str) -> bool:
    lowered = message.casefold()
    return any(
        word in lowered
        for word in ("undefined", "not defined", "unresolved", "attribute", "unknown", "no member")
    )


def changes_for(document: SyntaxDocument, reports: Sequence[Report]) -> Changes:
    """Make the form for reports, the first of which says where: its definition's lines.

    Of a longer definition, and where there is none, the lines around the place are shown; a
    report outside of them is left out.
    """
    text, line = document.text, reports[0].line
    symbol = document.enclosing(Position(line, 0))
    first, last = (
        (symbol.range.start.line, symbol.range.end.line)
        if symbol is not None and symbol.kind in ("function", "method")
        else (max(line - AROUND, 0), min(line + AROUND, text.line_count - 1))
    )
    if last - first + 1 > MAX_LINES:
        first = max(first, min(line - MAX_LINES * 2 // 3, last - MAX_LINES + 1))
        last = min(last, first + MAX_LINES - 1)
    while first < line and not text.line(first).strip():
        first += 1
    while last > line and not text.line(last).strip():
        last -= 1
    return Changes(text, first, last, tuple(one for one in reports if first <= one.line <= last))

"""Where comments, docstrings and documents speak of a name, and which strings hold it.

A mention counts where nothing else can be meant: in backticks, or with the name of what it is in
before it (``Till.pay``). Prose that merely uses the word is left alone.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass

from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.text import Text

_DOCUMENTS = (".md", ".markdown", ".rst", ".txt", ".adoc", ".mdx")
_SPAN = re.compile(r"(`+)(.+?)\1")
_FENCE = re.compile(r"^\s*(```|~~~)")
_IDENTIFIERS = re.compile(r"[\w.:/\[\]-]*")
_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Mention:
    """A place where text names a symbol, with the line that it stands in."""

    path: str
    range: Range
    line: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What is spoken of: a name, and what it is in (a class, a module).

    ``alone`` says that the name by itself means nothing else. ``within`` are the lines of each file
    outside which nothing is meant, for what is known in one function only.
    """

    name: str
    holders: frozenset[str]
    alone: bool
    within: dict[str, list[tuple[int, int]]] | None = None

    def covers(self, path: str, line: int) -> bool:
        """Whether a line may speak of it."""
        if self.within is None:
            return True
        return any(first <= line <= last for first, last in self.within.get(path, ()))

    def held_by(self, prefix: str) -> bool:
        """Whether a dotted prefix ends in what holds the name."""
        last = re.split(r"[.:]", prefix.rstrip(".:"))[-1]
        return _plain(last) in {_plain(one) for one in self.holders}


def mentions(path: str, content: str, subject: Subject) -> tuple[list[Mention], list[Mention]]:
    """Return what speaks of a subject, and what may and is not touched: strings, settings."""
    if path.endswith(_DOCUMENTS):
        return _of_document(path, content, subject), []
    if path.endswith((".py", ".pyi")):
        return _of_python(path, content, subject)
    text = Text(content)
    wanted = _wanted(subject)
    left = [
        _mention(path, text, number, match.start("name"), subject.name)
        for number in range(text.line_count)
        for match in wanted.finditer(text.line(number))
        if match["prefix"] and subject.held_by(match["prefix"]) and subject.within is None
    ]
    return [], left


def _of_document(path: str, content: str, subject: Subject) -> list[Mention]:
    text = Text(content)
    found: list[Mention] = []
    fence = ""
    for number in range(text.line_count):
        line = text.line(number)
        mark = _FENCE.match(line)
        if mark is not None and fence in ("", mark[1]):
            fence = "" if fence else mark[1]
            continue
        spans = [(0, len(line))] if fence else [one.span(2) for one in _SPAN.finditer(line)]
        columns = _columns(line, spans, subject) if subject.within is None else []
        found += [_mention(path, text, number, column, subject.name) for column in columns]
    return found


def _of_python(path: str, content: str, subject: Subject) -> tuple[list[Mention], list[Mention]]:
    text = Text(content)
    found: list[Mention] = []
    left: list[Mention] = []
    parameter = re.compile(
        rf"^\s*(?P<name>{re.escape(subject.name)})\s*(?:\([^)]*\)\s*)?:"
        rf"|:(?:param|arg|type)\s+(?:\w+\s+)?(?P<field>{re.escape(subject.name)}):"
    )
    for kind, number, start, line in _pieces(content):
        columns: list[int] = []
        if not subject.covers(path, number):
            continue
        if kind == "string":
            if (column := _in_string(line, subject)) is not None:
                left.append(_mention(path, text, number, start + column, subject.name))
            continue
        columns += _columns(line, [one.span(2) for one in _SPAN.finditer(line)], subject)
        if kind == "docstring" and subject.within is not None:
            match = parameter.search(line)
            columns += [match.start(match.lastgroup or 0)] if match else []
        found += [
            _mention(path, text, number, start + column, subject.name)
            for column in sorted(set(columns))
        ]
    return found, left


def _in_string(line: str, subject: Subject) -> int | None:
    """Return where a string that is made of identifiers holds the name."""
    bare = line.strip("rbufRBUF").strip("\"'")
    if not _IDENTIFIERS.fullmatch(bare):
        return None
    for match in _wanted(subject).finditer(line):
        if (
            subject.held_by(match["prefix"])
            if match["prefix"]
            else subject.alone or bare == match[0]
        ):
            return match.start("name")
    return None


def _columns(line: str, spans: list[tuple[int, int]], subject: Subject) -> list[int]:
    """Return where a line names the subject: in one of the spans, or qualified anywhere."""
    found = []
    for match in _wanted(subject).finditer(line):
        at = match.start("name")
        inside = any(first <= at < last for first, last in spans)
        if subject.held_by(match["prefix"]) if match["prefix"] else inside and subject.alone:
            found.append(at)
    return found


def _wanted(subject: Subject) -> re.Pattern[str]:
    name = re.escape(subject.name)
    return re.compile(rf"(?<![\w.])(?P<prefix>(?:\w+[.:])*)(?P<name>{name})(?!\w)")


def _pieces(content: str) -> Iterator[tuple[str, int, int, str]]:
    """Yield comments and strings line by line: kind, line, first column, text.

    Kinds are ``comment``, ``docstring`` and ``string``. A text that Python can't take apart
    has none from where it fails on.
    """
    tokens = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(content, newline="").readline):
            if token.type != tokenize.NL:
                tokens.append(token)  # noqa: PERF401 - those before an error count
    except (tokenize.TokenError, SyntaxError):
        pass
    opens = (
        tokenize.NEWLINE,
        tokenize.INDENT,
        tokenize.DEDENT,
        tokenize.ENCODING,
        tokenize.COMMENT,
    )
    for index, token in enumerate(tokens):
        if token.type == tokenize.COMMENT:
            kind = "comment"
        elif token.type == tokenize.STRING:
            before = tokens[index - 1].type if index else tokenize.NEWLINE
            after = tokens[index + 1].type if index + 1 < len(tokens) else tokenize.NEWLINE
            kind = "docstring" if before in opens and after == tokenize.NEWLINE else "string"
        else:
            continue
        (row, column), lines = token.start, token.string.split("\n")
        for offset, line in enumerate(lines):
            yield kind, row - 1 + offset, 0 if offset else column, line


def _mention(path: str, text: Text, line: int, column: int, name: str) -> Mention:
    place = Range(Position(line, column), Position(line, column + len(name)))
    return Mention(path, place, text.line(line).strip()[:_SHOWN])


def _plain(name: str) -> str:
    return name.replace("_", "").casefold()

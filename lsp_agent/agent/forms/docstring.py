"""Documentation in parts: the form of *document* for Python functions and classes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from lsp_agent.agent.forms.spec import AnswerError, choice, literal
from lsp_agent.resources import resource
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.functions import function_at
from lsp_agent.workspace.blocks import with_eol
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.text import Text

Style = Literal["google", "numpy", "sphinx"]
RESULT = "returns"
MAX_LINES = 60
_MAX_NAMES = 200
_CONSTANTS = ("None", "True", "False")
_WORD = re.compile(r"[A-Za-z_]\w*")
_INDENT = re.compile(r"[ \t]*")
_STYLES: dict[Style, re.Pattern[str]] = {
    "google": re.compile(r"^[ \t]*(?:Args|Arguments|Returns|Raises):[ \t]*$", re.MULTILINE),
    "numpy": re.compile(r"^[ \t]*(?:Parameters|Returns)[ \t]*\r?\n[ \t]*-{3,}", re.MULTILINE),
    "sphinx": re.compile(r"^[ \t]*:(?:param|returns?|raises)\b", re.MULTILINE),
}


@dataclass(frozen=True, slots=True)
class Docstring:
    """Documentation as it is asked for; ``result`` is empty where there is none."""

    summary: str
    parameters: tuple[tuple[str, str], ...]
    result: str


@dataclass(frozen=True, slots=True)
class Documentation:
    """A definition of a text: its lines, and its shape where it is a function.

    ``body`` is where its first statement begins, ``old`` the docstring's statement to replace.
    ``parameters`` are the names to speak of, with their stars.
    """

    text: Text
    range: Range
    body: Position
    old: Range | None
    parameters: tuple[str, ...] = ()
    result: bool = False

    prompt: ClassVar[str] = "document"

    def question(self) -> str:
        """Show the definition without its docstring, its first lines where it is long."""
        return "\n".join(self._shown())

    def grammar(self) -> str:
        """Allow a summary, then each parameter by name, then the result."""
        parts = ["summary"]
        parts += [f"{literal(chr(10) + _bare(name) + ': ')} words" for name in self.parameters]
        if self.result:
            parts.append(f"{literal(chr(10) + RESULT + ': ')} words")
        names = choice(sorted({*_WORD.findall(self.question()), *_CONSTANTS})[:_MAX_NAMES])
        return f"{resource('docstring.gbnf')}root ::= {' '.join(parts)}\nname ::= {names}\n"

    def apply(self, answer: str) -> str:
        """Put the docstring in front of the body, in the style that the file has."""
        docstring = read_docstring(answer, self.parameters, result=self.result)
        line = self.text.line(self.body.line)
        indent = _indent(line)
        one_liner = line[: self.body.character].strip() != ""
        if one_liner:
            # def f(): return 1
            indent = _indent(self.text.line(self.range.start.line)) + "    "
        rendered = render_docstring(docstring, file_style(self.text.content), indent)
        new = "\n".join(rendered)
        if self.old is not None:
            return self.text.replace(self.old, with_eol(new.lstrip(), self.text.eol)).content
        place = Range(self.body, self.body)
        if one_liner:
            head = self.text.line(self.body.line)[: self.body.character]
            place = Range(Position(self.body.line, len(head.rstrip())), self.body)
            new = f"\n{new}\n{indent}"
        else:
            new = f"{new.lstrip()}\n{indent}"
        return self.text.replace(place, with_eol(new, self.text.eol)).content

    def _shown(self) -> list[str]:
        lines = []
        for number in range(self.range.start.line, self.range.end.line + 1):
            inside = self.old and self.old.start.line <= number <= self.old.end.line
            if not inside:
                lines.append(self.text.line(number))
        if len(lines) > MAX_LINES:
            lines = [*lines[:MAX_LINES], "…"]
        return lines


def documentation_for(document: SyntaxDocument, position: Position) -> Documentation | None:
    """Make the form for the function or class at a place of a Python file, if there is one."""
    symbol = document.enclosing(position)
    if symbol is None or document.language != "python" or symbol.body_range is None:
        return None
    shape = function_at(document, symbol.name_range.start)
    if symbol.kind == "class" or shape is None:
        return Documentation(
            document.text, symbol.range, symbol.body_range.start, symbol.docstring_range
        )
    names = tuple(f"{one.stars}{one.name}" for one in shape.parameters)
    result = shape.returns or shape.yields
    return Documentation(
        document.text, symbol.range, shape.body, shape.docstring, names, result=result
    )


def read_docstring(answer: str, parameters: Sequence[str], *, result: bool) -> Docstring:
    """Read an answer. Raises :class:`AnswerError` naming what is missing or invented."""
    rows = [row.strip() for row in answer.strip().splitlines() if row.strip()]
    if not rows:
        raise AnswerError("the answer is empty")
    said = {}
    for row in rows[1:]:
        name, colon, words = row.partition(":")
        if not colon or not words.strip():
            raise AnswerError(f"this is not NAME: what it is: {row[:60]}")
        said[name.strip().lstrip("*")] = words.strip()
    wanted = [_bare(name) for name in parameters]
    if missing := [name for name in wanted if name not in said]:
        raise AnswerError(f"nothing is said of {', '.join(missing)}")
    if invented := [name for name in said if name not in wanted and name != RESULT]:
        raise AnswerError(f"there is no parameter {', '.join(invented)}")
    if result and RESULT not in said:
        raise AnswerError("nothing is said of the result")
    pairs = tuple((name, said[_bare(name)]) for name in parameters)
    return Docstring(rows[0], pairs, said[RESULT] if result else "")


def file_style(source: str) -> Style:
    """Return the style that most docstrings of a file have; Google's where none shows."""
    counts: dict[Style, int] = {
        style: len(pattern.findall(source)) for style, pattern in _STYLES.items()
    }
    return max(counts, key=lambda style: counts[style])


def render_docstring(docstring: Docstring, style: Style, indent: str) -> list[str]:
    """Return the docstring's lines with its quotes, indented."""
    sections = _SECTIONS[style](docstring)
    summary = docstring.summary
    if not sections:
        return [f'{indent}"""{summary}"""']
    rows = [f'"""{summary}', "", *sections, '"""']
    return [f"{indent}{row}".rstrip() for row in rows]


def _google(docstring: Docstring) -> list[str]:
    rows = []
    if docstring.parameters:
        rows += ["Args:", *(f"    {name}: {words}" for name, words in docstring.parameters)]
    if docstring.result:
        rows += [""] if rows else []
        rows += ["Returns:", f"    {docstring.result}"]
    return rows


def _numpy(docstring: Docstring) -> list[str]:
    rows = []
    if docstring.parameters:
        rows += ["Parameters", "----------"]
        for name, words in docstring.parameters:
            rows += [name, f"    {words}"]
    if docstring.result:
        rows += [""] if rows else []
        rows += ["Returns", "-------", docstring.result]
    return rows


def _sphinx(docstring: Docstring) -> list[str]:
    rows = [f":param {_bare(name)}: {words}" for name, words in docstring.parameters]
    return [*rows, f":returns: {docstring.result}"] if docstring.result else rows


_SECTIONS = {"google": _google, "numpy": _numpy, "sphinx": _sphinx}


def _bare(name: str) -> str:
    return name.lstrip("*")


def _indent(line: str) -> str:
    found = _INDENT.match(line)
    return found[0] if found else ""

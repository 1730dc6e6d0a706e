"""Type hints by name: the form of *annotate*, for Python functions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar

from lsp_agent.agent.forms.spec import AnswerError, choice, literal
from lsp_agent.resources import resource
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.functions import FunctionShape, Parameter, function_at, type_names
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.text import Text

BUILTIN = (
    "None", "bool", "bytes", "complex", "dict", "float", "frozenset", "int", "list", "object",
    "set", "str", "tuple", "type",
)  # fmt: skip
RESULT = "return"
MAX_LINES = 60
_NAME = re.compile(r"[A-Za-z_][\w.]*")


@dataclass(frozen=True, slots=True)
class Annotations:
    """A function of a text, and the names of types that its file knows."""

    text: Text
    range: Range
    shape: FunctionShape
    known: tuple[str, ...]

    prompt: ClassVar[str] = "annotate"

    @property
    def missing(self) -> tuple[Parameter, ...]:
        """The parameters without a hint."""
        return tuple(one for one in self.shape.parameters if not one.annotated)

    def question(self) -> str:
        """Show the function and the file's types, then what is asked for."""
        last = min(self.range.end.line, self.range.start.line + MAX_LINES - 1)
        rows = [self.text.line(number) for number in range(self.range.start.line, last + 1)]
        known = f"Types: {', '.join(self.known)}" if self.known else "Types: builtin ones"
        return "\n".join([*rows, "", known])

    def grammar(self) -> str:
        """Allow one type for each missing hint, made of names that the file knows."""
        parts = [f"{literal(name + ': ')} type" for name in self._asked()]
        names = choice([*BUILTIN, *self.known])
        body = f" {literal(chr(10))} ".join(parts)
        return f"{resource('annotations.gbnf')}root ::= {body}\nname ::= {names}\n"

    def apply(self, answer: str) -> str:
        """Put the hints into the header. Raises :class:`AnswerError` for an unknown name."""
        said = self._read(answer)
        text = self.text
        edits = [self._hint(one, said[one.name]) for one in self.missing]
        if not self.shape.return_annotated:
            edits.append((Range(self.shape.arrow, self.shape.arrow), f" -> {said[RESULT]}"))
        for range_, new in reversed(edits):
            text = text.replace(range_, new)
        return text.content

    def _asked(self) -> list[str]:
        names = [one.name for one in self.missing]
        return names if self.shape.return_annotated else [*names, RESULT]

    def _read(self, answer: str) -> dict[str, str]:
        said = {}
        for row in answer.strip().splitlines():
            name, _, hint = row.partition(":")
            said[name.strip().lstrip("*")] = hint.strip()
        for name in self._asked():
            if not said.get(name):
                raise AnswerError(f"there is no type for {name}")
            if unknown := [
                one for one in _NAME.findall(said[name]) if one not in (*BUILTIN, *self.known)
            ]:
                raise AnswerError(f"the file does not know {', '.join(unknown)}")
        return said

    def _hint(self, parameter: Parameter, hint: str) -> tuple[Range, str]:
        if parameter.value is None:
            return Range(parameter.end, parameter.end), f": {hint}"
        # PEP 8: no spaces around the = of a bare default, but around that of a hinted one.
        return Range(parameter.end, parameter.value), f": {hint} = "


def annotations_for(document: SyntaxDocument, position: Position) -> Annotations | None:
    """Make the form for the function at a place of a Python file; ``None`` without one."""
    symbol = document.enclosing(position)
    if symbol is None or symbol.kind not in ("function", "method"):
        return None
    shape = function_at(document, symbol.name_range.start)
    if shape is None:
        return None
    known = tuple(name for name in type_names(document) if name not in BUILTIN)
    return Annotations(document.text, symbol.range, shape, known)

"""The protocol of answer forms."""

from __future__ import annotations

from typing import ClassVar, Protocol

from lsp_agent.errors import LspAgentError


class AnswerError(LspAgentError):
    """An answer that can't be used; the message goes back to the model."""

    code = "bad-answer"


class Form(Protocol):
    """One piece of code in one form; ``prompt`` names the system prompt."""

    prompt: ClassVar[str]

    def question(self) -> str:
        """Return what the model is shown after the system prompt."""
        ...

    def grammar(self) -> str:
        """Return the GBNF of the answers that can be read."""
        ...

    def apply(self, answer: str) -> str:
        """Return the file's text after an answer; equal text means that nothing is to change.

        Raises :class:`AnswerError` saying what is wrong with the answer.
        """
        ...


def literal(text: str) -> str:
    """Return a GBNF literal."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def choice(texts: list[str]) -> str:
    """Return a GBNF choice of literals."""
    return " | ".join(literal(text) for text in texts)

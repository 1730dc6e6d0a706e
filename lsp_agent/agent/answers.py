"""From what a model writes into a gap to what is worth offering there. Pure functions of texts."""

from __future__ import annotations

from dataclasses import dataclass

from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.insertion import insertion
from lsp_agent.syntax.languages import comment_mark
from lsp_agent.workspace.positions import Position
from lsp_agent.workspace.text import Text

MAX_LINES = 8
_LOOKAHEAD = 4000
CLOSERS = " \t)]}\"',:;"
_ENDS = (")", "]", "}", "end", "fi", "done", "esac")
_COMMENTS = ("/*", "<!--")


@dataclass(frozen=True, slots=True)
class Block:
    """A block as far as it is written: its lines, and the first one that shows its end.

    That is a line with less indentation than the block's first. One that closes the block, with a
    bracket or a word like ``end``, is kept apart.
    """

    lines: list[str]
    outside: int | None

    @classmethod
    def read(cls, before: str, answer: str) -> Block:
        """Read an answer; ``before`` is what stands before the cursor on its line."""
        lines = answer.replace("\r\n", "\n").split("\n")
        indent = _width(before + lines[0])
        rows = enumerate(lines[1:], start=1)
        outside = (number for number, line in rows if line.strip() and _width(line) < indent)
        return cls(lines, next(outside, None))

    @property
    def over(self) -> bool:
        """Whether no more need be written: it ended, or has eight lines."""
        if self.outside is None:
            return len(self.lines) > MAX_LINES
        whole = self.outside < len(self.lines) - 1
        return whole or not _closes(self.lines[self.outside].lstrip(), whole=False)

    def result(self, *, ended: bool) -> tuple[str, str]:
        """Return the block and the line that closes it, or ``""``.

        The last line of an answer that was not ``ended`` is not whole, so it is left out.
        """
        whole = self.lines if ended else self.lines[:-1]
        block = "\n".join(whole[: self.outside][:MAX_LINES]).rstrip()
        rest = whole[self.outside :] if self.outside is not None else []
        closing = rest[0].rstrip() if rest and _closes(rest[0].lstrip(), whole=True) else ""
        return block, closing


def opens_block(text: Text, position: Position) -> bool:
    """Whether the cursor stands on an empty line behind one that opens a block."""
    if text.line(position.line).strip():
        return False
    above = next(
        (
            line
            for number in range(position.line - 1, -1, -1)
            if (line := text.line(number).rstrip())
        ),
        "",
    )
    return above.endswith((":", "{", "(", "["))


def fitted(document: SyntaxDocument, position: Position, block: str, closing: str) -> str:
    """Return a block up to where it closes the node around the cursor.

    Its closing line is taken where the text needs it: with it there are fewer syntax errors. Cost:
    one reparse, two with a closing line.
    """
    found = insertion(document, position, block)
    if closing:
        closed = insertion(document, position, f"{block}\n{closing}")
        if closed.errors < found.errors:
            block, found = f"{block}\n{closing}", closed
    # What closes more on the same line belongs to it: "});".
    tail = block[found.closes :].partition("\n")[0]
    return block[: found.closes] + (tail.rstrip() if not tail.strip(CLOSERS) else "")


def without_overlap(answer: str, rest: str) -> str:
    """Return an answer without the end that already stands behind the cursor on its line."""
    rest = rest.rstrip()
    for length in range(min(len(answer), len(rest)), 0, -1):
        if answer.endswith(rest[:length]):
            return answer[:-length]
    return answer


def without_following(answer: str, before: str, behind: str) -> str:
    """Return an answer without its last lines where they are the next ones of the text already.

    ``before`` is what stands before the cursor on its line, ``behind`` what comes after that line.
    """
    lines = (before + answer).split("\n")
    written = [number for number, line in enumerate(lines) if line.strip()]
    # Blank lines aside, and no more than there are to compare.
    following: list[str] = []
    for line in behind[:_LOOKAHEAD].split("\n"):
        if line.strip() and len(following) < len(written):
            following.append(line.rstrip())
    for count in range(min(len(written), len(following)), 0, -1):
        if [lines[number].rstrip() for number in written[-count:]] == following[:count]:
            kept = "\n".join(lines[: written[-count]])
            return kept[len(before) :].rstrip()
    return answer


def says_something(answer: str, before: str, language: str | None) -> bool:
    """Whether an answer is more than white space and comments; in a comment those are welcome."""
    if not answer.strip():
        return False
    mark = comment_mark(language)
    if language is None or mark in before or before.lstrip().startswith((*_COMMENTS, "*")):
        return True
    if answer.lstrip().startswith(_COMMENTS):
        return bool(answer.rpartition("*/")[2].rpartition("-->")[2].strip())
    return any(not line.lstrip().startswith(mark) for line in answer.split("\n") if line.strip())


def _closes(line: str, *, whole: bool) -> bool:
    """Whether a line begins with what closes a block; one under way may still become that."""
    word = line.rstrip()
    if word.startswith(_ENDS[:3]):
        return True
    return word in _ENDS or (not whole and any(end.startswith(word) for end in _ENDS))


def _width(line: str) -> int:
    return len(line) - len(line.lstrip())

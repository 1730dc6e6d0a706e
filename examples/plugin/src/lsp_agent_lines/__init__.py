"""Lines: a tool that counts those with a word, an action that sorts the selected ones."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.api import (
    ActionError,
    Answer,
    Arguments,
    BaseAction,
    Example,
    ExistingFile,
    Offer,
    Place,
    Position,
    Range,
    RunRequest,
    TextEdit,
    Tool,
    ToolContext,
)

LSP_AGENT_API = 1


class CountLines(Arguments):
    """What the model passes; the fields' types and descriptions are its schema."""

    path: ExistingFile
    word: str


def count_lines(context: ToolContext, arguments: CountLines) -> str:
    """Answer with the number; the overlay shows files as the run has changed them."""
    lines = context.overlay.read(arguments.path).splitlines()
    count = sum(arguments.word in line for line in lines)
    return f"{count} of {len(lines)} lines of {arguments.path} have {arguments.word!r}"


class SortLines(BaseAction):
    """Sort the selected lines; no model is needed."""

    name: ClassVar = "sort_lines"
    kind: ClassVar = "refactor.rewrite.lspAgent.sortLines"
    summary: ClassVar = "sort the selected lines"
    answer: ClassVar[Answer] = "edit"
    example: ClassVar = Example(
        language="python",
        before='NAMES = [\n«    "b",\n    "a",»\n]\n',
        after='NAMES = [\n    "a",\n    "b",\n]\n',
    )

    def offers(self, place: Place) -> list[Offer]:
        """Offer it where more than one line is selected; only the selection is looked at."""
        if place.range.start.line == place.range.end.line:
            return []
        return [Offer("Sort the selected lines", needs_model=False)]

    def request(self, place: Place, argument: str) -> RunRequest:
        """Return the edit, which is checked as any other is."""
        first, last = place.range.start.line, place.range.end.line
        if first == last:
            raise ActionError("there is nothing to sort: select some lines")
        text = place.document.text
        lines = [text.line(number) for number in range(first, last + 1)]
        whole = Range(Position(first, 0), Position(last, len(lines[-1])))
        edit = TextEdit(whole, "\n".join(sorted(lines)))
        return self.given(place, {place.path: [edit]}, "Sort the selected lines")


TOOLS = (
    Tool(
        name="count_lines",
        description="Count the lines of a file that have a word.",
        arguments=CountLines,
        hazard="low",
        run=count_lines,
        example={"path": "src/main.py", "word": "import"},
    ),
)
ACTIONS = (SortLines(),)

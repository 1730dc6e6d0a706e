"""``remember`` and ``recall``: notes on the workspace that outlive the run."""

from __future__ import annotations

from pydantic import Field

from lsp_agent.context.likeness import likeliest
from lsp_agent.store.notes import MAX_CHARACTERS, Note, Notebook
from lsp_agent.store.sealing import DAMAGED, SEALED
from lsp_agent.tools.spec import Arguments, Tool, ToolContext, ToolError

_MAX_FOUND = 10


class Remember(Arguments):
    """Arguments of ``remember``."""

    note: str = Field(
        description="one fact about this workspace that later runs should know, in a sentence",
        min_length=1,
        max_length=MAX_CHARACTERS,
    )


class Recall(Arguments):
    """Arguments of ``recall``."""

    query: str = Field(description="words of what is wanted; empty: the newest notes")


def _remember(context: ToolContext, arguments: Remember) -> str:
    paths = context.at_hand.paths
    source = f"file:{paths[0]}" if paths else "run"
    note = _notebook(context).remember(arguments.note, source)
    until = f" until {note.expires[:10]}" if note.expires else ""
    return f"remembered as {note.id}{until}"


def _recall(context: ToolContext, arguments: Recall) -> str:
    notebook = _notebook(context)
    notes = [note for note in notebook.notes() if note.text not in (SEALED, DAMAGED)]
    if arguments.query.strip():
        notes = [notes[at] for at in likeliest(arguments.query, [note.text for note in notes])]
    found = notes[:_MAX_FOUND]
    if not found:
        return "no note is about that"
    notebook.used(found)
    return "\n".join(map(_shown, found))


def _shown(note: Note) -> str:
    """Say who noted it: what a run noted may have come from a file that nobody vouches for."""
    by = "the user" if note.source == "user" else "a run"
    file = note.source.removeprefix("file:")
    about = f" on {file}" if file != note.source else ""
    return f"- {note.text} (noted {note.made[:10]} by {by}{about})"


def _notebook(context: ToolContext) -> Notebook:
    if context.notes is None:
        raise ToolError("nothing is remembered here; go on without it")
    return context.notes


TOOLS = (
    Tool(
        "remember",
        "Keep one fact about this workspace for later runs.",
        Remember,
        "low",
        _remember,
        {"note": "The tests need the variable TZ to be UTC."},
        uses_notes=True,
    ),
    Tool(
        "recall",
        "Look up what earlier runs and the user noted about this workspace.",
        Recall,
        "low",
        _recall,
        {"query": "how are the tests run"},
        uses_notes=True,
    ),
)

"""A run that gives a name another one: the user's, or one that the model proposes.

What changes is found by rule: in Python by :mod:`lsp_agent.refactor.rename`, elsewhere by the
language server.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from lsp_agent.agent.asking import ask_until
from lsp_agent.agent.conversation import Conversation
from lsp_agent.agent.environment import RejectedError, Run
from lsp_agent.agent.query import Answer, Budget
from lsp_agent.agent.refactoring import counted, files_of, listed, place_of, put
from lsp_agent.context.untrusted import guarded
from lsp_agent.engine.types import Message
from lsp_agent.language_servers.types import View
from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.files import WorkspaceFiles
from lsp_agent.refactor.mentions import Mention, Subject, mentions
from lsp_agent.refactor.rename import Renaming, rename
from lsp_agent.resources import resource
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.workspace.edits import TextEdit, apply_edits
from lsp_agent.workspace.positions import Position
from lsp_agent.workspace.text import Text

_SERVER_SECONDS = 20.0
_MAX_TOKENS = 24
_MAX_LINES, _MAX_USES, _MAX_FILES = 40, 12, 8
_QUOTED = re.compile(r"[`\"']([^\W\d]\w*)[`\"']")
_NAME = re.compile(r"[^\W\d]\w*")
Plan = Callable[[str], Renaming]


def run_rename(run: Run, budget: Budget) -> str:
    """Rename what stands at the request's place; return what was changed and what was not.

    Raises :class:`RejectedError` where a name is refused, or the result fails the checks.
    """
    (path, position), overlay = place_of(run), run.env.overlay
    document = SyntaxDocument.read(path, overlay.read(path))
    old = document.text.word(position)
    if not old:
        raise RejectedError("there is no name at this place")
    files = files_of(run)
    if document.language == "python":
        plan: Plan = lambda new: rename(files, path, position, new)  # noqa: E731 - typed here
    else:
        plan = lambda new: _by_server(run, files, path, position, old, new)  # noqa: E731
    if run.request.argument:
        try:
            renaming = plan(run.request.argument.strip())
        except RefusedError as error:
            raise RejectedError(str(error)) from error
    else:
        renaming = _proposed(run, budget, plan, _question(files, document, position, old))
    rows = renaming.edits.items()
    put(run, {one: apply_edits(Text(overlay.read(one)), edits).content for one, edits in rows})
    return report(renaming)


def report(renaming: Renaming) -> str:
    """Tell what a renaming changed: a line that sums it up, then what one may want to look at."""
    places = sum(map(len, renaming.edits.values()))
    where = f"{counted(places, 'place')} in {counted(len(renaming.edits), 'file')}"
    first = f"renamed `{renaming.old}` to `{renaming.new}`: {where}"
    if len(renaming.left) == 1:
        first += "; 1 string names it and stays as it is"
    elif renaming.left:
        first += f"; {len(renaming.left)} strings name it and stay as they are"
    parts = [
        first,
        listed("In comments and documents", renaming.told),
        listed("On objects whose type is not known, by the name alone", renaming.guessed),
        listed("Left as they are", renaming.left),
    ]
    return "\n\n".join(part for part in parts if part)


def _proposed(run: Run, budget: Budget, plan: Plan, question: str) -> Renaming:
    """Ask the model for names until one is not refused."""
    conversation = Conversation(
        run, Message("system", run.prompt("rename")), Message("user", guarded(question))
    )

    def take(answer: Answer) -> Renaming:
        name = read_name(answer.text)
        if not name:
            raise RefusedError("that is no name")
        return plan(name)

    return ask_until(
        run,
        budget,
        conversation,
        take,
        refusal=RefusedError,
        again="Answer with one other name, alone.",
        failure="no name that the model proposed will do",
        grammar=resource("name.gbnf"),
        max_tokens=_MAX_TOKENS if run.info.grammar else None,
    )


def read_name(answer: str) -> str:
    """Return the name in a model's answer: what it is, or what it quotes; ``""`` without one."""
    text = answer.strip().strip("`\"'")
    if _NAME.fullmatch(text):
        return text
    quoted = _QUOTED.findall(answer)
    return quoted[-1] if quoted else ""


def _question(files: WorkspaceFiles, document: SyntaxDocument, position: Position, old: str) -> str:
    """Show the definition, and some lines that use the name."""
    symbol = document.enclosing(position)
    first = symbol.range.start.line if symbol else max(position.line - 5, 0)
    last = symbol.range.end.line if symbol else position.line + 5
    lines = [document.text.line(one) for one in range(first, min(last, first + _MAX_LINES) + 1)]
    uses: list[str] = []
    pattern = re.compile(rf"(?<!\w){re.escape(old)}(?!\w)")
    for path in files.holding(old)[:_MAX_FILES]:
        rows = (files.text(path) or "").splitlines()
        uses += [row.strip()[:120] for row in rows if pattern.search(row)]
    shown = "\n".join(dict.fromkeys(uses[:_MAX_USES]))
    return f"{chr(10).join(lines)}\n\nLines with {old}:\n{shown}\n\nA better name for {old}:"


def _by_server(
    run: Run, files: WorkspaceFiles, path: str, position: Position, old: str, new: str
) -> Renaming:
    """Have the language server of a file rename; comments and documents are looked at besides."""
    view, instruments = View.of(run.env.overlay), run.env.instruments
    if view is None or instruments is None:
        raise RefusedError("no language server is in use here; only Python is renamed without one")
    found = instruments.rename(view, path, position, new, run.cancel, _SERVER_SECONDS)
    if not found.server or not found.edits:
        reason = "; ".join(found.notes) or instruments.advice(view.root, path)
        raise RefusedError(f"no language server renamed {old}{': ' if reason else ''}{reason}")
    edits: dict[str, list[TextEdit]] = {one: list(rows) for one, rows in found.edits.items()}
    stem = path.rpartition("/")[2].partition(".")[0]
    told: list[Mention] = []
    for one in files.holding(old):
        if one not in edits:
            told += mentions(one, files.text(one) or "", Subject(old, frozenset({stem}), False))[0]
    for mention in told:
        edits.setdefault(mention.path, []).append(TextEdit(mention.range, new))
    return Renaming(old, new, {k: tuple(v) for k, v in edits.items()}, tuple(told), (), ())

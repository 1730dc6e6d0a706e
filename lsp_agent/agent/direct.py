"""The ``direct`` profile: one shot, for small models.

The model is shown one piece of a file and answers with the whole piece rewritten, in a raw block
that the grammar enforces. What fails a check goes back as a precise observation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lsp_agent.agent.approvals import call_approved
from lsp_agent.agent.calls import edit_blocks, note_shown, recognised
from lsp_agent.agent.candidates import ask_candidates, first_good, samplings
from lsp_agent.agent.conversation import Conversation
from lsp_agent.agent.environment import Run, RunFailedError
from lsp_agent.agent.formats import extract_code
from lsp_agent.agent.query import Answer, Budget, answer_tokens, ask_engine, request_of
from lsp_agent.agent.rawblocks import OPENING
from lsp_agent.agent.related import question_of, related, told_by_project, tool_context
from lsp_agent.agent.remembered import remembered
from lsp_agent.agent.types import AnswerForm
from lsp_agent.agent.verify import describe, give_up, verify
from lsp_agent.context.builder import (
    Note,
    diagnostics_lines,
    file_context,
    target_for,
    workspace_facts,
)
from lsp_agent.context.untrusted import guarded, unguarded
from lsp_agent.engine.types import Message
from lsp_agent.resources import resource
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.workspace.blocks import replace_block, without_neighbours
from lsp_agent.workspace.conflicts import has_markers
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.text import Text

_FRAME_TOKENS = 256
_MIN_ANSWER = 256
_TEXTS: Mapping[AnswerForm, str] = {"review": "review_selection", "translate": "translate"}
"""The prompts of text answers that are no explanation."""
_ROOMY, _RELATED_SHARE = 6144, 16


@dataclass(frozen=True, slots=True)
class Piece:
    """The lines of a file that a direct answer replaces."""

    path: str
    text: Text
    range: Range

    @property
    def lines(self) -> list[str]:
        """The piece itself."""
        first, last = self.range.start.line, self.range.end.line
        return [self.text.line(number) for number in range(first, last + 1)]

    @property
    def content(self) -> str:
        """The piece itself, with line feeds between its lines."""
        return "\n".join(self.lines)


def run_direct(run: Run, budget: Budget) -> str:
    """Do a task in one shot; return the model's text answer (``""`` for an edit).

    Raises :class:`RejectedError` when no answer passed the checks, and none may be offered.
    """
    piece = piece_of(run)
    if run.request.answer == "text":
        return _explain(run, budget, piece)
    conversation = Conversation(
        run, Message("system", run.prompt("direct")), Message("user", _question(run, piece))
    )
    clean = run.env.overlay.snapshot()
    problem = ""

    def take(answer: Answer) -> str:
        run.env.overlay.restore(clean)
        return take_rewrite(run, piece, answer)

    for round_ in range(run.env.settings.agent.refine_passes + 1):
        conversation.fit()
        request = request_of(
            run,
            conversation.messages,
            grammar=resource("direct.gbnf"),
            max_tokens=_answer_limit(run, piece),
            # The file as it is now; of a long one the prompt shows a part.
            reference=(piece.text.content,),
        )
        with ask_candidates(run, budget, request, samplings(run, round_)) as answers:
            answer, problem = first_good(answers, take)
        if not problem:
            return ""
        conversation.answer(answer.said.content)
        conversation.observe(f"{problem}\nAnswer again, with the whole piece.")
    run.env.overlay.restore(clean)
    give_up(run, f"no answer of the model passed the checks; the last one: {problem}")
    return ""


def piece_of(run: Run) -> Piece:
    """Return the whole lines that the request is about."""
    focus = run.request.focus
    if focus is None:
        raise RunFailedError(
            "the direct profile needs a place in a file; name one, or set agent.profile to 'tools'",
            "no-place",
        )
    document = SyntaxDocument.read(focus.path, run.env.overlay.read(focus.path))
    target = run.request.target or target_for(document, focus.range, "file")
    last_line = target.end.line
    if target.end.character == 0 and last_line > target.start.line:
        # Whole lines are selected up to the start of the one behind them.
        last_line -= 1
    end = Position(last_line, len(document.text.line(last_line)))
    whole = Range(Position(target.start.line, 0), end)
    return Piece(focus.path, document.text, whole)


def apply_code(run: Run, piece: Piece, code: str) -> None:
    """Put code in the place of a piece, in the overlay; equal code changes nothing."""
    if not run.info.jobs:
        code = without_neighbours(unguarded(code), piece.text, piece.range)
    if code.strip() and code.strip("\n") != piece.content.strip("\n"):
        run.env.overlay.write(piece.path, replace_block(piece.text, piece.range, code))


def diagnostics_of(run: Run, text: Text) -> str:
    """Describe the request's diagnostics; ``""`` without any."""
    focus = run.request.focus
    notes = [
        Note(one.range.start.line, one.message, one.severity, one.source)
        for one in (focus.diagnostics if focus else ())
    ]
    return diagnostics_lines(notes, text)


def take_rewrite(run: Run, piece: Piece, answer: Answer) -> str:
    """Put a rewritten piece into the overlay; return what is wrong with it, if anything."""
    problem = _apply(run, piece, answer)
    failures = verify(run, offerable=not problem) if run.env.overlay.changes() else ()
    return describe(failures) or problem


def take_calls(run: Run, answer: Answer, path: str, shown: str) -> str | None:
    """Make the edits that an answer calls tools for; return what is wrong with them, if anything.

    ``shown`` is what the question showed of a file. ``None``: the answer calls for no edit.
    """
    calls = answer.tool_calls or answer.parsed.calls
    if not calls and not run.info.jobs and not OPENING.search(answer.text):
        blocks = edit_blocks(run, answer.text, cut_off=answer.cut_off)
        if blocks.problems:
            return "\n".join(blocks.problems)
        calls = blocks.calls
    calls = recognised(run, calls)
    edits = [call for call in calls if _is_edit(run, call.name)]
    context = tool_context(run)
    if edits and shown:
        note_shown(run, context, path, shown)
    for call in edits:
        outcome = call_approved(run, run.env.tools, call.name, call.arguments, context)
        if not outcome.ok:
            return outcome.text
    return "" if edits else None


def _apply(run: Run, piece: Piece, answer: Answer) -> str:
    called = take_calls(run, answer, piece.path, piece.text.content)
    if called is not None:
        return called
    code = extract_code(answer.text)
    if code is None:
        return "Your answer holds no block between <<<code and >>>code."
    if run.request.form == "conflict" and has_markers(code):
        return "Your answer still holds a conflict marker."
    apply_code(run, piece, code)
    return "Your answer was cut off before its end." if answer.cut_off else ""


def _is_edit(run: Run, name: str) -> bool:
    return name in run.env.tools and run.env.tools[name].hazard == "edit"


def _question(run: Run, piece: Piece) -> str:
    # A narrow model was trained on texts as they are, and has no control tokens to be spelled.
    safe = str if run.info.jobs else guarded
    content = safe(piece.content)
    parts = [
        *map(safe, _context(run, piece)),
        f"The piece of {piece.path} to rewrite:\n<<<code\n{content}\n>>>code",
    ]
    notes = diagnostics_of(run, piece.text)
    if notes:
        parts.append(safe(f"Reported there:\n{notes}"))
    parts += [remembered(run), f"Task: {run.request.task}"]
    return "\n\n".join(part for part in parts if part)


def _explain(run: Run, budget: Budget, piece: Piece) -> str:
    parts = [*_context(run, piece), f"The piece of {piece.path}:\n```\n{piece.content}\n```"]
    notes = diagnostics_of(run, piece.text)
    if notes:
        parts.append(f"Reported there:\n{notes}")
    data = "\n\n".join(parts)
    shown, before = data if run.info.jobs else guarded(data), remembered(run)
    messages = (
        Message("system", run.prompt(_TEXTS.get(run.request.form, "explain"))),
        Message("user", "\n\n".join(part for part in (shown, before, run.request.task) if part)),
    )
    return unguarded(ask_engine(run, budget, messages).text.strip())


def _context(run: Run, piece: Piece) -> list[str]:
    """Return what is shown before the piece: the workspace and the rest of the file."""
    count = run.env.engine.count_tokens
    room = run.info.n_ctx - answer_tokens(run) - count(piece.content) - _FRAME_TOKENS
    parts = [workspace_facts(run.env.overlay, run.env.settings.style), told_by_project(run)]
    if room > _FRAME_TOKENS:
        parts.append(file_context(piece.path, piece.text, piece.range, room // 2, count))
    if room > _ROOMY and not run.info.jobs:
        parts.append(related(run, question_of(run), room // _RELATED_SHARE, signatures=True).body)
    return [part for part in parts if part]


def _answer_limit(run: Run, piece: Piece) -> int:
    """Bound an answer by what it rewrites: a model that rambles is not waited for."""
    tokens = run.env.engine.count_tokens(piece.content)
    return min(answer_tokens(run), max(tokens * 3, _MIN_ANSWER) + _MIN_ANSWER)

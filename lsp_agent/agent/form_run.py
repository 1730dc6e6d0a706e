"""A direct run in an answer form: a few lines asked for, checked, and asked for again if wrong.

A narrow model is shown the question just as it was trained on it, and tries again by sampling: it
knows no conversation. Any other model also sees the rest of the file, and is told what was wrong.
"""

from __future__ import annotations

import builtins
import keyword
import re
from difflib import SequenceMatcher

from lsp_agent.agent.candidates import (
    TEMPERATURE,
    ask_candidates,
    candidate_count,
    first_good,
    samplings,
)
from lsp_agent.agent.conversation import Conversation
from lsp_agent.agent.direct import piece_of, run_direct, take_rewrite
from lsp_agent.agent.environment import Run
from lsp_agent.agent.forms.annotations import annotations_for
from lsp_agent.agent.forms.changes import NOTHING, Changes, Report, changes_for, read_changes
from lsp_agent.agent.forms.docstring import documentation_for
from lsp_agent.agent.forms.spec import AnswerError, Form
from lsp_agent.agent.query import Answer, Budget, answer_tokens, request_of
from lsp_agent.agent.sampling import sampling_of
from lsp_agent.agent.verify import describe, give_up, verify
from lsp_agent.context.builder import file_context
from lsp_agent.engine.types import Message, Sampling
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.issues import python_error
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.text import Text

_KINDS = frozenset({"changes", "docstring", "annotations"})
_MAX_ANSWER, _MAX_NARROW = 512, 256
_NARROW_TRIES = 3
_SLIP, _SHARE = 12, 0.8
_WORD = re.compile(r"[A-Za-z_]\w*")
_STRING = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'")
_KNOWN = frozenset({*dir(builtins), *keyword.kwlist, *keyword.softkwlist})


def form_of(run: Run) -> Form | None:
    """Return the form that a request names, if it suits the place; ``None``: rewrite.

    Without a grammar a model can't be held to a form that it may never have seen.
    """
    focus, kind = run.request.focus, run.request.form
    if focus is None or focus.range is None or kind not in _KINDS or not run.info.grammar:
        return None
    document = SyntaxDocument.read(focus.path, run.env.overlay.read(focus.path))
    if kind == "changes":
        reports = [Report(one.range.start.line, one.message) for one in focus.diagnostics]
        return changes_for(document, reports) if reports else None
    if kind == "docstring":
        return documentation_for(document, focus.range.start)
    return annotations_for(document, focus.range.start)


def run_form(run: Run, budget: Budget, form: Form) -> str:
    """Ask until an answer passes the checks; return ``""``: an edit says nothing.

    Raises :class:`RejectedError` when none did, and none may be offered.
    """
    narrow = bool(run.info.jobs)
    context = "" if narrow else _context(run, form)
    conversation = Conversation(
        run,
        Message("system", run.prompt(form.prompt)),
        Message("user", context + form.question()),
    )
    grammar = (form.choices() if narrow and isinstance(form, Changes) else "") or form.grammar()
    clean = run.env.overlay.snapshot()
    problem = last = ""
    limit = min(answer_tokens(run), _MAX_NARROW if narrow else _MAX_ANSWER)

    def take(answer: Answer) -> str:
        run.env.overlay.restore(clean)
        return _take(run, form, answer)

    for drawn in _rounds(run):
        conversation.fit()
        request = request_of(run, conversation.messages, grammar=grammar, max_tokens=limit)
        with ask_candidates(run, budget, request, drawn) as answers:
            answer, problem = first_good(answers, take)
        if not problem:
            return ""
        if not narrow:
            if problem == last:
                told = "two answers failed alike; asking for the whole piece anew"
                run.env.events.emit("plan", text=told)
                run.env.overlay.restore(clean)
                return run_direct(run, budget)
            last = problem
            conversation.answer(answer.said.content)
            conversation.observe(f"{problem}\nAnswer again, in the same form.")
    run.env.overlay.restore(clean)
    give_up(run, f"no answer of the model passed the checks; the last one: {problem}")
    return ""


def _rounds(run: Run) -> list[list[Sampling]]:
    """Return how the answers of each round are drawn; a narrow model's are all of one prompt."""
    passes, count = run.env.settings.agent.refine_passes, candidate_count(run)
    if not run.info.jobs:
        return [samplings(run, round_) for round_ in range(1 + passes)]
    first = sampling_of(run.env.settings, run.env.job)
    tries = range(1, 1 + passes * _NARROW_TRIES)
    drawn = [first, *(Sampling(TEMPERATURE, seed=attempt) for attempt in tries)]
    return [drawn[at : at + count] for at in range(0, len(drawn), count)]


def _take(run: Run, form: Form, answer: Answer) -> str:
    """Put an answer into the overlay; return what is wrong with it, if anything."""
    focus = run.request.focus
    path = focus.path if focus else ""
    before = run.env.overlay.read(path)
    if answer.tool_calls or "<<<code" in answer.text:
        # Whoever is not held by the grammar may answer as the direct profile does elsewhere.
        return take_rewrite(run, piece_of(run), answer)
    if answer.cut_off:
        return "The answer was cut off before its end."
    try:
        after = form.apply(answer.text)
    except AnswerError as error:
        return str(error)
    if isinstance(form, Changes):
        narrow = bool(run.info.jobs)
        problem = unlikely(form, answer.text, before, after, path) if narrow else ""
        if problem := problem or unresolved(form, before, after, path):
            return problem
    if after == before:
        return ""
    run.env.overlay.write(path, after)
    return describe(verify(run, _place(form)))


def _place(form: Form) -> Range | None:
    """Return the lines that an answer may change, where they are not just the target's."""
    if not isinstance(form, Changes):
        return None
    return Range(Position(form.first, 0), Position(form.last, len(form.text.line(form.last))))


def unresolved(form: Changes, before: str, after: str, path: str) -> str:
    """Say what of the reports is still there after a change; ``""`` if nothing that can be seen."""
    if after == before:
        return ""
    for name, pattern in form.unknown_names():
        if len(pattern.findall(after)) >= len(pattern.findall(before)) > 0:
            return f"{name} is still there"
    broken = SyntaxDocument.read(path, before)
    if _errors(broken) and _errors(broken.replaced(after)) >= _errors(broken):
        return "the syntax error is still there"
    return ""


def evident(form: Changes, text: str, path: str) -> bool:
    """Whether a look at the text shows that a report is true."""
    if any(pattern.search(text) for _, pattern in form.unknown_names()):
        return True
    return bool(_errors(SyntaxDocument.read(path, text)))


def unlikely(form: Changes, answer: str, before: str, after: str, path: str) -> str:
    """Say why a narrow model's change can't be the right one; ``""`` if it may be.

    What such a model gets right is a small slip in a line: a change that is none, that makes
    another line of it, or that brings in a name from nowhere is a guess.
    """
    if answer.strip() in ("", NOTHING):
        return "what is reported is there" if evident(form, before, path) else ""
    if after == before:
        return "the answer changes nothing"
    for number, rows in read_changes(answer, form.last - form.first + 1).items():
        old, new = form.text.line(form.first + number - 1).strip(), " ".join(rows).strip()
        matcher = SequenceMatcher(None, old, new, autojunk=False)
        kept = sum(block.size for block in matcher.get_matching_blocks())
        changed = len(old) + len(new) - 2 * kept
        if changed > max(_SLIP, _SHARE * max(len(old), len(new))):
            return f"line {number} would become another one: {new[:60]}"
    return invented_names(before, after)


def invented_names(before: str, after: str) -> str:
    """Name what a change of Python code brings in that neither the file nor Python knows."""
    old, new = (set(_WORD.findall(_STRING.sub("", text))) for text in (before, after))
    invented = sorted(new - old - _KNOWN - set(_WORD.findall(before)))
    return f"nothing is known of {', '.join(invented)}" if invented else ""


def _errors(document: SyntaxDocument) -> int:
    own = len(document.errors())
    python = document.language == "python" and python_error(document.text) is not None
    return own + python


def _context(run: Run, form: Form) -> str:
    """Show the rest of the file before the question, within half of the room."""
    focus = run.request.focus
    path = focus.path if focus else ""
    text = Text(run.env.overlay.read(path))
    target = run.request.target or Range(Position(0, 0), Position(0, 0))
    count = run.env.engine.count_tokens
    room = run.info.n_ctx - _MAX_ANSWER - count(form.question()) - _MAX_ANSWER
    if room <= _MAX_ANSWER:
        return ""
    shown = file_context(path, text, target, room // 2, count)
    return f"{shown}\n\n" if shown else ""

"""What the index knows of a run's task, for its first prompt and its tools."""

from __future__ import annotations

import logging
import re
from itertools import islice

from lsp_agent.agent.environment import Run
from lsp_agent.context.assemble import Context, build_context
from lsp_agent.context.builder import Note, target_for
from lsp_agent.context.instructions import instructions
from lsp_agent.context.question import Question
from lsp_agent.errors import LspAgentError
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.tools.seen import Seen
from lsp_agent.tools.spec import ToolContext

_READY_SECONDS = 0.3
_LEAST, _MOST = 256, 2048
_INSTRUCTIONS_SHARE = 16
_MAX_LINES = 200
_NAME = re.compile(r"[^\W\d]\w{2,}")
_log = logging.getLogger(__name__)


def question_of(run: Run) -> Question:
    """Return what a run asks of the workspace: its task, the place in focus, what was edited."""
    request, focus = run.request, run.request.focus
    notes = [
        Note(one.range.start.line, one.message, one.severity, one.source)
        for one in (focus.diagnostics if focus else ())
    ]
    paths = (focus.path,) if focus else ()
    return Question(request.task, paths, request.recent, tuple(notes), frozenset(paths), _used(run))


def _used(run: Run) -> frozenset[str]:
    """Return the names in the code at hand: the target, or the definition around the cursor."""
    request, focus = run.request, run.request.focus
    if focus is None or (request.target is None and focus.range is None):
        return frozenset()
    try:
        content = run.env.overlay.read(focus.path)
    except LspAgentError:
        return frozenset()
    document = SyntaxDocument.read(focus.path, content)
    place = request.target or target_for(document, focus.range, "statement")
    lines = [document.text.line(at) for at in range(place.start.line, place.end.line + 1)]
    return frozenset(_NAME.findall("\n".join(lines[:_MAX_LINES])))


def told_by_project(run: Run) -> str:
    """Return what the project's ``AGENTS.md`` says, where the settings let it; data like the rest.

    A narrow model is not shown it.
    """
    if run.info.jobs or not run.env.settings.agent.instructions:
        return ""
    path = run.request.focus.path if run.request.focus else None
    count = run.env.engine.count_tokens
    return instructions(run.env.overlay, path, run.info.n_ctx // _INSTRUCTIONS_SHARE, count)


def tool_context(run: Run) -> ToolContext:
    """Return what a run's tools may use."""
    env = run.env
    return ToolContext(
        env.overlay,
        run.cancel,
        env.index,
        env.instruments,
        env.knowledge,
        question_of(run),
        env.engine.count_tokens,
        env.workshop,
        env.git,
        seen=Seen(),
        notes=env.notes,
    )


def related(run: Run, question: Question, budget: int, *, signatures: bool = False) -> Context:
    """Return what the index finds for a question, at most ``budget`` (and 2,048) tokens of it.

    Nothing where there is no index, or none that is ready within 0.3 s, and nothing goes wrong:
    a prompt without it is a good one too. ``signatures`` leaves out the map and all bodies.
    """
    index = run.env.index
    budget = min(budget, _MOST)
    if index is None or budget < _LEAST:
        return Context()
    try:
        if not index.ready(_READY_SECONDS, run.cancel.check):
            return Context()
        found = build_context(
            question,
            index.view(run.env.overlay),
            budget,
            run.env.engine.count_tokens,
            run.env.knowledge,
            with_map=not signatures,
            bodies=not signatures,
            check=run.cancel.check,
        )
    except LspAgentError as error:
        run.cancel.check()
        _log.info("no context for run %s: %s", run.env.run_id, error)
        return Context()
    for reason in islice(found.reasons, 20):
        _log.debug("shown in run %s: %s", run.env.run_id, reason)
    return found

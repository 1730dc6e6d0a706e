"""What a run is shown of earlier ones: the session's turns, and edits that were accepted."""

from __future__ import annotations

from collections.abc import Sequence

from lsp_agent.agent.environment import Run
from lsp_agent.agent.query import answer_tokens
from lsp_agent.context.likeness import likeliest
from lsp_agent.context.tokens import Count
from lsp_agent.context.untrusted import guarded, remark
from lsp_agent.store.feedback import Became
from lsp_agent.store.sessions import Turn
from lsp_agent.workspace.text import first_line

_SHARE, _MOST = 8, 2048


def remembered(run: Run) -> str:
    """Return what a general model is shown before its task; ``""`` mostly, and for a narrow one.

    The turns and the examples have an eighth of the room each, 2,048 tokens at most. It is data,
    guarded, with a remark on what in it speaks to the model.
    """
    env = run.env
    if run.info.jobs or not (env.turns or env.examples):
        return ""
    budget = min((run.info.n_ctx - answer_tokens(run)) // _SHARE, _MOST)
    count = env.engine.count_tokens
    parts = (
        session_part(env.turns, budget, count),
        example_part(env.examples, run.request.task, budget, count, env.settings.memory.examples),
    )
    data = "\n\n".join(part for part in parts if part)
    return "\n\n".join(part for part in (guarded(data), remark(data)) if part)


def session_part(turns: Sequence[Turn], budget: int, count: Count) -> str:
    """Return the turns of a session, the oldest first, within a number of tokens.

    The latest are whole; where they no longer fit, earlier ones are a line each, and the earliest
    are left out.
    """
    rows: list[str] = []
    left, whole = budget, True
    for turn in reversed(turns):
        row = _turn(turn) if whole else _line(turn)
        if whole and count(row) > left:
            whole, row = False, _line(turn)
        left -= count(row)
        if left < 0:
            break
        rows.append(row)
    if not rows:
        return ""
    return "Earlier in this session, the latest last:\n" + "\n".join(reversed(rows))


def example_part(
    examples: Sequence[Became], task: str, budget: int, count: Count, most: int
) -> str:
    """Return accepted edits that are like a task, the best first, within a number of tokens."""
    rows: list[str] = []
    for at in likeliest(task, [f"{one.task}\n{one.before}" for one in examples])[:most]:
        row = _example(examples[at])
        budget -= count(row)
        if budget < 0:
            break
        rows.append(row)
    if not rows:
        return ""
    return "\n".join(["Earlier edits that this user accepted, the most alike first:", *rows])


def _turn(turn: Turn) -> str:
    files = f"\n  changed: {', '.join(turn.files)}" if turn.files else ""
    said = turn.answer.strip() or turn.summary
    return f"- asked: {_indented(turn.task)}\n  answered: {_indented(said)}{files}"


def _line(turn: Turn) -> str:
    files = f" ({', '.join(turn.files[:5])})" if turn.files else ""
    return f"- asked: {first_line(turn.task)}; {first_line(turn.summary)}{files}"


def _example(one: Became) -> str:
    return f"- {first_line(one.task)}\nbefore:\n{one.before}\nafter:\n{one.final or one.answer}"


def _indented(text: str) -> str:
    return text.strip().replace("\n", "\n  ")

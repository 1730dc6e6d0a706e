"""A run that changes a Python function's parameters, and the calls with them.

Simple instructions are understood by rule; for others the model writes the new list. What becomes
of the calls is found by rule either way.
"""

from __future__ import annotations

import re
from functools import partial

from lsp_agent.agent.conversation import Conversation
from lsp_agent.agent.environment import RejectedError, Run
from lsp_agent.agent.query import Budget, ask_engine
from lsp_agent.agent.refactoring import check, counted, files_of, place_of
from lsp_agent.context.untrusted import guarded, unguarded
from lsp_agent.engine.types import Message
from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.instructions import Wish, list_in, understand, whole
from lsp_agent.refactor.parameters import Parameters, read_parameters
from lsp_agent.refactor.signature import Resigned, change_signature
from lsp_agent.resources import resource
from lsp_agent.syntax.languages import language_of

_MAX_TOKENS = 200
_HEAD = re.compile(r"(?:async\s+)?def\s+\w+\s*\(")


def run_signature(run: Run, budget: Budget) -> str:
    """Change the parameters of the function at the request's place; return what was done.

    Raises :class:`RejectedError` where that is refused, or the result fails the checks.
    """
    path = place_of(run)
    if language_of(path, text=run.env.overlay.read(path)) != "python":
        raise RejectedError("only the parameters of Python functions can be changed so far")
    try:
        made = _changed(run, budget, path)
    except RefusedError as error:
        raise RejectedError(str(error)) from error
    for one, text in made.texts.items():
        run.cancel.check()
        run.env.overlay.write(one, text)
    check(run)
    return (
        f"`{made.name}({made.before})` is now `{made.name}({made.after})`; "
        f"{counted(made.calls, 'call')} changed"
    )


def _changed(run: Run, budget: Budget, path: str) -> Resigned:
    focus = run.request.focus
    if focus is None or focus.range is None:
        raise RejectedError("name a place in a file")
    files = files_of(run)
    change = partial(change_signature, files, path, focus.range.start)
    if not run.request.needs_model:
        return change(partial(_by_rule, run.request.argument))
    conversation: list[Conversation] = []
    problem = ""
    for _ in range(1 + run.env.settings.agent.refine_passes):
        try:
            return change(lambda old, head: _asked(run, budget, conversation, old, head))
        except RefusedError as error:
            problem = str(error)
            if not conversation:
                raise
            conversation[0].observe(f"{problem}\nAnswer with the line again.")
    raise RefusedError(f"no answer of the model will do; the last one: {problem}")


def _by_rule(instruction: str, old: Parameters, _head: str) -> Wish:
    wish = understand(instruction, old)
    if wish is None:
        raise RefusedError(f"{instruction!r} is not understood")
    return wish


def _asked(
    run: Run, budget: Budget, conversation: list[Conversation], old: Parameters, head: str
) -> Wish:
    """Have the model write the line; the conversation goes on where there is one."""
    if not conversation:
        question = f"{guarded(head)}:\n\n{run.request.argument}"
        conversation.append(
            Conversation(run, Message("system", run.prompt("signature")), Message("user", question))
        )
    conversation[0].fit()
    answer = ask_engine(
        run,
        budget,
        conversation[0].messages,
        grammar=resource("def.gbnf"),
        max_tokens=_MAX_TOKENS if run.info.grammar else None,
    )
    conversation[0].answer(answer.said.content)
    text = unguarded(answer.text)
    match = _HEAD.search(text)
    listed = list_in(text[match.start() :]) if match is not None else None
    if match is None or listed is None:
        raise RefusedError("that is no line that defines a function")
    name = match[0].removesuffix("(").split()[-1]
    if name != head.partition("(")[0].split()[-1]:
        raise RefusedError(f"the function's name is not {name}")
    return whole(read_parameters(listed), old)

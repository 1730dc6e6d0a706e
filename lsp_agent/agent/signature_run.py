"""A run that changes a Python function's parameters, and the calls with them.

Simple instructions are understood by rule; for others the model writes the new list. What becomes
of the calls is found by rule either way.
"""

from __future__ import annotations

import re
from functools import partial

from lsp_agent.agent.asking import ask_until
from lsp_agent.agent.conversation import Conversation
from lsp_agent.agent.environment import RejectedError, Run
from lsp_agent.agent.query import Budget
from lsp_agent.agent.refactoring import counted, files_of, place_of, put
from lsp_agent.context.untrusted import guarded, unguarded
from lsp_agent.engine.types import Message
from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.instructions import Wish, list_in, understand, whole
from lsp_agent.refactor.parameters import Parameters, read_parameters
from lsp_agent.refactor.signature import Resigned, change_signature, head_at
from lsp_agent.resources import resource
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.languages import language_of
from lsp_agent.workspace.positions import Position

_MAX_TOKENS = 200
_HEAD = re.compile(r"(?:async\s+)?def\s+\w+\s*\(")


def run_signature(run: Run, budget: Budget) -> str:
    """Change the parameters of the function at the request's place; return what was done.

    Raises :class:`RejectedError` where that is refused, or the result fails the checks.
    """
    path, position = place_of(run)
    if language_of(path, text=run.env.overlay.read(path)) != "python":
        raise RejectedError("only the parameters of Python functions can be changed so far")
    try:
        made = _changed(run, budget, path, position)
    except RefusedError as error:
        raise RejectedError(str(error)) from error
    put(run, made.texts)
    return (
        f"`{made.name}({made.before})` is now `{made.name}({made.after})`; "
        f"{counted(made.calls, 'call')} changed"
    )


def _changed(run: Run, budget: Budget, path: str, position: Position) -> Resigned:
    change = partial(change_signature, files_of(run), path, position)
    if not run.request.needs_model:
        return change(partial(_by_rule, run.request.argument))
    head = head_at(SyntaxDocument.read(path, run.env.overlay.read(path)), path, position)
    question = f"{guarded(head)}:\n\n{run.request.argument}"
    return ask_until(
        run,
        budget,
        Conversation(run, Message("system", run.prompt("signature")), Message("user", question)),
        lambda answer: change(partial(_by_answer, unguarded(answer.text))),
        refusal=RefusedError,
        again="Answer with the line again.",
        failure="no answer of the model will do",
        grammar=resource("def.gbnf"),
        max_tokens=_MAX_TOKENS if run.info.grammar else None,
    )


def _by_rule(instruction: str, old: Parameters, _head: str) -> Wish:
    wish = understand(instruction, old)
    if wish is None:
        raise RefusedError(f"{instruction!r} is not understood")
    return wish


def _by_answer(text: str, old: Parameters, head: str) -> Wish:
    match = _HEAD.search(text)
    listed = list_in(text[match.start() :]) if match is not None else None
    if match is None or listed is None:
        raise RefusedError("that is no line that defines a function")
    name = match[0].removesuffix("(").split()[-1]
    if name != head.partition("(")[0].split()[-1]:
        raise RefusedError(f"the function's name is not {name}")
    return whole(read_parameters(listed), old)

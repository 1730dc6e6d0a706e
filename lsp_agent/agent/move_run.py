"""A run that moves a function or class of a Python module to another, by rule."""

from __future__ import annotations

from lsp_agent.agent.environment import RejectedError, Run
from lsp_agent.agent.query import Budget
from lsp_agent.agent.refactoring import counted, files_of, listed, place_of, put
from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.move import move
from lsp_agent.syntax.languages import language_of


def run_move(run: Run, _budget: Budget) -> str:
    """Move what stands at the request's place to the module that its argument names.

    Returns what was done. Raises :class:`RejectedError` where that is refused, or the result fails
    the checks.
    """
    path, position = place_of(run)
    if language_of(path, text=run.env.overlay.read(path)) != "python":
        raise RejectedError("only Python's functions and classes can be moved so far")
    try:
        made = move(files_of(run), path, position, run.request.argument)
    except RefusedError as error:
        raise RejectedError(str(error)) from error
    put(run, made.texts)
    first = f"moved `{made.name}` to {made.target}: {counted(len(made.texts), 'file')} changed"
    told = listed("Named by its old module, and left as it is", made.left)
    return f"{first}\n\n{told}" if told else first

"""Have a function deal with the errors of what it calls."""

from __future__ import annotations

import re
from typing import ClassVar

from lsp_agent.actions.function_rewrite import FunctionRewrite
from lsp_agent.actions.spec import Example, Place, Spot
from lsp_agent.syntax.bodies import FunctionBody

# What takes an error without doing anything about it, or deals with it, in languages without try.
_IGNORED = {"go": r"\b_\s*:?=|,\s*_\s*:?=", "rust": r"\.(?:unwrap|expect)\s*\("}
_HANDLED = r"\.catch\s*\(|\bpcall\s*\(|\berrno\b"
_WAYS = {
    "go": "return errors wrapped with fmt.Errorf and %w",
    "rust": "return a Result and use the ? operator; no unwrap",
    "bash": "test the exit status and say on standard error what failed",
    "c": "test what calls return and clean up before returning",
}
_DEFAULT = "catch only the errors that the calls can raise, each by its own type"


class HandleErrors(FunctionRewrite):
    """Errors caught where something can be done, with words that name what failed."""

    name: ClassVar = "handle_errors"
    kind: ClassVar = "refactor.rewrite.lspAgent.handleErrors"
    summary: ClassVar = "add error handling to the function at the cursor"
    proof: ClassVar = "the function is called as before, and its tests pass as before"
    suits: ClassVar[frozenset[Spot]] = frozenset({"name"})
    title: ClassVar = "Add error handling to {name}"
    wanted: ClassVar = "function with calls whose errors are not handled"
    example: ClassVar = Example(
        language="python",
        before=(
            "import json\n\n\n"
            "def settings(path):$0\n"
            "    with open(path) as file:\n"
            "        return json.load(file)\n"
        ),
        after=(
            "import json\n\n\n"
            "def settings(path):\n"
            "    try:\n"
            "        with open(path) as file:\n"
            "            return json.load(file)\n"
            "    except (OSError, ValueError) as error:\n"
            '        raise RuntimeError(f"the settings {path} is broken: {error}") from error\n'
        ),
    )

    def fits(self, place: Place, body: FunctionBody) -> bool:  # noqa: ARG002 - the protocol has it
        """Offer it where something is called and nothing is handled."""
        if body.stub or body.broken or not body.calls or body.handlers:
            return False
        ignored = _IGNORED.get(body.language)
        if ignored is not None:
            return bool(re.search(ignored, body.code))
        return not re.search(_HANDLED, body.code)

    def words(self, body: FunctionBody) -> str:
        """Ask for the handling."""
        return (
            f"Add error handling to {body.symbol.name}: {_WAYS.get(body.language, _DEFAULT)}, with "
            "a message that names what failed. Hide no error, catch nothing that can't be dealt "
            "with here, and keep what it does where all goes well."
        )


ACTION = HandleErrors()

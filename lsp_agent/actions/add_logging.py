"""Have a function say in the log what it does."""

from __future__ import annotations

from typing import ClassVar

from lsp_agent.actions.function_rewrite import FunctionRewrite
from lsp_agent.actions.spec import Example, Place, Spot
from lsp_agent.syntax.bodies import FunctionBody

_LOGGERS = {
    "python": "logging.getLogger(__name__)",
    "javascript": "console",
    "typescript": "console",
    "tsx": "console",
    "go": "log/slog",
    "java": "System.getLogger",
    "ruby": "Logger",
    "bash": "lines on standard error",
}
_SAYS = (
    "logging.", "logger.", "_log.", "console.", "slog.", "tracing::", "log::", "Log.", "log.",
)  # fmt: skip


class AddLogging(FunctionRewrite):
    """Log lines at decisions and failures, by the logger that the file has."""

    name: ClassVar = "add_logging"
    kind: ClassVar = "refactor.rewrite.lspAgent.addLogging"
    summary: ClassVar = "add logging to the function at the cursor, by the file's own logger"
    proof: ClassVar = "the function is called as before, and its tests pass as before"
    suits: ClassVar[frozenset[Spot]] = frozenset({"name"})
    title: ClassVar = "Add logging to {name}"
    wanted: ClassVar = "function that does something and does not log yet"
    example: ClassVar = Example(
        language="python",
        before=(
            "import logging\n\n"
            "logger = logging.getLogger(__name__)\n\n\n"
            "def load(path):$0\n"
            "    with open(path) as file:\n"
            "        return file.read()\n"
        ),
        after=(
            "import logging\n\n"
            "logger = logging.getLogger(__name__)\n\n\n"
            "def load(path):\n"
            '    logger.debug("loading %s", path)\n'
            "    with open(path) as file:\n"
            "        return file.read()\n"
        ),
    )

    def fits(self, place: Place, body: FunctionBody) -> bool:  # noqa: ARG002 - the protocol has it
        """Offer it where calls or branches are worth a line, and none is there."""
        worth = body.calls > 0 or body.branches > 0
        silent = not any(word in body.code for word in _SAYS)
        return worth and silent and not body.stub and not body.broken

    def words(self, body: FunctionBody) -> str:
        """Ask for the log lines."""
        logger = _LOGGERS.get(body.language, "the language's standard logger")
        return (
            f"Add logging to {body.symbol.name}: a few lines, at decisions and at failures, with "
            f"the values that matter. Use the logger that the file has, else {logger} inside the "
            "function. Log no secret and no personal data. Change nothing else."
        )


ACTION = AddLogging()

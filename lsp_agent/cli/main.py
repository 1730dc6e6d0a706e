"""The verbs, found late; errors as one line; exit statuses of the contract."""

from __future__ import annotations

import importlib
import logging
import os
import sys
from collections.abc import Sequence

import click

from lsp_agent import __version__
from lsp_agent.cancel import Cancelled
from lsp_agent.cli.context import CliContext, global_options
from lsp_agent.errors import LspAgentError

# The help of a verb stands here, so that listing the verbs imports none of them.
VERBS = {
    "serve": "Serve an editor: the language server, on stdio unless told otherwise.",
    "run": "Give the agent a task; prints a diff and changes nothing by default.",
    "action": "Take one code action without an editor, as the editor's menu would.",
    "review": "Review what changed; findings as lines, JSON, SARIF or GitHub's own.",
    "complete": "Complete the code at a place; prints what to insert.",
    "demo": "Show the main job on a sample project; nothing is downloaded.",
    "doctor": "Say what works, what does not, and the command that mends it.",
    "index": "Build the code index of a folder, or say what is in it.",
    "symbols": "Find definitions by a part of their name.",
    "refs": "Find the uses of a name.",
    "map": "Print the ranked map of a folder: its files and their signatures.",
    "models": "List the models of this machine; add, pull, remove or time one.",
    "config": "Show, describe or check the configuration.",
    "runs": "Look at earlier runs; undo, resume, export or forget them; verify the audit.",
    "memory": "Look at what is kept between runs: notes and feedback; forget or export it.",
    "trust": "Trust a folder: its settings count, its tests and linters may run.",
    "untrust": "Stop trusting a folder.",
}
DONE, NO_EDIT, USAGE, UNAVAILABLE, CANCELLED = 0, 1, 2, 3, 130
_STATUS_BY_CODE = {
    "bad-configuration": USAGE,
    "bad-place": USAGE,
    "usage": USAGE,
    "bad-passphrase": USAGE,
    "no-such-run": USAGE,
    "bad-model-name": USAGE,
    "bad-task": USAGE,
    "engine-unavailable": UNAVAILABLE,
    "bad-model-file": UNAVAILABLE,
}


class VerbGroup(click.Group):
    """Imports a verb's module when the verb is used, not before."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the verbs in the order of the table."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one verb."""
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"lsp_agent.cli.{cmd_name}")
        command: click.Command = module.command
        _share_options(command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the verbs with the help from the table."""
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))


@click.command(
    cls=VerbGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="A language server whose backend is a coding agent that runs on your own machine.",
    epilog="Exit status: 0 done, 1 no acceptable edit, 2 usage or configuration, "
    "3 engine or model unavailable, 130 cancelled.",
)
@click.version_option(__version__, message="lsp-agent %(version)s")
def cli() -> None:
    """Collect the verbs."""


cli.params += global_options()


def _share_options(command: click.Command) -> None:
    """Let a verb, and each verb below it, take the global options too."""
    known = {parameter.name for parameter in command.params}
    command.params += [one for one in global_options() if one.name not in known]
    if isinstance(command, click.Group):
        for inner in command.commands.values():
            _share_options(inner)


def run(arguments: Sequence[str]) -> int:
    """Run one command line; return the exit status. Errors are one line on stderr."""
    # Libraries' warnings are no result, and stderr is for people.
    logging.getLogger().addHandler(logging.NullHandler())
    state = CliContext()
    try:
        with cli.make_context("lsp-agent", list(arguments), obj=state) as context:
            status = cli.invoke(context)
    except (Cancelled, KeyboardInterrupt, click.Abort):
        state.say("cancelled")
        return CANCELLED
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except Exception as error:  # noqa: BLE001 - a user gets one line; --verbose shows the rest
        return _failed(state, error)
    return status if isinstance(status, int) else DONE


def _in_one_line(error: click.ClickException) -> str:
    """Return what is wrong with a command line, and where its form is told."""
    message = " ".join(error.format_message().split())
    context = error.ctx if isinstance(error, click.UsageError) else None
    return f"{message} (see: {context.command_path} --help)" if context else message


def _failed(state: CliContext, error: Exception) -> int:
    if isinstance(error, BrokenPipeError):
        # The reader went away (| head). The signal is not used for this: it would also end us
        # when a server or an editor closes its connection.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    if isinstance(error, click.ClickException):
        state.fail(_in_one_line(error))
        return USAGE
    if isinstance(error, LspAgentError):
        state.fail(str(error))
        return _STATUS_BY_CODE.get(error.code, NO_EDIT)
    logging.getLogger(__name__).error("unexpected", exc_info=error)
    state.fail(f"unexpected {error!r}; --verbose shows more")
    return NO_EDIT

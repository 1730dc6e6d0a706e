"""Running a program for the model: where it runs, and what is said of how it went."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from lsp_agent.sandbox.types import Outcome
from lsp_agent.tools.spec import ToolContext, ToolError
from lsp_agent.verify.types import Workshop
from lsp_agent.workspace.errors import UnreadableFileError

_HEAD, _TAIL = 5_000, 11_000
_MAX_WRITTEN = 40
_ENDED = {
    "timeout": "it ran too long",
    "wall_seconds": "it ran too long",
    "cpu_seconds": "it used too much processor time",
    "memory": "it used too much memory",
    "processes": "it started too many processes",
    "file_size": "it wrote too large a file",
    "output": "it printed too much",
}
_CONTROL = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.")


def workshop_of(context: ToolContext) -> Workshop:
    """Return where commands run; raises :class:`ToolError` where nothing may."""
    if context.workshop is None:
        raise ToolError(
            "no command can be run: no sandbox works here; `lsp-agent doctor` names what is missing"
        )
    return context.workshop


def existing(context: ToolContext, path: str) -> str:
    """Return the one spelling of a file or folder that is there, fit to be an argument.

    Raises :class:`ToolError` for one that is not, ``OutsideRootError`` for one that leaves.
    """
    if not context.overlay.exists(path):
        try:
            context.overlay.listdir(path)
        except UnreadableFileError:
            raise ToolError(f"{path} does not exist") from None
    root = context.overlay.root
    clean = root.canonical(path) if root else path
    # What starts with a dash would be an option.
    return f"./{clean}" if clean.startswith("-") else clean or "."


def run_program(
    context: ToolContext,
    argv: Sequence[str],
    *,
    seconds: float | None = None,
    env: Mapping[str, str] | None = None,
) -> Outcome:
    """Run a program at the root of the copy.

    Raises :class:`ToolError` without a workshop, ``SandboxError`` for what can't be started, and
    ``Cancelled``.
    """
    workshop = workshop_of(context)
    outcome = workshop.run(argv, context.overlay, context.cancel, seconds=seconds, env=env)
    context.cancel.check()
    return outcome


def report(context: ToolContext, outcome: Outcome) -> str:
    """Describe for a model how a program ended, what it printed, and what it changed."""
    parts = [f"{ending(outcome)}, after {outcome.seconds:.1f} s", printed(outcome)]
    written = workshop_of(context).written()
    if written:
        # A name may hold anything, also what no text can hold.
        names = (name if name.isprintable() else ascii(name) for name in written[:_MAX_WRITTEN])
        shown = ", ".join(names)
        more = f" and {len(written) - _MAX_WRITTEN} more" if len(written) > _MAX_WRITTEN else ""
        parts.append(
            "files that commands of this run changed; they stay in a copy, the workspace is as it "
            f"was: {shown}{more}"
        )
    return "\n".join(part for part in parts if part)


def ending(outcome: Outcome) -> str:
    """Say how a program ended, without its output."""
    if outcome.status is None:
        why = _ENDED.get(outcome.ended, outcome.ended or "for an unknown reason")
        return f"ended by the sandbox: {why}"
    if outcome.status < 0:
        return f"ended by signal {-outcome.status}"
    return f"exit status {outcome.status}"


def printed(outcome: Outcome) -> str:
    """Return what a program printed, without colours; the middle of long output is left out."""
    text = _CONTROL.sub("", outcome.output.replace("\r\n", "\n")).strip("\n")
    if len(text) > _HEAD + _TAIL:
        left = len(text) - _HEAD - _TAIL
        text = f"{text[:_HEAD]}\n[… {left:,} characters left out …]\n{text[-_TAIL:]}"
    return text

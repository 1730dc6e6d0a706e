"""Whether the user's list of commands allows one.

Pure functions of a text. The list is compared word by word with a lone, literal command; whatever
hides what is run (wrappers, shells, interpreters, options that name programs) is looked through,
and matched by nothing but itself, written out.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from lsp_agent.agent.reading import read_argv, unwrapped
from lsp_agent.syntax.shell import SimpleCommand, read_command_line

_OPTION_STARTS = ("-", "+", "@")


def allowed(command: str, patterns: Sequence[str]) -> bool:
    """Whether the user's list allows a command without asking.

    A pattern is compared word by word: ``*`` stands for one word that is no option, ``**`` at the
    end for any words; all other words must be equal. The command must be a lone program with
    literal words, no redirection but to ``/dev/null``, and no assignment that the pattern does not
    write out. Wrappers as ``timeout 9`` or ``nice`` are looked through. What runs code that it is
    given (``sh -c``, ``git -c``, ``make SHELL=…``, ``pip install`` …) is allowed by its own words
    only, and ``sudo`` and its like by nothing.
    """
    lone = _lone(command)
    if lone is None:
        return False
    assigned, argv = lone
    marks = read_argv(argv).marks
    split = [_split(pattern) for pattern in patterns]
    if "privileged" in marks:
        return False
    if (*assigned, *argv) in split:
        return True
    if assigned or marks & {"runs", "unknown", "environment"}:
        return False
    inner = unwrapped(argv)
    return any(_matches(inner, unwrapped(words)) for words in split)


def _lone(command: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Return assignments and words of a lone, literal command that writes nowhere."""
    lone = read_command_line(command).lone
    if lone is None or not _stays_inside(lone):
        return None
    argv, assigned = lone.argv, _written_out(lone)
    if not argv or not argv[0] or assigned is None:
        return None
    words = (*assigned, *argv)
    return (assigned, argv) if _agrees_with_shlex(command, words, lone) else None


def _stays_inside(command: SimpleCommand) -> bool:
    for one in command.redirections:
        copied = one.operator in (">&", "<&") and one.target.text in ("0", "1", "2")
        if not one.target.literal or not (copied or one.target.text == "/dev/null"):
            return False
    return True


def _written_out(command: SimpleCommand) -> tuple[str, ...] | None:
    if not all(value.literal for _, value in command.assignments):
        return None
    return tuple(f"{name}={value.text}" for name, value in command.assignments)


def _agrees_with_shlex(command: str, words: tuple[str, ...], lone: SimpleCommand) -> bool:
    """Whether a second reader sees the same words: who runs the command may use either."""
    try:
        seen = shlex.split(command)
    except ValueError:
        return False
    return tuple(seen[: len(words)] if lone.redirections else seen) == words


def _split(pattern: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(pattern))
    except ValueError:
        return ()


def _matches(argv: tuple[str, ...], pattern: tuple[str, ...]) -> bool:
    rest = pattern[-1:] == ("**",)
    words = pattern[:-1] if rest else pattern
    if not words or words[0] == "*":
        # A wildcard for the program would allow every program.
        return False
    if len(argv) < len(words) or (len(argv) > len(words) and not rest):
        return False
    return all(
        _is_operand(given) if wanted == "*" else given == wanted
        for wanted, given in zip(words, argv, strict=False)
    )


def _is_operand(word: str) -> bool:
    return bool(word) and not word.startswith(_OPTION_STARTS) and "\n" not in word

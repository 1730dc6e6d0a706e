"""How dangerous a call is: by its tool, and by what its arguments name. Pure rules."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lsp_agent.agent.commands import allowed
from lsp_agent.agent.reading import Mark, read_command
from lsp_agent.agent.sensitive import DESCRIPTIONS, Kind, sensitive_kind
from lsp_agent.agent.types import HazardClass
from lsp_agent.config.model import Settings
from lsp_agent.tools.spec import Tool
from lsp_agent.workspace.overlay import FileChange

LONGEST_COMMAND = 600
"""A command with more characters can't be judged by who is asked about it."""
_PATH_WORDS = ("path", "file", "folder", "directory", "target", "destination")
_NEVER_REMEMBERED = frozenset({"git", "agent"})
_NOT_HELD = "nothing, or not all, holds it in"
_MARKS: dict[Mark, str] = {
    "runs": "it runs code that it is given",
    "network": "it uses the network",
    "environment": "it changes what programs find around them",
    "unknown": "what it runs can't be told from its words",
}


@dataclass(frozen=True, slots=True)
class Risk:
    """What a call puts at risk.

    ``kind`` names the sort of thing, ``subject`` the very thing that an answer is good for;
    ``reason`` is for the person who is asked. ``forbidden`` says why it is not even asked about.
    """

    hazard: HazardClass
    kind: str = ""
    subject: str = ""
    reason: str = ""
    forbidden: str = ""

    @property
    def lasting(self) -> bool:
        """Whether an answer may be good for longer than once."""
        return self.hazard != "always" and self.kind not in _NEVER_REMEMBERED


def risk_of(
    tool: Tool[Any],
    arguments: Mapping[str, Any],
    settings: Settings,
    canonical: Callable[[str], str],
    *,
    trusted: bool,
) -> Risk:
    """Judge a call; ``canonical`` gives the one path of a file, however it was spelt."""
    if tool.hazard in ("low", "always"):
        return Risk(tool.hazard, tool.name, tool.name)
    if tool.hazard != "edit" and (command := _command(tool, arguments)):
        return _command_risk(tool, command, settings, trusted=trusted)
    if tool.hazard == "sandboxed":
        # It reads the files that it is given; what it changes is looked at before it is offered.
        return _sandboxed_risk(tool, arguments, settings, trusted=trusted)
    named = [(path, canonical(path)) for path in paths_of(arguments)]
    files = [
        (real, kind)
        for path, real in named
        if (kind := sensitive_kind(path) or sensitive_kind(real))
    ]
    return files_risk(files) if files else Risk(tool.hazard, tool.name, tool.name)


def sensitive_files(change: FileChange) -> list[tuple[str, Kind]]:
    """Return the sensitive paths that a change touches, each with its kind."""
    paths = (change.path, *([change.new_path] if change.new_path else []))
    return [(path, kind) for path in paths if (kind := sensitive_kind(path))]


def files_risk(files: Sequence[tuple[str, Kind]]) -> Risk:
    """Judge a write to sensitive files, of which there is one at least."""
    kinds = [kind for _, kind in files]
    kind = next((kind for kind in kinds if kind in _NEVER_REMEMBERED), kinds[0])
    reason = "; ".join(f"{path} is {DESCRIPTIONS[kind]}" for path, kind in files)
    return Risk("risky", kind, ", ".join(path for path, _ in files), reason)


def paths_of(arguments: Mapping[str, Any]) -> Iterator[str]:
    """Yield what a call's arguments name as files."""
    for key, value in arguments.items():
        if any(word in key.casefold() for word in _PATH_WORDS):
            values = value if isinstance(value, list | tuple | set | frozenset) else [value]
            yield from (one for one in values if isinstance(one, str))


def _command_risk(tool: Tool[Any], command: str, settings: Settings, *, trusted: bool) -> Risk:
    read = read_command(command)
    kind, subject = "command", _normalized(command)
    if "privileged" in read.marks:
        return Risk("risky", kind, subject, forbidden="no command runs with another user's rights")
    held = _is_held(settings)
    # The list names a program; which one that is, the folder's own environment may say.
    if (held or trusted) and allowed(command, settings.safety.allowed_commands):
        return Risk("low", kind, subject, "safety.allowed_commands")
    marks = read.marks & {"network"} if settings.safety.network else frozenset()
    if tool.hazard == "sandboxed" and held and not marks:
        return _held_risk(tool, trusted=trusted)
    if len(command) > LONGEST_COMMAND:
        return Risk(
            "risky",
            kind,
            subject,
            forbidden=f"a command of more than {LONGEST_COMMAND} characters can't be asked about; "
            "write it into a script in the workspace",
        )
    reasons = [] if held else [_NOT_HELD]
    reasons += [words for mark, words in _MARKS.items() if mark in read.marks]
    return Risk("risky", kind, subject, "; ".join(reasons))


def _sandboxed_risk(
    tool: Tool[Any], arguments: Mapping[str, Any], settings: Settings, *, trusted: bool
) -> Risk:
    """Judge what runs the project's own programs, with arguments that may say what these run."""
    if _is_held(settings):
        return _held_risk(tool, trusted=trusted)
    subject = json.dumps(arguments, sort_keys=True, default=str)
    return Risk("risky", tool.name, subject, _NOT_HELD)


def _held_risk(tool: Tool[Any], *, trusted: bool) -> Risk:
    """Judge what a sandbox holds, whatever it runs: harmless where the folder is trusted."""
    if not trusted:
        return Risk("risky", tool.name, tool.name, "it runs code of a folder that is not trusted")
    return Risk("sandboxed", tool.name, tool.name)


def _is_held(settings: Settings) -> bool:
    return not settings.sandbox.unprotected and settings.sandbox.kind != "none"


def _command(tool: Tool[Any], arguments: Mapping[str, Any]) -> str:
    """Return the command line that a call runs, if its arguments hold one."""
    given = arguments.get("command")
    words = [given] if isinstance(given, str) else given
    if not isinstance(words, list | tuple) or not all(isinstance(word, str) for word in words):
        return ""
    text = given if isinstance(given, str) else shlex.join(words)
    if tool.name == "npm_command" and text.split()[:1] != ["npm"]:
        return f"npm {text}"
    return text


def _normalized(command: str) -> str:
    try:
        return shlex.join(shlex.split(command))
    except ValueError:
        return command

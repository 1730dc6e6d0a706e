"""Starting git: which program, in what environment, and what it says when it fails."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from lsp_agent.cancel import CancelToken
from lsp_agent.vcs.place import VcsError

SECONDS = 60.0
_MAX_ERROR = 400
# For what does not come from a file, and for a git that is older than what is asked of it.
_SAFE = (
    "core.fsmonitor=false",
    "core.hooksPath=" + os.devnull,
    "core.pager=cat",
    "core.sshCommand=false",
    "core.untrackedCache=false",
    "diff.external=",
    "log.showRoot=true",
    "log.showSignature=false",
    "protocol.allow=never",
)
QUIET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    # Keeps ":(top)…" and globs in a path from meaning anything.
    "GIT_LITERAL_PATHSPECS": "1",
    "GIT_PAGER": "cat",
    "GIT_EDITOR": "false",
    "LC_ALL": "C",
}
"""What each git is told, so that it asks nobody and reads arguments as they are."""

ALONE = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_ASKPASS": "false",
}
"""What keeps a git from the network, and from what is set for the whole machine."""

_PROGRAMS = frozenset({"SSH_ASKPASS", "PAGER", "EDITOR", "VISUAL", "LESSOPEN", "LESSCLOSE"})


def git_command(*arguments: str, settings: Sequence[str] = _SAFE) -> list[str]:
    """Return a command line of ``git``. Raises :class:`VcsError` where it is not installed."""
    # A relative folder would be looked up in whatever folder we are in, and be the repository's.
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    absolute = os.pathsep.join(one for one in folders if Path(one).is_absolute())
    program = shutil.which("git", path=absolute)
    if program is None or not Path(program).is_absolute():
        raise VcsError("git is not installed")
    safe = [word for pair in settings for word in ("-c", pair)]
    return [program, "--no-pager", *safe, *arguments]


def own_environment() -> dict[str, str]:
    """Return the process's environment for a ``git`` that heeds the user's own settings."""
    kept = {
        name: value for name, value in os.environ.items() if not name.upper().startswith("GIT_")
    }
    return {**kept, **QUIET}


def clean_environment() -> dict[str, str]:
    """Return the process's environment for a ``git``, without what would change its ways."""
    kept = {
        name: value for name, value in own_environment().items() if name.upper() not in _PROGRAMS
    }
    return {**kept, **ALONE}


def run_git(
    command: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdin: bytes = b"",
    seconds: float | None = SECONDS,
    cancel: CancelToken | None = None,
) -> bytes:
    """Run what :func:`git_command` gives, in ``env`` alone; return what it prints.

    Raises :class:`VcsError` with what it complains of, and :class:`~lsp_agent.cancel.Cancelled`.
    """
    name = _named(command)
    cancel = cancel or CancelToken()
    try:
        process = subprocess.Popen(
            command,
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except (OSError, ValueError) as error:
        raise VcsError(f"git {name} failed: {error}") from error
    forget = cancel.on_cancel(process.kill)
    with process:
        try:
            output, errors = process.communicate(stdin, seconds)
        except subprocess.TimeoutExpired as error:
            raise VcsError(f"git {name} failed: it took more than {seconds:g} s") from error
        finally:
            forget()
            if process.poll() is None:
                process.kill()
    cancel.check()
    if process.returncode:
        said = errors.decode("utf-8", "replace").strip()
        raise VcsError(f"git {name} failed: {said[:_MAX_ERROR]}")
    return output


def _named(command: Sequence[str]) -> str:
    """Return git's verb in a command line."""
    words = iter(command[1:])
    for word in words:
        if word == "-c":
            next(words, None)
        elif not word.startswith("-"):
            return word
    return ""

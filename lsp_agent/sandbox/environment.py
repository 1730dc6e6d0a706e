"""The environment that a command gets: a few variables by name, nothing that was not looked at.

A list of what is let through, never of what is kept out: secrets have all kinds of names. What
makes an interpreter or the loader run other code is refused also where it is asked for.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path

from lsp_agent.sandbox.types import SandboxError

_KEPT = ("LANG", "LANGUAGE", "TZ", "COLUMNS", "LINES", "VIRTUAL_ENV", "SOURCE_DATE_EPOCH")
_KEPT_PREFIXES = ("LC_",)
_SET = {"TERM": "dumb", "NO_COLOR": "1", "PYTHONDONTWRITEBYTECODE": "1"}

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SECRET = re.compile(
    r"(^|_)(TOKENS?|SECRETS?|PASS(WD|WORD|PHRASE|CODE)?|PWD|CREDENTIALS?|CREDS?|AUTH|COOKIES?|"
    r"API_?KEYS?|APIKEYS?|KEYS?|PAT|PRIVATE|SESSION|SIGNATURE|DSN|CONNECTION_STRING|"
    r"[A-Z]+_URI|DATABASE_URL)($|_)|TOKEN|SECRET|PASSWORD|APIKEY|CREDENTIAL",
    re.IGNORECASE,
)
_STEERS = re.compile(
    r"LD_.*|DYLD_.*|PYTHON.*|PIP_.*|UV_.*|CONDA_.*|NODE_.*|NPM_CONFIG_.*|YARN_.*|GIT_.*|SSH_.*|"
    r"PERL.*|RUBY.*|GEM_.*|BUNDLE_.*|JAVA_.*|JDK_.*|_JAVA_OPTIONS|MAVEN_OPTS|GRADLE_OPTS|CLASSPATH|"
    r"LUA_.*|BASH_.*|ENV|IFS|PS4|PROMPT_COMMAND|SHELLOPTS|GCONV_PATH|LOCPATH|NLSPATH|HOSTALIASES|"
    r"MALLOC_.*|GLIBC_TUNABLES|TMPDIR|TEMP|TMP|HOME|PATH|SHELL|USER|LOGNAME|XDG_.*|"
    r"EDITOR|VISUAL|.*PAGER|BROWSER|.*_ASKPASS|.*_PROXY|DBUS_.*|DISPLAY|WAYLAND_.*|XAUTHORITY|"
    r"RUSTC.*|RUSTFLAGS|CARGO_.*|GO(FLAGS|PROXY|ROOT|PATH)|CC|CXX|LD|MAKEFLAGS|"
    r"OPENSSL_CONF|OPENSSL_MODULES|SSLKEYLOGFILE|AWS_.*|AZURE_.*|GOOGLE_.*|GCP_.*|"
    r"GITHUB_.*|GITLAB_.*|DOCKER_.*|KUBE.*",
    re.IGNORECASE,
)
_ALLOWED = frozenset({"PYTHONDONTWRITEBYTECODE", "PYTHONHASHSEED", "NODE_ENV", "CARGO_NET_OFFLINE"})


def objection(name: str) -> str:
    """Say why a variable is not passed on to a command; ``""`` where it may be."""
    if not _NAME.fullmatch(name):
        return "it is no name of a variable"
    if name.upper() in _ALLOWED:
        return ""
    if _STEERS.fullmatch(name):
        return "it makes programs run something else"
    return "it has the name of a secret" if _SECRET.search(name) else ""


def clean_environment(
    env: Mapping[str, str],
    added: Mapping[str, str],
    *,
    home: str,
    tmp: str,
    place: Path,
    folder: Path,
    borrowed: Collection[str] = (),
) -> dict[str, str]:
    """Return the environment of a command: what of ``env`` is harmless, and what is ``added``.

    ``PATH`` loses what is relative, and folders of the workspace that are not among what is
    borrowed of it: the repository does not say which ``git`` runs. ``PYTHONPATH`` may be added
    where it stays below ``folder``, which the command can write to anyhow. Raises
    :class:`SandboxError` for a variable that is added and must not be.
    """
    kept = {
        name: value
        for name, value in env.items()
        if name in _KEPT or name.startswith(_KEPT_PREFIXES)
    }
    for name, value in added.items():
        why = objection(name)
        if why and not (name == "PYTHONPATH" and _stays_below(value, folder)):
            raise SandboxError(
                f"the variable {name} is not passed on to commands: {why}; leave it out"
            )
        if "\0" in value:
            raise SandboxError(f"the variable {name} holds a NUL character; leave it out")
    path = ":".join(path_folders(env.get("PATH", ""), place, borrowed))
    fixed = {**_SET, "HOME": home, "TMPDIR": tmp, "PATH": path or "/usr/bin:/bin"}
    return {**kept, **fixed, **added}


def _stays_below(path: str, folder: Path) -> bool:
    """Whether all folders of a search path lie below a folder, as they are written."""
    parts = [Path(one) for one in path.split(os.pathsep)]
    return all(one.is_relative_to(folder) and ".." not in one.parts for one in parts)


def path_folders(path: str, place: Path, borrowed: Collection[str]) -> list[str]:
    """Return the folders of a ``PATH`` that a command searches too, each once."""
    shown = [place / one for one in borrowed]
    found: list[str] = []
    for text in path.split(":"):
        folder = Path(text)
        own = folder.is_relative_to(place) and not any(folder.is_relative_to(one) for one in shown)
        if folder.is_absolute() and ".." not in folder.parts and not own and text not in found:
            found.append(text)
    return found

"""Git without the repository's settings: what they name can't run, because it is never read.

A repository's configuration may name programs in more places than can be listed: filters, hooks,
text conversion, fsmonitor, signing, remote helpers, with names of its own choosing, and files to
include. So nothing is switched off. Git gets the real ``HEAD``, index, refs and objects, and in
place of the folder that holds ``config`` and ``hooks`` one of ours (``GIT_COMMON_DIR``), with the
few settings that are harmless and change what git says. The user's own configuration is taken
through the same sieve, and so is the machine's; their ``GIT_…`` variables are not passed on.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

from lsp_agent.vcs.place import Place, VcsError, check_links
from lsp_agent.vcs.running import clean_environment, git_command, run_git

_SECONDS = 20.0
_MAX_CONFIG = 1_000_000
_KEPT = 16
_LINKED = ("refs", "reftable", "logs", "worktrees")
_SINGLE = ("packed-refs", "shallow", "info/exclude", "info/attributes")
_BOOLEAN = re.compile(r"true|false|yes|no|on|off|0|1|input|auto|", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z0-9-]{1,40}")
_LINE = re.compile(r"[^\x00-\x1f\x7f]{0,4096}")
# What may be said by the repository itself: no path, no program, no address.
_HARMLESS = {
    "core.repositoryformatversion": _WORD,
    "extensions.objectformat": _WORD,
    "extensions.refstorage": _WORD,
    "core.filemode": _BOOLEAN,
    "core.symlinks": _BOOLEAN,
    "core.ignorecase": _BOOLEAN,
    "core.precomposeunicode": _BOOLEAN,
    "core.autocrlf": _BOOLEAN,
    "core.eol": _WORD,
    "core.quotepath": _BOOLEAN,
    "core.longpaths": _BOOLEAN,
    "core.sharedrepository": _WORD,
    "core.safecrlf": _WORD,
    "core.logallrefupdates": _WORD,
    "core.sparsecheckout": _BOOLEAN,
    "core.sparsecheckoutcone": _BOOLEAN,
    "diff.renames": _WORD,
    "diff.algorithm": _WORD,
    "status.showuntrackedfiles": _WORD,
    **{
        f"{who}.{what}": _LINE
        for who in ("user", "author", "committer")
        for what in ("name", "email")
    },
}
# Which branch follows which, for the first line of the status.
_HARMLESS_NAMED = re.compile(r"(branch)\..+\.(remote|merge)|(remote)\..+\.fetch")
# What only the user may say.
_OWN = frozenset({"core.excludesfile", "core.attributesfile"})
_HOOKS = "core.hookspath"
_Settings = tuple[tuple[str, str], ...]
_Stamp = tuple[int, int, int]


class Quarantine:
    """One repository as git may see it: an environment, and our folder in place of its own."""

    def __init__(self, place: Place) -> None:
        """Read the settings. Raises :class:`VcsError` for what is no sound repository."""
        check_links(place)
        self.place = place
        self.settings = read_settings(place.common / "config")
        """All that the repository's own file says, in its order: untrusted, no includes read."""
        self._folder = tempfile.TemporaryDirectory(prefix="lsp-agent-git-")
        self._lay_out(Path(self._folder.name))
        self._write(())
        self._own = _own_settings(self.environment())
        self._write(self._own)

    def environment(self) -> dict[str, str]:
        """Return the whole environment for a ``git`` of this repository, wherever it starts."""
        place, folder = self.place, self._folder.name
        if sys.platform == "win32":
            _copy_single(place.common, Path(folder))
        return {
            **clean_environment(),
            "GIT_DIR": str(place.git_dir),
            "GIT_COMMON_DIR": folder,
            "GIT_OBJECT_DIRECTORY": str(place.common / "objects"),
            "GIT_INDEX_FILE": str(place.git_dir / "index"),
            "GIT_WORK_TREE": str(place.top),
            "GIT_CONFIG_GLOBAL": os.devnull,
        }

    def _lay_out(self, folder: Path) -> None:
        common = self.place.common
        for name in _LINKED:
            if (common / name).is_dir():
                _link_folder(folder / name, common / name)
        (folder / "info").mkdir()
        if sys.platform == "win32":
            return
        for name in _SINGLE:
            (folder / name).symlink_to(common / name)

    def values(self, key: str) -> list[str]:
        """Return what the repository's own file says of a setting: untrusted."""
        return [value for name, value in self.settings if name == key]

    def hooks(self) -> Path:
        """Return the folder of the hooks that git would run by itself: untrusted, as they are."""
        own = [value for name, value in self._own if name == _HOOKS]
        named = [*own, *self.values(_HOOKS)]
        if not named:
            return self.place.common / "hooks"
        return self.place.top / os.path.expanduser(named[-1])  # noqa: PTH111 - never raises

    def _write(self, own: _Settings) -> None:
        """Write our configuration: what is kept of the user's, then of the repository's."""
        kept = [item for item in own if _kept(*item) or item[0] in _OWN]
        kept += [item for item in self.settings if _kept(*item)]
        lines = ["[core]", "bare = false"]
        for key, value in kept:
            section, _, rest = key.partition(".")
            middle, dot, name = rest.rpartition(".")
            lines.append(f"[{section} {_quoted(middle)}]" if dot else f"[{section}]")
            lines.append(f"{name} = {_quoted(value)}")
        text = "\n".join(lines) + "\n"
        Path(self._folder.name, "config").write_bytes(os.fsencode(text))


def quarantine(place: Place) -> Quarantine:
    """Return a repository's quarantine, made anew when its or the user's settings changed.

    Hold it while a git runs in it. Cost: seven ``stat`` calls; three runs of ``git config`` and a
    listing of refs the first time.
    """
    files = (place.common / "config", *_own_files())
    linked = tuple((place.common / name).is_dir() for name in _LINKED)
    return _quarantine(place, tuple(_stamp(file) for file in files), linked)


@lru_cache(maxsize=_KEPT)
def _quarantine(place: Place, _stamps: tuple[_Stamp, ...], _linked: tuple[bool, ...]) -> Quarantine:
    return Quarantine(place)


def read_settings(file: Path) -> _Settings:
    """Return what a configuration file says itself, in its order; its includes are not read.

    Raises :class:`VcsError` for what is no such file.
    """
    try:
        status = file.lstat()
    except OSError:
        return ()
    if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_CONFIG:
        raise VcsError(f"{file} is no configuration: a link, or larger than {_MAX_CONFIG:,} bytes")
    environment = {**clean_environment(), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_DIR": os.devnull}
    try:
        return _listed(("--file", str(file), "--no-includes"), environment)
    except VcsError as error:
        raise VcsError(f"git can't read {file}: {error}") from error


def _own_settings(environment: Mapping[str, str]) -> _Settings:
    """Return the machine's and the user's settings, with what they include for this repository."""
    without = {key: value for key, value in environment.items() if key != "GIT_CONFIG_GLOBAL"}
    found: _Settings = ()
    for level in ("--system", "--global"):
        # There need not be any.
        with suppress(VcsError):
            found += _listed((level, "--includes"), without)
    return found


def _listed(which: tuple[str, ...], environment: Mapping[str, str]) -> _Settings:
    command = git_command("config", *which, "--null", "--list")
    output = run_git(command, cwd=Path(tempfile.gettempdir()), env=environment, seconds=_SECONDS)
    rows = (row.partition("\n") for row in os.fsdecode(output).split("\0") if row)
    # A key alone means true.
    return tuple((key, value if line else "true") for key, line, value in rows)


def _kept(key: str, value: str) -> bool:
    pattern = _HARMLESS.get(key) or (_LINE if _HARMLESS_NAMED.fullmatch(key) else None)
    return pattern is not None and pattern.fullmatch(value) is not None


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _own_files() -> tuple[Path, Path]:
    home = Path(os.environ.get("HOME") or os.path.expanduser("~"))  # noqa: PTH111 - never raises
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    return home / ".gitconfig", config / "git" / "config"


def _stamp(file: Path) -> _Stamp:
    try:
        status = file.lstat()
    except OSError:
        return (0, 0, 0)
    return (status.st_mtime_ns, status.st_size, status.st_ino)


def _link_folder(link: Path, target: Path) -> None:
    if sys.platform == "win32":
        import _winapi

        # Needs no privilege there, unlike a link.
        _winapi.CreateJunction(str(target), str(link))
    else:
        link.symlink_to(target, target_is_directory=True)


def _copy_single(common: Path, folder: Path) -> None:
    for name in _SINGLE:
        if (common / name).is_file():
            shutil.copyfile(common / name, folder / name)

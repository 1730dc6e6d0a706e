"""Pushing one branch to a configured remote, never forced, and never by the repository's settings.

Its configuration may name programs in many places (``core.sshCommand``, credential helpers,
``remote.*.receivepack``, ``url.*.insteadOf``, hooks). So git is given an empty repository with the
real one's objects, and the remote's address, which is all that is read of the repository's own
file. The user's configuration counts as ever: their ssh, credential helper and proxy. A folder of
this machine may be as foreign as the repository that names it: nothing that it names runs either,
and where it has hooks, which may be its rules, nothing is pushed.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lsp_agent.vcs.commits import branch_ref
from lsp_agent.vcs.place import VcsError
from lsp_agent.vcs.quarantine import read_settings
from lsp_agent.vcs.running import git_command, own_environment, run_git
from lsp_agent.vcs.writer import Writer

_SECONDS = 300.0
_NAME = re.compile(r"[A-Za-z0-9_][\w./-]*")
_SSH = re.compile(r"(?:[\w.][\w.+-]*@)?[\w.][\w.-]*:(?!:).+", re.DOTALL)
_HOST = re.compile(r"(?:[^@/]*@)?[\w\[][\w.:\[\]-]*")
_SAFE = (
    "core.hooksPath=" + os.devnull,
    "push.gpgSign=false",
    "push.followTags=false",
    "push.recurseSubmodules=no",
    "gc.auto=0",
    "maintenance.auto=false",
)
# For the git that receives in a folder of this machine.
_RECEIVING = (
    "core.hooksPath=" + os.devnull,
    "core.alternateRefsCommand=",
    "core.fsmonitor=false",
    "protocol.allow=never",
    "receive.autogc=false",
    "receive.denyCurrentBranch=refuse",
)


@dataclass(frozen=True, slots=True)
class Push:
    """A push that may be made: one branch, one address."""

    remote: str
    branch: str
    address: str
    local: bool

    @property
    def shown(self) -> str:
        """The address without a password in it."""
        return re.sub(r"(?<=//)[^@/]*@", "", self.address)


def plan_push(writer: Writer, remote: str | None, branch: str | None) -> Push:
    """Find out what a push means; the present branch and ``origin`` where none are named.

    Raises :class:`VcsError` for an address in the place of a name, a remote or a branch that is
    not there, refspecs, and an address that is not https, ssh or a folder elsewhere.
    """
    branch = branch or writer.branch()
    if branch is None:
        raise VcsError("HEAD is on no branch; name the branch to push")
    if branch.startswith("+") or ":" in branch:
        raise VcsError(f"{branch!r} is a refspec; name a branch: nothing is forced or deleted")
    writer.run("show-ref", "--verify", "--quiet", branch_ref(writer, branch))
    remote = remote or "origin"
    if not _NAME.fullmatch(remote):
        raise VcsError(f"{remote!r} is no remote's name; push goes to configured remotes only")
    address, local = _checked(writer, _address(writer, remote))
    return Push(remote, branch, address, local)


def push(writer: Writer, plan: Push) -> None:
    """Push. Raises :class:`VcsError` with the remote's words if it refuses."""
    ref = f"refs/heads/{plan.branch}"
    commit = writer.text("rev-parse", "--verify", f"{ref}^{{commit}}")
    with tempfile.TemporaryDirectory(prefix="lsp-agent-push-") as folder:
        empty = Path(folder, "git")
        names = f"--object-format={writer.names}"
        env = own_environment()
        init = git_command("init", "--quiet", "--bare", "--template=", names, str(empty))
        run_git(init, cwd=Path(folder), env=env)
        if (writer.common / "shallow").is_file():
            shutil.copyfile(writer.common / "shallow", empty / "shallow")
        env |= {
            "GIT_DIR": str(empty),
            "GIT_OBJECT_DIRECTORY": str(writer.common / "objects"),
            "GIT_ALLOW_PROTOCOL": "file" if plan.local else "https:ssh",
        }
        there = shlex.join(git_command("receive-pack", settings=_RECEIVING))
        receiving = [f"--receive-pack={there}"] if plan.local else []
        words = ("--no-verify", "--no-force", "--no-signed", "--no-follow-tags", "--porcelain")
        command = git_command(
            "push", *words, *receiving, "--", plan.address, f"{commit}:{ref}", settings=_SAFE
        )
        run_git(command, cwd=Path(folder), env=env, seconds=_SECONDS)
    writer.move("update-ref", "-m", "push", f"refs/remotes/{plan.remote}/{plan.branch}", commit)


def _address(writer: Writer, remote: str) -> str:
    for key in ("pushurl", "url"):
        addresses = writer.quarantine().values(f"remote.{remote}.{key}")
        if len(addresses) > 1:
            raise VcsError(f"the remote {remote} has several addresses; push it yourself")
        if addresses and addresses[0]:
            return addresses[0]
    raise VcsError(f"there is no remote {remote}; see: git remote -v")


def _checked(writer: Writer, address: str) -> tuple[str, bool]:
    """Return an address and whether it is a folder of this machine."""
    if any(ord(char) < 32 for char in address) or address.startswith("-"):
        raise VcsError("the remote's address holds what no address can hold")
    scheme = urlsplit(address).scheme if "://" in address else ""
    if scheme in ("https", "ssh"):
        if _HOST.fullmatch(urlsplit(address).netloc):
            return address, False
    elif scheme == "file" or (
        not scheme and ("/" in address.partition(":")[0] or ":" not in address)
    ):
        path = unquote(urlsplit(address).path) if scheme else address
        return str(_elsewhere(writer, Path(writer.top, path))), True
    elif not scheme and os.name == "nt" and Path(address).is_absolute():
        return str(_elsewhere(writer, Path(address))), True
    elif not scheme and "::" not in address and _SSH.fullmatch(address):
        return address, False
    raise VcsError("the remote's address is not one of https, ssh or a folder; push it yourself")


def _elsewhere(writer: Writer, folder: Path) -> Path:
    """Refuse a repository inside this one, whose content is this one's, and one with hooks."""
    real = folder.resolve()
    if real.is_relative_to(writer.top) or real.is_relative_to(writer.common):
        raise VcsError("the remote lies inside this repository; push it yourself")
    git_dir = real / ".git" if (real / ".git").is_dir() else real
    hooks = git_dir / "hooks"
    named = any(key == "core.hookspath" for key, _ in read_settings(git_dir / "config"))
    if named or (hooks.is_dir() and any(one.suffix != ".sample" for one in hooks.iterdir())):
        raise VcsError(f"the remote {real} has hooks of its own; push it yourself")
    return real

"""Repositories whose own settings, files and index are the attack, and calls with odd arguments."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from typing import Any

from tests.redteam.arena import Arena
from tests.redteam.attack import Case

FILES = {"app.py": "x = 1\n", "b.txt": "one\n"}
# What a run asks of git; each is asked in each case.
ASKS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("git_status", {}),
    ("git_diff", {}),
    ("git_diff", {"ref": "HEAD"}),
    ("git_diff", {"staged": True}),
    ("git_diff", {"path": "app.py"}),
    ("git_log", {}),
    ("git_log", {"path": "app.py"}),
    ("git_blame", {"path": "app.py"}),
)
TRAP = "touch @OUT@/pwned; cat"
_ATTRIBUTES = "* filter=x diff=x merge=x\n"

# Each value names a program; all are set in the repository's own configuration.
PROGRAMS: Mapping[str, Mapping[str, str]] = {
    "a clean filter": {"filter.x.clean": TRAP},
    "a filter process": {"filter.x.process": TRAP, "filter.x.required": "true"},
    "a smudge filter": {"filter.x.smudge": TRAP},
    "textconv": {"diff.x.textconv": TRAP},
    "a diff driver": {"diff.x.command": TRAP},
    "external diff": {"diff.external": TRAP},
    "fsmonitor": {"core.fsmonitor": TRAP, "core.fsmonitorHookVersion": "2"},
    "hooks elsewhere": {"core.hooksPath": "@WORK@/traps"},
    "a pager": {"core.pager": TRAP, "pager.log": TRAP, "pager.diff": TRAP, "pager.blame": TRAP},
    "an editor": {"core.editor": TRAP, "sequence.editor": TRAP},
    "ssh": {"core.sshCommand": TRAP},
    "askpass and credentials": {"core.askPass": TRAP, "credential.helper": f"!{TRAP}"},
    "signatures": {"log.showSignature": "true", "gpg.program": TRAP, "gpg.ssh.program": TRAP},
    "a merge driver": {"merge.x.driver": TRAP},
    "alternate refs": {"core.alternateRefsCommand": TRAP},
    "aliases": {"alias.diff": f"!{TRAP}", "alias.status": f"!{TRAP}", "alias.log": f"!{TRAP}"},
    "a submodule's update": {"submodule.s.update": f"!{TRAP}", "submodule.recurse": "true"},
    "trailers": {"trailer.x.command": TRAP, "log.format": "%(trailers:key=x)"},
    "an attributes file": {"core.attributesFile": "@WORK@/attr", "filter.y.clean": TRAP},
    "an included file": {"include.path": "@WORK@/evil.config"},
    "a file included by folder": {"includeIf.gitdir:/.path": "@WORK@/evil.config"},
}


def _fetching(url: str, **settings: str) -> Callable[[Arena], None]:
    """Return what makes a repository a partial clone of a place, one object of which is missing."""

    def arrange(arena: Arena) -> None:
        for key, value in {
            "core.repositoryformatversion": "1",
            "extensions.partialClone": "origin",
            "remote.origin.promisor": "true",
            "remote.origin.url": url,
            **{key.replace("__", "."): value for key, value in settings.items()},
        }.items():
            arena.git("config", arena.fill(key), arena.fill(value))
        for name in ("HEAD:app.py", "HEAD:b.txt"):
            blob = arena.git("rev-parse", name).strip()
            (arena.work / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
        (arena.work / "app.py").write_text("x = 2\n")

    return arrange


FETCHES = {
    "a command": _fetching("ext::sh -c touch% @OUT@/pwned", protocol__ext__allow="always"),
    "uploadpack": _fetching(
        "file://@WORK@", protocol__file__allow="always", remote__origin__uploadpack=TRAP
    ),
    "TCP": _fetching("git://127.0.0.1:@TCP4@/x", protocol__git__allow="always"),
    "HTTP": _fetching("http://127.0.0.1:@TCP4@/x", protocol__http__allow="always"),
    "HTTP through a proxy": _fetching(
        "http://nowhere.invalid/x",
        protocol__http__allow="always",
        http__proxy="http://127.0.0.1:@TCP4@",
    ),
    "a git proxy": _fetching(
        "git://nowhere.invalid/x", protocol__git__allow="always", core__gitProxy=TRAP
    ),
    "ssh": _fetching(
        "ssh://nowhere.invalid/x", protocol__ssh__allow="always", core__sshCommand=TRAP
    ),
    "a helper of its own": _fetching(
        "origin", protocol__ext__allow="always", remote__origin__vcs="ext"
    ),
    "an address that stands for another": _fetching(
        "safe:x",
        protocol__allow="always",
        **{"url__git://127.0.0.1:@TCP4@/__insteadOf": "safe:"},
    ),
}


def _settings(values: Mapping[str, str]) -> Callable[[Arena], None]:
    def arrange(arena: Arena) -> None:
        trap = f"#!/bin/sh\n{TRAP}\n"
        hooks = ("post-index-change", "fsmonitor-watchman", "post-checkout", "pre-commit")
        arena.write({
            ".gitattributes": _ATTRIBUTES, "attr": "* filter=y\n", "app.py": "x = 2\n",
            "evil.config": f'[filter "x"]\n\tclean = "{TRAP}"\n[core]\n\tfsmonitor = "{TRAP}"\n',
            **{f"traps/{name}": trap for name in hooks},
            **{f".git/hooks/{name}": trap for name in hooks},
        })  # fmt: skip
        for name in hooks:
            for folder in ("traps", ".git/hooks"):
                (arena.work / folder / name).chmod(0o755)
        for key, value in values.items():
            arena.git("config", key, arena.fill(value))
        # Equal but touched: git looks into it, through the filters.
        os.utime(arena.work / "b.txt", (1, 1))

    return arrange


def _another_repository(arena: Arena) -> None:
    """Make somebody's private repository beside the workspace."""
    folder = arena.outside / "private"
    folder.mkdir()
    arena.git("init", "-q", cwd=folder)
    (folder / "app.py").write_text(f"KEY = '{arena.secret}'\n")
    arena.git("add", "-A", cwd=folder)
    arena.git("commit", "-qm", f"keep {arena.secret}", cwd=folder)


def _pointing(make: Callable[[Arena], None]) -> Callable[[Arena], None]:
    def arrange(arena: Arena) -> None:
        _another_repository(arena)
        make(arena)

    return arrange


def _touched(arena: Arena) -> None:
    arena.write({".gitattributes": _ATTRIBUTES, "app.py": "x = 2\n"})


def _git_file(arena: Arena) -> None:
    (arena.work / ".git").write_text(f"gitdir: {arena.outside}/private/.git\n")


def _git_file_relative(arena: Arena) -> None:
    (arena.work / ".git").write_text("gitdir: ../outside/private/.git\n")


def _git_link(arena: Arena) -> None:
    (arena.work / ".git").symlink_to("../outside/private/.git")


def _part_linked(name: str) -> Callable[[Arena], None]:
    def make(arena: Arena) -> None:
        arena.git("init", "-q")
        part = arena.work / ".git" / name
        if part.is_dir():
            for inner in sorted(part.rglob("*"), reverse=True):
                inner.rmdir() if inner.is_dir() else inner.unlink()
            part.rmdir()
        part.unlink(missing_ok=True)
        part.symlink_to(f"../../outside/private/.git/{name}")

    return make


def _common_elsewhere(arena: Arena) -> None:
    arena.git("init", "-q")
    (arena.work / ".git" / "commondir").write_text(f"{arena.outside}/private/.git\n")


def _forged_worktree(arena: Arena) -> None:
    own = arena.work / "store"
    own.mkdir()
    (own / "HEAD").write_text("ref: refs/heads/main\n")
    (own / "commondir").write_text(f"{arena.outside}/private/.git\n")
    (own / "gitdir").write_text(f"{arena.work}/.git\n")
    (arena.work / ".git").write_text(f"gitdir: {own}\n")


def _head_of_a_secret(arena: Arena) -> None:
    arena.repository()
    (arena.work / ".git" / "HEAD").unlink()
    (arena.work / ".git" / "HEAD").symlink_to("../../outside/secret.txt")


def _index_that_leads_out(arena: Arena) -> None:
    """Name a file outside in the index: git refuses to add one, but reads what is there."""
    arena.write({"xx/outside/secret.txt": "nothing\n"})
    arena.repository()
    index = arena.work / ".git" / "index"
    data = index.read_bytes()[:-20].replace(b"xx/outside/secret.txt", b"../outside/secret.txt")
    index.write_bytes(data + hashlib.sha1(data).digest())


def _work_tree_elsewhere(arena: Arena) -> None:
    arena.write({"secret.txt": "old\n", ".ssh/id_ed25519": "old\n"})
    arena.repository()
    arena.git("config", "core.worktree", arena.fill("@OUT@"))


def _bare_inside(arena: Arena) -> None:
    """Make the workspace itself look like a bare repository with a program in its settings."""
    arena.git("init", "-q", "--bare", ".")
    arena.git("config", "core.fsmonitor", arena.fill(TRAP))
    arena.git("config", "core.worktree", arena.fill("@OUT@"))


def _blame_of_a_secret(arena: Arena) -> None:
    arena.git("config", "blame.ignoreRevsFile", arena.fill("@OUT@/secret.txt"))
    arena.git("config", "mailmap.file", arena.fill("@OUT@/secret.txt"))
    arena.git("config", "diff.orderFile", arena.fill("@OUT@/secret.txt"))
    arena.git("config", "core.attributesFile", arena.fill("@OUT@/secret.txt"))
    arena.git("config", "include.path", arena.fill("@OUT@/secret.txt"))


def _inside_another(arena: Arena) -> None:
    """Make the workspace a folder of a repository that holds more than it."""
    arena.git("init", "-q", cwd=arena.base)
    (arena.base / "outer.txt").write_text("old\n")
    arena.git("add", "outer.txt", "work", cwd=arena.base)
    arena.git("commit", "-qm", "one", cwd=arena.base)
    (arena.base / "outer.txt").write_text(f"{arena.secret}\n")
    arena.git("add", "outer.txt", cwd=arena.base)
    arena.git("commit", "-qm", "two", cwd=arena.base)
    (arena.base / "outer.txt").write_text(f"more {arena.secret}\n")


ELSEWHERE = {
    "a .git file": _pointing(_git_file),
    "a relative .git file": _pointing(_git_file_relative),
    "a link": _pointing(_git_link),
    "linked objects": _pointing(_part_linked("objects")),
    "linked refs": _pointing(_part_linked("refs")),
    "a linked index": _pointing(_part_linked("index")),
    "linked logs": _pointing(_part_linked("logs")),
    "a common folder": _pointing(_common_elsewhere),
    "a forged work tree": _pointing(_forged_worktree),
    "a HEAD that is a secret": _head_of_a_secret,
    "an index that leads out": _index_that_leads_out,
    "core.worktree": _work_tree_elsewhere,
    "a bare repository": _bare_inside,
    "a repository around the workspace": _inside_another,
}

_ODD = (
    "--output=@OUT@/pwned", "-O@OUT@/pwned", "--ext-diff", "--no-index", "--upload-pack=touch",
    "HEAD --output=@OUT@/pwned", "HEAD\n--output=@OUT@/pwned", "HEAD\x00x", "--", "-", "",
    "HEAD:../outer.txt", ":/keep", "HEAD:outer.txt", "@{upstream}", "--exec-path=@OUT@",
    "\u2013-output=@OUT@/pwned", "HEAD@{0} -- @OUT@/secret.txt", "$(touch @OUT@/pwned)",
)  # fmt: skip


def odd_arguments(value: str) -> tuple[tuple[str, dict[str, Any]], ...]:
    """Return calls with a value where git takes a revision or a path."""
    return (
        ("git_diff", {"ref": value}),
        ("git_diff", {"ref": value, "path": "app.py"}),
        ("git_diff", {"path": value}),
        ("git_log", {"path": value}),
        ("git_blame", {"path": value}),
    )


def _link_in_the_index(arena: Arena) -> None:
    """Put a link into the history where a folder is to be, and something behind it."""
    arena.write({"lib/app.py": "x = 1\n"})
    arena.repository()
    (arena.work / "lib" / "app.py").unlink()
    (arena.work / "lib").rmdir()
    (arena.work / "lib").symlink_to("../outside")


COPIED = {
    "an index that leads out": _index_that_leads_out,
    "a folder that became a link": _link_in_the_index,
    "core.worktree": _work_tree_elsewhere,
    "a repository around the workspace": _inside_another,
    "filters": _settings({"filter.x.smudge": TRAP, "filter.x.clean": TRAP}),
    "hooks": _settings({"core.hooksPath": "@WORK@/traps"}),
    "missing objects": _fetching("ext::sh -c touch% @OUT@/pwned", protocol__ext__allow="always"),
    "linked objects": _pointing(_part_linked("objects")),
    "a .git file": _pointing(_git_file),
}


def copied_cases() -> list[Case]:
    """Return the cases of what is copied out of a repository, and left in it."""
    asks: tuple[tuple[str, dict[str, Any]], ...] = (
        ("write_file", {"path": "made.py", "content": "y = 1"}),
        ("execute_command", {"command": "cat app.py made.py secret.txt outer.txt lib/app.py"}),
        ("execute_command", {"command": "find . -type f"}),
        ("create_branch", {"name": "--upload-pack=touch"}),
        ("create_branch", {"name": "fine"}),
        ("git_commit", {"message": "more\n--exec=touch @OUT@/pwned", "paths": ["app.py"]}),
        ("git_commit", {"message": "x", "paths": ["--exec=touch @OUT@/pwned", "../outer.txt"]}),
    )
    named = {"made.py": "made", "app.py": "x = 1\n", "b.txt": "one\n"}
    files = {path: text for path, text in named.items() if path != "made.py"}
    return [
        Case(
            f"copied: {name}",
            asks,
            files,
            arrange=arrange,
            git=arrange.__qualname__.startswith(("_settings", "_fetching")),
            allow=True,
        )
        for name, arrange in COPIED.items()
    ]


def cases() -> list[Case]:
    """Return all cases of this category."""
    made = [
        Case(f"config: {name}", ASKS, FILES, git=True, arrange=_settings(values))
        for name, values in PROGRAMS.items()
    ]
    made += [
        Case(f"fetches by {name}", ASKS, FILES, git=True, arrange=arrange)
        for name, arrange in FETCHES.items()
    ]
    made += [
        Case(f"leads elsewhere: {name}", ASKS, FILES, arrange=arrange)
        for name, arrange in ELSEWHERE.items()
    ]
    made += [
        Case(f"argument: {value!a}", odd_arguments(value), FILES, arrange=_inside_another)
        for value in _ODD
    ]
    made += copied_cases()
    made.append(
        Case("config: files that git would quote", ASKS, FILES, git=True,
             arrange=_blame_of_a_secret)
    )  # fmt: skip
    return made


def hostile_environment(arena: Arena) -> dict[str, str]:
    """Return variables that a folder's own tooling (direnv and its like) may have set."""
    trap = arena.work / "trap.sh"
    trap.write_text(arena.fill(f"#!/bin/sh\n{TRAP}\n"))
    trap.chmod(0o755)
    return {
        "GIT_EXTERNAL_DIFF": str(trap),
        "GIT_PAGER": str(trap),
        "GIT_SSH_COMMAND": str(trap),
        "GIT_EDITOR": str(trap),
        "GIT_ASKPASS": str(trap),
        "GIT_PROXY_COMMAND": str(trap),
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "core.fsmonitor",
        "GIT_CONFIG_VALUE_0": str(trap),
        "GIT_CONFIG_KEY_1": "filter.x.clean",
        "GIT_CONFIG_VALUE_1": str(trap),
        "GIT_CONFIG_PARAMETERS": f"'core.fsmonitor={trap}'",
        "GIT_TRACE": str(arena.shared / f"{arena.mark}.trace"),
        "GIT_DIR": str(arena.outside / "private" / ".git"),
        "GIT_WORK_TREE": str(arena.outside),
        "GIT_INDEX_FILE": str(arena.outside / "private" / ".git" / "index"),
        "PAGER": str(trap),
        "LESSOPEN": f"|{trap} %s",
    }

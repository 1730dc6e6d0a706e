"""Paths that try to leave the workspace, by every tool that takes one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.redteam.arena import Arena
from tests.redteam.attack import Case

CODE = "def inner():\n    return 1\n"
INNER = {"app.py": CODE, "sub/b.py": CODE}


def every_tool(path: str, *, reads: bool = True) -> tuple[tuple[str, dict[str, Any]], ...]:
    """Return a call of each tool that takes a path, all with the same one.

    A search below a folder that is not there finds nothing, and that is no error: those tools are
    left out without ``reads``.
    """
    changes: list[tuple[str, dict[str, Any]]] = [
        ("read_file", {"path": path}),
        ("write_file", {"path": path, "content": "pwned = 1"}),
        ("edit_file", {"path": path, "old_string": "KEY", "new_string": "pwned"}),
        ("rewrite_symbol", {"path": path, "symbol": "KEY", "content": "pwned = 1"}),
        ("delete_file", {"path": path}),
        ("move_file", {"path": path, "new_path": "taken.py"}),
        ("move_file", {"path": "app.py", "new_path": path}),
        ("parse_code", {"path": path}),
        ("validate_syntax", {"path": path}),
    ]
    looks: list[tuple[str, dict[str, Any]]] = [
        ("list_directory", {"path": path}),
        ("grep_search", {"pattern": "CANARY|PRIVATE|KEY", "path": path}),
    ]
    return (*changes, *(looks if reads else []))


# What is to be reached, spelt in every way that some system takes for the way out.
SPELLINGS = {
    "parent": "../outside/app.py",
    "parent of a folder": "sub/../../outside/app.py",
    "parent of nothing": "nowhere/../../outside/app.py",
    "absolute": "@OUT@/app.py",
    "absolute, doubled": "/@OUT@/app.py",
    "home": "~/.ssh/id_ed25519",
    "drive": "C:\\Users\\me\\app.py",
    "drive-relative": "C:app.py",
    "UNC": "\\\\server\\share\\app.py",
    "UNC, forward": "//server/share/app.py",
    "device path": "\\\\?\\C:\\app.py",
    "backslashes": "..\\outside\\app.py",
    "mixed slashes": "sub\\../..\\outside/app.py",
    "NUL": "app.py\x00/../../outside/app.py",
    "NUL after a suffix": "../outside/app.py\x00.txt",
    "one-character dots": "‥/outside/app.py",
    "fullwidth dots": "．．/outside/app.py",
    "fullwidth slash": "..／outside／app.py",
    "division slash": "..∕../outside/app.py/../../..",
    "zero width in dots": ".\u200b./outside/app.py",
    "dots with a space": ".. /outside/app.py",
    "three dots": ".../outside/app.py",
    "dot dot dot slash": "....//....//outside/app.py",
    "lone surrogate": "../outside/\ud800.py",
    "a very long way": "a/" * 2000 + "../" * 2004 + "outside/app.py",
    "self of a process": "/proc/self/cwd/../outside/app.py",
    "environment of a process": "/proc/self/environ",
    "root of a process": "/proc/self/root/@OUT@/app.py",
    "device": "/dev/stdin",
    "bidirectional dots": "\u202e../outside/app.py",
}

# Spelt so that they stay inside or mean nothing: harmless, but nothing else may be meant.
STAYS = {
    "percent encoding": "%2e%2e/outside/app.py",
    "file address": "file:///@OUT@/app.py",
    "variable": "$HOME/.bashrc",
    "command substitution": "$(touch @OUT@/pwned)/app.py",
    "name of 300": "n" * 300 + ".py",
    "path of 9,000": "d/" * 4500 + "x.py",
    "newline": "sub/\n../x.py",
    "leading dash": "-rf",
    "glob": "*",
    "pathspec magic": ":(top)x.py",
}

GITS_OWN = [
    ".git/config", ".GIT/config", ".git\\hooks\\pre-commit", ".git./config", ".git /config",
    ".git::$INDEX_ALLOCATION/config", "GIT~1/config", ".g\u200cit/config", ".ｇｉｔ/config",
    "sub/.git/config", "./.git/./hooks/post-checkout", ".git/../.git/config", "．git/config",
]  # fmt: skip


def spelling_cases() -> list[Case]:
    """Return a case for every spelling, tried with every tool."""
    cases = [
        Case(
            f"spelling: {name}",
            every_tool(path),
            INNER,
            allow=True,
            refused=True,
            audit="" if name == "lone surrogate" else "path_refused",
        )
        for name, path in SPELLINGS.items()
    ]
    cases += [
        Case(f"inside: {name}", every_tool(path, reads=False)[:5], INNER, allow=True)
        for name, path in STAYS.items()
    ]
    return cases


def _writes(path: str) -> tuple[tuple[str, dict[str, Any]], ...]:
    return tuple(
        one
        for one in every_tool(path, reads=False)
        if one[0] in ("write_file", "edit_file", "delete_file", "move_file", "rewrite_symbol")
    )


def git_folder_cases() -> list[Case]:
    """Return a case for every spelling of git's own folder: written by nobody, whoever agrees."""
    return [
        Case(
            f"git's folder: {path!a}",
            _writes(path),
            INNER,
            allow=True,
            refused=True,
            audit="path_refused",
            git=True,
        )
        for path in GITS_OWN
    ]


def _hard_link(arena: Arena) -> None:
    (arena.outside / "plain.py").write_text("plain = 1\n")
    os.link(arena.outside / "plain.py", arena.work / "hard.py")


def _pipe(arena: Arena) -> None:
    os.mkfifo(arena.work / "pipe.py")


def _socket(arena: Arena) -> None:
    import socket

    one = socket.socket(socket.AF_UNIX)
    one.bind(str(arena.work / "s.py"))
    one.close()


def _sparse(arena: Arena) -> None:
    with (arena.work / "huge.py").open("wb") as file:
        file.truncate(64 * 1024**3)


def _deep(arena: Arena) -> None:
    at = arena.work
    for _ in range(60):
        at = at / ("d" * 50)
        at.mkdir()
    (at / "up").symlink_to(arena.outside)


def _second_form(arena: Arena) -> None:
    # One name in two Unicode forms, of which one is a link out.
    (arena.work / "cafe\u0301").symlink_to(arena.outside)


_LINKED: Sequence[tuple[str, dict[str, str], str]] = (
    ("to a file", {"link.py": "../outside/app.py"}, "link.py"),
    ("to a folder", {"lib": "../outside"}, "lib/app.py"),
    ("absolute", {"lib": "@OUT@"}, "lib/app.py"),
    ("to home", {"conf": "@HOME@"}, "conf/.ssh/id_ed25519"),
    ("to the root", {"all": "/"}, "all/@OUT@/app.py"),
    ("in the middle", {"sub2/x": "../../outside"}, "sub2/x/sub/deep.txt"),
    ("through another", {"one": "two", "two": "three", "three": "../outside"}, "one/app.py"),
    ("dangling", {"new.py": "../outside/new.py"}, "new.py"),
    ("dangling folder", {"fresh": "../outside/fresh"}, "fresh/x.py"),
    ("up and down", {"up": ".."}, "up/outside/app.py"),
    ("up, then dots", {"here": "sub"}, "here/../../outside/app.py"),
    ("to a process's environment", {"env.py": "/proc/self/environ"}, "env.py"),
    ("to a process's files", {"fd": "/proc/self/fd"}, "fd/0"),
    ("to a process's root", {"r": "/proc/self/root"}, "r/@OUT@/app.py"),
    ("to a process's folder", {"c": "/proc/self/cwd"}, "c/../outside/app.py"),
    ("to a device", {"zero.py": "/dev/zero"}, "zero.py"),
    ("to the state folder", {"state": "@STATE@"}, "state/config.toml"),
    ("named with backslashes", {"lib": "../outside"}, "lib\\app.py"),
)


def link_cases() -> list[Case]:
    """Return the cases of links that the repository holds."""
    cases = [
        Case(
            f"link: {name}",
            every_tool(path),
            INNER,
            links,
            allow=True,
            refused=True,
            audit="path_refused",
        )
        for name, links, path in _LINKED
    ]
    cases.append(
        Case(
            "link: a loop",
            every_tool("one/x.py", reads=False)[:5],
            INNER,
            {"one": "two", "two": "one"},
            allow=True,
        )
    )
    cases.append(
        Case(
            "link: to git's folder",
            _writes("nice/config"),
            INNER,
            {"nice": ".git"},
            allow=True,
            refused=True,
            audit="path_refused",
            git=True,
        )
    )
    cases.append(
        Case(
            "link: git's hooks under another name",
            _writes("h/pre-commit"),
            INNER,
            {"h": ".git/hooks"},
            allow=True,
            refused=True,
            audit="path_refused",
            git=True,
        )
    )
    cases.append(
        Case(
            "link: moved, then written through",
            (
                ("move_file", {"path": "lib", "new_path": "sub/lib"}),
                ("write_file", {"path": "sub/lib/app.py", "content": "pwned"}),
                ("delete_file", {"path": "lib"}),
                ("write_file", {"path": "lib/app.py", "content": "pwned"}),
            ),
            INNER,
            {"lib": "../outside"},
            allow=True,
            words="through a link",
        )
    )
    cases.append(
        Case(
            "link: walked over by searches",
            (
                ("grep_search", {"pattern": "CANARY"}),
                ("search_files", {"pattern": "**/app.py"}),
                ("list_directory", {}),
                ("get_diagnostics", {}),
                ("analyze_dependencies", {}),
            ),
            INNER,
            {"lib": "../outside", "link.py": "../outside/app.py", "sub/x": "@HOME@"},
            absent="lib/app.py",
        )
    )
    cases.append(
        Case(
            "link: in the other Unicode form",
            every_tool("caf\u00e9/app.py"),
            INNER,
            arrange=_second_form,
            allow=True,
            refused=True,
        )
    )
    cases.append(
        Case(
            "link: below sixty folders",
            every_tool("/".join(["d" * 50] * 60) + "/up/app.py"),
            INNER,
            arrange=_deep,
            allow=True,
            refused=True,
        )
    )
    return cases


def special_cases() -> list[Case]:
    """Return the cases of files that are not files, or somebody else's too."""
    return [
        Case("hard link: what is written stays inside",
             (("write_file", {"path": "hard.py", "content": "pwned = 1"}),),
             INNER, arrange=_hard_link, allow=True),
        Case("hard link: deleted and moved",
             (("move_file", {"path": "hard.py", "new_path": "b.py"}),
              ("delete_file", {"path": "b.py"})),
             INNER, arrange=_hard_link, allow=True),
        Case("a named pipe does not hold a run up", every_tool("pipe.py", reads=False)[:3], INNER,
             arrange=_pipe, allow=True, words="is not a regular file"),
        Case("a socket is no file", every_tool("s.py", reads=False)[:3], INNER, arrange=_socket,
             allow=True, words="s.py can't be read"),
        Case("a file of 64 GB is not read", every_tool("huge.py", reads=False)[:3], INNER,
             arrange=_sparse, allow=True, refused=True),
        Case("a folder where a file is to be", every_tool("sub", reads=False)[:6], INNER,
             allow=True, refused=True),
        Case("a file where a folder is to be",
             (("write_file", {"path": "app.py/x.py", "content": "pwned"}),), INNER, allow=True),
    ]  # fmt: skip


def scattered(folder: Path) -> list[str]:
    """Return all paths below a folder; for what a run may have made by mistake."""
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))

"""A unified diff in few words: which files changed how, without a model."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Literal

from lsp_agent.workspace.secrets import HIDDEN, is_secret_file, without_value

SUBJECT = 72
"""Most characters of a subject."""

_HEADER = re.compile(r'diff --git "?a/(.*?)"? "?b/(.*?)"?')
_CONTEXT = re.compile(r"@@ .* @@ (?:.*\b(?:def|class|function|func|fn|struct|interface) )(\w+)")
_COMBINED = re.compile(r"diff --(?:cc|combined) (.*)")
_NAMED = re.compile(r"(?:---|\+\+\+|rename (?:from|to)|copy (?:from|to)) (.*)")
_HUNK = re.compile(r"(@@+) .*? \1")
_BLAMED = re.compile(r"\^?[0-9a-f]{4,64} .*?\d{4}-\d\d-\d\d +\d+\) ")
_MAX_ROWS = 20


@dataclass(frozen=True, slots=True)
class FileDiff:
    """One file of a diff; ``names`` are the functions and classes that hunks stand in."""

    path: str
    verb: Literal["Add", "Remove", "Rename", "Update"] = "Update"
    old_path: str = ""
    names: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Say it in one line."""
        if self.verb == "Rename":
            return f"Rename {self.old_path} to {self.path}"
        return f"{self.verb} {self.path}"


def read_diff(diff: str) -> list[FileDiff]:
    """Return the files of a diff of git's, in its order."""
    files: list[FileDiff] = []
    for line in diff.splitlines():
        header = _HEADER.fullmatch(line)
        if header is not None:
            files.append(FileDiff(header[2], old_path=header[1]))
        elif not files:
            continue
        elif line.startswith("new file mode "):
            files[-1] = replace(files[-1], verb="Add")
        elif line.startswith("deleted file mode "):
            files[-1] = replace(files[-1], verb="Remove")
        elif line.startswith("rename to "):
            files[-1] = replace(files[-1], verb="Rename")
        elif (found := _CONTEXT.match(line)) is not None:
            names = dict.fromkeys((*files[-1].names, found[1]))
            files[-1] = replace(files[-1], names=tuple(names))
    return files


def without_secret_values(diff: str) -> str:
    """Return a diff of git's that says which names of secret files changed, not their values."""
    shown: list[str] = []
    secret, marks = False, 0
    for line in diff.split("\n"):
        if line.startswith("diff --"):
            header = _HEADER.fullmatch(line) or _COMBINED.fullmatch(line)
            # Where blanks make the header ambiguous the end is still the new name's.
            names = (*header.groups(), line) if header else (line,)
            secret, marks = any(map(_is_secret, names)), 0
        elif not marks and (named := _NAMED.fullmatch(line)) is not None:
            secret = secret or _is_secret(named[1])
        elif (hunk := _HUNK.match(line)) is not None:
            marks = len(hunk[1]) - 1
            line = hunk[0] if secret else line  # noqa: PLW2901 - git repeats a line behind it
        elif secret and marks and not line.startswith("\\"):
            line = line[:marks] + without_value(line[marks:])  # noqa: PLW2901
        shown.append(line)
    return "\n".join(shown)


def without_blamed_values(path: str, blame: str) -> str:
    """Return who changed the lines of a file, without the values if it is one of secrets."""
    if not is_secret_file(path):
        return blame
    shown = []
    for line in blame.split("\n"):
        match = _BLAMED.match(line)
        head = match[0] if match else ""
        shown.append(head + without_value(line[len(head) :]) if match or not line else HIDDEN)
    return "\n".join(shown)


def plain_message(files: Sequence[FileDiff]) -> tuple[str, str]:
    """Return a subject and a body that say which files changed, and nothing of why."""
    if len(files) == 1:
        return fitted(_single(files[0])), ""
    body = [f"* {one}" for one in files[:_MAX_ROWS]]
    if len(files) > _MAX_ROWS:
        body.append(f"* and {len(files) - _MAX_ROWS} more files")
    verbs = {one.verb for one in files}
    verb = verbs.pop() if len(verbs) == 1 else "Update"
    names = [PurePosixPath(one.path).name for one in files]
    subject = f"{verb} {', '.join(names[:-1])} and {names[-1]}"
    if len(subject) > SUBJECT:
        folders = [PurePosixPath(one.path).parent.parts for one in files]
        shared = [parts[0] for parts in zip(*folders, strict=False) if len(set(parts)) == 1]
        where = f" in {'/'.join(shared)}" if shared else ""
        subject = f"{verb} {len(files)} files{where}"
    return fitted(subject), "\n".join(body)


def fitted(subject: str) -> str:
    """Return a subject of one line and at most 72 characters, cut between words."""
    line = " ".join(subject.split())
    if len(line) <= SUBJECT:
        return line
    cut = line[: SUBJECT - 1]
    return (cut.rpartition(" ")[0] or cut).rstrip(",;:- ") + "…"


def _is_secret(name: str) -> bool:
    return is_secret_file(name.rstrip("\t").strip('"'))


def _single(one: FileDiff) -> str:
    if one.verb == "Update" and 0 < len(one.names) <= 2:
        return f"Update {' and '.join(one.names)} in {one.path}"
    return str(one)

"""Secrets that an edit puts where they were not."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lsp_agent.workspace.overlay import FileChange
from lsp_agent.workspace.secrets import is_telling

_MARK = re.compile(r"⟨secret(?::\d+)?⟩")


def check_secrets(changes: Sequence[FileChange], known: Sequence[str] = ()) -> str:
    """Return what is wrong with secrets in changes, a line each; ``""`` if nothing is.

    A mark that stands for a secret must not be left behind, and a secret that was kept from the
    model (``known``) must not come into a file that it was not in.
    """
    found: list[str] = []
    for change in changes:
        if change.after is None:
            continue
        path, before = change.new_path or change.path, change.before or ""
        left = set(_MARK.findall(change.after)) - set(_MARK.findall(before))
        found += [f"{path}: {mark} stands for a secret that is not shown" for mark in sorted(left)]
        for value in known:
            if is_telling(value) and change.after.count(value) > before.count(value):
                found.append(f"{path}: a secret from elsewhere was put in; leave it where it is")
                break
    return "\n".join(found)

"""Which files are reviewed, and what they are compared with."""

from __future__ import annotations

from collections.abc import Sequence

from lsp_agent.errors import LspAgentError
from lsp_agent.review.types import ChangedFile
from lsp_agent.syntax.languages import language_of
from lsp_agent.vcs.git import Repository, VcsError
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.secrets import is_secret_file

_MAX_CHARACTERS = 1_000_000
# Made by tools, or without anything that runs: a model finds faults there that are none.
_DATA = frozenset({None, "json", "markdown", "toml", "yaml"})
_MADE = (".lock", "-lock.json", ".min.js", ".min.css", "_pb2.py", ".pb.go")


def changed_files(
    overlay: Overlay, base: str | None = None, paths: Sequence[str] | None = None
) -> list[ChangedFile]:
    """Return the files of a folder as they are against a commit; ``paths`` limits them.

    ``base`` is a branch, tag or commit: what counts is where HEAD left it. Without it, it is the
    last commit. Texts that are not saved count as well. Files with secrets, ignored ones and those
    that hold no code are left out. Raises :class:`VcsError` without a repository, and for a
    ``base`` that is none.
    """
    root = overlay.root
    repository = Repository.open(root.path) if root is not None else None
    if root is None or repository is None:
        where = root.path if root is not None else "the document"
        raise VcsError(f"{where} is not in a git repository, so nothing tells what changed")
    ref = repository.fork_point(base) if base else repository.head()
    prefix = root.path.relative_to(repository.root.resolve()).as_posix()
    prefix = "" if prefix == "." else f"{prefix}/"
    if paths is None:
        listed = repository.changed_paths(ref)
        saved = [path.removeprefix(prefix) for path in listed if path.startswith(prefix)]
        paths = [*dict.fromkeys([*saved, *overlay.unsaved()])]
    found: list[ChangedFile] = []
    for path in paths:
        after = reviewable(overlay, path)
        if after is None:
            continue
        before = repository.text(ref, f"{prefix}{path}") if ref else None
        if before != after:
            found.append(ChangedFile(path, before, after))
    return found


def reviewable(overlay: Overlay, path: str) -> str | None:
    """Return a file's text if it may be shown to a model and holds code; else ``None``."""
    if is_secret_file(path) or overlay.leaves_out(path) or language_of(path) in _DATA:
        return None
    try:
        if is_secret_file(overlay.uri(path)):
            return None
        text = overlay.read(path)
    except LspAgentError:
        return None
    return None if path.endswith(_MADE) or len(text) > _MAX_CHARACTERS else text

"""Who should look at a change: CODEOWNERS first, then those who wrote what is changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from lsp_agent.errors import LspAgentError
from lsp_agent.vcs.place import VcsError
from lsp_agent.vcs.writer import Writer
from lsp_agent.workspace.files import read_text
from lsp_agent.workspace.ignore import Glob
from lsp_agent.workspace.roots import Root

_PLACES = (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS")
_MAX_COMMITS, _MAX_PATHS, _MAX_REVIEWERS = 300, 50, 5


def suggest_reviewers(top: Path, paths: Sequence[str], base: str) -> tuple[str, ...]:
    """Return at most five people or teams, the likeliest first, for changed files since ``base``.

    Owners are named as in CODEOWNERS, where the last line that matches a file counts; the others
    are those with the most commits to these files before, as ``Name <address>``. Those who made
    the change are left out.
    """
    found = Counter(owner for path in paths for owner in code_owners(top, path))
    ranked = [name for name, _ in found.most_common()]
    writer = Writer.open(top)
    if writer is not None:
        own = _authors(writer, f"{base}..HEAD", ())
        before = _authors(writer, base, paths[:_MAX_PATHS])
        ranked += [name for name, _ in before.most_common() if name not in own]
    return tuple(dict.fromkeys(ranked))[:_MAX_REVIEWERS]


def subjects_since(top: Path, base: str) -> list[str]:
    """Return the subjects of at most fifty commits since ``base``, the newest first."""
    writer = Writer.open(top)
    return _log(writer, f"{base}..HEAD", "%s", 50) if writer is not None else []


def code_owners(top: Path, path: str) -> tuple[str, ...]:
    """Return whom CODEOWNERS names for a file, given from the top of the repository."""
    owners: tuple[str, ...] = ()
    for line in _lines(top):
        pattern, *names = line.partition("#")[0].split()
        # A line that git's own patterns have no meaning for names nobody.
        with suppress(ValueError):
            if Glob(pattern).match_file(path):
                owners = tuple(names)
    return owners


def _lines(top: Path) -> list[str]:
    root = Root(top)
    for place in _PLACES:
        try:
            text = read_text(root.resolve(place)).content
        except LspAgentError:
            continue
        return [line for line in text.splitlines() if line.partition("#")[0].strip()]
    return []


def _authors(writer: Writer, range_: str, paths: Sequence[str]) -> Counter[str]:
    return Counter(_log(writer, range_, "%aN <%aE>", _MAX_COMMITS, paths))


def _log(
    writer: Writer, range_: str, layout: str, limit: int, paths: Sequence[str] = ()
) -> list[str]:
    options = (f"--max-count={limit}", "--no-color", "--no-show-signature", f"--format={layout}")
    try:
        text = writer.text("log", *options, "--end-of-options", range_, "--", *paths)
    except VcsError:
        return []
    return text.splitlines()

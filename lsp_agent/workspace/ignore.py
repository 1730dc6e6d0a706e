"""Which files the agent does not look at: git's ignore rules and folders nobody edits."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pathspec import GitIgnoreSpec

ALWAYS_IGNORED = frozenset(
    {
        ".git", ".hg", ".svn", ".jj", "node_modules", ".venv", "venv", "__pycache__", ".tox",
        ".nox", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".idea", ".gradle",
        ".terraform", "site-packages",
    }
)  # fmt: skip


class IgnoreRules:
    """Ignore rules of one root: nested ``.gitignore`` files, git's exclude file, own patterns.

    A folder's rules are read when first asked for, once; cost per question is one match for every
    ``.gitignore`` above the path.
    """

    def __init__(self, root: Path, exclude: Sequence[str] = ()) -> None:
        self._root = root
        self._specs: dict[str, GitIgnoreSpec | None] = {}
        own = [*_lines(root / ".git" / "info" / "exclude"), *exclude]
        self._own = GitIgnoreSpec.from_lines(own) if own else None

    def ignored(self, path: str, *, is_dir: bool = False) -> bool:
        """Whether a posix path relative to the root, or a folder above it, is ignored."""
        parts = path.split("/")
        return any(
            self._ignored_here(parts[:depth], is_dir=is_dir or depth < len(parts))
            for depth in range(1, len(parts) + 1)
        )

    def ignored_entry(self, folder: str, name: str, *, is_dir: bool) -> bool:
        """Answer for an entry of a folder that is itself known not to be ignored."""
        parts = [*folder.split("/"), name] if folder else [name]
        return self._ignored_here(parts, is_dir=is_dir)

    def _ignored_here(self, parts: list[str], *, is_dir: bool) -> bool:
        if is_dir and parts[-1] in ALWAYS_IGNORED:
            return True
        suffix = "/" if is_dir else ""
        for depth in range(len(parts) - 1, -1, -1):
            spec = self._spec("/".join(parts[:depth]))
            if spec is not None:
                verdict = spec.check_file("/".join(parts[depth:]) + suffix).include
                if verdict is not None:
                    return verdict
        return self._own is not None and self._own.match_file("/".join(parts) + suffix)

    def _spec(self, folder: str) -> GitIgnoreSpec | None:
        if folder not in self._specs:
            lines = _lines(self._root / folder / ".gitignore")
            self._specs[folder] = GitIgnoreSpec.from_lines(lines) if lines else None
        return self._specs[folder]


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []

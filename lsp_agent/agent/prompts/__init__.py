"""Prompts as data files: short and byte-stable, so that the prefix cache holds.

A user may have others instead: files of the same names in a folder beside the user's own settings,
never in a workspace. They hold for models of general use; what a narrow model was trained on stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path

from lsp_agent.config.problems import Problem

_LONGEST = 20_000


@cache
def prompt(name: str) -> str:
    """Return the shipped prompt ``name`` without a final line end."""
    return files(__package__).joinpath(f"{name}.md").read_text("utf-8").rstrip("\n")


def prompt_names() -> list[str]:
    """Return the names of the shipped prompts, sorted."""
    found = (file.name for file in files(__package__).iterdir())
    return sorted(name.removesuffix(".md") for name in found if name.endswith(".md"))


@dataclass(frozen=True, slots=True)
class Prompts:
    """The prompts of a user: ``own`` texts by name, instead of the shipped ones."""

    own: Mapping[str, str] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return a prompt without a final line end."""
        return self.own.get(name) or prompt(name)


def load_prompts(folder: Path) -> tuple[Prompts, list[Problem]]:
    """Read a user's own prompts; what can't be used is left out and told of."""
    own: dict[str, str] = {}
    problems: list[Problem] = []
    known = prompt_names()
    try:
        found = sorted(folder.glob("*.md"))
    except OSError:
        found = []
    for file in found:
        text, wrong, near = "", "", None
        if file.stem not in known:
            wrong = f"there is no prompt {file.stem!r}, only: {', '.join(known)}"
            near = next(iter(get_close_matches(file.stem, known, 1)), None)
        else:
            text, wrong = _read(file)
        if wrong:
            problems.append(
                Problem(str(file), f"prompts.{file.stem}", wrong, None, near, "warning")
            )
        else:
            own[file.stem] = text
    return Prompts(own), problems


def _read(file: Path) -> tuple[str, str]:
    """Return a prompt's text, or what is wrong with it."""
    try:
        text = file.read_text("utf-8").rstrip()
    except (OSError, ValueError) as error:
        return "", f"the prompt can't be read ({error}); the shipped one holds"
    if not text:
        return "", "the prompt is empty; the shipped one holds"
    if len(text) > _LONGEST:
        return "", f"the prompt is longer than {_LONGEST:,} characters; the shipped one holds"
    return text, ""

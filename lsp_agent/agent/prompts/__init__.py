"""Prompts as data files: short and byte-stable, so that the prefix cache holds."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def prompt(name: str) -> str:
    """Return the prompt ``name`` without a final line end."""
    return files(__package__).joinpath(f"{name}.md").read_text("utf-8").rstrip("\n")

"""Verdicts in a few words, for titles, annotations and questions."""

from __future__ import annotations

from collections.abc import Sequence

from lsp_agent.verify.types import Verdict


def failing(verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """Return the checks that failed."""
    return tuple(one for one in verdicts if one.ok is False)


def checked(verdicts: Sequence[Verdict]) -> str:
    """Return who checked an edit and found it good: ``checked: syntax, ruff, 12 tests``."""
    made = dict.fromkeys(
        one.by or one.check for one in verdicts if one.ok and (one.by or one.check != "scope")
    )
    return f"checked: {', '.join(made)}" if made else ""


def remark(verdicts: Sequence[Verdict]) -> str:
    """Return which checks an edit fails, and the first line of each; ``""`` where none."""
    failed = failing(verdicts)
    said = [f"{one.check}: {one.detail.partition(chr(10))[0][:160]}" for one in failed]
    return f"not verified, it fails {'; '.join(said)}" if said else ""

"""Verdicts in a few words, for titles, annotations and questions."""

from __future__ import annotations

from collections.abc import Sequence

from lsp_agent.verify.types import Verdict
from lsp_agent.workspace.text import first_line

_UNDECIDED = "not checked: "
_MOST = 160


def failing(verdicts: Sequence[Verdict]) -> tuple[Verdict, ...]:
    """Return the checks that failed."""
    return tuple(one for one in verdicts if one.ok is False)


def checked(verdicts: Sequence[Verdict]) -> str:
    """Return which checks an edit passed, by whom, and which could not be made, why.

    ``checked: scope, syntax, lint (ruff), tests (12 tests)``, and a line each of the others.
    """
    made = [one.check + (f" ({one.by})" if one.by else "") for one in verdicts if one.ok]
    lines = [f"checked: {', '.join(dict.fromkeys(made))}"] if made else []
    for one in verdicts:
        if one.ok is None:
            why = first_line(one.detail.removeprefix(_UNDECIDED), _MOST)
            lines.append(f"{_UNDECIDED}{one.check}: {why}")
    return "\n".join(lines)


def remark(verdicts: Sequence[Verdict]) -> str:
    """Return which checks an edit fails, and the first line of each; ``""`` where none."""
    failed = failing(verdicts)
    said = [f"{one.check}: {first_line(one.detail, _MOST)}" for one in failed]
    return f"not verified, it fails {'; '.join(said)}" if said else ""

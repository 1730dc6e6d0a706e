"""A run that says why code is as an earlier run left it: from its record, without a model."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from lsp_agent.agent.environment import Run, RunFailedError
from lsp_agent.agent.query import Budget
from lsp_agent.agent.requests import from_json
from lsp_agent.agent.types import RunRequest
from lsp_agent.errors import LspAgentError
from lsp_agent.store.past import PastEdit
from lsp_agent.workspace.positions import Range
from lsp_agent.workspace.sequences import Hunk, hunks
from lsp_agent.workspace.text import shortened, split_lines

_MAX_ROWS = 12
_MAX_WORDS = 300
_STATES = {"offered": "offered to the editor", "applied": "applied", "undone": "taken back"}
_LOOKS = ("path", "name", "query", "pattern", "symbol", "command", "url", "task")


def run_explain_edit(run: Run, _budget: Budget) -> str:
    """Return markdown about the newest recorded run that made the lines at the request's place.

    Where none of them is a run's, the last run that changed the file is told of, and that it is.
    """
    focus = run.request.focus
    if focus is None or focus.range is None:
        raise RunFailedError("a place in a file is needed; name one", "no-place")
    current = run.env.overlay.read(focus.path)
    last: PastEdit | None = None
    for past in run.env.past(focus.path):
        last = last or past
        lines = made_lines(past.recorded.change.before or "", past.recorded.change.after, current)
        if any(focus.range.start.line <= at <= focus.range.end.line for at in lines):
            return describe_edit(past, lines)
    if last is None:
        return f"No recorded run of lsp-agent changed `{focus.path}`."
    where = _lines(focus.range)
    said = f"No recorded run made {where}. The last one that changed `{focus.path}`:"
    return f"{said}\n\n{describe_edit(last, [])}"


def made_lines(before: str, after: str | None, current: str) -> list[int]:
    """Return the lines of a text, from 0, that an edit made and that are still as it made them."""
    rows, now = split_lines(after or ""), split_lines(current)
    made = {at for one in hunks(split_lines(before), rows) for at in _new(one, len(rows))}
    found, shift, done = [], 0, 0
    for hunk in [*hunks(rows, now), None]:
        end = hunk.start if hunk else len(rows)
        found += [at + shift for at in range(done, end) if at in made]
        if hunk:
            done, shift = hunk.end, hunk.new_end - hunk.end
    return found


def _new(hunk: Hunk, count: int) -> Iterable[int]:
    # Where lines only went the one behind them is what is left to stand on, or the last.
    first = min(hunk.new_start, count - 1)
    return range(first, max(hunk.new_end, first + 1))


def describe_edit(past: PastEdit, lines: Sequence[int]) -> str:
    """Return what a run was asked, what it saw, what it did, and what was checked."""
    run, request = past.run, _request(past.request)
    of_model = next((one.get("engine") for one in past.events if one["type"] == "run_started"), "")
    began = run.started[:16].replace("T", " ")
    what = f"**{_short(run.title)}**: run `{run.id}` of {began}"
    parts = [f"{what}, {_by(request, of_model)}, {_STATES[past.recorded.state]}."]
    task = request.task if request else ""
    if task and _short(task) != _short(run.title):
        parts.append(f"It was asked:\n\n> {_short(task)}")
    for title, rows in (
        ("It was shown", _shown(request)),
        ("It looked at", _looked(past.events)),
        ("It changed", _changed(past, lines)),
        ("Its checks", _checks(past.events)),
        ("You were asked", _approvals(past.events)),
    ):
        if rows:
            more = [f"* and {len(rows) - _MAX_ROWS} more"] if len(rows) > _MAX_ROWS else []
            listed = "\n".join([*(f"* {row}" for row in rows[:_MAX_ROWS]), *more])
            parts.append(f"{title}:\n\n{listed}")
    parts.append(f"All of it: `lsp-agent runs show {run.id}`")
    return "\n\n".join(parts)


def _by(request: RunRequest | None, engine: object) -> str:
    return f"by the model of `{engine}`" if request and request.needs_model else "by rule"


def _request(text: str) -> RunRequest | None:
    try:
        return from_json(text) if text else None
    except LspAgentError:
        return None


def _shown(request: RunRequest | None) -> list[str]:
    """List what stood in the first prompt: the place, what was reported there, recent files."""
    if request is None or request.focus is None:
        return []
    focus = request.focus
    place = request.target or focus.range
    rows = [f"`{focus.path}`" + (f", above all {_lines(place)}" if place else "")]
    rows += [
        f"line {one.range.start.line + 1}: {one.severity}: {_short(one.message)}"
        + (f" ({one.source})" if one.source else "")
        for one in focus.diagnostics
    ]
    recent = [path for path in request.recent if path != focus.path]
    return rows + ([f"as lately edited: {_names(recent)}"] if recent else [])


def _looked(events: Sequence[Mapping[str, Any]]) -> list[str]:
    rows = []
    for one in events:
        if one["type"] == "tool_call":
            given = one.get("arguments") or {}
            what = next((str(given[key]) for key in _LOOKS if given.get(key)), "")
            rows.append(f"`{one['name']}`" + (f" {_code(what)}" if what else ""))
    return list(dict.fromkeys(rows))


def _changed(past: PastEdit, lines: Sequence[int]) -> list[str]:
    change = past.recorded.change
    path = change.new_path or change.path
    own = f"`{path}`" + (f", {_spans(lines)} as of now" if lines else "")
    others = [f"`{one}`" for one in past.files if one != path]
    return [own, *others]


def _checks(events: Sequence[Mapping[str, Any]]) -> list[str]:
    """List the last word of each check."""
    said: dict[str, str] = {}
    for one in events:
        if one["type"] == "verification":
            verdict = "passed" if one.get("ok") else "failed"
            detail = _short(str(one.get("detail", "")))
            said[str(one["check"])] = f"{one['check']} {verdict}" + (
                f": {detail}" if detail else ""
            )
    return list(said.values())


def _approvals(events: Sequence[Mapping[str, Any]]) -> list[str]:
    return [
        f"{_short(str(one.get('title', one.get('tool', ''))))}: {one.get('reply', '')}"
        for one in events
        if one["type"] == "approval"
    ]


def _lines(place: Range) -> str:
    first, last = place.start.line + 1, place.end.line + 1
    return f"line {first}" if first == last else f"lines {first} to {last}"


def _spans(lines: Sequence[int]) -> str:
    """Write line numbers from 1 as stretches: ``lines 2-4, 7``."""
    spans: list[list[int]] = []
    for at in lines:
        if spans and spans[-1][1] == at - 1:
            spans[-1][1] = at
        else:
            spans.append([at, at])
    said = ", ".join(str(a + 1) if a == b else f"{a + 1}-{b + 1}" for a, b in spans)
    return f"line{'s' * (len(lines) > 1)} {said}"


def _names(paths: Sequence[str]) -> str:
    return ", ".join(f"`{path}`" for path in paths[-_MAX_ROWS:])


def _code(text: str) -> str:
    return f"`{_short(text).replace('`', chr(39))}`"


def _short(text: str) -> str:
    return shortened(re.sub(r"\s+", " ", text).strip(), _MAX_WORDS)

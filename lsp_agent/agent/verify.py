"""Checking a run's edits before anyone sees them: syntax, and what language servers say."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from lsp_agent.agent.environment import Run
from lsp_agent.agent.redaction import RedactingEngine
from lsp_agent.language_servers.types import Diagnostic, Instruments, View, regressions
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.issues import SyntaxIssue, new_errors
from lsp_agent.verify.characters import check_characters
from lsp_agent.verify.secrets import check_secrets
from lsp_agent.workspace.overlay import FileChange
from lsp_agent.workspace.text import Text

_MAX_ISSUES = 5
_LEAST_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Failure:
    """Why an edit may not be offered; ``detail`` is for the model and for people."""

    check: str
    detail: str


def verify(run: Run) -> list[Failure]:
    """Run the configured checks on the overlay's changes, with an event each."""
    run.env.progress("checking", None)
    if run.env.settings.verify.syntax:
        detail = check_syntax(run.env.overlay.changes())
        _tell(run, "syntax", detail, "no error")
        if detail:
            # What the others would say of it only follows.
            return [Failure("syntax", detail)]
    if run.env.settings.verify.characters:
        detail = check_characters(run.env.overlay.changes())
        if detail:
            _tell(run, "characters", detail, "")
            return [Failure("characters", detail)]
    engine = run.env.engine
    known = engine.secrets.values() if isinstance(engine, RedactingEngine) else ()
    if detail := check_secrets(run.env.overlay.changes(), known):
        _tell(run, "secrets", detail, "")
        return [Failure("secrets", detail)]
    if run.env.settings.verify.diagnostics and run.env.instruments is not None:
        detail, remark = check_diagnostics(run, run.env.instruments)
        if detail or remark:
            _tell(run, "diagnostics", detail, remark)
        if detail:
            return [Failure("diagnostics", detail)]
    return []


def check_syntax(changes: Sequence[FileChange]) -> str:
    """Return the syntax errors that the changes brought in, a line each; ``""`` without any."""
    found: list[str] = []
    for change in changes:
        if change.after is None:
            continue
        path = change.new_path or change.path
        after = SyntaxDocument.read(path, change.after)
        before = after.replaced(change.before) if change.before else None
        found += [_line(path, issue, after) for issue in new_errors(before, after)[:_MAX_ISSUES]]
    return "\n".join(found)


def check_diagnostics(run: Run, instruments: Instruments) -> tuple[str, str]:
    """Ask the language servers for errors that the changes brought in.

    Returns those, a line each, and what is to be said when there is none: who was asked, and who
    did not answer within ``verify.diagnostics_seconds``; both empty where no server is. A server
    whose opinion of the text before is not known in time is not believed.
    """
    overlay, settings = run.env.overlay, run.env.settings.verify
    changes = [one for one in overlay.changes() if one.after is not None]
    view, old = View.of(overlay), View.before(overlay)
    if view is None or old is None or not changes:
        return "", ""
    deadline = time.monotonic() + settings.diagnostics_seconds
    paths = [one.new_path or one.path for one in changes]
    after = instruments.diagnostics(view, paths, run.cancel, settings.diagnostics_seconds)
    notes, servers = list(after.notes), set(after.servers)
    found = regressions((), after.diagnostics, {})
    known = [one.path for one in changes if one.before is not None]
    made = {one.path for one in changes if one.before is None}
    if found and known:
        left = max(deadline - time.monotonic(), _LEAST_SECONDS)
        before = instruments.diagnostics(old, known, run.cancel, left)
        notes += [note for note in before.notes if note not in notes]
        servers &= set(before.servers)
        moved = {one.new_path: one.path for one in changes if one.new_path}
        fresh = regressions(before.diagnostics, after.diagnostics, moved)
        found = [one for one in fresh if one.server in servers or one.path in made]
    if found:
        texts = {path: Text(overlay.read(path)) for path in {one.path for one in found}}
        return "\n".join(_remark(one, texts[one.path]) for one in found[:_MAX_ISSUES]), ""
    said = [f"no new error: {', '.join(sorted(servers))}"] if servers else []
    return "", "; ".join([*said, *(f"not checked: {note}" for note in notes)])


def _tell(run: Run, check: str, detail: str, remark: str) -> None:
    run.env.events.emit("verification", check=check, ok=not detail, detail=detail or remark)


def _remark(one: Diagnostic, text: Text) -> str:
    start = one.range.start
    said = " ".join(one.message.split())
    source = text.line(start.line).strip()[:80]
    code = f" {one.code}" if one.code else ""
    return (
        f"{one.path}:{start.line + 1}:{start.character + 1}: {said} [{one.source}{code}] | {source}"
    )


def _line(path: str, issue: SyntaxIssue, document: SyntaxDocument) -> str:
    start = issue.range.start
    source = document.text.line(start.line).strip()[:80]
    return f"{path}:{start.line + 1}:{start.character + 1}: {issue.message} | {source}"

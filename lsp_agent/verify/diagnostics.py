"""What other language servers say of an edit that is on no disk yet."""

from __future__ import annotations

import time

from lsp_agent.cancel import CancelToken
from lsp_agent.language_servers.types import Diagnostic, Instruments, View, regressions
from lsp_agent.verify.types import Verdict
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.text import Text

_MAX_ISSUES = 5
_LEAST_SECONDS = 0.1


def check_diagnostics(
    overlay: Overlay, instruments: Instruments, cancel: CancelToken, seconds: float
) -> Verdict | None:
    """Ask the language servers for errors that the changes brought in.

    Returns those, a line each; else who was asked, and who did not answer within ``seconds``.
    ``None`` where no server is. A server whose opinion of the text before is not known in time is
    not believed. Raises :class:`~lsp_agent.cancel.Cancelled`.
    """
    changes = [one for one in overlay.changes() if one.after is not None]
    view, old = View.of(overlay), View.before(overlay)
    if view is None or old is None or not changes:
        return None
    deadline = time.monotonic() + seconds
    paths = [one.new_path or one.path for one in changes]
    after = instruments.diagnostics(view, paths, cancel, seconds)
    notes, servers = list(after.notes), set(after.servers)
    found = regressions((), after.diagnostics, {})
    known = [one.path for one in changes if one.before is not None]
    made = {one.path for one in changes if one.before is None}
    if found and known:
        left = max(deadline - time.monotonic(), _LEAST_SECONDS)
        before = instruments.diagnostics(old, known, cancel, left)
        notes += [note for note in before.notes if note not in notes]
        servers &= set(before.servers)
        moved = {one.new_path: one.path for one in changes if one.new_path}
        fresh = regressions(before.diagnostics, after.diagnostics, moved)
        found = [one for one in fresh if one.server in servers or one.path in made]
    asked = ", ".join(sorted(servers))
    if found:
        texts = {path: Text(view.texts.get(path, "")) for path in {one.path for one in found}}
        lines = [_remark(one, texts[one.path]) for one in found[:_MAX_ISSUES]]
        return Verdict("diagnostics", False, "\n".join(lines), by=asked)
    said = [f"no new error: {asked}"] if servers else []
    detail = "; ".join([*said, *(f"not checked: {note}" for note in notes)])
    return Verdict("diagnostics", bool(servers) or None, detail, by=asked) if detail else None


def _remark(one: Diagnostic, text: Text) -> str:
    start = one.range.start
    said = " ".join(one.message.split())
    source = text.line(start.line).strip()[:80]
    code = f" {one.code}" if one.code else ""
    return (
        f"{one.path}:{start.line + 1}:{start.character + 1}: {said} [{one.source}{code}] | {source}"
    )

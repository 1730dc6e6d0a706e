"""Asking before what is risky, and carrying out what may be done.

Whatever changes files, by a tool or not, passes :func:`approve_changes` before it is offered, so
that nothing sensitive leaves a run unasked.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from lsp_agent.agent.environment import RejectedError, Run
from lsp_agent.agent.hazards import Risk, files_risk, paths_of, risk_of, sensitive_files
from lsp_agent.agent.permits import Source
from lsp_agent.agent.sensitive import sensitive_kind
from lsp_agent.agent.types import ApprovalQuestion, Reply
from lsp_agent.errors import LspAgentError
from lsp_agent.store.approvals import Grant
from lsp_agent.tools.call import BadCallError, ToolOutcome, call_tool, check_call
from lsp_agent.tools.spec import Tool, ToolContext, ToolError
from lsp_agent.workspace.diff import diff_changes
from lsp_agent.workspace.errors import OutsideRootError
from lsp_agent.workspace.overlay import FileChange

_SHOWN_ARGUMENTS, _SHOWN_DIFF = 700, 4000
_ASKED = {"never": ("always",), "risky": ("risky", "always")}
_ASKED_ALWAYS = ("sandboxed", "risky", "always")
_log = logging.getLogger(__name__)


def call_approved(
    run: Run,
    tools: Mapping[str, Tool[Any]],
    name: str,
    arguments: Mapping[str, Any],
    context: ToolContext,
) -> ToolOutcome:
    """Carry out a call if it may be; a refusal is an answer to the model.

    Raises :class:`~lsp_agent.cancel.Cancelled` and nothing else. The user is asked about calls
    that are right only, and about the arguments as the tool takes them.
    """
    try:
        tool, checked = check_call(tools, name, arguments)
        if tool.check is not None:
            tool.check(checked)
    except (BadCallError, ToolError) as error:
        return ToolOutcome(ok=False, text=f"error: {error}")
    given = checked.model_dump()
    risk = risk_of(
        tool, given, run.env.settings, lambda path: _canonical(run, path),
        trusted=run.env.permits.trusted,
    )  # fmt: skip
    if run.env.permits.dry_run and tool.hazard in ("sandboxed", "risky", "always"):
        _record(run, f"Allow {name}?", risk, name, "refuse", "--dry-run")
        return ToolOutcome(ok=True, text=f"dry run: {name} was not carried out; go on without it")
    refusal = _refusal(run, tool, given, risk)
    if refusal:
        return ToolOutcome(ok=False, text=f"error: {refusal}")
    before = run.env.overlay.snapshot().texts
    outcome = call_tool(tools, name, arguments, context)
    if tool.hazard not in ("low", "edit"):
        data = {"tool": name, "arguments": dict(arguments), "ok": outcome.ok}
        run.env.note("command_run", data)
    if risk.hazard == "risky":
        _clear(run, before, {_canonical(run, path) for path in paths_of(given)})
    return outcome


def may_call(run: Run, name: str, arguments: Mapping[str, Any]) -> str:
    """Ask for a tool's call that the run itself makes; return why it may not, ``""`` if it may.

    The rules are those of a model's call; what is not offered to one may not be called.
    """
    if name not in run.env.tools:
        return f"{name} is not there"
    tool = run.env.tools[name]
    risk = risk_of(
        tool, arguments, run.env.settings, lambda path: _canonical(run, path),
        trusted=run.env.permits.trusted,
    )  # fmt: skip
    if run.env.permits.dry_run:
        _record(run, f"Allow {name}?", risk, name, "refuse", "--dry-run")
        return "this is a dry run"
    return _refusal(run, tool, arguments, risk).partition(";")[0]


def approve_changes(run: Run, changes: Sequence[FileChange], remark: str = "") -> None:
    """Ask about an edit before it is offered, where the settings or its files want it.

    ``remark`` is said above the edit. Raises :class:`RejectedError` when it is refused.
    """
    policy, permits = run.env.settings.safety.approve, run.env.permits
    if policy == "never":
        return
    files = [
        (path, kind)
        for change in changes
        for path, kind in sensitive_files(change)
        if not _is_cleared(run, change, path)
    ]
    grants = [Grant("edit", kind, path) for path, kind in files]
    known = [permits.source_of(grant) for grant in grants]
    if policy != "always" and all(known):
        return
    risk = files_risk(files) if not all(known) else Risk("edit", "edit")
    names = ", ".join(path for path, _ in files)
    title = f"Apply the edit of {len(changes)} file(s)" + (f", with {names}?" if names else "?")
    detail = "\n".join(one for one in (remark, risk.reason, diff_changes(changes)) if one)
    reply, source = _answer(run, title, _cut(detail, _SHOWN_DIFF), risk, "edit")
    run.proof.confirmed = source == "user" and reply != "refuse"
    if reply == "refuse":
        raise RejectedError(
            f"the user refused the edit of {names}" if names else "the user refused the edit"
        )
    if reply == "always":
        for grant in grants:
            _grant(run, grant, lasting=True)


def _refusal(run: Run, tool: Tool[Any], given: Mapping[str, Any], risk: Risk) -> str:
    """Return why a call may not go ahead, in words for the model; ``""`` if it may."""
    policy, permits = run.env.settings.safety.approve, run.env.permits
    title = f"Allow {tool.name}?"
    if risk.forbidden:
        _record(run, title, risk, tool.name, "refuse", "policy")
        return f"{risk.forbidden}; {_INSTEAD['command']}"
    grant = Grant(tool.name, risk.kind, risk.subject)
    if risk.hazard not in _ASKED.get(policy, _ASKED_ALWAYS):
        if tool.hazard in ("risky", "always") or risk.hazard == "risky":
            _record(run, title, risk, tool.name, "allow", "policy")
        return ""
    source = permits.source_of(grant) if risk.lasting else None
    if source is not None:
        _record(run, title, risk, tool.name, "allow", source)
        return ""
    detail = "\n".join(one for one in (risk.reason, _shown(given)) if one)
    reply, _ = _answer(run, title, detail, risk, tool.name)
    if reply == "refuse":
        tired = " (not asked again in this run)" if permits.is_tired(risk.kind) else ""
        return f"the user refused this{tired}; {_instead(tool, risk)}"
    held = tool.hazard == "sandboxed" and risk.subject == tool.name
    if reply in ("run", "always") or held:
        _grant(run, grant, lasting=reply == "always")
    return ""


def _answer(run: Run, title: str, detail: str, risk: Risk, tool: str) -> tuple[Reply, Source]:
    """Get an answer, of the user or instead of them, and record it; return also whose it is."""
    permits = run.env.permits
    source: Source = "user"
    reply: Reply = "allow"
    if permits.dry_run:
        source = "--dry-run"
    elif permits.yes and risk.hazard == "edit":
        source = "--yes"
    elif permits.is_tired(risk.kind):
        source, reply = "policy", "refuse"
    else:
        question = ApprovalQuestion(title, detail, tool, risk.hazard, _replies(run, risk, tool))
        run.env.events.emit(
            "approval_requested",
            title=title,
            detail=detail,
            tool=tool,
            hazard=risk.hazard,
            kind=risk.kind,
        )
        reply = run.env.ask(question)
        if reply not in question.replies:
            reply = "refuse"
    if reply == "refuse" and source == "user":
        permits.refuse(risk.kind)
    _record(run, title, risk, tool, reply, source)
    run.cancel.check()
    return reply, source


def _replies(run: Run, risk: Risk, tool: str) -> tuple[Reply, ...]:
    permits = run.env.permits
    lasting = risk.lasting and risk.hazard != "edit"
    # With the offer of its edit a run ends.
    longer: tuple[Reply, ...] = ("run",) if lasting and tool != "edit" else ()
    if lasting and permits.trusted and permits.remembered is not None:
        longer = (*longer, "always")
    return ("allow", *longer, "refuse")


def _record(run: Run, title: str, risk: Risk, tool: str, reply: Reply, source: Source) -> None:
    run.env.events.emit(
        "approval",
        title=title,
        approved=reply != "refuse",
        decision=reply,
        source=source,
        tool=tool,
        hazard=risk.hazard,
        kind=risk.kind,
    )


def _grant(run: Run, grant: Grant, *, lasting: bool) -> None:
    try:
        run.env.permits.grant(grant, lasting=lasting)
    except (OSError, LspAgentError) as error:
        _log.warning("what is always allowed can't be remembered: %s", error)


_INSTEAD = {
    "command": "do not try it in another way: use the other tools, or say which command the user "
    "should run",
    "file": "leave that file as it is, do the rest of the task, and say what should change there",
    "": "do without it, and say what the user should do",
}


def _instead(tool: Tool[Any], risk: Risk) -> str:
    what = "file" if tool.hazard == "edit" else "command" if risk.kind == "command" else ""
    return _INSTEAD[what]


def _shown(arguments: Mapping[str, Any]) -> str:
    values = {key: value for key, value in arguments.items() if value is not None}
    return _cut(json.dumps(values, ensure_ascii=False, default=str), _SHOWN_ARGUMENTS)


def _cut(text: str, most: int) -> str:
    """Show hidden characters, and both ends of what is too long to show."""
    text = "".join(one if one.isprintable() or one in "\n\t" else ascii(one)[1:-1] for one in text)
    if len(text) <= most:
        return text
    left = len(text) - most
    return f"{text[: most * 3 // 4]}\n[… {left} more characters …]\n{text[-most // 4 :]}"


def _canonical(run: Run, path: str) -> str:
    root = run.env.overlay.root
    if root is None:
        return path
    try:
        return root.canonical(path)
    except OutsideRootError:
        # The tool says so itself.
        return path


def _clear(run: Run, before: Mapping[str, str | None], named: Collection[str]) -> None:
    """Remember the sensitive files that an approved call names as it left them."""
    for path, text in run.env.overlay.snapshot().texts.items():
        changed = path not in before or before[path] != text
        if changed and path in named and sensitive_kind(path):
            run.env.permits.cleared[path] = text


def _is_cleared(run: Run, change: FileChange, path: str) -> bool:
    cleared = run.env.permits.cleared
    after = None if change.new_path and path == change.path else change.after
    return path in cleared and cleared[path] == after

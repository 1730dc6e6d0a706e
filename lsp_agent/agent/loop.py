"""A run from start to end: whatever happens, its last event is ``run_finished``."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from lsp_agent.agent.abilities import check_ability
from lsp_agent.agent.approvals import approve_changes
from lsp_agent.agent.commit_run import run_commit
from lsp_agent.agent.conflict_run import run_conflict
from lsp_agent.agent.environment import RejectedError, Run, RunEnvironment
from lsp_agent.agent.explain_edit_run import run_explain_edit
from lsp_agent.agent.fix_all_run import run_fix_all
from lsp_agent.agent.fix_test_run import run_fix_test
from lsp_agent.agent.given_run import run_given
from lsp_agent.agent.modernise_run import with_version
from lsp_agent.agent.move_run import run_move
from lsp_agent.agent.optimise_run import run_optimise
from lsp_agent.agent.profile_run import run_by_profile
from lsp_agent.agent.proof import Proof
from lsp_agent.agent.query import Budget
from lsp_agent.agent.redaction import RedactingEngine
from lsp_agent.agent.rename_run import run_rename
from lsp_agent.agent.scaffold_run import run_scaffold
from lsp_agent.agent.signature_run import run_signature
from lsp_agent.agent.tests_run import run_tests_form
from lsp_agent.agent.types import AnswerForm, RunRequest, RunResult
from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.engine.types import EngineInfo, EngineUnavailableError
from lsp_agent.errors import LspAgentError
from lsp_agent.events import EventStream, RunStatus
from lsp_agent.verify.words import remark
from lsp_agent.workspace.diff import unified_diff
from lsp_agent.workspace.overlay import FileChange
from lsp_agent.workspace.text import first_line

_log = logging.getLogger(__name__)
_RUNNERS: Mapping[AnswerForm, Callable[[Run, Budget], str]] = {
    "commit": run_commit,
    "conflict": run_conflict,
    "explain_edit": run_explain_edit,
    "given": run_given,
    "fix_all": run_fix_all,
    "move": run_move,
    "rename": run_rename,
    "signature": run_signature,
    "tests": run_tests_form,
    "fix_test": run_fix_test,
    "optimise": run_optimise,
    "scaffold": run_scaffold,
}
"""The forms that have a way of their own, whatever the profile."""


@dataclass(slots=True)
class _Outcome:
    status: RunStatus
    summary: str
    text: str = ""
    changes: tuple[FileChange, ...] = ()


def run_agent(request: RunRequest, env: RunEnvironment, cancel: CancelToken) -> RunResult:
    """Carry out a request; never raises. What went wrong is in the events and in ``summary``."""
    started = time.monotonic()
    tokens, proof = 0, Proof()
    _begin(request, env.events, env.engine.name)
    try:
        if isinstance(env.engine, RedactingEngine):
            env.engine.learn(env.overlay)
        info = _ready(env, cancel) if request.needs_model else env.engine.info()
        run = Run(request, env, info, cancel, proof)
        if request.needs_model:
            check_ability(request, run.info)
        budget = Budget(env.settings.agent)
        run = replace(run, env=replace(env, ask=budget.timed(env.ask)))
        try:
            outcome = _work(run, budget)
        finally:
            tokens = budget.tokens
    except Cancelled:
        outcome = _Outcome("cancelled", "the run was cancelled")
    except RejectedError as error:
        env.events.emit("error", code=error.code, message=str(error))
        outcome = _Outcome("rejected", str(error))
    except LspAgentError as error:
        env.events.emit("error", code=error.code, message=str(error))
        outcome = _Outcome("failed", str(error))
    except Exception as error:  # noqa: BLE001 - the surface must hear of a bug as of any other failure
        _log.exception("run %s failed", env.run_id)
        message = f"the run failed inside lsp-agent: {error!r}; the log has the details"
        env.events.emit("error", code="internal", message=message)
        outcome = _Outcome("failed", message)
    seconds = round(time.monotonic() - started, 3)
    env.events.emit("run_finished", status=outcome.status, tokens=tokens, seconds=seconds)
    return RunResult(
        env.run_id, outcome.status, outcome.summary, outcome.text, outcome.changes, proof.verdicts,
        proof.confirmed,
    )  # fmt: skip


def fail_before(
    run_id: str, request: RunRequest, events: EventStream, error: LspAgentError
) -> RunResult:
    """End a run for which no engine could be made, as one that fails later ends."""
    code = error.code if isinstance(error, EngineUnavailableError) else EngineUnavailableError.code
    _begin(request, events, None)
    events.emit("error", code=code, message=str(error))
    events.emit("run_finished", status="failed", tokens=0, seconds=0.0)
    return RunResult(run_id, "failed", str(error))


def _begin(request: RunRequest, events: EventStream, engine: str | None) -> None:
    path = request.focus.path if request.focus else None
    events.emit("run_started", task=request.task, action=request.action, engine=engine, path=path)


def _ready(env: RunEnvironment, cancel: CancelToken) -> EngineInfo:
    """Load the model if it is not; a server is not asked for more than the answer itself."""
    info = env.engine.info()
    if info.loaded:
        return info
    env.progress("loading the model", None)
    return env.engine.load(cancel)


def _work(run: Run, budget: Budget) -> _Outcome:
    text = _answer(run, budget)
    run.cancel.check()
    changes = run.env.overlay.changes()
    if text:
        run.env.events.emit("response", text=text)
    if changes:
        return _offer(run, text, changes)
    if run.request.answer == "edit":
        return _Outcome("no_change", first_line(text) or "nothing needs to change", text)
    if text:
        return _Outcome("answered", first_line(text), text)
    return _Outcome("no_change", "the model had nothing to say")


def _answer(run: Run, budget: Budget) -> str:
    """Have the run's work done in the way that its form and its model's profile want."""
    runner = _RUNNERS.get(run.request.form)
    if runner is not None:
        return runner(run, budget)
    return run_by_profile(with_version(run) if run.request.form == "modernise" else run, budget)


def _offer(run: Run, text: str, changes: tuple[FileChange, ...]) -> _Outcome:
    """Let the edit out: asked about where the settings want it, with an event a file."""
    doubt = remark(run.proof.verdicts)
    approve_changes(run, changes, doubt)
    for change in changes:
        new_path = change.new_path or change.path
        diff = unified_diff(change.before, change.after, change.path, new_path)
        run.env.events.emit("edit", uri=change.uri, diff=diff)
    files = ", ".join(change.new_path or change.path for change in changes[:5])
    # An answer that is the code itself says nothing about it.
    said = "" if text.startswith("```") else first_line(text)
    summary = said or f"changed {files}"
    return _Outcome("edited", f"{summary} ({doubt})" if doubt else summary, text, changes)

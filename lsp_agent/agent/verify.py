"""Checking a run's edits before anyone sees them, and what becomes of one that fails."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from lsp_agent.agent.approvals import may_call
from lsp_agent.agent.environment import RejectedError, Run
from lsp_agent.agent.redaction import RedactingEngine
from lsp_agent.index.types import IndexUnavailableError
from lsp_agent.index.view import IndexView
from lsp_agent.verify.affected import affected_tests
from lsp_agent.verify.characters import check_characters
from lsp_agent.verify.diagnostics import check_diagnostics
from lsp_agent.verify.lint import StyleChecks, Styled
from lsp_agent.verify.promises import check_promises
from lsp_agent.verify.scope import Bounds, check_scope
from lsp_agent.verify.secrets import check_secrets
from lsp_agent.verify.syntax import check_syntax
from lsp_agent.verify.tests_check import check_tests
from lsp_agent.verify.types import Verdict, Workshop
from lsp_agent.verify.words import failing
from lsp_agent.workspace.positions import Range

if TYPE_CHECKING:
    from lsp_agent.sandbox.types import Ability

V = TypeVar("V", Verdict, Verdict | None)
_MAX_TESTS = 12
_INDEX_SECONDS = 2.0
# What the sandbox has to hold before code of the folder runs without being asked for.
_HELD: frozenset[Ability] = frozenset({"files", "network"})


def verify(run: Run, place: Range | None = None, *, offerable: bool = True) -> tuple[Verdict, ...]:
    """Run the configured checks on the overlay's changes, an event each; return those that failed.

    ``place`` may change besides the request's target. What a formatter mends goes into the overlay.
    An attempt that is not ``offerable`` is wrong in another way too.
    """
    run.env.progress("checking", None)
    run.proof.verdicts = ()
    failed = _must(run, place) or _agree(run) or _goal(run) or _tests(run)
    settings = run.env.settings.verify
    if failed and offerable and settings.failing == "offer" and _may_be_offered(failed):
        run.proof.offered = (run.env.overlay.snapshot(), run.proof.verdicts)
    return failed


def describe(failed: Sequence[Verdict]) -> str:
    """Return failures as the model is told of them; ``""`` for none."""
    return "\n".join(f"The {one.check} check failed:\n{one.detail}" for one in failed)


def give_up(run: Run, reason: str) -> None:
    """End without a good edit: back to the last one that may be offered with a remark.

    Raises :class:`RejectedError` where there is none.
    """
    if run.proof.offered is None:
        raise RejectedError(reason)
    state, run.proof.verdicts = run.proof.offered
    run.env.overlay.restore(state)


def _may_be_offered(failed: Sequence[Verdict]) -> bool:
    return not {one.check for one in failed} & {"scope", "syntax"}


def _must(run: Run, place: Range | None) -> tuple[Verdict, ...]:
    """Check what an edit is never offered without; what the others would say only follows."""
    changes = run.env.overlay.changes()
    bounds = _bounds(run, place)
    if bounds.any:
        failed = tell(run, _timed(lambda: check_scope(changes, bounds)))
        if failed:
            return failed
    if run.env.settings.verify.syntax:
        failed = tell(run, _timed(lambda: check_syntax(changes)))
        if failed:
            return failed
    if failed := tell(run, *_promised(run)):
        return failed
    if run.env.settings.verify.characters and (detail := check_characters(changes)):
        return tell(run, Verdict("characters", ok=False, detail=detail))
    engine = run.env.engine
    known = engine.secrets.values() if isinstance(engine, RedactingEngine) else ()
    if detail := check_secrets(changes, known):
        return tell(run, Verdict("secrets", ok=False, detail=detail))
    return ()


def _promised(run: Run) -> list[Verdict]:
    """Say whether the function that was to be rewritten keeps what was promised of it."""
    request = run.request
    if not request.promises or request.focus is None or request.target is None:
        return []
    path, start = run.env.overlay.spelling(request.focus.path), request.target.start
    changes = [one for one in run.env.overlay.changes() if one.path == path]
    verdicts = [check_promises(one, start, request.promises) for one in changes]
    return [one for one in verdicts if one is not None]


def _bounds(run: Run, place: Range | None) -> Bounds:
    request, spelt = run.request, run.env.overlay.spelling
    paths = None if request.scope is None else frozenset(map(spelt, request.scope))
    if request.focus is None or request.target is None or not request.bounded:
        return Bounds(paths)
    places = (request.target, *([place] if place else []))
    return Bounds(paths, spelt(request.focus.path), places)


def _agree(run: Run) -> tuple[Verdict, ...]:
    """Ask formatters and linters, and language servers meanwhile."""
    with ThreadPoolExecutor(1, "verify") as pool:
        asked = pool.submit(_diagnostics, run)
        styled = _style(run)
        opinion = asked.result()
    for path, text in styled.mended.items():
        run.env.overlay.write(path, text)
    return tell(run, *styled.verdicts, *([opinion] if opinion else []))


def _style(run: Run) -> Styled:
    env, proof = run.env, run.proof
    if env.programs is None or not env.settings.verify.lint:
        return Styled()
    if proof.styles is None:
        proof.styles = StyleChecks(env.overlay, env.programs, env.workshop, refusal_of(run))
    return proof.styles.check(run.cancel, env.settings.verify.lint_seconds)


def _diagnostics(run: Run) -> Verdict | None:
    env, settings = run.env, run.env.settings.verify
    if env.instruments is None or not settings.diagnostics:
        return None
    instruments, seconds = env.instruments, settings.diagnostics_seconds
    return _timed(lambda: check_diagnostics(env.overlay, instruments, run.cancel, seconds))


def _goal(run: Run) -> tuple[Verdict, ...]:
    return tell(run, *run.proof.goal()) if run.proof.goal is not None else ()


def concerned_tests(run: Run) -> list[str]:
    """Return the tests that a run's changes concern, the likeliest first."""
    return affected_tests(run.env.overlay, index_of(run), _MAX_TESTS, run.cancel.check)


def _tests(run: Run) -> tuple[Verdict, ...]:
    """Run the tests that the edit concerns, where the settings and the machine let them."""
    env, settings = run.env, run.env.settings.verify
    if settings.tests == "off" or (env.workshop is None and settings.tests == "auto"):
        return ()
    began = time.monotonic()
    tests = concerned_tests(run)
    if not tests:
        return ()
    asked = settings.tests == "auto" or env.workshop is None or env.permits.dry_run
    refusal = refusal_of(run) if asked else ""
    if env.workshop is None or refusal:
        detail = f"not checked: {', '.join(tests[:3])}: {refusal}"
        return tell(run, Verdict("tests", None, detail))
    env.progress("running tests", None)
    left = max(settings.tests_seconds - (time.monotonic() - began), 1.0)
    return tell(run, check_tests(env.overlay, tests, env.workshop, run.cancel, left))


def index_of(run: Run, seconds: float = _INDEX_SECONDS) -> IndexView | None:
    """Return the index under the run's edits; ``None`` where none can be asked within a time."""
    index = run.env.index
    if index is None or not index.ready(seconds, run.cancel.check):
        return None
    try:
        index.reader.generation()
    except IndexUnavailableError:
        return None
    return index.view(run.env.overlay)


def refusal_of_tests(run: Run, paths: Sequence[str]) -> str:
    """Say why tests don't run although the user wants them to; ``""`` where they do.

    In a folder that is not trusted the user is asked, as for a model's call of ``run_tests``.
    """
    reason = refusal_of(run, asked=True)
    if reason:
        return reason
    refused = may_call(run, "run_tests", {"paths": list(paths), "args": None})
    return refused and (refusal_of(run) or refused)


def refusal_of(run: Run, *, asked: bool = False) -> str:
    """Say why no code of the folder runs by itself; ``""`` where it does.

    Where the user is ``asked``, a folder need not be trusted.
    """
    env, root = run.env, run.env.overlay.root
    workshop: Workshop | None = env.workshop
    if env.permits.dry_run:
        return "this is a dry run"
    if workshop is None or root is None:
        return "there is nowhere to run it"
    if not asked and (env.programs is None or not env.programs.trusts(root.path)):
        return f"the folder is not trusted: lsp-agent trust {root.path}"
    if lacking := sorted(_HELD - workshop.abilities):
        return f"no sandbox here holds its {' and '.join(lacking)}"
    return ""


def _timed(check: Callable[[], V]) -> V:
    """Make a check, and note in its verdict what it took."""
    began = time.monotonic()
    verdict = check()
    if verdict is None:
        return verdict
    return replace(verdict, seconds=round(time.monotonic() - began, 3))


def tell(run: Run, *verdicts: Verdict) -> tuple[Verdict, ...]:
    """Note verdicts on the edit, with an event each; return those that failed."""
    run.proof.verdicts += verdicts
    for one in verdicts:
        run.env.events.emit(
            "verification",
            check=one.check,
            ok=one.ok is not False,
            detail=one.detail,
            seconds=one.seconds,
        )
    return failing(verdicts)

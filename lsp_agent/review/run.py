"""A review: the hunks of some files, what is known of them, what a model says, what holds."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from functools import cache

from lsp_agent.agent.abilities import unable
from lsp_agent.agent.ids import new_run_id
from lsp_agent.agent.prompts import Prompts
from lsp_agent.agent.redaction import MARK, RedactingEngine
from lsp_agent.agent.sampling import sampling_of
from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.config.model import Settings
from lsp_agent.context.untrusted import unguarded
from lsp_agent.engine.types import Chat, Engine, EngineInfo, Job, Message, Request
from lsp_agent.errors import LspAgentError
from lsp_agent.events import Event, EventStream, RunStatus
from lsp_agent.language_servers.types import Diagnostic, Instruments, View
from lsp_agent.review.claims import read_claim, read_claims, write_claims
from lsp_agent.review.hunks import changed_hunks
from lsp_agent.review.question import Question, questions
from lsp_agent.review.types import ChangedFile, Claim, Dropped, Finding, Reviewed
from lsp_agent.review.verifier import Verifier, distinct
from lsp_agent.store.findings import KeptFindings
from lsp_agent.store.journal import Journal
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.secrets import redacted

_ANSWER_TOKENS = 768
_MAX_TOLD = 20

Progress = Callable[[str, float | None], None]


@dataclass(frozen=True, slots=True)
class Desk:
    """What reviews work with."""

    lease: Callable[[], AbstractContextManager[Engine]]
    settings: Settings
    journal: Journal
    instruments: Instruments | None = None
    prompts: Prompts = field(default_factory=Prompts)


@dataclass(frozen=True, slots=True)
class _Item:
    """A question with the answer's key."""

    path: str
    question: Question
    key: str


class Review:
    """One review; used in one thread at a time, which may wait for a model.

    It is recorded as a run if a model is asked. Findings that were dismissed are left out.
    """

    def __init__(
        self, desk: Desk, overlay: Overlay, files: Sequence[ChangedFile], most: int | None = None
    ) -> None:
        """Take the files to review; ``most`` bounds the hunks that a model is asked about."""
        self._desk = desk
        self._overlay = overlay
        self._workspace = str(overlay.root.path) if overlay.root else ""
        self._kept = KeptFindings(desk.journal)
        self._most = most
        self._documents = {one.path: SyntaxDocument.read(one.path, one.after) for one in files}
        self._files = files
        self._items: list[_Item] = []
        self._claims: dict[str, list[Claim]] = {}
        self._pending: list[_Item] = []
        self._engine = ""
        self.unable = ""
        self._left = 0
        self._tokens = 0

    def prepare(self) -> int:
        """Find the hunks and what is known of them; return how many a model has to be asked about.

        No model is loaded. ``unable`` then says why the one that is set can't review a file.
        """
        with self._desk.lease() as engine:
            info = engine.info()
        self._engine, self._items = engine.name, []
        for file in self._files:
            reason = unable(info, "review", file.path)
            if reason:
                self.unable = reason
            else:
                self._items += self._of_file(file, info)
        for key, rows in self._kept.known([one.key for one in self._items]).items():
            self._claims[key] = [claim for row in rows if (claim := read_claim(row)) is not None]
        fresh = {one.key: one for one in self._items if one.key not in self._claims}
        self._pending = list(fresh.values())[: self._most]
        self._left = len(fresh) - len(self._pending)
        return len(self._pending)

    def carry_out(self, cancel: CancelToken, progress: Progress) -> Reviewed:
        """Ask about what is not known, and return the findings that hold.

        Each answer is kept as it comes, also when a later one fails or is cancelled. Raises
        :class:`~lsp_agent.cancel.Cancelled` and what an engine raises.
        """
        asked = len(self._pending)
        if not asked:
            return self._judged(cancel)
        paths = ", ".join(dict.fromkeys(one.path for one in self._pending))
        events = self._record(f"Review {paths}"[:200])
        began = time.monotonic()
        status: RunStatus = "failed"
        try:
            self._ask(cancel, progress, events)
            found = replace(self._judged(cancel), asked=asked)
            status = "answered"
            _tell(events, found)
            return found
        except Cancelled:
            status = "cancelled"
            raise
        except LspAgentError as error:
            events.emit("error", code=error.code, message=str(error))
            raise
        finally:
            seconds = round(time.monotonic() - began, 3)
            events.emit("run_finished", status=status, tokens=self._tokens, seconds=seconds)

    def _record(self, title: str) -> EventStream:
        """Begin the record of a run."""
        run_id, journal = new_run_id(), self._desk.journal
        journal.start(run_id, title, self._workspace, "review")

        def conclude(event: Event) -> None:
            if event.type == "response":
                journal.conclude(run_id, event.data["text"].partition("\n")[0])

        return EventStream(run_id, journal.record, conclude)

    def _of_file(self, file: ChangedFile, info: EngineInfo) -> list[_Item]:
        document = self._documents[file.path]
        most = self._desk.settings.review.max_tokens
        return [
            _Item(file.path, question, question.key(info, self._desk.prompts.text("review")))
            for hunk in changed_hunks(file)
            for question in questions(document, hunk, most)
        ]

    def _ask(self, cancel: CancelToken, progress: Progress, events: EventStream) -> None:
        events.emit(
            "run_started",
            task=f"review {len(self._pending)} hunks",
            action="review",
            engine=self._engine,
            path=self._pending[0].path,
        )
        with self._desk.lease() as engine:
            info = engine.info()
            if not info.loaded:
                progress("loading the model", None)
                info = engine.load(cancel)
            for number, item in enumerate(self._pending):
                cancel.check()
                progress(f"reviewing {item.path}", number / len(self._pending))
                claims = self._answer(engine, info, item.question, cancel)
                self._claims[item.key] = claims
                self._kept.keep(item.key, write_claims(claims))

    def _answer(
        self,
        engine: Engine,
        info: EngineInfo,
        question: Question,
        cancel: CancelToken,
    ) -> list[Claim]:
        settings, text = self._desk.settings, question.text
        elsewhere = isinstance(engine, RedactingEngine)
        tokens = engine.count_tokens(text)
        if tokens > settings.review.max_tokens:
            text = text[: len(text) * settings.review.max_tokens // tokens]
        request = Request(
            Chat((Message("system", self._desk.prompts.text("review")), Message("user", text))),
            max_tokens=min(_ANSWER_TOKENS, info.n_ctx // 4),
            # What is kept from a model elsewhere must not stand in a grammar either.
            grammar=question.grammar(exact=not elsewhere) if info.grammar else None,
            sampling=sampling_of(settings, Job.REVIEW),
            job=Job.REVIEW,
        )
        answer: list[str] = []
        for delta in engine.generate(request, cancel):
            answer.append(delta.text)
            if delta.usage is not None:
                usage = delta.usage
                self._tokens += usage.prompt - usage.cached + usage.completion
        return [_restored(engine, one) for one in read_claims(unguarded("".join(answer)))]

    def _judged(self, cancel: CancelToken) -> Reviewed:
        found: list[Finding] = []
        dropped: list[Dropped] = []
        for path, document in self._documents.items():
            cancel.check()
            settings = self._desk.settings.review
            verifier = Verifier(path, document, settings, self._opinion(path, cancel))
            for item in self._items:
                if item.path == path:
                    hunk = item.question.hunk
                    judged = [verifier.judge(hunk, one) for one in self._claims.get(item.key, ())]
                    found += [one for one in judged if isinstance(one, Finding)]
                    dropped += [one for one in judged if isinstance(one, Dropped)]
        gone = self._kept.dismissed(self._workspace)
        shown = distinct(found, gone)
        return Reviewed(
            findings=tuple(shown),
            dropped=tuple(dropped),
            known=len(self._items) - len(self._pending) - self._left,
            left=self._left,
            dismissed=len({one.id for one in found} & gone),
        )

    def _opinion(self, path: str, cancel: CancelToken) -> Callable[[], Sequence[Diagnostic] | None]:
        """Ask the language servers of a file once, when something depends on it."""
        settings, view = self._desk.settings.verify, View.of(self._overlay)
        instruments = self._desk.instruments if settings.diagnostics else None

        @cache
        def ask() -> Sequence[Diagnostic] | None:
            if instruments is None or view is None:
                return None
            said = instruments.diagnostics(view, [path], cancel, settings.diagnostics_seconds)
            return said.diagnostics if said.servers else None

        return ask


def _restored(engine: Engine, claim: Claim) -> Claim:
    """Give code its secrets back that were kept from the model; a message tells none."""
    message = MARK.sub("⟨secret⟩", redacted(claim.message))
    if not isinstance(engine, RedactingEngine):
        return replace(claim, message=message)
    show = engine.secrets.show
    fix = None if claim.fix is None else show(claim.fix)
    return replace(claim, quote=show(claim.quote), fix=fix, message=message)


def _tell(events: EventStream, found: Reviewed) -> None:
    for one in found.dropped[:_MAX_TOLD]:
        events.emit(
            "verification", check="review", ok=False, detail=f"{one.claim.message}: {one.why}"
        )
    rows = [
        f"{one.path}:{one.range.start.line + 1}: {one.severity}: {one.message} [{one.category}]"
        for one in found.findings[:_MAX_TOLD]
    ]
    events.emit("response", text="\n".join(rows) or "nothing was found")

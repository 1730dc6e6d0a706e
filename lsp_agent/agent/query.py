"""Asking the engine for one answer, within the run's token budget."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lsp_agent.agent.environment import Run, RunFailedError
from lsp_agent.agent.formats import ParsedAnswer, parse_tool_calls
from lsp_agent.agent.redaction import RedactingEngine
from lsp_agent.agent.sampling import sampling_of
from lsp_agent.agent.types import ApprovalQuestion, Ask, Reply
from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import AgentSettings
from lsp_agent.engine.types import (
    Chat,
    EngineError,
    FinishReason,
    Message,
    Request,
    ToolCall,
    ToolSchema,
    Usage,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer of the model, whole.

    ``said`` is what it wrote, to be shown to it again; ``text``, the native ``tool_calls`` and
    ``parsed``, the text taken apart, have the secrets that were kept from it.
    """

    said: Message
    text: str
    tool_calls: tuple[ToolCall, ...]
    parsed: ParsedAnswer
    finish: FinishReason

    @property
    def cut_off(self) -> bool:
        """Whether the token limit ended it."""
        return self.finish == "length"


class LimitError(RunFailedError):
    """A run used up its steps, its tokens or its time."""


class Budget:
    """Counts a run's steps, tokens and seconds; raises :class:`LimitError` when one is used up."""

    def __init__(
        self, settings: AgentSettings, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._began = clock()
        self._lock = threading.Lock()
        self._last_step = settings.max_steps
        self.steps = 0
        self.tokens = 0

    def timed(self, ask: Ask) -> Ask:
        """Return a way of asking whose wait for the user is no time of the run."""

        def asked(question: ApprovalQuestion) -> Reply:
            began = self._clock()
            try:
                return ask(question)
            finally:
                self._began += self._clock() - began

        return asked

    @property
    def steps_left(self) -> int:
        """Answers that may still be asked for."""
        return self._last_step - self.steps

    def begin_part(self) -> None:
        """Give the next part of a run all the steps again; tokens and time are the run's."""
        self._last_step = self.steps + self._settings.max_steps

    def check_time(self) -> None:
        """Raise :class:`LimitError` when the run has taken its time."""
        seconds = self._settings.max_seconds
        if seconds and self._clock() - self._began >= seconds:
            raise LimitError(
                f"the run used its {seconds:g} seconds without finishing; raise agent.max_seconds "
                "or ask for less",
                "time-limit",
            )

    def step(self) -> None:
        """Count an answer about to be asked for; raises :class:`LimitError`."""
        self.check_time()
        if not self.steps_left:
            raise LimitError(
                f"the run used its {self._settings.max_steps} steps without finishing; raise "
                "agent.max_steps or ask for less",
                "step-limit",
            )
        if self.tokens >= self._settings.token_budget:
            raise LimitError(
                f"the run used {self.tokens:,} of {self._settings.token_budget:,} tokens; raise "
                "agent.token_budget or ask for less",
                "token-budget",
            )
        self.steps += 1

    def spend(self, usage: Usage) -> None:
        """Count what an answer took; cached prompt tokens cost nothing."""
        with self._lock:
            self.tokens += usage.prompt - usage.cached + usage.completion


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer as it came: what was said and thought, and how it ended."""

    said: Message
    thinking: str
    finish: FinishReason


def ask_engine(
    run: Run,
    budget: Budget,
    messages: Sequence[Message],
    *,
    tools: Sequence[ToolSchema] = (),
    grammar: str | None = None,
    max_tokens: int | None = None,
) -> Answer:
    """Return the model's next answer; thinking goes out as an event.

    Raises :class:`LimitError`, and what :meth:`Engine.generate` raises.
    """
    budget.step()
    run.env.progress("asking the model", None)
    request = request_of(run, messages, tools=tools, grammar=grammar, max_tokens=max_tokens)
    return answer_of(run, listen(run, budget, request, run.cancel))


def request_of(
    run: Run,
    messages: Sequence[Message],
    *,
    tools: Sequence[ToolSchema] = (),
    grammar: str | None = None,
    max_tokens: int | None = None,
    reference: tuple[str, ...] = (),
) -> Request:
    """Return what the engine is asked; a grammar is left out where it takes none.

    ``reference`` are texts that the answer may repeat, as a request has them.
    """
    return Request(
        Chat(tuple(messages), tuple(tools)),
        max_tokens=answer_tokens(run) if max_tokens is None else max_tokens,
        grammar=grammar if run.info.grammar else None,
        sampling=sampling_of(run.env.settings, run.env.job),
        job=run.env.job,
        reference=reference,
    )


def listen(run: Run, budget: Budget, request: Request, cancel: CancelToken) -> Heard:
    """Take in an answer to its end; may be called from several threads.

    Raises :class:`LimitError` when time is up, and what :meth:`Engine.generate` raises.
    """
    text: list[str] = []
    thinking: list[str] = []
    calls: tuple[ToolCall, ...] = ()
    for delta in run.env.engine.generate(request, cancel):
        budget.check_time()
        if delta.progress is not None:
            run.env.progress("reading", delta.progress)
        if delta.text or delta.thinking:
            if not text and not thinking:
                run.env.progress("writing", None)
            text.append(delta.text)
            thinking.append(delta.thinking)
        calls += delta.tool_calls
        if delta.usage is not None:
            budget.spend(delta.usage)
        if delta.finish is not None:
            said = Message("assistant", "".join(text), calls)
            return Heard(said, "".join(thinking), delta.finish)
    raise EngineError("the model's answer ended without a last part")


def answer_of(run: Run, heard: Heard) -> Answer:
    """Take an answer apart; only then may secrets be back in it."""
    if heard.thinking:
        run.env.events.emit("thinking", text=heard.thinking)
    said, finish = heard.said, heard.finish
    parsed = parse_tool_calls(said.content)
    engine = run.env.engine
    if not isinstance(engine, RedactingEngine):
        return Answer(said, said.content, said.tool_calls, parsed, finish)
    show, restored = engine.secrets.show, engine.secrets.restored
    shown = ParsedAnswer(show(parsed.text), tuple(map(restored, parsed.calls)), parsed.problems)
    return Answer(said, show(said.content), tuple(map(restored, said.tool_calls)), shown, finish)


def answer_tokens(run: Run) -> int:
    """Return the most tokens that an answer may have: half of a small context stays for it."""
    return min(run.env.settings.agent.max_tokens, run.info.n_ctx // 2)

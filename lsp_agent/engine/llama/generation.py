"""One answer in the making: what is still to be evaluated, what was drawn, what was told.

A generation knows its text as tokens, prompt and answer; a slot of the memory holds a beginning of
it. Whatever the slot lacks is evaluated next, so losing the slot costs time and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lsp_agent.cancel import CancelToken
from lsp_agent.engine.llama.context import Context
from lsp_agent.engine.llama.draft import BatchCosts, Lookup, Pace
from lsp_agent.engine.llama.drafter import MOST, Drafter
from lsp_agent.engine.llama.prompt import Prompt
from lsp_agent.engine.llama.sampler import Sampler
from lsp_agent.engine.llama.slots import Slot
from lsp_agent.engine.llama.stream import TextStream, ThinkingSplitter
from lsp_agent.engine.llama.vocab import Vocab
from lsp_agent.engine.types import Delta, FinishReason, Request, Usage

Sink = Callable[[Any], None]


class Generation:
    """A request under way. ``sink`` takes deltas, an error, and ``None`` for the end."""

    def __init__(
        self,
        request: Request,
        prompt: Prompt,
        sampler: Sampler,
        vocab: Vocab,
        limit: int,
        sink: Sink,
        cancel: CancelToken,
        lookup: Lookup | None,
        costs: BatchCosts,
        drafter: Drafter | None,
        remember: Callable[[str, list[int]], None],
    ) -> None:
        self.job = request.job
        self.prompt = prompt
        self.tokens = list(prompt.tokens)
        self._slot: Slot | None = None
        self.cancel = cancel
        self.sink = sink
        self.waiting_since = 0.0
        self._sampler = sampler
        self._vocab = vocab
        self._limit = limit
        self._stream = TextStream(request.stop)
        self._splitter = ThinkingSplitter(inside=prompt.opens_thinking)
        self._cached = 0
        self._finish: FinishReason | None = None
        self._lookup = lookup
        self._drafter = drafter
        self._remember = remember
        # Each source of drafts has a record of its own.
        self._looked_up, self._drafted = Pace(costs), Pace(costs)
        self._pace = self._looked_up

    @property
    def slot(self) -> Slot:
        """The slot that holds a beginning of the text; only an active generation has one."""
        if self._slot is None:
            raise LookupError("this generation has no slot")
        return self._slot

    def place(self, slot: Slot | None) -> Slot | None:
        """Take a slot, or give it back; return the one before."""
        before, self._slot = self._slot, slot
        return before

    @property
    def finished(self) -> bool:
        """Whether the answer has ended."""
        return self._finish is not None

    @property
    def answered(self) -> int:
        """How many tokens the answer has."""
        return len(self.tokens) - len(self.prompt.tokens)

    def started(self, cached: int) -> None:
        """Take note of what needs no evaluation, when a slot is given the first time."""
        self._cached = cached
        if self._limit <= 0:
            self._end("length")

    def evaluated(self, held: int) -> None:
        """Tell how much of the prompt is evaluated."""
        self.sink(Delta(progress=held / len(self.prompt.tokens)))

    def draft(self, most: int) -> list[int]:
        """Return tokens that may follow, at most as many as pay."""
        if self._lookup is None:
            return []
        most = min(most, self._limit - self.answered - 1)
        if most <= 0:
            return []
        if self._lookup.follows:
            self._pace = self._looked_up
            length = self._pace.length(most, self._lookup.streak)
            return self._lookup.draft(length) if length else []
        if self._drafter is None:
            return []
        self._pace = self._drafted
        each = self._pace.costs.relative(self._drafter.seconds)
        length = self._pace.length(min(most, MOST), each=each)
        return self._drafter.draft(self.tokens, length) if length else []

    def take(self, context: Context, row: int, draft: list[int]) -> int:
        """Draw from ``row`` and on through the draft; return how much of it came true."""
        accepted = 0
        while True:
            token = self._sampler.next(context, row + accepted)
            goes_on = self._add(token)
            if not goes_on or accepted == len(draft) or token != draft[accepted]:
                break
            accepted += 1
        if draft:
            self._pace.learn(len(draft), accepted)
        if goes_on:
            for forced in self._sampler.forced(self._limit - self.answered):
                if not self._add(forced):
                    break
        return accepted

    def close(self, error: BaseException | None = None) -> None:
        """Free what belongs to C, and tell how it ended; nothing more comes."""
        self._sampler.free()
        self.sink(error)

    def _add(self, token: int) -> bool:
        """Take a token as the answer's next; return whether the answer goes on."""
        self.tokens.append(token)
        if self._vocab.is_end(token):
            self._end("stop")
            return False
        if self._lookup is not None:
            self._lookup.feed(token)
        thinking, text = self._splitter.feed(self._stream.feed(self._vocab.piece(token)))
        if thinking or text:
            self.sink(Delta(text=text, thinking=thinking))
        if self._stream.stopped:
            self._end("stop")
        elif self.answered >= self._limit:
            self._end("length")
        return not self.finished

    def _keep_tokens(self) -> None:
        """Let the answer come back as the tokens that it was drawn in: they are in memory."""
        drawn = self.tokens[len(self.prompt.tokens) :]
        if drawn and self._vocab.is_end(drawn[-1]):
            text = b"".join(self._vocab.piece(token) for token in drawn[:-1])
            self._remember(text.decode("utf-8", "replace"), drawn[:-1])

    def _end(self, finish: FinishReason) -> None:
        self._finish = finish
        if finish == "stop":
            self._keep_tokens()
        thinking, text = self._splitter.feed(self._stream.finish(), last=True)
        usage = Usage(len(self.prompt.tokens), self._cached, self.answered)
        self.sink(Delta(text=text, thinking=thinking, finish=finish, usage=usage))

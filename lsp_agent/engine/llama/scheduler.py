"""What the next batch holds: continuous batching over sequences, by job (Yu et al., "Orca", 2022).

Who takes part is decided in :mod:`~lsp_agent.engine.llama.turns`. Prompts are evaluated in chunks,
so whoever comes waits for one chunk at most. Requests that begin alike wait for each other rather
than evaluate twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lsp_agent.engine.llama.context import (
    OUTPUTS_MAX,
    Aborted,
    Context,
    DecodeError,
    NoRoomError,
    Part,
)
from lsp_agent.engine.llama.draft import BatchCosts
from lsp_agent.engine.llama.generation import Generation
from lsp_agent.engine.llama.library import AbortFlag
from lsp_agent.engine.llama.prefixes import PrefixStore
from lsp_agent.engine.llama.slots import SlotCache, common_prefix
from lsp_agent.engine.llama.turns import Standing, whose_turn
from lsp_agent.engine.types import Job

_WORTH_WAITING = 64


@dataclass(frozen=True, slots=True)
class _Row:
    """A generation's share of a batch."""

    generation: Generation
    tokens: list[int]
    draft: list[int]
    complete: bool

    @property
    def outputs(self) -> int:
        """Rows that need logits: none while the text is not all evaluated."""
        return len(self.draft) + 1 if self.complete else 0


class Scheduler:
    """All generations of a context. Only the engine's thread may call it."""

    def __init__(
        self,
        context: Context,
        slots: SlotCache,
        abort: AbortFlag,
        store: PrefixStore,
        *,
        rolls_back: bool,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._context = context
        self._slots = slots
        self._abort = abort
        self._store = store
        self._rolls_back = rolls_back
        self._clock = clock
        self.costs = BatchCosts()
        self.waiting: list[Generation] = []
        self._active: list[Generation] = []
        # How many fit side by side, while the memory is too small for all.
        self._most: int | None = None
        self.evaluated = 0
        self.reused = 0

    @property
    def busy(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.waiting or self._active)

    def add(self, generation: Generation) -> None:
        """Take a request; it waits until a slot is free."""
        generation.waiting_since = self._clock()
        self.waiting.append(generation)

    def step(self) -> None:
        """Do one batch's work. Whatever fails ends the generations that it concerns."""
        self._drop_cancelled()
        self._admit()
        rows = self._rows()
        if not rows:
            return
        try:
            self._decode(rows)
        except Aborted:
            for row in rows:
                self._after_failure(row)
            if not any(row.generation.cancel.cancelled for row in rows):
                self._fail(rows, DecodeError("the evaluation was interrupted; ask again"))
        except NoRoomError as error:
            self._relieve(rows, error)
        except DecodeError as error:
            self._fail(rows, error)

    def fail_all(self, error: BaseException) -> None:
        """End everything with an error."""
        for one in [*self._active, *self.waiting]:
            self._end(one, error)

    def _drop_cancelled(self) -> None:
        for one in [*self._active, *self.waiting]:
            if one.cancel.cancelled:
                self._end(one)

    def _admit(self) -> None:
        """Give slots to those that wait, the most urgent first."""
        for one in sorted(self.waiting, key=lambda each: each.job):
            if self._most is not None and len(self._active) >= self._most:
                return
            if self._may_share(one) or (one.job > Job.COMPLETION and self._crowded()):
                continue
            if not one.answered:
                self._store.read(self._context, self._slots, one.prompt)
            slot = self._slots.acquire(one.tokens, one.job)
            if slot is None:
                return
            held = len(self._slots.tokens(slot))
            one.place(slot)
            self.waiting.remove(one)
            self._active.append(one)
            one.waiting_since = self._clock()
            if not one.answered:
                self.reused += held
                one.started(held)
            if one.finished:
                self._end(one)

    def _crowded(self) -> bool:
        """Whether only the slot is left that is kept for completions."""
        return len(self._slots.slots) > 2 and len(self._active) >= len(self._slots.slots) - 1

    def _may_share(self, one: Generation) -> bool:
        """Whether a prompt under evaluation will soon hold much more of this one's text."""
        known = self._slots.best(one.tokens)
        for other in self._active:
            if other.answered or other.job > one.job:
                continue
            common = common_prefix(other.prompt.tokens, one.tokens)
            if common > max(known, len(self._slots.tokens(other.slot))) + _WORTH_WAITING:
                return True
        return False

    def _rows(self) -> list[_Row]:
        """Choose who takes part in the next batch, and with which tokens."""
        rows: list[_Row] = []
        room, outputs = self._context.n_batch, OUTPUTS_MAX
        for one in self._entitled():
            if room <= 0 or outputs <= 0:
                break
            row = self._row(one, room, outputs)
            room -= len(row.tokens) + len(row.draft)
            outputs -= row.outputs
            rows.append(row)
        return rows

    def _entitled(self) -> list[Generation]:
        """Return those whose turn it is, in the order in which they fill the batch."""
        now = self._clock()
        if len(self._active) == 1:
            self._active[0].waiting_since = now
            return self._active
        standings = [
            Standing(one.job, self._missing(one), one.answered, now - one.waiting_since)
            for one in self._active
        ]
        chosen = [self._active[index] for index in whose_turn(standings)]
        for one in chosen:
            one.waiting_since = now
        return chosen

    def _missing(self, one: Generation) -> int:
        return len(one.tokens) - len(self._slots.tokens(one.slot))

    def _row(self, one: Generation, room: int, outputs: int) -> _Row:
        start = len(self._slots.tokens(one.slot))
        end = min(start + room, len(one.tokens), *self._marks(one, start))
        tokens = one.tokens[start:end]
        if end < len(one.tokens):
            return _Row(one, tokens, [], complete=False)
        most = min(room - len(tokens), outputs - 1) if self._rolls_back else 0
        # Side by side, the rows of a batch are better spent on tokens that are sure.
        draft = one.draft(most) if len(self._active) == 1 else []
        return _Row(one, tokens, draft, complete=True)

    def _marks(self, one: Generation, start: int) -> list[int]:
        """Return where a batch must end, because that place is worth remembering."""
        prompt = one.prompt
        places = [prompt.stable, prompt.last_message, len(prompt.tokens) - 1]
        marks = [place for place in places if place > start]
        if self._rolls_back:
            # Looking whether it was saved costs a digest: not for each token of the answer.
            return [prompt.stable] if prompt.stable in marks and self._store.lacks(prompt) else []
        return marks

    def _decode(self, rows: Sequence[_Row]) -> None:
        parts = [Part(row.generation.slot.seq, row.tokens + row.draft, row.outputs) for row in rows]
        began = self._clock()
        with self._abort.follow([row.generation.cancel for row in rows]):
            firsts = self._context.decode(parts)
        self._learn(rows, self._clock() - began)
        taken = [self._take(row, first) for row, first in zip(rows, firsts, strict=True)]
        # Cutting takes the logits away, so it comes when all have drawn.
        for row, accepted in zip(rows, taken, strict=True):
            self._settle(row, accepted)

    def _learn(self, rows: Sequence[_Row], seconds: float) -> None:
        if len(rows) == 1 and rows[0].complete and len(rows[0].tokens) == 1:
            self.costs.learn(rows[0].outputs, seconds)

    def _take(self, row: _Row, first: int) -> int:
        one = row.generation
        if not one.answered:
            held = len(self._slots.tokens(one.slot))
            self.evaluated += len(row.tokens)
            one.evaluated(held)
        if not row.outputs:
            return 0
        return one.take(self._context, first + len(row.tokens) - 1, row.draft)

    def _settle(self, row: _Row, accepted: int) -> None:
        one = row.generation
        slot = one.slot
        rejected = len(row.draft) - accepted
        if rejected:
            self._context.truncate(slot.seq, len(self._slots.tokens(slot)) - rejected)
        held = len(self._slots.tokens(slot))
        if held == one.prompt.stable:
            self._store.write(self._context, slot, one.prompt)
        if held in (one.prompt.stable, one.prompt.last_message, len(one.prompt.tokens) - 1):
            self._slots.checkpoint(slot)
        if one.finished:
            self._end(one)

    def _relieve(self, rows: Sequence[_Row], error: NoRoomError) -> None:
        """Free memory: idle slots first, then the least urgent of several that are under way."""
        for row in rows:
            self._after_failure(row)
        if self._slots.make_room():
            return
        if len(self._active) == 1:
            self._fail(rows, error)
            return
        last = max(self._active, key=lambda one: (one.job, self._active.index(one)))
        if slot := last.place(None):
            self._slots.release(slot)
            self._slots.evict(slot)
        self._active.remove(last)
        self.waiting.append(last)
        # It comes back when another one ends, not to be turned out again at once.
        self._most = len(self._active)

    def _after_failure(self, row: _Row) -> None:
        self._slots.recover(row.generation.slot)

    def _fail(self, rows: Sequence[_Row], error: DecodeError) -> None:
        for row in rows:
            self._end(row.generation, error)

    def _end(self, one: Generation, error: BaseException | None = None) -> None:
        """Take a generation out; what it evaluated stays for its next turn, if all went well."""
        self._most = None
        if slot := one.place(None):
            self._slots.release(slot)
            if error is not None:
                self._slots.drop(slot)
        for group in (self._active, self.waiting):
            if one in group:
                group.remove(one)
        one.close(error)

"""What is in memory and need not be evaluated again: a few sequences that share their prefixes.

Each slot is one sequence. A new prompt goes on where the longest known prefix ends: in that slot if
little is lost there, else in a fork of it, which shares its cells. What must go is what is cheapest
to have again (tokens of its own, by job and age); a run that must go is kept outside, in main
memory. Memory that can't be rolled back (hybrid, recurrent, sliding windows) goes back by
checkpoints, kept where prompts are known to part.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from lsp_agent.engine.llama.context import Aborted, Context, DecodeError
from lsp_agent.engine.types import Job

_CHECKPOINTS = 4
# A large hybrid model's state takes 80 to 230 MiB.
_CHECKPOINT_BYTES = 512 << 20
_KEPT, _KEPT_BYTES = 24, 1 << 30
_WORTH_KEEPING = 256
_CHEAP = 96
_SPLICE_TOKENS, _SPLICE_TAIL, _SPLICES = 64, 48, 64
_WEIGHT = {
    Job.COMPLETION: 2.0, Job.ACTION: 4.0, Job.RUN: 8.0, Job.REVIEW: 1.0, Job.BACKGROUND: 0.5,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The part of a sequence's memory that can't be rolled back, after ``length`` tokens."""

    length: int
    state: bytes


@dataclass(slots=True)
class Slot:
    """A sequence: whom it served last, and what of it belongs to it alone (``own`` and on).

    What stands behind ``exact`` was spliced: good enough for a completion, for nothing else.
    """

    seq: int
    job: Job = Job.BACKGROUND
    busy: bool = False
    used: int = 0
    prompt: int = 0
    own: int = 0
    exact: int | None = None
    splices: int = 0
    checkpoints: list[Checkpoint] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A sequence that had to go, in main memory."""

    tokens: list[int]
    state: bytes
    job: Job
    prompt: int
    checkpoints: list[Checkpoint]


class SlotCache:
    """The slots of a context. ``rolls_back`` is false for memory that needs checkpoints."""

    def __init__(self, context: Context, *, rolls_back: bool) -> None:
        self._context = context
        self._rolls_back = rolls_back
        # The last sequence is where a splice puts its tail aside.
        self._spare = context.n_seq - 1 if rolls_back and context.n_seq > 2 else None
        count = context.n_seq - (self._spare is not None)
        self.slots = [Slot(seq) for seq in range(count)]
        self._kept: list[_Kept] = []
        self._clock = 0

    def tokens(self, slot: Slot) -> list[int]:
        """Return what a slot has in memory."""
        return self._context.tokens[slot.seq]

    @property
    def used(self) -> int:
        """Tokens in memory, shared ones counted once."""
        return sum(len(self.tokens(slot)) - self._shared(slot) for slot in self.slots)

    def acquire(self, tokens: Sequence[int], job: Job) -> Slot | None:
        """Return a slot that holds the longest known prefix of a prompt; ``None`` if all are busy.

        At least the last token is left to evaluate, because its logits are needed. For a
        completion, text inserted or deleted in a known prompt is spliced (see
        :meth:`Context.splice`).
        """
        if not self._idle():
            return None
        slot = self._spliced(tokens) if job is Job.COMPLETION else None
        slot = slot or self._prefixed(tokens, job)
        if slot is None:
            return None
        self._clock += 1
        slot.job, slot.busy, slot.used, slot.prompt = job, True, self._clock, len(tokens)
        return slot

    def release(self, slot: Slot) -> None:
        """Let a slot's content be reused or evicted from now on."""
        self._clock += 1
        slot.busy, slot.used = False, self._clock

    def checkpoint(self, slot: Slot) -> None:
        """Remember this point of a memory that can't roll back; costs nothing otherwise."""
        length = len(self.tokens(slot))
        if self._rolls_back or any(known.length == length for known in slot.checkpoints):
            return
        slot.checkpoints.append(Checkpoint(length, self._context.save(slot.seq)))
        while len(slot.checkpoints) > 1 and (
            len(slot.checkpoints) > _CHECKPOINTS
            or sum(len(known.state) for known in slot.checkpoints) > _CHECKPOINT_BYTES
        ):
            # The first is the end of the stable prefix: dearest to have again.
            del slot.checkpoints[1 if len(slot.checkpoints) > 2 else 0]

    def reach(self, slot: Slot, tokens: Sequence[int]) -> int:
        """Return how much of a prompt a slot can give exactly, its last token left out."""
        common = common_prefix(self.tokens(slot), tokens[: len(tokens) - 1], slot.exact)
        if self._rolls_back or common == len(self.tokens(slot)):
            return common
        return max((one.length for one in slot.checkpoints if one.length <= common), default=0)

    def best(self, tokens: Sequence[int]) -> int:
        """Return the longest prefix of a prompt that any slot can give."""
        return max((self.reach(slot, tokens) for slot in self.slots), default=0)

    def recover(self, slot: Slot) -> None:
        """After an interrupted decode, go back to where the memory is known to be right.

        How much of a recurrent state the broken batch changed can't be told; plain attention has
        cut itself already.
        """
        if not self._rolls_back:
            last = slot.checkpoints[-1] if slot.checkpoints else None
            if last is None or not self._context.restore(slot.seq, last.state, last.length):
                self.drop(slot)

    def drop(self, slot: Slot) -> None:
        """Forget what a slot holds."""
        self._context.clear(slot.seq)
        slot.checkpoints.clear()
        slot.own = slot.prompt = slot.splices = 0
        slot.exact = None
        slot.job = Job.BACKGROUND

    def make_room(self) -> bool:
        """Evict the idle slot that is cheapest to have again; ``False`` without one."""
        idle = [slot for slot in self._idle() if self.tokens(slot)]
        if not idle:
            return False
        self.evict(min(idle, key=self._value))
        return True

    def _prefixed(self, tokens: Sequence[int], job: Job) -> Slot | None:
        reached = {slot.seq: self.reach(slot, tokens) for slot in self.slots}
        best = max(self.slots, key=lambda slot: (reached[slot.seq], not slot.busy))
        length = reached[best.seq]
        kept = max(self._kept, key=lambda one: self._kept_reach(one, tokens), default=None)
        if kept is not None and self._kept_reach(kept, tokens) > length + _CHEAP:
            slot = self._bring_back(kept)
            if slot is not None:
                return self._cut(slot, tokens)
        lost = len(self.tokens(best)) - length
        # The same prompt again wants another answer; the old one is not asked for any more.
        again = length >= best.prompt - 1
        replaces = lost <= _CHEAP or again or best.job is job is Job.COMPLETION
        if not best.busy and replaces and (length or not lost):
            return self._cut(best, tokens)
        target = self._target(best)
        if target is None:
            return None if best.busy else self._cut(best, tokens)
        if length:
            self._fork(best, target, length)
        return target

    def _cut(self, slot: Slot, tokens: Sequence[int]) -> Slot:
        """Take a slot back to the longest prefix of a prompt that it can give."""
        length = self.reach(slot, tokens)
        held = len(self.tokens(slot))
        if length == held:
            return slot
        if self._rolls_back and self._context.truncate(slot.seq, length):
            slot.exact, slot.splices = None, 0
            return slot
        known = next((one for one in slot.checkpoints if one.length == length), None)
        if known and self._context.restore(slot.seq, known.state, length):
            slot.checkpoints = [one for one in slot.checkpoints if one.length <= length]
            return slot
        self.drop(slot)
        return slot

    def _fork(self, source: Slot, target: Slot, length: int) -> None:
        known = [one for one in source.checkpoints if one.length <= length]
        whole = len(self.tokens(source))
        self._context.copy(source.seq, target.seq, length if self._rolls_back else whole)
        if not self._rolls_back and length < whole:
            state = next(one.state for one in known if one.length == length)
            if not self._context.restore(target.seq, state, length):
                self.drop(target)
                return
        target.checkpoints = known
        target.own = length
        source.own = max(source.own, length)

    def _spliced(self, tokens: Sequence[int]) -> Slot | None:
        """Reuse a known completion's prompt on both sides of what was typed."""
        if self._spare is None or not self._context.shifts:
            return None
        for slot in sorted(self._idle(), key=lambda one: -one.used):
            if slot.job is not Job.COMPLETION or slot.splices >= _SPLICES:
                continue
            old = self.tokens(slot)[: slot.prompt]
            start = common_prefix(old, tokens)
            limit = min(len(old), len(tokens)) - start
            tail = common_prefix(old[::-1], list(tokens[::-1]), limit)
            cut, new = range(start, len(old) - tail), tokens[start : len(tokens) - tail]
            fits = tail >= _SPLICE_TAIL and max(len(new), len(cut)) <= _SPLICE_TOKENS
            if fits and cut.stop >= slot.own and self._splice(slot, cut, new):
                return slot
        return None

    def _splice(self, slot: Slot, cut: range, new: Sequence[int]) -> bool:
        context, spare = self._context, self._spare
        if spare is None or not context.truncate(slot.seq, slot.prompt):
            return False
        try:
            context.splice(slot.seq, spare, cut, new)
        except (Aborted, DecodeError):
            return False
        slot.splices += 1
        slot.exact = min(cut.start, cut.start if slot.exact is None else slot.exact)
        return context.truncate(slot.seq, len(self.tokens(slot)) - 1)

    def vacant(self) -> Slot | None:
        """Return an empty slot, made by evicting the cheapest where it must be."""
        free, idle = self._free(), self._idle()
        if free or not idle:
            return free[0] if free else None
        slot = min(idle, key=self._value)
        self.evict(slot)
        return slot

    def _target(self, best: Slot) -> Slot | None:
        """Return an empty slot that is not ``best``, evicting another where it is worth it."""
        free = [slot for slot in self._free() if slot is not best]
        if free:
            return free[0]
        idle = [slot for slot in self._idle() if slot is not best]
        if not idle:
            return None
        slot = min(idle, key=self._value)
        if not best.busy and self._value(best) < self._value(slot):
            return None
        self.evict(slot)
        return slot

    def evict(self, slot: Slot) -> None:
        """Empty a slot; what is dear to have again is kept in main memory."""
        tokens = self.tokens(slot)
        dear = slot.job in (Job.RUN, Job.ACTION)
        if dear and len(tokens) - self._shared(slot) >= _WORTH_KEEPING:
            state = self._context.save(slot.seq, whole=True)
            kept = _Kept(list(tokens), state, slot.job, slot.prompt, list(slot.checkpoints))
            self._kept.append(kept)
            while (
                len(self._kept) > _KEPT or sum(len(one.state) for one in self._kept) > _KEPT_BYTES
            ):
                del self._kept[0]
        self.drop(slot)

    def _bring_back(self, kept: _Kept) -> Slot | None:
        slot = self.vacant()
        if slot is None:
            return None
        while not self._context.load(slot.seq, kept.state, kept.tokens):
            if not self.make_room():
                return None
        if kept in self._kept:
            self._kept.remove(kept)
        slot.job, slot.prompt, slot.checkpoints = kept.job, kept.prompt, list(kept.checkpoints)
        return slot

    def _kept_reach(self, kept: _Kept, tokens: Sequence[int]) -> int:
        common = common_prefix(kept.tokens, tokens[: len(tokens) - 1])
        if self._rolls_back or common == len(kept.tokens):
            return common
        return max((one.length for one in kept.checkpoints if one.length <= common), default=0)

    def _value(self, slot: Slot) -> float:
        """Return what it would cost to have a slot again, by how soon that may be."""
        own = len(self.tokens(slot)) - self._shared(slot)
        return _WEIGHT[slot.job] * own / (1 + self._clock - slot.used)

    def _shared(self, slot: Slot) -> int:
        """Return how many leading tokens another slot has as well, so that they stay."""
        mine = self.tokens(slot)
        others = (one for one in self.slots if one is not slot and one.own and slot.own)
        return max((common_prefix(mine, self.tokens(one)) for one in others), default=0)

    def _idle(self) -> list[Slot]:
        return [slot for slot in self.slots if not slot.busy]

    def _free(self) -> list[Slot]:
        return [slot for slot in self._idle() if not self.tokens(slot)]


def common_prefix(a: Sequence[int], b: Sequence[int], limit: int | None = None) -> int:
    """Return the length of the longest common prefix, at most ``limit``; log n slice compares."""
    most = min(len(a), len(b)) if limit is None else min(len(a), len(b), limit)
    a, b = list(a[:most]), list(b[:most])
    if a == b:
        return most
    return bisect_left(range(most + 1), True, key=lambda length: a[:length] != b[:length]) - 1

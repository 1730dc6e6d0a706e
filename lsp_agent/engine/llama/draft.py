"""Drafts by prompt lookup: an answer that repeats its question need not be decoded token by token.

What followed the same three tokens before is proposed and verified in one batch (Saxena, "Prompt
Lookup Decoding", 2023; Leviathan et al., "Fast Inference from Transformers via Speculative
Decoding", 2023). Each row is sampled as it would be without a draft, so the answer is the same and
only its cost changes. How long a draft may be follows from what batches cost here and how many of
the answer's drafts came true.
"""

from __future__ import annotations

from collections.abc import Callable

_GRAM = 3
LENGTHS = (0, 3, 7, 15, 31)
# What a batch of so many rows costs, in single tokens, until it was measured: two CPU cores.
_COSTS = {1: 1.0, 4: 2.4, 8: 3.6, 16: 5.2, 32: 9.0}
_LEARN = 0.2
_HOPE, _SUREST = 0.75, 0.99
# After so many tokens of a text repeated without a draft, its rest is worth a try.
_STREAK = 12


class Lookup:
    """The texts that an answer may repeat, its own beginning too, and the place where it is.

    ``texts`` is called behind the answer's first token, which nothing may delay. ``streak`` is how
    many tokens the answer has followed a text by now. Cost: about 1 µs a token for the index; a
    proposal is a few dictionary look-ups.
    """

    def __init__(self, texts: Callable[[], list[int]]) -> None:
        self._texts: Callable[[], list[int]] | None = texts
        self._tokens: list[int] = []
        self._places: dict[tuple[int, ...], list[int]] = {}
        self._at: int | None = None
        self.streak = 0

    def feed(self, token: int) -> None:
        """Take the answer's next token; follow it where the text goes on alike."""
        if self._texts is not None:
            self._begin(self._texts())
            self._texts = None
        self._note(len(self._tokens))
        at = self._at
        follows = at is not None and self._tokens[at : at + 1] == [token]
        self._tokens.append(token)
        if at is not None and follows:
            self._at = at + 1
            self.streak += 1
            return
        self.streak = 0
        # Where nothing is found it may be an insertion: the old place may go on behind it.
        if places := self._places.get(tuple(self._tokens[-_GRAM:])):
            # Edits are local: the next such place behind the last one, else the last there is.
            self._at = next((end for end in places if at is not None and end >= at), places[-1])

    @property
    def follows(self) -> bool:
        """Whether the answer's last token stands in the text, so that what follows may come."""
        return self._at is not None and self._tokens[self._at - 1] == self._tokens[-1]

    def draft(self, length: int) -> list[int]:
        """Return at most ``length`` tokens that may follow."""
        if self._at is None or not self.follows:
            return []
        return self._tokens[self._at : self._at + length]

    def _begin(self, tokens: list[int]) -> None:
        self._tokens = list(tokens)
        for end in range(_GRAM, len(self._tokens)):
            self._note(end)

    def _note(self, end: int) -> None:
        if end >= _GRAM:
            gram = tuple(self._tokens[end - _GRAM : end])
            self._places.setdefault(gram, []).append(end)


class BatchCosts:
    """What a decode of so many rows takes, in units of a single token's; learnt while decoding.

    ``drafted`` and ``accepted`` count tokens over all answers.
    """

    def __init__(self) -> None:
        self._costs = dict(_COSTS)
        self._single = 0.0
        self.drafted = self.accepted = 0

    def learn(self, rows: int, seconds: float) -> None:
        """Take a measurement of a batch that served one answer."""
        if rows == 1:
            self._single += _LEARN * (seconds - self._single) if self._single else seconds
        size = self._size(rows)
        if size > 1 and self._single:
            measured = seconds / self._single * size / rows
            self._costs[size] += _LEARN * (measured - self._costs[size])

    def relative(self, seconds: float) -> float:
        """Return a time in units of a single token's."""
        return seconds / self._single if self._single else 0.0

    def of(self, rows: int) -> float:
        """Return the cost of a batch."""
        return self._costs[self._size(rows)]

    @staticmethod
    def _size(rows: int) -> int:
        return next((size for size in _COSTS if rows <= size), max(_COSTS))


class Pace:
    """How long the next draft of one answer should be.

    ``chance`` is the estimate that a drafted token comes true; the expected tokens of a draft of
    ``k`` are the geometric sum of it (Leviathan et al., section 3.1).
    """

    def __init__(self, costs: BatchCosts) -> None:
        self.costs = costs
        self.chance = _HOPE

    def length(self, most: int, streak: int = 0, each: float = 0.0) -> int:
        """Return the length that gives most tokens for its cost; 0 when none pays.

        ``each`` is what drafting a token costs, in units of a decoded one.
        """
        chance = max(self.chance, _HOPE) if streak >= _STREAK else self.chance
        fitting = [length for length in LENGTHS if length <= most] or [0]
        return max(
            fitting, key=lambda one: _tokens(one, chance) / (self.costs.of(one + 1) + each * one)
        )

    def learn(self, drafted: int, accepted: int) -> None:
        """Take the outcome of a draft."""
        self.costs.drafted += drafted
        self.costs.accepted += accepted
        tries = min(accepted + 1, drafted)
        weight = 1 - (1 - _LEARN) ** tries
        self.chance = min(self.chance + weight * (accepted / tries - self.chance), _SUREST)


def _tokens(length: int, chance: float) -> float:
    return (1 - chance ** (length + 1)) / (1 - chance)

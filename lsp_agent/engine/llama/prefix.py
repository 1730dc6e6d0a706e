"""What is already in memory and need not be evaluated again.

Plain attention rolls back to any position. Hybrid and recurrent memory can't, so a checkpoint is
kept before the last token of each prompt and at the start of its last message; going back means
restoring the longest one that is still a prefix, or starting anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lsp_agent.engine.llama.context import Context

_CHECKPOINTS = 4
# A large hybrid model's state takes 80 to 230 MiB.
_CHECKPOINT_BYTES = 512 << 20


@dataclass(frozen=True, slots=True)
class _Checkpoint:
    tokens: tuple[int, ...]
    state: bytes


class PrefixCache:
    """Reuse of a context's resident tokens. ``rolls_back`` is false for recurrent memory."""

    def __init__(self, context: Context, *, rolls_back: bool) -> None:
        self._context = context
        self._rolls_back = rolls_back
        self._checkpoints: list[_Checkpoint] = []

    def reuse(self, tokens: Sequence[int]) -> int:
        """Make the memory hold the longest possible prefix of a prompt; return its length.

        At least the last token is left to evaluate, because its logits are needed.
        """
        resident = self._context.tokens
        common = common_prefix(resident, tokens[:-1])
        if common == len(resident):
            return common
        # False for sliding windows whose older cells are gone.
        if self._rolls_back and self._context.truncate(common):
            return common
        return self._restore(tokens)

    def checkpoint(self) -> None:
        """Remember this point of a memory that can't roll back; costs nothing otherwise."""
        tokens = tuple(self._context.tokens)
        if self._rolls_back or any(known.tokens == tokens for known in self._checkpoints):
            return
        self._checkpoints.append(_Checkpoint(tokens, self._context.save()))
        while len(self._checkpoints) > 1 and (
            len(self._checkpoints) > _CHECKPOINTS
            or sum(len(known.state) for known in self._checkpoints) > _CHECKPOINT_BYTES
        ):
            del self._checkpoints[0]

    def recover(self) -> None:
        """After an interrupted decode, go back to where the memory is known to be right.

        How much of a recurrent state the broken batch changed can't be told; plain attention has
        cut itself already.
        """
        if not self._rolls_back:
            self._restore([*self._context.tokens, -1])

    def drop(self) -> None:
        """Forget everything, after a decode that did not end well."""
        self._context.clear()
        self._checkpoints.clear()

    def _restore(self, tokens: Sequence[int]) -> int:
        resident = tuple(self._context.tokens)
        fitting = [
            known
            for known in self._checkpoints
            if known.tokens == tuple(tokens[: len(known.tokens)])
            and len(known.tokens) < len(tokens)
            # The attention layers' cells are still in memory only for what is resident.
            and known.tokens == resident[: len(known.tokens)]
        ]
        for known in sorted(fitting, key=lambda one: -len(one.tokens)):
            if self._context.restore(known.state, len(known.tokens)):
                return len(known.tokens)
        self.drop()
        return 0


def common_prefix(a: Sequence[int], b: Sequence[int]) -> int:
    """Return the length of the longest common prefix."""
    limit = min(len(a), len(b))
    if list(a[:limit]) == list(b[:limit]):
        return limit
    return next(at for at in range(limit) if a[at] != b[at])

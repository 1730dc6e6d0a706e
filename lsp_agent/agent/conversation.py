"""A run's messages: append-only, so that the prefix cache holds, until they no longer fit.

Then room for many more steps is made at once: what comes behind the changed message is evaluated
anew, and that is to happen rarely. The task stays, the newest turns stay whole, and of the others a
digest remains, by rule: what the model decided, what it called, and the state of the work now.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from lsp_agent.agent.environment import Run
from lsp_agent.agent.query import answer_tokens
from lsp_agent.context.untrusted import guarded
from lsp_agent.engine.types import ContextOverflowError, Message, ToolCall
from lsp_agent.workspace.text import first_line

Recall = Callable[[int], str]
"""Tells the state of the work (plan, open files) in at most so many tokens."""

_KEPT_RESULTS = 2
_FRAME_TOKENS = 8
_NOTE_TOKENS = 16
_SHARE, _LOG_SHARE = 4, 16
_LONGEST = 160
_NO_WORDS = ("<<<", "```", "{", "[")
_MARK = "[Earlier steps of this work were left out to save room. What is known of them:]"


@dataclass(slots=True)
class _Turn:
    """An answer of the model with all that came of it, so that no call is without its result."""

    messages: list[Message] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)
    results: list[int] = field(default_factory=list)
    said: str = ""
    done: list[str] = field(default_factory=list)


class Conversation:
    """Messages with their sizes; the oldest turns become a digest when room runs out.

    Without ``recall`` the digest says nothing of the state of the work.
    """

    def __init__(
        self, run: Run, system: Message, task: Message, recall: Recall | None = None
    ) -> None:
        self._run = run
        self._recall = recall
        self._task = task
        self._head = [system, task]
        self._fixed = self._head_size = sum(map(self._size, self._head))
        self._turns: list[_Turn] = []
        self._said: list[str] = []
        self._done: list[str] = []

    @property
    def messages(self) -> Sequence[Message]:
        """What the model is shown next."""
        return [*self._head, *(one for turn in self._turns for one in turn.messages)]

    def answer(self, text: str, calls: tuple[ToolCall, ...] = ()) -> None:
        """Append what the model said; ``calls`` only where it made them natively."""
        said = first_line(text.partition("<tool_call>")[0], _LONGEST)
        self._turns.append(_Turn(said="" if said.startswith(_NO_WORDS) else said))
        self._append(Message("assistant", text, calls))

    def observe(self, text: str) -> None:
        """Append an observation that is no tool result."""
        self._append(Message("user", text))

    def result(self, call: ToolCall, text: str, *, native: bool) -> None:
        """Append the result of a call."""
        turn = self._turn()
        turn.results.append(len(turn.messages))
        path = call.arguments.get("path")
        where = f" {path}" if isinstance(path, str) else ""
        turn.done.append(f"{call.name}{where}: {first_line(text, _LONGEST)}")
        if native:
            self._append(Message("tool", text, tool_call_id=call.id))
        else:
            wrapped = f'<tool_result name="{call.name}">\n{text}\n</tool_result>'
            self._append(Message("user", wrapped))

    def fit(self) -> None:
        """Make room for an answer, where there is none.

        Raises :class:`ContextOverflowError` naming both sizes when nothing more can go.
        """
        room = self._run.info.n_ctx - answer_tokens(self._run)
        if self._total() > room:
            self._compact(room)
        if self._total() > self._run.info.n_ctx - _FRAME_TOKENS * 8:
            raise ContextOverflowError(self._total(), self._run.info.n_ctx)

    def shrink(self) -> bool:
        """Leave out a third, for an engine that counts otherwise; return whether anything went."""
        before = self._total()
        self._compact(before * 2 // 3)
        return self._total() < before

    def _compact(self, room: int) -> None:
        """Leave out the oldest turns; where that is not enough, shorten results, the oldest first.

        Afterwards a quarter of the room behind the task is taken by the newest turns, and as much
        at most by the state of the work.
        """
        free = max(room - self._fixed, 0)
        kept = self._newest(free // _SHARE)
        gone = self._turns[: len(self._turns) - kept]
        if gone:
            self._turns = self._turns[-kept:]
            self._said += [turn.said for turn in gone if turn.said]
            self._done += [row for turn in gone for row in turn.done]
            self._put_digest(free)
        places = [(turn, at) for turn in self._turns for at in turn.results]
        for turn, at in places[:-_KEPT_RESULTS]:
            if self._total() > room:
                self._shorten(turn, at)
        if gone and self._total() > room:
            self._put_digest(0)
        for turn, at in places[-_KEPT_RESULTS:]:
            self._cut(turn, at, self._total() - room)

    def _newest(self, room: int) -> int:
        """Return how many of the last turns fit; at least one is kept."""
        kept = 0
        for turn in reversed(self._turns):
            room -= sum(turn.sizes)
            if kept and room < 0:
                break
            kept += 1
        return kept

    def _put_digest(self, room: int) -> None:
        said = self._latest(self._said, room // _LOG_SHARE)
        done = self._latest(self._done, room // _LOG_SHARE)
        rows = [
            _MARK,
            *(["You said:", *said] if said else []),
            *(["You called:", *done] if done else []),
        ]
        state = self._recall(room // _SHARE) if self._recall is not None and room else ""
        digest = "\n\n".join(part for part in (guarded("\n".join(rows)), state) if part)
        self._head[1] = replace(self._task, content=f"{self._task.content}\n\n{digest}")
        self._head_size = sum(map(self._size, self._head))

    def _latest(self, rows: Sequence[str], budget: int) -> list[str]:
        """Return the last rows that fit a number of tokens."""
        kept: list[str] = []
        for row in reversed(rows):
            budget -= self._run.env.engine.count_tokens(row) + 2
            if budget < 0:
                break
            kept.append(f"- {row}")
        return kept[::-1]

    def _shorten(self, turn: _Turn, index: int) -> None:
        message = turn.messages[index]
        if len(message.content) < 200:
            return
        lines = message.content.count("\n")
        first = message.content.partition("\n")[0]
        content = f"{first}\n[{lines} lines were dropped to save room; call the tool again]"
        self._replace(turn, index, content)

    def _cut(self, turn: _Turn, index: int, tokens: int) -> None:
        """Leave out the end of a result, so many tokens of it."""
        if tokens <= 0:
            return
        content, size = turn.messages[index].content, turn.sizes[index]
        kept = int(len(content) * max(size - tokens - _NOTE_TOKENS, 0) / size * 0.95)
        if len(content) > _NOTE_TOKENS * 8:
            self._replace(turn, index, f"{content[:kept]}\n[cut to save room; ask for less]")

    def _replace(self, turn: _Turn, index: int, content: str) -> None:
        turn.messages[index] = replace(turn.messages[index], content=content)
        turn.sizes[index] = self._size(turn.messages[index])

    def _turn(self) -> _Turn:
        if not self._turns:
            self._turns.append(_Turn())
        return self._turns[-1]

    def _append(self, message: Message) -> None:
        turn = self._turn()
        turn.messages.append(message)
        turn.sizes.append(self._size(message))

    def _total(self) -> int:
        return self._head_size + sum(sum(turn.sizes) for turn in self._turns)

    def _size(self, message: Message) -> int:
        calls = "".join(f"{call.name}{dict(call.arguments)}" for call in message.tool_calls)
        return self._run.env.engine.count_tokens(message.content + calls) + _FRAME_TOKENS

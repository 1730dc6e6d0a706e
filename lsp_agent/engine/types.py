"""The ``Engine`` protocol and the plain data that goes through it.

The protocol is synchronous on purpose: a run lives in a worker thread of its own, an engine
decodes in another, and the event loop sees events only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Literal, Protocol

from lsp_agent.cancel import CancelToken
from lsp_agent.errors import LspAgentError

Role = Literal["system", "user", "assistant", "tool"]
FinishReason = Literal["stop", "length", "tool_calls"]


class EngineError(LspAgentError):
    """The engine can't do what it was asked."""

    code = "engine-failed"


class EngineUnavailableError(EngineError):
    """No engine or no model: the command line exits with status 3."""

    code = "engine-unavailable"


class ContextOverflowError(EngineError):
    """The prompt does not fit; the message names both sizes, in tokens."""

    code = "context-overflow"

    def __init__(self, prompt_tokens: int, context_tokens: int) -> None:
        self.prompt_tokens = prompt_tokens
        self.context_tokens = context_tokens
        super().__init__(
            f"the prompt has {prompt_tokens} tokens, but the model's context holds "
            f"{context_tokens}; select less text or raise n_ctx for this engine"
        )


class GrammarError(EngineError):
    """A GBNF grammar does not compile."""

    code = "bad-grammar"


class Job(IntEnum):
    """What a request is for; a smaller number goes first."""

    COMPLETION = 0
    ACTION = 1
    RUN = 2
    REVIEW = 3
    BACKGROUND = 4


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A model's wish to call a tool; ``arguments`` is a decoded JSON object."""

    id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a chat. A ``tool`` message answers the call named by ``tool_call_id``."""

    role: Role
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


@dataclass(frozen=True, slots=True)
class ToolSchema:
    """A tool as a model is told of it; ``parameters`` is a JSON Schema object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Chat:
    """A prompt made of messages, rendered by the model's own chat template."""

    messages: tuple[Message, ...]
    tools: tuple[ToolSchema, ...] = ()


@dataclass(frozen=True, slots=True)
class Fim:
    """A fill-in-the-middle prompt: what stands before and after the gap.

    ``snippets`` are texts from elsewhere that may help, the best one last; ``snippet_paths`` names
    the file of each (``""``: none), or is empty for a model that was trained without names.
    ``repo`` is the workspace's name.
    """

    prefix: str
    suffix: str
    path: str = ""
    snippets: tuple[str, ...] = ()
    snippet_paths: tuple[str, ...] = ()
    repo: str = ""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is drawn; ``temperature`` 0 is greedy and minds only the penalties."""

    temperature: float = 0.0
    top_k: int = 40
    top_p: float = 0.95
    min_p: float = 0.05
    repeat_penalty: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One generation. ``grammar`` is GBNF with the rule ``root``.

    ``stop`` strings end the answer and are not returned. ``max_tokens`` bounds the answer;
    the engine lowers it to what the context leaves. ``reference`` are texts beside the prompt that
    the answer may repeat in part: they make it faster, never another one.
    """

    prompt: Chat | Fim
    max_tokens: int = 1024
    stop: tuple[str, ...] = ()
    grammar: str | None = None
    sampling: Sampling = field(default_factory=Sampling)
    job: Job = Job.RUN
    reference: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts of one generation; ``cached`` prompt tokens were not evaluated again."""

    prompt: int = 0
    cached: int = 0
    completion: int = 0


@dataclass(frozen=True, slots=True)
class Delta:
    """A step of a generation.

    ``text`` and ``thinking`` are increments. ``progress`` is the share (0 to 1) of the prompt that
    is evaluated, sent before the first token. The last delta, and only it, has ``finish`` and
    ``usage``; native ``tool_calls`` arrive whole, at the latest with it.
    """

    text: str = ""
    thinking: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    progress: float | None = None
    finish: FinishReason | None = None
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What an engine is and can do; ``detail`` goes to ``status`` as it is (JSON-ready).

    ``n_params`` is the number of weights, ``None`` where it can't be known. ``loaded`` is false
    while the weights are not in memory. ``jobs`` and ``languages`` name all that a narrow model
    was trained for (``fix``, ``completion``…; ``python``); empty for a model of general use.
    """

    name: str
    kind: str
    model: str
    n_ctx: int
    loaded: bool = True
    n_params: int | None = None
    fim: bool = False
    grammar: bool = False
    native_tools: bool = False
    embeddings: bool = False
    jobs: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    detail: Mapping[str, Any] = field(default_factory=dict)


class Engine(Protocol):
    """A model that can be asked. All methods may be called from any thread but the event loop's.

    Any method may load the model first, which can take seconds, and raises
    :class:`EngineUnavailableError` when it can't. After :meth:`close` every call raises it too.
    """

    @property
    def name(self) -> str:
        """The engine's name in the configuration."""
        ...

    def info(self) -> EngineInfo:
        """Describe the engine at once, without loading a model or asking a server."""
        ...

    def load(self, cancel: CancelToken) -> EngineInfo:
        """Make the model ready and describe it as it is."""
        ...

    def generate(self, request: Request, cancel: CancelToken) -> Iterator[Delta]:
        """Yield deltas until the answer ends.

        Raises :class:`~lsp_agent.cancel.Cancelled`, :class:`ContextOverflowError`,
        :class:`GrammarError` or another :class:`EngineError`. Closing the iterator early stops
        the work as a cancellation does.
        """
        ...

    def count_tokens(self, text: str) -> int:
        """Count the tokens of plain text; 4 bytes a token where there is no tokenizer."""
        ...

    def embed(self, texts: Sequence[str], cancel: CancelToken) -> list[list[float]]:
        """Return one vector a text, or raise :class:`EngineError` when the model has none."""
        ...

    def close(self) -> None:
        """Stop all work and free the weights; may be called twice."""
        ...


Lease = Callable[[], AbstractContextManager[Engine]]
"""Lends an engine, which is not closed while it is held."""

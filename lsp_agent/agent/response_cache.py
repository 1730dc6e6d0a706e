"""An engine that answers an identical request from what was kept.

Only chats whose answer is bound to be the same again: at temperature 0, or with a seed. What
failed, was cancelled or was cut off is never kept.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict

from lsp_agent.cancel import CancelToken
from lsp_agent.engine.passing import PassingEngine
from lsp_agent.engine.types import Chat, Delta, Engine, Request, ToolCall, Usage
from lsp_agent.errors import LspAgentError
from lsp_agent.store.responses import Responses

_log = logging.getLogger(__name__)


class CachingEngine(PassingEngine):
    """An engine in front of which answers are kept.

    ``identity`` is all that tells one model from another; ``enabled`` is asked before each prompt.
    """

    def __init__(
        self, engine: Engine, identity: str, responses: Responses, enabled: Callable[[], bool]
    ) -> None:
        super().__init__(engine)
        self._identity = identity
        self._responses = responses
        self._enabled = enabled

    def generate(self, request: Request, cancel: CancelToken) -> Iterator[Delta]:
        """Yield the kept answer, with all of its prompt as cached; else the engine's own."""
        if not (self._enabled() and is_repeatable(request)):
            yield from self._engine.generate(request, cancel)
            return
        key = key_of(self._identity, request)
        kept = self._kept(key)
        if kept is not None:
            cancel.check()
            yield from kept
            return
        parts: list[Delta] = []
        for delta in self._engine.generate(request, cancel):
            parts.append(delta)
            # Before the last part goes out: nobody need ask for more after it.
            if delta.finish in ("stop", "tool_calls"):
                self._responses.keep(key, _written(parts))
            yield delta

    def _kept(self, key: str) -> list[Delta] | None:
        try:
            text = self._responses.get(key)
            return None if text is None else _read(text)
        except (LspAgentError, ValueError, TypeError, KeyError) as error:
            _log.info("no answer from the cache: %s", error)
            return None


def is_repeatable(request: Request) -> bool:
    """Whether the answer to a request would be the same again."""
    sampling = request.sampling
    return isinstance(request.prompt, Chat) and (
        sampling.temperature == 0 or sampling.seed is not None
    )


def key_of(identity: str, request: Request) -> str:
    """Return the digest of what an answer depends on; nothing can be read from it."""
    asked = asdict(request)
    # Who goes first, and what makes it faster, change no answer.
    del asked["job"], asked["reference"]
    text = json.dumps([identity, asked], sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _written(parts: Sequence[Delta]) -> str:
    last = parts[-1]
    usage = last.usage or Usage()
    return json.dumps(
        {
            "text": "".join(one.text for one in parts),
            "thinking": "".join(one.thinking for one in parts),
            "tool_calls": [asdict(call) for one in parts for call in one.tool_calls],
            "finish": last.finish,
            "prompt": usage.prompt,
        },
        ensure_ascii=False,
    )


def _read(text: str) -> list[Delta]:
    found = json.loads(text)
    calls = tuple(ToolCall(one["id"], one["name"], one["arguments"]) for one in found["tool_calls"])
    prompt = int(found["prompt"])
    usage = Usage(prompt=prompt, cached=prompt)
    return [
        Delta(progress=1.0),
        Delta(text=found["text"], thinking=found["thinking"]),
        Delta(tool_calls=calls, finish=found["finish"], usage=usage),
    ]

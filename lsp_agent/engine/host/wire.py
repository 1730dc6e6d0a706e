"""What client and host say to each other: frames of JSON, four bytes of length before each.

A client asks ``{"id", "op", …}`` and may say ``{"cancel": id}``; the host answers each request with
``{"id", "taken"}`` at once, ``{"id", "item"}`` for each result, and at last ``{"id", "end"}`` or
``{"id", "error"}``. JSON, not pickle: what goes through holds texts from anywhere.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from lsp_agent.cancel import Cancelled
from lsp_agent.engine.types import (
    ContextOverflowError,
    EngineError,
    EngineUnavailableError,
    GrammarError,
)
from lsp_agent.errors import LspAgentError

if TYPE_CHECKING:
    from pydantic import TypeAdapter

PROTOCOL = 1
"""Raised with every change of what is said; hosts and clients of different numbers never meet."""

MAX_FRAME = 256 * 2**20
_CHUNK = 64 * 2**10


class WireError(EngineError):
    """The other side says something that can't be understood."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the engine's process can't be understood: {what}")


class Transport(Protocol):
    """Bytes to and from the other side. One thread reads, one at a time writes."""

    def read(self, size: int) -> bytes:
        """Return some bytes, at most ``size``; none at the end. Raises ``OSError``."""
        ...

    def write(self, data: bytes) -> None:
        """Send all bytes. Raises ``OSError``."""
        ...

    def finish(self) -> None:
        """Let the other side see the end, and the reader too, sooner or later."""
        ...

    def abandon(self) -> None:
        """Make the reader see the end now, though the other side does not heed :meth:`finish`."""
        ...

    def obituary(self) -> str:
        """Say for a person why the other side ended; called once, after its end."""
        ...


class FrameReader:
    """Cuts a stream into frames; ``limit`` is the most bytes that one may have."""

    def __init__(self, read: Callable[[int], bytes], limit: int = MAX_FRAME) -> None:
        self._read = read
        self._data = bytearray()
        self.limit = limit

    def next(self) -> dict[str, Any] | None:
        """Return the next frame, ``None`` at the end of the stream.

        Raises :class:`WireError` for what is no frame.
        """
        if not self._fill(4):
            return None
        size = int.from_bytes(self._data[:4], "big")
        if size > self.limit:
            raise WireError(f"a frame of {size} bytes")
        if not self._fill(4 + size):
            return None
        text = bytes(self._data[4 : 4 + size])
        del self._data[: 4 + size]
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise WireError("a frame that is no JSON") from error
        if not isinstance(value, dict):
            raise WireError("a frame that is no object")
        return value

    def _fill(self, size: int) -> bool:
        while len(self._data) < size:
            chunk = self._read(max(_CHUNK, size - len(self._data)))
            if not chunk:
                return False
            self._data += chunk
        return True


def frame(**fields: Any) -> bytes:
    """Return a frame; dataclasses become objects without the fields that have their default."""
    text = json.dumps(fields, default=_plain, separators=(",", ":")).encode("ascii")
    return len(text).to_bytes(4, "big") + text


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        rows = ((field, getattr(value, field.name)) for field in dataclasses.fields(value))
        return {field.name: one for field, one in rows if one != field.default}
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} does not go over the wire")


def decoded(kind: Any, value: Any) -> Any:
    """Check a value from the other side and make it a ``kind``; raises :class:`WireError`."""
    try:
        return _adapter(kind).validate_python(value)
    except ValueError as error:
        raise WireError(f"no {getattr(kind, '__name__', kind)}: {error}") from error


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


_ERRORS: dict[str, type[LspAgentError]] = {
    one.code: one for one in (EngineError, EngineUnavailableError, GrammarError, Cancelled)
}


def error_fields(error: LspAgentError) -> dict[str, Any]:
    """Return an error as it goes over the wire."""
    fields: dict[str, Any] = {"code": error.code, "message": str(error)}
    if isinstance(error, ContextOverflowError):
        fields |= {"prompt": error.prompt_tokens, "context": error.context_tokens}
    return fields


def error_from(fields: Any) -> LspAgentError:
    """Return the error that went over the wire; an unknown one is an :class:`EngineError`."""
    if not isinstance(fields, dict):
        return EngineError("the engine failed")
    code, message = str(fields.get("code")), str(fields.get("message"))
    prompt, context = fields.get("prompt"), fields.get("context")
    if code == ContextOverflowError.code and isinstance(prompt, int) and isinstance(context, int):
        return ContextOverflowError(prompt, context)
    error = _ERRORS.get(code, EngineError)(message)
    error.code = code
    return error

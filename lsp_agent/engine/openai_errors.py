"""What a server's refusal means, in one clear message: the URL, what came back, the mend."""

from __future__ import annotations

import errno
import json
import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from lsp_agent.engine.types import ContextOverflowError, EngineError, EngineUnavailableError

_CONTEXT = re.compile(
    r"context[ _-]?(?:length|window|size)|maximum context|context the overflows"
    r"|prompt is too long|longer than the model|exceeds? the (?:model's )?(?:context|maximum)",
    re.IGNORECASE,
)
_NUMBER = r"(\d[\d,]{0,11})"
_CONTEXT_TOKENS = re.compile(
    rf"context[ _-]?(?:length|window|size)[^\d]{{0,40}}{_NUMBER}", re.IGNORECASE
)
_PROMPT_TOKENS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"{_NUMBER} (?:tokens )?(?:in|from) the (?:input )?messages",
        rf"{_NUMBER} (?:input|prompt) tokens",
        rf"resulted in {_NUMBER}",
        rf"(?:input|request|prompt) \({_NUMBER} tokens\)",
        rf"prompt (?:is|has|contains)[^\d]{{0,20}}{_NUMBER}",
        rf"the first {_NUMBER} tokens",
    )
)
_TOTAL_TOKENS = re.compile(rf"requested (?:a total of )?{_NUMBER} tokens", re.IGNORECASE)
_NO_TOOLS = re.compile(
    r"does not support tools|tool choice requires|tools? (?:is|are) not supported|--jinja",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """A response that is no answer. ``after`` is the wait that the server asks for, in seconds."""

    status: int
    text: str
    details: Mapping[str, Any] = field(default_factory=dict)
    after: float | None = None


class RefusedError(Exception):
    """Carries a refusal to where it is decided what to do about it."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(f"{refusal.status}: {refusal.text}")
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class KeySource:
    """Where the key comes from: the variable that is to hold it, and whether it does."""

    variable: str | None
    present: bool


def refusal_of(status: int, body: str, after: float | None = None) -> Refusal:
    """Read a refusal's body, whatever it is."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return Refusal(status, _plain(body), after=after)
    error = value.get("error", value) if isinstance(value, Mapping) else value
    details = error if isinstance(error, Mapping) else {}
    return Refusal(status, error_text(value), details, after)


def error_text(value: Any) -> str:
    """Return the message in a decoded error; servers put it in four places."""
    if isinstance(value, Mapping):
        inner = next((value[key] for key in ("error", "message", "detail") if value.get(key)), "")
        return error_text(inner) if inner else json.dumps(dict(value))[:300]
    if isinstance(value, list):
        return "; ".join(error_text(one) for one in value[:3])[:300]
    return " ".join(str(value).split())[:600]


def is_final(refusal: Refusal) -> bool:
    """Whether asking again can't help, though the status says so."""
    return refusal.details.get("code") == "insufficient_quota"


def error_for(refusal: Refusal, url: str, key: KeySource) -> EngineError:
    """Turn a refusal into the error that ends the request; ``url`` holds no secret."""
    status, said = refusal.status, f"({refusal.status}: {refusal.text or 'it gives no reason'})"
    overflow = _overflow(refusal, url)
    if overflow is not None:
        return overflow
    if _NO_TOOLS.search(refusal.text):
        return EngineError(
            f"{url} takes no tools for this model {said}; set native_tools = false for this "
            "engine, or let the server parse them"
        )
    what, mend = _meaning(status, key)
    if mend:
        return EngineUnavailableError(f"{url} {what} {said}; {mend}")
    return EngineError(f"{url} {what} {said}")


def _meaning(status: int, key: KeySource) -> tuple[str, str]:
    """Return what a status says and the mend, which is empty where the request is to blame."""
    if status in (401, 403):
        return "refuses the key", _mend(key)
    if status == 404:
        mend = "check base_url, which usually ends in /v1, and the name of the model"
        return "is not there", mend
    if status == 429:
        return "takes no more requests now", "try later"
    if status < 400:
        return "points elsewhere", "this engine never goes there by itself, so correct base_url"
    if status >= 500:
        return "failed", "look into the server's log"
    return "refuses the request", ""


def answer_room(refusal: Refusal, asked: int) -> int | None:
    """Return how many tokens an answer may have, where the refusal says that only it is too long.

    ``asked`` is what was asked for. ``None``: the refusal says something else.
    """
    if not _CONTEXT.search(refusal.text):
        return None
    prompt, context = _sizes(refusal, asked)
    if prompt is None or context is None or prompt >= context:
        return None
    return context - prompt


def reason(error: BaseException) -> str:
    """Say why a connection failed: the operating system's word is in the chain of causes."""
    for cause in _chain(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate is not trusted: {cause.verify_message}"
        if isinstance(cause, socket.gaierror):
            return "its host name is unknown"
        if isinstance(cause, OSError) and cause.errno in _ERRNO:
            return _ERRNO[cause.errno]
    name = type(error).__name__
    return {
        "ConnectTimeout": "it does not answer",
        "RemoteProtocolError": "it broke the connection off",
        "ReadError": "it broke the connection off",
    }.get(name, str(error) or name)


_ERRNO = {
    errno.ECONNREFUSED: "connection refused",
    errno.ECONNRESET: "connection reset",
    errno.EHOSTUNREACH: "no route to it",
    errno.ENETUNREACH: "no network",
    errno.ETIMEDOUT: "it does not answer",
}


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what caused it, groups included; each once."""
    waiting, seen = [error], set[int]()
    while waiting:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions
        waiting += [cause for cause in (one.__cause__, one.__context__) if cause is not None]


def _overflow(refusal: Refusal, url: str) -> EngineError | None:
    if refusal.status == 429 or not _CONTEXT.search(refusal.text):
        return None
    prompt, context = _sizes(refusal, 0)
    if prompt is not None and context is not None and prompt > context:
        return ContextOverflowError(prompt, context)
    return EngineError(
        f"{url}: the prompt does not fit the model's context ({refusal.text}); select less text, "
        "or set n_ctx of this engine to what the server has"
    )


def _sizes(refusal: Refusal, asked: int) -> tuple[int | None, int | None]:
    """Return the sizes of prompt and context that a refusal names; llama-server has fields."""
    details = refusal.details
    if isinstance(details.get("n_prompt_tokens"), int) and isinstance(details.get("n_ctx"), int):
        return details["n_prompt_tokens"], details["n_ctx"]
    context = _number(_CONTEXT_TOKENS, refusal.text)
    found = (_number(pattern, refusal.text) for pattern in _PROMPT_TOKENS)
    prompt = next((number for number in found if number is not None), None)
    if prompt is None:
        total = _number(_TOTAL_TOKENS, refusal.text)
        prompt = None if total is None else total - asked
    return prompt, context


def _number(pattern: re.Pattern[str], text: str) -> int | None:
    match = pattern.search(text)
    return int(match[1].replace(",", "")) if match else None


def _mend(key: KeySource) -> str:
    if key.variable is None:
        return "set api_key_env to the name of the variable that holds the key"
    if not key.present:
        return f"the variable {key.variable}, named by api_key_env, is not set"
    return f"check the key in the variable {key.variable}"


def _plain(body: str) -> str:
    """Shorten a body that is no JSON; a web page is named as such."""
    if body.lstrip("\ufeff \t\r\n")[:1] == "<":
        return "a web page, not an API's answer"
    return " ".join(body.split())[:200]

"""A model's answer to a review, read leniently: what can't be used is left out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from lsp_agent.agent.loose_json import LooseJSONError, decode
from lsp_agent.review.types import CATEGORIES, Category, Claim, Severity
from lsp_agent.workspace.characters import visible

MAX_CLAIMS = 5
_MAX_QUOTE, _MAX_MESSAGE, _MAX_FIX = 2000, 300, 4000
_WORDS: Mapping[str, Category] = {
    "logic": "bug", "correctness": "bug", "error-handling": "errors", "error_handling": "errors",
    "resource": "resources", "leak": "resources", "undefined-name": "undefined", "types": "type",
    "race": "concurrency", "naming": "style", "formatting": "style", "documentation": "style",
    "readability": "style", "dead-code": "unreachable",
}  # fmt: skip
_SEVERITIES: Mapping[str, Severity] = {
    "warning": "warning", "hint": "hint", "error": "warning", "critical": "warning",
    "high": "warning", "medium": "warning", "low": "hint",
}  # fmt: skip


def read_claims(answer: str) -> list[Claim]:
    """Return the claims of an answer, at most five; one that was cut off keeps its whole ones.

    An array is expected, bare, fenced or within prose; a single object and an object that holds the
    array are taken too.
    """
    claims = map(read_claim, _objects(answer))
    return [claim for claim in claims if claim is not None][:MAX_CLAIMS]


def read_claim(data: Mapping[str, Any]) -> Claim | None:
    """Return one claim; ``None`` without a quote or a message."""
    quote, message = data.get("quote"), data.get("message")
    if not (isinstance(quote, str) and isinstance(message, str)):
        return None
    message = " ".join(visible(message).split())[:_MAX_MESSAGE]
    if not (quote.strip() and message) or len(quote) > _MAX_QUOTE:
        return None
    fix = data.get("fix")
    usable = isinstance(fix, str) and len(fix) <= _MAX_FIX
    return Claim(
        quote=quote,
        severity=_severity(data.get("severity")),
        category=_category(data.get("category")),
        message=message,
        confidence=_confidence(data.get("confidence")),
        fix=fix if usable else None,
    )


def write_claims(claims: Iterable[Claim]) -> list[dict[str, Any]]:
    """Return claims as JSON that :func:`read_claim` reads again."""
    return [asdict(claim) for claim in claims]


def _objects(answer: str) -> Sequence[Mapping[str, Any]]:
    """Return the objects in the text's first array, else all that stand in it."""
    start = answer.find("[")
    brace = answer.find("{")
    if start >= 0 and (brace < 0 or start < brace):
        try:
            value, _ = decode(answer, start)
        except LooseJSONError:
            pass
        else:
            if isinstance(value, list):
                return [one for one in value if isinstance(one, dict)]
    found: list[Mapping[str, Any]] = []
    while brace >= 0 and len(found) < MAX_CLAIMS:
        try:
            value, end = decode(answer, brace)
        except LooseJSONError:
            value, end = None, brace + 1
        if isinstance(value, dict):
            inner = [one for rows in value.values() if isinstance(rows, list) for one in rows]
            found += [one for one in inner if isinstance(one, dict)] or [value]
        brace = answer.find("{", end)
    return found


def _severity(value: Any) -> Severity:
    return _SEVERITIES.get(str(value).lower(), "information")


def _category(value: Any) -> Category:
    word = str(value).lower()
    return next((one for one in CATEGORIES if one == word), _WORDS.get(word, "other"))


def _confidence(value: Any) -> float:
    """Return a number from 0 to 1; percents are taken, and what is none counts as half sure."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return 0.5
    return min(max(value / 100 if value > 1 else float(value), 0.0), 1.0)

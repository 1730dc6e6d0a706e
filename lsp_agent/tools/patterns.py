"""Regular expressions of a model, matched in a time that grows with the text and not beyond.

Python's engine goes back and tries again: ``(a|a)*b`` on a long line takes longer than the sun has
left, with the interpreter's lock held. What pydantic checks strings with is a finite automaton,
which does not. It knows no looking around and no back-references; a pattern with those is left to
Python where it is simple enough to end soon.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from pydantic_core import SchemaError, SchemaValidator, core_schema

from lsp_agent.tools.spec import ToolError

Matches = Callable[[str], bool]

_ESCAPED = re.compile(r"\\.|\[(?:\\.|[^\]\\])+\]", re.DOTALL)
_REPEATED = re.compile(r"[*+]|\{\d*,?\d*\}")
_OPTIONAL = re.compile(r"(?<![(*+?}])\?")
_MOST_OPTIONAL = 4


def line_matcher(pattern: str, *, ignore_case: bool) -> Matches:
    """Return whether a line holds a match, as a function of the line.

    Raises :class:`ToolError` for what is no regular expression of Python's, and for one that could
    take for ever.
    """
    try:
        own = re.compile(pattern, re.IGNORECASE if ignore_case else 0)
    except (re.error, RecursionError, OverflowError) as error:
        raise ToolError(f"{pattern!r} is not a regular expression: {error}") from error
    try:
        flags = "(?i)" if ignore_case else ""
        schema = core_schema.str_schema(pattern=flags + pattern, regex_engine="rust-regex")
        return SchemaValidator(schema).isinstance_python
    except SchemaError:
        if not _ends_soon(pattern):
            raise ToolError(
                f"{pattern!r} could take for ever: beside looking around, references and single "
                "braces only one repetition is taken, and not of a group; simplify it"
            ) from None
        return lambda line: own.search(line) is not None


def _ends_soon(pattern: str) -> bool:
    """Whether Python's engine needs at most the square of a line's length."""
    bare = _ESCAPED.sub("x", pattern)
    repeated = list(_REPEATED.finditer(bare))
    return (
        len(repeated) <= 1
        and not any(bare[: one.start()].endswith(")") for one in repeated)
        and len(_OPTIONAL.findall(bare)) <= _MOST_OPTIONAL
    )

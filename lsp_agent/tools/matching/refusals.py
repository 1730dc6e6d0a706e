"""What is refused although the old text is found: the new one would do what nobody means."""

from __future__ import annotations

import re
from itertools import pairwise

from lsp_agent.tools.matching.alignments import is_elision_comment, lines_of
from lsp_agent.tools.spec import ToolError
from lsp_agent.workspace.sequences import hunks

_WORDS = re.compile(r"\b(?!(?:begin|do|done|else|end|esac|fi|then)\b)\w.*\w")
_TYPOGRAPHIC = re.compile(r"[\u2018-\u201f]")
_QUOTED = re.compile(r"=\s*[\u2018-\u201f]")
_ENDS = re.compile(r"^[ \t]*end\b", re.MULTILINE)
_OPENS = re.compile(
    r"^[ \t]*(?:begin|case|class|def|for|function|if|module|unless|until|while)\b|"
    r"\bdo\b(?:\s*\|[^|\n]*\|)?[ \t]*$",
    re.MULTILINE,
)


def refuse_elision(new: str, known: str, what: str) -> None:
    """Raise :class:`ToolError` if a new text holds words in the place of code.

    Those that stand in the ``known`` text may stay.
    """
    if "..." not in new and "…" not in new and not _speaks(new):
        return
    there = {line.strip() for line in known.split("\n")}
    for number, line in enumerate(new.split("\n"), 1):
        if is_elision_comment(line) and line.strip() not in there:
            raise ToolError(
                f"{what} leaves code out: its line {number} is {line.strip()!r}, which would be "
                "written as it is; give the whole text, or edit the lines that change only"
            )


def _speaks(text: str) -> bool:
    lowered = text.lower()
    return any(word in lowered for word in ("unchanged", "existing", "rest", "remain", "omitted"))


def refuse_quotes(new: str, known: str) -> None:
    """Raise :class:`ToolError` for typographic quotes as delimiters, where a text has none."""
    if (quote := _QUOTED.search(new)) and not _TYPOGRAPHIC.search(known):
        raise ToolError(
            f"new_string has {quote[0]!r}, with a typographic quote where the file has none; write "
            "the quotes of the language"
        )


def refuse_doubling(content: str, start: int, old: str, new: str) -> None:
    """Refuse to add lines above or below a block where the file has just these already.

    The model left them out of ``old_string``. Brackets that close what comes in may stand twice.
    """
    if "\n" not in new:
        return
    olds, news = (lines_of(old, new) or [([], [])])[-1]
    found = hunks(olds, news)
    if not olds or not found:
        return
    above = content[:start].rstrip("\n ").split("\n")
    below = content[start + len(old) :].lstrip("\n ").split("\n")
    first, last = found[0], found[-1]
    for hunk, beside, reach in ((first, above, 0), (last, below, len(olds))):
        more = [line.strip() for line in news[hunk.new_start : hunk.new_end] if line.strip()]
        if hunk.start != hunk.end or hunk.start != reach or not more:
            continue
        if not any(map(_WORDS.search, more)) and _balance(old) == _balance(new):
            continue
        near = [line.strip() for line in beside if line.strip()]
        if more == (near[: len(more)] if reach else near[-len(more) :]):
            side = "below" if reach else "above"
            raise ToolError(
                f"new_string would put {more[0]!r} into the file again, which stands right {side} "
                "old_string; take it into old_string too"
            )


def is_cut(content: str, start: int, old: str, new: str) -> bool:
    """Whether one line, which becomes several, is given with some of its indentation only.

    With none of it, the new text shows so: the line stands there again, and not as its first.
    """
    if "\n" not in new or "\n" in old.strip("\n"):
        return False
    indent = content[content.rfind("\n", 0, start) + 1 : start]
    if not indent or indent.strip(" \t"):
        return False
    line, others = old.rstrip("\n"), new.split("\n")[1:]
    return (
        old[0] in " \t"
        or line in others
        or (new.startswith(indent) and f"{indent}{line}" in others)
    )


def refuse_cut_indentation(content: str, start: int, old: str, new: str) -> None:
    """Refuse a text that begins behind its line's indentation, where the new one seems to as well.

    Then more lines would come in without it. Behind a blank line they may begin something else.
    """
    indent = content[content.rfind("\n", 0, start) + 1 : start]
    if not indent or indent.strip(" \t"):
        return
    lines = new.split("\n")
    cut = "\n" not in old and any(
        line.strip() and above.strip() and not line.startswith(indent)
        for above, line in pairwise(lines)
    )
    doubled = new.startswith(indent) and not old.startswith((" ", "\t"))
    if cut or doubled or ("\n" in old and not _WORDS.search(old)):
        raise ToolError(
            "old_string begins behind the indentation of its line, and it is not certain how far "
            "new_string does; give whole lines with their indentation in both"
        )


def has_words(text: str) -> bool:
    """Whether a text has more than brackets and the words that close blocks."""
    return _WORDS.search(text) is not None


def _balance(text: str) -> int:
    """Return how many brackets, and blocks that end with ``end``, are left open."""
    brackets = sum(text.count(one) for one in "([{") - sum(text.count(one) for one in ")]}")
    ends = len(_ENDS.findall(text))
    return brackets + (len(_OPENS.findall(text)) - ends if ends else 0)

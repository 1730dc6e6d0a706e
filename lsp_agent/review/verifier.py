"""Which claims of a model are shown: the text exists, the claim was checked, and it is no nit."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lsp_agent.config.model import ReviewSettings
from lsp_agent.review.anchor import anchor
from lsp_agent.review.checks import Check, Opinion, Suspect, check
from lsp_agent.review.types import LEVELS, Claim, Dropped, Finding, Hunk, Severity
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.issues import new_errors
from lsp_agent.workspace.positions import Range

_NITS = re.compile(
    r"^\W*consider\b|\b(?:white ?space|(?:inconsistent|improper|unnecessary) indentation|"
    r"trailing (?:spaces?|new ?lines?|commas?)|blank lines?|lines? (?:is|are) too long|"
    r"line length|format+ing|code style|stylistic|pep ?-?8|naming|snake_?case|camel_?case|"
    r"(?:variable|function|parameter|method|class) names? (?:is|are|should|could)|"
    r"(?:more|less|not) (?:descriptive|readable|meaningful|idiomatic)|readability|"
    r"doc ?strings?|javadoc|jsdoc|(?:add|missing|lacks?|without|needs?) (?:a |any |the )?comments?|"
    r"type (?:hints?|annotations?)|magic (?:numbers?|strings?)|best practices?|"
    r"(?:might|may) want to|it (?:would|might|may) be (?:better|good|nice|clearer|useful)|"
    r"could be (?:simplified|improved|cleaner|clearer|refactored|shortened))\b",
    re.IGNORECASE,
)
_NOTHING = re.compile(
    r"^\W*(?:no (?:issues?|defects?|problems?|bugs?|errors?)\b|none\b|n/?a\b|looks (?:good|fine)|"
    r"(?:the|this) (?:code|change|line) (?:is|looks) (?:correct|fine|good|ok)\b)",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w{3,}")
_ALIKE = 0.6


class Verifier:
    """Judges the claims about one file's text as it is now."""

    def __init__(
        self, path: str, document: SyntaxDocument, settings: ReviewSettings, opinion: Opinion
    ) -> None:
        self._path = path
        self._document = document
        self._settings = settings
        self._opinion = opinion

    def judge(self, hunk: Hunk, claim: Claim) -> Finding | Dropped:
        """Return the finding that a claim about a hunk makes, or why it makes none."""
        why = self._at_first_sight(claim)
        if why:
            return Dropped(claim, why)
        place = anchor(self._document.text, claim.quote, hunk)
        if place is None:
            return Dropped(claim, "the quoted text is not there, or not just once")
        found = check(Suspect(claim, place, self._document, self._path), self._opinion)
        if found.holds is False:
            return Dropped(claim, f"{found.by} says otherwise")
        if claim.category == "syntax":
            return Dropped(claim, "it is shown as a syntax error")
        return Finding(
            path=self._path,
            range=place,
            quote=self._document.text.slice(place),
            severity=self._severity(claim, found),
            category=claim.category,
            message=claim.message,
            confidence=claim.confidence,
            fix=fitting(self._document, place, claim.fix),
            by=found.by,
        )

    def _at_first_sight(self, claim: Claim) -> str:
        if claim.category == "style" or _NITS.search(claim.message):
            return "it is a matter of style"
        if _NOTHING.search(claim.message):
            return "it says that nothing is wrong"
        if claim.confidence < self._settings.confidence:
            return f"its confidence is below {self._settings.confidence:g}"
        return ""

    def _severity(self, claim: Claim, found: Check) -> Severity:
        """Only what a tool confirms may be a warning."""
        most: Severity = "warning" if found.holds else self._settings.severity
        return min(claim.severity, most, key=LEVELS.index)


def fitting(document: SyntaxDocument, place: Range, fix: str | None) -> str | None:
    """Return a fix as it fits in a place; ``None`` where it changes nothing or does not parse.

    Its further lines are tried as they are, then at the indentation of the line they replace.
    """
    quote = document.text.slice(place)
    if fix is None or "".join(fix.split()) == "".join(quote.split()):
        return None
    plain = fix.replace("\r\n", "\n").strip("\n")
    if document.text.line(place.start.line)[: place.start.character].isspace():
        # The place begins behind the indentation.
        plain = plain.lstrip(" \t")
    first = document.text.line(place.start.line)
    indent = first[: len(first) - len(first.lstrip())]
    for text in dict.fromkeys((plain, plain.replace("\n", f"\n{indent}"))):
        fitted = text.replace("\n", document.text.eol)
        after = document.edited(place, fitted)
        if not new_errors(document, after):
            return fitted
    return None


def distinct(findings: Iterable[Finding], gone: frozenset[str] = frozenset()) -> list[Finding]:
    """Return findings in source order, of those that say the same only the surest.

    ``gone`` are ids of findings that are not wanted.
    """
    kept: list[Finding] = []
    ranked = sorted(findings, key=lambda one: (not one.by, -one.confidence))
    for one in ranked:
        if one.id not in gone and not any(_same(one, other) for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda one: (one.path, one.range.start, one.range.end))


def _same(one: Finding, other: Finding) -> bool:
    if one.path != other.path:
        return False
    apart = one.range.end <= other.range.start or other.range.end <= one.range.start
    if apart:
        return one.id == other.id
    return one.category == other.category or _likeness(one.message, other.message) >= _ALIKE


def _likeness(one: str, other: str) -> float:
    """Return the share of words that two messages have in common (Jaccard)."""
    a, b = ({word.casefold() for word in _WORD.findall(text)} for text in (one, other))
    return len(a & b) / len(a | b) if a | b else 0.0

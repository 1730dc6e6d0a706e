"""Findings as other programs take them: lines as compilers print them, JSON, SARIF, GitHub's own.

Lines and columns count from 1, columns in characters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from lsp_agent import __version__
from lsp_agent.review.types import CATEGORIES, Category, Finding, Reviewed, Severity
from lsp_agent.workspace.positions import Range

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_ROOT = "%SRCROOT%"
_SARIF_LEVELS: Mapping[Severity, str] = {
    "error": "error", "warning": "warning", "information": "note", "hint": "note",
}  # fmt: skip
_GITHUB_LEVELS: Mapping[Severity, str] = {
    "error": "error", "warning": "warning", "information": "notice", "hint": "notice",
}  # fmt: skip


def as_text(findings: Sequence[Finding]) -> str:
    """Return a line for each finding: ``path:line:column: severity: message [category]``."""
    rows = []
    for one in findings:
        start = one.range.start
        place = f"{one.path}:{start.line + 1}:{start.character + 1}"
        checked = f", confirmed by {one.by}" if one.by else ""
        rows.append(f"{place}: {one.severity}: {one.message} [{one.category}{checked}]\n")
    return "".join(rows)


def as_json(found: Reviewed) -> dict[str, Any]:
    """Return all that a review came to."""
    return {
        "findings": [_json(one) for one in found.findings],
        "asked": found.asked,
        "known": found.known,
        "dropped": len(found.dropped),
        "dismissed": found.dismissed,
    }


def as_github(findings: Sequence[Finding]) -> str:
    """Return a workflow command for each finding, which GitHub shows beside the line.

    Columns are given where a finding stands on one line, as GitHub refuses others.
    """
    return "".join(f"{_command(one)}\n" for one in findings)


def as_sarif(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return a log in the Static Analysis Results Interchange Format, version 2.1.0 (OASIS)."""
    used = list(dict.fromkeys(one.category for one in findings))
    driver = {
        "name": "lsp-agent",
        "version": __version__,
        "semanticVersion": __version__,
        "rules": [_rule(name) for name in used],
    }
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {_ROOT: {"description": {"text": "The reviewed folder."}}},
                "results": [_result(one, used.index(one.category)) for one in findings],
            }
        ],
    }


def _json(one: Finding) -> dict[str, Any]:
    return {
        "id": one.id,
        "path": one.path,
        "range": {"start": _place(one.range.start), "end": _place(one.range.end)},
        "severity": one.severity,
        "category": one.category,
        "message": one.message,
        "confidence": one.confidence,
        "quote": one.quote,
        "fix": one.fix,
        "confirmedBy": one.by or None,
    }


def _place(position: Any) -> dict[str, int]:
    return {"line": position.line + 1, "column": position.character + 1}


def _rule(name: Category) -> dict[str, Any]:
    said = CATEGORIES[name]
    return {
        "id": name,
        "name": name.capitalize(),
        "shortDescription": {"text": f"{said[0].upper()}{said[1:]}."},
        "defaultConfiguration": {"level": "note"},
    }


def _result(one: Finding, rule: int) -> dict[str, Any]:
    artifact = {"uri": quote(one.path), "uriBaseId": _ROOT}
    region = _region(one.range)
    result: dict[str, Any] = {
        "ruleId": one.category,
        "ruleIndex": rule,
        "level": _SARIF_LEVELS[one.severity],
        "message": {"text": one.message},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": artifact,
                    "region": {**region, "snippet": {"text": one.quote}},
                }
            }
        ],
        "partialFingerprints": {"lspAgentFinding/v1": one.id},
        "rank": round(one.confidence * 100, 1),
        "properties": {"confirmedBy": one.by} if one.by else {},
    }
    if one.fix is not None:
        replacement = {"deletedRegion": region, "insertedContent": {"text": one.fix}}
        change = {"artifactLocation": artifact, "replacements": [replacement]}
        text = "Replace the code; the file parses with it."
        result["fixes"] = [{"description": {"text": text}, "artifactChanges": [change]}]
    return result


def _region(range_: Range) -> dict[str, int]:
    return {
        "startLine": range_.start.line + 1,
        "startColumn": range_.start.character + 1,
        "endLine": range_.end.line + 1,
        "endColumn": range_.end.character + 1,
    }


def _command(one: Finding) -> str:
    start, end = one.range.start, one.range.end
    values: dict[str, Any] = {"file": one.path, "line": start.line + 1, "endLine": end.line + 1}
    if start.line == end.line:
        values |= {"col": start.character + 1, "endColumn": end.character + 1}
    values["title"] = f"lsp-agent: {one.category}"
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in values.items())
    return f"::{_GITHUB_LEVELS[one.severity]} {properties}::{_data(one.message)}"


def _data(text: str) -> str:
    """Escape a message as the runner reads it."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")

"""Docstrings as people wrote them, taken apart: Google's, NumPy's and Sphinx's style."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

MAX_SUMMARY, MAX_WORDS = 150, 110
_GOOGLE = re.compile(
    r"^(Args|Arguments|Parameters|Params|Returns|Yields|Raises|Examples?|Notes?|"
    r"Attributes|Keyword Args|Keyword Arguments|See Also|References|Shape):\s*$"
)
_UNDERLINE = re.compile(r"^-{3,}\s*$")
_SPHINX = re.compile(
    r"^:(?P<kind>param|parameter|arg|returns?|rtype|type|raises?)\b"
    r"(?P<name>[^:]*):\s*(?P<words>.*)$"
)
_ITEM = re.compile(r"^\*{0,2}(?P<name>[A-Za-z_]\w*)\s*(?:\([^)]*\))?\s*:\s*(?P<words>.*)$")
_ROLE = re.compile(r":[a-z:]+:`~?([^`<]+)(?:<[^`]*>)?`")


@dataclass
class Parsed:
    """The parts of a docstring, cleaned; what could not be read is missing."""

    summary: str = ""
    parameters: dict[str, str] = field(default_factory=dict)
    result: str = ""


def parse_docstring(raw: str) -> Parsed:
    """Take a docstring (dedented, as ``ast.get_docstring`` gives it) apart."""
    lines = raw.split("\n")
    parsed = Parsed(summary=_summary(lines))
    section, at = "", 0
    items: list[tuple[str, str, list[str]]] = []
    while at < len(lines):
        line = lines[at]
        google = _GOOGLE.match(line)
        if at + 1 < len(lines) and _UNDERLINE.match(lines[at + 1]) and line.strip():
            section, at = f"numpy {line.strip().lower()}", at + 2
            continue
        sphinx = _SPHINX.match(line.strip())
        if google:
            section = f"google {google[1].lower()}"
        elif sphinx:
            section = ""
            name = sphinx["name"].split()[-1].lstrip("*\\") if sphinx["name"].split() else ""
            items.append((sphinx["kind"], name, [sphinx["words"]]))
            section = "sphinx"
        elif section == "sphinx" and line.startswith(" ") and line.strip():
            items[-1][2].append(line.strip())
        elif section:
            _item(section, line, items)
        at += 1
    for kind, name, words in items:
        text = _clean(words, MAX_WORDS)
        if kind in ("param", "parameter", "arg") and name and text:
            parsed.parameters.setdefault(name, text)
        elif kind in ("return", "returns") and text and not parsed.result:
            parsed.result = text
    return parsed


def _item(section: str, line: str, items: list[tuple[str, str, list[str]]]) -> None:
    style, _, title = section.partition(" ")
    if not line.strip():
        if style == "google" and items and items[-1][0] != "end":
            items.append(("end", "", []))
        return
    indent = len(line) - len(line.lstrip())
    words = line.strip()
    if title in ("args", "arguments", "parameters", "params", "keyword args", "other parameters"):
        if style == "numpy" and indent == 0:
            # One description for all names of a row.
            said: list[str] = []
            for name in words.partition(":")[0].split(","):
                items.append(("param", name.strip().lstrip("*"), said))
        elif style == "google" and 0 < indent <= 4 and (match := _ITEM.match(words)):
            items.append(("param", match["name"], [match["words"]]))
        elif items and items[-1][0] == "param":
            items[-1][2].append(words)
    elif title in ("returns", "yields"):
        if style == "google" and (not items or items[-1][0] != "return"):
            items.append(("return", "", [re.sub(r"^[\w.\[\], |]{1,40}: ", "", words)]))
        elif style == "numpy" and indent == 0 and not any(one[0] == "return" for one in items):
            items.append(("return", "", []))
        elif items and items[-1][0] == "return":
            items[-1][2].append(words)
    elif items:
        items.append(("end", "", []))


def _summary(lines: list[str]) -> str:
    paragraph = []
    for line in lines:
        if not line.strip():
            if paragraph:
                break
            continue
        if (
            _GOOGLE.match(line)
            or _SPHINX.match(line.strip())
            or line.startswith((">>>", "..", "-"))
        ):
            break
        paragraph.append(line.strip())
    text = _clean(paragraph, MAX_SUMMARY)
    return text if re.match(r"[A-Z`]\S", text) and " " in text else ""


def _clean(words: list[str], limit: int) -> str:
    """Return the first sentence as plain ASCII, ``""`` where it is too long or not prose."""
    text = " ".join(" ".join(words).split())
    text = _ROLE.sub(r"`\1`", text).replace("``", "`").replace('"', "'")
    end = re.search(r"\.(?= [A-Z])|\.$", text)
    if end:
        text = text[: end.end()]
    if not text.isascii() or "\\" in text or "{" in text or not len(text) >= 3:
        return ""
    if len(text) > limit:
        text = text[:limit].rpartition(", ")[0].rstrip()
        return text if len(text) > 20 else ""
    return text

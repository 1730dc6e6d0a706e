"""Markdown of a model's, made fit to be shown: nothing in it is loaded, run or followed.

A picture that a viewer loads carries what its address holds to whoever owns the address, and a link
may name a command of the editor. So there are none left: pictures become words, links their text
and, in code, the address without its query; HTML is shown, not read. Where it is not certain that
a viewer takes something for code, it is not taken for code here.
"""

from __future__ import annotations

import re

from lsp_agent.workspace.characters import visible

# Only at the beginning of a line: within a list or a quotation it may end sooner than it seems to.
_FENCE = re.compile(r"(`{3,}|~{3,})([^\n]*)")
_RUN = re.compile(r"`+")
_TARGET = r"\(\s{0,9}<?((?:[^()\s<>]|\([^()\s]{0,500}\)){0,2000})>?(?:\s[^()\n]{0,500})?\)"
_PICTURE = re.compile(rf"!\[([^\[\]\n]{{0,500}})\]{_TARGET}")
_LINK = re.compile(rf"(?<!\\)\[([^\[\]\n]{{0,500}})\]{_TARGET}")
_ADDRESS = re.compile(
    r"(?:\b[A-Za-z][A-Za-z0-9+.-]{1,30}:(?:/{1,3}|\\{2})|\bwww\.)[^\s<>\"'`\[\]()]{1,2000}"
    r"|\b(?:javascript|vbscript|data|command|vscode|mailto|file):[^\s<>\"'`\[\]()]{1,2000}",
    re.IGNORECASE,
)
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_DEFINITION = re.compile(r"^[\s>*+\d.)-]*\[.*\]:")
_DELIMITERS = re.compile(r"[\s|:>*+-]+")
_REST = ((re.compile(r"\](?=[(\[])"), "]\\\\"), (re.compile(r"!(?=\[)"), "!\\\\"))
_MAX_SHOWN = 200


def harmless_markdown(text: str) -> str:
    """Return Markdown in which no link, picture or HTML is left; code stays as it is."""
    shown: list[str] = []
    chunk: list[str] = []
    fence = ""
    for line in visible(text.replace("\r\n", "\n")).split("\n"):
        mark = _FENCE.match(line)
        if fence:
            shown.append(line)
            if mark and mark[1].startswith(fence) and not mark[2].strip():
                fence = ""
            continue
        opens = mark is not None and not (mark[1][0] == "`" and "`" in mark[2])
        if line.strip() and not opens:
            chunk.append(line)
            continue
        shown += _harmless_lines(chunk)
        chunk = []
        shown.append(line)
        if opens and mark is not None:
            fence = mark[1]
    return "\n".join([*shown, *_harmless_lines(chunk)])


def harmless_message(text: str) -> str:
    """Return a text for a message box: some editors make links of ``[text](address)`` there."""
    return re.sub(r"\](?=\()", "] ", visible(text))


def _harmless_lines(lines: list[str]) -> list[str]:
    """Change the lines of one paragraph.

    Code in a line is believed only where every line's ticks pair up by themselves: however a viewer
    divides the lines, the pairs are the same then.
    """
    pieces = [_code_pieces(line) for line in lines]
    certain = all(one is not None for one in pieces)
    table = any("|" in line and _DELIMITERS.fullmatch(line) for line in lines)
    cells = table and any("|" in part for one in pieces for part, is_code in one or () if is_code)
    if not certain or cells or any("\\`" in line or _DEFINITION.match(line) for line in lines):
        return [_harmless(line.replace("`", "'")) for line in lines]
    return [_joined(one) for one in pieces if one is not None]


def _joined(pieces: list[tuple[str, bool]]) -> str:
    """Put a line together again; code that came to stand beside code is kept apart."""
    text = ""
    for part, is_code in pieces:
        new = part if is_code else _harmless(part)
        text += " " + new if text.endswith("`") and new.startswith("`") else new
    return text


def _code_pieces(line: str) -> list[tuple[str, bool]] | None:
    """Return a line's parts and whether each is code; ``None`` where a tick has no partner."""
    parts: list[tuple[str, bool]] = []
    at = 0
    runs = list(_RUN.finditer(line))
    index = 0
    while index < len(runs):
        size = len(runs[index][0])
        close = next((n for n in range(index + 1, len(runs)) if len(runs[n][0]) == size), None)
        if close is None:
            return None
        parts += [
            (line[at : runs[index].start()], False),
            (line[runs[index].start() : runs[close].end()], True),
        ]
        at = runs[close].end()
        index = close + 1
    return [*parts, (line[at:], False)]


def _harmless(text: str) -> str:
    """Change a text that is not code."""
    text = _PICTURE.sub(lambda match: f"picture: {match[1]} {_address(match[2])}".rstrip(), text)
    text = _LINK.sub(lambda match: f"{match[1]} {_address(match[2])}".rstrip(), text)
    text = "".join(
        part if is_code else _ADDRESS.sub(lambda match: _address(match[0]), part)
        for part, is_code in _code_pieces(text) or [(text, False)]
    )
    # Ours are the only ticks here: two beside one another would be one mark.
    text = text.replace("``", "` `")
    for pattern, instead in _REST:
        text = pattern.sub(instead, text)
    text = text.replace("]:", "]\\:")
    return "".join(
        part if is_code else _TAG.sub("&lt;", part)
        for part, is_code in _code_pieces(text) or [(text, False)]
    )


def _address(address: str | None) -> str:
    """Return an address as code: its query and fragment may carry anything, and are cut off."""
    if not address:
        return ""
    kept = re.split(r"[?#;]", address.replace("`", ""), maxsplit=1)
    cut = "…" if len(kept) > 1 or len(kept[0]) > _MAX_SHOWN else ""
    return f"`{kept[0][:_MAX_SHOWN]}{cut}`" if kept[0] or cut else ""

"""What tree-sitter knows of a file: its outline, its definitions, its syntax errors."""

from __future__ import annotations

import time

from pydantic import Field

from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.languages import is_checked, language_of
from lsp_agent.syntax.symbols import Symbol
from lsp_agent.tools.spec import Arguments, ExistingFile, Tool, ToolContext
from lsp_agent.workspace.errors import UnreadableFileError

_MAX_SYMBOLS = 300
_MAX_HITS = 40
_SECONDS = 10.0


class ParseCode(Arguments):
    """Arguments of ``parse_code``."""

    path: ExistingFile


class ValidateSyntax(Arguments):
    """Arguments of ``validate_syntax``."""

    path: ExistingFile


class FindDefinitions(Arguments):
    """Arguments of ``find_definitions``."""

    name: str = Field(description="name of a function, method, class or type")
    path: str | None = Field(None, description="file or folder to look in")


def outline_line(symbol: Symbol) -> str:
    """Write a symbol as one indented line with its 1-based line numbers."""
    depth = symbol.qualified_name.count(".") if symbol.parent else 0
    first, last = symbol.range.start.line + 1, symbol.range.end.line + 1
    return f"{'  ' * depth}{symbol.signature.rstrip(' :{')}  [{first}-{last}]"


def _parse_code(context: ToolContext, arguments: ParseCode) -> str:
    document = _document(context, arguments.path)
    symbols = document.symbols()
    lines = [outline_line(symbol) for symbol in symbols[:_MAX_SYMBOLS]]
    if len(symbols) > _MAX_SYMBOLS:
        lines.append(f"[{len(symbols) - _MAX_SYMBOLS} more]")
    return "\n".join(lines) or f"{arguments.path} has no definitions that are known"


def _validate_syntax(context: ToolContext, arguments: ValidateSyntax) -> str:
    document = _document(context, arguments.path)
    issues = document.errors(limit=20)
    if not is_checked(document.language):
        return f"the language of {arguments.path} is not known; nothing was checked"
    if not issues:
        return f"{arguments.path} has no syntax errors"
    return "\n".join(
        f"{arguments.path}:{issue.range.start.line + 1}:{issue.range.start.character + 1}: "
        f"{issue.message}"
        for issue in issues
    )


def _find_definitions(context: ToolContext, arguments: FindDefinitions) -> str:
    deadline = time.monotonic() + _SECONDS
    overlay = context.overlay
    name = arguments.name.rpartition(".")[2]
    where = arguments.path or ""
    paths = iter([where]) if where and overlay.exists(where) else overlay.walk(where)
    hits: list[str] = []
    for path in paths:
        context.cancel.check()
        if time.monotonic() > deadline or len(hits) >= _MAX_HITS:
            hits.append("[stopped; name a path to look in]")
            break
        language = language_of(path)
        if language is None:
            continue
        try:
            content = overlay.read(path)
        except UnreadableFileError:
            continue
        if name not in content:
            continue
        hits += [
            f"{path}:{symbol.range.start.line + 1}: {symbol.signature.rstrip(' :{')}"
            for symbol in SyntaxDocument.parse(content, language).symbols()
            if symbol.name == name and _fits(symbol, arguments.name)
        ]
    return "\n".join(hits) or f"nothing defines {arguments.name}"


def _fits(symbol: Symbol, wanted: str) -> bool:
    return f".{symbol.qualified_name}".endswith(f".{wanted}")


def _document(context: ToolContext, path: str) -> SyntaxDocument:
    return SyntaxDocument.parse(context.overlay.read(path), language_of(path))


TOOLS = (
    Tool(
        name="parse_code",
        description="Show the outline of a file: definitions with their lines.",
        arguments=ParseCode,
        hazard="low",
        run=_parse_code,
        example={"path": "src/app.py"},
    ),
    Tool(
        name="validate_syntax",
        description="Check a file for syntax errors.",
        arguments=ValidateSyntax,
        hazard="low",
        run=_validate_syntax,
        example={"path": "src/app.py"},
    ),
    Tool(
        name="find_definitions",
        description="Find where a name is defined.",
        arguments=FindDefinitions,
        hazard="low",
        run=_find_definitions,
        example={"name": "App.run"},
    ),
)

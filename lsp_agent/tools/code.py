"""What is known of code: a file's outline and syntax errors, where a name is defined and used."""

from __future__ import annotations

import re
from itertools import groupby

from pydantic import Field

from lsp_agent.index.references import References, Resolve, find_references
from lsp_agent.index.types import Place, SymbolRow
from lsp_agent.index.view import IndexView
from lsp_agent.index.walking import WalkedFiles
from lsp_agent.language_servers.types import View
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.languages import is_checked
from lsp_agent.syntax.symbols import Symbol
from lsp_agent.tools import dependencies
from lsp_agent.tools.indexed import index_view
from lsp_agent.tools.spec import Arguments, ExistingFile, Tool, ToolContext
from lsp_agent.workspace.names import lies_in
from lsp_agent.workspace.positions import Position

_MAX_SYMBOLS = 300
_MAX_HITS = 40
_MAX_USES = 100
_SECONDS = 10.0
_SERVER_SECONDS = 5.0
_QUALIFIED = re.compile(r"::|#|\\")


class ParseCode(Arguments):
    """Arguments of ``parse_code``."""

    path: ExistingFile


class ValidateSyntax(Arguments):
    """Arguments of ``validate_syntax``."""

    path: ExistingFile


class FindDefinitions(Arguments):
    """Arguments of ``find_definitions``."""

    name: str = Field(min_length=1, description="name of a function, method, class or type")
    path: str | None = Field(None, description="file or folder to look in")


class FindReferences(Arguments):
    """Arguments of ``find_references``."""

    name: str = Field(min_length=1, description="name that is used, as in pay or Till.pay")
    path: str | None = Field(
        None, description="file that defines the name, or else the file or folder to look in"
    )


def _dotted(name: str) -> str:
    """Return a name as it stands in the index, whatever its language writes."""
    return _QUALIFIED.sub(".", name.strip().removesuffix("()")).lstrip(".")


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
    name, where = _dotted(arguments.name), arguments.path or ""
    source = _source(context, where)
    rows = [row for row in source.definitions(name) if lies_in(row.path, where)]
    rows.sort(key=lambda row: (row.path, row.start_line))
    hits = [
        f"{row.path}:{row.start_line + 1}: {row.signature.rstrip(' :{')}"
        for row in rows[:_MAX_HITS]
    ]
    if len(rows) > _MAX_HITS:
        hits.append(f"[{len(rows) - _MAX_HITS} more; name a path to look in]")
    if isinstance(source, WalkedFiles) and source.stopped:
        hits.append("[stopped; name a path to look in]")
    return "\n".join(hits) or f"nothing defines {arguments.name}"


def _find_references(context: ToolContext, arguments: FindReferences) -> str:
    name, where = _dotted(arguments.name), arguments.path or ""
    # A file that defines the name says which one is meant: its uses may be anywhere.
    source = _source(context, "" if where and context.overlay.exists(where) else where)
    found = find_references(
        source, name, where, _MAX_USES, context.cancel, _server_resolve(context)
    )
    stopped = isinstance(source, WalkedFiles) and source.stopped
    note = "\n[stopped; name a path to look in]" if stopped else ""
    if not found.uses:
        return f"nothing uses {arguments.name}{_defined(found)}{note}"
    return f"{_grouped(arguments.name, found)}{note}"


def _server_resolve(context: ToolContext) -> Resolve:
    """Return how a language server tells uses apart, if there is one for the language."""
    view = View.of(context.overlay)

    def resolve(row: SymbolRow) -> dict[str, list[Place]] | None:
        if context.instruments is None or view is None:
            return None
        place = Position(row.line, row.character)
        found = context.instruments.references(
            view, row.path, place, context.cancel, _SERVER_SECONDS
        )
        if not found.server:
            return None
        uses: dict[str, list[Place]] = {}
        for one in found.locations:
            start = one.range.start
            if not one.outside and (one.path, start) != (row.path, place):
                uses.setdefault(one.path, []).append(Place(start.line, start.character, call=False))
        return uses

    return resolve


def _grouped(name: str, found: References) -> str:
    uses = "1 use" if found.total == 1 else f"{found.total} uses"
    files = "1 file" if found.files == 1 else f"{found.files} files"
    lines = [f"{uses} of {name} in {files}{_defined(found)}"]
    for path, group in groupby(found.uses, key=lambda use: use.path):
        lines.append(f"{path}:")
        for line, on_line in groupby(group, key=lambda use: use.line):
            use = next(on_line)
            inside = f" (in {use.inside})" if use.inside else ""
            lines.append(f"  {line + 1}: {use.text.strip()}{inside}")
    if found.total > len(found.uses):
        lines.append(f"[{found.total - len(found.uses)} more; name a path to look in]")
    return "\n".join(lines)


def _defined(found: References) -> str:
    places = [f"{row.path}:{row.line + 1}" for row in found.definitions]
    more = ", …" if len(places) > 3 else ""
    return f"; defined in {', '.join(places[:3])}{more}" if places else ""


def _source(context: ToolContext, where: str) -> IndexView | WalkedFiles:
    """Return the index under the run's edits, or the files themselves where there is none yet."""
    if where:
        # Whoever names a path that is not there is told so.
        next(context.overlay.walk(where), None)
    view = index_view(context)
    return view or WalkedFiles(context.overlay, where, context.cancel.check, _SECONDS)


def _document(context: ToolContext, path: str) -> SyntaxDocument:
    return SyntaxDocument.read(path, context.overlay.read(path))


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
    Tool(
        name="find_references",
        description="Find where a name is used: by file, with the line and what it stands in.",
        arguments=FindReferences,
        hazard="low",
        run=_find_references,
        example={"name": "App.run"},
    ),
    dependencies.TOOL,
)

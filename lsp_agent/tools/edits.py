"""Changing files, in the overlay only."""

from __future__ import annotations

from pydantic import Field

from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.symbols import Symbol
from lsp_agent.tools.matching import find_matches
from lsp_agent.tools.spec import (
    Arguments,
    ExistingFile,
    SymbolName,
    Tool,
    ToolContext,
    ToolError,
)
from lsp_agent.workspace.blocks import replace_block, with_eol
from lsp_agent.workspace.files import MAX_BYTES
from lsp_agent.workspace.secrets import is_secret_file
from lsp_agent.workspace.text import Text


class WriteFile(Arguments):
    """Arguments of ``write_file``."""

    path: str = Field(description="file to create or replace, relative to the workspace root")
    content: str = Field(description="the whole new text")


class EditFile(Arguments):
    """Arguments of ``edit_file``."""

    path: ExistingFile
    old_string: str = Field(description="text to replace, copied exactly, unique in the file")
    new_string: str = Field(description="text to put in its place")
    replace_all: bool = Field(False, description="replace every occurrence")


class RewriteSymbol(Arguments):
    """Arguments of ``rewrite_symbol``."""

    path: ExistingFile
    symbol: SymbolName
    content: str = Field(description="the whole new definition")


class DeleteFile(Arguments):
    """Arguments of ``delete_file``."""

    path: ExistingFile


class MoveFile(Arguments):
    """Arguments of ``move_file``."""

    path: ExistingFile
    new_path: str = Field(description="its new place")


def _write_file(context: ToolContext, arguments: WriteFile) -> str:
    existed = context.overlay.exists(arguments.path)
    content = arguments.content
    if content and not content.endswith("\n"):
        content += "\n"
    if existed:
        content = with_eol(content, Text(context.overlay.read(arguments.path)).eol)
    context.overlay.write(arguments.path, content)
    verb = "replaced" if existed else "created"
    return f"{verb} {arguments.path} ({content.count(chr(10))} lines)"


def _edit_file(context: ToolContext, arguments: EditFile) -> str:
    before = context.overlay.read(arguments.path)
    eol = Text(before).eol
    # Models write \n, whatever the file has.
    content, mixed = _unified(before, eol)
    matches = find_matches(
        content,
        arguments.old_string.replace("\r\n", "\n"),
        arguments.new_string.replace("\r\n", "\n"),
        arguments.path,
        every=arguments.replace_all,
    )
    grown = len(content) + sum(len(one.new) - (one.end - one.start) for one in matches)
    if grown > MAX_BYTES:
        raise ToolError(
            f"{arguments.path} would have {grown:,} characters; files above {MAX_BYTES:,} bytes "
            "are not edited"
        )
    after: list[str] = []
    at = 0
    for match in matches:
        after += (content[at : match.start], match.new)
        at = match.end
    after.append(content[at:])
    text = "".join(after)
    context.overlay.write(arguments.path, text if mixed else with_eol(text, eol))
    lines = ", ".join(str(content.count("\n", 0, match.start) + 1) for match in matches[:8])
    return f"edited {arguments.path} at line {lines}"


def _rewrite_symbol(context: ToolContext, arguments: RewriteSymbol) -> str:
    before = context.overlay.read(arguments.path)
    document = SyntaxDocument.read(arguments.path, before)
    symbol = _find(document, arguments.symbol, arguments.path)
    text = replace_block(document.text, symbol.range, arguments.content)
    context.overlay.write(arguments.path, text)
    return f"rewrote {symbol.qualified_name} in {arguments.path}"


def _delete_file(context: ToolContext, arguments: DeleteFile) -> str:
    context.overlay.delete(arguments.path)
    return f"deleted {arguments.path}"


def _move_file(context: ToolContext, arguments: MoveFile) -> str:
    # The URI is that of the file itself, also where the path is a link's.
    names = (arguments.path, context.overlay.uri(arguments.path))
    if any(map(is_secret_file, names)) and not is_secret_file(arguments.new_path):
        raise ToolError(
            f"{arguments.path} is a file of secrets; {arguments.new_path} would not say so"
        )
    context.overlay.move(arguments.path, arguments.new_path)
    return f"moved {arguments.path} to {arguments.new_path}"


def _find(document: SyntaxDocument, name: str, path: str) -> Symbol:
    symbols = document.symbols()
    exact = [symbol for symbol in symbols if symbol.qualified_name == name]
    found = exact or [symbol for symbol in symbols if symbol.name == name]
    if len(found) == 1:
        return found[0]
    known = ", ".join(symbol.qualified_name for symbol in symbols[:40]) or "none that is known"
    if not found:
        raise ToolError(f"{path} defines no {name}; it defines: {known}")
    places = ", ".join(
        f"{symbol.qualified_name} (line {symbol.range.start.line + 1})" for symbol in found
    )
    raise ToolError(f"{name} is defined {len(found)} times in {path}: {places}; use edit_file")


def _unified(content: str, eol: str) -> tuple[str, bool]:
    r"""Return the text with ``\n`` line ends, unless it mixes them: then it stays as it is."""
    if eol == "\n":
        return content, True
    unified = content.replace(eol, "\n")
    mixed = with_eol(unified, eol) != content
    return (content, True) if mixed else (unified, False)


TOOLS = (
    Tool(
        name="edit_file",
        description="Replace a piece of text in a file.",
        arguments=EditFile,
        hazard="edit",
        run=_edit_file,
        example={"path": "src/app.py", "old_string": "x = 1", "new_string": "x = 2"},
        raw=("old_string", "new_string"),
    ),
    Tool(
        name="rewrite_symbol",
        description="Replace a whole function, method or class by a new definition.",
        arguments=RewriteSymbol,
        hazard="edit",
        run=_rewrite_symbol,
        example={
            "path": "src/app.py",
            "symbol": "App.run",
            "content": "def run(self):\n    return 0",
        },
        raw=("content",),
    ),
    Tool(
        name="write_file",
        description="Create a file or replace all of it.",
        arguments=WriteFile,
        hazard="edit",
        run=_write_file,
        example={"path": "src/new.py", "content": "VALUE = 1"},
        raw=("content",),
    ),
    Tool(
        name="delete_file",
        description="Delete a file.",
        arguments=DeleteFile,
        hazard="edit",
        run=_delete_file,
        example={"path": "src/old.py"},
    ),
    Tool(
        name="move_file",
        description="Rename or move a file.",
        arguments=MoveFile,
        hazard="edit",
        run=_move_file,
        example={"path": "src/old.py", "new_path": "src/new.py"},
    ),
)

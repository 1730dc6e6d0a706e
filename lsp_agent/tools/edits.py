"""Changing files, in the overlay only."""

from __future__ import annotations

from pydantic import Field

from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.symbols import Symbol
from lsp_agent.tools.matching.ladder import AlreadyMadeError, Found, find_edit
from lsp_agent.tools.matching.readings import without_fence
from lsp_agent.tools.matching.refusals import refuse_elision
from lsp_agent.tools.paths import refuse_misplaced
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

_AROUND, _ATTACHED = 3, 60
_HIDDEN = (
    "it is a file of secrets, whose lines are not shown; use edit_file with what you know of it"
)


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
    path, content = arguments.path, without_fence(arguments.path, arguments.content)
    existed = context.overlay.exists(path)
    if content and not content.endswith("\n"):
        content += "\n"
    if existed:
        before = context.overlay.read(path)
        _refuse_unseen(context, path, before, content)
        content = with_eol(content, Text(before).eol)
    else:
        refuse_misplaced(context.overlay, path, content)
    context.overlay.write(path, content)
    _note(context, path)
    verb = "replaced" if existed else "created"
    return f"{verb} {path} ({content.count(chr(10))} lines)"


def _edit_file(context: ToolContext, arguments: EditFile) -> str:
    before = context.overlay.read(arguments.path)
    eol = Text(before).eol
    # Models write \n, whatever the file has.
    content, mixed = _unified(before, eol)
    found = _found(context, arguments, content)
    grown = len(content) + sum(len(one.new) - (one.end - one.start) for one in found.matches)
    if grown > MAX_BYTES:
        raise ToolError(
            f"{arguments.path} would have {grown:,} characters; files above {MAX_BYTES:,} bytes "
            "are not edited"
        )
    after: list[str] = []
    at = 0
    for match in found.matches:
        after += (content[at : match.start], match.new)
        at = match.end
    after.append(content[at:])
    text = "".join(after)
    context.overlay.write(arguments.path, text if mixed else with_eol(text, eol))
    _note(context, arguments.path, arguments.new_string)
    lines = ", ".join(str(content.count("\n", 0, match.start) + 1) for match in found.matches[:8])
    remark = f" (old_string matched but for {found.grade})" if found.grade else ""
    return f"edited {arguments.path} at line {lines}{remark}"


def _rewrite_symbol(context: ToolContext, arguments: RewriteSymbol) -> str:
    before = context.overlay.read(arguments.path)
    document = SyntaxDocument.read(arguments.path, before)
    symbol = _find(document, arguments.symbol, arguments.path)
    content = without_fence(arguments.path, arguments.content)
    refuse_elision(content, document.text.slice(symbol.range), "content")
    text = replace_block(document.text, symbol.range, content)
    context.overlay.write(arguments.path, text)
    _note(context, arguments.path, content)
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
    if context.seen is not None:
        spelling = context.overlay.spelling
        context.seen.moved(spelling(arguments.path), spelling(arguments.new_path))
    return f"moved {arguments.path} to {arguments.new_path}"


def _found(context: ToolContext, arguments: EditFile, content: str) -> Found:
    """Find the old text; what is said of a file of secrets shows none of its lines."""
    try:
        found = find_edit(
            content,
            arguments.old_string.replace("\r\n", "\n"),
            arguments.new_string.replace("\r\n", "\n"),
            arguments.path,
            every=arguments.replace_all,
            earlier=_earlier(context, arguments.path),
        )
        if found.grade:
            _refuse_unread(context, arguments.path, content, found)
    except AlreadyMadeError:
        raise
    except ToolError as error:
        if _is_secret(context, arguments.path):
            raise ToolError(
                f"{str(error).partition(':')[0].partition(';')[0]}; {_HIDDEN}"
            ) from None
        raise
    return found


def _is_secret(context: ToolContext, path: str) -> bool:
    return is_secret_file(path) or is_secret_file(context.overlay.uri(path))


def _note(context: ToolContext, path: str, shown: str | None = None) -> None:
    if context.seen is not None:
        context.seen.note(context.overlay.spelling(path), context.overlay.read(path), shown)


def _earlier(context: ToolContext, path: str) -> list[str]:
    texts = context.seen.texts(context.overlay.spelling(path)) if context.seen else ()
    return [text.replace("\r\n", "\n") for text in texts]


def _refuse_unread(context: ToolContext, path: str, content: str, found: Found) -> None:
    """Refuse what matches but nearly in a file that the model was not shown: it made that up."""
    if context.seen is None or context.seen.knows(context.overlay.spelling(path)):
        return
    lines = content.split("\n")
    first = content.count("\n", 0, found.matches[0].start)
    last = content.count("\n", 0, found.matches[-1].end)
    shown = "\n".join(lines[max(first - _AROUND, 0) : last + _AROUND + 1])
    _note(context, path, shown)
    raise ToolError(
        f"you have not read {path}, and old_string is in it only but for {found.grade}; these are "
        f"the lines:\n{shown}\nCopy old_string from them, or read the file first"
    )


def _refuse_unseen(context: ToolContext, path: str, before: str, content: str) -> None:
    """Refuse a new text for a file where the model can't know what it drops.

    One that is as long as the file is taken for all of it, written anew.
    """
    refuse_elision(content, before, "content")
    seen, key = context.seen, context.overlay.spelling(path)
    if seen is None:
        return
    unseen = seen.unseen(key, before)
    kept = {line.strip() for line in content.splitlines()}
    lost = [line for line in unseen if line.strip() not in kept]
    shorter = len(content.splitlines()) < len(before.splitlines())
    if not lost or not shorter or (seen.knows(key) and len(lost) <= len(unseen) // 2):
        return
    if _is_secret(context, path):
        raise ToolError(f"{path} is there, and this text would drop lines of it; {_HIDDEN}")
    lines = before.splitlines()
    first = next(at for at, line in enumerate(lines) if line == lost[0])
    shown = lines[first : first + _ATTACHED]
    _note(context, path, "\n".join(shown))
    rest = len(lines) - first - len(shown)
    raise ToolError(
        f"{path} is there, and this text would drop {len(lost)} of its {len(lines)} lines that you "
        f"have not read; read it first, or use edit_file. From line {first + 1}:\n"
        + "\n".join(shown)
        + (
            f"\n[{rest} more lines; read on with start_line={first + len(shown) + 1}]"
            if rest
            else ""
        )
    )


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

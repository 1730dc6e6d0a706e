"""Reading files and folders."""

from __future__ import annotations

from pydantic import Field

from lsp_agent.tools.spec import Arguments, ExistingFile, Tool, ToolContext, ToolError
from lsp_agent.workspace.secrets import is_secret_file, without_values
from lsp_agent.workspace.text import Text

MAX_LINES = 400
MAX_CHARACTERS = 32_000
_MAX_ENTRIES = 500


class ReadFile(Arguments):
    """Arguments of ``read_file``."""

    path: ExistingFile
    start_line: int | None = Field(None, ge=1, description="first line, counted from 1")
    end_line: int | None = Field(None, ge=1, description="last line, included")


class ListDirectory(Arguments):
    """Arguments of ``list_directory``."""

    path: str = Field("", description="folder, relative to the workspace root")


def _read_file(context: ToolContext, arguments: ReadFile) -> str:
    content = context.overlay.read(arguments.path)
    # The URI is that of the file itself, also where the path is a link's.
    secret = is_secret_file(arguments.path) or is_secret_file(context.overlay.uri(arguments.path))
    text = Text(without_values(content) if secret else content)
    first = arguments.start_line or 1
    last = min(arguments.end_line or text.line_count, text.line_count)
    if first > text.line_count or (arguments.end_line and arguments.end_line < first):
        raise ToolError(
            f"{arguments.path} has {text.line_count} lines; "
            f"lines {first} to {arguments.end_line or text.line_count} are not in it"
        )
    shown: list[str] = []
    size = 0
    for number in range(first, last + 1):
        line = text.line(number - 1)
        size += len(line) + 1
        if shown and (len(shown) >= MAX_LINES or size > MAX_CHARACTERS):
            break
        shown.append(line[:MAX_CHARACTERS])
    end = first + len(shown) - 1
    if context.seen is not None:
        key = context.overlay.spelling(arguments.path)
        context.seen.note(key, content, "\n".join(shown))
    header = f"{arguments.path}, lines {first}-{end} of {text.line_count}:"
    rest = f"\n[read on with start_line={end + 1}]" if end < last else ""
    if secret:
        header += " (a file of secrets: its values are not shown)"
    return "\n".join([header, *shown]) + rest


def _list_directory(context: ToolContext, arguments: ListDirectory) -> str:
    entries = context.overlay.listdir(arguments.path)
    names = [f"{entry.name}/" if entry.is_dir else entry.name for entry in entries]
    if len(names) > _MAX_ENTRIES:
        names = [*names[:_MAX_ENTRIES], f"[{len(names) - _MAX_ENTRIES} more]"]
    return "\n".join(names) or "(empty)"


TOOLS = (
    Tool(
        name="read_file",
        description="Read a text file, or some of its lines.",
        arguments=ReadFile,
        hazard="low",
        run=_read_file,
        example={"path": "src/app.py", "start_line": 1, "end_line": 80},
    ),
    Tool(
        name="list_directory",
        description="List a folder; ignored files are left out.",
        arguments=ListDirectory,
        hazard="low",
        run=_list_directory,
        example={"path": "src"},
    ),
)

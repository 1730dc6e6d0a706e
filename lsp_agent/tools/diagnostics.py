"""What is wrong with files as the run sees them: their syntax, and what language servers say."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from lsp_agent.language_servers.types import Diagnostic, View
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.tools.spec import Arguments, Tool, ToolContext, ToolError

_SECONDS = 10.0
_MAX_FILES = 20
_MAX_LINES = 60


class GetDiagnostics(Arguments):
    """Arguments of ``get_diagnostics``."""

    path: str | None = Field(
        None,
        description="file, relative to the workspace root; default: all that were changed",
        json_schema_extra={"format": "existing-file"},
    )


def _get_diagnostics(context: ToolContext, arguments: GetDiagnostics) -> str:
    paths = [arguments.path] if arguments.path else _changed(context)
    if not paths:
        raise ToolError("nothing was changed; name a path")
    found, remarks = _server_lines(context, paths)
    lines: list[str] = []
    for path in paths:
        own = sorted({*_syntax_lines(context, path), *found.get(path, ())})
        lines += [path, *(text for _, _, text in own)] if own else [f"{path}: nothing is reported"]
    if len(lines) > _MAX_LINES:
        lines = [*lines[:_MAX_LINES], f"[{len(lines) - _MAX_LINES} more]"]
    return "\n".join([*lines, *remarks])


_Line = tuple[int, int, str]


def _changed(context: ToolContext) -> list[str]:
    changes = context.overlay.changes()
    return [one.new_path or one.path for one in changes if one.after is not None][:_MAX_FILES]


def _syntax_lines(context: ToolContext, path: str) -> list[_Line]:
    content = context.overlay.read(path)
    issues = SyntaxDocument.read(path, content).errors(limit=20)
    return [
        _line(issue.range.start.line, issue.range.start.character, f"error: {issue.message}")
        for issue in issues
    ]


def _server_lines(
    context: ToolContext, paths: Sequence[str]
) -> tuple[dict[str, list[_Line]], list[str]]:
    """Return the servers' lines by file, and what is to be said of the servers."""
    view = View.of(context.overlay)
    if context.instruments is None or view is None:
        return {}, ["[only the syntax was checked]"]
    answer = context.instruments.diagnostics(view, paths, context.cancel, _SECONDS)
    found: dict[str, list[_Line]] = {}
    for one in answer.diagnostics:
        found.setdefault(one.path, []).append(_diagnostic(one))
    remarks = [f"[{note}]" for note in answer.notes]
    if not answer.servers:
        advice = dict.fromkeys(context.instruments.advice(view.root, path) for path in paths)
        would = [f"; this would help: {one}" for one in advice if one and not answer.notes]
        remarks.append(f"[only the syntax was checked{''.join(would)}]")
    return found, remarks


def _diagnostic(one: Diagnostic) -> _Line:
    code = f" {one.code}" if one.code else ""
    said = " ".join(one.message.split())
    start = one.range.start
    return _line(start.line, start.character, f"{one.severity}: {said} [{one.source}{code}]")


def _line(line: int, character: int, text: str) -> _Line:
    return line, character, f"  {line + 1}:{character + 1} {text}"


TOOLS = (
    Tool(
        name="get_diagnostics",
        description="Show errors and warnings of a file, or of all changed files.",
        arguments=GetDiagnostics,
        hazard="low",
        run=_get_diagnostics,
        example={"path": "src/app.py"},
    ),
)

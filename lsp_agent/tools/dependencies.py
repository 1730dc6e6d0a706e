"""What a file, a folder or the workspace takes from elsewhere, and who takes it from there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import Field

from lsp_agent.index.dependencies import Dependencies, dependencies, overview
from lsp_agent.index.view import IndexView
from lsp_agent.tools.indexed import index_view
from lsp_agent.tools.spec import Arguments, Tool, ToolContext, ToolError

_MAX_FILES, _MAX_CALLS, _MAX_CYCLES, _MAX_PACKAGES, _MAX_NAMES = 60, 60, 10, 40, 8
_READY_SECONDS = 20.0


class AnalyzeDependencies(Arguments):
    """Arguments of ``analyze_dependencies``."""

    path: str = Field("", description="file or folder; the whole workspace by default")


def _analyze(context: ToolContext, arguments: AnalyzeDependencies) -> str:
    path = arguments.path.rstrip("/").removeprefix("./")
    if path and path != ".":
        next(context.overlay.walk(path), None)
    view = index_view(context, _READY_SECONDS)
    if view is None:
        raise ToolError("the workspace is not indexed yet; use grep_search for the imports")
    if not path or path == ".":
        return _workspace(view)
    return _described(path, dependencies(view, path, context.cancel.check))


def _described(path: str, found: Dependencies) -> str:
    sections = [
        _section(f"{path} imports", _with_names(found.imports), _MAX_FILES),
        _section("packages from elsewhere", list(found.packages), _MAX_PACKAGES),
        _section("imported by", _with_names(found.importers), _MAX_FILES),
        _section(
            "called from (by name)",
            [
                f"{call.path}:{call.line + 1}: {call.called}"
                + (f" (in {call.inside})" if call.inside else "")
                for call in found.calls
            ],
            _MAX_CALLS,
        ),
    ]
    said = "\n".join(section for section in sections if section)
    return said or f"{path} imports nothing, and nothing imports it"


def _workspace(view: IndexView) -> str:
    found = overview(view)
    leaned_on = [f"{path} ({users})" for path, users in found.leaned_on]
    cycles = [_chain(cycle) for cycle in found.cycles]
    packages = [f"{name} ({files})" for name, files in found.packages.items()]
    sections = [
        f"{found.files} files",
        _section("most imported files (by how many)", leaned_on, 20),
        _section("files that import each other in a ring", cycles, _MAX_CYCLES),
        _section("packages from elsewhere (files that import them)", packages, _MAX_PACKAGES),
    ]
    return "\n".join(section for section in sections if section)


def _with_names(files: Mapping[str, Sequence[str]]) -> list[str]:
    return [
        f"{path}: {', '.join(names)}" if (names := taken[:_MAX_NAMES]) else path
        for path, taken in files.items()
    ]


def _chain(cycle: Sequence[str]) -> str:
    more = len(cycle) - _MAX_NAMES
    return ", ".join(cycle[:_MAX_NAMES]) + (f" and {more} more" if more > 0 else "")


def _section(title: str, lines: Sequence[str], limit: int) -> str:
    if not lines:
        return ""
    shown = [f"{title}:", *(f"  {line}" for line in lines[:limit])]
    if len(lines) > limit:
        shown.append(f"  [{len(lines) - limit} more]")
    return "\n".join(shown)


TOOL = Tool(
    name="analyze_dependencies",
    description="Show what a file or folder imports, who imports it and who calls its functions; "
    "of the workspace the most imported files, rings of imports and packages.",
    arguments=AnalyzeDependencies,
    hazard="low",
    run=_analyze,
    example={"path": "src/app.py"},
)

"""Finding files by name and lines by pattern, in unsaved and proposed text too."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from pydantic import Field

from lsp_agent.index.types import IndexUnavailableError
from lsp_agent.tools.indexed import index_view
from lsp_agent.tools.literals import required_literals
from lsp_agent.tools.patterns import line_matcher
from lsp_agent.tools.spec import Arguments, Tool, ToolContext, ToolError
from lsp_agent.workspace.errors import UnreadableFileError
from lsp_agent.workspace.ignore import Glob
from lsp_agent.workspace.secrets import is_secret_file
from lsp_agent.workspace.text import split_lines

_MAX_HITS = 100
_MAX_LINE = 2000
_SHOWN = 200
_SECONDS = 10.0


class SearchFiles(Arguments):
    """Arguments of ``search_files``."""

    pattern: str = Field(description="glob such as **/*.py or test_*.py")


class GrepSearch(Arguments):
    """Arguments of ``grep_search``."""

    pattern: str = Field(description="regular expression (Python's)")
    path: str = Field("", description="file or folder to search, the whole workspace by default")
    glob: str | None = Field(None, description="only files that match this glob")
    ignore_case: bool = Field(False, description="upper and lower case are the same")


def _search_files(context: ToolContext, arguments: SearchFiles) -> str:
    matches = _glob(arguments.pattern)
    found = []
    for path in context.overlay.walk():
        context.cancel.check()
        if matches.match_file(path):
            found.append(path)
            if len(found) > _MAX_HITS:
                return "\n".join([*found[:_MAX_HITS], f"[more than {_MAX_HITS}; narrow the glob]"])
    return "\n".join(found) or f"no file matches {arguments.pattern}"


def _grep_search(context: ToolContext, arguments: GrepSearch) -> str:
    matches = line_matcher(arguments.pattern, ignore_case=arguments.ignore_case)
    wanted = _glob(arguments.glob) if arguments.glob else None
    deadline = time.monotonic() + _SECONDS
    lacks = _lacking(context, arguments)
    hits: list[str] = []
    for path in _paths(context, arguments.path):
        if (wanted is not None and not wanted.match_file(path)) or lacks(path):
            continue
        for number, line in _lines(context, path):
            context.cancel.check()
            if time.monotonic() > deadline:
                hits.append(f"[stopped after {_SECONDS:g} s; narrow the path or the pattern]")
                return "\n".join(hits)
            if matches(line[:_MAX_LINE]):
                hits.append(f"{path}:{number}: {line.strip()[:_SHOWN]}")
                if len(hits) >= _MAX_HITS:
                    hits.append(f"[more than {_MAX_HITS}; narrow the pattern]")
                    return "\n".join(hits)
    return "\n".join(hits) or f"no line matches {arguments.pattern}"


def _lacking(context: ToolContext, arguments: GrepSearch) -> Callable[[str], bool]:
    """Return a test that tells of a file, without reading it, that no line of it can match."""
    literals = required_literals(arguments.pattern, ignore_case=arguments.ignore_case)
    view = index_view(context) if literals else None
    if view is None:
        return lambda _path: False
    try:
        return view.without(literals)
    except IndexUnavailableError:
        return lambda _path: False


def _paths(context: ToolContext, path: str) -> Iterator[str]:
    if path and context.overlay.exists(path):
        if is_secret_file(path) or is_secret_file(context.overlay.uri(path)):
            raise ToolError(f"{path} is a file of secrets, which are not searched")
        return iter([path])
    return context.overlay.walk(path)


def _lines(context: ToolContext, path: str) -> Iterator[tuple[int, str]]:
    try:
        text = context.overlay.read(path)
    except UnreadableFileError:
        return iter(())
    return enumerate(split_lines(text), 1)


def _glob(pattern: str) -> Glob:
    try:
        return Glob(pattern.removeprefix("./"))
    except ValueError as error:
        raise ToolError(f"{pattern!r} is not a glob: {error}") from error


TOOLS = (
    Tool(
        name="search_files",
        description="Find files by glob.",
        arguments=SearchFiles,
        hazard="low",
        run=_search_files,
        example={"pattern": "**/*_test.py"},
    ),
    Tool(
        name="grep_search",
        description="Find lines by regular expression.",
        arguments=GrepSearch,
        hazard="low",
        run=_grep_search,
        example={"pattern": "def parse_", "glob": "*.py"},
    ),
)

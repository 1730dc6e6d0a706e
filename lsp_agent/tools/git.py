"""Looking at history and changes; nothing here writes."""

from __future__ import annotations

from pydantic import Field

from lsp_agent.tools.spec import Arguments, ExistingFile, Tool, ToolContext, ToolError
from lsp_agent.vcs.git import Repository
from lsp_agent.workspace.roots import clean_path
from lsp_agent.workspace.secrets import is_secret_file


class GitStatus(Arguments):
    """Arguments of ``git_status``: none."""


class GitDiff(Arguments):
    """Arguments of ``git_diff``."""

    ref: str | None = Field(None, description="commit, branch or tag to compare with")
    path: str | None = Field(None, description="file or folder, relative to the workspace root")
    staged: bool = Field(False, description="compare the index instead of the files")


class GitLog(Arguments):
    """Arguments of ``git_log``."""

    count: int = Field(20, ge=1, le=200, description="most commits to show")
    path: str | None = Field(None, description="only commits that touch this")


class GitBlame(Arguments):
    """Arguments of ``git_blame``."""

    path: ExistingFile
    start_line: int | None = Field(None, ge=1, description="first line, counted from 1")
    end_line: int | None = Field(None, ge=1, description="last line, included")


def _repository(context: ToolContext) -> Repository:
    root = context.overlay.root
    repository = Repository.open(root.path) if root else None
    if repository is None:
        raise ToolError("this workspace is not in a git repository")
    return repository


def _inside(context: ToolContext, repository: Repository, path: str | None) -> str | None:
    """Return a path relative to the repository's top; without one the workspace's, if it is deeper.

    What lies beside the workspace in the same repository is not shown.
    """
    root = context.overlay.root
    if root is None:
        return None
    root.resolve(path or "")
    prefix = root.path.relative_to(repository.root.resolve()).as_posix()
    inner = clean_path(path or "")
    return "/".join(part for part in (prefix if prefix != "." else "", inner) if part) or None


def _git_status(context: ToolContext, _: GitStatus) -> str:
    repository = _repository(context)
    return repository.status(_inside(context, repository, None)) or "nothing changed"


def _git_diff(context: ToolContext, arguments: GitDiff) -> str:
    repository = _repository(context)
    path = _inside(context, repository, arguments.path)
    return repository.diff(arguments.ref, path, staged=arguments.staged) or "no difference"


def _git_log(context: ToolContext, arguments: GitLog) -> str:
    repository = _repository(context)
    path = _inside(context, repository, arguments.path)
    return repository.log(arguments.count, path) or "no commits"


def _git_blame(context: ToolContext, arguments: GitBlame) -> str:
    repository = _repository(context)
    path = _inside(context, repository, arguments.path) or arguments.path
    if is_secret_file(path):
        raise ToolError(f"{arguments.path} is a file of secrets, whose lines are not shown")
    return repository.blame(path, arguments.start_line, arguments.end_line)


TOOLS = (
    Tool(
        name="git_status",
        description="Show the branch and the changed files.",
        arguments=GitStatus,
        hazard="low",
        run=_git_status,
        example={},
    ),
    Tool(
        name="git_diff",
        description="Show what changed, as a unified diff.",
        arguments=GitDiff,
        hazard="low",
        run=_git_diff,
        example={"path": "src/app.py"},
    ),
    Tool(
        name="git_log",
        description="Show the newest commits.",
        arguments=GitLog,
        hazard="low",
        run=_git_log,
        example={"count": 5},
    ),
    Tool(
        name="git_blame",
        description="Show who last changed each line of a file.",
        arguments=GitBlame,
        hazard="low",
        run=_git_blame,
        example={"path": "src/app.py", "start_line": 1, "end_line": 20},
    ),
)

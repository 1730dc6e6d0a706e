"""Branching, committing and pushing. All of it is asked about; pushing always is.

A run's edits reach the disk when it ends, after they were checked and accepted. So a run commits
what earlier recorded runs changed and left in the files, never what it is itself about to offer,
and never a file that only the user changed.
"""

from __future__ import annotations

from pydantic import Field

from lsp_agent.store.undo import holds
from lsp_agent.tools.spec import Arguments, Tool, ToolContext, ToolError
from lsp_agent.vcs.commits import commit_files, create_branch, pairs, text_at
from lsp_agent.vcs.git import VcsError
from lsp_agent.vcs.push import plan_push, push
from lsp_agent.vcs.writer import Writer
from lsp_agent.workspace.errors import UnreadableFileError
from lsp_agent.workspace.files import read_text
from lsp_agent.workspace.overlay import FileChange
from lsp_agent.workspace.roots import Root

_MAX_REASONS = 10
_LATER = "what this run edits is applied when it ends; commit it in a later run"


class CreateBranch(Arguments):
    """Arguments of ``create_branch``."""

    name: str = Field(description="name of the new branch, as fix/typo")


class GitCommit(Arguments):
    """Arguments of ``git_commit``."""

    message: str = Field(description="subject, and after an empty line the body")
    paths: list[str] | None = Field(None, description="files to commit; all that runs left changed")


class GitPush(Arguments):
    """Arguments of ``git_push``."""

    remote: str | None = Field(None, description="name of a configured remote; origin if not given")
    branch: str | None = Field(None, description="branch to push; the present one if not given")


def _writer(context: ToolContext) -> tuple[Writer, Root]:
    root = context.overlay.root
    writer = Writer.open(root.path) if root else None
    if writer is None or root is None:
        raise ToolError("this workspace is not in a git repository")
    return writer, root


def _create_branch(context: ToolContext, arguments: CreateBranch) -> str:
    writer, _ = _writer(context)
    create_branch(writer, arguments.name)
    return f"on the new branch {arguments.name}"


def _git_commit(context: ToolContext, arguments: GitCommit) -> str:
    writer, root = _writer(context)
    if not arguments.message.strip():
        raise ToolError("the message is empty; say what the commit does")
    changed: dict[str, list[FileChange]] = {}
    for path, change in pairs(context.git.changes()):
        changed.setdefault(path, []).append(change)
    wanted = arguments.paths
    chosen = [root.canonical(path) for path in wanted] if wanted else sorted(changed)
    ready: list[str] = []
    refused: list[str] = []
    head = writer.head()
    tops = {path: writer.path_of(root.path, path) for path in chosen}
    old = writer.entries(list(tops.values()), head) if head else {}
    for path, top in tops.items():
        before = text_at(writer, old.get(top))
        reason = _refusal(context, root, path, changed.get(path, []), before)
        if reason:
            refused.append(f"{path}: {reason}")
        else:
            ready.append(path)
    if wanted and refused:
        raise ToolError("\n".join(refused))
    if not ready:
        pending = f"; {_LATER}" if context.overlay.changes() else ""
        why = "".join(f"\n{one}" for one in refused[:_MAX_REASONS])
        raise ToolError(f"no earlier run left anything that is not committed{pending}{why}")
    commit = commit_files(
        writer, [tops[path] for path in ready], arguments.message, hooks=context.git.hooks
    )
    return f"committed {', '.join(ready)} as {commit[:12]} on {writer.branch() or 'no branch'}"


def _refusal(
    context: ToolContext, root: Root, path: str, changes: list[FileChange], head: str | None
) -> str:
    """Say why a file is not committed; ``""`` if it can be."""
    disk = _disk(root, path)
    unsaved = context.overlay.unsaved()
    if path in unsaved and unsaved[path] != disk:
        edited = any(path in (one.path, one.new_path) for one in context.overlay.changes())
        return _LATER if edited else "it has unsaved changes; save it first"
    if not changes:
        return "no recorded run changed it; commit it yourself"
    if disk == head:
        return "it is as in HEAD"
    if not any(holds(one, path, disk) and not holds(one, path, head) for one in changes):
        return "what runs changed in it is committed or gone; commit the rest yourself"
    return ""


def _disk(root: Root, path: str) -> str | None:
    file = root.resolve(path)
    if not file.exists():
        return None
    try:
        return read_text(file, name=path).content
    except UnreadableFileError as error:
        raise ToolError(str(error)) from error


def _git_push(context: ToolContext, arguments: GitPush) -> str:
    writer, _ = _writer(context)
    plan = plan_push(writer, arguments.remote, arguments.branch)
    if not plan.local and not context.git.network:
        raise ToolError(
            f"{plan.shown} is reached over the network, which is off; the user may set "
            "safety.network = true"
        )
    try:
        push(writer, plan)
    except VcsError as error:
        raise ToolError(f"{error}; a push is never forced") from error
    return f"pushed {plan.branch} to {plan.remote} ({plan.shown})"


TOOLS = (
    Tool(
        name="create_branch",
        description="Make a branch at HEAD and switch to it; files stay as they are.",
        arguments=CreateBranch,
        hazard="risky",
        run=_create_branch,
        example={"name": "fix/typo"},
    ),
    Tool(
        name="git_commit",
        description=(
            "Commit files that earlier runs changed, whole as they are on the disk. What this run "
            "edits is applied when it ends and can't be committed before; files that only the user "
            "changed, and what they staged, are left out."
        ),
        arguments=GitCommit,
        hazard="risky",
        run=_git_commit,
        example={"message": "Fix the typo", "paths": ["src/app.py"]},
    ),
    Tool(
        name="git_push",
        description="Push a branch to a configured remote. The user is always asked; never forced.",
        arguments=GitPush,
        hazard="always",
        run=_git_push,
        example={"remote": "origin", "branch": "fix/typo"},
    ),
)

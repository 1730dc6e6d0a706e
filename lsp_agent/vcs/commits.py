"""Branches and commits made beside the user: their index, staged changes and files stay theirs."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lsp_agent.vcs.place import VcsError
from lsp_agent.vcs.writer import NO_REF, Entry, Writer
from lsp_agent.workspace.errors import UnreadableFileError
from lsp_agent.workspace.files import MAX_BYTES, decode, read_bytes
from lsp_agent.workspace.overlay import FileChange


def _nothing() -> Sequence[FileChange]:
    return ()


@dataclass(frozen=True, slots=True)
class GitRules:
    """What a run may do in its repository.

    ``changes`` gives what recorded runs changed in the folder, newest first: only that is
    committed. ``hooks`` lets the repository's hooks run on a commit, ``network`` a push go out.
    """

    changes: Callable[[], Sequence[FileChange]] = field(default=_nothing)
    hooks: bool = False
    network: bool = False


def create_branch(writer: Writer, name: str) -> None:
    """Make a branch at HEAD and switch to it; no file changes.

    Raises :class:`VcsError` for a name that is none or is taken, and while a merge or the like is
    under way.
    """
    ref = branch_ref(writer, name)
    if (what := writer.busy()) is not None:
        raise VcsError(f"{what} is under way; finish or abort it first")
    if exists(writer, ref):
        raise VcsError(f"there is a branch {name} already; choose another name")
    head, before = writer.head(), writer.branch()
    if head is not None:
        writer.move("update-ref", "-m", "branch: Created from HEAD", ref, head, NO_REF)
    note = f"checkout: moving from {before or head or 'nowhere'} to {name}"
    writer.move("symbolic-ref", "-m", note, "HEAD", ref)


def branch_ref(writer: Writer, name: str) -> str:
    """Return a branch's full name; raises :class:`VcsError` for what can't be one."""
    ref = f"refs/heads/{name}"
    try:
        writer.run("check-ref-format", ref)
    except VcsError:
        ref = ""
    if not ref or name.startswith("-") or name == "HEAD":
        raise VcsError(f"{name!r} is no name for a branch")
    return ref


def exists(writer: Writer, ref: str) -> bool:
    """Whether a ref is there."""
    try:
        writer.run("show-ref", "--verify", "--quiet", ref)
    except VcsError:
        return False
    return True


def text_at(writer: Writer, entry: Entry | None) -> str | None:
    """Return the text of a file of a tree; ``None`` where there is none that can be read."""
    if entry is None:
        return None
    try:
        return decode(writer.content(entry.blob), "file").content
    except UnreadableFileError:
        return None


def commit_files(writer: Writer, paths: Sequence[str], message: str, *, hooks: bool) -> str:
    """Commit some files, whole as they are on the disk, onto HEAD; return the commit.

    Paths are relative to the top. What is staged of other files stays staged and out of the
    commit. Raises :class:`VcsError`, with nothing changed, for a file that is staged in another
    state than the disk's, that a filter of the repository would have to convert, or where nothing
    differs from HEAD; while a merge is under way; and if HEAD moves meanwhile.
    """
    if (what := writer.busy()) is not None:
        raise VcsError(f"{what} is under way; finish or abort it first")
    _refuse_filters(writer, paths)
    head = writer.head()
    old = writer.entries(paths, head) if head else {}
    files = {path: _on_disk(writer, path, old.get(path)) for path in paths}
    _refuse_staged(writer, files, old)
    with writer.spare_index(head) as index:
        writer.put(files, index)
        if hooks:
            writer.hook("pre-commit", index=index)
            message = _edited_message(writer, index, message)
        tree = writer.tree_of(index)
    if head and tree == writer.text("rev-parse", f"{head}^{{tree}}"):
        raise VcsError("nothing to commit: these files are as in HEAD")
    commit = writer.commit(tree, head, message.strip() + "\n")
    subject = message.strip().partition("\n")[0]
    note = f"commit: {subject}" if head else f"commit (initial): {subject}"
    writer.move("update-ref", "-m", note, "HEAD", commit, head or NO_REF)
    made = writer.entries(paths, commit)
    try:
        writer.put({path: made.get(path) for path in paths}, None)
    except VcsError as error:
        raise VcsError(
            f"commit {commit} was made, but the index is busy; run: git reset"
        ) from error
    if hooks:
        writer.hook("post-commit")
    return commit


def _on_disk(writer: Writer, path: str, old: Entry | None) -> Entry | None:
    file = writer.top / path
    try:
        mode = file.lstat().st_mode
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(mode) or file.parent.resolve() != file.parent:
        raise VcsError(f"{path} is a link or lies behind one; commit it yourself")
    data = read_bytes(file, MAX_BYTES, name=path, follow_link=False)
    # Line ends are converted as the repository has it; that runs no program.
    blob = writer.text("hash-object", "-w", "--stdin", f"--path={path}", stdin=data)
    executable = "100755" if os.name != "nt" and mode & 0o111 else "100644"
    return Entry(old.mode if old and os.name == "nt" else executable, blob)


def _refuse_filters(writer: Writer, paths: Sequence[str]) -> None:
    stdin = os.fsencode("".join(f"{path}\0" for path in paths))
    rows = os.fsdecode(writer.run("check-attr", "-z", "--stdin", "filter", stdin=stdin)).split("\0")
    for path, value in zip(rows[0::3], rows[2::3], strict=False):
        if value not in ("unspecified", "unset"):
            raise VcsError(f"{path} goes through the filter {value}; commit it yourself")


def _refuse_staged(
    writer: Writer, files: Mapping[str, Entry | None], old: Mapping[str, Entry]
) -> None:
    staged = writer.entries(list(files), None)
    for path, new in files.items():
        if staged.get(path) not in (old.get(path), new):
            raise VcsError(
                f"{path} is staged in another state than the file is in; commit or unstage it"
            )


def _edited_message(writer: Writer, index: Path, message: str) -> str:
    with tempfile.TemporaryDirectory(prefix="lsp-agent-message-") as folder:
        file = Path(folder, "COMMIT_EDITMSG")
        file.write_text(message.strip() + "\n", "utf-8")
        writer.hook("commit-msg", str(file), index=index)
        return file.read_text("utf-8")


def pairs(changes: Sequence[FileChange]) -> Iterator[tuple[str, FileChange]]:
    """Give each path that changes touch, with the change."""
    for change in changes:
        yield change.path, change
        if change.new_path:
            yield change.new_path, change

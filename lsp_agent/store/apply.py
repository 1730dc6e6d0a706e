"""Putting a run's changes on the disk: all files or none, and the log of it first."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from lsp_agent.errors import LspAgentError
from lsp_agent.store.atomic import (
    Looks,
    MovedFolderError,
    bytes_of,
    locked,
    make_folder,
    remove,
    replace,
    stage,
)
from lsp_agent.store.intent import (
    Intent,
    Recovery,
    Step,
    forget_unfinished,
    read_intent,
    sync_folders,
    temp_beside,
    undo,
    write_intent,
)
from lsp_agent.workspace.errors import UnreadableFileError
from lsp_agent.workspace.files import MAX_BYTES, FileText, decode, read_bytes
from lsp_agent.workspace.overlay import FileChange
from lsp_agent.workspace.roots import Root


class ApplyError(LspAgentError):
    """Changes that can't be put on the disk; nothing was changed unless the message says so."""

    code = "apply-failed"


class StaleFileError(ApplyError):
    """A file on the disk is not the one that the run read."""

    code = "stale-file"


def apply_changes(root: Path, changes: Sequence[FileChange], intent_log: Path) -> list[str]:
    """Carry out changes below a folder, and return the paths that changed, sorted.

    ``root`` is a real path, without links. Files are written in their own encoding, beside their
    place and then renamed, so that each is the old or the new one at any time; mode and owner are
    kept, links are written through. What is done is written to ``intent_log`` before. A failure
    half way is undone here, a crash by the next call or by :func:`recover`. Raises
    :class:`StaleFileError` when a file's text is not what the run read, :class:`OutsideRootError`,
    :class:`EditError` for a character that the file's encoding lacks, and :class:`ApplyError` when
    the disk refuses.
    """
    try:
        with locked(_lock_file(intent_log)):
            _recover(intent_log)
            intent = _plan(_unmoved(root), changes)
            if intent.steps:
                _apply(intent, intent_log)
    except OSError as error:
        raise ApplyError(f"{_name(error)} ({error.strerror}); nothing was changed") from error
    paths = {change.path for change in changes}
    return sorted(paths | {change.new_path for change in changes if change.new_path})


def recover(intent_log: Path) -> Recovery:
    """Undo what an apply left half done when its process died; empty when there is nothing.

    Waits for an apply that is under way. Raises :class:`ApplyError` when the disk refuses.
    """
    try:
        with locked(_lock_file(intent_log)):
            return _recover(intent_log)
    except OSError as error:
        raise ApplyError(
            f"an interrupted apply can't be undone: {_name(error)} ({error.strerror}); it is tried "
            f"again next time, and {intent_log} holds the old texts"
        ) from error


def _recover(intent_log: Path) -> Recovery:
    forget_unfinished(intent_log)
    try:
        intent = read_intent(intent_log)
    except ValueError as error:
        aside = intent_log.with_name(f"{intent_log.name}.broken")
        intent_log.replace(aside)
        raise ApplyError(
            f"the log of an interrupted apply is broken ({error}); look at the last edited files, "
            f"and at {aside}"
        ) from error
    if intent is None:
        return Recovery()
    done = undo(intent)
    _forget(intent_log)
    return done


def _apply(intent: Intent, log: Path) -> None:
    write_intent(log, intent)
    try:
        _carry_out(intent)
        _forget(log)
    except BaseException as error:
        try:
            undo(intent)
            _forget(log)
        except OSError as second:
            raise ApplyError(
                f"applying failed ({error}) and so did undoing it: {_name(second)} "
                f"({second.strerror}); it is tried again next time, and {log} holds the old texts"
            ) from error
        raise


def _forget(log: Path) -> None:
    """Remove the log: from here on the files stand as they are."""
    log.unlink(missing_ok=True)
    # It is gone for all but a power cut, and the files are what was asked for.
    with suppress(OSError):
        sync_folders([log.parent])


def _carry_out(intent: Intent) -> None:
    for folder in intent.folders:
        make_folder(folder)
    for step in intent.steps:
        if step.new is not None:
            with _refusing_moved(step):
                stage(step.temp, step.new, step.looks)
    for step in intent.steps:
        with _refusing_moved(step):
            if bytes_of(step.target) != step.old:
                raise _stale(step.path)
            if step.new is None:
                remove(step.target)
            else:
                replace(step.temp, step.target)
    sync_folders(
        [*(step.target.parent for step in intent.steps), *(f.parent for f in intent.folders)]
    )


@contextmanager
def _refusing_moved(step: Step) -> Iterator[None]:
    """Refuse a folder that became a link since the paths were resolved."""
    try:
        yield
    except MovedFolderError as error:
        raise _stale(step.path) from error


def _unmoved(folder: Path) -> Root:
    root = Root(folder)
    if root.path != folder:
        raise ApplyError(f"{folder} is a link, or became one; nothing was changed")
    return root


def _plan(root: Root, changes: Sequence[FileChange]) -> Intent:
    steps = [step for change in changes for step in _steps(root, change)]
    # A file that goes away goes first: its new name may differ from the old one in case only.
    steps.sort(key=lambda step: step.new is not None)
    targets = [step.target for step in steps]
    for step in steps:
        if targets.count(step.target) > 1:
            raise ApplyError(f"two changes are of one file, {step.path}; nothing was changed")
    folders = {
        folder
        for step in steps
        if step.new is not None
        for folder in step.target.parents
        if not folder.exists()
    }
    return Intent(tuple(steps), tuple(sorted(folders)))


def _steps(root: Root, change: FileChange) -> Iterator[Step]:
    target = root.resolve(change.path, for_write=True)
    if change.before is None:
        if change.after is not None:
            yield _creation(root, change.path, FileText("").encode(change.after), None)
        return
    if change.kind in {"delete", "rename"} and root.is_link(change.path):
        raise ApplyError(f"{change.path} is a link; nothing was changed")
    old, file = _expected(target, change)
    looks = Looks.of(target.stat())
    if change.after is None:
        yield Step(change.path, target, temp_beside(target), old, None, looks)
        return
    new = file.encode(change.after)
    if change.new_path is None:
        if not looks.mode & 0o222:
            raise ApplyError(f"{change.path} is read-only; nothing was changed")
        yield Step(change.path, target, temp_beside(target), old, new, looks)
        return
    yield Step(change.path, target, temp_beside(target), old, None, looks)
    yield _creation(root, change.new_path, new, looks, replacing=target)


def _creation(
    root: Root, path: str, new: bytes, looks: Looks | None, *, replacing: Path | None = None
) -> Step:
    target = root.resolve(path, for_write=True)
    if replacing is not None and target == replacing:
        # The file system takes both names for one; the folder's part is the same then.
        target = target.with_name(path.rpartition("/")[2])
    # A name that is too long, or below a file, raises here, before anything is done.
    with suppress(FileNotFoundError):
        there = target.lstat()
        if replacing is None or not os.path.samestat(there, replacing.lstat()):
            raise StaleFileError(f"{path} exists already; nothing was changed")
    return Step(path, target, temp_beside(target), None, new, looks)


def _expected(target: Path, change: FileChange) -> tuple[bytes, FileText]:
    """Return a file's bytes and format, if its text is still the one that the run read."""
    try:
        data = read_bytes(target, MAX_BYTES, name=change.path, follow_link=False)
        file = decode(data, change.path)
    except UnreadableFileError as error:
        raise StaleFileError(f"{error}, but the run read it; nothing was changed") from error
    if file.content != change.before:
        raise _stale(change.path)
    return data, file


def _stale(path: str) -> StaleFileError:
    return StaleFileError(
        f"{path} changed on the disk while the run worked; nothing was changed, run it again"
    )


def _lock_file(intent_log: Path) -> Path:
    return intent_log.with_name(f"{intent_log.name}.lock")


def _name(error: OSError) -> str:
    return f"{error.filename} can't be written" if error.filename else "the disk refused"

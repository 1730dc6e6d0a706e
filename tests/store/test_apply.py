"""Applying changes to the disk: bytes, modes, links, refusals, rollback, crashes."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from lsp_agent.store import apply as apply_module
from lsp_agent.store import atomic
from lsp_agent.store.apply import ApplyError, StaleFileError, apply_changes, recover
from lsp_agent.store.intent import Intent, Recovery, Step, write_intent
from lsp_agent.workspace.errors import EditError, OutsideRootError
from lsp_agent.workspace.overlay import FileChange, Overlay
from lsp_agent.workspace.roots import Root

posix = pytest.mark.skipif(os.name == "nt", reason="modes, links and forks of POSIX systems")


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A workspace of some files."""
    folder = tmp_path / "work"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.py").write_bytes(b"a\r\nb\r\n")
    (folder / "sub" / "c.py").write_bytes(b"c\n")
    return folder


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where the intent is written; its folder does not exist yet."""
    return tmp_path / "state" / "apply"


def tree(folder: Path) -> dict[str, bytes]:
    """All files with their bytes, so that nothing is left behind unseen."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def modify(path: str, before: str, after: str) -> FileChange:
    return FileChange("modify", path, f"file:///{path}", before, after)


def create(path: str, after: str) -> FileChange:
    return FileChange("create", path, f"file:///{path}", None, after)


def delete(path: str, before: str) -> FileChange:
    return FileChange("delete", path, f"file:///{path}", before, None)


def rename(path: str, before: str, after: str, new_path: str) -> FileChange:
    return FileChange("rename", path, f"file:///{path}", before, after, new_path=new_path)


A, C = "a\r\nb\r\n", "c\n"


class TestDone:
    def test_every_kind_of_change(self, work: Path, log: Path) -> None:
        (work / "old.py").write_text("old\n")
        changes = [
            modify("a.py", A, "a\r\nB\r\n"),
            create("new/deep/n.py", "n"),
            delete("old.py", "old\n"),
            rename("sub/c.py", C, "C\n", "sub/z.py"),
        ]
        paths = apply_changes(work, changes, log)
        assert paths == ["a.py", "new/deep/n.py", "old.py", "sub/c.py", "sub/z.py"]
        assert tree(work) == {
            "a.py": b"a\r\nB\r\n",
            "new/deep/n.py": b"n",
            "sub/z.py": b"C\n",
        }
        assert not log.exists()

    def test_what_an_overlay_made_of_the_files(self, work: Path, log: Path) -> None:
        overlay = Overlay(Root(work))
        overlay.write("a.py", "A")
        overlay.move("sub/c.py", "d/e.py")
        apply_changes(work, overlay.changes(), log)
        assert tree(work) == {"a.py": b"A", "d/e.py": b"c\n"}

    def test_no_changes_touch_nothing(self, work: Path, log: Path) -> None:
        before = tree(work)
        assert apply_changes(work, [], log) == []
        assert apply_changes(work, [FileChange("create", "x", "", None, None)], log) == ["x"]
        assert tree(work) == before

    @pytest.mark.parametrize(
        ("encoding", "mark"),
        [("utf-8", b"\xef\xbb\xbf"), ("utf-16-le", b"\xff\xfe"), ("latin-1", b"")],
    )
    def test_the_encoding_is_the_files(
        self, work: Path, log: Path, encoding: str, mark: bytes
    ) -> None:
        before = "é = 1\r\nb\n"
        for name in ("x.py", "y.py"):
            (work / name).write_bytes(mark + before.encode(encoding))
        after = before.replace("1", "2")
        apply_changes(
            work, [modify("x.py", before, after), rename("y.py", before, after, "z.py")], log
        )
        for name in ("x.py", "z.py"):
            assert (work / name).read_bytes() == mark + after.encode(encoding)

    @posix
    def test_the_mode_is_kept(self, work: Path, log: Path) -> None:
        (work / "a.py").chmod(0o750)
        (work / "sub" / "c.py").chmod(0o600)
        apply_changes(work, [modify("a.py", A, "x"), rename("sub/c.py", C, "x", "d.py")], log)
        assert stat.S_IMODE((work / "a.py").stat().st_mode) == 0o750
        assert stat.S_IMODE((work / "d.py").stat().st_mode) == 0o600

    @posix
    def test_a_new_file_gets_the_usual_mode(self, work: Path, log: Path) -> None:
        before = os.umask(0o027)
        try:
            apply_changes(work, [create("n.py", "")], log)
        finally:
            os.umask(before)
        assert stat.S_IMODE((work / "n.py").stat().st_mode) == 0o640

    @posix
    def test_a_link_is_written_through(self, work: Path, log: Path) -> None:
        (work / "link.py").symlink_to("sub/c.py")
        apply_changes(work, [modify("link.py", C, "C\n")], log)
        assert (work / "link.py").is_symlink()
        assert (work / "sub" / "c.py").read_bytes() == b"C\n"

    def test_a_file_may_be_respelt(self, work: Path, log: Path) -> None:
        apply_changes(work, [rename("a.py", A, A, "A.py")], log)
        assert [path.name for path in work.iterdir() if path.is_file()] == ["A.py"]

    @posix
    def test_a_file_may_change_its_unicode_form(self, work: Path, log: Path) -> None:
        composed, decomposed = "caf\u00e9.py", "cafe\u0301.py"
        (work / decomposed).write_text("x")
        apply_changes(work, [rename(decomposed, "x", "y", composed)], log)
        assert composed in {path.name for path in work.iterdir()}
        assert tree(work)[composed] == b"y"


class TestRefused:
    @pytest.mark.parametrize(
        ("change", "error", "message"),
        [
            (modify("a.py", "other", "x"), StaleFileError, "^a.py changed on the disk"),
            (modify("a.py", "a\nb\n", "x"), StaleFileError, "^a.py changed on the disk"),
            (delete("a.py", "other"), StaleFileError, "^a.py changed on the disk"),
            (rename("a.py", "other", "x", "z.py"), StaleFileError, "^a.py changed on the disk"),
            (modify("gone.py", "x", "y"), StaleFileError, "^gone.py does not exist, but the run"),
            (create("a.py", "x"), StaleFileError, "^a.py exists already"),
            (create("sub", "x"), StaleFileError, "^sub exists already"),
            (rename("a.py", A, A, "sub/c.py"), StaleFileError, "^sub/c.py exists already"),
            (modify("a.py", A, "a\0"), EditError, "NUL"),
            (modify("../x.py", "x", "y"), OutsideRootError, "leaves the workspace"),
            (create(".GIT/hooks/x", "x"), OutsideRootError, "belongs to git"),
            (rename("a.py", A, A, ".git/x"), OutsideRootError, "belongs to git"),
            (create("a.py/x.py", "x"), ApplyError, "nothing was changed"),
            (create("n" * 300, "x"), ApplyError, "nothing was changed"),
        ],
    )
    def test_nothing_is_changed(
        self, work: Path, log: Path, change: FileChange, error: type[Exception], message: str
    ) -> None:
        before = tree(work)
        changes = [create("first.py", "x"), modify("sub/c.py", C, "x"), change]
        with pytest.raises(error, match=message):
            apply_changes(work, changes, log)
        assert tree(work) == before
        assert not log.exists()

    def test_a_character_that_the_file_can_not_hold(self, work: Path, log: Path) -> None:
        (work / "l.py").write_bytes(b"\xe9")
        with pytest.raises(EditError, match="latin-1, which has no '€'"):
            apply_changes(work, [modify("l.py", "é", "€"), modify("a.py", A, "x")], log)
        assert tree(work)["a.py"] == A.encode()

    @posix
    def test_a_read_only_file(self, work: Path, log: Path) -> None:
        (work / "a.py").chmod(0o444)
        with pytest.raises(ApplyError, match=r"a.py is read-only"):
            apply_changes(work, [modify("a.py", A, "x")], log)

    def test_two_changes_of_one_file(self, work: Path, log: Path) -> None:
        with pytest.raises(ApplyError, match=r"two changes are of one file, ./a.py"):
            apply_changes(work, [modify("a.py", A, "x"), delete("./a.py", A)], log)
        assert tree(work)["a.py"] == A.encode()

    @posix
    def test_a_link_that_leaves(self, work: Path, log: Path, tmp_path: Path) -> None:
        (tmp_path / "outside.py").write_text("x")
        (work / "link.py").symlink_to("../outside.py")
        with pytest.raises(OutsideRootError):
            apply_changes(work, [modify("link.py", "x", "y")], log)
        assert (tmp_path / "outside.py").read_text() == "x"

    @posix
    def test_a_link_is_not_deleted_in_place_of_its_file(self, work: Path, log: Path) -> None:
        (work / "link.py").symlink_to("a.py")
        for change in (delete("link.py", A), rename("link.py", A, A, "z.py")):
            with pytest.raises(ApplyError, match=r"link.py is a link"):
                apply_changes(work, [change], log)


class Failing:
    """A call of the system that fails once, after some that succeed."""

    def __init__(self, call: Any, after: int) -> None:
        self._call, self._left = call, after
        self.failed = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        self._left -= 1
        if self._left == -1:
            self.failed = True
            raise OSError(errno.ENOSPC, "No space left on device", str(args[0]))
        return self._call(*args, **kwargs)


CHANGES = [
    modify("a.py", A, "x"),
    delete("sub/c.py", C),
    create("new/n.py", "n"),
    create("new/m.py", "m"),
]


class TestFailures:
    @pytest.mark.parametrize(
        ("call", "count"), [("replace", 4), ("unlink", 2), ("mkdir", 1), ("open", 6), ("fsync", 6)]
    )
    def test_a_disk_that_fails_half_way_leaves_all_as_it_was(
        self, work: Path, log: Path, monkeypatch: pytest.MonkeyPatch, call: str, count: int
    ) -> None:
        before = tree(work)
        refused, after = 0, -1
        while True:
            after += 1
            failing = Failing(getattr(os, call), after)
            with monkeypatch.context() as patch:
                patch.setattr(os, call, failing)
                try:
                    apply_changes(work, CHANGES, log)
                except ApplyError as error:
                    assert "No space left" in str(error)  # noqa: PT017 - in a loop over failures
                    assert tree(work) == before, after
                    assert not (work / "new").exists()
                    refused += 1
                    continue
            assert tree(work) == {"a.py": b"x", "new/m.py": b"m", "new/n.py": b"n"}
            if not failing.failed:
                break
            # A failure that does no harm, such as that to make a folder that is there.
            for path in ("new/m.py", "new/n.py"):
                (work / path).unlink()
            (work / "new").rmdir()
            (work / "a.py").write_bytes(A.encode())
            (work / "sub" / "c.py").write_bytes(C.encode())
        assert refused >= count

    def test_an_interrupt_undoes_it(
        self, work: Path, log: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = tree(work)
        replace, done = os.replace, []

        def interrupted(*args: Any, **named: Any) -> None:
            replace(*args, **named)
            done.append(args)
            if len(done) == 2:
                raise KeyboardInterrupt

        monkeypatch.setattr(os, "replace", interrupted)
        with pytest.raises(KeyboardInterrupt):
            apply_changes(work, CHANGES, log)
        assert tree(work) == before
        assert not log.exists()

    def test_a_file_changed_at_the_last_moment_is_not_lost(
        self, work: Path, log: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write = apply_module.write_intent

        def slow(log: Path, intent: Intent) -> None:
            write(log, intent)
            (work / "a.py").write_text("the user's")

        monkeypatch.setattr(apply_module, "write_intent", slow)
        with pytest.raises(StaleFileError, match=r"a.py changed on the disk"):
            apply_changes(work, CHANGES, log)
        assert tree(work) == {"a.py": b"the user's", "sub/c.py": b"c\n"}

    @posix
    def test_a_folder_that_becomes_a_link_is_not_followed(
        self, work: Path, log: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        write = apply_module.write_intent
        (tmp_path / "outside").mkdir()
        (tmp_path / "outside" / "c.py").write_text(C)

        def swap(log: Path, intent: Intent) -> None:
            write(log, intent)
            (work / "sub").rename(work / "sub2")
            (work / "sub").symlink_to("../outside")

        monkeypatch.setattr(apply_module, "write_intent", swap)
        with pytest.raises(StaleFileError, match=r"sub/c.py changed"):
            apply_changes(work, [modify("sub/c.py", C, "evil"), create("sub/n.py", "evil")], log)
        assert tree(tmp_path / "outside") == {"c.py": b"c\n"}

    def test_when_undoing_fails_too_the_log_stays(
        self, work: Path, log: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = tree(work)

        def broken(intent: Intent) -> Recovery:
            raise OSError(errno.EIO, "Input/output error", str(intent.steps[0].target))

        with monkeypatch.context() as patch:
            patch.setattr(os, "unlink", Failing(os.unlink, 1))
            patch.setattr(apply_module, "undo", broken)
            with pytest.raises(ApplyError, match="so did undoing it") as caught:
                apply_changes(work, CHANGES, log)
            assert str(log) in str(caught.value)
            with pytest.raises(ApplyError, match="interrupted apply can't be undone"):
                recover(log)
        assert log.exists()
        recover(log)
        assert tree(work) == before


class TestRecovery:
    def test_without_a_log_there_is_nothing_to_do(self, log: Path) -> None:
        assert recover(log) == Recovery()

    def left_behind(self, work: Path, log: Path) -> Intent:
        """Make what a process leaves that died after its first two files."""
        log.parent.mkdir()
        intent = Intent(
            (
                Step("sub/c.py", work / "sub" / "c.py", work / "sub" / "t1", b"c\n", None),
                Step("a.py", work / "a.py", work / "t2", A.encode(), b"new"),
                Step("n.py", work / "n.py", work / "t3", None, b"n"),
            )
        )
        write_intent(log, intent)
        (work / "sub" / "c.py").unlink()
        (work / "a.py").write_bytes(b"new")
        (work / "t3").write_bytes(b"n")
        return intent

    @posix
    def test_the_log_is_for_its_owner_only(self, work: Path, log: Path) -> None:
        self.left_behind(work, log)
        assert stat.S_IMODE(log.stat().st_mode) == 0o600

    def test_the_old_files_come_back(self, work: Path, log: Path) -> None:
        self.left_behind(work, log)
        assert recover(log) == Recovery(restored=("a.py", "sub/c.py"))
        assert tree(work) == {"a.py": A.encode(), "sub/c.py": b"c\n"}
        assert not log.exists()

    def test_what_somebody_changed_since_stays(self, work: Path, log: Path) -> None:
        self.left_behind(work, log)
        (work / "a.py").write_bytes(b"new, and then the user's")
        (work / "sub").rmdir()
        assert recover(log) == Recovery(kept=("a.py", "sub/c.py"))
        assert tree(work) == {"a.py": b"new, and then the user's"}

    @posix
    def test_a_link_put_there_since_stays(self, work: Path, log: Path, tmp_path: Path) -> None:
        self.left_behind(work, log)
        (tmp_path / "outside").write_bytes(b"new")
        (work / "a.py").unlink()
        (work / "a.py").symlink_to("../outside")
        assert recover(log).kept == ("a.py",)
        assert (tmp_path / "outside").read_bytes() == b"new"

    def test_the_next_apply_recovers_first(self, work: Path, log: Path) -> None:
        self.left_behind(work, log)
        apply_changes(work, [modify("a.py", A, "next")], log)
        assert tree(work) == {"a.py": b"next", "sub/c.py": b"c\n"}

    @pytest.mark.parametrize(
        "content", [b"", b"{", b"\xff", b"[]", b'{"version": 7}', b'{"version": 1}']
    )
    def test_a_broken_log_is_put_aside_and_said(
        self, work: Path, log: Path, content: bytes
    ) -> None:
        log.parent.mkdir()
        log.write_bytes(content)
        with pytest.raises(ApplyError, match=r"log of an interrupted apply is broken"):
            recover(log)
        assert log.with_name("apply.broken").read_bytes() == content
        assert recover(log) == Recovery()

    @posix
    def test_a_death_at_any_point_is_recovered_from(self, tmp_path: Path) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "tests.store.crashing_apply", str(tmp_path / "crash")],
            capture_output=True,
            text=True,
            check=False,
            cwd=Path(__file__).parents[2],
            timeout=100,
        )
        assert done.returncode == 0, done.stderr
        # Fewer deaths would mean that the calls are no longer seen.
        assert int(done.stdout) > 150


class TestLock:
    def test_applies_wait_for_each_other(
        self, work: Path, log: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        write, entered, leave = apply_module.write_intent, threading.Event(), threading.Event()

        def waiting(log: Path, intent: Intent) -> None:
            write(log, intent)
            entered.set()
            assert leave.wait(10)

        monkeypatch.setattr(apply_module, "write_intent", waiting)
        first = threading.Thread(target=apply_changes, args=(work, CHANGES[:1], log))
        first.start()
        assert entered.wait(10)
        found: list[Recovery] = []
        second = threading.Thread(target=lambda: found.append(recover(log)))
        second.start()
        second.join(0.05)
        assert found == []
        leave.set()
        first.join(10)
        second.join(10)
        assert found == [Recovery()]
        assert (work / "a.py").read_bytes() == b"x"


class TestAtomic:
    @posix
    def test_a_planted_name_is_not_followed(self, tmp_path: Path) -> None:
        (tmp_path / "temp").symlink_to("victim")
        with pytest.raises(FileExistsError):
            atomic.stage(tmp_path / "temp", b"x")
        assert not (tmp_path / "victim").exists()

    @posix
    def test_a_folder_that_can_not_be_synced_is_no_failure(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def refuse(number: int) -> Any:
            def fsync(_: int) -> None:
                raise OSError(number, "refused")

            return fsync

        monkeypatch.setattr(os, "fsync", refuse(errno.EINVAL))
        atomic.sync_folder(tmp_path)
        monkeypatch.setattr(os, "fsync", refuse(errno.EIO))
        with pytest.raises(OSError, match="refused"):
            atomic.sync_folder(tmp_path)

"""The overlay: reading, changing, net effects, confinement, ignore rules."""

from __future__ import annotations

import os
import tempfile
import threading
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.workspace.errors import (
    EditError,
    OutOfScopeError,
    OutsideRootError,
    UnreadableFileError,
    WorkspaceError,
)
from lsp_agent.workspace.overlay import Buffer, Entry, FileChange, Overlay
from lsp_agent.workspace.roots import Root

COMPOSED = "caf\u00e9.py"
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small workspace, beside a file outside of it."""
    (tmp_path / "outside.py").write_text("secret")
    work = tmp_path / "work"
    (work / "src" / "deep").mkdir(parents=True)
    (work / "a.py").write_bytes(b"a\r\n")
    (work / "b.py").write_text("b\n")
    (work / "src" / "c.py").write_text("c\n")
    (work / "src" / "deep" / "d.py").write_text("d\n")
    (work / "src.txt").write_text("t\n")
    (work / ".gitignore").write_text("*.log\nout/\n")
    (work / "x.log").write_text("log\n")
    (work / "out").mkdir()
    (work / "out" / "o.py").write_text("o\n")
    return work


@pytest.fixture
def overlay(folder: Path) -> Overlay:
    return Overlay(Root(folder))


def kinds(overlay: Overlay) -> list[tuple[str, ...]]:
    """The changes' kinds and paths."""
    return [
        (change.kind, change.path) + ((change.new_path,) if change.new_path else ())
        for change in overlay.changes()
    ]


class TestReading:
    def test_edits_cover_buffers_and_buffers_cover_the_disk(self, folder: Path) -> None:
        overlay = Overlay(Root(folder), [Buffer("a.py", "file:///A.py", "buffer", 3)])
        assert overlay.read("b.py") == "b\n"
        assert overlay.read("./a.py") == "buffer"
        overlay.write("a.py", "mine")
        assert overlay.read("a.py") == "mine"
        assert (folder / "a.py").read_bytes() == b"a\r\n"

    def test_line_ends_of_the_disk_are_kept(self, overlay: Overlay) -> None:
        assert overlay.read("a.py") == "a\r\n"

    def test_the_first_text_seen_stays_the_base(self, overlay: Overlay, folder: Path) -> None:
        assert overlay.read("b.py") == "b\n"
        (folder / "b.py").write_text("changed meanwhile\n")
        assert overlay.read("b.py") == "b\n"
        overlay.write("b.py", "mine\n")
        assert overlay.changes()[0].before == "b\n"

    def test_texts_beyond_the_room_are_not_kept(
        self, overlay: Overlay, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("lsp_agent.workspace.overlay._PINNED_CHARACTERS", 3)
        small = Overlay(Root(folder))
        assert small.read("a.py") == "a\r\n"
        assert small.read("b.py") == "b\n"
        (folder / "a.py").write_text("newer")
        (folder / "b.py").write_text("newer")
        assert small.read("a.py") == "a\r\n"
        assert small.read("b.py") == "newer"
        small.write("b.py", "mine")
        assert small.changes()[0].before == "newer"

    @pytest.mark.parametrize(
        ("path", "reason"),
        [
            ("missing.py", r"^missing.py does not exist$"),
            ("src", "^src is a folder$"),
            ("", "is a folder"),
            ("src/bin", "^src/bin is binary"),
            ("n" * 300, "too long|does not exist"),
            ("a.py/b", "^a.py/b "),
        ],
    )
    def test_what_can_not_be_read_says_why(
        self, overlay: Overlay, folder: Path, path: str, reason: str
    ) -> None:
        (folder / "src" / "bin").write_bytes(b"\0")
        with pytest.raises(UnreadableFileError, match=reason):
            overlay.read(path)
        assert overlay.exists(path) == (path == "src/bin")

    @pytest.mark.parametrize("path", ["../outside.py", "/etc/passwd", "link.py", "a\0", "C:\\x"])
    def test_nothing_outside_is_read_or_written(
        self, overlay: Overlay, folder: Path, path: str
    ) -> None:
        (folder / "link.py").symlink_to("../outside.py")
        (folder / "b.py").unlink()
        operations = [
            lambda: overlay.read(path),
            lambda: overlay.exists(path),
            lambda: overlay.write(path, "x"),
            lambda: overlay.delete(path),
            lambda: overlay.move(path, "new.py"),
            lambda: overlay.move("a.py", path),
            lambda: overlay.listdir(path),
            lambda: list(overlay.walk(path)),
            lambda: overlay.uri(path),
        ]
        for operation in operations:
            with pytest.raises(OutsideRootError):
                operation()
        assert overlay.changes() == ()

    def test_a_link_put_in_place_later_is_not_followed(
        self, overlay: Overlay, folder: Path
    ) -> None:
        assert overlay.exists("src/c.py")
        (folder / "src" / "c.py").unlink()
        (folder / "src" / "c.py").symlink_to("../../outside.py")
        with pytest.raises(OutsideRootError):
            overlay.read("src/c.py")


class TestChanging:
    def test_a_created_file_is_there(self, overlay: Overlay) -> None:
        overlay.write("new/n.py", "n")
        assert overlay.read("new\\n.py") == "n"
        assert overlay.exists("new/n.py")
        uri = overlay.uri("new/n.py")
        assert uri.startswith("file:///")
        assert overlay.changes() == (FileChange("create", "new/n.py", uri, None, "n"),)

    def test_a_buffer_keeps_its_uri_and_version(self, folder: Path) -> None:
        overlay = Overlay(Root(folder), [Buffer("a.py", "file:///c%3A/A.py", "old", 7)])
        overlay.write("a.py", "new")
        assert overlay.changes() == (
            FileChange("modify", "a.py", "file:///c%3A/A.py", "old", "new", 7),
        )

    def test_a_deleted_file_is_gone(self, overlay: Overlay) -> None:
        overlay.delete("a.py")
        assert not overlay.exists("a.py")
        with pytest.raises(UnreadableFileError, match=r"a.py was deleted in this run"):
            overlay.read("a.py")
        with pytest.raises(UnreadableFileError):
            overlay.delete("a.py")
        assert kinds(overlay) == [("delete", "a.py")]
        assert overlay.changes()[0].before == "a\r\n"

    def test_a_missing_file_can_not_be_deleted_or_moved(self, overlay: Overlay) -> None:
        with pytest.raises(UnreadableFileError):
            overlay.delete("none.py")
        with pytest.raises(UnreadableFileError):
            overlay.move("none.py", "some.py")

    def test_a_move_refuses_an_existing_target(self, overlay: Overlay) -> None:
        for target in ("b.py", "a.py", "./a.py"):
            with pytest.raises(OutOfScopeError, match=r"exists already; choose another name"):
                overlay.move("a.py", target)

    def test_a_folder_is_no_file(self, overlay: Overlay) -> None:
        overlay.write("made/x.py", "x")
        for path in ("src", "made"):
            with pytest.raises(OutOfScopeError, match="is a folder"):
                overlay.write(path, "x")
        with pytest.raises(OutsideRootError, match="not the workspace root"):
            overlay.write(".", "x")

    @pytest.mark.parametrize("path", ["a.py/x.py", "made.py/deep/x.py"])
    def test_a_file_holds_no_files(self, overlay: Overlay, path: str) -> None:
        overlay.write("made.py", "")
        with pytest.raises(OutOfScopeError, match=r"(a|made).py is a file, so"):
            overlay.write(path, "x")

    def test_a_deleted_file_does_not_become_a_folder(self, overlay: Overlay) -> None:
        overlay.delete("a.py")
        with pytest.raises(OutOfScopeError, match=r"a.py is a file"):
            overlay.write("a.py/x.py", "x")

    @pytest.mark.parametrize("path", [".git/config", ".GIT/hooks/x", "src/.git/x", "GIT~1/x"])
    def test_gits_folder_is_never_written(self, overlay: Overlay, path: str) -> None:
        with pytest.raises(OutsideRootError, match="belongs to git"):
            overlay.write(path, "x")
        with pytest.raises(OutsideRootError, match="belongs to git"):
            overlay.move("a.py", path)

    def test_a_git_folder_that_is_a_link_is_not_written(
        self, overlay: Overlay, folder: Path
    ) -> None:
        (folder / "elsewhere").mkdir()
        (folder / ".git").symlink_to("elsewhere")
        with pytest.raises(OutsideRootError, match="belongs to git"):
            overlay.write(".git/config", "x")

    def test_a_binary_or_huge_file_is_not_replaced(self, overlay: Overlay, folder: Path) -> None:
        (folder / "bin").write_bytes(b"\0\1")
        with pytest.raises(UnreadableFileError, match="binary"):
            overlay.write("bin", "text")
        assert overlay.changes() == ()

    def test_a_character_that_the_file_can_not_hold_is_refused(
        self, overlay: Overlay, folder: Path
    ) -> None:
        (folder / "latin.py").write_bytes(b"na\xefve")
        for path in ("latin.py", "moved.py"):
            overlay.write(path if overlay.exists(path) else "latin.py", "na\u00efver")
            with pytest.raises(EditError, match="latin-1, which has no '€'"):
                overlay.write(path if overlay.exists(path) else "latin.py", "5 €")
            if path == "latin.py":
                overlay.move("latin.py", "moved.py")
        assert overlay.read("moved.py") == "naïver"
        with pytest.raises(EditError, match="NUL"):
            overlay.write("new.py", "a\0b")


class TestNetEffect:
    def test_create_then_delete_is_nothing(self, overlay: Overlay) -> None:
        overlay.write("n.py", "n")
        overlay.delete("n.py")
        assert overlay.changes() == ()

    def test_an_edit_back_is_nothing(self, overlay: Overlay) -> None:
        overlay.write("a.py", "x")
        overlay.write("a.py", "a\r\n")
        assert overlay.changes() == ()

    def test_delete_then_create_the_same_is_nothing(self, overlay: Overlay) -> None:
        overlay.delete("b.py")
        overlay.write("b.py", "b\n")
        assert overlay.changes() == ()

    def test_a_move_then_an_edit_is_one_rename(self, overlay: Overlay, folder: Path) -> None:
        overlay.move("b.py", "src/z.py")
        overlay.write("src/z.py", "B\n")
        change = overlay.changes()[0]
        assert len(overlay.changes()) == 1
        assert (change.kind, change.path, change.new_path) == ("rename", "b.py", "src/z.py")
        assert (change.before, change.after) == ("b\n", "B\n")
        assert change.new_uri == (folder / "src" / "z.py").resolve().as_uri()

    def test_an_edit_then_a_move_is_one_rename(self, overlay: Overlay) -> None:
        overlay.write("b.py", "B\n")
        overlay.move("b.py", "z.py")
        assert kinds(overlay) == [("rename", "b.py", "z.py")]
        assert overlay.changes()[0].before == "b\n"

    def test_a_chain_of_moves_is_one_rename(self, overlay: Overlay) -> None:
        overlay.move("b.py", "y.py")
        overlay.move("y.py", "z.py")
        assert kinds(overlay) == [("rename", "b.py", "z.py")]

    def test_a_move_back_is_nothing(self, overlay: Overlay) -> None:
        overlay.move("b.py", "y.py")
        overlay.move("y.py", "b.py")
        assert overlay.changes() == ()

    def test_a_moved_file_that_is_deleted_is_a_deletion(self, overlay: Overlay) -> None:
        overlay.move("b.py", "y.py")
        overlay.delete("y.py")
        assert kinds(overlay) == [("delete", "b.py")]

    def test_a_created_file_that_is_moved_is_created_there(self, overlay: Overlay) -> None:
        overlay.write("n.py", "n")
        overlay.move("n.py", "m.py")
        assert kinds(overlay) == [("create", "m.py")]

    def test_a_name_used_anew_is_modified(self, overlay: Overlay) -> None:
        overlay.move("b.py", "z.py")
        overlay.write("b.py", "from .z import *\n")
        assert kinds(overlay) == [("modify", "b.py"), ("create", "z.py")]

    def test_a_move_onto_a_deleted_file_modifies_it(self, overlay: Overlay) -> None:
        overlay.delete("a.py")
        overlay.move("b.py", "a.py")
        assert kinds(overlay) == [("modify", "a.py"), ("delete", "b.py")]

    def test_two_files_do_not_come_from_one(self, overlay: Overlay) -> None:
        overlay.move("b.py", "y.py")
        overlay.write("b.py", "new")
        overlay.move("b.py", "z.py")
        assert kinds(overlay) == [("rename", "b.py", "y.py"), ("create", "z.py")]

    def test_files_may_swap_names(self, overlay: Overlay) -> None:
        overlay.move("a.py", "t.py")
        overlay.move("b.py", "a.py")
        overlay.move("t.py", "b.py")
        assert kinds(overlay) == [("modify", "a.py"), ("modify", "b.py")]
        assert [change.after for change in overlay.changes()] == ["b\n", "a\r\n"]

    def test_a_snapshot_is_gone_back_to(self, overlay: Overlay) -> None:
        overlay.write("a.py", "1")
        overlay.move("b.py", "z.py")
        state, before = overlay.snapshot(), overlay.changes()
        overlay.write("a.py", "2")
        overlay.delete("z.py")
        overlay.write("n.py", "n")
        overlay.restore(state)
        assert overlay.changes() == before
        assert overlay.read("a.py") == "1"
        assert not overlay.exists("n.py")


NAMES = "abcde"
BASE = {"a": "A", "b": "B", "c": "C"}
steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.sampled_from(NAMES), st.sampled_from("ABCxy")),
        st.tuples(st.just("delete"), st.sampled_from(NAMES), st.just("")),
        st.tuples(st.just("move"), st.sampled_from(NAMES), st.sampled_from(NAMES)),
        st.tuples(st.sampled_from(["snapshot", "restore"]), st.just(""), st.just("")),
    ),
    max_size=12,
)


def take(files: dict[str, str], step: tuple[str, str, str]) -> bool:
    """Do a step on plain files; say whether it was allowed."""
    kind, name, argument = step
    if kind == "write":
        files[name] = argument
    elif name not in files or (kind == "move" and argument in files):
        return False
    else:
        text = files.pop(name)
        if kind == "move":
            files[argument] = text
    return True


@given(steps, st.booleans())
def test_the_changes_lead_from_before_to_after(
    made: list[tuple[str, str, str]], open_documents: bool
) -> None:
    buffers = [Buffer(name, f"file:///{name}", text) for name, text in BASE.items()]
    with tempfile.TemporaryDirectory() as name:
        if not open_documents:
            for file, text in BASE.items():
                Path(name, file).write_text(text)
        overlay = Overlay(Root(Path(name)), buffers if open_documents else [])
        files, state, saved = dict(BASE), overlay.snapshot(), dict(BASE)
        for step in made:
            if step[0] == "snapshot":
                state, saved = overlay.snapshot(), dict(files)
            elif step[0] == "restore":
                overlay.restore(state)
                files = dict(saved)
            elif take(files, step):
                getattr(overlay, step[0])(*step[1 : 2 if step[0] == "delete" else 3])
            else:
                with pytest.raises(WorkspaceError):
                    getattr(overlay, step[0])(*step[1 : 2 if step[0] == "delete" else 3])
        assert {path: overlay.read(path) for path in overlay.walk()} == files
        assert applied(overlay.changes()) == files


def applied(changes: tuple[FileChange, ...]) -> dict[str, str]:
    """Carry out changes on the files that were there at first; none may depend on another."""
    files = dict(BASE)
    for change in changes:
        assert BASE.get(change.path) == change.before
        assert change.before != change.after or change.kind == "rename"
        target = change.new_path or change.path
        if change.kind in {"delete", "rename"}:
            del files[change.path]
        if change.kind in {"create", "rename"}:
            assert target not in BASE
            assert target not in files
        if change.after is not None:
            files[target] = change.after
    return files


class TestScope:
    def test_only_the_scope_changes(self, folder: Path) -> None:
        overlay = Overlay(Root(folder), scope=frozenset({"a.py", "new.py"}))
        overlay.write("./a.py", "x")
        overlay.write("new.py", "x")
        message = r"may not change b.py; it may change a.py, new.py"
        for operation in (
            lambda: overlay.write("b.py", "x"),
            lambda: overlay.delete("b.py"),
            lambda: overlay.move("b.py", "new2.py"),
        ):
            with pytest.raises(OutOfScopeError, match=message):
                operation()
        with pytest.raises(OutOfScopeError, match=r"may not change z.py"):
            overlay.move("a.py", "z.py")
        assert overlay.read("b.py") == "b\n"
        assert kinds(overlay) == [("modify", "a.py"), ("create", "new.py")]

    def test_an_empty_scope_allows_nothing(self, folder: Path) -> None:
        with pytest.raises(OutOfScopeError, match="it may change nothing"):
            Overlay(Root(folder), scope=frozenset()).write("a.py", "x")


class TestVirtual:
    def test_only_the_document_exists(self) -> None:
        overlay = Overlay(None, [Buffer("Untitled-1", "untitled:Untitled-1", "x", 4)])
        assert overlay.read("Untitled-1") == "x"
        assert not overlay.exists("etc/passwd")
        with pytest.raises(UnreadableFileError, match="only the open document is here"):
            overlay.read("etc/passwd")
        assert overlay.listdir() == [Entry("Untitled-1", is_dir=False)]
        assert list(overlay.walk()) == ["Untitled-1"]
        overlay.write("Untitled-1", "y")
        uri = "untitled:Untitled-1"
        assert overlay.changes() == (FileChange("modify", "Untitled-1", uri, "x", "y", 4),)
        assert overlay.uri("Untitled-2") == "untitled:Untitled-2"

    def test_nothing_else_may_be_made_of_it(self) -> None:
        overlay = Overlay(None, [Buffer("one.py", "untitled:one.py", "x")])
        for operation in (
            lambda: overlay.write("two.py", "x"),
            lambda: overlay.delete("one.py"),
            lambda: overlay.move("one.py", "two.py"),
        ):
            with pytest.raises(OutOfScopeError, match="outside every folder"):
                operation()

    def test_a_document_outside_keeps_its_own_path(self) -> None:
        overlay = Overlay(None, [Buffer("/tmp/x.py", "file:///tmp/x.py", "x")])
        overlay.write("/tmp/x.py", "y")
        assert overlay.changes()[0].path == "/tmp/x.py"

    def test_gits_files_stay_as_they_are(self) -> None:
        overlay = Overlay(None, [Buffer("/r/.git/config", "file:///r/.git/config", "x")])
        with pytest.raises(OutsideRootError, match="belongs to git"):
            overlay.write("/r/.git/config", "y")


class TestListing:
    def test_ignored_entries_are_left_out(self, overlay: Overlay) -> None:
        names = [(entry.name, entry.is_dir) for entry in overlay.listdir()]
        assert names == [
            (".gitignore", False),
            ("a.py", False),
            ("b.py", False),
            ("src", True),
            ("src.txt", False),
        ]
        assert [entry.name for entry in overlay.listdir("src")] == ["c.py", "deep"]

    def test_walk_is_sorted(self, overlay: Overlay) -> None:
        found = list(overlay.walk())
        assert found == sorted(found)
        assert found == [".gitignore", "a.py", "b.py", "src.txt", "src/c.py", "src/deep/d.py"]
        assert list(overlay.walk("src/deep")) == ["src/deep/d.py"]
        assert list(overlay.walk("a.py")) == ["a.py"]

    def test_both_reflect_the_runs_changes(self, overlay: Overlay) -> None:
        overlay.write("src/new/n.py", "n")
        overlay.delete("a.py")
        overlay.move("b.py", "src/b.py")
        overlay.write("made.log", "ignored")
        assert list(overlay.walk()) == [
            ".gitignore", "src.txt", "src/b.py", "src/c.py", "src/deep/d.py", "src/new/n.py",
        ]  # fmt: skip
        assert overlay.listdir("src/new") == [Entry("n.py", is_dir=False)]

    def test_an_open_document_in_an_ignored_folder_opens_no_door(self, folder: Path) -> None:
        overlay = Overlay(Root(folder), [Buffer("out/o.py", "file:///o.py", "o")])
        assert "out/o.py" not in list(overlay.walk())
        assert [entry.name for entry in overlay.listdir("out")] == ["o.py"]

    def test_own_patterns_are_left_out(self, folder: Path) -> None:
        assert list(Overlay(Root(folder), exclude=["src/", "*.txt"]).walk()) == [
            ".gitignore", "a.py", "b.py",
        ]  # fmt: skip

    def test_a_missing_folder_is_said(self, overlay: Overlay) -> None:
        for path, reason in (("none", "none is no folder"), ("a.py", "a.py is a file")):
            with pytest.raises(UnreadableFileError, match=reason):
                overlay.listdir(path)
        with pytest.raises(UnreadableFileError, match="none is no folder"):
            list(overlay.walk("none"))

    def test_an_empty_folder_is_empty(self, overlay: Overlay, folder: Path) -> None:
        (folder / "empty").mkdir()
        assert overlay.listdir("empty") == []

    def test_a_folder_that_vanishes_during_a_walk_ends_nothing(
        self, overlay: Overlay, folder: Path
    ) -> None:
        walk = overlay.walk()
        assert next(walk) == ".gitignore"
        (folder / "src" / "deep" / "d.py").unlink()
        (folder / "src" / "deep").rmdir()
        assert list(walk) == ["a.py", "b.py", "src.txt", "src/c.py"]

    def test_links_are_listed_where_they_stay_inside(self, overlay: Overlay, folder: Path) -> None:
        (folder / "in.py").symlink_to("a.py")
        (folder / "out.py").symlink_to("../outside.py")
        (folder / "dangling.py").symlink_to("nowhere")
        (folder / "lib").symlink_to("src")
        (folder / "self").symlink_to(".")
        assert [entry.name for entry in overlay.listdir()] == [
            ".gitignore", "a.py", "b.py", "in.py", "src", "src.txt",
        ]  # fmt: skip

    @pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
    def test_odd_names_do_not_stop_a_walk(self, overlay: Overlay, folder: Path) -> None:
        for name in (b"...", b"back\\slash", b"bad\xff", "℀".encode()):
            Path(str(folder), name.decode("utf-8", "surrogateescape")).mkdir()
        assert len(list(overlay.walk())) == 6

    def test_five_thousand_files_are_walked_in_no_time(self, tmp_path: Path) -> None:
        for package in range(100):
            (tmp_path / f"package{package}").mkdir()
            for number in range(50):
                (tmp_path / f"package{package}" / f"module{number}.py").touch()
        rules = [f"*.ext{n}\n/only{n}/at\nname{n}/" for n in range(40)]
        (tmp_path / ".gitignore").write_text("\n".join(rules))
        overlay = Overlay(Root(tmp_path))
        began = time.process_time()
        assert len(list(overlay.walk())) == 5_001
        assert time.process_time() - began < 0.3


class TestOneFileOneName:
    def test_a_link_means_its_target(self, folder: Path) -> None:
        (folder / "link.py").symlink_to("a.py")
        (folder / "lib").symlink_to("src")
        overlay = Overlay(
            Root(folder), [Buffer("link.py", "file:///link.py", "A")], scope=frozenset({"link.py"})
        )
        assert overlay.read("a.py") == overlay.read("link.py") == "A"
        overlay.write("link.py", "B")
        assert overlay.read("a.py") == "B"
        assert overlay.changes() == (FileChange("modify", "a.py", "file:///link.py", "A", "B"),)
        with pytest.raises(OutOfScopeError, match=r"may not change src/c.py"):
            overlay.write("lib/c.py", "x")

    def test_a_link_itself_is_not_moved_or_deleted(self, overlay: Overlay, folder: Path) -> None:
        (folder / "link.py").symlink_to("a.py")
        for operation in (
            lambda: overlay.delete("link.py"),
            lambda: overlay.move("link.py", "z.py"),
        ):
            with pytest.raises(OutOfScopeError, match=r"link.py is a link to a.py"):
                operation()
        (folder / "lib").symlink_to("src")
        with pytest.raises(OutOfScopeError, match="exists already"):
            overlay.move("src/c.py", "lib/c.py")
        overlay.delete("lib/c.py")
        assert kinds(overlay) == [("delete", "src/c.py")]

    def test_a_document_behind_a_link_that_leaves_is_only_read(self, folder: Path) -> None:
        (folder / "link.py").symlink_to("../outside.py")
        overlay = Overlay(Root(folder), [Buffer("link.py", "file:///link.py", "shown")])
        assert overlay.read("link.py") == "shown"
        with pytest.raises(OutsideRootError, match="through a link"):
            overlay.write("link.py", "x")

    @pytest.mark.parametrize(("there", "asked"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)])
    def test_both_unicode_forms_are_one_file(
        self, overlay: Overlay, folder: Path, there: str, asked: str
    ) -> None:
        (folder / there).write_text("old")
        overlay.write(asked, "new")
        assert overlay.read(there) == "new"
        assert kinds(overlay) == [("modify", there)]
        overlay.write(f"new-{there}", "1")
        overlay.write(f"new-{asked}", "2")
        assert kinds(overlay) == [("modify", there), ("create", f"new-{there}")]

    def test_two_files_of_both_forms_stay_two(self, overlay: Overlay, folder: Path) -> None:
        (folder / COMPOSED).write_text("one")
        (folder / DECOMPOSED).write_text("two")
        if (folder / COMPOSED).read_text() == "two":
            pytest.skip("this file system keeps one form")
        overlay.write(COMPOSED, "1")
        overlay.write(DECOMPOSED, "2")
        assert [change.before for change in overlay.changes()] == ["two", "one"]

    def test_where_case_is_ignored_created_files_do_not_collide(self, folder: Path) -> None:
        overlay = Overlay(Root(folder, ignores_case=True))
        overlay.write("New.py", "1")
        overlay.write("new.py", "2")
        assert kinds(overlay) == [("create", "New.py")]
        assert overlay.read("NEW.PY") == "2"

    def test_where_case_counts_they_are_two(self, folder: Path) -> None:
        overlay = Overlay(Root(folder, ignores_case=False))
        overlay.write("New.py", "1")
        overlay.write("new.py", "2")
        assert kinds(overlay) == [("create", "New.py"), ("create", "new.py")]

    def test_a_file_may_be_renamed_in_case_only(self, folder: Path) -> None:
        overlay = Overlay(Root(folder, ignores_case=True), [Buffer("a.py", "file:///a.py", "a")])
        state = overlay.snapshot()
        overlay.move("a.py", "A.py")
        assert kinds(overlay) == [("rename", "a.py", "A.py")]
        assert overlay.read("A.PY") == "a"
        overlay.move("A.py", "a.py")
        assert overlay.changes() == ()
        again = overlay.snapshot()
        overlay.restore(state)
        assert overlay.read("A.PY") == "a"
        overlay.restore(again)
        assert overlay.read("A.PY") == "a"
        assert overlay.changes() == ()


def test_threads_may_read_while_one_writes(overlay: Overlay) -> None:
    problems: list[BaseException] = []
    done = threading.Event()

    def read() -> None:
        try:
            while not done.is_set():
                list(overlay.walk())
                overlay.read("a.py")
                overlay.changes()
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test shows it
            problems.append(error)

    readers = [threading.Thread(target=read) for _ in range(3)]
    for reader in readers:
        reader.start()
    for number in range(300):
        overlay.write(f"made/{number % 7}.py", str(number))
        if number % 7 == 3:
            overlay.delete(f"made/{number % 7}.py")
    done.set()
    for reader in readers:
        reader.join(10)
    assert problems == []


def test_a_stamp_tells_whether_a_file_of_the_disk_changed(folder: Path) -> None:
    view = Overlay(Root(folder), [Buffer("b.py", "file:///b.py", "unsaved")])
    first = view.stamp("a.py")
    assert first is not None
    assert first[1] == 3
    folder.joinpath("a.py").write_text("longer text")
    assert view.stamp("a.py") != first
    view.write("a.py", "edited")
    assert view.stamp("a.py") is view.stamp("b.py") is view.stamp("none.py") is None
    assert Overlay(None).stamp("a.py") is None


def test_a_stamp_of_another_spelling_is_the_file_s(folder: Path) -> None:
    view = Overlay(Root(folder, ignores_case=True), [Buffer("B.py", "file:///B.py", "unsaved")])
    assert view.stamp("b.py") is None
    assert view.stamp("a.py") is not None


def test_what_is_left_out_is_known_by_its_path(folder: Path) -> None:
    view = Overlay(Root(folder), exclude=["src/deep/"])
    left = ["a.py", "x.log", "out/o.py", "src/c.py", "src/deep/d.py", "new.log"]
    assert [view.leaves_out(path) for path in left] == [False, True, True, False, True, True]
    assert not Overlay(None).leaves_out("x.log")


def test_a_fork_is_as_the_overlay_is_and_goes_its_own_way(folder: Path) -> None:
    overlay = Overlay(Root(folder), scope=frozenset({"a.py"}))
    overlay.write("a.py", "changed")
    fork = overlay.fork()
    assert fork.read("a.py") == "changed"
    assert [one.path for one in fork.changes()] == ["a.py"]
    fork.write("b.py", "tried")
    fork.write("a.py", "tried")
    assert overlay.read("a.py") == "changed"
    assert [one.path for one in overlay.changes()] == ["a.py"]
    overlay.write("a.py", "again")
    assert fork.read("a.py") == "tried"

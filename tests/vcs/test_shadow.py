"""Copies of real workspaces, hostile ones included."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.vcs import filling
from lsp_agent.vcs.filling import ShadowError
from lsp_agent.vcs.shadow import Shadow, make_shadow
from lsp_agent.workspace.overlay import Buffer, Overlay
from lsp_agent.workspace.roots import Root
from tests.support.files import write_files

Make = Callable[..., Shadow]


def git(folder: Path, *arguments: str, stdin: bytes = b"") -> str:
    base = ["git", "-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main"]
    safe = ["-c", "protocol.file.allow=always", "-c", "core.hooksPath=" + os.devnull]
    done = subprocess.run(
        [*base, *safe, *arguments], cwd=folder, check=True, capture_output=True, input=stdin
    )
    return done.stdout.decode()


def commit(folder: Path) -> None:
    if not (folder / ".git").exists():
        git(folder, "init", "-q")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "all")


def contents(folder: Path) -> dict[str, object]:
    """Return what lies below a folder, ``.git`` left out: bytes with the x bit, links as text."""
    found: dict[str, object] = {}
    for path in folder.rglob("*"):
        key = path.relative_to(folder).as_posix()
        if ".git" in path.relative_to(folder).parts:
            continue
        if path.is_symlink():
            found[key] = str(path.readlink())
        elif path.is_file():
            found[key] = (path.read_bytes(), bool(path.stat().st_mode & 0o100))
    return found


def state(folder: Path) -> dict[str, tuple[int, ...]]:
    """Return what would show that somebody touched a file, ``.git`` included."""
    found = {}
    for path in [folder, *folder.rglob("*")]:
        status = path.lstat()
        found[str(path)] = (
            status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino,
            status.st_nlink, status.st_mode,
        )  # fmt: skip
    return found


@pytest.fixture
def work(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    return folder


@pytest.fixture
def make(work: Path, tmp_path: Path) -> Iterator[Make]:
    made: list[Shadow] = []

    def shadow(folder: Path = work, overlay: Overlay | None = None) -> Shadow:
        place = tmp_path / f"copy{len(made)}"
        place.mkdir()
        before = state(folder)
        made.append(
            make_shadow(Root(folder), overlay or Overlay(Root(folder)), place, CancelToken())
        )
        assert state(folder) == before
        return made[-1]

    yield shadow
    for one in made:
        one.remove()
        assert not one.folder.exists()


_FILES = {
    "a.py": "x = 1\n",
    "src/b.py": "y = 1\n",
    "src/deep/er/c.py": "z = 1\n",
    "crlf.txt": b"a\r\nb\r\n",
    "utf16.txt": "\ufeffhé\n".encode("utf-16-le"),
    "binary": b"\0\1\2",
    "empty": b"",
    "new\nline": "n\n",
    "-option": "o\n",
    'quo"te\\back': "q\n",
    "ünicode.py": "u\n",
}


def _fill(work: Path) -> None:
    write_files(work, _FILES)
    (work / "run.sh").write_text("#!/bin/sh\n")
    (work / "run.sh").chmod(0o755)
    (work / "odd\udcff").write_bytes(b"odd")
    (work / "inner").symlink_to("src")
    (work / "outer").symlink_to("/etc/passwd")
    (work / "broken").symlink_to("nowhere")


@pytest.mark.parametrize("way", ["plain", "git", "untracked", "sha256"])
def test_a_copy_is_what_is_there(work: Path, make: Make, way: str) -> None:
    _fill(work)
    if way == "untracked":
        git(work, "init", "-q")
        git(work, "add", "a.py")
        git(work, "commit", "-qm", "one")
    elif way != "plain":
        git(work, "init", "-q", f"--object-format={'sha256' if way == 'sha256' else 'sha1'}")
        commit(work)
    shadow = make()
    assert contents(shadow.folder) == contents(work)
    assert shadow.left_out == ()
    assert shadow.written() == []


def test_what_differs_from_the_commit(work: Path, make: Make) -> None:
    _fill(work)
    write_files(
        work, {".gitignore": "*.log\nbuild/\n", "kept.log": "tracked\n", "dir/x": "1", "f": "1"}
    )
    write_files(work, {"was/x": "1", "other/x": "2"})
    git(work, "init", "-q")
    git(work, "add", "-f", "kept.log")
    commit(work)
    (work / "a.py").write_text("x = 2\n")
    (work / "src/b.py").unlink()
    (work / "src/deep/er/c.py").chmod(0o755)
    (work / "broken").unlink()
    (work / "broken").symlink_to("a.py")
    shutil.rmtree(work / "dir")
    (work / "dir").write_text("now a file")
    (work / "f").unlink()
    write_files(work, {"f/g": "now a folder", "new/n.py": "new\n", "staged": "s"})
    git(work, "add", "staged")
    (work / "staged").write_text("and changed")
    shutil.rmtree(work / "was")
    (work / "was").symlink_to("other")
    (work / "inner").unlink()
    write_files(work, {"inner/real": "no link any more"})
    expected = contents(work)
    write_files(work, {"x.log": "1", "build/out": "1", "node_modules/m/i.js": "1"})
    shadow = make()
    assert contents(shadow.folder) == expected
    assert shadow.borrowed == ("node_modules",)


def test_attributes_change_no_byte(work: Path, make: Make) -> None:
    write_files(
        work,
        {".gitattributes": "*.txt text eol=crlf\n*.id ident\n*.u working-tree-encoding=UTF-16\n"
         "[attr]mine filter=x\n*.m mine\n"},
    )  # fmt: skip
    write_files(
        work, {"a.txt": b"1\r\n2\r\n", "b.id": "$Id$\n", "c.u": "hé".encode("utf-16"), "d.m": "m"}
    )
    commit(work)
    write_files(work, {"b.id": "$Id: 1234 $\n"})
    assert contents(make().folder) == contents(work)


def test_nothing_of_the_repository_is_run(work: Path, make: Make, tmp_path: Path) -> None:
    _fill(work)
    write_files(work, {".gitattributes": "* filter=evil diff=evil merge=evil\n"})
    commit(work)
    (work / "a.py").write_text("x = 2\n")
    marker = tmp_path / "marker"
    evil = work / ".git" / "evil"
    evil.write_text(f"#!/bin/sh\ntouch {marker}\ncat\n")
    evil.chmod(0o755)
    for key in (
        "core.fsmonitor", "filter.evil.clean", "filter.evil.smudge", "filter.evil.process",
        "diff.evil.textconv", "diff.external", "core.sshCommand", "core.pager", "core.editor",
        "credential.helper", "core.alternateRefsCommand", "uploadpack.packObjectsHook",
        "alias.ls-files", "alias.ls-tree", "core.gitProxy", "gpg.program",
    ):  # fmt: skip
        git(work, "config", key, str(evil))
    git(work, "config", "filter.evil.required", "true")
    git(work, "config", "remote.origin.url", f"ext::{evil}")
    git(work, "config", "remote.origin.promisor", "true")
    git(work, "config", "core.hooksPath", str(work / "hooks"))
    for name in (
        "post-checkout",
        "post-index-change",
        "reference-transaction",
        "fsmonitor-watchman",
    ):
        for hooks in (work / "hooks", work / ".git" / "hooks"):
            hooks.mkdir(exist_ok=True)
            shutil.copy(evil, hooks / name)
    assert contents(make().folder) == contents(work)
    assert not marker.exists()
    subprocess.run(["git", "status"], cwd=work, check=False, capture_output=True)
    assert marker.exists(), "the trap is none"


def test_the_environment_of_git_does_not_matter(
    work: Path, make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fill(work)
    commit(work)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY", "GIT_INDEX_FILE"):
        monkeypatch.setenv(name, str(elsewhere / "x"))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.worktree")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(elsewhere))
    shadow = make()
    assert contents(shadow.folder) == contents(work)
    assert (shadow.folder.parent / "git" / "index").is_file()
    assert list(elsewhere.iterdir()) == []


def test_a_folder_of_a_repository(work: Path, make: Make) -> None:
    _fill(work)
    write_files(work, {".gitignore": "/src/out\n*.tmp\n", "src/.gitignore": "!keep.tmp\n"})
    commit(work)
    write_files(work, {"src/out/x": "1", "src/a.tmp": "1", "src/keep.tmp": "1", "src/new": "1"})
    shadow = make(work / "src")
    assert set(contents(shadow.folder)) == {"b.py", "deep/er/c.py", ".gitignore", "keep.tmp", "new"}


def test_an_ignored_folder_of_a_repository_is_copied_by_its_own_rules(
    work: Path, make: Make
) -> None:
    write_files(
        work, {".gitignore": "inner/\n", "a": "1", "inner/b": "1", "inner/.gitignore": "c\n"}
    )
    commit(work)
    write_files(work, {"inner/c": "1"})
    assert set(contents(make(work / "inner").folder)) == {"b", ".gitignore"}


@pytest.mark.parametrize("kind", ["shallow", "worktree", "partial", "gone"])
def test_other_shapes_of_repositories(work: Path, make: Make, tmp_path: Path, kind: str) -> None:
    _fill(work)
    commit(work)
    (work / "a.py").write_text("x = 3\n")
    commit(work)
    other = tmp_path / "other"
    url = work.as_uri()
    if kind == "shallow":
        git(tmp_path, "clone", "-q", "--depth=1", url, str(other))
    elif kind == "worktree":
        git(work, "worktree", "add", "-q", "--detach", str(other))
    else:
        git(work, "config", "uploadpack.allowFilter", "true")
        git(tmp_path, "clone", "-q", "--filter=blob:none", url, str(other))
        if kind == "gone":
            # Blobs that are on the disk, but not in the repository any more.
            for pack in (other / ".git/objects/pack").iterdir():
                pack.unlink()
    (other / "mine").write_text("m")
    assert contents(make(other).folder) == contents(other)


def test_submodules_and_repositories_inside_are_left_out(
    work: Path, make: Make, tmp_path: Path
) -> None:
    library = tmp_path / "library"
    write_files(library, {"l": "1"})
    commit(library)
    write_files(work, {"a": "1"})
    commit(work)
    git(work, "submodule", "add", "-q", str(library), "sub")
    commit(work)
    write_files(work / "nested", {"n": "1"})
    commit(work / "nested")
    (work / "sub" / "l").write_text("changed")
    assert set(contents(make().folder)) == {"a", ".gitmodules"}


def test_trees_that_git_would_not_write(work: Path, make: Make, tmp_path: Path) -> None:
    write_files(work, {"a": "1"})
    commit(work)
    blob = git(work, "hash-object", "-w", "--stdin", stdin=b"[core]\n\tfsmonitor = x\n").strip()
    link = git(work, "hash-object", "-w", "--stdin", stdin=str(tmp_path).encode()).strip()
    inner = git(work, "mktree", stdin=f"100644 blob {blob}\tconfig\n".encode()).strip()
    entries = f"040000 tree {inner}\t.git\n040000 tree {inner}\tGIT~1\n120000 blob {link}\tA\n"
    tree = git(work, "mktree", stdin=entries.encode()).strip()
    made = git(work, "commit-tree", tree, "-m", "evil").strip()
    git(work, "update-ref", "HEAD", made)
    (work / "A").symlink_to(tmp_path)
    write_files(work, {"GIT~1/config": "x", "b/.GIT/config": "x", "b/c": "1"})
    assert set(contents(make().folder)) == {"a", "A", "b/c"}


def test_special_huge_and_unreadable_files_are_left_out_and_said(
    work: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "MAX_FILE", 1000)
    write_files(work, {"small": "1", "huge": "x" * 1001, "later": "1"})
    commit(work)
    (work / "later").unlink()
    os.mkfifo(work / "later")
    write_files(work, {"huge too": "x" * 1001})
    shadow = make()
    assert set(contents(shadow.folder)) == {"small"}
    assert {(one.path, one.reason) for one in shadow.left_out} == {
        ("huge", "has 1,001 bytes"),
        ("huge too", "has 1,001 bytes"),
        ("later", "is neither a file nor a link"),
    }


def test_too_large_a_workspace_is_refused(
    work: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(filling, "MAX_FILES", 2)
    write_files(work, {"a": "1", "b": "1", "c": "1"})
    with pytest.raises(ShadowError, match=r"too large.*\.gitignore"):
        make()


def test_the_overlay_lies_over_the_files(work: Path, make: Make, tmp_path: Path) -> None:
    _fill(work)
    write_files(
        work, {"latin.py": "é = 1\n".encode("latin-1"), "gone.py": "1", "moved.txt": b"\xe9\n"}
    )
    commit(work)
    overlay = Overlay(Root(work), [Buffer("a.py", "file:///a.py", "unsaved = 1\n", 2)])
    overlay.write("latin.py", "é = 2\n")
    overlay.write("utf16.txt", "ab")
    overlay.write("run.sh", "#!/bin/sh\ntrue\n")
    overlay.write("new/er/file.py", "n\n")
    overlay.delete("gone.py")
    overlay.move("moved.txt", "to/there.txt")
    shadow = make(overlay=overlay)
    found = contents(shadow.folder)
    assert found["a.py"] == (b"unsaved = 1\n", False)
    assert found["latin.py"] == ("é = 2\n".encode("latin-1"), False)
    assert found["utf16.txt"] == ("\ufeffab".encode("utf-16-le"), False)
    assert found["run.sh"] == (b"#!/bin/sh\ntrue\n", True)
    assert found["new/er/file.py"] == (b"n\n", False)
    assert found["to/there.txt"] == (b"\xe9\n", False)
    assert not {"gone.py", "moved.txt"} & set(found)
    assert shadow.written() == []
    assert shadow.read("utf16.txt") == "ab"


def test_the_copy_follows_the_overlay_and_keeps_what_commands_wrote(work: Path, make: Make) -> None:
    write_files(work, {"a.py": "1\n", "b.py": "1\n", "c.py": "1\n"})
    overlay = Overlay(Root(work))
    before = overlay.snapshot()
    overlay.write("a.py", "2\n")
    overlay.write("n.py", "2\n")
    shadow = make(overlay=overlay)
    (shadow.folder / "a.py").write_text("formatted\n")
    (shadow.folder / "b.py").write_text("by a command\n")
    (shadow.folder / "c.py").unlink()
    write_files(shadow.folder, {"out/o.txt": "made\n", "__pycache__/x.pyc": "made"})
    assert shadow.written() == ["a.py", "b.py", "c.py", "out/o.txt"]
    overlay.write("b.py", "3\n")
    shadow.update(overlay)
    assert shadow.read("a.py") == "formatted\n"
    assert shadow.read("b.py") == "3\n"
    assert shadow.written() == ["a.py", "c.py", "out/o.txt"]
    overlay.restore(before)
    shadow.update(overlay)
    assert [shadow.read(path) for path in ("a.py", "b.py", "n.py")] == ["1\n", "1\n", None]
    assert shadow.written() == ["c.py", "out/o.txt"]


def test_a_text_is_never_written_through_a_link(work: Path, make: Make, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    write_files(outside, {"b.py": "theirs\n"})
    write_files(work, {"a/b.py": "1\n", "x": "1"})
    overlay = Overlay(Root(work))
    shadow = make(overlay=overlay)
    shutil.rmtree(shadow.folder / "a")
    (shadow.folder / "a").symlink_to(outside)
    (shadow.folder / "x").unlink()
    (shadow.folder / "x").symlink_to(outside / "b.py")
    overlay.write("x", "mine\n")
    shadow.update(overlay)
    assert shadow.read("a/b.py") is None
    overlay.write("a/b.py", "mine\n")
    with pytest.raises(ShadowError, match="can't be written"):
        shadow.update(overlay)
    assert (outside / "b.py").read_text() == "theirs\n"
    assert shadow.read("x") == "mine\n"


def test_a_document_behind_a_link_that_leaves_is_not_laid(
    work: Path, make: Make, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    write_files(outside, {"b.py": "theirs\n"})
    write_files(work, {"a.py": "1\n"})
    (work / "link").symlink_to(outside)
    uri = (work / "link" / "b.py").as_uri()
    overlay = Overlay(Root(work), [Buffer("link/b.py", uri, "unsaved\n", 1)])
    assert set(contents(make(overlay=overlay).folder)) == {"a.py", "link"}
    assert (outside / "b.py").read_text() == "theirs\n"


def test_an_object_that_would_fill_the_disk_is_not_written(work: Path, make: Make) -> None:
    write_files(work, {"bomb": b"\0" * 30_000_000, "small": "1"})
    commit(work)
    (work / "bomb").write_text("small")
    shadow = make()
    assert contents(shadow.folder) == contents(work)
    index = (shadow.folder.parent / "git" / "index").read_bytes()
    assert b"bomb" not in index


def test_what_an_ordinary_user_may_not_read_is_left_out(tmp_path: Path) -> None:
    # Run as nobody where the tests run as root, whom no mode stops.
    script = f"""
import os, sys, tempfile
sys.path[:0] = {sys.path!r}
from pathlib import Path
from lsp_agent.cancel import CancelToken
from lsp_agent.vcs.shadow import make_shadow
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.roots import Root
if os.geteuid() == 0:
    os.setuid(65534)
with tempfile.TemporaryDirectory(dir="/tmp") as top:
    work, copy = Path(top, "work"), Path(top, "copy")
    for folder in (work, copy, work / "closed"):
        folder.mkdir()
    for name in ("secret", "open", "closed/x"):
        (work / name).write_text(name)
    (work / "secret").chmod(0)
    (work / "closed").chmod(0)
    root = Root(work)
    shadow = make_shadow(root, Overlay(root), copy, CancelToken())
    (work / "closed").chmod(0o700)
    print(sorted(path.name for path in shadow.folder.iterdir()))
    print(sorted((one.path, one.reason) for one in shadow.left_out))
    shadow.remove()
"""
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    said = "[('closed', 'Permission denied'), ('secret', 'Permission denied')]"
    assert done.stdout == f"['open']\n{said}\n"


def test_special_files_of_commands_are_no_text(work: Path, make: Make) -> None:
    shadow = make()
    os.mkfifo(shadow.folder / "pipe")
    (shadow.folder / "link").symlink_to("/etc/passwd")
    assert [shadow.read(path) for path in ("pipe", "link", "../copy0", "a\0b")] == [None] * 4
    assert shadow.written() == ["link", "pipe"]


def test_only_real_dependency_folders_are_borrowed(work: Path, make: Make, tmp_path: Path) -> None:
    write_files(
        work,
        {
            ".gitignore": ".venv\nvenv\nvendor\nnode_modules\ntarget\n",
            "a": "1",
            "p/q/package.json": "{}",
        },
    )
    write_files(work, {".venv/pyvenv.cfg": "", "venv/notes": "", "vendor/v": "", "target/t": ""})
    write_files(work, {"p/q/node_modules/m": ""})
    (work / "node_modules").symlink_to(tmp_path)
    commit(work)
    shadow = make()
    assert shadow.borrowed == (".venv", "vendor", "p/q/node_modules")
    assert set(contents(shadow.folder)) == {".gitignore", "a", "p/q/package.json"}


def test_a_vendored_folder_is_copied(work: Path, make: Make) -> None:
    write_files(work, {"vendor/v.go": "v", "a": "1"})
    commit(work)
    shadow = make()
    assert shadow.borrowed == ()
    assert (shadow.folder / "vendor" / "v.go").read_text() == "v"


def test_files_that_change_while_they_are_copied(work: Path, make: Make, tmp_path: Path) -> None:
    names = [f"f{number}" for number in range(300)]
    write_files(work, dict.fromkeys(names, "0" * 5000))
    commit(work)
    done = threading.Event()

    def edit() -> None:
        number = 0
        while not done.is_set():
            number += 1
            path = work / names[number % 300]
            if number % 7 == 0:
                path.unlink(missing_ok=True)
            else:
                new = work / ".new"
                new.write_text(str(number % 10) * 5000)
                new.replace(path)

    editor = threading.Thread(target=edit)
    editor.start()
    try:
        for number in range(5):
            place = tmp_path / f"c{number}"
            place.mkdir()
            shadow = make_shadow(Root(work), Overlay(Root(work)), place, CancelToken())
            for path in shadow.folder.glob("f*"):
                text = path.read_text()
                assert len(text) == 5000
                assert len(set(text)) == 1
    finally:
        done.set()
        editor.join()


def test_cancelling(work: Path, tmp_path: Path) -> None:
    _fill(work)
    commit(work)
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        make_shadow(Root(work), Overlay(Root(work)), tmp_path, cancel)

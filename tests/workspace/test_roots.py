"""Confinement: what leaves the root, or enters git's folder, by any spelling."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.workspace import roots
from lsp_agent.workspace.errors import OutsideRootError
from lsp_agent.workspace.roots import Root, clean_path, is_addressable, is_git_folder

posix = pytest.mark.skipif(os.name == "nt", reason="makes links and odd names")
COMPOSED = "caf\u00e9.py"
DECOMPOSED = unicodedata.normalize("NFD", COMPOSED)


@pytest.fixture
def root(tmp_path: Path) -> Root:
    """A root with one file, beside a folder that is not in it."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.txt").write_text("secret")
    folder = tmp_path / "work"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "a.py").write_text("")
    (folder / ".git" / "hooks").mkdir(parents=True)
    return Root(folder)


@pytest.mark.parametrize(
    "path",
    [
        "..", "../x", "src/../../x", "src/..", "/etc/passwd", "//server/share", "\\\\server\\share",
        "\\\\?\\C:\\x", "C:\\x", "c:/x", "C:x", "..\\x", "src\\..\\..\\x", "~", "~/x", "a\0b", "\0",
        "...", "src/.. /x", "src/.. ./x", "．．/x", "‥/x", "…/x", "．/x", ".\u200b./x", "\u200b/x",
        "src／..／..／x", "a\uff3cb", "℀/x", "\ud800", "caf\udce9",
    ],
)  # fmt: skip
def test_a_path_that_could_leave_is_refused(root: Root, path: str) -> None:
    for for_write in (False, True):
        with pytest.raises(OutsideRootError) as caught:
            root.resolve(path, for_write=for_write)
    assert caught.value.code == "outside-workspace"
    assert repr(path) in str(caught.value)


@pytest.mark.parametrize(
    ("path", "clean"),
    [
        ("", ""),
        (".", ""),
        ("./src//a.py", "src/a.py"),
        ("src\\a.py", "src/a.py"),
        ("src/", "src"),
        ("~$draft.txt", "~$draft.txt"),
        ("..a/b..", "..a/b.."),
        pytest.param("file:/etc/x", "file:/etc/x", marks=posix),
        ("漢字/😀.py", "漢字/😀.py"),
    ],
)
def test_other_paths_stay_inside(root: Root, path: str, clean: str) -> None:
    assert clean_path(path) == clean
    assert root.resolve(path) == root.path / clean


@given(st.text(st.sampled_from("a.b/\\~: \0\u200b．‥／é\u202e"), max_size=10))
def test_no_spelling_leaves(path: str) -> None:
    root = Root(Path("/nowhere/at/all"))
    try:
        real = root.resolve(path, for_write=True)
    except OutsideRootError:
        return
    assert real == root.path or root.path in real.parents
    assert ".." not in real.parts


GIT_SPELLINGS = [
    ".git", ".git/config", ".GIT/config", ".Git\\hooks\\x", "src/.git/config", ".git./x", ".git /x",
    ".git . ./x", ".git::$INDEX_ALLOCATION/config", ".git:x", "GIT~1/config", "git~2",
    ".g\u200cit/config", "\u200b.git/x", ".gi\ufefft/x", ".g\u2066it", ".ｇｉｔ/config",
    "．git/config", ".ℊit/x", ".gIt/x",
]  # fmt: skip


@pytest.mark.parametrize("path", GIT_SPELLINGS)
def test_gits_folder_is_never_written(root: Root, path: str) -> None:
    with pytest.raises(OutsideRootError, match=r"belongs to git"):
        root.resolve(path, for_write=True)


@pytest.mark.parametrize("path", [".gitignore", ".github/x", "git", ".gitx", "digit~1", "git~x"])
def test_names_like_gits_are_writable(root: Root, path: str) -> None:
    assert root.resolve(path, for_write=True) == root.path / path
    assert not is_git_folder(path.split("/", maxsplit=1)[0])


def test_gits_folder_may_be_read(root: Root) -> None:
    assert root.resolve(".git/config") == root.path / ".git" / "config"


@posix
@pytest.mark.parametrize("target", ["../outside", "/", "../outside/secret.txt", "../outside/new"])
def test_a_link_that_leaves_is_refused(root: Root, target: str) -> None:
    (root.path / "link").symlink_to(target)
    (root.path / "second").symlink_to("link")
    for path in ("link", "second", "link/x", "second/x/y"):
        with pytest.raises(OutsideRootError, match="through a link"):
            root.resolve(path)


@posix
def test_a_link_made_after_the_check_is_seen_by_the_next(root: Root) -> None:
    assert root.resolve("later/x.py") == root.path / "later/x.py"
    (root.path / "later").symlink_to("../outside")
    with pytest.raises(OutsideRootError):
        root.resolve("later/x.py", for_write=True)


@posix
def test_links_inside_lead_to_the_one_file(root: Root) -> None:
    (root.path / "link.py").symlink_to("src/a.py")
    (root.path / "lib").symlink_to("src")
    (root.path / "dangling").symlink_to("src/new.py")
    assert root.canonical("link.py") == root.canonical("lib/a.py") == "src/a.py"
    assert root.canonical("dangling") == "src/new.py"
    assert root.canonical(".") == ""
    assert root.is_link("link.py")
    assert not root.is_link("lib/a.py")
    assert not root.is_link("missing")


@posix
def test_a_link_into_gits_folder_is_not_written(root: Root) -> None:
    (root.path / "innocent").symlink_to(".git/hooks")
    with pytest.raises(OutsideRootError, match="belongs to git"):
        root.resolve("innocent/pre-commit", for_write=True)


@posix
def test_a_loop_of_links_stays_inside(root: Root) -> None:
    (root.path / "one").symlink_to("two")
    (root.path / "two").symlink_to("one")
    assert root.resolve("one/x").is_relative_to(root.path)


@posix
def test_the_root_itself_may_be_behind_a_link(root: Root, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(root.path)
    aliased = Root(tmp_path / "alias")
    assert aliased.path == root.path
    assert aliased.relative(tmp_path / "alias" / "src" / "a.py") == "src/a.py"
    assert repr(aliased) == f"Root({str(root.path)!r})"


def test_relative_and_contains(root: Root, tmp_path: Path) -> None:
    assert root.relative(root.path / "src" / "new" / "x.py") == "src/new/x.py"
    assert root.relative(root.path) == ""
    assert root.contains(root.path)
    assert root.contains(root.path / "src" / ".." / "x.py")
    assert not root.contains(tmp_path / "outside" / "secret.txt")
    assert not root.contains(tmp_path / "work-not")
    with pytest.raises(OutsideRootError, match=r"'secret.txt' lies outside"):
        root.relative(tmp_path / "outside" / "secret.txt")


@posix
@pytest.mark.parametrize(("there", "asked"), [(COMPOSED, DECOMPOSED), (DECOMPOSED, COMPOSED)])
def test_both_unicode_forms_mean_the_file_that_is_there(root: Root, there: str, asked: str) -> None:
    (root.path / there).write_text("x")
    assert root.resolve(asked).name == there
    assert root.canonical(f"./{asked}") == there
    assert root.resolve(f"new/{asked}").name == asked
    assert root.fold(there) == root.fold(asked)


@posix
def test_where_both_forms_exist_each_is_itself(root: Root) -> None:
    for name in (COMPOSED, DECOMPOSED):
        (root.path / name).write_text(name)
    if sum(1 for _ in root.path.iterdir()) < 4:
        pytest.skip("this file system keeps one form")
    assert root.resolve(COMPOSED).name == COMPOSED
    assert root.resolve(DECOMPOSED).name == DECOMPOSED


def test_case_follows_the_disk(root: Root) -> None:
    swapped = root.path / "SRC"
    assert root.ignores_case == swapped.exists()
    assert Root(root.path / "missing" / "folder").ignores_case is False or swapped.exists()


def test_without_any_letter_nothing_tells_about_case(tmp_path: Path) -> None:
    (tmp_path / "123").mkdir()
    assert Root(tmp_path / "123").ignores_case is False


def test_where_case_is_ignored_a_file_has_one_name(
    root: Root, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = os.path.lexists

    def ignoring(path: str) -> bool:
        folder, name = os.path.split(path)
        known = [entry.name.lower() for entry in Path(folder).iterdir()] if there(folder) else []
        return there(path) or name.lower() in known

    (root.path / "src" / "ReadMe.md").write_text("x")
    mac = Root(root.path, ignores_case=True)
    monkeypatch.setattr(os.path, "lexists", ignoring)
    assert mac.canonical("SRC/README.MD") == "src/ReadMe.md"
    assert mac.canonical("src/ReadMe.md") == "src/ReadMe.md"
    assert mac.fold("SRC/x") == mac.fold("src/X")
    assert Root(root.path, ignores_case=False).fold("A") == "A"
    monkeypatch.setattr(os, "listdir", lambda _: (_ for _ in ()).throw(PermissionError))
    monkeypatch.setattr(os.path, "lexists", lambda _: True)
    assert mac.canonical("SRC/x") == "SRC/x"


@pytest.mark.parametrize(
    "path", ["src/a:b", "x.", "y ", "NUL", "con.txt", "src/Com1", 'q"', "a\x01"]
)
def test_names_that_windows_would_change_are_refused_there(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roots, "_ON_WINDOWS", False)
    assert clean_path(path) == path
    monkeypatch.setattr(roots, "_ON_WINDOWS", True)
    with pytest.raises(OutsideRootError, match="Windows"):
        clean_path(path)
    assert clean_path("console/com/x.y") == "console/com/x.y"


def test_only_names_that_a_path_can_spell_are_addressable() -> None:
    assert is_addressable("a b.py")
    for name in ("a\\b", "...", "caf\udce9", "℀", "C:x"):
        assert not is_addressable(name)

"""Single files as they change: whatever happens, the index is what a fresh build would make."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lsp_agent.cancel import CancelToken
from lsp_agent.index.build import BuildOptions, build
from lsp_agent.index.update import below, update
from tests.index.conftest import ONE, Shelf, content

PATHS = (
    "a.py", "b.py", "pkg/__init__.py", "pkg/a.py", "pkg/deep/c.py", "web/index.js", "web/a.js",
    "größe 😀.py", "notes.md", "pkg2/a.py",
)  # fmt: skip
TEXTS = (
    "", "def one(): return two()\n", "class Größe:\n    def one(self): pass\n",
    "from pkg import a\nfrom . import b\nimport pkg.deep.c\nx = a.one(b)\n",
    "from .deep import c\nfrom ..pkg2 import a\n", "import {one} from './a'\nimport x from '.'\n",
    "one(); one(); two()\n", "# @generated\ndef hidden(): pass\n", b"\0\1", b"gr\xf6\xdfe = 1\n",
    "# größe\nimport a\n", "def broken(:\n  (((\n",
)  # fmt: skip
PATH = st.sampled_from(PATHS)
WRITE = st.tuples(st.just("write"), PATH, st.sampled_from(TEXTS))
DELETE = st.tuples(st.just("delete"), st.sampled_from([*PATHS, "pkg", "pkg/deep", "web"]))
RENAME = st.tuples(
    st.just("rename"), st.sampled_from([*PATHS, "pkg", "web"]), st.sampled_from([*PATHS, "moved"])
)


def carry_out(folder: Path, step: tuple[str, ...]) -> list[str]:
    """Change the disk; return the paths that an editor would tell of."""
    kind, path = step[0], step[1]
    target = folder / path
    if kind == "write":
        if target.is_dir() or any(up.is_file() for up in target.parents):
            return []
        target.parent.mkdir(parents=True, exist_ok=True)
        text = step[2]
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
    elif not target.exists():
        return [path]
    elif kind == "delete":
        shutil.rmtree(target) if target.is_dir() else target.unlink()
    else:
        new = folder / step[2]
        if new.exists() or target in new.parents or any(up.is_file() for up in new.parents):
            return []
        new.parent.mkdir(parents=True, exist_ok=True)
        target.rename(new)
        return [path, step[2]]
    return [path]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.tuples(PATH, st.sampled_from(TEXTS)), max_size=5),
    st.lists(st.one_of(WRITE, WRITE, DELETE, RENAME), min_size=1, max_size=12),
    st.booleans(),
)
def test_updated_is_as_built(
    first: list[tuple[str, str]], steps: list[tuple[str, ...]], at_once: bool
) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        shelf = Shelf(Path(scratch))
        for path, text in first:
            carry_out(shelf.folder, ("write", path, text))
        shelf.build()
        told = []
        for step in steps:
            told += carry_out(shelf.folder, step)
            if not at_once:
                shelf.update(*told)
                told = []
        shelf.update(*told)
        fresh = Path(scratch) / "fresh" / "i.sqlite"
        build(shelf.root, fresh, ONE, CancelToken())
        assert shelf.content() == content(fresh)
        shelf.check()
        # And a build after that finds nothing to do but the graph.
        assert shelf.build().read == 0
        assert sorted(shelf.reader().edges()) == sorted(edges_of(fresh))


def edges_of(database: Path) -> list[tuple[str, str, float]]:
    from lsp_agent.index.reader import IndexReader

    return IndexReader(database).edges()


def test_a_file_is_seen_at_once(shelf: Shelf) -> None:
    shelf.write("a.py", "def one(): pass\n")
    shelf.build()
    reader = shelf.reader()
    before = reader.generation()
    shelf.write("a.py", "def zwei(): pass\n")
    shelf.update("a.py")
    assert [row.path for row in reader.symbols("zwei")] == ["a.py"]
    assert reader.symbols("one") == []
    assert reader.generation() > before
    unchanged = reader.generation()
    shelf.update("a.py")
    assert reader.generation() == unchanged


def test_imports_of_a_file_that_comes_are_found(shelf: Shelf) -> None:
    shelf.write("main.py", "from shop import till\nimport other\n")
    shelf.build()
    assert [row.target for row in shelf.reader().imports("main.py")] == [None, None]
    shelf.write("shop/till.py", "x = 1\n")
    shelf.update("shop/till.py")
    assert [row.target for row in shelf.reader().imports("main.py")] == ["shop/till.py", None]
    (shelf.folder / "shop/till.py").rename(shelf.folder / "other.py")
    shelf.update("shop", "other.py")
    assert [row.target for row in shelf.reader().imports("main.py")] == [None, "other.py"]


def test_a_folder_stands_for_its_files(shelf: Shelf) -> None:
    shelf.write("old/a.py", "def one(): pass\n")
    shelf.write("old/in/b.py", "def two(): pass\n")
    shelf.write("older.py", "def three(): pass\n")
    shelf.build()
    (shelf.folder / "old").rename(shelf.folder / "new")
    shelf.update("old", "new")
    assert shelf.reader().paths() == ["new/a.py", "new/in/b.py", "older.py"]
    # Nothing is lost for an event about a folder that is still there.
    shelf.update("new")
    assert shelf.names("one") == ["new/a.py:one"]
    shutil.rmtree(shelf.folder / "new")
    shelf.update("new")
    assert shelf.reader().paths() == ["older.py"]


def test_links_are_the_files_that_they_lead_to(shelf: Shelf, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.py").write_text("def secret(): pass\n")
    shelf.write("real/a.py", "def one(): pass\n")
    (shelf.folder / "in").symlink_to("real")
    (shelf.folder / "out").symlink_to(outside)
    (shelf.folder / "b.py").symlink_to("real/a.py")
    (shelf.folder / "c.py").symlink_to(outside / "secret.py")
    (shelf.folder / "loop").symlink_to("loop")
    shelf.build()
    assert shelf.reader().paths() == ["real/a.py"]
    shelf.write("real/a.py", "def eins(): pass\n")
    shelf.update("in/a.py", "out/secret.py", "out", "b.py", "c.py", "in", "loop", "../outside")
    assert shelf.reader().paths() == ["real/a.py"]
    assert shelf.reader().skipped() == []
    assert shelf.names("eins") == ["real/a.py:eins"]
    assert shelf.names("secret") == []


def test_what_the_rules_leave_out_is_forgotten(shelf: Shelf) -> None:
    shelf.write("a.py", "def one(): pass\n")
    shelf.write("gen/b.py", "def two(): pass\n")
    shelf.build()
    shelf.write(".gitignore", "gen/\n")
    shelf.update("gen/b.py", ".gitignore")
    assert shelf.names("two") == []
    assert below(shelf.root, ONE, ["gen"], 10) == ["gen"]


def test_many_files_are_too_many(shelf: Shelf) -> None:
    for number in range(8):
        shelf.write(f"d/{number}.py", "")
    assert below(shelf.root, ONE, ["d"], 5) is None
    assert below(shelf.root, ONE, [f"x{number}" for number in range(8)], 5) is None
    assert len(below(shelf.root, ONE, ["d"], 20) or []) == 9


def test_many_updates_leave_little_behind(shelf: Shelf) -> None:
    shelf.write("keep.py", "def kept(): pass\n")
    shelf.build()
    for number in range(100):
        text = "".join(f"def name_{number}_{n}(): pass\n" for n in range(20))
        shelf.write("a.py", text)
        shelf.update("a.py")
    grown = shelf.database.stat().st_size
    shelf.build()
    assert shelf.database.stat().st_size < grown
    assert len(shelf.names("name_99")) == 20
    assert shelf.reader().definitions("name_98_1") == []
    shelf.check()


def test_an_update_of_no_index_makes_an_incomplete_one(shelf: Shelf) -> None:
    shelf.write("a.py", "def one(): pass\n")
    update(shelf.root, shelf.database, BuildOptions(), ["a.py"])
    assert shelf.names("one") == ["a.py:one"]
    assert not shelf.reader().complete()

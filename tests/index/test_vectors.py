"""Vectors in the database: the same neighbours however they are found."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.cancel import CancelToken
from lsp_agent.index.build import BuildOptions, build
from lsp_agent.index.types import IndexUnavailableError
from lsp_agent.index.vectors import (
    NearPassage,
    PassageKey,
    VectorStore,
    load_extension,
    pack_vector,
)
from lsp_agent.workspace.roots import Root

needs_extension = pytest.mark.skipif(
    not load_extension(sqlite3.connect(":memory:")),
    reason="this Python's SQLite loads no extensions, or sqlite-vec is not installed",
)


def digest(number: int) -> bytes:
    return number.to_bytes(16, "big")


@pytest.fixture
def store(tmp_path: Path) -> VectorStore:
    """Return a store over three files of twenty passages each."""
    folder = tmp_path / "work"
    folder.mkdir()
    for name in ("a", "b", "c"):
        (folder / f"{name}.py").write_text(f"def {name}(): pass\n")
    index(folder, tmp_path / "index.sqlite")
    made = VectorStore(tmp_path / "index.sqlite")
    for path, doc in made.unread(10):
        start = 100 * (ord(path[0]) - ord("a"))
        made.put_passages(doc, [PassageKey(at, at + 1, digest(start + at)) for at in range(20)])
    return made


def index(folder: Path, path: Path) -> None:
    build(Root(folder), path, BuildOptions(processes=1), CancelToken())


def fill(store: VectorStore, model: str, dimensions: int) -> np.random.Generator:
    random = np.random.default_rng(7)
    while missing := store.missing(model, 16):
        store.put_vectors(
            model, [(key.digest, random.standard_normal(dimensions).tolist()) for _, key in missing]
        )
    return random


def test_the_nearest_are_those_that_point_the_same_way(store: VectorStore) -> None:
    random = fill(store, "m", 32)
    wanted = random.standard_normal(32)
    store.put_vectors("m", [(digest(105), (3 * wanted).tolist())])
    first, *others = store.nearest("m", wanted.tolist(), 5)
    assert (first.path, first.start_line, first.end_line) == ("b.py", 5, 6)
    assert first.likeness == pytest.approx(1, abs=0.01)
    assert [one.likeness for one in others] == sorted((o.likeness for o in others), reverse=True)
    assert len(others) == 4
    assert others[0].likeness < 0.9


def test_a_model_sees_its_own_vectors_only(store: VectorStore) -> None:
    fill(store, "small", 8)
    assert store.counts("small") == (60, 60)
    assert store.counts("large") == (0, 60)
    assert store.nearest("large", [1.0] * 8, 5) == []
    assert store.nearest("small", [1.0] * 16, 5) == []
    fill(store, "large", 16)
    store.forget_dead("large")
    assert store.counts("small") == (0, 60)
    assert store.counts("large") == (60, 60)


def test_changed_files_ask_for_their_passages_anew(store: VectorStore, tmp_path: Path) -> None:
    fill(store, "m", 8)
    assert store.unread(10) == []
    (tmp_path / "work" / "a.py").write_text("def other(): pass\n")
    index(tmp_path / "work", tmp_path / "index.sqlite")
    ((path, doc),) = store.unread(10)
    assert path == "a.py"
    assert store.counts("m") == (40, 40)
    store.put_passages(doc, [])
    assert store.unread(10) == []
    # A text that stands elsewhere now keeps its vector.
    store.put_passages(doc, [PassageKey(50, 51, digest(3))])
    assert store.counts("m") == (41, 41)


@needs_extension
def test_the_extension_and_numpy_agree(store: VectorStore) -> None:
    random = fill(store, "m", 64)
    for _ in range(20):
        wanted = random.standard_normal(64).tolist()
        one = store.nearest("m", wanted, 7)
        other = store.nearest("m", wanted, 7, extension=False)
        assert [hit(row) for row in one] == [hit(row) for row in other]
        assert [r.likeness for r in one] == pytest.approx([r.likeness for r in other], abs=1e-5)


def hit(row: NearPassage) -> tuple[str, int]:
    return row.path, row.start_line


@given(st.lists(st.floats(-1e3, 1e3, width=32), min_size=1, max_size=64))
def test_packing_keeps_the_direction(values: list[float]) -> None:
    packed = np.frombuffer(pack_vector(values), np.int8).astype(float)
    assert len(packed) == len(values)
    length = np.linalg.norm(values) * np.linalg.norm(packed)
    if length > 1e-6:
        assert float(np.dot(values, packed)) / length > 0.98


def test_a_folder_for_a_database_is_an_error_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "index.sqlite").mkdir()
    with pytest.raises(IndexUnavailableError, match=r"index\.sqlite"):
        VectorStore(tmp_path / "index.sqlite").counts("m")

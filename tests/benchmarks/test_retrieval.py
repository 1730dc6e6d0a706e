"""The retrieval benchmark: histories from releases, questions from them, both sides' answers."""

from __future__ import annotations

import io
import re
import subprocess
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.retrieval.cases import Snapshots, cases
from benchmarks.retrieval.measure import Score, measure
from benchmarks.retrieval.plain import FullText, plain_bm25, query_tokens, tokens
from benchmarks.retrieval.projects import Project
from benchmarks.retrieval.repositories import make_repository, releases
from benchmarks.retrieval.sdists import fetch_sdists, main_line

SECTION = r"^{version}\n-+\n(.*?)(?=^\d+(?:\.\d+)+\n-+\n|\Z)"
PROJECT = Project("shop", "1", "3", "shop", "CHANGES.rst", SECTION, "shop/version.py", "tuning")
NOTES = """Changes

1.0.2
-----
* Mend the receipt's printer

1.0.1
-----
* Round prices to the currency again
* Tell the menu's dishes by name

1.0.0
-----
* First
"""
TREE = {
    "shop/version.py": "VERSION = 0",
    "shop/price.py": "def round_price(): currency = 1",
    "shop/menu.py": "class Menu: dishes by name",
    "shop/receipt.py": "def print_receipt(): the printer of a receipt",
    "shop/tests/test_menu.py": "def test_menu(): menu dishes name",
    "setup.py": "setup()",
    "CHANGES.rst": NOTES,
}


def sdist(folder: Path, version: str, files: dict[str, str], time: int) -> None:
    with tarfile.open(folder / f"shop-{version}.tar.gz", "w:gz") as bundle:
        for path, text in files.items():
            member = tarfile.TarInfo(f"shop-{version}/{path}")
            member.size, member.mtime = len(text.encode()), time
            bundle.addfile(member, io.BytesIO(text.encode()))


@pytest.fixture
def archives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Serve three releases, one that is too late for its series, and one that is no release."""
    folder = tmp_path / "index"
    folder.mkdir()
    second = TREE | {
        "shop/version.py": "VERSION = 1",
        "shop/price.py": "def round_price(): currency = 2",
        "shop/menu.py": "class Menu: dishes by their name",
        "shop/tests/test_menu.py": "def test_menu(): menu dish name",
    }
    third = second | {
        "shop/version.py": "VERSION = 2",
        "shop/receipt.py": "def print_receipt(): the other printer of a receipt",
    }
    sdist(folder, "1.0", TREE, 1000)
    sdist(folder, "1.0.1", second, 2000)
    sdist(folder, "1.0.2", third, 3000)
    sdist(folder, "1.1.0", third, 4000)
    sdist(folder, "1.0.3", TREE, 5000)
    sdist(folder, "1.2.0rc1", TREE, 6000)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


@pytest.fixture
def repository(archives: Path, tmp_path: Path) -> Path:
    pytest.importorskip("pip")
    found = fetch_sdists("shop", tmp_path / "sdists", PROJECT.least, PROJECT.most)
    folder = tmp_path / "repositories" / "shop"
    make_repository(folder, releases(PROJECT, found))
    return folder


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)
    return done.stdout.decode()


def test_releases_become_commits(repository: Path) -> None:
    log = git(repository, "log", "--reverse", "--format=%s|%at|%b|")
    assert [row.split("|")[:2] for row in re.findall(r"(?m)^\d.*", log)] == [
        ["1.0", "1000"], ["1.0.1", "2000"], ["1.0.2", "3000"], ["1.1.0", "4000"],
    ]  # fmt: skip
    assert "Round prices" in git(repository, "log", "-1", "--format=%b", "HEAD~2")
    assert "Release 1.1.0" in git(repository, "log", "-1", "--format=%b")
    listed = git(repository, "ls-tree", "-r", "--name-only", "HEAD").split()
    assert listed == ["shop/menu.py", "shop/price.py", "shop/receipt.py", "shop/version.py"]


def test_releases_that_are_there_are_not_fetched_again(
    repository: Path, archives: Path, tmp_path: Path
) -> None:
    for one in archives.glob("*.tar.gz"):
        one.write_bytes(b"broken")
    found = fetch_sdists("shop", tmp_path / "sdists", "1", "3")
    assert [one.version for one in found] == ["1.0", "1.0.1", "1.0.2", "1.1.0"]


def test_a_series_ends_where_a_later_one_begins() -> None:
    times = {
        (1, 0): 1,
        (1, 0, 1): 2,
        (1, 1): 3,
        (1, 0, 2): 4,
        (2, 0): 5,
        (1, 1, 1): 5,
        (2, 0, 1): 6,
    }
    assert main_line(times, times.__getitem__) == [(1, 0), (1, 0, 1), (1, 1), (2, 0), (2, 0, 1)]


def test_questions_know_the_past_only(repository: Path) -> None:
    snapshots = Snapshots(repository, re.compile(""))
    try:
        first, second = cases(repository, snapshots, PROJECT.version_file)
    finally:
        snapshots.close()
    assert first.changed == {"shop/price.py", "shop/menu.py"}
    assert second.changed == {"shop/receipt.py"}
    assert [one.message.split()[0] for one in second.past] == ["1.0.1", "1.0"]
    assert set(first.tree) == set(second.tree) == {path for path in TREE if PROJECT.is_source(path)}
    old = git(repository, "rev-parse", "HEAD~3:shop/price.py").strip()
    assert first.tree["shop/price.py"] == old


def test_a_repository_is_measured(repository: Path) -> None:
    outcome = measure("shop", repository, re.compile(""), PROJECT.version_file)
    assert {way: outcome.mean(way).recall for way in outcome.scores} == {
        "plain BM25": 1.0, "FTS5 bm25()": 1.0, "ours": 1.0,
    }  # fmt: skip
    assert outcome.ratio == 1.0
    assert "2 commits, 4 files, 1.5 changed" in "\n".join(outcome.table())


def test_scores() -> None:
    found = ["a", "b", "c", *"0123456", "d"]
    assert Score.of(found, frozenset("bcd")) == Score(2 / 3, 1.0, 0.5)
    assert Score.of(found, frozenset("d")) == Score(0.0, 0.0, 0.0)


@given(
    st.dictionaries(
        st.sampled_from(["a", "b", "c", "d"]),
        st.lists(st.sampled_from(["one", "two", "three", "four"]), min_size=1, max_size=9),
        min_size=1,
    )
)
def test_plain_bm25_is_that_of_fts5(files: dict[str, list[str]]) -> None:
    texts = {path: " ".join(words) for path, words in files.items()}
    database = FullText()
    database.show({"old": "old"}, {"old": "two three"})
    database.show({path: path for path in texts}, texts)
    query = query_tokens("Of one or two, three")
    ours = plain_bm25(query, {path: tokens(text) for path, text in texts.items()})
    assert database.search(query, 10) == ours

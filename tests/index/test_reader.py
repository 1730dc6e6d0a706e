"""Questions to the index: the likeliest first, nothing that is not there."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.index.packing import pack, unpack
from lsp_agent.index.symbol_search import grade
from lsp_agent.index.types import IndexUnavailableError, Place
from tests.index.conftest import Shelf


@pytest.fixture
def library(shelf: Shelf) -> Shelf:
    shelf.write(
        "lib/http.py",
        "class HTTPServer:\n    def serve(self): pass\n    def _server_close(self): pass\n"
        "class Server:\n    pass\ndef server(): pass\ndef observer(): pass\n"
        "def make_server(): pass\n",
    )
    shelf.write("tests/test_http.py", "class Server:\n    def test_serve(self): pass\n")
    shelf.write("web/größe.js", "class Größe {}\nfunction serve() {}\n")
    shelf.build()
    return shelf


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("Server", "lib/http.py:Server"),
        ("server", "lib/http.py:server"),
        ("HTTPS", "lib/http.py:HTTPServer"),
        ("httpserver", "lib/http.py:HTTPServer"),
        ("make", "lib/http.py:make_server"),
        ("observ", "lib/http.py:observer"),
        ("HTTPServer.serve", "lib/http.py:HTTPServer.serve"),
        ("HTTPServer::serve", "lib/http.py:HTTPServer.serve"),
        ("web/serve", "web/größe.js:serve"),
        ("größe", "web/größe.js:Größe"),
        ("mksrv", "lib/http.py:make_server"),
        ("  Server ", "lib/http.py:Server"),
    ],
)
def test_the_likeliest_comes_first(library: Shelf, query: str, first: str) -> None:
    assert library.names(query)[0] == first


def test_what_is_named_exactly_so_comes_first(shelf: Shelf) -> None:
    shelf.write("a/observe.py", "class Observer:\n    def serve(self): pass\n")
    shelf.write("a/b.py", "class Wide:\n    class ServerLike:\n        def serve(self): pass\n")
    shelf.write("z/z.py", "class Far:\n    class Server:\n        def serve(self): pass\n")
    shelf.write("z/server.py", "def serve(): pass\n")
    for number in range(12):
        shelf.write(f"m/m{number}.py", "def serve(): pass\n" * 100)
    shelf.build()
    assert shelf.names("Server.serve") == [
        "z/z.py:Far.Server.serve",
        "z/server.py:serve",
        "a/b.py:Wide.ServerLike.serve",
        "a/observe.py:Observer.serve",
    ]


def test_a_test_comes_after_what_it_tests(library: Shelf) -> None:
    assert [path for path in library.names("Server") if path.endswith(":Server")] == [
        "lib/http.py:Server",
        "tests/test_http.py:Server",
    ]


@pytest.mark.parametrize(
    "query",
    ["", " ", ".", "::", "zzzz", '"', "a AND b", "*", "x" * 10_000, "\0", "😀", "NEAR(", "%"],
)
def test_nothing_is_found_for_odd_queries(library: Shelf, query: str) -> None:
    assert library.reader().symbols(query) == []
    assert isinstance(list(library.reader().candidates(query)), list)


def test_limits_kinds_and_languages(library: Shelf) -> None:
    reader = library.reader()
    assert len(reader.symbols("s", limit=2)) == 2
    assert {row.kind for row in reader.symbols("serve", kinds=["method"])} == {"method"}
    assert [row.path for row in reader.symbols("serve", languages=["javascript"])] == [
        "web/größe.js"
    ]
    assert reader.languages() == {"python": 2, "javascript": 1}


def test_outlines_of_many_files(library: Shelf) -> None:
    reader = library.reader()
    found = reader.outlines(["lib/http.py", "missing.py", *(f"no{n}.py" for n in range(1200))])
    assert found["lib/http.py"] == reader.outline("lib/http.py")
    assert found["missing.py"] == []
    assert len(found) == 1202


def test_without_an_index(shelf: Shelf) -> None:
    reader = shelf.reader()
    with pytest.raises(IndexUnavailableError, match="lsp-agent index"):
        reader.symbols("x")
    assert not reader.complete()
    assert reader.status().state == "missing"


def test_many_threads(library: Shelf) -> None:
    reader = library.reader()
    found: list[int] = []

    def ask() -> None:
        found.extend(
            len(reader.symbols("serve")) + len(list(reader.candidates("class"))) for _ in range(50)
        )

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 300
    assert len(set(found)) == 1
    reader.close()
    with pytest.raises(IndexUnavailableError):
        reader.paths()


@given(st.text(min_size=1, max_size=12), st.text(min_size=1, max_size=6))
def test_grades_are_in_order(name: str, query: str) -> None:
    assert grade(name, name) == 0
    fit = grade(name, query)
    if query.lower() in name.lower():
        assert fit is not None
        assert fit < 5
    elif fit is not None:
        assert fit == 5


@given(
    st.lists(
        st.tuples(st.integers(0, 1 << 20), st.integers(0, 1 << 20), st.booleans()), max_size=30
    )
)
def test_packing_round_trips(places: list[tuple[int, int, bool]]) -> None:
    places.sort()
    assert unpack(pack(places)) == [Place(*place) for place in places]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open files are counted on Linux")
def test_threads_that_end_leave_no_connection_open(shelf: Shelf) -> None:
    shelf.write("a.py", "def one(): pass\n")
    shelf.build()
    reader = shelf.reader()

    def opened() -> int:
        links = [os.path.realpath(one) for one in Path("/proc/self/fd").iterdir()]
        return links.count(str(shelf.database))

    for _ in range(10):
        thread = threading.Thread(target=reader.definitions, args=("one",))
        thread.start()
        thread.join()
    assert opened() == 1
    lazy = reader.candidates("one")
    assert next(lazy) == "a.py"
    assert reader.definitions("one")
    assert opened() == 2
    reader.close()
    lazy.close()
    assert opened() == 0
    with pytest.raises(IndexUnavailableError, match="closed"):
        reader.definitions("one")

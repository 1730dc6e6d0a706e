"""Where the tests of a source file lie, or would: by the project's other tests, else by custom."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Sequence

from lsp_agent.syntax.languages import ECMA, language_of
from lsp_agent.verify.affected import is_alike, is_runnable_test, stem_of

# The languages for whose code a place for tests is known.
_TESTED = frozenset({"python", "go"}) | ECMA
_MOST_SEEN = 400


def file_of_tests(path: str, paths: Iterable[str]) -> str:
    """Return the file that tests of a source file belong in; it need not be there.

    ``paths`` are those of the project. Pure; cost: a look at each path.
    """
    stem, folder = _stem(path), posixpath.dirname(path)
    tests = [one for one in paths if is_runnable_test(one) and is_alike(path, one)][:_MOST_SEEN]
    known = [one for one in tests if stem_of(one) == stem]
    if known:
        return max(known, key=lambda one: (_shared(one, path), -len(one)))
    if path.endswith(".go"):
        return posixpath.join(folder, f"{stem}_test.go")
    return posixpath.join(_folder(path, tests), _name(path, stem, tests))


def _stem(path: str) -> str:
    """Return what a file is called after: a package's ``__init__`` and ``index`` say nothing."""
    stem = stem_of(path)
    folder = posixpath.basename(posixpath.dirname(path))
    return folder if stem in ("__init__", "index") and folder else stem


def _shared(one: str, other: str) -> int:
    """Return how many folders two paths have in common, wherever these stand in them."""
    return len(set(one.split("/")[:-1]) & set(other.split("/")[:-1]))


def _folder(path: str, tests: Sequence[str]) -> str:
    folder = posixpath.dirname(path)
    folders = Counter(posixpath.dirname(one) for one in tests)
    if not folders:
        return "tests" if path.endswith(".py") else folder
    if folder in folders:
        return folder
    own = folder.split("/")
    # tests/shop for what lies in src/shop.
    mirrors = [one for one in folders if folder and one.split("/")[-1] == own[-1]]
    if mirrors:
        return max(mirrors, key=lambda one: (_shared(one, path), -len(one)))
    if all(posixpath.basename(one) == "__tests__" for one in folders):
        return posixpath.join(folder, "__tests__")
    if path.endswith(".py") or posixpath.basename(min(folders, key=len)).startswith("test"):
        return min(folders, key=lambda one: (one.count("/"), -folders[one], one))
    return folder


def _name(path: str, stem: str, tests: Sequence[str]) -> str:
    ending = posixpath.splitext(path)[1]
    if ending in (".py", ".pyi", ".pyw"):
        behind = sum(one.endswith("_test.py") for one in tests)
        return f"{stem}_test.py" if behind * 2 > len(tests) else f"test_{stem}.py"
    marks = Counter(
        mark
        for one in tests
        for mark in (".test", ".spec")
        if f"{mark}." in posixpath.basename(one)
    )
    mark = marks.most_common(1)[0][0] if marks else ".test"
    return f"{stem}{mark}{ending}"


def is_tested(path: str) -> bool:
    """Whether tests can be written for a file: its language is known, and it is none itself."""
    return language_of(path) in _TESTED and not is_runnable_test(path)

"""Which tests an edit concerns: by imports, by names of files, by the names that changed."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from lsp_agent.index.view import IndexView
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.languages import ECMA, language_of
from lsp_agent.workspace.errors import OutsideRootError, UnreadableFileError
from lsp_agent.workspace.overlay import FileChange, Overlay
from lsp_agent.workspace.sequences import hunks
from lsp_agent.workspace.text import split_lines

_RUNNABLE = re.compile(
    r"(?:^|/)test_[^/]*\.py$|_test\.py$|_test\.go$|\.(?:test|spec)\.[cm]?[jt]sx?$"
    r"|(?:^|/)__tests__/[^/]*\.[cm]?[jt]sx?$|(?:^|/)tests/[^/]*\.rs$"
)
_STEM = re.compile(r"^(?:test_)?(?P<stem>.+?)(?:_test|\.test|\.spec)?$")
_ITSELF, _NAMESAKE, _IMPORTS, _NAMES, _MENTIONS = 16.0, 8.0, 4.0, 2.0, 1.0
_DEPTH, _MAX_IMPORTERS = 3, 400
_MAX_NAMES, _LEAST_NAME = 20, 3
_MAX_WALKED, _MAX_READ = 20_000, 200
_MANY_TESTS = 40


def is_runnable_test(path: str) -> bool:
    """Whether a path is that of a file whose tests a runner can be asked for."""
    return _RUNNABLE.search(path) is not None


def affected_tests(
    overlay: Overlay, view: IndexView | None, limit: int, check: Callable[[], None]
) -> list[str]:
    """Return the tests that the overlay's changes concern, the likeliest first.

    Each is a file, or a test of pytest in a file with many of which only some name what changed.
    Without an index the tests' own texts are looked at. Cost: some questions to the index, or
    reading at most 200 files. ``check`` may raise.
    """
    changes = overlay.changes()
    scores: dict[str, float] = defaultdict(float)
    changed = {path for one in changes for path in (one.path, one.new_path) if path}
    names = changed_names(changes)
    for path in changed:
        if is_runnable_test(path):
            scores[path] += _ITSELF
    sources = [one for one in changed if not is_runnable_test(one)]
    if view is not None:
        _by_index(view, sources, names, scores, check)
    elif overlay.root is not None:
        _by_text(overlay, sources, names, scores, check)
    found = [path for path in scores if overlay.exists(path)]
    found.sort(key=lambda path: (-scores[path], path))
    if view is None:
        return found[:limit]
    return [
        node
        for path in found[:limit]
        for node in ([path] if path in changed else _nodes(view, path, names))
    ]


def changed_names(changes: Sequence[FileChange]) -> list[str]:
    """Return the names of the definitions in which lines changed, at most twenty."""
    names: dict[str, None] = {}
    for one in changes:
        before, after = split_lines(one.before or ""), split_lines(one.after or "")
        path = one.new_path or one.path
        found = hunks(before, after)
        spans = [range(hunk.start, max(hunk.end, hunk.start + 1)) for hunk in found]
        new_spans = [range(hunk.new_start, max(hunk.new_end, hunk.new_start + 1)) for hunk in found]
        for text, touched in ((one.before, spans), (one.after, new_spans)):
            for symbol in SyntaxDocument.read(path, text).symbols() if text else ():
                lines = range(symbol.range.start.line, symbol.range.end.line + 1)
                meets = any(span.start < lines.stop and lines.start < span.stop for span in touched)
                if meets and len(symbol.name) >= _LEAST_NAME:
                    names[symbol.name] = None
    return list(islice(names, _MAX_NAMES))


def _by_index(
    view: IndexView,
    sources: Sequence[str],
    names: Sequence[str],
    scores: dict[str, float],
    check: Callable[[], None],
) -> None:
    tests = [path for path in view.paths() if is_runnable_test(path)]
    _by_name(tests, sources, scores)
    for path, distance in _importers(view, sources, check):
        if is_runnable_test(path):
            scores[path] += _IMPORTS / distance
    languages = {language_of(path) for path in sources}
    for name in names:
        check()
        for path in view.files_with(name):
            if is_runnable_test(path) and language_of(path) in languages:
                scores[path] += _NAMES if path in scores else _MENTIONS


def _importers(
    view: IndexView, sources: Sequence[str], check: Callable[[], None]
) -> Iterator[tuple[str, int]]:
    """Yield the files that import some others, also by way of third ones, with the distance."""
    seen, edge = set(sources), list(sources)
    for distance in range(1, _DEPTH + 1):
        check()
        ahead: dict[str, None] = {}
        for path in edge:
            for row in view.importers(path):
                if row.path not in seen and len(seen) < _MAX_IMPORTERS:
                    seen.add(row.path)
                    ahead[row.path] = None
                    yield row.path, distance
        # What a test lends to other tests does not make them tests of this.
        edge = [path for path in ahead if not is_runnable_test(path)]


def _by_name(tests: Sequence[str], sources: Sequence[str], scores: dict[str, float]) -> None:
    stems = {stem_of(path): path for path in sources}
    folders = {posixpath.dirname(path) for path in sources if path.endswith(".go")}
    for path in tests:
        package = path.endswith(".go") and posixpath.dirname(path) in folders
        namesake = stems.get(stem_of(path))
        if package or (namesake is not None and is_alike(namesake, path)):
            scores[path] += _NAMESAKE


def stem_of(path: str) -> str:
    """Return a file's name without its ending and without what makes it a test's."""
    name = posixpath.basename(path).rpartition(".")[0] or posixpath.basename(path)
    match = _STEM.match(name)
    return match["stem"] if match else name


def is_alike(source: str, test: str) -> bool:
    """Whether a test's language can test a source's."""
    one, other = language_of(source), language_of(test)
    return one == other or (one in ECMA and other in ECMA)


def _by_text(
    overlay: Overlay,
    sources: Sequence[str],
    names: Sequence[str],
    scores: dict[str, float],
    check: Callable[[], None],
) -> None:
    tests = [path for path in islice(overlay.walk(), _MAX_WALKED) if is_runnable_test(path)]
    check()
    _by_name(tests, sources, scores)
    words = {stem_of(path) for path in sources} | set(names)
    if not words:
        return
    pattern = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(words)))})\b")
    for path in tests[:_MAX_READ]:
        check()
        try:
            found = set(pattern.findall(overlay.read(path)))
        except (UnreadableFileError, OutsideRootError):
            continue
        if found:
            scores[path] += _MENTIONS * len(found)


def _nodes(view: IndexView, path: str, names: Sequence[str]) -> list[str]:
    """Return the tests of a long file of pytest that use what changed; else the file."""
    if not path.endswith(".py"):
        return [path]
    rows = [one for one in view.outline(path) if one.kind in ("function", "method")]
    tests = [one for one in rows if one.name.startswith("test")]
    if len(tests) <= _MANY_TESTS:
        return [path]
    used = [place.line for name in names for place in view.uses(name).get(path, ())]
    nodes: dict[str, None] = {}
    for line in used:
        holding = [one for one in tests if one.start_line <= line <= one.end_line]
        if not holding and line > tests[0].start_line:
            # Something that the tests share: any of them may be meant.
            return [path]
        for one in holding:
            nodes["::".join([path, *one.qualified_name.split(".")])] = None
    return list(nodes) or [path]

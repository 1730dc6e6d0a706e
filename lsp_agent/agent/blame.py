"""Which code a failing test is about: where its traceback leads, else what it calls."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.verify.affected import is_alike, is_runnable_test, stem_of
from lsp_agent.workspace.errors import OutsideRootError
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.positions import Position, Range

_FRAMES = re.compile(
    r'File "(?P<a>[^"\n]+)", line (?P<b>\d+)'
    r"|\((?:file://)?(?P<c>[^()\n]+?):(?P<d>\d+):\d+\)"
    r"|^\s*(?:at (?:file://)?)?(?P<e>[^\s:()]+\.\w+):(?P<f>\d+)(?::\d+$|: in |: )",
    re.MULTILINE,
)
_CALLED = re.compile(r"(?<![\w.])(?<!def )([A-Za-z_]\w{2,})\s*\(|\.([A-Za-z_]\w{2,})\s*\(")
_MAX_WALKED, _MAX_READ, _MAX_FRAMES = 5000, 200, 200


@dataclass(frozen=True, slots=True)
class Blamed:
    """A definition that a failing test may be about."""

    path: str
    range: Range


def blamed(
    overlay: Overlay, output: str, path: str, test: str, check: Callable[[], None]
) -> Blamed | None:
    """Return what to mend for a test in the file ``path``, whose text is ``test``.

    ``output`` is what its runner printed. The last line of the traceback that is no test's counts;
    without one the definition that the test calls, in the file that it is named after first. Cost:
    reading at most 200 files; ``check`` may raise.
    """
    frames = list(islice(_FRAMES.finditer(output), _MAX_FRAMES))
    for match in reversed(frames):
        named, line = _named(match)
        found = _own(overlay, named)
        if found is not None and not is_runnable_test(found) and found != path:
            place = _definition(overlay, found, line - 1)
            if place is not None:
                return place
    return _called(overlay, path, test, check)


def _named(match: re.Match[str]) -> tuple[str, int]:
    for file, line in (("a", "b"), ("c", "d"), ("e", "f")):
        if match[file]:
            return match[file], int(match[line])
    return "", 1


def _own(overlay: Overlay, named: str) -> str | None:
    """Return the workspace's path of a file as a runner prints it; ``None`` for another's."""
    parts = [part for part in named.replace("\\", "/").split("/") if part not in ("", ".")]
    if overlay.root is not None and named.startswith("/"):
        folder = [part for part in overlay.root.path.as_posix().split("/") if part]
        if parts[: len(folder)] != folder:
            # A library's, or the copy's where that can't be shown in the workspace's place.
            parts = parts[-3:] if "site-packages" not in parts and "lib" not in parts else []
        else:
            parts = parts[len(folder) :]
    for first in range(len(parts)):
        path = "/".join(parts[first:])
        try:
            if overlay.exists(path):
                return path
        except OutsideRootError:
            return None
    return None


def _definition(overlay: Overlay, path: str, line: int) -> Blamed | None:
    text = overlay.text(path)
    if text is None:
        return None
    document = SyntaxDocument.read(path, text)
    if not 0 <= line < document.text.line_count:
        return None
    symbol = document.enclosing(Position(line, 0))
    return Blamed(path, symbol.range) if symbol is not None else None


def _called(overlay: Overlay, path: str, test: str, check: Callable[[], None]) -> Blamed | None:
    names = [one or other for one, other in _CALLED.findall(test)]
    order = {name: number for number, name in reversed(list(enumerate(names)))}
    best: tuple[tuple[bool, int], Blamed] | None = None
    for source in islice(_sources(overlay, path), _MAX_READ):
        check()
        text = overlay.text(source) or ""
        if not any(name in text for name in order):
            continue
        for symbol in SyntaxDocument.read(source, text).symbols():
            if symbol.name in order and not symbol.is_value:
                rank = (stem_of(source) != stem_of(path), order[symbol.name])
                if best is None or rank < best[0]:
                    best = (rank, Blamed(source, symbol.range))
    return best[1] if best else None


def _sources(overlay: Overlay, path: str) -> Iterator[str]:
    if overlay.root is None:
        return
    stem = stem_of(path)
    found = [
        one
        for one in islice(overlay.walk(), _MAX_WALKED)
        if is_alike(one, path) and not is_runnable_test(one)
    ]
    yield from sorted(found, key=lambda one: (stem_of(one) != stem, one))

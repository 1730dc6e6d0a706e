"""A folder of Python files as ``benchmarks.references`` has it resolved, without an index."""

from __future__ import annotations

import os
import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from pathlib import Path

from lsp_agent.syntax.document import SyntaxDocument

_WORD = re.compile(rb"[A-Za-z0-9_\x80-\xff]+")


class Folder:
    """A folder on the disk, read once: a word index in memory and the last documents used.

    Cost: making it reads every file once (about 20 MB a second); ``kept`` documents with their
    trees stay in memory, some twenty times the size of their source.
    """

    def __init__(self, root: Path, kept: int = 256) -> None:
        self._root = root
        self._kept = kept
        self._documents: OrderedDict[str, SyntaxDocument] = OrderedDict()
        self._paths: list[str] = []
        self._words: dict[bytes, list[int]] = {}
        for path in sorted(_python_files(root)):
            number = len(self._paths)
            self._paths.append(path)
            for word in set(_WORD.findall((root / path).read_bytes())):
                self._words.setdefault(word, []).append(number)

    def paths(self) -> Iterable[str]:
        """Return all Python files, stubs included."""
        return self._paths

    def read(self, path: str) -> SyntaxDocument | None:
        """Return a file's document; ``None`` if it can't be read."""
        found = self._documents.get(path)
        if found is None:
            try:
                content = (self._root / path).read_bytes().decode("utf-8", "replace")
            except OSError:
                return None
            found = SyntaxDocument.parse(content, "python")
            self._documents[path] = found
            while len(self._documents) > self._kept:
                self._documents.popitem(last=False)
        self._documents.move_to_end(path)
        return found

    def files_with(self, name: str) -> Iterable[str]:
        """Return the files that contain a word."""
        return [self._paths[number] for number in self._words.get(name.encode(), [])]


def _python_files(root: Path) -> Iterator[str]:
    for folder, _, names in os.walk(root):
        for name in names:
            if name.endswith((".py", ".pyi")):
                yield (Path(folder) / name).relative_to(root).as_posix()

"""How well references of Python symbols are found, with pyright as the judge.

    pip download --no-deps -d wheels click httpx django     # and unpack each into a folder
    pip install 'pyright[nodejs]'                           # in an environment of its own
    python -m benchmarks.references FOLDER... [--judge 'pyright-langserver --stdio']
        [--symbols 154] [--seed 1] [--answers FILE] [--uncertain] [--misses]

For each folder a seeded sample of definitions, evenly over kinds, is asked of both, and the sets of
(path, line, character) are compared. The asked place itself is left out of both sets: it would be
right for free. Micro adds up all locations; macro is the mean over symbols for which the
denominator is not empty. ``--answers`` keeps what the judge said, so that it is asked once. Leaves
with status 1 if a total is below 0.9.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import re
import shlex
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlparse

from benchmarks.python_folder import Folder
from benchmarks.rawlsp import RawServer
from lsp_agent.index.python.references import find_references
from lsp_agent.workspace.positions import PositionEncoding

KINDS = ("function", "class", "method", "attribute", "variable", "parameter", "local")
Place = tuple[str, int, int]


@dataclass(frozen=True)
class Asked:
    """A definition of the sample, as LSP counts."""

    kind: str
    name: str
    place: Place


@dataclass
class Score:
    """Counts of one kind or of all."""

    asked: int = 0
    right: int = 0
    ours: int = 0
    theirs: int = 0
    precisions: list[float] = field(default_factory=list)
    recalls: list[float] = field(default_factory=list)

    def add(self, ours: set[Place], theirs: set[Place]) -> None:
        right = len(ours & theirs)
        self.asked += 1
        self.right += right
        self.ours += len(ours)
        self.theirs += len(theirs)
        self.precisions += [right / len(ours)] if ours else []
        self.recalls += [right / len(theirs)] if theirs else []

    def merge(self, other: Score) -> None:
        self.asked += other.asked
        self.right += other.right
        self.ours += other.ours
        self.theirs += other.theirs
        self.precisions += other.precisions
        self.recalls += other.recalls

    @property
    def numbers(self) -> tuple[float, float, float, float]:
        """Micro precision and recall, macro precision and recall."""
        return (
            self.right / self.ours if self.ours else 1.0,
            self.right / self.theirs if self.theirs else 1.0,
            sum(self.precisions) / len(self.precisions) if self.precisions else 1.0,
            sum(self.recalls) / len(self.recalls) if self.recalls else 1.0,
        )

    def row(self, name: str) -> str:
        micro_p, micro_r, macro_p, macro_r = self.numbers
        return (
            f"{name:<12} {self.asked:5d} {self.theirs:7d} {self.ours:7d}"
            f"   {micro_p:6.3f} {micro_r:6.3f}   {macro_p:6.3f} {macro_r:6.3f}"
        )


class Definitions(ast.NodeVisitor):
    """Collects the definitions of one file; shares no code with what is measured."""

    def __init__(self, path: str, source: str) -> None:
        self.path = path
        self.lines = source.splitlines()
        self.found: list[Asked] = []
        self._scopes: list[ast.AST] = []
        self._seen: set[tuple[object, str]] = set()

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self._named("class", node, node.name)
        self._inside(node)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        method = bool(self._scopes) and isinstance(self._scopes[-1], ast.ClassDef)
        if not (node.name.startswith("__") and node.name.endswith("__")):
            self._named("method" if method else "function", node, node.name)
        arguments = node.args
        for one in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
            if one.arg not in ("self", "cls"):
                self._add("parameter", one.arg, one.lineno, one.col_offset)
        self._inside(node)

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815 - as ast names it

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Store) or node.id.startswith("__") or node.id == "_":
            return
        inner = self._scopes[-1] if self._scopes else None
        kind = {type(None): "variable", ast.ClassDef: "attribute"}.get(type(inner), "local")
        if (inner, node.id) not in self._seen:
            self._seen.add((inner, node.id))
            self._add(kind, node.id, node.lineno, node.col_offset)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        self.generic_visit(node)
        if not isinstance(node.ctx, ast.Store) or len(self._scopes) < 2:
            return
        owner, receiver = self._scopes[-2], node.value
        on_self = isinstance(receiver, ast.Name) and receiver.id == "self"
        if on_self and isinstance(owner, ast.ClassDef) and (owner, node.attr) not in self._seen:
            self._seen.add((owner, node.attr))
            at = (node.end_col_offset or 0) - len(node.attr.encode())
            self._add("attribute", node.attr, node.end_lineno or 0, at)

    def _inside(self, node: ast.AST) -> None:
        self._scopes.append(node)
        self.generic_visit(node)
        self._scopes.pop()

    def _named(self, kind: str, node: ast.AST, name: str) -> None:
        line = getattr(node, "lineno", 1)
        head = self.lines[line - 1]
        word = "class " if kind == "class" else "def "
        at = head.find(word + name)
        if at >= 0:
            self._add(kind, name, line, len(head[:at].encode()) + len(word))

    def _add(self, kind: str, name: str, line: int, column: int) -> None:
        head = self.lines[line - 1].encode()[:column].decode()
        units = len(head.encode("utf-16-le")) // 2
        self.found.append(Asked(kind, name, (self.path, line - 1, units)))


def sample(root: Path, count: int, seed: int) -> list[Asked]:
    """Draw ``count`` definitions, evenly over the kinds."""
    by_kind: dict[str, list[Asked]] = defaultdict(list)
    for path in sorted(root.rglob("*.py")):
        name = path.relative_to(root).as_posix()
        source = path.read_text("utf-8")
        collector = Definitions(name, source)
        collector.visit(ast.parse(source))
        for one in collector.found:
            by_kind[one.kind].append(one)
    draw = random.Random(seed)
    each = -(-count // len(KINDS))
    return [
        one for kind in KINDS for one in draw.sample(by_kind[kind], min(each, len(by_kind[kind])))
    ]


def ask_judge(command: list[str], root: Path, asked: list[Asked]) -> list[set[Place]]:
    """Ask a language server on a copy of the folder, which gets a configuration of its own."""
    with tempfile.TemporaryDirectory() as temporary:
        copy = Path(temporary).resolve() / "tree"
        shutil.copytree(root, copy)
        (copy / "pyrightconfig.json").write_text('{"typeCheckingMode": "off"}')
        server = RawServer(env={}, command=command)
        server.initialize(copy.as_uri())
        await_files(server)
        answers = []
        for number, one in enumerate(asked):
            path, line, character = one.place
            uri = (copy / path).as_uri()
            if number == 0 or asked[number - 1].place[0] != path:
                server.open(uri, (copy / path).read_text("utf-8"))
            answer = server.request(
                "textDocument/references",
                {
                    "textDocument": {"uri": uri},
                    "position": {"line": line, "character": character},
                    "context": {"includeDeclaration": True},
                },
            )
            answers.append(set(_places(answer.get("result") or [], copy)))
            print(f"\r{number + 1}/{len(asked)}", end="", file=sys.stderr)
        print(file=sys.stderr)
        server.close()
    return answers


def await_files(server: RawServer, seconds: float = 60) -> None:
    """Wait until pyright has listed its files: before that it answers with the open ones alone."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        _, note = server.notes.get(timeout=seconds)
        if re.search(r"Found \d+ source files?", str(note.get("params"))):
            return
    raise TimeoutError("the judge did not say how many source files it found")


def _places(result: list[dict[str, object]], root: Path) -> Iterator[Place]:
    for location in json.loads(json.dumps(result)):
        path = Path(unquote(urlparse(location["uri"]).path))
        start = location["range"]["start"]
        if path.is_relative_to(root):
            yield path.relative_to(root).as_posix(), start["line"], start["character"]


def judged(root: Path, options: argparse.Namespace) -> tuple[list[Asked], list[set[Place]]]:
    """Return sample and the judge's answers, kept ones where there are any."""
    asked = sample(root, options.symbols, options.seed)
    key = f"{root.name} {options.symbols} {options.seed}"
    kept = {}
    if options.answers and options.answers.exists():
        kept = json.loads(options.answers.read_text())
    if key not in kept:
        answers = ask_judge(shlex.split(options.judge), root, asked)
        kept[key] = [sorted(answer) for answer in answers]
        if options.answers:
            options.answers.write_text(json.dumps(kept))
    return asked, [{(p, line, at) for p, line, at in answer} for answer in kept[key]]


def measure(root: Path, options: argparse.Namespace) -> bool:
    """Print one folder's table; return whether its totals are at 0.9 or above."""
    asked, theirs = judged(root, options)
    began = time.perf_counter()
    project = Folder(root)
    read = time.perf_counter() - began
    scores: dict[str, Score] = defaultdict(Score)
    slowest, seconds = 0.0, 0.0
    for one, right in zip(asked, theirs, strict=True):
        began = time.perf_counter()
        ours = references(project, one, uncertain=options.uncertain)
        took = time.perf_counter() - began
        slowest, seconds = max(slowest, took), seconds + took
        scores[one.kind].add(ours - {one.place}, right - {one.place})
        if options.misses:
            differences(one, ours, right)
    total = Score()
    for score in scores.values():
        total.merge(score)
    print(f"\n{root.name}: {len(asked)} symbols")
    print(f"{'kind':<12} {'asked':>5} {'judge':>7} {'ours':>7}   micro P      R   macro P      R")
    for kind in KINDS:
        print(scores[kind].row(kind))
    print(total.row("total"))
    print(f"folder read in {read:.1f} s; {seconds / len(asked) * 1000:.0f} ms a symbol, ", end="")
    print(f"at most {slowest * 1000:.0f} ms")
    return min(total.numbers) >= 0.9


def references(project: Folder, one: Asked, *, uncertain: bool) -> set[Place]:
    path, line, units = one.place
    document = project.read(path)
    assert document is not None
    position = document.text.decode(line, units, PositionEncoding.UTF16)
    found = set()
    for location in find_references(project, path, position).locations:
        held = project.read(location.path)
        if held is not None and (location.certain or uncertain):
            place = held.text.encode(location.range.start, PositionEncoding.UTF16)
            found.add((location.path, *place))
    return found


def differences(one: Asked, ours: set[Place], theirs: set[Place]) -> None:
    for mark, places in (("-", theirs - ours), ("+", ours - theirs)):
        for path, line, at in sorted(places):
            asked = f"{one.place[0]}:{one.place[1] + 1}:{one.place[2] + 1}"
            print(f"{mark} {one.kind} {one.name} {asked}  {path}:{line + 1}:{at + 1}")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--judge", default="pyright-langserver --stdio")
    parser.add_argument("--symbols", type=int, default=154)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--answers", type=Path)
    parser.add_argument("--uncertain", action="store_true", help="count uncertain locations too")
    parser.add_argument("--misses", action="store_true", help="print what differs")
    options = parser.parse_args()
    passed = True
    for folder in options.folders:
        passed = measure(folder.resolve(), options) and passed
    return int(not passed)


if __name__ == "__main__":
    sys.exit(main())

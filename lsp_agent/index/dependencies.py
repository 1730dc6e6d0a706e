"""Who takes what from whom: imports, their reverse, callers, cycles, packages from elsewhere."""

from __future__ import annotations

import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from lsp_agent.index.references import enclosing
from lsp_agent.index.types import ImportRow
from lsp_agent.index.view import IndexView
from lsp_agent.syntax.languages import ECMA, language_of
from lsp_agent.workspace.names import lies_in

_MAX_NAMES, _MAX_OWNERS = 60, 4


@dataclass(frozen=True, slots=True)
class Call:
    """A call of something that another file defines; ``inside`` is what it stands in."""

    path: str
    line: int
    inside: str
    called: str


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What a file or folder takes from others and gives them. Modules are as they are written."""

    imports: Mapping[str, tuple[str, ...]]
    importers: Mapping[str, tuple[str, ...]]
    packages: Mapping[str, int]
    calls: tuple[Call, ...] = ()


@dataclass(frozen=True, slots=True)
class Overview:
    """A workspace's files by how many import them, rings of imports, packages from elsewhere."""

    files: int
    leaned_on: tuple[tuple[str, int], ...]
    cycles: tuple[tuple[str, ...], ...]
    packages: Mapping[str, int]


def dependencies(
    view: IndexView, path: str, check: Callable[[], None] = lambda: None
) -> Dependencies:
    """Describe a file or folder; imports within a folder are not told.

    Callers are found by name, among the files that import the one with the definition, or all
    where nothing else defines the name; and not for a name that more than four files define.
    """
    imports: defaultdict[str, dict[str, None]] = defaultdict(dict)
    importers: defaultdict[str, dict[str, None]] = defaultdict(dict)
    packages: Counter[str] = Counter()
    rows = view.all_imports()
    for row in rows:
        here, target_here = lies_in(row.path, path), row.target and lies_in(row.target, path)
        if here and row.target and not target_here:
            imports[row.target].update(dict.fromkeys(row.names))
        elif target_here and not here:
            importers[row.path].update(dict.fromkeys(row.names))
        elif here and (package := package_of(row)):
            packages[package] += 1
    calls = _calls(view, path, rows, check) if view.outline(path) else ()
    return Dependencies(
        {target: tuple(names) for target, names in sorted(imports.items())},
        {source: tuple(names) for source, names in sorted(importers.items())},
        dict(packages.most_common()),
        tuple(calls),
    )


def overview(view: IndexView) -> Overview:
    """Describe a workspace. Cost: one pass over all imports."""
    users: defaultdict[str, set[str]] = defaultdict(set)
    graph: defaultdict[str, set[str]] = defaultdict(set)
    packages: defaultdict[str, set[str]] = defaultdict(set)
    for row in view.all_imports():
        if row.target and row.target != row.path:
            users[row.target].add(row.path)
            graph[row.path].add(row.target)
        elif package := package_of(row):
            packages[package].add(row.path)
    leaned_on = sorted(((path, len(who)) for path, who in users.items()), key=_by_count)
    counts = sorted(((name, len(who)) for name, who in packages.items()), key=_by_count)
    return Overview(len(view.paths()), tuple(leaned_on), tuple(rings(graph)), dict(counts))


def package_of(row: ImportRow) -> str:
    """Return the package from elsewhere that an import names; ``""`` for one of the workspace.

    Python's own library is none.
    """
    module, language = row.module.strip("<>\"'"), language_of(row.path)
    if row.target or not module or module.startswith((".", "/")):
        return ""
    if language == "python":
        top = module.partition(".")[0]
        return "" if top in sys.stdlib_module_names else top
    if language in ECMA:
        parts = module.removeprefix("node:").split("/")
        return "/".join(parts[:2]) if module.startswith("@") else parts[0]
    if language == "rust":
        top = module.partition("::")[0]
        return "" if top in ("crate", "self", "super", "std", "core", "alloc") else top
    return module


def rings(graph: Mapping[str, Iterable[str]]) -> list[tuple[str, ...]]:
    """Return the groups of nodes that reach each other, small ones first.

    The strongly connected components of more than one node, by Kosaraju's algorithm (M. Sharir,
    A strong-connectivity algorithm, 1981).
    """
    seen: set[str] = set()
    order = [node for start in sorted(graph) for node in _left(graph, start, seen)]
    back: defaultdict[str, set[str]] = defaultdict(set)
    for node, targets in graph.items():
        for target in targets:
            back[target].add(node)
    seen = set()
    groups = [tuple(sorted(_left(back, start, seen))) for start in reversed(order)]
    return sorted((one for one in groups if len(one) > 1), key=lambda one: (len(one), one))


def _left(graph: Mapping[str, Iterable[str]], start: str, seen: set[str]) -> list[str]:
    """Return what is reached from a node and new, in the order in which depth-first search ends."""
    if start in seen:
        return []
    seen.add(start)
    ended: list[str] = []
    path = [(start, iter(sorted(graph.get(start, ()))))]
    while path:
        node, targets = path[-1]
        target = next((one for one in targets if one not in seen), None)
        if target is None:
            ended.append(node)
            path.pop()
        else:
            seen.add(target)
            path.append((target, iter(sorted(graph.get(target, ())))))
    return ended


def _calls(
    view: IndexView, path: str, rows: Sequence[ImportRow], check: Callable[[], None]
) -> list[Call]:
    importing = {row.path for row in rows if row.target == path}
    names = dict.fromkeys(row.name for row in view.outline(path) if re.match(r"\w", row.name))
    found: list[Call] = []
    for name in list(names)[:_MAX_NAMES]:
        check()
        # What C only declares ends so.
        owners = {row.path for row in view.definitions(name) if not row.signature.endswith(";")}
        alone = owners <= {path}
        if len(owners) > _MAX_OWNERS:
            continue
        for user, places in view.uses(name).items():
            calls = [place for place in places if place.call]
            if calls and user not in {*owners, path} and (alone or user in importing):
                outline = view.outline(user)
                found += [Call(user, at.line, enclosing(outline, at.line), name) for at in calls]
    return sorted(found, key=lambda call: (call.path, call.line, call.called))


def _by_count(one: tuple[str, int]) -> tuple[int, str]:
    return -one[1], one[0]

"""The graph of files as a run sees it: unsaved and proposed text leans on what it names."""

from __future__ import annotations

from collections import defaultdict

from lsp_agent.index.file_graph import FileGraph, sorted_graph
from lsp_agent.index.graph import MAX_DEFINERS, name_weight, telling, weighed
from lsp_agent.index.view import IndexView

_MAX_CHANGED = 32


def graph_of(view: IndexView) -> FileGraph:
    """Return the index's graph with the edges of texts that are not the disk's weighed anew.

    A new file, and a name that is new in a file, are seen by those that use it too. Cost: nothing
    without such texts, else some milliseconds for each of them; at most 32 are looked at.
    """
    base = view.reader.graph()
    changed = view.changed()
    if not changed:
        return base
    return _patched(view, base, dict(list(changed.items())[:_MAX_CHANGED]))


def _patched(view: IndexView, base: FileGraph, changed: dict[str, str | None]) -> FileGraph:
    import numpy as np

    gone = {path for path, text in changed.items() if text is None}
    paths = tuple(sorted({*base.paths, *changed} - gone))
    places = {path: place for place, path in enumerate(paths)}
    moved = np.array([places.get(path, -1) for path in base.paths], np.int64)
    stale = np.array([path in changed for path in base.paths], bool)
    kept = ~stale[base.sources] if len(base.paths) else np.zeros(0, bool)
    new = _edges_of(view, {path: text for path, text in changed.items() if text is not None})
    pairs = [(places[a], places[b], w) for (a, b), w in new.items() if a in places and b in places]
    added = np.array(pairs, np.float64).reshape(-1, 3)
    return sorted_graph(
        paths,
        np.concatenate([moved[base.sources[kept]], added[:, 0].astype(np.int64)]),
        np.concatenate([moved[base.targets[kept]], added[:, 1].astype(np.int64)]),
        np.concatenate([base.weights[kept], added[:, 2]]),
    )


def _edges_of(view: IndexView, texts: dict[str, str]) -> dict[tuple[str, str], float]:
    """Weigh the edges that begin in some texts, and those to names that are new in them."""
    weights: defaultdict[tuple[str, str], float] = defaultdict(float)
    own = {path: {row.name for row in view.outline(path)} for path in texts}
    for path in texts:
        for target, weight in _leans_on(view, path, own).items():
            weights[path, target] += weight
    saved = view.reader.outlines(texts)
    for path, names in own.items():
        for name in names - {row.name for row in saved[path]}:
            for user in view.reader.files_with(name):
                if user not in texts:
                    weights[user, path] += telling(name)
    return weights


def _leans_on(view: IndexView, path: str, own: dict[str, set[str]]) -> dict[str, float]:
    """Return what an unsaved text leans on; ``own`` are the names that such texts define."""
    weights: defaultdict[str, float] = defaultdict(float)
    counts = view.use_counts(path)
    known = view.reader.definers(counts)
    for name, count in counts.items():
        targets = {other for other in known.get(name, ()) if other not in own}
        targets |= {other for other, names in own.items() if name in names}
        if path not in targets and 0 < len(targets) <= MAX_DEFINERS:
            for target in targets:
                weights[target] += name_weight(name, count, len(targets))
    imported = {row.target for row in view.imports(path) if row.target} - {path}
    return weighed(weights, imported)

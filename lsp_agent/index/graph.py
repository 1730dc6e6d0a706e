"""Which file leans on which: imports resolved to files, and uses of names defined elsewhere."""

from __future__ import annotations

import json
import math
import posixpath
from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import groupby
from typing import TYPE_CHECKING, TypeVar

from lsp_agent.index.modules import FOLDER_FILES, ModuleMap

if TYPE_CHECKING:
    from sqlite_utils import Database

T = TypeVar("T")
MAX_DEFINERS = 8
"""A name that more files define says little about which of them is meant."""
_MAX_USERS = 400
_IMPORT_WEIGHT = 2.0
_LIKE = str.maketrans({"%": "!%", "_": "!_", "!": "!!"})
_UNIMPORTED = 0.2
"""What a name counts in a file that its user imports nothing from: it may be another's."""
_FAINT = 0.05
"""What no edge weighs less than: half of all would, and they move no rank."""
_PLAIN = 0.3
"""What a name counts that is one lower-case word: often another one's by the same name."""


def telling(name: str) -> float:
    """Return how likely equal names mean the same thing: long ones of several words do."""
    several = "_" in name.strip("_") or name.lower() not in (name, name.lower().capitalize())
    sure = several or len(name) > 12 or name[:1].isupper()
    return min(len(name) / 8, 1.0) * (1.0 if sure else _PLAIN)


def name_weight(name: str, uses: int, definers: int) -> float:
    """Return what the uses of a name add to the edge from their file to one that defines it.

    Much as in aider's repository map.
    """
    return telling(name) * math.sqrt(uses) / definers


def weighed(weights: Mapping[T, float], imported: AbstractSet[T]) -> dict[T, float]:
    """Return the edges that begin in one file, given what its uses of names weigh.

    What the file imports weighs more; the rest less, if it imports anything of the workspace. Faint
    ones are left out.
    """
    rest = _UNIMPORTED if imported else 1.0
    found = {to: weight * rest for to, weight in weights.items() if to not in imported}
    found |= {to: weights.get(to, 0.0) + _IMPORT_WEIGHT for to in imported}
    return {to: weight for to, weight in found.items() if weight >= _FAINT}


def connect_files(database: Database) -> None:
    """Resolve all imports and weigh all edges between files anew.

    An edge's weight is the sum over the names that its source uses and its target defines, each
    with its :func:`name_weight`, :func:`weighed` with the source's imports.
    Cost: one pass over the uses of names that a few files define; about half a second for 2,000
    files.
    """
    resolve_imports(database)
    weights: defaultdict[int, defaultdict[int, float]] = defaultdict(lambda: defaultdict(float))
    rows = database.execute(
        "select o.name, f.id, o.uses from occurrences o join files f on f.doc = o.doc "
        "where o.name in (select name from symbols group by name "
        f"having count(distinct file) <= {MAX_DEFINERS}) order by o.name"
    )
    definers: defaultdict[int, set[int]] = defaultdict(set)
    for name, file in database.execute("select distinct name, file from symbols"):
        definers[name].add(file)
    names = dict(database.execute("select id, name from names where defined is not null"))
    for name, group in groupby(rows, key=lambda row: row[0]):
        users = list(group)
        if len(users) > _MAX_USERS:
            continue
        targets = definers[name]
        once = name_weight(names.get(name, ""), 1, len(targets))
        for _, source, uses in users:
            # Whoever defines a name itself means its own.
            if source not in targets:
                for target in targets:
                    weights[source][target] += once * math.sqrt(uses)
    imported: defaultdict[int, set[int]] = defaultdict(set)
    for source, target in database.execute(
        "select distinct file, target from imports where target is not null and target != file"
    ):
        imported[source].add(target)
    database.execute("delete from edges")
    database.conn.executemany(
        "insert into edges (source, target, weight) values (?, ?, ?)",
        (
            (source, target, weight)
            for source in weights.keys() | imported.keys()
            for target, weight in weighed(weights[source], imported[source]).items()
        ),
    )


def connect_file(database: Database, file: int, uses_of: Mapping[str, int]) -> None:
    """Resolve the imports of one file and weigh the edges that begin there.

    ``uses_of`` says how often the file uses each name. Cost: some 10 µs a name.
    """
    resolve_imports(database, file)
    weights: defaultdict[int, float] = defaultdict(float)
    for word, uses in uses_of.items():
        targets = [
            row[0]
            for row in database.execute(
                "select distinct file from symbols where name = "
                "(select id from names where name = ? and defined is not null) "
                f"limit {MAX_DEFINERS + 1}",
                (word,),
            )
        ]
        if targets and file not in targets and len(targets) <= MAX_DEFINERS:
            for target in targets:
                weights[target] += name_weight(word, uses, len(targets))
    rows = database.execute(
        "select distinct target from imports where file = ? and target is not null", (file,)
    )
    imported = {target for (target,) in rows} - {file}
    database.execute("delete from edges where source = ?", (file,))
    database.conn.executemany(
        "insert into edges (source, target, weight) values (?, ?, ?)",
        [(file, target, weight) for target, weight in weighed(weights, imported).items()],
    )


def imports_of(database: Database, path: str) -> list[int]:
    """Return the ids of the imports that may mean a file which came, or which meant one that goes.

    Those that speak of its name, or of its folder's where it stands for that, or of a folder alone.
    """
    folder, name = posixpath.split(path)
    spoken = name.lstrip(".").partition(".")[0]
    named = [spoken, posixpath.basename(folder)] if spoken in FOLDER_FILES else [spoken]
    likes = [f"%{one.translate(_LIKE)}%" for one in named if one]
    alike = " or ".join(["module like ? escape '!' or names like ? escape '!'"] * len(likes))
    rows = database.execute(
        "select id from imports where target = (select id from files where path = ?) "
        f"or trim(module, './') = '' or {alike or 'false'}",
        (path, *(one for one in likes for _ in range(2))),
    )
    return [row[0] for row in rows]


def resolve_imports(
    database: Database, file: int | None = None, only: Sequence[int] | None = None
) -> None:
    """Find the files that imports mean: all of them, those of one file, or those with some ids."""
    sql = (
        "select i.id, f.path, f.language, i.module, i.names from imports i "
        "join files f on f.id = i.file"
    )
    if only is not None:
        sql += " where i.id in (select value from json_each(?))"
        rows = database.execute(sql, (json.dumps(only),)).fetchall()
    else:
        sql += " where f.id = ?" if file else ""
        rows = database.execute(sql, (file,) if file else ()).fetchall()
    if not rows:
        return
    ids = dict(database.execute("select path, id from files").fetchall())
    modules = ModuleMap(ids)
    found = []
    for row, path, language, module, names in rows:
        target = modules.resolve(path, language, module, tuple(json.loads(names)))
        found.append((ids[target] if target else None, row))
    database.conn.executemany("update imports set target = ? where id = ?", found)

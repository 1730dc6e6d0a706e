"""Renaming all references of a name leaves a program's meaning as the compiler sees it.

Python's own ``symtable`` is the judge: it says which scope each name of each scope belongs to, so
exactly the entries of one owner must have the new name afterwards.
"""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterator

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from lsp_agent.index.python.references import find_references
from lsp_agent.workspace.positions import Position
from tests.support.marked import MarkedProject

FRESH = "fresh"
NAMES = st.sampled_from("abc")
Owner = tuple[int, ...]


def expressions(*, walrus: bool) -> st.SearchStrategy[str]:
    leaves = NAMES | st.just("1")

    def larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        clause = st.tuples(inner, NAMES, inner)
        kinds = [
            st.tuples(inner, inner).map(lambda p: f"({p[0]} + {p[1]})"),
            inner.map(lambda e: "f'{" + e.replace("'", '"') + "!r}'" if "'" not in e else e),
            st.tuples(NAMES, inner, inner).map(lambda p: f"(lambda {p[0]}={p[1]}: {p[2]})"),
            clause.map(lambda p: f"[{p[0]} for {p[1]} in {p[2]}]"),
            st.tuples(clause, NAMES, inner).map(
                lambda p: f"{{{p[0][0]} for {p[0][1]} in {p[0][2]} for {p[1]} in {p[2]} if {p[1]}}}"
            ),
        ]
        if walrus:
            kinds.append(st.tuples(NAMES, inner).map(lambda p: f"({p[0]} := {p[1]})"))
        return st.one_of(kinds)

    return st.recursive(leaves, larger, max_leaves=4)


def indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


VALUES = expressions(walrus=True)
SIMPLE = st.one_of(
    st.tuples(NAMES, VALUES).map(lambda p: f"{p[0]} = {p[1]}\n"),
    st.tuples(NAMES, NAMES, VALUES).map(lambda p: f"({p[0]}, *{p[1]}) = {p[2]}\n"),
    st.tuples(NAMES, VALUES).map(lambda p: f"{p[0]} += {p[1]}\n"),
    st.tuples(NAMES, VALUES).map(lambda p: f"for {p[0]} in {p[1]}: pass\n"),
    st.tuples(VALUES, NAMES).map(lambda p: f"with {p[0]} as {p[1]}: pass\n"),
    NAMES.map(lambda n: f"try: pass\nexcept OSError as {n}: {n}\n"),
    st.tuples(VALUES, NAMES).map(lambda p: f"match {p[0]}:\n    case [{p[1]}, _]: {p[1]}\n"),
    NAMES.map(lambda n: f"import os as {n}\n"),
    NAMES.map(lambda n: f"del {n}\n"),
    VALUES.map(lambda e: f"{e}\n"),
)


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    body = st.lists(inner, min_size=1, max_size=3).map("".join)
    scopes = st.sampled_from(["", "", "global a\n", "nonlocal b\n"])
    function = st.tuples(NAMES, NAMES, VALUES, scopes, body).map(defined)
    # The class binds first: a name that a class binds later is looked for outside until then.
    still = expressions(walrus=False)
    klass = st.tuples(NAMES, NAMES, still, NAMES, still, scopes, body).map(
        lambda p: f"class {p[0]}:\n" + indented(f"{p[1]} = 1\n{p[2]}\n" + defined(p[1:2] + p[3:]))
    )
    return st.one_of(function, klass)


def defined(parts: tuple[str, ...]) -> str:
    name, parameter, default, scopes, body = parts
    return f"def {name}({parameter}={default}):\n" + indented(scopes + body)


PROGRAMS = st.lists(st.recursive(SIMPLE, compound, max_leaves=8), min_size=1, max_size=4).map(
    lambda parts: "a = b = c = 0\n" + "".join(parts)
)


def tables(source: str) -> Iterator[tuple[Owner, symtable.SymbolTable, list[tuple[Owner, object]]]]:
    """Yield every scope with its path and those around it, the module first."""
    pending: list[tuple[Owner, symtable.SymbolTable, list[tuple[Owner, object]]]] = [
        ((), symtable.symtable(source, "m.py", "exec"), [])
    ]
    while pending:
        path, table, around = pending.pop()
        yield path, table, around
        inside = [*around, (path, table)]
        pending += [
            ((*path, number), child, inside) for number, child in enumerate(table.get_children())
        ]


def owners(source: str) -> dict[tuple[Owner, str], Owner]:
    """Return of each name in each scope which scope it belongs to."""
    found: dict[tuple[Owner, str], Owner] = {}
    for path, table, around in tables(source):
        for symbol in table.get_symbols():
            name = symbol.get_name()
            # A free variable of a method is noted in its class too, which does not have it.
            if table.get_type() == "class" and not (
                symbol.is_referenced() or symbol.is_assigned() or symbol.is_imported()
            ):
                continue
            if symbol.is_free():
                functions = [
                    (where, outer)
                    for where, outer in around
                    if outer.get_type() == "function" and name in outer.get_identifiers()
                ]
                owner = next(
                    where for where, outer in reversed(functions) if outer.lookup(name).is_local()
                )
            else:
                owner = path if symbol.is_local() else ()
            found[path, name] = owner
    return found


def renamed(source: str, line: int, character: int) -> str:
    project = MarkedProject({"m.py": source})
    lines = source.split("\n")
    found = find_references(project, "m.py", Position(line, character)).locations
    for one in sorted(found, key=lambda each: each.range.start, reverse=True):
        start, end = one.range.start.character, one.range.end.character
        text = lines[one.range.start.line]
        lines[one.range.start.line] = text[:start] + FRESH + text[end:]
    return "\n".join(lines)


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(PROGRAMS, st.randoms(use_true_random=False))
def test_renaming_moves_one_owner_s_names(source: str, draw: object) -> None:
    try:
        compile(source, "m.py", "exec")
        before = owners(source)
    except SyntaxError:
        assume(False)
    used = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)]
    names = [node for node in used if node.id in "abc"]
    assume(names)
    node = draw.choice(names)  # type: ignore[attr-defined]
    after = renamed(source, node.lineno - 1, node.col_offset)

    assert ast.dump(ast.parse(after)).replace(f"'{FRESH}'", f"'{node.id}'") == ast.dump(
        ast.parse(source)
    )
    moved = {(path, node.id) for (path, name) in owners(after) if name == FRESH}
    groups = {before[key] for key in moved}
    assert len(groups) == 1, after
    assert moved == {
        key for key, owner in before.items() if key[1] == node.id and owner in groups
    }, after
    left = {key for key in owners(after) if key[1] == node.id}
    assert not left & moved, after

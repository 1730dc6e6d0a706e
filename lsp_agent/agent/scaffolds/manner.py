"""How a web project lays out its files and writes its modules, read from what is there."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from lsp_agent.errors import LspAgentError
from lsp_agent.workspace.names import folders_above
from lsp_agent.workspace.overlay import Overlay

Naming = Literal["pascal", "kebab", "folder"]
"""``UserCard.tsx``, ``user-card.tsx``, ``UserCard/index.tsx``."""

_APP, _PAGES = ("app", "src/app"), ("pages", "src/pages")
_COMPONENTS = ("src/components", "components", "app/components", "src/app/components")
_CODE = (".tsx", ".jsx", ".ts", ".js")
_ROUTED = re.compile(r"^(?:page|layout|route)\.(?:tsx|jsx|ts|js)$")
_MAJOR = re.compile(r"\d+")
_ASYNC_PARAMS = 15
_SAMPLES, _LOOKED = 6, 400


@dataclass(frozen=True, slots=True)
class Manner:
    """Folders are relative to the workspace, ``None`` where there is none of the kind.

    ``root`` is the folder of the nearest ``package.json``. ``async_params``: Next.js gives a page
    its parameters as a promise, as from version 15 on.
    """

    root: str
    typescript: bool
    app: str | None
    pages: str | None
    components: str
    naming: Naming
    quote: str
    semicolons: bool
    indent: str
    default_export: bool
    async_params: bool


def manner_of(overlay: Overlay, path: str) -> Manner:
    """Read the manner of the project that a file is in; what nothing tells is the common way.

    Cost: a listing of a few folders, and reads of at most six modules and ``package.json``.
    """
    above = folders_above(path)
    root = next((one for one in above if overlay.exists(posixpath.join(one, "package.json"))), "")
    inside = set(_files(overlay, root))
    app = next((one for one in _APP if _is_routed(inside, root, one)), None)
    pages = next((one for one in _PAGES if _has(inside, posixpath.join(root, one))), None)
    components = _components(inside, root, path)
    near = [one for one in sorted(inside) if one.startswith(f"{components}/")]
    code = [one for one in (path, *near) if one.endswith(_CODE)]
    texts = [overlay.text(one) or "" for one in islice(dict.fromkeys(code), _SAMPLES)]
    typed = path.endswith((".ts", ".tsx")) or posixpath.join(root, "tsconfig.json") in inside
    both = "\n".join(texts)
    return Manner(
        root=root,
        typescript=typed,
        app=posixpath.join(root, app) if app else None,
        pages=posixpath.join(root, pages) if pages else None,
        components=components,
        naming=_naming(near, components),
        quote="'" if both.count("'") > both.count('"') else '"',
        semicolons=both.count(";\n") * 4 >= both.count("\n") or not both.strip(),
        indent=_indent(both),
        default_export=both.count("export default") * 2 >= len(texts),
        async_params=_next_version(overlay.text(posixpath.join(root, "package.json")) or "")
        >= _ASYNC_PARAMS,
    )


def _files(overlay: Overlay, root: str) -> Iterable[str]:
    """Yield the files of the folders that matter, few of each."""
    yield from _listed(overlay, root)
    for folder in (*_APP, *_PAGES, *_COMPONENTS):
        yield from _listed(overlay, posixpath.join(root, folder), deep=True)


def _listed(overlay: Overlay, folder: str, *, deep: bool = False) -> list[str]:
    try:
        if deep:
            return list(islice(overlay.walk(folder), _LOOKED))
        entries = overlay.listdir(folder)
    except LspAgentError:
        return []
    return [posixpath.join(folder, entry.name) for entry in entries if not entry.is_dir]


def _has(inside: set[str], folder: str) -> bool:
    return any(one.startswith(f"{folder}/") for one in inside)


def _is_routed(inside: set[str], root: str, folder: str) -> bool:
    prefix = posixpath.join(root, folder) + "/"
    return any(one.startswith(prefix) and _ROUTED.match(posixpath.basename(one)) for one in inside)


def _components(inside: set[str], root: str, path: str) -> str:
    folder = posixpath.dirname(path)
    if "components" in folder.split("/"):
        parts = folder.split("/")
        return "/".join(parts[: parts.index("components") + 1])
    known = (posixpath.join(root, one) for one in _COMPONENTS)
    return next((one for one in known if _has(inside, one)), folder)


def _naming(near: list[str], components: str) -> Naming:
    names = [one.removeprefix(f"{components}/") for one in near if one.endswith((".tsx", ".jsx"))]
    folders = sum(bool(re.fullmatch(r"[A-Z]\w*/index\.\w+", one)) for one in names)
    kebab = sum(bool(re.match(r"[a-z][a-z0-9-]*\.\w+$", one)) for one in names)
    pascal = sum(bool(re.match(r"[A-Z]\w*\.\w+$", one)) for one in names)
    if folders > max(kebab, pascal):
        return "folder"
    return "kebab" if kebab > pascal else "pascal"


def _indent(text: str) -> str:
    found = re.findall(r"^([ \t]+)\S", text, re.MULTILINE)
    if any(one.startswith("\t") for one in found):
        return "\t"
    return " " * min((len(one) for one in found if len(one) > 1), default=2)


def _next_version(text: str) -> int:
    """Return the major version of Next.js that a package asks for; a new one where none is told."""
    try:
        data = json.loads(text) if text else {}
        wanted = {**data.get("devDependencies", {}), **data.get("dependencies", {})}.get("next", "")
        match = _MAJOR.search(wanted)
    except (ValueError, TypeError, AttributeError, RecursionError):
        match = None
    return int(match[0][:4]) if match else _ASYNC_PARAMS

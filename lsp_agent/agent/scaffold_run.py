"""A run that makes new files by rule: no model is asked, the checks are those of every edit."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping

from lsp_agent.agent.environment import Run, RunFailedError
from lsp_agent.agent.query import Budget
from lsp_agent.agent.scaffolds.json_types import Target, write_types
from lsp_agent.agent.scaffolds.manner import Manner, manner_of
from lsp_agent.agent.scaffolds.shapes import read_json, type_name
from lsp_agent.agent.scaffolds.skeletons import api_route, component, page
from lsp_agent.agent.types import Focus
from lsp_agent.agent.verify import describe, give_up, verify
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.heads import before_imports
from lsp_agent.syntax.markup import tag_at
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.text import Text

COMPONENT = re.compile(r"[A-Z][A-Za-z0-9]{0,60}")
ROUTE = re.compile(r"/(?:(?:[\w-]+|\[(?:\.\.\.)?\w+\])(?:/(?!$)|$)){0,12}", re.ASCII)
TARGETS: Mapping[Target, str] = {
    "typescript": ".ts", "typeddict": ".py", "dataclass": ".py", "go": ".go",
}  # fmt: skip
"""The kinds of types, and the ending of the file that they go to."""
_METHOD = re.compile(r"\bmethod\s*:\s*['\"](GET|POST|PUT|PATCH|DELETE)['\"]")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_AROUND = 8
_PACKAGE = re.compile(r"^package\s+(\w+)", re.MULTILINE)


def run_scaffold(run: Run, _budget: Budget) -> str:
    """Write the files of the request's action into the overlay; return ``""``.

    Raises ``RunFailedError`` where a file is there already, or its place is not to be found, and
    :class:`RejectedError` where a text does not pass the checks.
    """
    focus, maker = run.request.focus, _MAKERS.get(run.request.action)
    if focus is None or maker is None:
        raise RunFailedError("a scaffold needs a place in a file; name one", "no-place")
    for path, text in maker(run, focus).items():
        if path != focus.path and run.env.overlay.exists(path):
            raise RunFailedError(f"{path} exists already; move it away, or change it", "exists")
        run.env.overlay.write(path, text)
    if failures := describe(verify(run)):
        give_up(run, failures)
    return ""


def _component(run: Run, focus: Focus) -> dict[str, str]:
    name = run.request.argument
    overlay = run.env.overlay
    manner = manner_of(overlay, focus.path)
    document = SyntaxDocument.read(focus.path, overlay.read(focus.path))
    tag = tag_at(document, focus.range.start) if focus.range else None
    used = tag if tag and tag.name == name else None
    path = _component_path(name, manner)
    made = {path: component(name, used, manner)}
    if used is not None:
        made[focus.path] = _importing(document, focus.path, name, path, manner)
    return made


def _component_path(name: str, manner: Manner) -> str:
    ending = ".tsx" if manner.typescript else ".jsx"
    file = {
        "pascal": f"{name}{ending}",
        "kebab": _HUMP.sub("-", name).lower() + ending,
        "folder": f"{name}/index{ending}",
    }[manner.naming]
    return posixpath.join(manner.components, file)


def _importing(
    document: SyntaxDocument, path: str, name: str, component_path: str, manner: Manner
) -> str:
    """Return a file's text with an import of a component after its other imports."""
    stem = posixpath.splitext(component_path)[0].removesuffix("/index")
    module = posixpath.relpath(stem, posixpath.dirname(path) or ".")
    module = module if module.startswith(".") else f"./{module}"
    what = name if manner.default_export else f"{{ {name} }}"
    mark = manner.quote
    line = f"import {what} from {mark}{module}{mark}{';' * manner.semicolons}"
    place = before_imports(document)
    if place is None:
        return f"{line}\n\n{document.text.content}"
    end = Position(place.end.line, len(document.text.line(place.end.line)))
    return document.text.replace(Range(end, end), document.text.eol + line).content


def _page(run: Run, focus: Focus) -> dict[str, str]:
    route, manner = run.request.argument, manner_of(run.env.overlay, focus.path)
    folder, in_app = _router(manner, focus.path)
    ending = ".tsx" if manner.typescript else ".jsx"
    own = route.strip("/")
    if in_app:
        path = "/".join(part for part in (folder, own, f"page{ending}") if part)
    else:
        path = f"{folder}/{own or 'index'}{ending}"
    return {path: page(route, manner)}


def _api(run: Run, focus: Focus) -> dict[str, str]:
    route, overlay = run.request.argument, run.env.overlay
    manner = manner_of(overlay, focus.path)
    folder, in_app = _router(manner, focus.path)
    ending = ".ts" if manner.typescript else ".js"
    own = route.strip("/")
    own = own if own.startswith("api") else f"api/{own}"
    text = Text(overlay.read(focus.path))
    first = focus.range.start.line if focus.range else 0
    near = [text.line(at) for at in range(first, min(first + _AROUND, text.line_count))]
    methods = list(dict.fromkeys(_METHOD.findall("\n".join(near)))) or ["GET"]
    path = f"{folder}/{own}/route{ending}" if in_app else f"{folder}/{own}{ending}"
    return {path: api_route(methods, manner)}


def _router(manner: Manner, path: str) -> tuple[str, bool]:
    """Return the folder of routes and whether it is the app router's."""
    beside_pages = manner.pages is not None and path.startswith(f"{manner.pages}/")
    if manner.app is not None and not beside_pages:
        return manner.app, True
    if manner.pages is not None:
        return manner.pages, False
    where = manner.root or "the workspace"
    raise RunFailedError(
        f"there is no app or pages folder with a page in {where}; make the first page by hand",
        "no-place",
    )


def _types(run: Run, focus: Focus) -> dict[str, str]:
    overlay, target = run.env.overlay, _target(run.request.argument)
    text = Text(overlay.read(focus.path))
    whole = focus.range is None or focus.range.empty
    key, value = read_json(
        text.content if whole or focus.range is None else text.slice(focus.range)
    )
    stem = posixpath.splitext(posixpath.basename(focus.path))[0]
    imports, types = write_types(
        value, key or (stem if focus.path.endswith(".json") else ""), target
    )
    if not focus.path.endswith(".json") and focus.range is not None:
        return {focus.path: _in_place(text, focus.range, imports, types)}
    folder = posixpath.dirname(focus.path)
    name = type_name(key or stem)
    file = _HUMP.sub("_", name).lower()
    file = name[:1].lower() + name[1:] if target == "typescript" else file
    path = posixpath.join(folder, f"{file}{TARGETS[target]}")
    if target == "go":
        imports = f"package {_go_package(run, folder)}\n"
    return {path: f"{imports}\n{_blank(target)}{types}" if imports else types}


def _target(name: str) -> Target:
    for one in TARGETS:
        if one == name.lower():
            return one
    raise RunFailedError(
        f"there are no types in {name!r:.40}; there are: {', '.join(TARGETS)}", "no-place"
    )


def _blank(target: Target) -> str:
    return "\n" if target in ("typeddict", "dataclass") else ""


def _in_place(text: Text, range_: Range, imports: str, types: str) -> str:
    start, end = text.span(range_)
    # An import that the file has is not made again.
    needed = "".join(f"{one}\n\n\n" for one in imports.splitlines() if one not in text.content)
    after = text.content[end:]
    return text.content[:start] + needed + types.rstrip("\n") + (after or "\n")


def _go_package(run: Run, folder: str) -> str:
    """Return the package of the Go files in a folder, else one of the folder's own name."""
    overlay = run.env.overlay
    names = [one.name for one in overlay.listdir(folder) if not one.is_dir]
    for name in names:
        path = posixpath.join(folder, name)
        if name.endswith(".go") and (match := _PACKAGE.search(overlay.read(path))):
            return match[1]
    name = re.sub(r"[^a-z0-9]", "", posixpath.basename(folder).lower())
    return name if name[:1].isalpha() else "types"


_MAKERS: Mapping[str, Callable[[Run, Focus], dict[str, str]]] = {
    "scaffold_component": _component,
    "scaffold_page": _page,
    "scaffold_api": _api,
    "scaffold_types": _types,
}

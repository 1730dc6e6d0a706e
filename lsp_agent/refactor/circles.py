"""Imports that lead back to where they come from."""

from __future__ import annotations

from collections.abc import Mapping

from lsp_agent.index.python.resolve import Resolver
from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.files import WorkspaceFiles
from lsp_agent.refactor.import_lines import imported_modules
from lsp_agent.refactor.source import Source


def refuse_circles(
    files: WorkspaceFiles, edges: list[tuple[str, str]], texts: Mapping[str, str]
) -> None:
    """Refuse new imports, file to file, that lead back to where they come from."""
    modules = Resolver(files).lookup.modules
    known: dict[str, set[str]] = {}

    def imports(path: str) -> set[str]:
        if path not in known:
            source = Source(path, texts.get(path, files.text(path) or ""))
            found = (modules.resolve(one, path) for one in imported_modules(source))
            known[path] = {one.path for one in found if one is not None and one.path} - {path}
        return known[path]

    for importer, target in edges:
        seen, pending = {target}, [target]
        while pending:
            for one in imports(pending.pop()):
                if one == importer:
                    raise RefusedError(f"{importer} and {target} would import each other")
                if one not in seen:
                    seen.add(one)
                    pending.append(one)

"""Packages as an installer leaves them: modules, and a dist-info folder beside them."""

from __future__ import annotations

import importlib.metadata as metadata
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path


def install(
    site: Path,
    package: str,
    modules: Mapping[str, str],
    points: Mapping[str, Mapping[str, str]],
    version: str = "1.0",
) -> None:
    """Put a package into a folder; ``points`` are its entry points by group."""
    site.mkdir(exist_ok=True)
    for path, text in modules.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text(text, "utf-8")
    info = site / f"{package.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    head = f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n"
    (info / "METADATA").write_text(head, "utf-8")
    rows = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in named.items())
        for group, named in points.items()
    ]
    (info / "entry_points.txt").write_text("\n".join(rows), "utf-8")


def found_in(site: Path) -> Callable[[str], Iterable[metadata.EntryPoint]]:
    """Return a search for entry points in a folder, besides our own."""

    def find(group: str) -> list[metadata.EntryPoint]:
        others = [
            point for one in metadata.distributions(path=[str(site)]) for point in one.entry_points
        ]
        return [
            *(one for one in metadata.entry_points(group=group) if one.module.startswith("lsp_")),
            *(one for one in others if one.group == group),
        ]

    return find

"""Finds the files that a commit changed from its message: ours beside plain BM25.

    python -m benchmarks.retrieval --data FOLDER

The first run downloads some 400 source releases (3 GB) into FOLDER, with pip, and makes git
repositories of them there: a commit a release, its notes as the message. Each commit's tree before
it is searched for what the commit changed. Leaves with status 1 where ours finds less than 1.3
times what plain BM25 does.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

from benchmarks.retrieval.measure import Outcome, measure
from benchmarks.retrieval.projects import PROJECTS, Project
from benchmarks.retrieval.repositories import make_repository, releases
from benchmarks.retrieval.sdists import SdistError, fetch_sdists
from lsp_agent.context.ranking import Weights

WANTED = 1.3
_ALL = re.compile("")
_PYTHON = re.compile(r"^(?!tests/).*\.py$")
_SIGNALS = ("body", "names", "path", "module", "memory", "whole", "recent", "together")


def parser() -> argparse.ArgumentParser:
    """Describe the options."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.retrieval")
    options.add_argument("--data", type=Path, required=True, help="folder for releases and git")
    options.add_argument("--set", choices=("report", "tuning", "own"), default="report")
    options.add_argument("--only", help="one package of the set")
    options.add_argument("--ablate", action="store_true", help="also leave out each signal")
    return options


def repository(data: Path, project: Project) -> Path:
    """Return the repository of a package's releases, made at the first time."""
    folder = data / "repositories" / project.name
    if not folder.is_dir():
        print(f"{project.name}: fetching its releases …", file=sys.stderr, flush=True)
        sdists = fetch_sdists(
            project.name, data / "sdists" / project.name, project.least, project.most
        )
        make_repository(folder, releases(project, sdists))
    return folder


def ablations() -> dict[str, Weights]:
    """Return our weights with one signal left out at a time."""
    return {f"without {name}": Weights(**{name: 0.0}) for name in _SIGNALS}


def outcomes(options: argparse.Namespace) -> list[Outcome]:
    """Measure what was asked for."""
    extra = ablations() if options.ablate else {}
    if options.set == "own":
        return [measure("this repository", Path(__file__).parents[2], _PYTHON, extra=extra)]
    wanted = [one for one in PROJECTS if one.use == options.set]
    found = []
    for project in wanted:
        if options.only in (None, project.name):
            folder = repository(options.data, project)
            found.append(measure(project.name, folder, _ALL, project.version_file, extra))
            print(*found[-1].table(), sep="\n", flush=True)
    return found


def main() -> int:
    options = parser().parse_args()
    try:
        found = outcomes(options)
    except (SdistError, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 2
    if options.set == "own":
        print(*found[0].table(), sep="\n")
    return 1 if any(one.ratio < WANTED for one in found) else 0


if __name__ == "__main__":
    sys.exit(main())

"""Downloads the source releases of a package with pip's own index client.

``pip download`` would run each release's build to learn a version that the index has told already.
So the index is asked once, and the archives are fetched as they are; index, proxies and
certificates are pip's business, configured as pip is.
"""

from __future__ import annotations

import tarfile
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any


class SdistError(Exception):
    """A package's releases can't be had; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Sdist:
    """One release: its version, its newest file's time in seconds of Unix time, its archive."""

    version: str
    time: int
    archive: Path


def fetch_sdists(name: str, folder: Path, least: str, most: str) -> list[Sdist]:
    """Return the main line of a package's final releases ``least <= version < most``.

    Archives that are in ``folder`` already are not fetched again. Raises :class:`SdistError`.
    """
    try:
        from pip._internal.exceptions import PipError
    except ImportError as error:
        raise SdistError("pip is missing in this environment: install it there") from error
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return _fetch(name, folder, least, most)
    except PipError as error:
        raise SdistError(f"the index gives no releases of {name}: {error}") from error


def main_line(
    versions: Iterable[tuple[int, ...]], time_of: Callable[[tuple[int, ...]], int]
) -> list[tuple[int, ...]]:
    """Return the releases that were the newest ones when they came out, in order.

    A maintenance release of an old series repeats what newer series have had already, so a series
    ends where any later one begins. ``time_of`` may be dear: it is asked for the first release of
    each series, and for its others up to the first that is too late.
    """
    series = defaultdict(list)
    for version in sorted(versions):
        series[version[:2]].append(version)
    kept: list[tuple[int, ...]] = []
    end = None
    for _, members in sorted(series.items(), reverse=True):
        inside = []
        for version in members:
            if end is not None and time_of(version) >= end:
                break
            inside.append(version)
        if inside:
            end = time_of(inside[0])
        kept = inside + kept
    return kept


def _fetch(name: str, folder: Path, least: str, most: str) -> list[Sdist]:
    from pip._internal.commands.index import IndexCommand
    from pip._internal.network.download import Downloader
    from pip._internal.utils.temp_dir import global_tempdir_manager
    from pip._vendor.packaging.version import Version

    command = IndexCommand("index", "releases for a benchmark", isolated=False)
    options, _ = command.parse_args(["versions", name])
    bounds = Version(least), Version(most)
    with global_tempdir_manager(), command._build_session(options) as session:
        finder = command._build_package_finder(options, session, ignore_requires_python=True)
        download = Downloader(session, "off")
        links: dict[tuple[int, ...], Any] = {
            one.version.release: one.link
            for one in finder.find_all_candidates(name)
            if one.link.filename.endswith(".tar.gz")
            and not (one.version.is_prerelease or one.version.is_postrelease)
            and bounds[0] <= one.version < bounds[1]
        }
        found: dict[tuple[int, ...], Sdist] = {}

        def time_of(version: tuple[int, ...]) -> int:
            if version not in found:
                archive = folder / links[version].filename
                if not archive.is_file():
                    part = folder / "part"
                    part.mkdir(exist_ok=True)
                    Path(download(links[version], str(part))[0]).replace(archive)
                shown = ".".join(map(str, version))
                found[version] = Sdist(shown, newest_time(archive), archive)
            return found[version].time

        line = main_line(links, time_of)
        for version in line:
            time_of(version)
    return [found[version] for version in line]


def newest_time(archive: Path) -> int:
    """Return the latest time of change of any member, in seconds of Unix time."""
    with tarfile.open(archive) as bundle:
        return int(max(member.mtime for member in bundle))

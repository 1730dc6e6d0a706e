"""The packages whose releases become histories, and where each keeps its release notes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

_TITLE = r"^v?{version}(?: \([^\n]*\))?\n(?:~+|=+|-+)\n"
_NEXT = r"^v?\d+(?:\.\d+)+[^\n]*\n(?:~+|=+|-+)\n"
_TITLED = _TITLE + r"(.*?)(?=" + _NEXT + r"|\Z)"
_DIRECTIVE = r"^\.\. changelog::\s*\n\s+:version: {version}\n(.*?)(?=^\.\. changelog::|\Z)"
_WHOLE = r"\A(.*)\Z"
_SOURCES = (".py", ".pyi", ".pyx")


@dataclass(frozen=True, slots=True)
class Project:
    """A package: which releases, where its sources lie in the sdist, how its notes are found.

    ``notes`` is a path in the sdist with ``{version}`` and ``{series}`` (``1.4``, ``14`` as
    ``{joined}``) to be filled in; ``section`` is what takes one release's part of it.
    """

    name: str
    least: str
    most: str
    folder: str
    notes: str
    section: str
    version_file: str
    use: Literal["report", "tuning"]

    def notes_path(self, version: str) -> str:
        """Return where the notes of a release lie in its sdist."""
        first, second, *_ = version.split(".")
        return self.notes.format(
            version=version, series=f"{first}.{second}", joined=f"{first}{second}"
        )

    def message(self, version: str, files: Mapping[str, bytes]) -> str | None:
        """Return a release's notes from its sdist's files; ``None`` where it has none."""
        data = files.get(self.notes_path(version))
        if data is None:
            return None
        text = data.decode("utf-8", "replace").replace("\r\n", "\n")
        # Django and wagtail leave out a last zero, which ``Version.release`` has not either way.
        pattern = self.section.replace("{version}", re.escape(version))
        found = re.search(pattern, text, re.MULTILINE | re.DOTALL)
        return found[1].strip() or None if found else None

    def is_source(self, path: str) -> bool:
        """Whether a path of the sdist is one of the package's own sources, tests left out."""
        return (
            path.startswith(self.folder + "/")
            and path.endswith(_SOURCES)
            and not re.search(r"(?:^|/)(?:tests?|testing)/|(?:^|/)(?:test_[^/]*|tests?)\.py$", path)
        )


PROJECTS = (
    Project(
        "django", "1.7", "6", "django", "docs/releases/{version}.txt", _WHOLE,
        "django/__init__.py", "report",
    ),
    Project(
        "sqlalchemy", "0.8", "2.1", "lib/sqlalchemy", "doc/build/changelog/changelog_{joined}.rst",
        _DIRECTIVE, "lib/sqlalchemy/__init__.py", "report",
    ),
    Project(
        "wagtail", "1.0", "9", "wagtail", "CHANGELOG.txt", _TITLED, "wagtail/__init__.py", "tuning",
    ),
    Project(
        "ansible-core", "2.11", "3", "lib/ansible", "changelogs/CHANGELOG-v{series}.rst", _TITLED,
        "lib/ansible/release.py", "tuning",
    ),
    Project(
        "plone.restapi", "5.0", "10", "src/plone/restapi", "CHANGES.rst", _TITLED, "", "tuning",
    ),
)  # fmt: skip

"""Where a project's own programs lie, and where an editable installation leads."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from lsp_agent.workspace.errors import UnreadableFileError
from lsp_agent.workspace.files import read_text

_VIRTUAL = (".venv", "venv", "env")
_BIN = "Scripts" if os.name == "nt" else "bin"
_MAX_FINDER = 256 * 1024
_MAX_FINDERS = 200
_QUOTED = re.compile(r"'([^'\n]+)'|\"([^\"\n]+)\"")


def project_variables(root: Path, env: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which a project's own programs are found first.

    These are those of a virtual environment and of ``node_modules`` at the root. The other folders
    of ``PATH`` follow, where they are not the workspace's own.
    """
    virtual = next((name for name in _VIRTUAL if _is_virtual(root / name)), "")
    own = [f"{virtual}/{_BIN}"] if virtual else []
    own.append("node_modules/.bin")
    # A link could lead anywhere, and what PATH names is shown to commands.
    real = Path(os.path.realpath(root))
    path = [
        str(root / folder)
        for folder in own
        if os.path.realpath(root / folder) == str(real / folder) and (root / folder).is_dir()
    ]
    for folder in env.get("PATH", os.defpath).split(os.pathsep):
        known = Path(folder)
        if known.is_absolute() and not known.is_relative_to(root):
            path.append(folder)
    found = {**env, "PATH": os.pathsep.join(dict.fromkeys(path))}
    if virtual:
        found["VIRTUAL_ENV"] = str(root / virtual)
    return found


def python_path(root: Path, borrowed: Sequence[str]) -> list[str]:
    """Return where Python is to look first, relative to the root, so that it finds the copy.

    These are the root, ``src``, and the folders below the root that editable installations in what
    is borrowed name. They are found before those, as ``PYTHONPATH`` comes before ``.pth`` files and
    before the finders that installations add.
    """
    found = ["."]
    if (root / "src").is_dir():
        found.append("src")
    for folder in _site_packages(root, borrowed):
        for file in islice(sorted(folder.glob("*.pth")), _MAX_FINDERS):
            found += _below(root, _text(file).splitlines())
        for file in islice(sorted(folder.glob("__editable__*.py")), _MAX_FINDERS):
            named = [one[0] or one[1] for one in _QUOTED.findall(_text(file))]
            # A finder names each package, or each module's file: what holds it is looked into.
            found += [path.rpartition("/")[0] or "." for path in _below(root, named)]
    return list(dict.fromkeys(found))


def _is_virtual(folder: Path) -> bool:
    return not folder.is_symlink() and (folder / "pyvenv.cfg").is_file()


def _site_packages(root: Path, borrowed: Sequence[str]) -> Iterator[Path]:
    for name in borrowed:
        if name in _VIRTUAL:
            yield from (root / name).glob("lib/python3*/site-packages")
            yield from (root / name).glob("Lib/site-packages")


def _below(root: Path, named: Sequence[str]) -> list[str]:
    found = []
    for name in named:
        path = os.path.normpath(name.strip())
        if path.startswith(f"{root}{os.sep}"):
            found.append(Path(path).relative_to(root).as_posix())
    return found


def _text(file: Path) -> str:
    try:
        return read_text(file, _MAX_FINDER).content
    except UnreadableFileError:
        return ""

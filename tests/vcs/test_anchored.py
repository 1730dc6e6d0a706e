"""Files that are reached without following a link, and folders that resist their removal."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from lsp_agent.vcs.anchored import Anchored, copy_content, remove_tree


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret").write_text("secret")
    return folder


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    folder = tmp_path / "inside"
    folder.mkdir()
    return folder


def test_links_in_a_path_lead_nowhere(inside: Path, outside: Path) -> None:
    (inside / "a").symlink_to(outside)
    (inside / "b").mkdir()
    (inside / "b" / "c").symlink_to(outside / "secret")
    with Anchored(inside) as folder:
        for attempt in (
            lambda: folder.read("a/secret", 100),
            lambda: folder.read("b/c", 100),
            lambda: folder.write("a/new", b"x"),
            lambda: folder.write("a/secret", b"x"),
            lambda: folder.make_link("a/new", "x"),
            lambda: folder.status("a/secret"),
        ):
            with pytest.raises(OSError):  # noqa: PT011 - the system's own errors
                attempt()
        folder.remove("a/secret")
        folder.write("b/c", b"mine")
    assert (outside / "secret").read_text() == "secret"
    assert [path.name for path in outside.iterdir()] == ["secret"]
    assert (inside / "b" / "c").read_bytes() == b"mine"


@pytest.mark.parametrize(
    "path", ["../outside/secret", "b/../../outside/secret", "", "a//b", "/etc/x", "."]
)
def test_what_is_no_path_below(inside: Path, outside: Path, path: str) -> None:
    with Anchored(inside) as folder, pytest.raises(OSError, match="no path"):
        folder.write(path, b"x")


def test_bytes_come_whole_and_not_too_many(inside: Path) -> None:
    data = os.urandom(300_000)
    (inside / "big").write_bytes(data)
    os.mkfifo(inside / "pipe")
    with Anchored(inside) as folder:
        assert folder.read("big", 300_000) == data
        with pytest.raises(OSError, match="more than"):
            folder.read("big", 299_999)
        with pytest.raises(OSError, match="regular"):
            folder.read("pipe", 10)
        source, target = folder.open("big"), folder.create("x/y/copy", 0o755)
        copy_content(source, target)
        os.close(source)
        os.close(target)
    assert (inside / "x/y/copy").read_bytes() == data
    assert (inside / "x/y/copy").stat().st_mode & 0o111
    assert (inside / "big").stat().st_nlink == 1


def test_any_tree_can_be_removed(inside: Path, outside: Path) -> None:
    # As an ordinary user where the tests run as root, whom no mode stops.
    script = f"""
import os, sys
sys.path[:0] = {sys.path!r}
from pathlib import Path
from lsp_agent.vcs.anchored import remove_tree
if os.geteuid() == 0:
    os.setuid(65534)
top = {str(inside)!r}
os.chdir(top)
for _ in range(3000):
    os.mkdir("d"); os.chdir("d")
os.chdir(top)
os.makedirs("ro/x/y"); open("ro/x/f", "w").close(); os.mkfifo("ro/x/pipe")
os.symlink({str(outside)!r}, "link"); os.symlink({str(outside)!r}, "ro/x/link")
os.mkdir("a\\nb"); open(b"a\\nb/\\xff", "w").close()
for path, mode in (("ro/x/y", 0), ("ro/x", 0o500), ("ro", 0)):
    os.chmod(path, mode)
remove_tree(Path(top))
"""
    for folder in (inside.parent, inside):
        folder.chmod(0o777)
    for folder in inside.parent.parents:
        if folder.stat().st_mode & 0o777 == 0o700:
            folder.chmod(0o711)
    done = subprocess.run(
        [sys.executable, "-c", script], check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert not inside.exists()
    assert [path.name for path in outside.iterdir()] == ["secret"]


def test_removing_nothing(tmp_path: Path) -> None:
    remove_tree(tmp_path / "none")
    remove_tree(tmp_path / "none" / "below")
    assert not (tmp_path / "none").exists()

"""Ignore rules, against the real ``git check-ignore``."""

from __future__ import annotations

import os
import random
import subprocess
import time
from pathlib import Path

import pytest

from lsp_agent.workspace.ignore import IgnoreRules

PATTERNS = [
    "*.log", "!keep.log", "build/", "/top", "sub/*.txt", "**/deep", "a/**", "!a/x", "doc?.md",
    "[ab].py", "*", "!*/", "!*.py", "x", "!x", "# comment", "\\#odd", "\\!odd", "trail ", "",
    "sub/", "**/b/**", "/*", "a/**/x", "**/sub/**/b", "*e*p", "d*c?.m*", "[!a-t].py", "*[^d]",
    "[[:alpha:]]", "sub/**/**/a.py", "/**/build", "***", "a**", "[]x]", "[a", "b\\*",
    "t.tx[t-t]", "sub\\/x", "a/b/",
]  # fmt: skip
NAMES = [
    "x", "a", "b", "sub", "build", "deep", "top", "keep.log", "o.log", "doc1.md", "a.py", "t.txt",
    "#odd", "]", "z.py",
]  # fmt: skip


def git(root: Path, *arguments: str, text: str = "") -> str:
    done = subprocess.run(
        ["git", "-c", "core.excludesFile=/dev/null", *arguments],
        cwd=root,
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout


def make_tree(root: Path, rng: random.Random, depth: int) -> None:
    for name in rng.sample(NAMES, 5):
        if depth and "." not in name and rng.random() < 0.7:
            (root / name).mkdir()
            make_tree(root / name, rng, depth - 1)
        else:
            (root / name).write_text("")
    if rng.random() < 0.5:
        (root / ".gitignore").write_text("\n".join(rng.sample(PATTERNS, 4)))


@pytest.mark.parametrize("seed", range(12))
def test_the_verdicts_are_gits(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    git(tmp_path, "init", "-q")
    (tmp_path / ".git" / "info" / "exclude").write_text("\n".join(rng.sample(PATTERNS, 2)) + "\n")
    make_tree(tmp_path, rng, 3)
    rules = IgnoreRules(tmp_path)
    paths = {
        path.relative_to(tmp_path).as_posix(): path.is_dir()
        for path in sorted(tmp_path.rglob("*"))
        if ".git" not in path.relative_to(tmp_path).parts
    }
    listed = git(tmp_path, "check-ignore", "--stdin", "-z", text="\0".join(paths))
    by_git = set(listed.split("\0")) - {""}
    ours = {path for path, is_dir in paths.items() if rules.ignored(path, is_dir=is_dir)}
    assert ours == by_git


def test_folders_nobody_edits_are_ignored_whatever_the_rules_say(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("!node_modules\n!.git\n")
    rules = IgnoreRules(tmp_path)
    assert rules.ignored("node_modules/x/index.js")
    assert rules.ignored("pkg/__pycache__", is_dir=True)
    assert not rules.ignored("__pycache__")
    assert rules.ignored(".git/config")
    assert rules.ignored("worktree/.git")


def test_own_patterns_are_overridden_by_nothing(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("!*.gen.py\n")
    rules = IgnoreRules(tmp_path, ["*.gen.py", "vendor/", "[z-a]", "!"])
    assert rules.ignored("a/b.gen.py")
    assert rules.ignored("vendor/x.py")
    assert rules.ignored_entry("", "vendor", is_dir=True)
    assert not rules.ignored_entry("src", "a.py", is_dir=False)


def test_a_hostile_pattern_takes_no_time(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text(
        "*a" * 40 + "*b\n" + "**/*a/" * 30 + "b\n" + "*[a-c]?" * 30 + "x\n"
    )
    rules = IgnoreRules(tmp_path)
    began = time.process_time()
    assert not rules.ignored_entry("/".join("a" * 200), "a" * 250, is_dir=False)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize("line", ["!", "[z-a]", "x\\", "/", "\\"])
def test_a_rule_that_makes_no_sense_is_passed_over(tmp_path: Path, line: str) -> None:
    (tmp_path / ".gitignore").write_bytes(f"{line}\r\n*.log\r\n".encode())
    rules = IgnoreRules(tmp_path)
    assert rules.ignored("a.log")
    assert not rules.ignored("a.py")


@pytest.mark.skipif(os.name == "nt", reason="makes a pipe and a link")
def test_rules_are_read_from_regular_files_only(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / ".gitignore")
    (tmp_path / "rules").write_text("*\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / ".gitignore").symlink_to("../rules")
    assert not IgnoreRules(tmp_path).ignored("sub/a.py")


def test_a_mark_and_latin_1_do_not_break_the_rules(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_bytes(b"\xef\xbb\xbf*.log\n")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / ".gitignore").write_bytes(b"caf\xe9\n*.tmp\n")
    rules = IgnoreRules(tmp_path)
    assert rules.ignored("a.log")
    assert rules.ignored("sub/a.tmp")

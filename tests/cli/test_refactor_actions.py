"""Changes over several files by rule, from the command line: no model, no server."""

from __future__ import annotations

from pathlib import Path

from tests.agent.test_verified_edits import ENV
from tests.cli.conftest import Command
from tests.refactor.conftest import SHOP, Project


def test_rename(lsp_agent: Command, work: Path) -> None:
    project = Project(work).write(SHOP)
    before = project.output()
    done = lsp_agent("action", "rename", "shop/money.py:6:5", "--instruction", "ceiled", "--diff")
    assert done.status == 0, done.err
    assert "+def ceiled(amount, step=5):" in done.out
    assert "+++ b/README.md" in done.out
    assert (work / "shop/money.py").read_text("utf-8") == SHOP["shop/money.py"]
    assert "renamed `round_up` to `ceiled`" in done.err
    done = lsp_agent("action", "rename", "shop/money.py:6:5", "--instruction", "ceiled", "--apply")
    assert done.status == 0, done.err
    assert set(done.out.split()) >= {"README.md", "main.py", "shop/money.py", "shop/till.py"}
    assert project.output() == before


def test_a_refused_name(lsp_agent: Command, work: Path) -> None:
    Project(work).write(SHOP)
    done = lsp_agent("action", "rename", "shop/money.py:6:5", "--instruction", "total")
    assert (done.status, done.out) == (1, "")
    assert "choose another name" in done.err


def test_change_signature(lsp_agent: Command, work: Path) -> None:
    project = Project(work).write(SHOP)
    before = project.output()
    place = "shop/till.py:10"
    done = lsp_agent("action", "change_signature", place, "--instruction", "remove amount")
    assert (done.status, done.out) == (1, "")
    assert "amount is still used at shop/till.py:11" in done.err
    instruction = "add note: str = ''"
    done = lsp_agent("action", "change_signature", place, "--instruction", instruction, "--apply")
    assert done.status == 0, done.err
    assert done.out == "shop/till.py\n"
    assert project.output() == before


def test_fix_workspace(lsp_agent: Command, work: Path) -> None:
    (work / "ruff.toml").write_text('lint.select = ["F401"]\n')
    for name in ("a.py", "b.py"):
        (work / name).write_text("import os\nimport sys\n\nprint(sys.path)\n")
    done = lsp_agent("action", "fix_workspace", "a.py", "--instruction", "F401", "--apply", **ENV)
    assert done.status == 0, done.err
    assert done.out == "a.py\nb.py\n"
    assert (work / "b.py").read_text() == "import sys\n\nprint(sys.path)\n"
    assert "fixed 2 of F401 in 2 files" in done.err


def test_move_symbol(lsp_agent: Command, work: Path) -> None:
    project = Project(work).write(SHOP)
    before = project.output()
    target = ("--instruction", "shop.rounding", "--apply")
    done = lsp_agent("action", "move_symbol", "shop/money.py:6:5", *target)
    assert done.status == 0, done.err
    assert "shop/rounding.py" in done.out
    assert "moved `round_up` to shop/rounding.py" in done.err
    assert project.output() == before
    done = lsp_agent("action", "move_symbol", "shop/money.py:3:1", *target)
    assert (done.status, done.out) == (1, "")
    assert "no function or class" in done.err

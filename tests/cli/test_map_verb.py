"""``lsp-agent map``: on stdout the map, and nothing else."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.context.conftest import SHOP
from tests.support.files import write_files


@pytest.fixture
def shop(work: Path) -> Path:
    write_files(work, SHOP)
    return work


def test_the_map_is_printed_within_the_tokens(lsp_agent: Command, shop: Path) -> None:
    done = lsp_agent("map")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("shop/store.py:\nclass Store\n    def find_article(self, number)\n")
    small = lsp_agent("map", str(shop), "--tokens", "30", cwd=shop.parent)
    assert 0 < len(small.out) <= 121
    assert "shop/store.py" in small.out


def test_focus_and_query_change_it(lsp_agent: Command, shop: Path) -> None:
    plain = lsp_agent("map", "--tokens", "20").out
    assert "shop/mail.py" not in plain
    assert "shop/mail.py" in lsp_agent("map", "--tokens", "20", "--focus", "shop/mail.py").out
    asked = lsp_agent("map", "--tokens", "30", "--query", "the tax rate of a country").out
    assert "def tax_rate(country)" in asked


def test_json_and_reasons(lsp_agent: Command, shop: Path) -> None:
    done = lsp_agent("map", "--json", "--focus", "shop/tax.py")
    row = json.loads(done.out)
    assert row["known"] == 7
    assert row["tokens"] <= 1024
    files = {file["path"]: file for file in row["files"]}
    assert len(files) == 7
    assert 0.9 < sum(file["rank"] for file in row["files"]) < 1.001
    tax = files["shop/tax.py"]
    assert tax["tokens"] == 9
    assert any(reason.startswith("in focus") for reason in tax["reasons"])
    assert tax["symbols"] == [
        {"name": "tax_rate", "kind": "function", "signature": "def tax_rate(country):", "line": 1}
    ]
    why = lsp_agent("map", "--explain", "--query", "tax_rate").out
    (line,) = [line for line in why.splitlines() if "shop/tax.py" in line]
    assert "named 1.00" in line
    assert line.endswith("[tax_rate]")


def test_nothing_to_show_is_said(lsp_agent: Command, work: Path) -> None:
    done = lsp_agent("map")
    assert (done.status, done.out) == (0, "")
    assert "there is nothing to map" in done.err
    assert lsp_agent("map", "--json").out == '{"tokens": 0, "known": 0, "files": []}\n'
    (work / "a.py").write_text("x = 1\n")
    few = lsp_agent("map", "--tokens", "0")
    assert (few.status, few.out) == (0, "")
    assert "0 tokens hold none of 1 files; give more with --tokens" in few.err


def test_usage(lsp_agent: Command, work: Path) -> None:
    for arguments in (
        ("nowhere",), ("--tokens", "-1"), ("--focus", "nowhere.py"), ("--focus", "/etc/passwd"),
        ("--set", "index.enabled=false"),
    ):  # fmt: skip
        done = lsp_agent("map", *arguments)
        assert (done.status, done.out) == (2, ""), arguments
        assert done.err


def test_odd_files(lsp_agent: Command, work: Path) -> None:
    (work / "big.py").write_text("x = 1\n" * 700_000)
    (work / "a.bin").write_bytes(b"\0\1\2")
    (work / "größe 🎉.py").write_text("def wert(): pass\n", "utf-8")
    done = lsp_agent("map", "--query", "x" * 100_000)
    assert (done.status, done.err) == (0, "")
    assert done.out == "größe 🎉.py:\ndef wert()\n"


@pytest.mark.skipif(os.name == "nt", reason="SIGTERM ends a program there, without asking it")
def test_a_build_that_is_stopped_keeps_what_is_done(work: Path, home: Path) -> None:
    for number in range(2000):
        text = "".join(f"def f{number}_{n}(): return {n}\n" for n in range(20))
        (work / f"{number}.py").write_text(text)
    process = subprocess.Popen(
        [sys.executable, "-m", "lsp_agent", "map"],
        cwd=work, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    cache = home / "cache" / "index"
    while not any(file.stat().st_size > 400_000 for file in cache.glob("*.sqlite-wal")):
        assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, b"", b"cancelled\n")

"""``lsp-agent models``: pulling against a hub of our own with a real GGUF file, listing, timing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from lsp_agent.cli.models import known_row
from lsp_agent.engine.known import KnownModel, Machine
from lsp_agent.engine.llama.tiny import make_tiny_gguf
from tests.cli.conftest import Command
from tests.support.llama import wait_until
from tests.support.model_hub import ModelHub

FILE = "owner/tiny-GGUF/tiny.gguf"


@pytest.fixture
def stand_in(tmp_path: Path) -> Iterator[ModelHub]:
    model = tmp_path / "hub.gguf"
    make_tiny_gguf(model)
    with ModelHub(model.read_bytes()) as hub:
        yield hub


@pytest.fixture
def hub(stand_in: ModelHub) -> str:
    """The address of a hub that has one small file."""
    return stand_in.url


def test_a_model_is_pulled_used_and_removed(lsp_agent: Command, hub: str, home: Path) -> None:
    done = lsp_agent("models", "pull", FILE, HF_ENDPOINT=hub)
    assert done.status == 0, done.err
    assert 'pulled tiny; use it with: model = "tiny"' in done.err
    rows = json.loads(lsp_agent("models", "list", "--json").out)
    row = next(one for one in rows if one["name"] == "tiny")
    assert row["n_params"] > 0
    assert lsp_agent("models", "pull", FILE, HF_ENDPOINT=hub).status == 0
    assert lsp_agent("models", "remove", "tiny").status == 0
    assert not list(home.rglob("*.gguf"))
    assert lsp_agent("models", "remove", "tiny").status == 3


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("qwen2.5-coder-1.5", "did you mean 'qwen2.5-coder-1.5b'?"),
        ("owner/tiny-GGUF/other.gguf", "can't be downloaded"),
        ("nothing", "OWNER/REPOSITORY/FILE.gguf"),
    ],
)
def test_what_can_not_be_pulled_says_why(
    lsp_agent: Command, hub: str, name: str, words: str
) -> None:
    done = lsp_agent("models", "pull", name, HF_ENDPOINT=hub)
    assert (done.status, done.out) == (3, "")
    assert words in done.err
    assert "Traceback" not in done.err


def test_without_a_network_the_way_around_is_named(lsp_agent: Command) -> None:
    done = lsp_agent("models", "pull", FILE, HF_ENDPOINT="http://127.0.0.1:9")
    assert done.status == 3
    assert "lsp-agent models add tiny FILE.gguf" in done.err


def test_known_models_are_listed(lsp_agent: Command) -> None:
    out = lsp_agent("models", "pull").out
    assert "qwen2.5-coder-1.5b" in out
    assert "Apache-2.0" in out


def pulled_files(home: Path) -> list[str]:
    return sorted(path.name for path in (home / "models").rglob("*") if path.is_file())


def test_a_file_that_is_here_is_not_fetched_again(
    lsp_agent: Command, stand_in: ModelHub, home: Path
) -> None:
    for _ in range(2):
        assert lsp_agent("models", "pull", FILE, HF_ENDPOINT=stand_in.url).status == 0
    assert stand_in.ranges == [None]
    # A new version of the file is another matter.
    stand_in.data = stand_in.data + b"\0" * 32
    stand_in.sha256 = "f" * 32
    assert lsp_agent("models", "pull", FILE, HF_ENDPOINT=stand_in.url).status == 0
    assert stand_in.ranges == [None, None]
    assert pulled_files(home) == ["models.json", "tiny.gguf", "tiny.gguf.etag"]


def test_a_damaged_file_is_deleted_and_told_of(
    lsp_agent: Command, stand_in: ModelHub, home: Path
) -> None:
    stand_in.sha256 = "0" * 64
    done = lsp_agent("models", "pull", FILE, HF_ENDPOINT=stand_in.url)
    assert done.status == 3
    assert "tiny.gguf arrived damaged" in done.err
    assert "the hub says 000000000000" in done.err
    assert pulled_files(home) == []


def test_a_pull_that_was_stopped_goes_on_where_it_ended(
    lsp_agent: Command, home: Path, tmp_path: Path
) -> None:
    large = tmp_path / "large.gguf"
    # The hub's library writes 10 MiB at a time.
    make_tiny_gguf(large, n_embd=256, n_layer=6, n_ff=1024)
    with ModelHub(large.read_bytes()) as hub:
        hub.stop_at = 15 << 20
        command = [sys.executable, "-m", "lsp_agent", "models", "pull", FILE]
        environment = {**os.environ, "HF_ENDPOINT": hub.url}
        with subprocess.Popen(
            command, env=environment, stderr=subprocess.PIPE, text=True, cwd=tmp_path
        ) as running:
            assert hub.stopped.wait(60)
            (part,) = (home / "models").rglob("*.part")
            wait_until(lambda: part.stat().st_size > 0)
            running.send_signal(signal.SIGINT)
            err = running.communicate(timeout=60)[1]
        assert running.returncode == 130
        assert f"to go on from here: lsp-agent models pull {FILE}" in err
        size = part.stat().st_size
        hub.stop_at = None
        hub.go_on.set()
        assert lsp_agent("models", "pull", FILE, HF_ENDPOINT=hub.url).status == 0
        assert hub.ranges == [None, f"bytes={size}-"]
    assert pulled_files(home) == ["models.json", "tiny.gguf", "tiny.gguf.etag"]


def test_offline_uses_what_is_here(
    lsp_agent: Command, stand_in: ModelHub, home: Path, tmp_path: Path
) -> None:
    nowhere = "http://127.0.0.1:9"
    done = lsp_agent("models", "pull", FILE, "--offline", HF_ENDPOINT=nowhere)
    assert done.status == 3
    assert "is not on this machine, and offline mode is on" in done.err
    assert lsp_agent("models", "pull", FILE, HF_ENDPOINT=stand_in.url).status == 0
    done = lsp_agent("models", "pull", FILE, HF_ENDPOINT=nowhere, HF_HUB_OFFLINE="1")
    assert done.status == 0, done.err
    # The hub's own cache, as other programs fill it.
    cache = tmp_path / "cache" / "models--owner--other-GGUF"
    snapshot = cache / "snapshots" / ("c" * 40)
    snapshot.mkdir(parents=True)
    (cache / "refs").mkdir()
    (cache / "refs" / "main").write_text("c" * 40)
    make_tiny_gguf(snapshot / "other.gguf")
    done = lsp_agent(
        "models",
        "pull",
        "owner/other-GGUF/other.gguf",
        "--offline",
        HF_HUB_CACHE=str(tmp_path / "cache"),
    )
    assert done.status == 0, done.err
    assert str(snapshot) in (home / "models" / "models.json").read_text()


def test_a_full_disk_is_told_of_before_the_download(
    lsp_agent: Command, stand_in: ModelHub, home: Path
) -> None:
    stand_in.claimed_size = 10**18
    done = lsp_agent("models", "pull", FILE, HF_ENDPOINT=stand_in.url)
    assert done.status == 3
    assert "the download needs 1000000000.0 GB" in done.err
    assert stand_in.ranges == []


def test_the_list_says_what_fits_and_what_is_best(lsp_agent: Command) -> None:
    done = lsp_agent("models", "list")
    assert done.status == 0
    assert "qwen3-coder-30b" in done.out
    assert "recommended with" in done.err
    out = lsp_agent("models", "list", "--all", "--json").out
    rows = {row["name"]: row for row in json.loads(out)}
    assert rows["embedded"]["fits"] in ("gpu", "cpu")
    known = rows["qwen2.5-coder-0.5b-base"]
    assert known["source"] == "can be pulled"
    assert known["fits"] in ("gpu", "cpu", None)
    assert known["capabilities"] == ["fim"]
    best = json.loads(lsp_agent("models", "list", "--recommend", "--json").out)
    assert set(best) == {"completion", "action", "agent"}
    words = lsp_agent("models", "list", "--recommend").out
    assert all(name in words for name in best.values() if name)


@pytest.mark.parametrize("name", [None, "tiny"])
def test_a_model_is_timed(lsp_agent: Command, tmp_path: Path, name: str | None) -> None:
    model = tmp_path / "tiny.gguf"
    make_tiny_gguf(model)
    assert lsp_agent("models", "add", "tiny", str(model)).status == 0
    arguments = [name] if name else []
    done = lsp_agent("models", "bench", *arguments, "--json")
    assert done.status == 0, done.err
    timing = json.loads(done.out)
    assert timing["model"] == ("tiny.gguf" if name else "embedded.gguf")
    assert 400 <= timing["prompt_tokens"] <= 600
    assert timing["decode_tokens"] == 64
    assert min(timing["prompt_rate"], timing["decode_rate"], timing["load_ms"]) > 0
    assert timing["peak_rss_bytes"] > 10**7
    assert timing["build"]
    words = lsp_agent("models", "bench", *arguments).out
    assert "tokens/s (64 tokens)" in words


def test_a_model_that_is_not_there_can_not_be_timed(lsp_agent: Command) -> None:
    done = lsp_agent("models", "bench", "nothing")
    assert (done.status, done.out) == (3, "")
    assert "no model named 'nothing'" in done.err


def test_a_known_model_that_is_not_here_names_the_pull(lsp_agent: Command) -> None:
    done = lsp_agent("models", "bench", "qwen2.5-coder-7b")
    assert done.status == 3
    assert "get it with: lsp-agent models pull qwen2.5-coder-7b" in done.err


def test_what_could_not_be_confirmed_is_said() -> None:
    model = KnownModel("new", "owner/new", "new.gguf", confirmed=False)
    row = known_row(model, Machine(ram=10**9))
    assert row["note"] == "new: its file could not be confirmed"
    assert "note" not in known_row(KnownModel("sure", "owner/sure", "s.gguf"), Machine(ram=10**9))

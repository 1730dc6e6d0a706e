"""What the documents say is there is there."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from lsp_agent import __version__
from lsp_agent.cli.main import VERBS
from lsp_agent.config.load import Sources, load_settings
from lsp_agent.config.model import Settings

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (".", "docs", "editors/*", "benchmarks")
PAGES = sorted(page for folder in FOLDERS for page in ROOT.glob(f"{folder}/*.md"))
FILES = ("key", "py", "sqlite")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_and_paths_lead_somewhere(page: Path) -> None:
    text = page.read_text("utf-8")
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)\)", text)
    paths = re.findall(r"`((?:tests|lsp_agent|editors|benchmarks|grammars)/[\w./]+)`", text)
    for link in links:
        assert (page.parent / link).exists(), link
    for path in paths:
        assert "LANGUAGE" in path or (ROOT / path).exists(), path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_verbs_that_are_shown_are_there(page: Path) -> None:
    for verb in re.findall(r"^lsp-agent ([a-z]+)", page.read_text("utf-8"), re.MULTILINE):
        assert verb in VERBS, verb


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_make_targets_that_are_shown_are_there(page: Path) -> None:
    targets = set(
        re.findall(r"^([a-z]+):", ROOT.joinpath("Makefile").read_text("utf-8"), re.MULTILINE)
    )
    shown = re.findall(r"(?:^|`|&& )make ([a-z]+)", page.read_text("utf-8"), re.MULTILINE)
    assert set(shown) <= targets


def test_the_readmes_configuration_is_valid(tmp_path: Path) -> None:
    blocks = FENCE.findall(ROOT.joinpath("README.md").read_text("utf-8"))
    (example,) = [body for language, body in blocks if language == "toml"]
    file = tmp_path / "config.toml"
    file.write_text(example, "utf-8")
    loaded = load_settings(Sources(user_file=file))
    assert loaded.problems == ()
    assert loaded.settings.engines["cluster"].model == "qwen3-coder"


@pytest.mark.parametrize("page", sorted(ROOT.glob("docs/*.md")), ids=lambda page: page.name)
def test_the_configurations_of_the_documents_are_valid(page: Path, tmp_path: Path) -> None:
    examples = [body for kind, body in FENCE.findall(page.read_text("utf-8")) if kind == "toml"]
    # That page is made from the catalogue, and is about code.
    assert examples or page.name == "actions.md"
    for example in examples:
        file = tmp_path / "config.toml"
        file.write_text(example, "utf-8")
        assert load_settings(Sources(user_file=file)).problems == (), example


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_settings_that_are_named_are_there(page: Path) -> None:
    settings = Settings().model_dump()
    named = re.findall(r"`([a-z_]+)\.([a-z_]+)(?: = [^`]*)?`", page.read_text("utf-8"))
    for section, key in named:
        if section in settings and section != "engines" and key not in FILES:
            assert key in settings[section], f"{section}.{key}"


def test_the_defaults_of_the_page_on_trust_hold() -> None:
    text = ROOT.joinpath("docs", "trust.md").read_text("utf-8")
    rows = re.findall(r"^\| ((?:`[a-z_]+\.[a-z_]+`(?:, )?)+) \| ([^|]+) \|", text, re.MULTILINE)
    told = {}
    for names, defaults in rows:
        keys, values = re.findall(r"`([^`]+)`", names), defaults.split(", ")
        values = values * len(keys) if len(values) == 1 else values
        told |= dict(zip(keys, values, strict=True))
    dumped = Settings().model_dump()
    for name, value in told.items():
        section, key = name.split(".")
        assert json.loads(value.strip("`")) == dumped[section][key], name
    for section in ("verify", "sandbox", "git", "journal"):
        assert {f"{section}.{key}" for key in dumped[section]} <= set(told), section


def test_every_benchmark_is_in_the_table() -> None:
    table = ROOT.joinpath("benchmarks", "README.md").read_text("utf-8")
    folder = ROOT.joinpath("benchmarks")
    names = [
        *(one.stem for one in folder.glob("*.py") if '__name__ == "__main__"' in one.read_text()),
        *(one.parent.name for one in folder.glob("*/__main__.py")),
    ]
    assert {"sandbox", "kill9"} <= set(names)
    for name in names:
        assert f"-m benchmarks.{name}`" in table or f"-m benchmarks.{name} " in table, name


def test_one_version() -> None:
    project = tomllib.loads(ROOT.joinpath("pyproject.toml").read_text("utf-8"))["project"]
    assert project["version"] == __version__

"""Engines and sandboxes of plugins: chosen by the settings, off with a reason where they fail."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from lsp_agent.cancel import CancelToken
from lsp_agent.config.load import Sources, load_settings
from lsp_agent.config.model import PluginEngineSettings, SandboxSettings
from lsp_agent.config.paths import Home
from lsp_agent.engine.factory import make_engine
from lsp_agent.engine.types import EngineUnavailableError
from lsp_agent.sandbox.choose import find_sandbox
from lsp_agent.sandbox.types import Command
from tests.plugins.installed import install
from tests.plugins.test_plugins import World, world

__all__ = ["world"]
ROOT = Path(__file__).parents[2]
ENGINE = """
from pydantic import BaseModel

class Options(BaseModel, extra="forbid"):
    words: str = "nothing"

class Parrot:
    def __init__(self, name, model, options):
        self.name, self.model, self.options = name, model, options

    def info(self):
        return EngineInfo(self.name, "parrot", self.model, 8000)

    def load(self, cancel):
        return self.info()

    def generate(self, request, cancel):
        seen = "".join(one.content for one in request.prompt.messages)
        leaked = " and the key" if "sk-ant-api03" in seen else ""
        yield Delta(text=self.options.words + leaked, finish="stop", usage=Usage(3, 0, 2))

    def count_tokens(self, text):
        return len(text) // 4

    def embed(self, texts, cancel):
        raise EngineError("no vectors")

    def close(self):
        pass

def make(name, model, options, env):
    {made}

ENGINES = (EngineKind("parrot", Options, make),)
"""
MADE = "return Parrot(name, model, options)"
SANDBOX = """
from tests.support.open_sandbox import OpenSandbox

def make(env):
    {made}

SANDBOXES = (SandboxKind("open", make),)
"""
OPEN = 'return OpenSandbox(abilities=frozenset({"files", "network"}))'
SETTINGS = PluginEngineSettings(
    kind="plugin", plugin="parrot", model="grey", options={"words": "hello"}
)


def test_an_engine_is_made_of_its_options(world: World, home: Path) -> None:
    world.install("birds", ENGINE.replace("{made}", MADE), "engines")
    plugins, place = world.plugins(), Home.find(os.environ)
    engine = make_engine("mine", SETTINGS, place, {}, plugins)
    assert (engine.info().name, engine.info().model) == ("mine", "grey")
    again = make_engine("other", SETTINGS, place, {}, plugins)
    assert again.info().name == "other"
    assert plugins.status()[0].adds == ("parrot",)
    assert world.said == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"plugin": "parot"}, "did you mean 'parrot'?"),
        ({"plugin": "owl"}, "there are: parrot"),
        ({"options": {"word": "x"}}, "engines.mine.options.word: Extra inputs"),
        ({"options": {"words": 3}}, "engines.mine.options.words:"),
    ],
)
def test_settings_that_do_not_fit_are_named(
    world: World, home: Path, change: dict[str, object], words: str
) -> None:
    world.install("birds", ENGINE.replace("{made}", MADE), "engines")
    settings = SETTINGS.model_copy(update=change)
    with pytest.raises(EngineUnavailableError) as raised:
        make_engine("mine", settings, Home.find(os.environ), {}, world.plugins())
    assert words in str(raised.value)
    assert world.said == []


@pytest.mark.parametrize("made", ["return 1 / 0", "return object()"])
def test_an_engine_that_can_not_be_made_puts_its_plugin_out(
    world: World, home: Path, made: str
) -> None:
    world.install("birds", ENGINE.replace("{made}", made), "engines")
    plugins = world.plugins()
    with pytest.raises(EngineUnavailableError, match="the plugin birds is off"):
        make_engine("mine", SETTINGS, Home.find(os.environ), {}, plugins)
    assert len(world.said) == 1
    assert plugins.is_off("birds")


@pytest.mark.parametrize("text", ["ENGINES = (3,)", 'ENGINES = (EngineKind("a", dict, print),)'])
def test_what_is_no_engine_is_off(world: World, home: Path, text: str) -> None:
    world.install("birds", text + "\n", "engines")
    with pytest.raises(EngineUnavailableError, match="there are: none"):
        make_engine("mine", SETTINGS, Home.find(os.environ), {}, world.plugins())
    assert len(world.said) == 1


def test_the_command_line_asks_a_plugins_engine_without_secrets(home: Path, tmp_path: Path) -> None:
    head = "from lsp_agent.api import *\nLSP_AGENT_API = 1\n"
    text = head + ENGINE.replace("{made}", MADE)
    install(tmp_path / "site", "birds", {"birds.py": text},
            {"lsp_agent.engines": {"x": "birds:ENGINES"}})  # fmt: skip
    home.joinpath("config.toml").write_text(
        '[engines.mine]\nkind = "plugin"\nplugin = "parrot"\nmodel = "grey"\n'
        'options = { words = "It adds." }\n[routes]\nagent = "mine"\n',
        "utf-8",
    )
    key = "sk-ant-api03-" + "Ab1" * 31
    (tmp_path / "a.py").write_text(f"KEY = '{key}'\ndef f(a, b):\n    return a + b\n", "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "lsp_agent", "action", "explain", "a.py:2"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "It adds."), done.stderr


def test_a_sandbox_of_a_plugin_runs_commands(world: World, tmp_path: Path) -> None:
    world.install("jail", SANDBOX.replace("{made}", OPEN), "sandboxes")
    chosen = SandboxSettings(kind="plugin", plugin="open")
    sandbox, remarks = find_sandbox(chosen, {}, world.plugins())
    assert sandbox is not None
    outcome = sandbox.run(Command(("echo", "hi"), tmp_path, tmp_path), CancelToken())
    assert (outcome.status, outcome.output) == (0, "hi\n")
    assert any("does not hold" in one for one in remarks)


@pytest.mark.parametrize("enabled", ["true", "false"])
def test_the_doctor_loads_no_sandbox_that_is_not_wanted(
    home: Path, tmp_path: Path, enabled: str
) -> None:
    head = "from lsp_agent.api import *\nLSP_AGENT_API = 1\n"
    loaded = f"open({str(tmp_path / 'loaded')!r}, 'w').close()\n"
    install(tmp_path / "site", "jail", {"jail.py": head + loaded + SANDBOX.replace("{made}", OPEN)},
            {"lsp_agent.sandboxes": {"x": "jail:SANDBOXES"}})  # fmt: skip
    home.joinpath("config.toml").write_text(
        f'[plugins]\nenabled = {enabled}\n[sandbox]\nkind = "plugin"\nplugin = "open"\n', "utf-8"
    )
    done = subprocess.run(
        [sys.executable, "-m", "lsp_agent", "doctor", "--json"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path / "site"), str(ROOT)])},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    rows = {row["name"]: row["detail"] for row in json.loads(done.stdout)}
    assert (tmp_path / "loaded").exists() == (enabled == "true")
    known = "open, no protection holds files, network"
    assert (known in rows["sandbox"]) == (enabled == "true"), rows["sandbox"]


@pytest.mark.parametrize(
    ("made", "name", "words"),
    [
        ("return 1 / 0", "open", "ZeroDivisionError"),
        ("return object()", "open", "a sandbox without"),
        ("return OpenSandbox()", "open", "so no commands run"),
        (OPEN, "closed", "no plugin here has a sandbox 'closed' (there are: open)"),
    ],
)
def test_without_a_sandbox_that_holds_nothing_runs(
    world: World, made: str, name: str, words: str
) -> None:
    world.install("jail", SANDBOX.replace("{made}", made), "sandboxes")
    chosen = SandboxSettings(kind="plugin", plugin=name)
    sandbox, remarks = find_sandbox(chosen, {}, world.plugins())
    assert sandbox is None
    assert words in "\n".join(remarks)


def test_a_workspace_chooses_no_plugin(tmp_path: Path) -> None:
    text = '[plugins]\nenabled = true\n[sandbox]\nkind = "plugin"\nplugin = "open"\n'
    (tmp_path / "lsp-agent.toml").write_text(text, "utf-8")
    loaded = load_settings(Sources(workspace=tmp_path))
    assert loaded.settings.sandbox.kind == "auto"
    assert len(loaded.problems) >= 2

"""Plugins: what fits takes part, what does not costs one message, and all else goes on."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from importlib.metadata import EntryPoint
from pathlib import Path
from threading import Thread

import pytest

from lsp_agent.actions.spec import ActionError, Place, load_actions
from lsp_agent.app import App
from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import Settings
from lsp_agent.config.paths import Home
from lsp_agent.plugins import Plugins
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.tools.call import call_tool
from lsp_agent.tools.spec import ToolContext, load_tools
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.positions import Position, Range
from lsp_agent.workspace.roots import Root
from tests.plugins.installed import found_in, install

EXAMPLE = Path(__file__).parents[2] / "examples" / "plugin"
HEAD = "from lsp_agent.api import *\nfrom typing import ClassVar\nLSP_AGENT_API = 1\n"
TOOL = """
class Nothing(Arguments):
    pass

def run(context, arguments):
    {body}

TOOLS = (Tool("{name}", "Do it.", Nothing, "low", run, {{}}),)
"""
ACTION = """
class Do(BaseAction):
    name: ClassVar = "{name}"
    kind: ClassVar = "refactor.rewrite.lspAgent.do"
    summary: ClassVar = "do it"
    answer: ClassVar[Answer] = "edit"
    example: ClassVar = Example("python", "$0", "")

    def offers(self, place):
        {offers}

    def request(self, place, argument):
        {request}

ACTIONS = (Do(),)
"""
OWN_TOOLS = set(load_tools(pytest.fail, Plugins(pytest.fail, find=found_in(Path("none")))))
PLACE = Place(
    "a.py", SyntaxDocument.parse("x = 1\n", "python"), Range(Position(0, 0), Position(0, 1))
)


def tool(name: str = "do_it", body: str = "return 'done'") -> str:
    return TOOL.format(name=name, body=body)


def action(name: str = "do", offers: str = "return []", request: str = "return None") -> str:
    return ACTION.format(name=name, offers=offers, request=request)


class World:
    """A site folder with plugins, and what is said of them."""

    def __init__(self, site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.site = site
        self.said: list[str] = []
        self.modules: list[str] = []
        site.mkdir()
        monkeypatch.syspath_prepend(site)

    def install(self, package: str, text: str, *groups: str, head: str = HEAD) -> None:
        module = package.replace("-", "_")
        points = {
            f"lsp_agent.{group}": {"x": f"{module}:{group.upper()}"}
            for group in groups or ("tools",)
        }
        install(self.site, package, {f"{module}.py": head + text}, points)
        self.modules.append(module)

    def plugins(self, **chosen: object) -> Plugins:
        return Plugins(self.said.append, find=found_in(self.site), **chosen)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    made = World(tmp_path / "site", monkeypatch)
    yield made
    for name in made.modules:
        sys.modules.pop(name, None)


def context(folder: Path) -> ToolContext:
    return ToolContext(Overlay(Root(folder)), CancelToken())


def test_a_plugins_tool_and_action_take_part(world: World, tmp_path: Path) -> None:
    world.install("good", tool() + action(), "tools", "actions")
    plugins = world.plugins()
    tools = load_tools(world.said.append, plugins)
    assert tools.keys() == {*OWN_TOOLS, "do_it"}
    assert "do" in load_actions(world.said.append, plugins)
    assert call_tool(tools, "do_it", {}, context(tmp_path)).text == "done"
    (status,) = plugins.status()
    assert (status.package, status.version, status.adds) == ("good", "1.0", ("do_it", "do"))
    assert (status.why, world.said) == ("", [])


def test_two_that_ask_at_once_load_a_plugin_once(world: World) -> None:
    world.install("good", tool())
    find, asked = found_in(world.site), list[str]()

    def slow(group: str) -> Iterable[EntryPoint]:
        asked.append(group)
        if len(asked) == 1:
            other.start()
            other.join(0.2)
        return find(group)

    plugins = Plugins(world.said.append, find=slow)
    other = Thread(target=load_tools, args=(world.said.append, plugins))
    assert "do_it" in load_tools(world.said.append, plugins)
    other.join()
    assert asked == ["lsp_agent.tools"]
    assert [one.adds for one in plugins.status()] == [("do_it",)]


@pytest.mark.parametrize(
    ("head", "text", "why"),
    [
        ("from lsp_agent.api import *\n", tool(), "does not say LSP_AGENT_API = 1"),
        ("from lsp_agent.api import *\nLSP_AGENT_API = 2\n", tool(), "for version 2"),
        (HEAD, "raise RuntimeError('no luck')\n", "no luck"),
        (HEAD, "import sys\nsys.exit(3)\n", "3"),
        (HEAD, "import no_such_module\n", "no_such_module"),
        (HEAD, "TOOLS = (1, 2)\n", "1 is no Tool"),
        (HEAD, "TOOLS = None\n", "None is no Tool"),
        (HEAD, "OTHERS = ()\n", "TOOLS"),
        (HEAD, tool().replace("Nothing, ", "dict, "), "no Arguments"),
        (HEAD, tool("read_file"), "'read_file' is taken"),
        (HEAD, tool() + "TOOLS += TOOLS\n", "'do_it' is taken"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_off_with_one_message(
    world: World, head: str, text: str, why: str
) -> None:
    world.install("aged", text, head=head)
    world.install("better", tool("other"))
    plugins = world.plugins()
    tools = load_tools(world.said.append, plugins)
    assert tools.keys() == {*OWN_TOOLS, "other"}
    assert tools["read_file"].run.__module__.startswith("lsp_agent.")
    (said,) = world.said
    assert said.startswith("the plugin aged is off: ")
    assert why in said
    assert "mend: pip install --upgrade aged" in said
    assert "\n" not in said
    assert {one.package: bool(one.why) for one in plugins.status()} == {
        "aged": True,
        "better": False,
    }


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("ACTIONS = (object(),)\n", "is no BaseAction"),
        (action().replace('    summary: ClassVar = "do it"\n', ""), "has no summary"),
        (action().replace("    example: ", "    before: "), "has no example"),
        (action().replace("def offers", "def others"), "lacks offers"),
        (action("fix"), "'fix' is taken"),
    ],
)
def test_an_action_that_does_not_fit_is_off(world: World, text: str, why: str) -> None:
    world.install("odd", text, "actions")
    actions = load_actions(world.said.append, world.plugins())
    assert "do" not in actions
    assert type(actions["fix"]).__module__ == "lsp_agent.actions.fix"
    assert len(world.said) == 1
    assert why in world.said[0]


def test_a_package_that_fails_twice_is_told_of_once(world: World) -> None:
    world.install("both", "raise RuntimeError('no luck')\n", "tools", "actions")
    plugins = world.plugins()
    load_tools(world.said.append, plugins)
    load_actions(world.said.append, plugins)
    assert len(world.said) == 1


def test_a_plugin_that_is_not_wanted_is_not_imported(world: World, tmp_path: Path) -> None:
    mark = tmp_path / "imported"
    world.install("shy", f"open({str(mark)!r}, 'w').close()\n" + tool())
    for chosen in ({"enabled": False}, {"disabled": ["shy"]}):
        plugins = world.plugins(**chosen)
        assert load_tools(world.said.append, plugins).keys() == OWN_TOOLS
        assert plugins.status()[0].why in Plugins.CHOSEN
    assert not mark.exists()
    assert world.said == []


def test_a_tool_that_raises_is_off_for_the_session(world: World, tmp_path: Path) -> None:
    world.install("weak", tool(body="return 1 / 0") + action(offers="return [Offer('Do')]"),
                  "tools", "actions")  # fmt: skip
    plugins = world.plugins()
    tools = load_tools(world.said.append, plugins)
    offered = load_actions(world.said.append, plugins)["do"]
    assert [one.title for one in offered.offers(PLACE)] == ["Do"]
    first = call_tool(tools, "do_it", {}, context(tmp_path))
    again = call_tool(tools, "do_it", {}, context(tmp_path))
    assert (first.ok, again.ok) == (False, False)
    assert "ZeroDivisionError" in first.text
    assert "do_it is off" in again.text
    assert len(world.said) == 1
    assert offered.offers(PLACE) == []
    assert "ZeroDivisionError" in plugins.status()[0].why


def test_a_tools_own_error_is_the_models_to_hear(world: World, tmp_path: Path) -> None:
    world.install("picky", tool(body="raise ToolError('not today')"))
    tools = load_tools(world.said.append, world.plugins())
    assert "not today" in call_tool(tools, "do_it", {}, context(tmp_path)).text
    assert "not today" in call_tool(tools, "do_it", {}, context(tmp_path)).text
    assert world.said == []


@pytest.mark.parametrize("offers", ["return 1 / 0", "return None", "return ['Do']"])
def test_an_action_that_raises_while_listed_is_off(world: World, offers: str) -> None:
    world.install("weak", action(offers=offers), "actions")
    listed = load_actions(world.said.append, world.plugins())["do"]
    assert listed.offers(PLACE) == listed.offers(PLACE) == []
    assert len(world.said) == 1
    with pytest.raises(ActionError, match="is off"):
        listed.request(PLACE, "")


@pytest.mark.parametrize("request_", ["raise KeyError('x')", "return 3"])
def test_an_action_that_asks_for_nonsense_is_off(world: World, request_: str) -> None:
    world.install("weak", action(offers="return [Offer('Do')]", request=request_), "actions")
    listed = load_actions(world.said.append, world.plugins())["do"]
    with pytest.raises(ActionError, match="the plugin weak is off"):
        listed.request(PLACE, "")
    assert listed.offers(PLACE) == []
    assert len(world.said) == 1


def _example_at(site: Path) -> None:
    """Install the example as pip would."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text("utf-8"))["project"]
    shutil.copytree(EXAMPLE / "src", site)
    install(site, project["name"], {}, project["entry-points"], project["version"])


def test_the_example_passes_its_own_tests(home: Path, tmp_path: Path) -> None:
    _example_at(tmp_path / "site")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(EXAMPLE),
         f"--basetemp={tmp_path / 'inner'}", "-c", os.devnull, str(EXAMPLE / "tests")],
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=100,
        check=False,
    )  # fmt: skip
    assert "2 passed" in done.stdout, done.stdout + done.stderr


def test_the_command_line_goes_on_without_a_broken_plugin(home: Path, tmp_path: Path) -> None:
    broken = {"broken.py": "LSP_AGENT_API = 9\nTOOLS = ACTIONS = ()\n"}
    points = {f"lsp_agent.{one}": {"x": f"broken:{one.upper()}"} for one in ("tools", "actions")}
    install(tmp_path / "site", "broken-plugin", broken, points)
    conflict = "<<<<<<< a\nx = 1\n||||||| b\nx = 1\n=======\nx = 2\n>>>>>>> c\n"
    (tmp_path / "a.py").write_text(conflict, "utf-8")

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "lsp_agent", *words],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    done = run("action", "resolve_conflict", "a.py:2", "--diff")
    assert done.returncode == 0, done.stderr
    assert "+x = 2" in done.stdout or " x = 2" in done.stdout
    assert done.stderr.count("the plugin broken-plugin is off") == 1
    rows = {row["name"]: row for row in json.loads(run("doctor", "--json").stdout)}
    row = rows["plugin broken-plugin"]
    assert (row["ok"], row["fix"]) == (False, "pip install --upgrade broken-plugin")
    assert "version 9" in row["detail"]
    quiet = run("--set", 'plugins.disabled=["broken-plugin"]', "doctor", "--json")
    kept = {one["name"]: one for one in json.loads(quiet.stdout)}["plugin broken-plugin"]
    assert (kept["ok"], kept["detail"]) == (True, "off: named in plugins.disabled")


def test_status_tells_of_plugins(world: World, home: Path) -> None:
    world.install("listed", tool("listed_tool"))
    app = App(Settings(), Home.find(os.environ), warn=world.said.append)
    try:
        assert "listed_tool" in app.tools
        rows = [one for one in app.status()["plugins"] if one["package"] == "listed"]
    finally:
        app.close()
    assert rows == [{"package": "listed", "version": "1.0", "adds": ("listed_tool",), "why": ""}]


def test_the_interface_names_what_it_has() -> None:
    import lsp_agent.api as api

    public = {name for name in vars(api) if not name.startswith("_")} - {"annotations"}
    assert set(api.__all__) == public
    assert api.API_VERSION == 1

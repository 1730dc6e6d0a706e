"""Each job gets the engine that the settings name, made once and when first needed."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import LlamaSettings, OpenAISettings, Routes, Settings
from lsp_agent.config.paths import Home
from lsp_agent.engine.factory import make_engine
from lsp_agent.engine.router import EngineRouter
from lsp_agent.engine.types import Engine, EngineUnavailableError

REMOTE = OpenAISettings(kind="openai", base_url="http://127.0.0.1:9/v1", model="m")
SETTINGS = Settings(
    engines={"local": LlamaSettings(), "cluster": REMOTE},
    routes=Routes(agent="local", review="cluster"),
)


@pytest.fixture
def place(tmp_path: Path) -> Home:
    return Home.find({"LSP_AGENT_HOME": str(tmp_path)})


def test_a_route_that_is_not_set_goes_to_the_agents_engine(place: Home) -> None:
    router = EngineRouter(SETTINGS, place, {})
    assert router.name_of("completion") == "local"
    assert router.name_of("review") == "cluster"
    local = router.engine("agent")
    assert router.engine("completion") is local
    assert router.engine("action") is local
    assert router.engine("review").name == "cluster"
    router.close()


def test_only_what_was_used_is_described(place: Home) -> None:
    router = EngineRouter(SETTINGS, place, {})
    assert router.infos() == []
    router.engine("review")
    assert [info.kind for info in router.infos()] == ["openai"]
    router.close()


def test_many_threads_get_one_engine(place: Home) -> None:
    router = EngineRouter(SETTINGS, place, {})
    start = threading.Barrier(8)
    found: list[Engine] = []

    def ask() -> None:
        start.wait(10)
        found.append(router.engine("agent"))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(found) == 8
    assert len({id(engine) for engine in found}) == 1
    router.close()


@pytest.mark.parametrize(
    ("routes", "route", "expected"),
    [
        (Routes(agent="locl"), "agent", "routes.agent names the engine 'locl'"),
        (Routes(agent="locl"), "agent", "did you mean 'local'"),
        (Routes(agent="locl"), "review", "routes.agent names the engine 'locl'"),
        (Routes(review="zzz"), "review", "routes.review names the engine 'zzz'"),
        (Routes(review="zzz"), "review", "there are: cluster, local"),
    ],
)
def test_an_engine_that_is_not_there(
    place: Home, routes: Routes, route: str, expected: str
) -> None:
    router = EngineRouter(SETTINGS.model_copy(update={"routes": routes}), place, {})
    with pytest.raises(EngineUnavailableError, match=expected):
        router.engine(route)  # type: ignore[arg-type]


def test_closing_closes_the_engines_and_makes_no_other(place: Home) -> None:
    router = EngineRouter(SETTINGS, place, {})
    engine = router.engine("agent")
    router.close()
    router.close()
    with pytest.raises(EngineUnavailableError):
        engine.load(CancelToken())
    with pytest.raises(EngineUnavailableError, match="closed"):
        router.engine("agent")
    assert router.infos() == []


def test_a_model_that_is_not_there_is_told_when_the_engine_is_made(place: Home) -> None:
    with pytest.raises(EngineUnavailableError, match="no model file /no/such"):
        make_engine("local", LlamaSettings(model="/no/such.gguf"), place, {})


def test_the_factory_gives_the_key_from_the_environment(place: Home) -> None:
    settings = REMOTE.model_copy(update={"api_key_env": "K"})
    engine = make_engine("cluster", settings, place, {"K": "secret"})
    assert engine.info().model == "m"
    assert "secret" not in repr(engine.info())
    engine.close()


def test_making_engines_imports_neither_llama_cpp_nor_httpx(tmp_path: Path) -> None:
    """Their imports cost more than `initialize` may take."""
    script = f"""
import sys
from lsp_agent.config.model import OpenAISettings, Settings
from lsp_agent.config.paths import Home
from lsp_agent.engine.router import EngineRouter
remote = OpenAISettings(kind="openai", base_url="http://127.0.0.1:9/v1", model="m")
router = EngineRouter(Settings(engines={{"local": remote}}), Home.find({{"LSP_AGENT_HOME":
    {str(tmp_path)!r}}}), {{}})
router.engine("agent").info()
print(*[name for name in ("llama_cpp", "httpx", "numpy") if name in sys.modules])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == ""

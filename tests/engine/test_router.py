"""Each job gets the engine that the settings name, made once and when first needed."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.config.model import LlamaSettings, OpenAISettings, Routes, Settings
from lsp_agent.config.paths import Home
from lsp_agent.engine.factory import make_engine
from lsp_agent.engine.llama.tiny import make_tiny_gguf
from lsp_agent.engine.router import EngineRouter
from lsp_agent.engine.types import Engine, EngineUnavailableError
from tests.support.llama import ENDLESS, wait_until

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


@pytest.fixture
def models(tmp_path: Path) -> list[Settings]:
    """Settings with one model each."""
    made = []
    for seed in (1, 2):
        path = tmp_path / f"{seed}.gguf"
        make_tiny_gguf(path, seed=seed)
        made.append(Settings(engines={"local": LlamaSettings(model=str(path), n_threads=1)}))
    return made


def is_closed(engine: Engine) -> bool:
    try:
        engine.load(CancelToken())
    except EngineUnavailableError as error:
        return "closed" in str(error)
    return False


def test_a_replaced_engine_serves_its_users_to_the_end(place: Home, models: list[Settings]) -> None:
    router = EngineRouter(models[0], place, {})
    with router.lease("agent") as old:
        answer = old.generate(ENDLESS, CancelToken())
        next(answer)
        prepared = router.prepare(models[1], "local", CancelToken())
        assert prepared.engine.info().loaded
        assert router.engine("agent") is old
        router.reconfigure(models[1], {"local": prepared})
        assert router.engine("agent") is prepared.engine
        assert [info.model for info in router.infos()] == ["2.gguf"]
        assert any(next(answer).text for _ in range(500))
        answer.close()
        with router.lease("agent") as new:
            assert new is prepared.engine
        assert not is_closed(old)
    wait_until(lambda: is_closed(old))
    assert not is_closed(prepared.engine)
    router.close()
    assert is_closed(prepared.engine)


def test_an_unused_engine_goes_at_once(place: Home, models: list[Settings]) -> None:
    router = EngineRouter(models[0], place, {})
    old = router.engine("agent")
    router.reconfigure(models[1])
    wait_until(lambda: is_closed(old))
    assert router.engine("agent").info().model == "2.gguf"
    router.close()


def test_closing_does_not_wait_for_users(place: Home, models: list[Settings]) -> None:
    router = EngineRouter(models[0], place, {})
    with router.lease("agent") as old:
        router.reconfigure(models[1])
        router.close()
        assert is_closed(old)


def test_an_engine_whose_settings_stay_stays(place: Home) -> None:
    router = EngineRouter(SETTINGS, place, {})
    local, cluster = router.engine("agent"), router.engine("review")
    router.reconfigure(SETTINGS.model_copy(update={"style": "short"}))
    assert (router.engine("agent"), router.engine("review")) == (local, cluster)
    # An engine that serves no job any more need not stay in memory.
    router.reconfigure(SETTINGS.model_copy(update={"routes": Routes(agent="local")}))
    assert router.engine("review") is local
    wait_until(lambda: is_closed(cluster))
    router.close()


@pytest.mark.parametrize("model", ["/no/such.gguf", "broken.gguf"])
def test_what_can_not_be_prepared_changes_nothing(
    place: Home, models: list[Settings], tmp_path: Path, model: str
) -> None:
    (tmp_path / "broken.gguf").write_bytes(b"GGUF\x03")
    router = EngineRouter(models[0], place, {})
    old = router.engine("agent")
    other = Settings(engines={"local": LlamaSettings(model=str(tmp_path / model))})
    with pytest.raises(EngineUnavailableError):
        router.prepare(other, "local", CancelToken())
    with pytest.raises(EngineUnavailableError, match="no engine 'other'"):
        router.prepare(other, "other", CancelToken())
    assert router.engine("agent") is old
    assert not is_closed(old)
    router.close()


def test_an_engine_prepared_for_other_settings_is_not_taken(
    place: Home, models: list[Settings]
) -> None:
    router = EngineRouter(models[0], place, {})
    old = router.engine("agent")
    prepared = router.prepare(models[1], "local", CancelToken())
    router.reconfigure(models[0], {"local": prepared})
    assert router.engine("agent") is old
    wait_until(lambda: is_closed(prepared.engine))
    same = router.prepare(models[0], "local", CancelToken())
    assert same.engine is old
    router.close()


def test_a_preparation_that_is_cancelled_leaves_no_engine(
    place: Home, models: list[Settings]
) -> None:
    router = EngineRouter(models[0], place, {})
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        router.prepare(models[1], "local", cancel)
    router.close()


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

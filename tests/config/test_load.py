"""Merging settings: precedence, provenance, and what is wrong said with file, line and mend."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.config.load import Sources, load_settings
from lsp_agent.config.locate import keys_of, line_of
from lsp_agent.config.model import OpenAISettings
from lsp_agent.config.schema import settings_schema


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_defaults_are_the_embedded_model() -> None:
    settings = load_settings(Sources()).settings
    assert settings.engines["local"].model == "embedded"
    assert settings.routes.agent == "local"
    assert (settings.agent.max_steps, settings.agent.refine_passes) == (20, 2)


def test_precedence_and_sources(tmp_path: Path) -> None:
    user = write(tmp_path / "config.toml", "[agent]\nmax_steps = 1\nrefine_passes = 1\nseed = 1\n")
    folder = tmp_path / "ws"
    folder.mkdir()
    write(folder / "lsp-agent.toml", "[agent]\nmax_steps = 2\nrefine_passes = 2\nmax_tokens = 99\n")
    loaded = load_settings(
        Sources(
            cli={"agent.max_steps": "5"},
            env={"LSP_AGENT_AGENT__MAX_STEPS": "4", "LSP_AGENT_AGENT_TOKEN_BUDGET": "400"},
            client={"agent": {"maxSteps": 3, "tokenBudget": 300, "refinePasses": 3}},
            workspace=folder,
            user_file=user,
            trusted=True,
        )
    )
    agent = loaded.settings.agent
    assert loaded.problems == ()
    assert (agent.max_steps, agent.token_budget, agent.refine_passes) == (5, 400, 3)
    assert (agent.max_tokens, agent.seed) == (99, 1)
    sources = {key: row["source"] for key, row in loaded.explain().items()}
    assert sources["agent.max_steps"] == "--set"
    assert sources["agent.token_budget"] == "LSP_AGENT_AGENT_TOKEN_BUDGET"
    assert sources["agent.refine_passes"] == "lspAgent"
    assert sources["agent.max_tokens"] == f"{folder / 'lsp-agent.toml'}:4"
    assert sources["agent.seed"] == f"{user}:4"
    assert sources["agent.profile"] == "default"


def test_engines_merge_key_by_key() -> None:
    loaded = load_settings(
        Sources(
            client={
                "engines": {"my-GPU": {"kind": "openai", "baseUrl": "http://h/v1", "model": "m"}}
            },
            env={"LSP_AGENT_ENGINES__MY-GPU__MODEL": "n", "LSP_AGENT_ENGINES_LOCAL_N_CTX": "512"},
            cli={"routes.agent": "my-GPU"},
        )
    )
    assert loaded.settings.engines["local"].n_ctx == 512
    assert isinstance(loaded.settings.engines["my-GPU"], OpenAISettings)


def test_several_servers_of_one_engine(tmp_path: Path) -> None:
    both = '[engines.both]\nbase_url = "http://a/v1/"\nbase_urls = ["http://b/v1"]\nmodel = "m"\n'
    list_ = (
        '[engines.list]\nbase_urls = ["http://a/v1", "http://b/v1", "http://a/v1/"]\nmodel = "m"\n'
    )
    loaded = load_settings(Sources(user_file=write(tmp_path / "c.toml", both + list_)))
    assert loaded.problems == ()
    for name in ("both", "list"):
        engine = loaded.settings.engines[name]
        assert isinstance(engine, OpenAISettings)
        assert engine.urls == ["http://a/v1", "http://b/v1"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "[agent]\nmax_stepz = 3\n",
            ":2: agent.max_stepz is not a setting; did you mean 'agent.max_steps'?",
        ),
        ("\n\nagnt.x = 1\n", ":3: agnt is not a setting; did you mean 'agent'?"),
        ('[agent]\nmax_steps = "x"\n', ":2: agent.max_steps can't be 'x'"),
        ("[agent]\nmax_steps = 0\n", "greater than or equal to 1"),
        ('[engines.a]\nkind = "openai"\nmodel = "m"\n', ":2: engines.a.base_url is missing"),
        (
            '[engines.a]\nmodel = "m"\nbase_urls = ["http://a/v1", "b"]\n',
            ":3: engines.a.base_urls.1 can't be",
        ),
        ("[engines.local]\ngpu_layers = 1\n", "did you mean 'engines.local.n_gpu_layers'?"),
        ('[engines.x]\nkind = "cloud"\n', "cloud"),
        ('[routes]\nagent = "loca"\n', "did you mean 'local'?"),
        ('[safety]\napprove = "sometimes"\n', "approve can't be 'sometimes'"),
        ("[agent\n", ":1: not valid TOML"),
        ("agent = 3\n", ":1: agent can't be 3"),
    ],
)
def test_problem_names_file_line_and_mend(tmp_path: Path, text: str, says: str) -> None:
    file = write(tmp_path / "c.toml", text)
    loaded = load_settings(Sources(user_file=file))
    assert len(loaded.problems) == 1, loaded.problems
    assert str(loaded.problems[0]).startswith(str(file))
    assert says in str(loaded.problems[0])
    assert loaded.settings.routes.agent == "local"


def test_good_keys_beside_a_bad_one_hold(tmp_path: Path) -> None:
    file = write(tmp_path / "c.toml", "[agent]\nbad = 1\nmax_steps = 7\n")
    assert load_settings(Sources(user_file=file)).settings.agent.max_steps == 7


def test_files_that_are_no_utf8_are_told(tmp_path: Path) -> None:
    latin, marked = tmp_path / "a.toml", tmp_path / "b.toml"
    latin.write_bytes(b'style = "caf\xe9"\n')
    marked.write_bytes(b"\xef\xbb\xbfstyle = 'x'\n")
    assert "not UTF-8" in str(load_settings(Sources(user_file=latin)).problems[0])
    assert "byte order mark" in str(load_settings(Sources(user_file=marked)).problems[0])


def test_unknown_variables_are_told() -> None:
    loaded = load_settings(Sources(env={"LSP_AGENT_AGENT_MAXSTEP": "1", "LSP_AGENT_HOME": "/x"}))
    assert [one.nearest for one in loaded.problems] == ["LSP_AGENT_AGENT__MAX_STEPS"]


def test_untrusted_workspace_sets_harmless_keys_only(tmp_path: Path) -> None:
    evil = '[engines.local]\nmodel = "/evil"\n[safety]\napprove = "never"\n'
    text = f'style = "short"\n{evil}[x]\ny = 1\n'
    write(tmp_path / "lsp-agent.toml", text)
    loaded = load_settings(Sources(workspace=tmp_path))
    assert loaded.settings.style == "short"
    assert loaded.settings.engines["local"].model == "embedded"
    assert loaded.settings.safety.approve == "risky"
    levels = {one.key: one.level for one in loaded.problems}
    assert levels == {"engines.local.model": "warning", "safety.approve": "warning", "x": "error"}
    assert f"lsp-agent trust {tmp_path}" in str(loaded.problems[0])
    trusted = load_settings(Sources(workspace=tmp_path, trusted=True))
    assert trusted.settings.safety.approve == "never"


def test_pyproject_holds_settings_too(tmp_path: Path) -> None:
    write(
        tmp_path / "pyproject.toml",
        '[project]\nname = "x"\n[tool.lsp-agent]\nstyle = "s"\nbad = 1\n',
    )
    loaded = load_settings(Sources(workspace=tmp_path))
    assert loaded.settings.style == "s"
    assert str(loaded.problems[0]).endswith("pyproject.toml:5: bad is not a setting")


def test_schema_describes_every_section() -> None:
    schema = settings_schema()
    assert {"engines", "routes", "agent", "verify", "safety"} <= set(schema["properties"])
    assert "max_steps" in schema["$defs"]["AgentSettings"]["properties"]


@pytest.mark.parametrize(
    ("source", "path", "line"),
    [
        ("a = 1\nb = 2\n", ("b",), 2),
        ("[x]\ny = 1\n[z]\ny = 2\n", ("z", "y"), 4),
        ('[x."a.b"]\nc = 1\n', ("x", "a.b", "c"), 2),
        ("x.y.z = 1\n", ("x", "y", "z"), 1),
        ("x = {y = 1, z = 2}\n", ("x", "z"), 1),
        ('s = """\nb = 1\n"""\nb = 2\n', ("b",), 4),
        ("a = [\n 1,\n 2]\nb = 1\n", ("b",), 4),
        ("[x]\n# y = 0\ny = 1\n", ("x", "y"), 3),
        ("a = 1\n", ("missing",), None),
    ],
)
def test_lines_of_keys(source: str, path: tuple[str, ...], line: int | None) -> None:
    assert line_of(keys_of(source), path) == line


@given(st.lists(st.from_regex(r"[a-z]{1,6}", fullmatch=True), min_size=1, max_size=8, unique=True))
def test_lines_of_any_flat_file(keys: list[str]) -> None:
    source = "".join(f"{key} = {number}\n" for number, key in enumerate(keys))
    assert [line_of(keys_of(source), (key,)) for key in keys] == list(range(1, len(keys) + 1))

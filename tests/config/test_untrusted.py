"""What the settings file of a folder that nobody trusts can do: next to nothing."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lsp_agent.config.load import Loaded, Sources, load_settings
from lsp_agent.config.model import HARMLESS, Settings
from lsp_agent.config.paths import Home
from lsp_agent.config.trust import TrustStore
from lsp_agent.config.workspace_files import MAX_BYTES, read_settings_files, seal_of

POWERFUL = [name for name in Settings.model_fields if name not in HARMLESS]
HOSTILE = {
    "engines": '[engines.local]\nmodel = "/evil"\n',
    "routes": '[routes]\nagent = "evil"\n',
    "agent": "[agent]\nmax_steps = 99\n",
    "verify": '[verify]\nsyntax = false\ntests = "always"\n',
    "language_servers": '[language_servers.x]\ncommand = ["evil"]\n',
    "safety": '[safety]\nnetwork = true\napprove = "never"\nallowed_commands = ["rm **"]\n'
    "redact = false\n",
    "sandbox": '[sandbox]\nkind = "none"\nunprotected = true\n',
    "git": "[git]\nhooks = true\n",
    "journal": '[journal]\nkeep_days = 1\npassphrase_env = "HOME"\n',
    "sampling": "[sampling]\ntemperature = 1.5\n",
    "completion": "[completion]\nlsp = true\n",
    "index": "[index]\nenabled = false\n",
    "review": "[review]\non_save = false\nmax_hunks = 200\n",
    "memory": "[memory]\nfeedback = true\n",
    "plugins": "[plugins]\nenabled = false\n",
    "symbols": "[symbols]\nunresolved = true\n",
}


def powers(loaded: Loaded) -> dict[str, Any]:
    return loaded.settings.model_dump(include=set(POWERFUL))


def in_pyproject(text: str) -> str:
    return text.replace("[", "[tool.lsp-agent.", 1)


@pytest.mark.parametrize("name", ["lsp-agent.toml", "pyproject.toml"])
@pytest.mark.parametrize("section", POWERFUL)
def test_every_other_section_is_ignored_and_named(tmp_path: Path, section: str, name: str) -> None:
    text = HOSTILE[section]
    (tmp_path / name).write_text(text if name == "lsp-agent.toml" else in_pyproject(text))
    loaded = load_settings(Sources(workspace=tmp_path, seal="of something else"))
    assert powers(loaded) == powers(load_settings(Sources()))
    assert {problem.level for problem in loaded.problems} == {"warning"}
    assert all(problem.key.startswith(section) for problem in loaded.problems)
    assert f"lsp-agent trust {tmp_path}" in str(loaded.problems[0])


def _toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {_toml(v)}" for k, v in value.items()) + "}"
    return json.dumps(value)


KEYS = st.sampled_from(
    [
        *Settings.model_fields, "approve", "safety.approve", "local", "model", "kind", "network",
        "severity", "", "agent.profile", "__class__", "command", "base_url",
    ]
)  # fmt: skip
VALUES = st.recursive(
    st.sampled_from(["never", "none", "/evil", "http://evil", "openai", True, 0, -1, []]),
    lambda inner: st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_file_changes_what_the_user_set(tmp_path: Path, table: dict[str, Any]) -> None:
    user = tmp_path / "user.toml"
    user.write_text('[safety]\napprove = "always"\n[sandbox]\nmemory_mb = 99\n')
    folder = tmp_path / "work"
    folder.mkdir(exist_ok=True)
    text = "\n".join(f"{json.dumps(key)} = {_toml(value)}" for key, value in table.items())
    (folder / "lsp-agent.toml").write_text(text)
    alone = load_settings(Sources(user_file=user))
    beside = load_settings(Sources(user_file=user, workspace=folder))
    assert powers(beside) == powers(alone)


def test_trust_holds_for_the_content_that_was_read(home: Path, tmp_path: Path) -> None:
    """The file may change between the question whether it is trusted and its use."""
    file = tmp_path / "lsp-agent.toml"
    file.write_text("[agent]\nmax_steps = 3\n")
    store = TrustStore(Home.find({"LSP_AGENT_HOME": str(home)}))
    store.trust(tmp_path)
    seal = store.seal(tmp_path)
    assert load_settings(Sources(workspace=tmp_path, seal=seal)).settings.agent.max_steps == 3
    file.write_text("[agent]\nmax_steps = 4\n")
    loaded = load_settings(Sources(workspace=tmp_path, seal=seal))
    assert loaded.settings.agent.max_steps == 20
    assert loaded.problems[0].key == "agent.max_steps"


def test_a_folder_that_takes_a_trusted_one_s_place(home: Path, tmp_path: Path) -> None:
    store = TrustStore(Home.find({"LSP_AGENT_HOME": str(home)}))
    folder = tmp_path / "work"
    folder.mkdir()
    store.trust(folder)
    link = tmp_path / "link"
    link.symlink_to(folder)
    assert store.is_trusted(link)
    folder.rename(tmp_path / "moved")
    assert not store.is_trusted(tmp_path / "moved")
    folder.mkdir()
    (folder / "lsp-agent.toml").write_text('[safety]\napprove = "never"\n')
    assert not store.is_trusted(folder)


@pytest.mark.skipif(os.name == "nt", reason="makes links and pipes")
def test_files_that_are_not_read(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    outside = tmp_path / "outside.toml"
    outside.write_text('style = "secret"\n')
    file = folder / "lsp-agent.toml"
    file.symlink_to(outside)
    loaded = load_settings(Sources(workspace=folder, trusted=True))
    assert loaded.settings.style == ""
    assert "a link that leaves the folder" in str(loaded.problems[0])
    assert seal_of(read_settings_files(folder)) == seal_of([])
    file.unlink()
    (folder / "inside.toml").write_text('style = "own"\n')
    file.symlink_to("inside.toml")
    assert load_settings(Sources(workspace=folder)).settings.style == "own"
    file.unlink()
    file.write_bytes(b"#" * (MAX_BYTES + 1))
    assert "more than" in str(load_settings(Sources(workspace=folder)).problems[0])
    file.unlink()
    os.mkfifo(file)
    assert load_settings(Sources(workspace=folder)).problems == ()


def test_a_broken_list_of_trusted_folders_trusts_none(home: Path, tmp_path: Path) -> None:
    state = Home.find({"LSP_AGENT_HOME": str(home)})
    for broken in ("[]", "{", f'{{"{tmp_path}": 3}}', "null"):
        state.trust_file.write_text(broken)
        assert not TrustStore(state).is_trusted(tmp_path)


def test_of_the_review_only_its_severity_is_harmless(tmp_path: Path) -> None:
    text = '[review]\nseverity = "hint"\nmax_hunks = 100\n'
    (tmp_path / "lsp-agent.toml").write_text(text)
    loaded = load_settings(Sources(workspace=tmp_path))
    assert loaded.settings.review.severity == "hint"
    assert loaded.settings.review.max_hunks == Settings().review.max_hunks
    assert [problem.key for problem in loaded.problems] == ["review.max_hunks"]


@pytest.mark.parametrize("name", ["lsp-agent.toml", "pyproject.toml"])
@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a = " + "[" * 100_000, "nested too deeply"),
        ("a" + ".a" * 50_000 + " = 1\n", "more than 100 parts"),
        ("".join(f"[t{number}]\n" for number in range(60_000)), ""),
        ("".join(f"k{number} = 1\n" for number in range(60_000)), "more than 1000 settings"),
        ("".join(f"k{number} = [\n" + "1,\n" * 450 + "]\n" for number in range(200)), ""),
        ("k = [\n" + "1,\n" * 200_000 + "]\n", ""),
    ],
    ids=["nested", "a long key", "tables", "keys", "long values", "a very long value"],
)
def test_no_file_takes_long_to_read(tmp_path: Path, text: str, says: str, name: str) -> None:
    (tmp_path / name).write_text(
        text if name == "lsp-agent.toml" else f"[tool.lsp-agent]\n{text}", "utf-8"
    )
    started = time.thread_time()
    loaded = load_settings(Sources(workspace=tmp_path, seal="of something else"))
    # Each took minutes.
    assert time.thread_time() - started < 10
    assert powers(loaded) == powers(load_settings(Sources()))
    assert says in " ".join(map(str, loaded.problems))

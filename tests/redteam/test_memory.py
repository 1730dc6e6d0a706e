"""What is remembered can't be turned against its owner: journal, audit, undo, trust, settings."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from lsp_agent.config.load import Sources, load_settings
from lsp_agent.config.model import HARMLESS, JournalSettings, Settings
from lsp_agent.config.paths import Home
from lsp_agent.config.trust import TrustStore
from lsp_agent.store.journal import Journal
from tests.redteam.arena import Arena
from tests.redteam.attack import Case, attack, by_command

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="makes links")
EDIT = (("write_file", {"path": "new.py", "content": "y = 1"}),
        ("edit_file", {"path": "app.py", "old_string": "1", "new_string": "2"}))  # fmt: skip


def lsp_agent(
    arena: Arena, *words: str, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lsp_agent", *words],
        cwd=cwd or arena.work,
        env={**os.environ, **arena.environment()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
        text=True,
    )


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Return the journal of a run that changed files."""
    with Arena(tmp_path_factory.mktemp("recorded") / "arena") as arena:
        status, _ = by_command(arena, Case("edit", EDIT, {"app.py": "x = 1\n"}), "--apply")
        assert status == 0
        assert (arena.work / "app.py").read_text() == "x = 2\n"
        with sqlite3.connect(arena.state / "journal.sqlite") as database:
            database.execute("pragma wal_checkpoint(truncate)")
        return (arena.state / "journal.sqlite").read_bytes()


@pytest.fixture
def applied(arena: Arena, recorded: bytes) -> Arena:
    """Return an arena in which that run changed files, and was written down."""
    (arena.state / "journal.sqlite").write_bytes(recorded)
    arena.write({"app.py": "x = 2\n", "new.py": "y = 1\n"})
    change(arena, "update runs set workspace = ?", str(arena.work))
    return arena


def change(arena: Arena, sql: str, *values: object) -> None:
    """Change the journal by hand, as who may write it can."""
    with sqlite3.connect(arena.state / "journal.sqlite") as database:
        database.execute(sql, values)


FORGED_PATHS = (
    "../outside/app.py", "@OUT@/app.py", "lib/app.py", ".git/config", "sub/../../outside/app.py",
    "~/.bashrc", "..\\outside\\app.py", "app.py\x00", "/etc/passwd",
)  # fmt: skip


@pytest.mark.parametrize("path", FORGED_PATHS, ids=ascii)
def test_an_undo_leaves_the_folder_for_no_path(applied: Arena, path: str) -> None:
    (applied.outside / "app.py").write_text("x = 2\n")
    (applied.work / "lib").symlink_to(applied.outside)
    applied.settled()
    change(applied, "update changes set path = ? where after like 'x = 2%'", applied.fill(path))
    done = lsp_agent(applied, "runs", "undo")
    applied.assert_unharmed(done.stdout + done.stderr)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("column", ["path", "new_path"])
def test_an_undo_of_a_move_leaves_the_folder_neither(applied: Arena, column: str) -> None:
    change(
        applied, f"update changes set {column} = '../outside/app.py', before = 'x = 2' || char(10)"
    )
    done = lsp_agent(applied, "runs", "undo")
    applied.assert_unharmed(done.stdout + done.stderr)
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("where", ["other", "link", "gone", "parent"])
def test_an_undo_is_of_its_own_folder(applied: Arena, where: str) -> None:
    # The run is said to have been in a folder of somebody else's that looks the same.
    victim = applied.outside / "project"
    victim.mkdir()
    (victim / "app.py").write_text("never x = 2\n")
    (victim / "new.py").write_text("y = 1\nmine = 1\n")
    applied.settled()
    named = {"other": victim, "link": applied.work / "way", "gone": applied.base / "gone",
             "parent": applied.base}[where]  # fmt: skip
    (applied.work / "way").symlink_to(victim)
    change(applied, "update runs set workspace = ?", str(named))
    done = lsp_agent(applied, "runs", "undo")
    applied.assert_unharmed(done.stdout + done.stderr)
    assert "Traceback" not in done.stderr


def test_an_undo_follows_no_link_made_since(applied: Arena) -> None:
    (applied.outside / "app.py").write_text("x = 2\n")
    (applied.outside / "new.py").write_text("y = 1\n")
    applied.settled()
    for name in ("app.py", "new.py"):
        (applied.work / name).unlink()
        (applied.work / name).symlink_to(applied.outside / name)
    done = lsp_agent(applied, "runs", "undo")
    applied.assert_unharmed(done.stdout + done.stderr)
    assert done.returncode != 0


def test_an_undo_of_a_workspace_that_became_a_link(applied: Arena) -> None:
    shutil.rmtree(applied.work)
    (applied.outside / "app.py").write_text("x = 2\n")
    (applied.outside / "new.py").write_text("y = 1\n")
    applied.settled()
    applied.work.symlink_to(applied.outside)
    run = json.loads(lsp_agent(applied, "runs", "list", "--json", cwd=applied.base).stdout)[0]["id"]
    done = lsp_agent(applied, "runs", "undo", run, cwd=applied.base)
    applied.assert_unharmed(done.stdout + done.stderr)
    assert "Traceback" not in done.stderr


def _journal(arena: Arena) -> Journal:
    return Journal(arena.state / "journal.sqlite", JournalSettings(), warn=print)


TAMPERED = {
    "a decision": "update audit set data = replace(data, 'edited', 'answered')",
    "a time": "update audit set time = '2020-01-01' where id = 2",
    "a kind": "update audit set kind = 'approval' where id = 1",
    "a run": "update audit set run = 'other' where id = 1",
    "a row less": "delete from audit where id = 2",
    "the last row less": "delete from audit where id = (select max(id) from audit)",
    "all rows less": "delete from audit",
    "rows renumbered": "update audit set id = id + 1000",
    "a hash": "update audit set hash = previous",
}


@pytest.mark.parametrize("what", TAMPERED)
def test_the_audit_tells_of_every_change(applied: Arena, what: str) -> None:
    journal = _journal(applied)
    assert journal.verify() is None
    with pytest.raises(sqlite3.DatabaseError):
        change(applied, TAMPERED[what])
    change(applied, "drop trigger audit_stays")
    change(applied, "drop trigger audit_keeps")
    change(applied, TAMPERED[what])
    assert journal.verify() is not None
    journal.close()


TASKS = (
    "\x1b[2J\x1b]0;pwned\x07", "'; drop table runs; --", "a\nb\r\nc", "\u202egnp.exe", "x" * 9000,
)  # fmt: skip


def test_a_task_is_data_to_the_journal(arena: Arena) -> None:
    for task in TASKS:
        attack(arena, Case("say", (("read_file", {"path": task}),), {"app.py": "x\n"}, task=task))
    for words in (("runs", "list"), ("runs", "list", "--json"), ("runs", "audit")):
        done = lsp_agent(arena, *words)
        assert done.returncode == 0
        hidden = "\x1b\x07" if "--json" in words else "\x1b\x07\u202e"
        assert not any(char in done.stdout + done.stderr for char in hidden), words
    assert len(json.loads(lsp_agent(arena, "runs", "list", "--json").stdout)) == len(TASKS)
    assert lsp_agent(arena, "runs", "audit", "--verify").returncode == 0


RISKY_KEYS = [
    "[engines.evil]\nkind = 'openai'\nbase_url = 'http://127.0.0.1:9/v1'\nmodel = 'x'",
    "[engines.local]\nmodel = '/dev/zero'", "[engines.local]\napi_key_env = 'GITHUB_TOKEN'",
    "[routes]\nagent = 'evil'", "[safety]\nnetwork = true", "[safety]\napprove = 'never'",
    "[safety]\nallowed_commands = ['*']", "[safety]\nredact = false", "[sandbox]\nkind = 'none'",
    "[sandbox]\nunprotected = true", "[sandbox]\nwall_seconds = 86400", "[git]\nhooks = true",
    "[verify]\nsyntax = false", "[verify]\nfailing = 'offer'", "[verify]\ncharacters = false",
    "[journal]\nkeep_days = 1", "[agent]\nmax_steps = 9999", "[index]\nenabled = false",
    "[language_servers.servers.evil]\ncommand = ['./evil.sh']\nlanguages = ['python']",
]  # fmt: skip


@pytest.mark.parametrize("text", RISKY_KEYS, ids=lambda text: " ".join(text.split()[:3]))
@pytest.mark.parametrize("name", ["lsp-agent.toml", "pyproject.toml"])
def test_a_folder_that_is_not_trusted_sets_nothing_risky(
    arena: Arena, text: str, name: str
) -> None:
    if name == "pyproject.toml":
        text = text.replace("[", "[tool.lsp-agent.", 1)
    arena.write({name: text + "\n"})
    loaded = load_settings(Sources(workspace=arena.work, trusted=False))
    assert loaded.settings == Settings()
    assert any("lsp-agent trust" in str(one) or "not a setting" in str(one)
               for one in loaded.problems), loaded.problems  # fmt: skip
    section = text.split(".")[-1 if name == "pyproject.toml" else 0].strip("[]").split("]")[0]
    assert section not in HARMLESS


def _store(arena: Arena) -> TrustStore:
    return TrustStore(Home(arena.state, arena.state / "config.toml", arena.state / "logs"))


def _swap(arena: Arena) -> None:
    arena.work.rename(arena.base / "moved")
    shutil.copytree(arena.outside, arena.work)


def _settings_change(arena: Arena) -> None:
    arena.write({"lsp-agent.toml": "[safety]\napprove = 'never'\n"})


def _pyproject_change(arena: Arena) -> None:
    arena.write({"pyproject.toml": "[tool.lsp-agent.safety]\nnetwork = true\n"})


def _settings_by_link(arena: Arena) -> None:
    (arena.outside / "evil.toml").write_text("[safety]\napprove = 'never'\n")
    arena.settled()
    (arena.work / "lsp-agent.toml").symlink_to(arena.outside / "evil.toml")


CHANGES: dict[str, Callable[[Arena], None]] = {
    "settings": _settings_change,
    "settings in pyproject.toml": _pyproject_change,
    "settings by a link": _settings_by_link,
}


@pytest.mark.parametrize("what", CHANGES)
def test_trust_ends_when_settings_change(arena: Arena, what: str) -> None:
    arena.write({"app.py": "x = 1\n"})
    store = _store(arena)
    store.trust(arena.work)
    assert store.is_trusted(arena.work)
    CHANGES[what](arena)
    home = Home(arena.state, arena.state / "config.toml", arena.state / "logs")
    shown = lsp_agent(arena, "config", "show").stdout
    assert '"never"' not in shown
    assert json.loads(shown)["safety.network"]["value"] is False
    # A link is no settings file: it ends no trust, and sets nothing.
    assert what == "settings by a link" or not TrustStore(home).is_trusted(arena.work)


def test_trust_is_of_one_real_folder(arena: Arena) -> None:
    store = _store(arena)
    store.trust(arena.work)
    (arena.work / "inner").mkdir()
    (arena.base / "alias").symlink_to(arena.work)
    assert store.is_trusted(arena.base / "alias")
    assert not store.is_trusted(arena.work / "inner")
    assert not store.is_trusted(arena.base)
    (arena.base / "alias").unlink()
    (arena.base / "alias").symlink_to(arena.outside)
    assert not store.is_trusted(arena.base / "alias")


def test_a_model_trusts_nothing(arena: Arena) -> None:
    calls = (
        ("write_file", {"path": "../state/trust.json", "content": "{}"}),
        ("write_file", {"path": "@STATE@/trust.json", "content": "{}"}),
        ("execute_command", {"command": "python3 -m lsp_agent trust ."}),
        ("execute_command", {"command": "sh -c 'echo {} > @STATE@/trust.json'"}),
    )
    attack(arena, Case("trust", calls, {"app.py": "x = 1\n"}, allow=True))
    assert not _store(arena).is_trusted(arena.work)
    assert not (arena.state / "trust.json").exists()


@pytest.mark.parametrize("folder", ["mine", "."])
def test_no_run_writes_our_own_files(arena: Arena, folder: str) -> None:
    names = ("trust.json", "approvals.json", "apply.log")
    calls = [("write_file", {"path": f"{folder}/{name}", "content": "{}"}) for name in names]
    environment = {
        "LSP_AGENT_HOME": str(arena.work / folder),
        "LSP_AGENT_CONFIG": str(arena.state / "config.toml"),
        "LSP_AGENT_SAFETY_APPROVE": "never",
    }
    case = Case("our own", calls, {"app.py": "x = 1\n"})
    _, after = by_command(arena, case, "--json", environment=environment)
    assert len(after.results()) == len(calls)
    assert not [text for ok, text in after.results() if ok], after.results()
    assert "is the agent's own" in str(after.results())

"""What one process keeps, and lets go of."""

from __future__ import annotations

from pathlib import Path

from lsp_agent.app import App
from lsp_agent.config.model import Settings
from lsp_agent.config.paths import Home
from lsp_agent.store.journal import Journal
from lsp_agent.workspace.roots import Root


def test_a_folder_that_leaves_takes_all_that_is_known_of_it(tmp_path: Path) -> None:
    app = App(Settings(), Home.find({"LSP_AGENT_HOME": str(tmp_path / "home")}))
    kept, left = (Root(tmp_path / name) for name in ("kept", "left"))
    before = {root: (app.index(root), app.knowledge(root)) for root in (kept, left)}
    assert before[left] == (app.index(left), app.knowledge(left))
    app.close_indexes({kept.path})
    assert before[kept] == (app.index(kept), app.knowledge(kept))
    # What is known of a closed index would never hear of a change again.
    assert app.index(left) is not before[left][0]
    assert app.knowledge(left) is not before[left][1]
    app.close()


def test_changed_settings_are_audited_by_name_and_taken_by_the_journal(tmp_path: Path) -> None:
    home = Home.find({"LSP_AGENT_HOME": str(tmp_path / "home")})
    app = App(Settings(), home, env={"SECRET": "word"})
    changed = Settings.model_validate(
        {"journal": {"passphrase_env": "SECRET"}, "safety": {"network": True}, "exclude": ["x"]}
    )
    app.reconfigure(changed)
    app.reconfigure(changed)
    app.close()
    (row,) = Journal(home.journal, env={"SECRET": "word"}).audit()
    assert row.kind == "settings_changed"
    assert sorted(row.data["keys"]) == ["exclude", "journal.passphrase_env", "safety.network"]
    (blind,) = Journal(home.journal, env={}).audit()
    assert "keys" not in blind.data

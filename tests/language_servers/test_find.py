"""Which programs are started, and with what."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lsp_agent.config.load import Sources, load_settings
from lsp_agent.config.model import LanguageServersSettings
from lsp_agent.language_servers.find import Finder, project_root
from lsp_agent.language_servers.types import Diagnostic, regressions
from lsp_agent.workspace.positions import Position, Range

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="programs are shell scripts here")


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def finder(env: dict[str, str], *, trusted: bool = False, **settings: object) -> Finder:
    return Finder(LanguageServersSettings.model_validate(settings), env, lambda _: trusted)


def commands(found: Finder, root: Path, path: str = "a.py") -> dict[str, str]:
    return {one.server.name: one.command[0] for one in found.serving(root, path)[0]}


def test_a_program_of_the_folder_needs_trust(tmp_path: Path) -> None:
    root = tmp_path / "project"
    own = program(root / ".venv" / "bin" / "ruff")
    theirs = program(tmp_path / "bin" / "ruff")
    path = {"PATH": str(theirs.parent)}
    assert commands(finder(path), root) == {"ruff": str(theirs)}
    assert commands(finder(path, trusted=True), root) == {"ruff": str(own)}
    # Neither by PATH, nor by a relative entry of it, nor behind a link.
    link = tmp_path / "links"
    link.mkdir()
    (link / "ruff").symlink_to(own)
    for entry in (str(own.parent), ".venv/bin", str(link)):
        here = finder({"PATH": entry})
        assert commands(here, root) == {}, entry
        assert [one.installed for one in here.serving(root, "a.py")[1]][-1], entry
    command = {"command": [str(own), "server"], "languages": ["python"]}
    assert commands(finder({"PATH": ""}, mine=command), root) == {}


def test_relative_entries_of_path_find_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "elsewhere" / "bin" / "ruff")
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert commands(finder({"PATH": "bin:."}), tmp_path / "project") == {}


def test_one_server_for_each_job(tmp_path: Path) -> None:
    for name in ("pyright-langserver", "basedpyright-langserver", "ruff"):
        program(tmp_path / "bin" / name)
    path = {"PATH": str(tmp_path / "bin")}
    root = tmp_path / "project"
    assert list(commands(finder(path), root)) == ["basedpyright", "ruff"]
    off = {"basedpyright": {"enabled": False}}
    assert list(commands(finder(path, **off), root)) == ["pyright", "ruff"]
    assert commands(finder(path, enabled=False), root) == {}


def test_settings_are_laid_over_the_known_ones(tmp_path: Path) -> None:
    program(tmp_path / "bin" / "pyright-langserver")
    python = program(tmp_path / "project" / ".venv" / "bin" / "python")
    change = {"settings": {"python": {"analysis": {"typeCheckingMode": "strict"}}}}
    path = {"PATH": str(tmp_path / "bin")}
    ((one, *_), _) = finder(path, trusted=True, pyright=change).serving(
        tmp_path / "project", "a.py"
    )
    analysis = {"diagnosticMode": "openFilesOnly", "typeCheckingMode": "strict"}
    assert one.settings == {"python": {"analysis": analysis, "pythonPath": str(python)}}
    # The folder's own interpreter would be started, by a server that is told of no other too.
    theirs = program(tmp_path / "bin" / "python3")
    ((one, *_), _) = finder(path).serving(tmp_path / "project", "a.py")
    assert one.settings["python"]["pythonPath"] == str(theirs)
    within = {"PATH": f"{tmp_path / 'bin'}:{python.parent}"}
    theirs.unlink()
    program(python.parent / "python3")
    ((one, *_), _) = finder(within).serving(tmp_path / "project", "a.py")
    assert one.settings["python"]["pythonPath"] == sys.executable


def test_the_topmost_marked_folder_is_the_project(tmp_path: Path) -> None:
    for folder in ("apps/web/src", "apps/web/lib/x"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "apps" / "web" / "package.json").touch()
    (tmp_path / "apps" / "web" / "lib" / "package.json").touch()
    web = tmp_path / "apps" / "web"
    assert project_root(tmp_path, "apps/web/lib/x/a.ts", ("package.json",)) == web
    assert project_root(tmp_path, "b.ts", ("package.json",)) == tmp_path


def test_secrets_are_not_passed_on() -> None:
    kept = {"PATH": "/bin", "HOME": "/h", "KEYBOARD": "de", "MONKEY_TYPE": "x", "GOPATH": "/go"}
    secret = ("OPENAI_API_KEY", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD", "API_KEYS")
    env = {**kept, **dict.fromkeys((*secret, "LSP_AGENT_HOME", "npm_config__authToken"), "x")}
    found = finder(env)
    gopls = next(one for one in found.servers if one.name == "gopls")
    passed = found.environment(gopls)
    assert passed.pop("GOTOOLCHAIN") == "local"
    assert passed == kept


def test_a_server_looks_for_programs_in_no_relative_folder() -> None:
    found = finder({"PATH": "/usr/bin:.::bin:/bin"})
    assert found.environment(found.servers[0])["PATH"] == "/usr/bin:/bin"


def test_an_untrusted_folder_configures_no_server(tmp_path: Path) -> None:
    file = tmp_path / "lsp-agent.toml"
    file.write_text('[language_servers.evil]\ncommand = ["./evil"]\nlanguages = ["python"]\n')
    loaded = load_settings(Sources(workspace=tmp_path))
    assert loaded.settings.language_servers.servers == {}
    assert "ignored until the folder is trusted" in str(loaded.problems[0])
    loaded = load_settings(Sources(workspace=tmp_path, trusted=True))
    assert loaded.settings.language_servers.servers["evil"].command == ["./evil"]


def test_configuration_of_servers_is_checked_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        "[language_servers]\nidle_minutes = 3\n[language_servers.pyright]\n"
        'settings = { python = { analysis = { typeCheckingMode = "off" } } }\nenabld = true\n'
    )
    loaded = load_settings(
        Sources(user_file=file, env={"LSP_AGENT_LANGUAGE_SERVERS_MAX_RUNNING": "2"})
    )
    (problem,) = loaded.problems
    assert (problem.line, problem.nearest) == (5, "language_servers.pyright.enabled")
    servers = loaded.settings.language_servers
    assert (servers.idle_minutes, servers.max_running) == (3, 2)
    analysis = {"analysis": {"typeCheckingMode": "off"}}
    assert servers.servers["pyright"].settings == {"python": analysis}
    client = {
        "languageServers": {
            "maxRunning": 3,
            "myServer": {"command": ["x"], "settings": {"pythonPath": "p"}},
        }
    }
    servers = load_settings(Sources(client=client)).settings.language_servers
    assert servers.max_running == 3
    assert servers.servers["myServer"].settings == {"pythonPath": "p"}


def test_the_protocol_is_loaded_when_a_server_is_started_and_not_before() -> None:
    code = (
        "import sys, lsp_agent.app; sys.exit('pygls' in sys.modules or 'lsprotocol' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_new_errors_are_told_from_old_ones_wherever_they_moved() -> None:
    def one(line: int, message: str, path: str = "a.py", **more: object) -> Diagnostic:
        place = Range(Position(line, 0), Position(line, 1))
        values = {"severity": "error", "source": "s", "code": "c", "server": "s", **more}
        return Diagnostic(path=path, range=place, message=message, **values)  # type: ignore[arg-type]

    before = [one(1, "old"), one(2, "twice")]
    after = [
        one(9, "old"),
        one(2, "twice"),
        one(3, "twice"),
        one(4, "warned", severity="warning"),
        one(5, "guessed", doubtful=True),
        one(6, "old", server="t"),
    ]
    assert regressions(before, after, {}) == [after[2], after[5]]
    moved = [one(9, "old", "b.py")]
    assert regressions(before, moved, {"b.py": "a.py"}) == []
    assert regressions(before, moved, {}) == moved

"""The command line's frame: help without imports, one line an error, statuses, the small verbs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from lsp_agent import __version__
from lsp_agent.cli.main import VERBS, cli, run
from lsp_agent.engine.llama.tiny import make_tiny_gguf
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint

Caps = pytest.CaptureFixture[str]


def test_help_lists_the_verbs_and_imports_none(home: Path) -> None:
    code = (
        "import sys; from lsp_agent.cli.main import run; run(['--help']); "
        "print(sorted(m for m in sys.modules if m.startswith(('lsp_agent.', 'pydantic', 'rich'))), "
        "file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert all(verb in done.stdout for verb in VERBS)
    assert "pydantic" not in done.stderr
    assert "lsp_agent.server" not in done.stderr
    assert "lsp_agent.engine" not in done.stderr


def test_every_verb_has_help_and_the_shared_options(capsys: Caps) -> None:
    for verb in VERBS:
        assert run([verb, "--help"]) == 0
        out = capsys.readouterr().out
        assert "--config FILE" in out
        assert "--set KEY=VALUE" in out
    assert set(cli.list_commands(None)) == set(VERBS)  # type: ignore[arg-type]


def test_version(capsys: Caps) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"lsp-agent {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [
        ["bogus"],
        ["--bogus"],
        ["config", "show", "--set", "novalue"],
        ["--config", "/no/such.toml", "config", "show"],
        ["serve", "--tcp", "nowhere"],
        ["serve", "--stdio", "--tcp", "127.0.0.1:1"],
        ["run", "x", "--set", "agent.max_steps=none"],
        ["models", "add", "a/b", "MODEL"],
        ["models", "add", "embedded", "MODEL"],
    ],
)
def test_usage_errors_are_two(
    home: Path, tmp_path: Path, capsys: Caps, arguments: list[str]
) -> None:
    make_tiny_gguf(tmp_path / "m.gguf")
    arguments = [str(tmp_path / "m.gguf") if one == "MODEL" else one for one in arguments]
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1, captured.err
    assert "Traceback" not in captured.err


def test_config_show_and_check(home: Path, tmp_path: Path, capsys: Caps) -> None:
    (home / "config.toml").write_text("[agent]\nmax_steps = 3\n")
    assert run(["config", "show", "--workspace", str(tmp_path)]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert rows["agent.max_steps"] == {"value": 3, "source": f"{home / 'config.toml'}:2"}
    (home / "config.toml").write_text("[agent]\nmax_stepz = 3\n")
    assert run(["config", "check", "--workspace", str(tmp_path)]) == 2
    captured = capsys.readouterr()
    assert json.loads(captured.out)["problems"][0]["nearest"] == "agent.max_steps"
    assert captured.err.startswith(f"{home / 'config.toml'}:2: ")
    assert run(["config", "schema"]) == 0
    assert json.loads(capsys.readouterr().out)["title"] == "lsp-agent"


def test_a_prompt_without_a_job_is_named(home: Path, tmp_path: Path, capsys: Caps) -> None:
    (home / "prompts").mkdir()
    (home / "prompts" / "tool.md").write_text("Mine.")
    assert run(["config", "check", "--workspace", str(tmp_path)]) == 0
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert (problem["nearest"], problem["level"]) == ("tools", "warning")
    run(["doctor", "--json"])
    checks = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert "there is no prompt 'tool'" in checks["prompts"]["detail"]


def test_trust_and_back(home: Path, tmp_path: Path, capsys: Caps) -> None:
    folder = tmp_path / "ws"
    folder.mkdir()
    (folder / "lsp-agent.toml").write_text("[agent]\nmax_steps = 3\n")

    def steps() -> Any:
        assert run(["config", "show", "--workspace", str(folder), "--quiet"]) == 0
        return json.loads(capsys.readouterr().out)["agent.max_steps"]["value"]

    assert steps() == 20
    assert run(["trust", str(folder), "--quiet"]) == 0
    assert steps() == 3
    assert run(["untrust", str(folder)]) == 0
    assert "not trusted any more" in capsys.readouterr().err
    assert steps() == 20
    assert run(["trust", str(tmp_path / "missing")]) == 2


def test_models_are_added_and_listed(
    home: Path, tmp_path: Path, capsys: Caps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLAMA_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "cache").mkdir()
    make_tiny_gguf(tmp_path / "cache" / "found.gguf")
    (tmp_path / "cache" / "broken.gguf").write_bytes(b"GGUF")
    assert run(["models", "add", "mine", str(tmp_path / "cache" / "found.gguf")]) == 0
    capsys.readouterr()
    assert run(["models", "list", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [(row["name"], row["source"]) for row in rows] == [
        ("embedded", "built in"),
        ("mine", "added"),
        ("found", "llama.cpp"),
    ]
    assert rows[1]["n_params"] > 0
    assert "lookup alone" in rows[0]["note"]
    assert rows[0]["card"]["scores"]
    (tmp_path / "cache" / "found.gguf").unlink()
    assert run(["models", "list"]) == 0
    captured = capsys.readouterr()
    assert "there is no model file" in " ".join(captured.out.split())
    assert run(["run", "x", "--set", "engines.local.model=mines"]) == 3
    assert "did you mean 'mine'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (None, "there is no model file"),
        (b"MZ\0", "not a GGUF file"),
        (b"GGUF\3\0\0\0", "truncated"),
    ],
)
def test_bad_model_files_are_refused(
    home: Path, tmp_path: Path, capsys: Caps, data: bytes | None, says: str
) -> None:
    path = tmp_path / "x.gguf"
    if data is not None:
        path.write_bytes(data)
    assert run(["models", "add", "x", str(path)]) == 3
    assert says in capsys.readouterr().err


def test_doctor_says_what_is_wrong(home: Path, capsys: Caps) -> None:
    assert run(["doctor", "--json"]) == 0
    checks = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert checks["llama-cpp-python"]["ok"]
    assert "Python only" in checks["model of engine local"]["detail"]
    (home / "config.toml").write_text(
        '[engines.r]\nkind = "openai"\nbase_url = "http://127.0.0.1:9/v1"\nmodel = "m"\n'
        '[routes]\nagent = "r"\n[bad]\nx = 1\n'
    )
    assert run(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "FAILS   configuration" in out
    assert "FAILS   engine r" in out
    assert "mend it with: lsp-agent config check" in out


def test_doctor_asks_every_server_that_a_route_leads_to(home: Path, capsys: Caps) -> None:
    with ScriptedEndpoint([Reply("x")]) as endpoint:
        urls = [endpoint.base_url, "http://127.0.0.1:9/v1"]
        (home / "config.toml").write_text(
            f"[engines.r]\nbase_urls = {json.dumps(urls)}\nmodel = 'm'\nmax_retries = 0\n"
            "[routes]\ncompletion = 'r'\n"
        )
        run(["doctor", "--json"])
    checks = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert checks["engine r"]["detail"] == f"1 of 2 servers answer, not {urls[1]}"
    assert checks["model of engine local"]["ok"]


def test_doctor_knows_which_language_servers_a_folder_has_and_lacks(
    home: Path, tmp_path: Path, capsys: Caps, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = tmp_path / "work"
    (work / "src").mkdir(parents=True)
    (work / "src" / "a.py").touch()
    (work / "b.rs").touch()
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in ("pyright-langserver", "rust-analyzer"):
        (programs / name).write_text("#!/bin/sh\n")
        (programs / name).chmod(0o755)
    monkeypatch.chdir(work)
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.delenv("LSP_AGENT_LANGUAGE_SERVERS_ENABLED")
    run(["doctor", "--json"])
    checks = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    found = checks["language servers"]
    assert found["detail"] == f"pyright ({programs / 'pyright-langserver'})"
    assert checks["language server ruff"]["fix"] == "pip install ruff"
    assert checks["language server rust-analyzer"]["fix"] == f"lsp-agent trust {work}"
    assert "language server basedpyright" not in checks
    assert "language server gopls" not in checks


def test_nothing_but_the_result_on_stdout(home: Path) -> None:
    env = {**os.environ, "NO_COLOR": "1"}
    command = [sys.executable, "-m", "lsp_agent", "models", "list", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=env)
    json.loads(done.stdout)
    assert done.stderr == ""


def test_a_reader_that_goes_away_is_no_error(home: Path) -> None:
    command = [sys.executable, "-m", "lsp_agent", "config", "schema"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    _, errors = process.communicate(timeout=20)
    assert errors == b""
    assert process.returncode == 0


def test_a_connection_that_breaks_does_not_end_the_process(home: Path) -> None:
    code = (
        "import signal; from lsp_agent.cli.main import run; run(['--version']); "
        "print(signal.getsignal(signal.SIGPIPE) == signal.SIG_IGN)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "True"


def test_unexpected_errors_are_one_line(
    home: Path, capsys: Caps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lsp_agent.cli.context.CliContext.load", lambda *_: 1 / 0)
    assert run(["config", "show"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    monkeypatch.setattr("lsp_agent.cli.context.CliContext.load", _interrupt)
    assert run(["config", "show"]) == 130


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_an_apply_that_died_is_undone_by_the_next_run(
    home: Path, tmp_path: Path, capsys: Caps
) -> None:

    from lsp_agent.workspace.overlay import FileChange

    folder = tmp_path / "ws"
    folder.mkdir()
    changes = []
    for name in ("a.py", "b.py"):
        (folder / name).write_text("x = 1\n")
        uri = (folder / name).as_uri()
        changes.append(FileChange("modify", name, uri, "x = 1\n", "x = 2\n"))
    code = (
        "import os, sys, pickle, pathlib; from lsp_agent.store import apply\n"
        "real = os.replace; count = [0]\n"
        "def dying(*a, **k):\n"
        "    count[0] += 1\n"
        "    if count[0] == 3: os._exit(9)\n"
        "    return real(*a, **k)\n"
        "os.replace = dying\n"
        "folder, changes, log = pickle.loads(sys.stdin.buffer.read())\n"
        "apply.apply_changes(folder, changes, log)\n"
    )
    import pickle

    data = pickle.dumps((folder, changes, home / "apply.log"))
    died = subprocess.run([sys.executable, "-c", code], input=data, check=False)
    assert died.returncode == 9

    run(["run", "x", "--workspace", str(folder), "--set", "agent.max_steps=1"])
    assert "an earlier --apply was cut off" in capsys.readouterr().err
    assert [(folder / name).read_text() for name in ("a.py", "b.py")] == ["x = 1\n"] * 2


def test_verbose_logs_to_stderr(home: Path, tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("def double(x):\n    return \n")
    command = [sys.executable, "-m", "lsp_agent", "--verbose", "complete", f"{tmp_path}/a.py:2:12"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "INFO lsp_agent.llama_cpp: " in done.stderr
    assert "llama" not in done.stdout

"""What is decided before anything runs: environment, view, choice, command lines."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import SandboxSettings
from lsp_agent.sandbox.choose import ABILITIES, find_sandbox, limits_of
from lsp_agent.sandbox.container import ContainerSandbox
from lsp_agent.sandbox.environment import clean_environment, objection
from lsp_agent.sandbox.seatbelt import SeatbeltSandbox, profile
from lsp_agent.sandbox.supervise import Excerpt
from lsp_agent.sandbox.types import Command, Limits, SandboxError
from lsp_agent.sandbox.view import borrowed_folders, environment_folders, view_of
from lsp_agent.sandbox.windows import WindowsSandbox, command_environment

SECRETS = [
    "OPENAI_API_KEY", "GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "DB_PASSWORD", "NPM_TOKEN", "MYTOKEN",
    "SSH_AUTH_SOCK", "DATABASE_URL", "SENTRY_DSN", "SESSION_ID", "SIGNING_KEY", "PGPASSWORD",
    "deploy_token", "STRIPE_SK_KEY", "VAULT_CREDENTIALS",
]  # fmt: skip
STEERING = [
    "LD_PRELOAD", "LD_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES", "PYTHONPATH", "PYTHONSTARTUP",
    "NODE_OPTIONS", "GIT_DIR", "GIT_SSH_COMMAND", "BASH_ENV", "ENV", "PERL5OPT", "RUBYOPT",
    "JAVA_TOOL_OPTIONS", "PATH", "HOME", "TMPDIR", "IFS", "HTTP_PROXY", "https_proxy", "PAGER",
    "RUSTC_WRAPPER", "GCONV_PATH", "GLIBC_TUNABLES", "BASH_FUNC_ls%%", "A B", "", "X=Y",
]  # fmt: skip


@pytest.mark.parametrize("name", SECRETS + STEERING)
def test_what_no_command_gets(name: str) -> None:
    assert objection(name)
    with pytest.raises(SandboxError, match="is not passed on to commands"):
        clean_environment({}, {name: "x"}, home="/h", tmp="/t", place=Path("/w"), folder=Path("/c"))


@pytest.mark.parametrize(
    "name", ["CI", "NODE_ENV", "DJANGO_SETTINGS_MODULE", "DEBUG", "PYTHONHASHSEED", "TZ", "MONKEY"]
)
def test_what_a_command_may_be_given(name: str) -> None:
    got = clean_environment(
        {}, {name: "x"}, home="/h", tmp="/t", place=Path("/w"), folder=Path("/c")
    )
    assert got[name] == "x"


@pytest.mark.parametrize(("path", "passes"), [
    ("/c", True), ("/c/src:/c/lib", True), ("/c:/w", False), ("/c/../w", False), ("", False),
    ("/c:", False), ("src", False),
])  # fmt: skip
def test_python_is_led_to_the_copy_only(path: str, passes: bool) -> None:
    def given() -> dict[str, str]:
        added = {"PYTHONPATH": path}
        return clean_environment(
            {}, added, home="/h", tmp="/t", place=Path("/w"), folder=Path("/c")
        )

    if passes:
        assert given()["PYTHONPATH"] == path
    else:
        with pytest.raises(SandboxError, match="PYTHONPATH"):
            given()


def test_the_environment_is_a_list_of_what_is_let_through() -> None:
    env = {name: "x" for name in SECRETS if name} | {
        "LANG": "C", "LC_ALL": "C", "SOMETHING": "x", "HOME": "/me", "TERM": "xterm",
        "PATH": "/usr/bin:/w/bin:.::/w/.venv/bin:/usr/bin:/opt/../w/bin",
    }  # fmt: skip
    got = clean_environment(
        env, {}, home="/h", tmp="/t", place=Path("/w"), folder=Path("/c"), borrowed=[".venv"]
    )
    assert got == {
        "LANG": "C", "LC_ALL": "C", "TERM": "dumb", "NO_COLOR": "1", "HOME": "/h", "TMPDIR": "/t",
        "PYTHONDONTWRITEBYTECODE": "1", "PATH": "/usr/bin:/w/.venv/bin",
    }  # fmt: skip


def test_the_view_shows_toolchains_and_no_keys(tmp_path: Path) -> None:
    home = tmp_path / "me"
    for name in (".cargo/bin", ".cargo/registry", ".ssh", ".config/gh", ".local/bin", "tools",
                 ".local/share/keyrings", ".aws", ".rustup/toolchains"):  # fmt: skip
        (home / name).mkdir(parents=True)
    (home / ".cargo" / "credentials.toml").write_text("x")
    path = ":".join(f"{home}/{one}" for one in (".cargo/bin", ".local/bin", "tools", ".ssh", "."))
    view = view_of({"PATH": f"{path}:{home}:/usr/bin", "HOME": str(home)})
    below = {str(Path(one).relative_to(home)) for one in view.mounts if one.startswith(str(home))}
    assert below == {
        ".cargo/bin", ".cargo/registry", ".local/bin", "tools", ".rustup/toolchains",
    }  # fmt: skip
    assert "/usr" in view.mounts
    assert not any(Path(home).is_relative_to(one) for one in view.mounts)
    assert "/etc/shadow" not in view.read


def test_folders_that_may_not_be_entered_are_not_shown(tmp_path: Path) -> None:
    # Run as nobody where the tests run as root, whom no mode stops.
    script = f"""
import os, sys, tempfile
sys.path[:0] = {sys.path!r}
from pathlib import Path
from lsp_agent.sandbox.view import view_of
if os.geteuid() == 0:
    os.setuid(65534)
with tempfile.TemporaryDirectory(dir="/tmp") as top:
    closed, virtual = Path(top, "closed"), Path(top, "virtual")
    (closed / "bin").mkdir(parents=True)
    (virtual / "bin").mkdir(parents=True)
    (virtual / "pyvenv.cfg").write_text(f"home = {{closed}}/bin")
    closed.chmod(0)
    view = view_of({{"PATH": f"{{closed}}/bin:{{virtual}}/bin:/usr/bin", "HOME": top + "/home"}})
    closed.chmod(0o700)
    print([one.removeprefix(top) for one in view.mounts if one.startswith(top)])
"""
    done = subprocess.run(
        [sys.executable, "-c", script], check=False, capture_output=True, text=True
    )
    assert (done.stdout, done.returncode) == ("['/virtual']\n", 0), done.stderr


def test_a_home_folder_within_the_system_is_cut_out() -> None:
    view = view_of({"PATH": "/usr/bin", "HOME": "/usr/share"})
    assert "/usr" not in view.mounts
    assert "/usr/bin" in view.mounts
    assert not any(one.startswith("/usr/share") for one in view.mounts)


def test_a_virtual_environment_names_only_a_folder_of_a_python(tmp_path: Path) -> None:
    virtual, named, real = (tmp_path / name for name in ("virtual", "named", "real"))
    for folder in (virtual, named / "bin", named / "lib" / "python3.12" / "site-packages",
                   real / "bin", real / "lib" / "python3.12"):  # fmt: skip
        folder.mkdir(parents=True)
    (virtual / "pyvenv.cfg").write_text(f"home = {named}/bin\n")
    assert list(environment_folders(virtual)) == [str(virtual)]
    # Programs of that name, as in ~/.local/bin, are not enough to show all that lies beside them.
    (real / "bin" / "python3").touch()
    (named / "bin" / "python3").symlink_to(real / "bin" / "python3")
    assert list(environment_folders(virtual)) == [str(virtual)]
    (real / "lib" / "python3.12" / "os.py").touch()
    assert list(environment_folders(virtual)) == [str(virtual), str(real)]


def test_what_is_borrowed_stays_within_the_workspace(tmp_path: Path) -> None:
    (tmp_path / "ws" / "real").mkdir(parents=True)
    (tmp_path / "venv").mkdir()
    (tmp_path / "ws" / "alias").symlink_to("real")
    (tmp_path / "ws" / "out").symlink_to(tmp_path)
    (tmp_path / "ws" / ".venv").symlink_to(tmp_path / "venv")
    (tmp_path / "venv" / "pyvenv.cfg").touch()
    names = ("real", "alias", "out", ".venv", "missing")
    command = Command(("x",), tmp_path, tmp_path / "ws", borrowed=names)
    assert [path for path, _ in borrowed_folders(command)] == ["real", "alias", ".venv"]


def test_settings_become_limits() -> None:
    assert limits_of(SandboxSettings()) == Limits()


def test_unprotected_is_said_by_nobody_but_the_settings(tmp_path: Path) -> None:
    found, remarks = find_sandbox(SandboxSettings(kind="none"))
    assert found is None
    assert "sandbox.unprotected = true" in remarks[-1]
    found, remarks = find_sandbox(SandboxSettings(kind="none", unprotected=True))
    assert found is not None
    assert (found.name, found.abilities) == ("none", {"processes", "memory"})
    code = "import os; print(os.environ.get('OPENAI_API_KEY'), os.getcwd())"
    command = Command((sys.executable, "-c", code), tmp_path, tmp_path)
    outcome = found.run(command, CancelToken())
    assert outcome.output == f"None {tmp_path}\n"


def test_a_kind_that_is_not_here_says_so() -> None:
    for kind in ("seatbelt", "windows", "container"):
        found, remarks = find_sandbox(SandboxSettings(kind=kind))
        assert found is None
        assert remarks[0].startswith(f"{kind}: ")
        assert find_sandbox(SandboxSettings(kind=kind, unprotected=True))[0] is not None
    with pytest.raises(SandboxError, match="macOS only"):
        SeatbeltSandbox()
    with pytest.raises(SandboxError, match="Windows only"):
        WindowsSandbox()


def test_the_sandbox_of_this_machine_holds_files_and_network() -> None:
    found, remarks = find_sandbox(SandboxSettings())
    if found is None:
        pytest.skip("; ".join(remarks))
    assert {"files", "network"} <= found.abilities <= set(ABILITIES)


def test_a_container_is_given_little(tmp_path: Path) -> None:
    engine = tmp_path / "bin" / "docker"
    engine.parent.mkdir()
    engine.write_text("#!/bin/sh\n")
    engine.chmod(0o755)
    (tmp_path / "ws" / ".venv").mkdir(parents=True)
    sandbox = ContainerSandbox("python:3", {"PATH": str(engine.parent)})
    command = Command(
        ("pytest", "-q"), tmp_path, tmp_path / "ws", cwd="sub", borrowed=(".venv",), env={"CI": "1"}
    )
    line = " ".join(sandbox.arguments(command, "name"))
    for part in (
        "run --rm", "--pull never", "--network none", "--read-only", "--cap-drop ALL",
        "--security-opt no-new-privileges", "--pids-limit 128", f"--memory {4 << 30}",
        f"--mount type=bind,source={tmp_path},target={tmp_path}/ws ",
        f"source={tmp_path}/ws/.venv,target={tmp_path}/ws/.venv,readonly", "--env CI=1",
        f"--workdir {tmp_path}/ws/sub", "--entrypoint pytest python:3 -q",
    ):  # fmt: skip
        assert part in line
    with pytest.raises(SandboxError, match=r"sandbox\.image"):
        ContainerSandbox("")
    with pytest.raises(SandboxError, match=r"sandbox\.image"):
        ContainerSandbox("--privileged")
    with pytest.raises(SandboxError, match="rename it"):
        sandbox.arguments(Command(("x",), tmp_path, Path("/a,source=/")), "name")


def test_a_profile_quotes_paths() -> None:
    text = profile(["/usr"], ['/tmp/a"b\\c'], network=False)
    assert "(deny default)" in text
    assert '(allow file-write* (subpath "/tmp/a\\"b\\\\c"))' in text
    assert "network-outbound" not in text
    assert "(allow network-outbound)" in profile([], [], network=True)
    with pytest.raises(SandboxError, match="rename it"):
        profile(["/a\n(allow default)"], [], network=False)


def test_the_environment_on_windows(tmp_path: Path) -> None:
    command = Command(("x",), tmp_path, tmp_path, env={"CI": "1"})
    got = command_environment({"Path": "C:\\", "API_KEY": "x"}, command, "T")
    assert got["CI"] == "1"
    assert got["Path"] == "C:\\"
    assert "API_KEY" not in got


@pytest.mark.parametrize("chunk", [1, 7, 100, 5000])
@pytest.mark.parametrize("total", [0, 9, 10, 11, 200_000])
def test_an_excerpt_keeps_both_ends(chunk: int, total: int) -> None:
    data = bytes(65 + number % 26 for number in range(total))
    excerpt = Excerpt(10)
    for at in range(0, total, chunk):
        excerpt.add(data[at : at + chunk])
    text = excerpt.text()
    assert excerpt.truncated == (total > 10)
    if total <= 10:
        assert text == data.decode()
    else:
        assert text.startswith(data[:5].decode() + "\n[…")
        assert text.endswith("…]\n" + data[-5:].decode())
        assert f"{total - 10:,} bytes cut" in text


def test_the_doctor_names_the_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lsp_agent.cli.main import cli

    monkeypatch.setenv("LSP_AGENT_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, ["doctor", "--json"])
    checks = {one["name"]: one for one in json.loads(result.stdout)}
    found, _ = find_sandbox(SandboxSettings(), os.environ)
    assert checks["sandbox"]["ok"] == (found is not None and set(ABILITIES) <= found.abilities)
    if found is not None:
        assert checks["sandbox"]["detail"].startswith(f"{found.name} holds files, network")
    assert checks["sandbox"]["fix"]

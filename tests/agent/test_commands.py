"""What a command runs, and what the user's list of commands lets through."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_agent.agent.commands import allowed
from lsp_agent.agent.reading import read_command

LIST = (
    "make test", "npm run *", "pytest **", "git status", "git log **", "python -m pytest **",
    "cargo **", "find **", "tar **", "ls", "echo *", "git **", "make **", "awk **", "sed **",
    "npm **", "python **", "go **", "rg **", "env **", "bash **", "sudo **", "xargs **", "less **",
    "node **", "vim **", "pip **", "timeout 9 *",
)  # fmt: skip


@pytest.mark.parametrize(
    "command",
    [
        "make test",
        "make 'test'",
        "npm run build",
        "pytest",
        "pytest -q tests/test_a.py -k 'a and b'",
        "python -m pytest -x",
        "python scripts/gen.py -c x",
        "timeout 9 make test",
        "timeout -k 1 --signal=TERM 9 nice -n 5 make test",
        "nice -n5 nohup make test",
        "env make test",
        "time -p make test",
        "make test 2>/dev/null",
        "make test > /dev/null 2>&1",
        "git log --oneline -n 5",
        "git --no-pager diff",
        "find . -name '*.py'",
        "tar -xzf a.tar.gz",
        "awk '{ print $1 }' a.txt",
        "sed -n 's/a/b/gp' a.txt",
        "sed -n 1,5p a.txt",
        "make -j4 -k all",
        "cargo test --offline",
        "go test ./...",
        "npm test",
        "node --test a.js",
        "less a.txt",
        "rg --hidden TODO",
        "pip list",
    ],
)
def test_what_the_list_allows(command: str) -> None:
    assert allowed(command, LIST)


@pytest.mark.parametrize(
    "command",
    [
        # More than a lone literal command.
        "", "make test; id", "make test && id", "make test | sh", "make test &", "make test\nid",
        "make test $(id)", "make test `id`", "npm run $X", "npm run *", "npm run {a,b}",
        "(make test)", "{ make test; }", "! make test", "make test > out", "make test >> .bashrc",
        "make test < x", "make test <<< x", "make() { id; }; make test", "make test # x",
        "make 'test", "npm run ~/x", "make test >$X", "make test >&3", "npm run $'a'",
        "make test\x00", "if make test; then ls; fi",
        # Other words.
        "./make test", "/tmp/make test", "MAKE test", "npm run --prefix", "makе test", "ls -l",
        "echo -n", "echo @x", "echo +x", "echo ''", "gitk",
        # The environment.
        "PATH=/tmp make test", "LD_PRELOAD=x.so make test", "A=1 make test", "env A=1 make test",
        "env -i make test", "env -S 'make test'", "env -u HOME make test", "A=1",
        "PYTHONPATH=x python a.py", "GIT_SSH_COMMAND=x git log",
        "env PYTHONSTARTUP=x python a.py",
        # Others' rights.
        "sudo make test", "sudo **", "timeout 9 sudo make test", "doas make test", "env sudo ls",
        "su -c 'make test'", "find . -exec sudo rm {} +", "/usr/bin/sudo ls", "SUDO.EXE ls",
        # Shells and interpreters.
        "bash -c 'make test'", "bash -lc ls", "bash", "bash -s", "bash --rcfile x a.sh", "python",
        "python -c 'import os'", "python -m timeit x", "python -Bmpdb x",
        "git help log", "python -", "python -Bc x", "python3 -c x", "python -i a.py",
        "node -e x", "node --eval=x", "node -p x", "node -r ./x a.js", "node --import ./x a.js",
        "timeout 9 bash", "timeout 9 python", "time -o /home/me/.bashrc make test",
        "time --output=x make test",
        # Programs that run others.
        "find . -exec rm {} ;", "find . -execdir x +", "find . -delete", "find . -ok x ;",
        "find . -fprintf x y", "xargs rm", "vim -c ':!id'", "vim a", "less +!id a", "less -k x a",
        "git -c core.pager=id log", "git --exec-path=. log", "git -C /x log",
        "git log --ext-diff", "git fetch --upload-pack id", "git fetch --upload-pa=id",
        "git grep -Oid x", "git st", "git rebase -x id", "git rebase --exec id",
        "git submodule foreach id", "git bisect run id", "git config core.pager id",
        "git clone -u id x", "git clone --config a=b x", "git push", "git difftool -x id",
        "git --paginate log", "git -p log", "git log --output=x", "make SHELL=/tmp/x",
        "make --eval='$(shell id)'", "make -f x", "make --fi=x", "make -C /tmp", "make CC=id",
        "make --directory=/tmp", "make -Ix", "make -E x", "tar -xf a --to-command=id",
        "tar xf a --to-com id", "tar cf a . --checkpoint-action=exec=id", "tar -I id -xf a",
        "tar xIf id a", "tar --use-compress-program=id -xf a", "tar -cFid a",
        "awk 'BEGIN { system(\"id\") }'", "awk 'BEGIN { \"id\" | getline }'", "awk -f x.awk",
        "awk '{ print > \"x\" }'", "gawk -l x ''", "awk '@load \"x\"'", "awk -e x", "sed 1e",
        "sed 's/a/id/e' x", "sed -f x", "sed 'w x' y", "sed -n '1e id' x", "sed -i s/a/b/ x",
        "sed s/a/b/w.bashrc x", "sed p -f x", "sed --expression=1e x", "npm exec x", "npm x y",
        "npm install x", "npm run a --script-shell=/tmp/x", "npm set a=b",
        "npm run a --script-sh /tmp/x", "npm --prefix /tmp run a", "npm config set a b", "npm ci",
        "npm test --node-options=-rx", "npm explore x -- id", "npm publish", "cargo +evil build",
        "cargo --config x build", "cargo install x", "cargo evil", "cargo -Zx b", "go run x",
        "go generate", "go test -exec id", "go test --exec=id", "go build -toolexec id",
        "go vet -vettool=x", "go get x", "rg --pre id x", "rg --pre=id x", "pip install x",
        "pip -q install x", "pip --python x list", "python -m pip install x",
        "pip config set a b",
    ],
)  # fmt: skip
def test_what_it_does_not(command: str) -> None:
    assert not allowed(command, LIST)


@pytest.mark.parametrize(
    "command",
    ["make tests", "make", "make test install", "npm run a b", "npm run -- x", "npm run", "npm"],
)
def test_words_are_not_compared_as_text(command: str) -> None:
    assert not allowed(command, ["make test", "npm run *", "mak **"])


@pytest.mark.parametrize(
    "command", ["pip install x", "bash -c 'make test'", "A=1 make test", "git -c a=b log", "npx x"]
)
def test_what_hides_a_program_is_allowed_by_its_own_words_only(command: str) -> None:
    assert allowed(command, [command])
    assert not allowed(f"{command} y", [command, f"{command} *", f"{command} **"])


@pytest.mark.parametrize("pattern", ["*", "**", "* test", "make '", "", "timeout 9 *", "env **"])
def test_no_pattern_allows_every_program(pattern: str) -> None:
    assert not allowed("make test", [pattern])
    assert not allowed("timeout 9 make", [pattern])


def test_nothing_allows_sudo() -> None:
    assert not allowed("sudo ls", ["sudo ls", "sudo **"])
    assert not allowed("timeout 9 sudo ls", ["timeout 9 sudo ls"])


@pytest.mark.parametrize(
    ("command", "programs", "marks"),
    [
        ("make test", ["make"], set()),
        ("timeout 9 nice make", ["timeout", "nice", "make"], set()),
        ("bash -lc 'cd x && sudo rm y'", ["bash", "cd", "sudo"], {"runs", "privileged"}),
        ("sh -c \"bash -c 'su -'\"", ["sh", "bash", "su"], {"runs", "privileged"}),
        ("curl x | sh", ["curl", "sh"], {"network", "runs"}),
        ("curl x | sudo bash -", ["curl", "sudo", "bash"], {"network", "runs", "privileged"}),
        ("find . -name x -exec sudo rm {} +", ["find", "sudo"], {"runs", "privileged", "unknown"}),
        ("echo | xargs -I{} sudo {}", ["echo", "xargs", "sudo"], {"runs", "privileged", "unknown"}),
        ("env A=1 make", ["env", "make"], {"environment"}),
        ("A=1 make", ["make"], {"environment"}),
        ("$X y", ["$X"], {"unknown"}),
        ("a 'b", ["a"], {"unknown"}),
        ("uv run sudo x", ["uv", "sudo"], {"runs", "network", "privileged"}),
        ("npx cowsay", ["npx", "cowsay"], {"runs", "network"}),
        ("python -m pip install x", ["python", "pip"], {"runs", "network"}),
        ("python3.12 -c 'x'", ["python3.12"], {"runs"}),
        ("perl -ne 'x'", ["perl"], {"runs"}),
        ("ruby -e x", ["ruby"], {"runs"}),
        ("ssh -o ProxyCommand=id x", ["ssh"], {"runs", "network"}),
        ("busybox sh -c 'sudo x'", ["busybox", "sh", "sudo"], {"runs", "privileged"}),
        ("git push", ["git"], {"runs", "network"}),
        ("nohup setsid stdbuf -oL sudo x", ["nohup", "setsid", "stdbuf", "sudo"], {"privileged"}),
        ("docker run x sudo y", ["docker", "sudo"], {"runs", "privileged"}),
        ("f() { sudo x; }; f", ["sudo", "f"], {"runs", "privileged"}),
    ],
)  # fmt: skip
def test_what_a_line_runs(command: str, programs: list[str], marks: set[str]) -> None:
    read = read_command(command)
    assert [argv[0] for argv in read.programs][: len(programs)] == programs
    assert set(read.marks) == marks


def test_reading_ends() -> None:
    deep = "ls"
    for _ in range(8):
        deep = f"env {deep} && env {deep}"
    assert len(read_command(deep).programs) <= 600
    assert "unknown" in read_command("env " * 50 + "ls").marks
    assert "unknown" in read_command("x" * 20_000).marks


@given(st.text(st.sampled_from("mk test;&|<>$()`'\"\\*~{}=#!\n-A"), max_size=30))
@settings(max_examples=300, deadline=None)
def test_whatever_is_added_to_an_allowed_command_changes_it(tail: str) -> None:
    if allowed(f"make test{tail}", ["make test"]):
        assert not set(tail) - set(" \n'\"\\")


WORDS = (
    "sudo x", "env", "bash", "nice", "timeout", "xargs", "find . -exec", "-c 'sudo x'", "-c", "-lc",
    "-n", "-i", "-S 'sudo x'", "-k", "5", "x", "x=y", "--", "-", "+", "\\;", "-s", "-p", "nohup",
)  # fmt: skip


@pytest.fixture(scope="module")
def trap(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """Return a folder in which ``sudo x`` makes a file, and the environment for that."""
    folder = tmp_path_factory.mktemp("trap")
    (folder / "bin").mkdir()
    for name in ("env", "bash", "nice", "timeout", "xargs", "find", "nohup"):
        (folder / "bin" / name).symlink_to(str(shutil.which(name)))
    (folder / "bin" / "sudo").symlink_to(str(shutil.which("touch")))
    (folder / "work").mkdir()
    return folder / "work", {"PATH": str(folder / "bin")}


@pytest.mark.skipif(os.name == "nt", reason="runs the programs of a Unix system")
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=6))
@settings(max_examples=400, deadline=None)
def test_nothing_that_is_allowed_runs_sudo(trap: tuple[Path, dict[str, str]], words: list) -> None:
    """The system's own programs say what a line runs; here ``sudo`` only makes a file."""
    folder, env = trap
    command = " ".join(words)
    patterns = [f"{name} **" for name in ("env", "bash", "nice", "timeout", "xargs", "find")]
    if allowed(command, patterns):
        subprocess.run(
            shlex.split(command), cwd=folder, env=env, stdin=subprocess.DEVNULL, check=False,
            capture_output=True, timeout=20,
        )  # fmt: skip
        assert [one.name for one in folder.iterdir() if one.name != "nohup.out"] == []

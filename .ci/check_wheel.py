"""Install the wheel alone into a scratch environment and use it: `check_wheel.py SCRATCH`.

SCRATCH/dist holds the wheel. The dependencies are lent by the environment that runs this script,
through one path file, so that nothing is compiled anew; lsp_agent itself must come from the wheel.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

NEEDED = (
    "lsp_agent/py.typed",
    "lsp_agent/grammars/direct.gbnf",
    "lsp_agent/grammars/queries/python/definitions.scm",
    "lsp_agent/demo/project/README.md",
    "lsp_agent/agent/prompts/direct.md",
    "lsp_agent/engine/embedded/embedded.gguf",
    "lsp_agent/engine/embedded/card.json",
)
CHECK = """
import lsp_agent, pathlib, sys
from lsp_agent.resources import resource
where = pathlib.Path(lsp_agent.__file__).resolve()
assert where.is_relative_to(pathlib.Path(sys.prefix).resolve()), f"not the wheel's: {where}"
assert resource("direct.gbnf"), "no grammar"
from lsp_agent.syntax.document import SyntaxDocument
assert [s.name for s in SyntaxDocument.parse("def f(): pass\\n", "python").symbols()] == ["f"]
"""


def main(scratch: Path) -> None:
    """Check the wheel's content, then that it works."""
    (wheel,) = (scratch / "dist").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    missing = [name for name in NEEDED if name not in names]
    stray = [name for name in names if "__pycache__" in name or name.startswith("tests/")]
    if missing or stray:
        sys.exit(f"the wheel lacks {missing} and holds {stray}")
    home = scratch / "venv"
    venv.create(home, with_pip=True, symlinks=os.name != "nt")
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    python = str(scripts / "python")
    run(python, "-m", "pip", "install", "-q", "--no-deps", "--no-index", str(wheel), cwd=scratch)
    site = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=scratch)
    Path(site.strip(), "lent.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")
    run(python, "-c", CHECK, cwd=scratch)
    print(run(str(scripts / "lsp-agent"), "--version", cwd=scratch).strip())
    environment = {**os.environ, "LSP_AGENT_HOME": str(scratch / "home")}
    demo = run(
        str(scripts / "lsp-agent"), "demo", "--model", "embedded", cwd=scratch, env=environment
    )
    print(demo.strip().splitlines()[-1])
    print(f"{wheel.name}: {wheel.stat().st_size // 1024} KiB, {len(names)} files, works")


def run(*command: str, cwd: Path, env: dict[str, str] | None = None) -> str:
    """Run a command, away from the checkout; show what it said if it fails."""
    done = subprocess.run(
        command,
        check=False,
        cwd=cwd,
        env=env,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)} exited {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


if __name__ == "__main__":
    main(Path(sys.argv[1]))

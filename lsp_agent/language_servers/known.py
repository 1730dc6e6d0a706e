"""The language servers that are known: one row each. What is not here can be configured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_PYTHON = ("pyproject.toml", "setup.py", "setup.cfg", "requirements.txt", "Pipfile")
_PYRIGHT = ("pyrightconfig.json", *_PYTHON)
# What pyright reports when it does not know the packages that a project runs with.
_MISSING = ("reportMissingImports", "reportMissingModuleSource", "reportMissingTypeStubs")


@dataclass(frozen=True, slots=True)
class Server:
    """How a language server is started and asked.

    ``languages`` are LSP language ids. Of several servers with the same ``job`` the first that is
    there serves a language. The project's folder is the topmost one that holds a file of
    ``markers``. ``needs_trust`` says that the server runs, or may run, code of the folder: build
    scripts, plugins, the project's own compiler. ``ready`` names a notification, a field in it and
    the value that says that the project is loaded. ``interpreter`` tells a server of Python where
    the project's Python is; where that is not known, ``missing`` are the codes to doubt.
    """

    name: str
    command: tuple[str, ...]
    languages: tuple[str, ...]
    job: str = "types"
    markers: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    initialization: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    needs_trust: bool = True
    ready: tuple[str, str, object] | None = None
    interpreter: bool = False
    missing: tuple[str, ...] = ()
    install: str = ""


_ANALYSIS = {"diagnosticMode": "openFilesOnly", "typeCheckingMode": "standard"}
_RUST = {"checkOnSave": False}
_GOPLS = {"staticcheck": False}

KNOWN = (
    Server(
        "basedpyright",
        ("basedpyright-langserver", "--stdio"),
        ("python",),
        markers=_PYRIGHT,
        settings={"basedpyright": {"analysis": _ANALYSIS}},
        needs_trust=False,
        interpreter=True,
        missing=_MISSING,
        install="pip install basedpyright",
    ),
    Server(
        "pyright",
        ("pyright-langserver", "--stdio"),
        ("python",),
        markers=_PYRIGHT,
        settings={"python": {"analysis": _ANALYSIS}},
        needs_trust=False,
        interpreter=True,
        missing=_MISSING,
        install="pip install pyright",
    ),
    Server(
        "ruff",
        ("ruff", "server"),
        ("python",),
        job="lint",
        markers=("ruff.toml", ".ruff.toml", *_PYTHON),
        needs_trust=False,
        install="pip install ruff",
    ),
    Server(
        "typescript-language-server",
        ("typescript-language-server", "--stdio"),
        ("typescript", "typescriptreact", "javascript", "javascriptreact"),
        markers=("tsconfig.json", "jsconfig.json", "package.json"),
        # It would download type declarations; and a rename is meant everywhere.
        initialization={
            "disableAutomaticTypingAcquisition": True,
            "preferences": {"providePrefixAndSuffixTextForRename": False},
        },
        install="npm install -g typescript-language-server typescript@5",
    ),
    Server(
        "gopls",
        ("gopls",),
        ("go",),
        markers=("go.work", "go.mod"),
        settings={"gopls": _GOPLS},
        initialization=_GOPLS,
        # Else the file go.mod may have a compiler downloaded and started.
        environment={"GOTOOLCHAIN": "local"},
        install="go install golang.org/x/tools/gopls@latest",
    ),
    Server(
        "rust-analyzer",
        ("rust-analyzer",),
        ("rust",),
        markers=("Cargo.toml", "rust-project.json"),
        settings={"rust-analyzer": _RUST},
        initialization=_RUST,
        ready=("experimental/serverStatus", "quiescent", True),
        install="rustup component add rust-analyzer",
    ),
    Server(
        "clangd",
        # Its index would be written into the project.
        ("clangd", "--background-index=0"),
        ("c", "cpp"),
        markers=("compile_commands.json", "compile_flags.txt", ".clangd", "CMakeLists.txt"),
        needs_trust=False,
        install="apt install clangd",
    ),
    Server(
        "jdtls",
        ("jdtls",),
        ("java",),
        markers=("settings.gradle", "settings.gradle.kts", "pom.xml", "build.gradle"),
        ready=("language/status", "type", "ServiceReady"),
        install="brew install jdtls",
    ),
    Server(
        "lua-language-server",
        ("lua-language-server",),
        ("lua",),
        markers=(".luarc.json", ".luarc.jsonc"),
        install="brew install lua-language-server",
    ),
    Server(
        "zls",
        ("zls",),
        ("zig",),
        markers=("build.zig",),
        install="brew install zls",
    ),
)

"""Which files are asked about before they are written, however they are spelt."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.agent.sensitive import DESCRIPTIONS, sensitive_kind

FILES = {
    "git": ".git/config .git/hooks/pre-commit sub/.git/HEAD .git vendor/bare/HEAD vendor/bare/head",
    "hooks": ".husky/pre-commit .githooks/x hooks/pre-push lefthook.yml .lefthook-local.toml "
    ".pre-commit-config.yaml scripts/commit-msg git-hooks/any .captainhook.json post-checkout",
    "ci": ".github/workflows/ci.yml .github/dependabot.yml .gitlab-ci.yml .gitlab/ci/a.yml "
    ".circleci/config.yml Jenkinsfile ci/Jenkinsfile.release azure-pipelines.yml .drone.yml "
    "bitbucket-pipelines.yml .travis.yml .buildkite/pipeline.yml cloudbuild.yaml appveyor.yml "
    ".tekton/run.yaml .woodpecker.yml .cirrus.yml buildspec.yml renovate.json netlify.toml "
    ".github/copilot-instructions.md CODEOWNERS",
    "editor": ".vscode/settings.json .vscode/tasks.json .idea/workspace.xml .zed/settings.json "
    ".helix/languages.toml .nvim.lua .exrc _vimrc .editorconfig .envrc .devcontainer/x.json "
    "a.code-workspace x.sublime-project .dir-locals.el app.iml",
    "agent": "AGENTS.md sub/CLAUDE.md GEMINI.md .claude/settings.json .cursor/rules/a.mdc "
    ".cursorrules .aider.conf.yml lsp-agent.toml .mcp.json .windsurfrules x.prompt.md "
    ".clinerules CLAUDE.local.md",
    "startup": "sitecustomize.py src/usercustomize.py evil.pth build.rs Makefile.PL",
    "lock": "package-lock.json yarn.lock pnpm-lock.yaml Cargo.lock poetry.lock uv.lock go.sum "
    "Gemfile.lock composer.lock flake.lock Package.resolved bun.lockb packages.lock.json "
    "gradle.lockfile npm-shrinkwrap.json pylock.toml conda-lock.yml Manifest.toml mix.lock",
    "manifest": "package.json pnpm-workspace.yaml requirements.txt requirements-dev.txt "
    "dev-requirements.in requirements/base.txt constraints.txt pyproject.toml setup.py setup.cfg "
    "Pipfile environment.yml Cargo.toml go.mod go.work Gemfile a.gemspec composer.json pom.xml "
    "build.gradle build.gradle.kts settings.gradle gradle/libs.versions.toml App.csproj "
    "packages.config NuGet.config Directory.Packages.props mix.exs pubspec.yaml Package.swift "
    "Podfile WORKSPACE MODULE.bazel flake.nix Dockerfile Dockerfile.dev docker-compose.yml "
    "compose.yaml vcpkg.json conanfile.txt build.sbt deps.edn project.clj a.cabal dune-project "
    "a.opam DESCRIPTION Project.toml cpanfile tox.ini deno.json build.zig.zon rust-toolchain.toml",
    "dot file": ".bashrc .env .env.local .npmrc .eslintrc.js sub/.prettierrc .config/x/y "
    "GITHUB~1/x PACKAG~1.JSO",
}
CASES = [(kind, path) for kind, paths in FILES.items() for path in paths.split()]


@pytest.mark.parametrize(("kind", "path"), CASES)
def test_sensitive_files(kind: str, path: str) -> None:
    assert sensitive_kind(path) == kind
    assert kind in DESCRIPTIONS


@pytest.mark.parametrize(
    "path",
    "a.py src/main.rs README.md docs/index.md tests/conftest.py tests/test_a.py Makefile index.js "
    "src/hooks/useThing.ts src/update.py src/package.py locks.py block.lock_test.py setup.js "
    "docs/requirements.md lib/gemfile_parser.rb github/x.py x.json data/environment.json "
    "docker.md src/composer.py CMakeLists.txt config.yml ci/run.py a~b.txt",
)
def test_ordinary_files(path: str) -> None:
    for one in path.split():
        assert sensitive_kind(one) is None, one


@pytest.mark.parametrize(
    "path",
    [
        "PACKAGE.JSON", "Package.Json", "package.json.", "package.json ", "package.json. .",
        "sub\\package.json", "./package.json", "sub//package.json", "package.json::$DATA",
        "package.json:x", "ｐackage.json", "pack\u200cage.json", "package\u2060.json",
        ".GitHub/workflows/x", "．github/x", ".git\u200bhub/x", "src\\.github\\x",
        "sub／.github／x",
        ".GIT/config", ".git /config", "git~1/config", ".vſcode/settings.json", "x" * 5000,
        "jenkinsfile", "JENKINSFILE", "lsp-agent.toml.", "Lsp-Agent.TOML",
    ],
)  # fmt: skip
def test_other_spellings(path: str) -> None:
    assert sensitive_kind(path) is not None


@given(
    st.sampled_from([path for _, path in CASES if "~" not in path]),
    st.sampled_from(["NFC", "NFD", "NFKC", "NFKD"]),
    st.sampled_from(["", ".", " ", ". ", "::$DATA"]),
    st.sampled_from(["", "src/", "./", "a\\b\\", "../x/", "//"]),
    st.data(),
)
def test_no_spelling_of_a_sensitive_file_is_ordinary(
    path: str, form: str, ending: str, folder: str, data: st.DataObject
) -> None:
    swapped = "".join(
        one.swapcase() if data.draw(st.booleans(), label=one) else one for one in path
    )
    at = data.draw(st.integers(0, len(swapped)))
    odd = data.draw(st.sampled_from(["", "\u200c", "\ufeff", "\u202e"]))
    spelt = unicodedata.normalize(form, swapped[:at] + odd + swapped[at:])
    assert sensitive_kind(f"{folder}{spelt}{ending}") is not None


@given(st.text(max_size=60))
def test_every_path_gets_an_answer(path: str) -> None:
    assert sensitive_kind(path) in (None, *DESCRIPTIONS)
    if any(part.startswith(".") and part.strip(". ") for part in path.split("/")):
        assert sensitive_kind(path) is not None

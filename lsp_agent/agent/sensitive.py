"""Files that other programs run, obey or trust without being asked: writing them is risky.

Names are compared as the laxest file system folds them. A ``Makefile``, tests and ``conftest.py``
are ordinary code here: they run when somebody runs the project, as all of it does, and in the
sandbox when the agent does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from lsp_agent.workspace.roots import folded_name, is_git_folder

Kind = Literal["git", "hooks", "ci", "editor", "agent", "startup", "dot file", "lock", "manifest"]
DESCRIPTIONS: dict[Kind, str] = {
    "git": "git's own data",
    "hooks": "a hook that runs by itself",
    "ci": "what the CI runs",
    "editor": "settings of an editor or its environment",
    "agent": "settings of an agent",
    "startup": "code that runs by itself",
    "dot file": "a hidden file",
    "lock": "a lock file",
    "manifest": "a list of dependencies",
}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_HOOKS = _words(
    "applypatch-msg pre-applypatch post-applypatch pre-commit pre-merge-commit prepare-commit-msg "
    "commit-msg post-commit pre-rebase post-checkout post-merge pre-push pre-receive update "
    "proc-receive post-receive post-update reference-transaction push-to-checkout pre-auto-gc "
    "post-rewrite sendemail-validate fsmonitor-watchman post-index-change"
)
_HOOK_FOLDERS = _words(".husky .githooks githooks .git-hooks git-hooks .hooks .lefthook")
_CI_FOLDERS = _words(
    ".github .gitlab .circleci .buildkite .tekton .woodpecker .gitea .forgejo .semaphore .ci "
    ".teamcity .azure-pipelines .azuredevops .devops .concourse .harness .drone .jenkins"
)
_CI = re.compile(
    r"jenkinsfile.*|.*\.jenkinsfile|azure-pipelines.*\.ya?ml|bitbucket-pipelines\.ya?ml|"
    r"cloudbuild.*\.(?:ya?ml|json)|\.?appveyor\.ya?ml|circle\.ya?ml|wercker\.ya?ml|"
    r"buildspec.*\.ya?ml|codefresh\.ya?ml|codeship-.*\.ya?ml|shippable\.ya?ml|tekton.*\.ya?ml|"
    r"\.gitlab-ci.*|\.travis\.ya?ml|\.drone\..*|\.cirrus\..*|\.woodpecker.*|skaffold\.ya?ml|"
    r"screwdriver\.ya?ml|bamboo.*\.ya?ml|vercel\.json|netlify\.toml|"
    r"fly\.toml|procfile|renovate.*\.json5?|dependabot\.ya?ml|codeowners"
)
_EDITOR_FOLDERS = _words(
    ".vscode .vscode-server .vs .idea .fleet .zed .helix .nvim .vim .emacs.d .devcontainer .gitpod "
    ".sublime .settings .atom .kakrc .lapce .theia"
)
_EDITOR = re.compile(
    r".*\.code-workspace|.*\.sublime-(?:project|settings|build)|\.nvim\.lua|\.nvimrc|[._]?exrc|"
    r"[._]g?vimrc|\.dir-locals.*\.el|\.editorconfig|\.envrc|\.gitpod\.ya?ml|\.lvimrc|"
    r".*\.iml|.*\.xcscheme|\.clangd|\.ccls|pyrightconfig\.json|devcontainer\.json"
)
_AGENT_FOLDERS = _words(
    ".claude .cursor .aider .codex .gemini .continue .windsurf .roo .cline .kiro .amazonq .goose "
    ".junie .augment .opencode .lsp-agent .mcp .qwen .trae"
)
_AGENT = re.compile(
    r"lsp-agent\.toml|agents(?:\.override)?\.md|claude(?:\.local)?\.md|gemini\.md|qwen\.md|"
    r"copilot-instructions\.md|.*\.(?:instructions|prompt|chatmode|agent)\.md|\.?mcp\.json|"
    r"\.cursor.*|\.aider.*|\.windsurf.*|\.cline.*|\.roo.*|\.goosehints|skill\.md|"
    r"opencode\.jsonc?|crush\.jsonc?"
)
_STARTUP = re.compile(
    r"(?:site|user)customize\.py|.*\.pth|build\.rs|build\.zig|makefile\.pl|build\.pl"
)
_LOCK = re.compile(
    r".*\.lock|.*\.lockb|.*[-.]lock\.(?:json|ya?ml|toml|hcl)|.*\.lockfile|npm-shrinkwrap\.json|"
    r"go(?:\.work)?\.sum|package\.resolved|.*\.freeze|pylock(?:\..*)?\.toml|manifest\.toml|"
    r"verification-metadata\.xml|deps\.nix|.*\.lock\..*|\.pnp\..*|pnpm-lock\..*|"
    r"project\.assets\.json|checksums\.toml"
)
_MANIFEST = re.compile(
    # JavaScript
    r"package\.(?:json[c5]?|ya?ml)|pnpm-workspace\.ya?ml|\.pnpmfile\.c?js|bower\.json|jsr\.json|"
    r"deno\.jsonc?|import_?map\.json|bunfig\.toml|lerna\.json|rush\.json|"
    # Python
    r"pyproject\.toml|setup\.(?:py|cfg)|.*requirements.*\.(?:txt|in)|.*constraints.*\.(?:txt|in)|"
    r"pipfile|(?:conda-)?environment.*\.ya?ml|conda\.ya?ml|meta\.ya?ml|(?:pixi|uv|pdm|poetry|hatch)"
    r"\.toml|pip\.(?:conf|ini)|tox\.ini|noxfile\.py|buildout\.cfg|manifest\.in|"
    # Rust, Go, C, Zig
    r"cargo\.toml|rust-toolchain(?:\.toml)?|go\.(?:mod|work)|vcpkg.*\.json|conanfile\.(?:py|txt)|"
    r"build\.zig\.zon|meson\.options|.*\.wrap|"
    # JVM
    r"pom\.xml|.*\.gradle(?:\.kts)?|gradle(?:-wrapper)?\.properties|.*\.versions\.toml|.*\.sbt|"
    r"build\.sc|ivy\.xml|build\.xml|maven-wrapper\.properties|deps\.edn|project\.clj|bb\.edn|"
    # .NET
    r".*\.(?:cs|fs|vb|vcx|sql)proj|directory\.(?:build|packages)\.(?:props|targets|rsp)|"
    r"packages\.config|nuget\.config|global\.json|paket\.(?:dependencies|references)|.*\.nuspec|"
    # Ruby, PHP, Elixir, Erlang, Dart, Swift, Perl, R, Julia, Haskell, OCaml, Elm, Crystal, Lua, Nix
    r"gemfile.*|gems\.rb|.*\.gemspec|composer\.json|mix\.exs|rebar\.config|pubspec.*\.ya?ml|"
    r"package(?:@.*)?\.swift|podfile|cartfile.*|.*\.podspec(?:\.json)?|cpanfile.*|meta6?\.json|"
    r"description|project\.toml|juliaproject\.toml|.*\.cabal|cabal\.project.*|stack\.ya?ml|"
    r"hpack\.ya?ml|dune-project|.*\.opam|opam|esy\.json|elm\.json|shard\.ya?ml|.*\.rockspec|"
    r"flake\.nix|shell\.nix|default\.nix|nimble|.*\.nimble|dub\.(?:json|sdl)|"
    # Bazel, containers, machines
    r"workspace(?:\.bazel|\.bzlmod)?|module\.bazel|.*\.module\.bazel|dockerfile.*|.*\.dockerfile|"
    r"containerfile.*|(?:docker-)?compose.*\.ya?ml|docker-bake\.(?:hcl|json)|vagrantfile|brewfile|"
    r"chart\.ya?ml|requirements\.ya?ml|galaxy\.ya?ml|mise.*\.toml|buf(?:\.gen|\.work)?\.ya?ml|"
    r"lefthook-?.*\.(?:ya?ml|toml|json)"
)
_LONGEST = 4096
_REQUIREMENTS = re.compile(r"(?:.*requirements|constraints)")
# What Windows may keep for a longer name, whichever that is.
_SHORT_NAME = re.compile(r"[^.]{1,6}~\d+(?:\.[^.]{0,3})?")
_HOOK_TOOLS = re.compile(
    r"\.?lefthook.*|\.pre-commit.*|\.?overcommit\.ya?ml|\.?husky.*|\.captainhook.*"
)


def sensitive_kind(path: str) -> Kind | None:
    """Say what kind of sensitive file a path names, however it is spelt; ``None``: an ordinary one.

    Backslashes separate, case and Unicode form do not tell names apart, nor do a stream's name or
    dots and spaces at the end.
    """
    if len(path) > _LONGEST:
        return "dot file"
    return next(_kinds(path), None)


def _kinds(path: str) -> Iterator[Kind]:
    raw = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".", "..")]
    parts = [part for one in raw for part in folded_name(one).replace("\\", "/").split("/") if part]
    if any(is_git_folder(part) for part in (*raw, *parts)):
        yield "git"
    name = parts[-1] if parts else ""
    folders = parts[:-1]
    # With it any folder may be a bare repository, whose settings name programs.
    if name == "head":
        yield "git"
    yield from (kind for kind, names in _FOLDERS if not names.isdisjoint(folders))
    if name in _HOOKS:
        yield "hooks"
    yield from (kind for kind, names in _FILES if names.fullmatch(name))
    if name.endswith((".txt", ".in")) and any(map(_REQUIREMENTS.fullmatch, folders[-1:])):
        yield "manifest"
    if any(part.startswith(".") or _SHORT_NAME.fullmatch(part) for part in parts):
        yield "dot file"


_FOLDERS: tuple[tuple[Kind, frozenset[str]], ...] = (
    ("hooks", _HOOK_FOLDERS),
    ("agent", _AGENT_FOLDERS),
    ("ci", _CI_FOLDERS),
    ("editor", _EDITOR_FOLDERS),
)
_FILES: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("hooks", _HOOK_TOOLS),
    ("agent", _AGENT),
    ("ci", _CI),
    ("editor", _EDITOR),
    ("startup", _STARTUP),
    ("lock", _LOCK),
    ("manifest", _MANIFEST),
)

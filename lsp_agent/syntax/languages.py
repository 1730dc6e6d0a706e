"""Which language a file is written in. One row a language; what is not here is plain text."""

from __future__ import annotations

from functools import cache

# Our name (the parser's name in tree-sitter-language-pack): LSP language ids and file name endings.
_ROWS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "python": (("python",), (".py", ".pyi", ".pyw", ".bzl")),
    "javascript": (("javascript", "javascriptreact"), (".js", ".mjs", ".cjs", ".jsx")),
    "typescript": (("typescript",), (".ts", ".mts", ".cts")),
    "tsx": (("typescriptreact",), (".tsx",)),
    "go": (("go",), (".go",)),
    "rust": (("rust",), (".rs",)),
    "java": (("java",), (".java",)),
    "c": (("c",), (".c", ".h")),
    "cpp": (
        ("cpp",),
        (".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx", ".ipp"),
    ),
    "csharp": (("csharp",), (".cs", ".csx")),
    "ruby": (("ruby",), (".rb", ".rake", ".gemspec", ".ru")),
    "php": (("php",), (".php", ".phtml")),
    "bash": (("shellscript", "bash", "sh"), (".sh", ".bash", ".bats", ".ebuild")),
    "lua": (("lua",), (".lua",)),
    "kotlin": (("kotlin",), (".kt", ".kts")),
    "swift": (("swift",), (".swift",)),
    "scala": (("scala",), (".scala", ".sc", ".sbt")),
    "zig": (("zig",), (".zig",)),
    "elixir": (("elixir",), (".ex", ".exs")),
    "html": (("html",), (".html", ".htm", ".xhtml")),
    "css": (("css",), (".css",)),
    "json": (("json",), (".json", ".webmanifest", ".geojson")),
    "yaml": (("yaml", "dockercompose"), (".yaml", ".yml")),
    "toml": (("toml",), (".toml",)),
    "sql": (("sql",), (".sql",)),
    "markdown": (("markdown",), (".md", ".markdown", ".mdown", ".mkd")),
}

# One grammar for many dialects: what it does not know may still be right.
_UNCHECKED = frozenset({"sql", "markdown"})

COMMENT_MARKS = {
    "python": "#", "ruby": "#", "bash": "#", "yaml": "#", "toml": "#", "elixir": "#", "lua": "--",
    "sql": "--",
}  # fmt: skip
# Names without an ending that tells.
_NAMES = {
    "rakefile": "ruby", "gemfile": "ruby", "vagrantfile": "ruby", "podfile": "ruby",
    "fastfile": "ruby", "brewfile": "ruby", ".bashrc": "bash", ".bash_profile": "bash",
    ".bash_aliases": "bash", ".bash_logout": "bash", ".profile": "bash", "pkgbuild": "bash",
    "cargo.lock": "toml", "poetry.lock": "toml", "uv.lock": "toml", "pipfile": "toml",
    "pipfile.lock": "json", "composer.lock": "json", ".prettierrc": "json", ".babelrc": "json",
    "flake.lock": "json", ".clang-format": "yaml", ".clang-tidy": "yaml", ".clangd": "yaml",
    "sconstruct": "python", "sconscript": "python", "wscript": "python",
}  # fmt: skip


def languages() -> tuple[str, ...]:
    """Return every language that is parsed."""
    return tuple(_ROWS)


def language_of(path: str, language_id: str | None = None) -> str | None:
    """Return the language of a file by the client's language id, else by its name."""
    by_id, by_suffix = _tables()
    if language_id and language_id.lower() in by_id:
        return by_id[language_id.lower()]
    name = path.rpartition("/")[2].lower()
    dot = name.rfind(".")
    return _NAMES.get(name) or (by_suffix.get(name[dot:]) if dot > 0 else None)


def is_checked(language: str | None) -> bool:
    """Whether an error of the language's grammar is an error of the text."""
    return language is not None and language not in _UNCHECKED


def language_id(path: str) -> str | None:
    """Return the LSP's id of a file's language, by its name's ending."""
    language = language_of(path)
    if language is None:
        return None
    return "javascriptreact" if path.lower().endswith(".jsx") else _ROWS[language][0][0]


def comment_mark(language: str | None) -> str:
    """Return what starts a line comment."""
    return COMMENT_MARKS.get(language or "", "//")


@cache
def _tables() -> tuple[dict[str, str], dict[str, str]]:
    by_id = {id_: name for name, (ids, _) in _ROWS.items() for id_ in ids}
    by_suffix = {suffix: name for name, (_, suffixes) in _ROWS.items() for suffix in suffixes}
    return by_id, by_suffix

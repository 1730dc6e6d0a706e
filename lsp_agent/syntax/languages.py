"""Which language a file is written in. One row a language; what is not here is plain text."""

from __future__ import annotations

import re
from functools import cache

ECMA = frozenset({"javascript", "typescript", "tsx"})
"""The languages that are JavaScript's, but for types."""

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
        (
            ".cc",
            ".cpp",
            ".cxx",
            ".c++",
            ".hh",
            ".hpp",
            ".hxx",
            ".h++",
            ".ipp",
            ".inl",
            ".tcc",
            ".tpp",
        ),
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
# What only C++ has in a header, as GitHub's linguist tells the two apart (heuristics.yml).
_CPP = re.compile(
    r"^[ \t]*(?:#[ \t]*include[ \t]*<[a-z_]+>|template[ \t]*<|(?:class|namespace)[ \t]+\w"
    r"|using[ \t]+\w|(?:public|protected|private)[ \t]*:|constexpr\b|[^/*\"'\n]*\bstd::\w)",
    re.MULTILINE,
)
_SHEBANG = 200
_INTERPRETERS = {
    "python": "python", "pypy": "python", "sh": "bash", "bash": "bash", "dash": "bash",
    "ksh": "bash", "zsh": "bash", "node": "javascript", "ruby": "ruby", "php": "php", "lua": "lua",
    "elixir": "elixir",
}  # fmt: skip


def languages() -> tuple[str, ...]:
    """Return every language that is parsed."""
    return tuple(_ROWS)


def language_of(path: str, language_id: str | None = None, text: str = "") -> str | None:
    """Return the language of a file by the client's language id, else by its name.

    The text decides where a name does not: of ``.h`` whether it is C++, and of a script without
    an ending. Cost: a search through a C header, else nothing.
    """
    by_id, by_suffix = _tables()
    name = path.rpartition("/")[2].lower()
    if language_id and language_id.lower() in by_id:
        language: str | None = by_id[language_id.lower()]
    else:
        dot = name.rfind(".")
        language = _NAMES.get(name) or (by_suffix.get(name[dot:]) if dot > 0 else None)
    if language == "c" and name.endswith(".h") and _CPP.search(text):
        return "cpp"
    if language is None and text.startswith("#!") and "." not in name:
        return _INTERPRETERS.get(_interpreter(text))
    return language


def _interpreter(text: str) -> str:
    """Return the program that a script's first line names, without its version."""
    words = [word for word in text[2:_SHEBANG].partition("\n")[0].split() if word[0] != "-"]
    names = [word.rpartition("/")[2] for word in words]
    name = next((name for name in names if name != "env"), "")
    return name.rstrip("0123456789.")


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

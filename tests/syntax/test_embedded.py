"""Languages inside another are found, outlined at their place, and checked where they are whole."""

from __future__ import annotations

import pytest

from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.workspace.positions import Position


def parse(source: str, language: str) -> SyntaxDocument:
    return SyntaxDocument.parse(source, language)


@pytest.mark.parametrize(
    ("host", "source", "expected"),
    [
        ("html", "<p>é</p><script>let ¤a</script>", "javascript"),
        ("html", "<p>¤é</p><script>let a</script>", "html"),
        ("html", '<script lang="ts">let ¤a</script>', "typescript"),
        ("html", '<script data-type="x" type="module">let ¤a</script>', "javascript"),
        ("html", '<script type="application/ld+json">{¤}</script>', "json"),
        ("html", '<script type="text/x-template"><b>¤</b></script>', "html"),
        ("html", "<style>a { ¤ }</style>", "css"),
        ("html", '<style lang="scss">a { ¤ }</style>', "html"),
        ("markdown", "# A\n\n```py\nx¤ = 1\n```\n", "python"),
        ("markdown", "# A\n\n~~~ {.rust}\nfn ¤f() {}\n~~~\n", "rust"),
        ("markdown", "```C++\nint ¤x;\n```\n", "cpp"),
        ("markdown", "```console\n¤ ls\n```\n", "markdown"),
        ("markdown", "```\nx¤\n```\n", "markdown"),
        ("markdown", "---\na: ¤1\n---\n# A\n", "yaml"),
        ("markdown", "+++\na = ¤1\n+++\n# A\n", "toml"),
        ("markdown", "# A¤\n", "markdown"),
        ("python", 'q = """-- sql\nselect ¤1"""\n', "sql"),
        ("python", 'q = f"/* sql */ select {x} ¤1"\n', "sql"),
        ("python", '# language=sql\nq = "select ¤1"\n', "sql"),
        ("python", 'sql = "select ¤1"\n', "python"),
        ("python", 'q = "/* sql */ select 1"\ny¤ = 2\n', "python"),
        ("javascript", "const q = sql`select ¤1`;", "sql"),
        ("typescript", "const q = db.sql`select ${x} ¤1`;", "sql"),
        ("tsx", "const q = /* sql */ `select ¤1`;", "sql"),
        ("javascript", "const q = css`a ¤`; // sql", "javascript"),
        ("java", 'class A { String q = """\n  -- sql\n  select ¤1"""; }', "sql"),
        ("go", "package a\n\nvar q = `-- sql\nselect ¤1`\n", "sql"),
        ("rust", 'fn f() { let q = r#"-- sql\nselect ¤1"#; }', "sql"),
        ("csharp", 'class A { string q = """\n-- sql\nselect ¤1\n"""; }', "sql"),
        ("kotlin", 'val q = """-- sql\nselect ¤1"""\n', "sql"),
        ("ruby", "q = <<~SQL\n  select ¤1\nSQL\n", "sql"),
        ("php", "<?php\n$q = <<<SQL\nselect ¤1\nSQL;\n", "sql"),
    ],
)
def test_language_at(host: str, source: str, expected: str) -> None:
    at = source.index("¤")
    document = parse(source.replace("¤", ""), host)
    assert document.language_at(document.text.position(at)) == expected


def test_symbols_stand_at_their_place_below_what_holds_them() -> None:
    source = (
        "# Größe 😀\n\n> 1. List\n>\n>    ```python\n>    class Bö:\n"
        ">        def f(self):\n>            return 1\n>    ```\n"
    )
    rows = [
        (one.qualified_name, one.name_range.start, one.range.end)
        for one in parse(source, "markdown").symbols()
    ]
    assert rows == [
        ("Größe 😀", Position(0, 2), Position(8, 8)),
        ("Größe 😀.Bö", Position(5, 11), Position(7, 21)),
        ("Größe 😀.Bö.f", Position(6, 13), Position(7, 21)),
    ]


def test_tables_in_a_marked_string() -> None:
    source = 'def make():\n    run("""-- sql\n    create table items (id int);\n    """)\n'
    names = [one.qualified_name for one in parse(source, "python").symbols()]
    assert names == ["make", "make.items", "make.items.id"]


@pytest.mark.parametrize(
    ("host", "source", "lines"),
    [
        ("html", "<p>\n<script>\nlet = ;\n</script>\n<style>\na { b: \n</style></p>\n", [2, 5]),
        ("html", "<script>\nlet a = {{ value }};\n{% if x %}\n</script>\n", []),
        ("html", '<script type="text/plain">\nlet = ;\n</script>\n', []),
        ("markdown", "```python\ndef f(:\n```\n", []),
        ("python", 'q = "-- sql selec from from"\n', []),
    ],
)
def test_only_whole_parts_are_checked(host: str, source: str, lines: list[int]) -> None:
    assert [one.range.start.line for one in parse(source, host).errors()] == lines


def test_an_edit_moves_what_is_embedded() -> None:
    document = parse("# A\n\n```python\ndef f(): ...\n```\n", "markdown")
    at = document.text.full_range.start
    after = document.edited(type(document.text.full_range)(at, at), "é\n\n")
    assert [one.name_range.start for one in after.symbols()] == [Position(2, 2), Position(5, 4)]
    assert after.language_at(Position(5, 5)) == "python"


def test_there_is_an_end_to_it() -> None:
    document = parse("```python\ndef f(): ...\n```\n" * 1_000, "markdown")
    assert 0 < len(document.symbols()) <= 200
    long = parse("```python\n" + "def f(): ...\n" * 100_000 + "```\n", "markdown")
    assert long.symbols() == []

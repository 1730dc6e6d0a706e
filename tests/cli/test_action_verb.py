"""``lsp-agent action``: the editor's actions without an editor."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from lsp_agent.actions.catalogue import ACTIONS
from lsp_agent.engine.llama.tiny import make_tiny_gguf
from tests.cli.conftest import Command
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint, call

UseRemote = Callable[..., None]
SOURCE = "def area(w, h):\n    return w * h\n\n\ndef total(items):\n    return sum(itms)\n"
DOCUMENTED = 'def area(w, h):\n    """Return w × h."""\n    return w * h\n'


@pytest.fixture
def source(work: Path) -> Path:
    path = work / "a.py"
    path.write_text(SOURCE, "utf-8", newline="\n")
    return path


@pytest.mark.parametrize("kind", ["document", "refactor.rewrite.lspAgent.document"])
def test_document(lsp_agent: Command, use_remote: UseRemote, source: Path, kind: str) -> None:
    with ScriptedEndpoint([Reply(text=f"```python\n{DOCUMENTED}```")]) as endpoint:
        use_remote(endpoint.base_url)
        done = lsp_agent("action", kind, "a.py:1:5", "--apply")
    assert done.status == 0, done.err
    assert done.out == "a.py\n"
    assert source.read_text("utf-8") == DOCUMENTED + SOURCE.partition("w * h\n")[2]


def test_diff_is_the_default(lsp_agent: Command, use_remote: UseRemote, source: Path) -> None:
    with ScriptedEndpoint([Reply(text=f"```python\n{DOCUMENTED}```")]) as endpoint:
        use_remote(endpoint.base_url)
        done = lsp_agent("action", "document", str(source) + ":1")
    assert done.status == 0, done.err
    assert '+    """Return w × h."""' in done.out
    assert source.read_text("utf-8") == SOURCE


def test_fix_a_diagnostic_by_its_words(
    lsp_agent: Command, use_remote: UseRemote, source: Path
) -> None:
    edit = call("edit_file", path="a.py", old_string="itms", new_string="items")
    with ScriptedEndpoint([Reply(tool_calls=(edit,)), Reply(text="Done.")]) as endpoint:
        use_remote(endpoint.base_url)
        done = lsp_agent(
            "action", "fix", "a.py:6:16", "--message", "undefined name 'itms'", "--apply"
        )
        asked = json.dumps(endpoint.requests[0])
    assert done.status == 0, done.err
    assert "undefined name 'itms'" in asked
    assert source.read_text("utf-8") == SOURCE.replace("itms", "items")


def test_fix_takes_the_syntax_error_of_the_file(
    lsp_agent: Command, use_remote: UseRemote, source: Path
) -> None:
    source.write_text("x = 1\n\ndef f(:\n    return 1\n", "utf-8")
    edit = call("edit_file", path="a.py", old_string="f(:", new_string="f():")
    with ScriptedEndpoint([Reply(tool_calls=(edit,)), Reply(text="Done.")]) as endpoint:
        use_remote(endpoint.base_url)
        done = lsp_agent("action", "fix", "a.py", "--apply")
        asked = json.dumps(endpoint.requests[0])
    assert done.status == 0, done.err
    assert "reported at line 3" in asked
    assert "def f():" in source.read_text("utf-8")


def test_lines_that_are_there_already_are_not_doubled(
    lsp_agent: Command, use_remote: UseRemote, source: Path
) -> None:
    source.write_text("def area(w, h:\n    return w * h\n", "utf-8")
    # Asked for the first line, a model writes the function.
    answer = Reply(text="```python\ndef area(w, h):\n    return w * h\n```")
    with ScriptedEndpoint([answer]) as endpoint:
        use_remote(endpoint.base_url)
        done = lsp_agent("action", "fix", "a.py:1:5", "--apply")
    assert done.status == 0, done.err
    assert source.read_text("utf-8") == "def area(w, h):\n    return w * h\n"


def test_the_help_lists_the_actions(lsp_agent: Command) -> None:
    done = lsp_agent("action", "--help")
    assert done.status == 0
    listed = done.out.partition("Actions:\n")[2]
    assert [one.name for one in ACTIONS if f"  {one.name} " not in listed] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("organize_imports", "a.go"), "Python, JavaScript, TypeScript only"),
        (("to_f_string", "a.js"), "Python only"),
        (("destructure", "a.py"), "JavaScript, TypeScript only"),
        (("change_signature", "a.go:3:6"), "Python"),
        (("move_symbol", "a.go:3:6"), "Python"),
    ],
)
def test_another_language_is_what_is_said(
    lsp_agent: Command, source: Path, words: tuple[str, str], said: str
) -> None:
    source.with_name("a.go").write_text('import "fmt"\n\nfunc main() {}\n', "utf-8")
    source.with_name("a.js").write_text("f('a');\n", "utf-8")
    done = lsp_agent("action", *words)
    assert (done.status, done.out) == (1, "")
    assert said in done.err


def test_nothing_to_fix(lsp_agent: Command, source: Path) -> None:
    done = lsp_agent("action", "fix", "a.py")
    assert (done.status, done.out) == (1, "")
    assert "no diagnostic" in done.err


def test_edit_by_instruction(lsp_agent: Command, use_remote: UseRemote, source: Path) -> None:
    answer = Reply(text="```python\ndef area(w, h):\n    return abs(w * h)\n```")
    with ScriptedEndpoint([answer]) as endpoint:
        use_remote(endpoint.base_url)
        done = lsp_agent("action", "edit", "a.py:2", "--instruction", "never negative")
        asked = json.dumps(endpoint.requests[0])
    assert done.status == 0, done.err
    assert "never negative" in asked
    assert "+    return abs(w * h)" in done.out


def test_edit_by_the_comment_at_the_place(
    lsp_agent: Command, use_remote: UseRemote, source: Path
) -> None:
    source.write_text("def one():\n    # TODO: return two\n    return 1\n", "utf-8")
    answer = Reply(text="```python\ndef one():\n    return 2\n```")
    with ScriptedEndpoint([answer]) as endpoint:
        use_remote(endpoint.base_url)
        done = lsp_agent("action", "edit", "a.py:2")
    assert done.status == 0, done.err
    assert "+    return 2" in done.out


def test_explain_prints_the_text(lsp_agent: Command, use_remote: UseRemote, source: Path) -> None:
    with ScriptedEndpoint([Reply(text="It multiplies.")]) as endpoint:
        use_remote(endpoint.base_url)
        done = lsp_agent("action", "explain", "a.py:1-2")
    assert (done.status, done.out) == (0, "It multiplies.\n")


def test_only_the_files_own_folder_is_the_workspace(
    lsp_agent: Command, use_remote: UseRemote, tmp_path: Path
) -> None:
    other = tmp_path / "other" / "sub"
    other.mkdir(parents=True)
    other.parent.joinpath(".git").mkdir()
    other.joinpath("a.py").write_text(SOURCE, "utf-8")
    with ScriptedEndpoint([Reply(text=f"```python\n{DOCUMENTED}```")]) as endpoint:
        use_remote(endpoint.base_url)
        done = lsp_agent("action", "document", f"{other / 'a.py'}:1")
    assert done.status == 0, done.err
    assert "+++ b/sub/a.py" in done.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("docment", "a.py"), "did you mean 'document'?"),
        (("document", "b.py"), "there is no file b.py"),
        (("document", "a.py:77"), "has no line 77"),
        (("fix", "a.py", "--instruction", "x"), "--message"),
        (("document", "a.py", "--diff", "--json"), "exclude one another"),
    ],
)
def test_usage_errors(
    lsp_agent: Command, source: Path, arguments: tuple[str, ...], words: str
) -> None:
    done = lsp_agent("action", *arguments)
    assert done.status == 2
    assert words in done.err
    assert done.out == ""


def test_noise_of_random_weights_is_refused(
    lsp_agent: Command, source: Path, tmp_path: Path
) -> None:
    model = tmp_path / "tiny.gguf"
    make_tiny_gguf(model)
    done = lsp_agent(
        "action", "edit", "a.py:1", "--apply", "--instruction", "use floats",
        "--set", f"engines.local.model={model}",
        "--set", "agent.max_tokens=64", "--set", "agent.refine_passes=0",
    )  # fmt: skip
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith("lsp-agent: no answer of the model passed the checks")
    assert "\x1b" not in done.err
    assert source.read_text("utf-8") == SOURCE


@pytest.mark.parametrize("kind", ["document", "annotate"])
def test_the_embedded_model_at_work(lsp_agent: Command, source: Path, kind: str) -> None:
    done = lsp_agent("action", kind, "a.py:1", "--apply")
    assert done.status == 0, done.err
    after = source.read_text("utf-8")
    assert after.endswith(SOURCE.partition("w * h\n")[2])
    node = ast.parse(after).body[0]
    assert isinstance(node, ast.FunctionDef)
    if kind == "document":
        docstring = ast.get_docstring(node) or ""
        assert "    w: " in docstring
        assert "    h: " in docstring
    else:
        assert node.returns is not None
        assert all(one.annotation for one in node.args.args)


def test_what_needs_a_larger_model_says_so(lsp_agent: Command, source: Path) -> None:
    done = lsp_agent("action", "explain", "a.py:1")
    assert (done.status, done.out) == (3, "")
    assert done.err.count("\n") == 1
    assert "explain needs a larger model" in done.err
    assert "lsp-agent models pull" in done.err

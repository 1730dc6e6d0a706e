"""Formatters and linters of a project: real ruff, and stand-ins for what is not installed."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from lsp_agent.cancel import Cancelled
from lsp_agent.verify.lint import Styled
from tests.support.open_workshop import OpenWorkshop
from tests.verify.conftest import Bench

CONFIG = '[tool.ruff.lint]\nselect = ["E", "F", "I"]\n'
SOURCE = "import os\n\n\ndef name(kind):\n    return os.name + kind + unknown\n"


def verdicts(styled: Styled) -> dict[str, tuple[bool | None, str]]:
    return {one.check: (one.ok, one.detail) for one in styled.verdicts}


def edited(bench: Bench, old: str, new: str, **more: str) -> Styled:
    overlay = bench.write({"pyproject.toml": CONFIG, "a.py": SOURCE, **more})
    assert old in SOURCE
    overlay.write("a.py", SOURCE.replace(old, new))
    return bench.style(overlay)


def test_a_project_without_configuration_is_left_alone(bench: Bench) -> None:
    overlay = bench.write({"pyproject.toml": "[project]\nname = 'x'\n", "a.py": SOURCE})
    overlay.write("a.py", SOURCE + "import  sys\n")
    assert bench.style(overlay) == Styled()


def test_new_remarks_of_the_linter_count_and_old_ones_do_not(bench: Bench) -> None:
    bad = verdicts(edited(bench, "    return", "    left = 1\n    return"))
    assert bad["lint"] == (
        False,
        "a.py:5:5: Local variable `left` is assigned to but never used [ruff F841] | left = 1",
    )
    # The unknown name was there before, and moves.
    good = verdicts(edited(bench, "def name", "def more():\n    pass\n\n\ndef name"))
    assert good["lint"] == (True, "ruff: as before")


def test_a_second_remark_of_the_same_kind_is_new(bench: Bench) -> None:
    found = verdicts(edited(bench, "kind + unknown", "unknown + unknown + kind"))
    assert found["lint"][0] is False
    assert "F821" in found["lint"][1]


def test_the_formatter_mends_what_was_edited(bench: Bench) -> None:
    styled = edited(bench, "os.name + kind", "os.name+kind")
    assert styled.mended == {"a.py": SOURCE}
    assert verdicts(styled)["format"] == (True, "a.py was put into the form of ruff")


def test_what_was_never_formatted_stays_so(bench: Bench) -> None:
    source = SOURCE.replace("os.name + kind", "os.name  +  kind")
    overlay = bench.write({"pyproject.toml": CONFIG, "a.py": source})
    overlay.write("a.py", source.replace("unknown", "kind  *  2"))
    styled = bench.style(overlay)
    assert styled.mended == {}
    assert "format" not in verdicts(styled)
    assert verdicts(styled)["lint"][0] is True


def test_lint_judges_the_mended_text(bench: Bench) -> None:
    # A line that is too long only until it is formatted is none.
    long = "os.name   +   kind   +   " + "+".join(["kind"] * 12)
    config = CONFIG.replace('"I"]', '"I"]\n[tool.ruff]\nline-length = 100')
    styled = edited(bench, "os.name + kind + unknown", long, **{"pyproject.toml": config})
    found = verdicts(styled)
    assert found["format"][0] is True
    assert found["lint"] == (True, "ruff: as before")


def test_a_change_of_the_formatter_elsewhere_is_told(bench: Bench) -> None:
    # A comment that switches the formatter off is removed: lines far from it change.
    off = "# fmt: off\ny = [1,2]\n\n\n\n\n\nz = [3,4]\n"
    overlay = bench.write({"ruff.toml": "", "a.py": off})
    overlay.write("a.py", off.replace("# fmt: off\n", ""))
    found = verdicts(bench.style(overlay))
    assert found["format"][0] is False
    assert found["format"][1].startswith("a.py:")
    assert "ruff would format this otherwise" in found["format"][1]


def test_a_new_file_is_linted_and_formatted_where_the_project_says_so(bench: Bench) -> None:
    overlay = bench.write({"pyproject.toml": CONFIG})
    overlay.write("b.py", "x  =  1\nprint(y)\n")
    styled = bench.style(overlay)
    assert styled.mended == {}
    assert "Undefined name `y`" in verdicts(styled)["lint"][1]
    overlay = bench.write({"pyproject.toml": CONFIG + "[tool.ruff.format]\n"})
    overlay.write("b.py", "x  =  1\n")
    assert bench.style(overlay).mended == {"b.py": "x = 1\n"}


def test_excluded_files_and_nearer_configuration_are_heeded(bench: Bench) -> None:
    config = '[tool.ruff]\nextend-exclude = ["gen"]\n'
    files = {
        "pyproject.toml": config,
        "gen/a.py": "x = 1\n",
        "sub/ruff.toml": "[lint]\nselect = ['B']\n",
        "sub/a.py": "x = 1\n",
    }
    overlay = bench.write(files)
    overlay.write("gen/a.py", "import os\nx  = 1\n")
    overlay.write("sub/a.py", "import os\n\nx = 1\n")
    styled = bench.style(overlay)
    assert styled.mended == {}
    assert verdicts(styled)["lint"] == (True, "ruff: as before")


def test_a_missing_or_broken_tool_is_said(bench: Bench) -> None:
    bench.env = {"PATH": "/nowhere"}
    found = verdicts(edited(bench, "kind", "sort"))
    assert found["lint"] == (None, "not checked: ruff is not on PATH")
    bench.env = {"PATH": os.pathsep.join([str(Path(sys.executable).parent), os.defpath])}
    broken = {"pyproject.toml": '[tool.ruff]\nno-such-key = "x"\n'}
    found = verdicts(edited(bench, "kind", "sort", **broken))
    assert found["lint"][0] is None
    assert found["lint"][1].startswith("not checked: ruff: ")


def _tool(folder: Path, name: str, body: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{sys.executable}\nimport sys\n{body}")
    path.chmod(0o755)


@pytest.mark.skipif(sys.platform == "win32", reason="scripts with a first line")
class TestForeign:
    """Programs that stand in for those that are not on the machine."""

    def test_a_program_of_the_folder_runs_only_where_it_is_trusted(self, bench: Bench) -> None:
        _tool(bench.folder / ".venv" / "bin", "ruff", "open('ran', 'w')\nsys.exit(3)\n")
        bench.env = {"PATH": str(bench.folder / ".venv" / "bin")}
        found = verdicts(edited(bench, "kind", "sort"))
        assert found["lint"][0] is None
        assert "lies in the folder, which is not trusted" in found["lint"][1]
        assert not (bench.folder / "ran").exists()
        bench.trusted = True
        edited(bench, "kind", "sort")
        assert (bench.folder / "ran").exists()

    def test_a_slow_tool_costs_no_more_than_its_time(self, bench: Bench, tmp_path: Path) -> None:
        _tool(tmp_path / "bin", "ruff", "import time\ntime.sleep(60)\n")
        bench.env = {"PATH": str(tmp_path / "bin")}
        overlay = bench.write({"ruff.toml": "", "a.py": "x = 1\n"})
        overlay.write("a.py", "x = 2\n")
        styled = bench.style(overlay, seconds=0.3)
        assert {one.ok for one in styled.verdicts} == {None}
        assert "no answer within" in styled.verdicts[0].detail
        assert max(one.seconds for one in styled.verdicts) < 30

    def test_cancelling_ends_the_tools(self, bench: Bench, tmp_path: Path) -> None:
        waiting = tmp_path / "waiting"
        os.mkfifo(waiting)
        _tool(
            tmp_path / "bin",
            "ruff",
            f"open({str(waiting)!r}, 'w').write('x')\nimport time\ntime.sleep(60)\n",
        )
        bench.env = {"PATH": str(tmp_path / "bin")}
        overlay = bench.write({"ruff.toml": "", "a.py": "x = 1\n"})
        overlay.write("a.py", "x = 2\n")

        def cancel() -> None:
            waiting.read_text()
            bench.cancel.cancel()

        thread = threading.Thread(target=cancel)
        thread.start()
        with pytest.raises(Cancelled):
            bench.style(overlay)
        thread.join()

    def test_gofmt_is_asked_where_it_is(self, bench: Bench, tmp_path: Path) -> None:
        overlay = bench.write({"a.go": "package a\n"})
        overlay.write("a.go", "package a\nvar  x = 1\n")
        bench.env = {"PATH": "/nowhere"}
        assert bench.style(overlay) == Styled()
        _tool(tmp_path / "bin", "gofmt", "sys.stdout.write(sys.stdin.read().replace('  ', ' '))\n")
        bench.env = {"PATH": str(tmp_path / "bin")}
        assert bench.style(overlay).mended == {"a.go": "package a\nvar x = 1\n"}

    def test_eslint_runs_in_the_workshop_and_nowhere_else(
        self, bench: Bench, tmp_path: Path
    ) -> None:
        said = (
            "text = sys.stdin.read()\n"
            "import json\n"
            "one = {'ruleId': 'no-var', 'message': 'Unexpected var.', 'column': 1}\n"
            "lines = list(enumerate(text.splitlines(), 1))\n"
            "rows = [{**one, 'line': n} for n, line in lines if line.startswith('var')]\n"
            "print('a warning on stderr', file=sys.stderr, flush=True)\n"
            "print(json.dumps([{'filePath': 'a.js', 'messages': rows}]))\n"
            "sys.exit(bool(rows))\n"
        )
        _tool(tmp_path / "bin", "eslint", said)
        bench.env = {"PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"}
        overlay = bench.write({"eslint.config.js": "export default []", "a.js": "var a = 1;\n"})
        overlay.write("a.js", "var a = 1;\nvar b = 2;\n")
        assert verdicts(bench.style(overlay))["lint"] == (
            None,
            "not checked: eslint runs code of the folder, and there is nowhere to run it",
        )
        workshop = OpenWorkshop(tmp_path / "copy")
        bench.workshop, bench.refusal = workshop, ""
        assert verdicts(bench.style(overlay))["lint"] == (
            False,
            "a.js:2:1: Unexpected var. [eslint no-var] | var b = 2;",
        )
        assert len(workshop.commands) == 2

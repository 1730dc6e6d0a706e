"""What a general model is shown besides the gap."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from lsp_agent.context.completion import Windows
from lsp_agent.context.imports import ImportedSignatures
from lsp_agent.context.sources import Source, Sources
from lsp_agent.context.surroundings import Surroundings
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.syntax.languages import language_of
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.positions import Position
from lsp_agent.workspace.roots import Root
from lsp_agent.workspace.text import Text

BOX = '''class Box(Base):
    """A box."""

    def __init__(self, width: int) -> None:
        self.width = width

    def area(self) -> int:
        return self.width**2

    def _secret(self): ...


def other(): ...
'''


def overlay(folder: Path, files: Mapping[str, str]) -> Overlay:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return Overlay(Root(folder))


def signatures(view: Overlay, path: str) -> list[Source]:
    document = SyntaxDocument.parse(view.read(path), language_of(path))
    return ImportedSignatures(Sources()).of(view, path, document)


SHOWN = (
    "class Box(Base):\n    def __init__(self, width: int) -> None:\n    def area(self) -> int:\n"
)


@pytest.mark.parametrize(
    ("path", "source", "where"),
    [
        ("shop/a.py", "from shop.box import Box\n", "shop/box.py"),
        ("shop/a.py", "from .box import Box\n", "shop/box.py"),
        ("shop/deep/a.py", "from ..box import Box\n", "shop/box.py"),
        ("shop/a.py", "from shop import Box, nothing\n", "shop/__init__.py"),
        ("tests/a.py", "from shop.box import Box\n", "src/shop/box.py"),
        ("a.py", "from ....far import Box\nimport os\n", ""),
    ],
)
def test_names_from_python_modules(tmp_path: Path, path: str, source: str, where: str) -> None:
    files = {path: source} | ({where: BOX} if where else {})
    expected = [Source(where, SHOWN)] if where else []
    assert [one for one in signatures(overlay(tmp_path, files), path) if one.path] == expected


def test_whole_modules(tmp_path: Path) -> None:
    files = {"shop/box.py": BOX, "a.py": "import shop.box\n", "b.py": "from shop import box\n"}
    view = overlay(tmp_path, files)
    expected = [Source("shop/box.py", SHOWN + "def other():\n")]
    assert signatures(view, "a.py") == signatures(view, "b.py") == expected


def test_pythons_own_modules_are_not_taken_for_files_beside(tmp_path: Path) -> None:
    files = {
        "shop/types.py": BOX,
        "shop/a.py": "import types\n",
        "shop/b.py": "from . import types\n",
    }
    view = overlay(tmp_path, files)
    assert signatures(view, "shop/a.py") == []
    assert [one.path for one in signatures(view, "shop/b.py")] == ["shop/types.py"]


def test_other_languages(tmp_path: Path) -> None:
    files = {
        "web/a.ts": "import {Box} from './box';\nimport {run} from './run.js';\nimport 'y';\n",
        "web/box.ts": "export class Box {\n  area(): number { return 1; }\n}\n",
        "web/run.ts": "export function run(fast: boolean): void {}\n",
        "src/a.c": '#include "a.h"\n',
        "include/a.h": "struct box {\n  int width;\n};\n",
    }
    view = overlay(tmp_path, files)
    assert [one.path for one in signatures(view, "web/a.ts")] == ["web/box.ts", "web/run.ts"]
    assert "area(): number" in signatures(view, "web/a.ts")[0].text
    assert signatures(view, "src/a.c") == [Source("include/a.h", "struct box\n")]


def test_the_order_is_stable_while_a_line_is_typed(tmp_path: Path) -> None:
    files = {
        "a.py": "from box import Box\n\nbox = Box(\n",
        "b.py": "box = Box(3)\n",
        "c.py": "box = Box(3).area() + 1\n",
        "box.py": BOX,
    }
    view, around = overlay(tmp_path, files), Surroundings()
    around.ring.opened("seen.py", Text("one\ntwo\nthree\n"))
    shown = []
    for typed in ("box = Box(", "box = Box(3", "box = Box(3).area("):
        view.write("a.py", f"from box import Box\n\n{typed}\n")
        document = SyntaxDocument.parse(view.read("a.py"), "python")
        place = around.general(
            view, "a.py", document, Position(2, len(typed)), Windows(900, 300), 10_000
        )
        assert place.gap.prefix.endswith(typed)
        shown.append(place.pieces)
    assert [piece.path for piece in shown[0]] == ["box.py", "seen.py", "b.py"]
    assert shown[0] == shown[1] == shown[2]
    around.ring.opened("new.py", Text("four\nfive\nsix\n"))
    document = SyntaxDocument.parse("from box import Box\n\nx = 1\nbox = Box(", "python")
    place = around.general(view, "a.py", document, Position(3, 10), Windows(900, 300), 10_000)
    assert [piece.path for piece in place.pieces][:3] == ["box.py", "seen.py", "new.py"]


def test_a_small_context_holds_the_gap_first(tmp_path: Path) -> None:
    view, around = overlay(tmp_path, {"a.py": "x = \n"}), Surroundings()
    around.ring.opened("seen.py", Text("one\ntwo\nthree\n"))
    document = SyntaxDocument.parse("x = \n", "python")
    for room, count in ((100, 1), (10, 0)):
        place = around.general(view, "a.py", document, Position(0, 4), Windows(90, 30), room)
        assert len(place.pieces) == count


def test_what_the_user_excludes_is_not_shown(tmp_path: Path) -> None:
    overlay(tmp_path, {"a.py": "from secret import Box\nx = \n", "secret.py": BOX})
    view, around = Overlay(Root(tmp_path), exclude=["secret.py"]), Surroundings()
    around.ring.opened("secret.py", Text("one\ntwo\nthree\n"))
    document = SyntaxDocument.parse(view.read("a.py"), "python")
    place = around.general(view, "a.py", document, Position(1, 4), Windows(90, 30), 10_000)
    assert [piece.path for piece in place.pieces] == []

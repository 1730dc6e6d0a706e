"""New files by rule: types that hold for the JSON they are from, and a project's own manner."""

from __future__ import annotations

import json
import shutil
import subprocess
import typing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.actions.spec import ActionError, Place, load_actions
from lsp_agent.agent.scaffolds.json_types import write_types
from lsp_agent.agent.scaffolds.shapes import JsonError, read_json, singular, type_name
from lsp_agent.agent.types import RunResult
from lsp_agent.syntax.document import SyntaxDocument
from tests.actions.test_actions import files_of, marked
from tests.agent.conftest import Stage
from tests.support.scripted_engine import ScriptedEngine

ACTIONS = load_actions(pytest.fail)
VALUE = {
    "id": 7,
    "user-name": "Ada",
    "tags": ["a", "b"],
    "addresses": [{"city": "Bonn", "zip": 1}, {"city": None, "geo": {"lat": 1.5}}],
}
TYPESCRIPT = """\
export interface Person {
  id: number;
  "user-name": string;
  tags: string[];
  addresses: Address[];
}

export interface Address {
  city: string | null;
  zip?: number;
  geo?: Geo;
}

export interface Geo {
  lat: number;
}
"""
GO = """\
type Person struct {
	ID        int64     `json:"id"`
	UserName  string    `json:"user-name"`
	Tags      []string  `json:"tags"`
	Addresses []Address `json:"addresses"`
}

type Address struct {
	City *string `json:"city"`
	Zip  int64   `json:"zip,omitempty"`
	Geo  Geo     `json:"geo,omitempty"`
}

type Geo struct {
	Lat float64 `json:"lat"`
}
"""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-1, 1) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def do(stage: Stage, action: str, project: str, argument: str = "") -> RunResult:
    """Take an action at the mark in a project of several files."""
    files = files_of(project, "a.ts")
    path = next(path for path, text in files.items() if "$0" in text or "«" in text)
    files[path], at = marked(files[path])
    for name, text in files.items():
        stage.file(name, text)
    place = Place(path, SyntaxDocument.read(path, files[path]), at)
    chosen = argument or ACTIONS[action].offers(place)[0].argument
    return stage.run(ScriptedEngine([]), ACTIONS[action].request(place, chosen))


def made(result: RunResult) -> dict[str, str | None]:
    assert result.status == "edited", result.summary
    return {change.path: change.after for change in result.changes}


def ran(source: str) -> dict[str, Any]:
    """Return what a module defines; the rules of this one don't count for it."""
    known: dict[str, Any] = {"__name__": __name__}
    exec(compile(source, "m", "exec", dont_inherit=True), known)
    return known


def test_types_in_typescript_and_go() -> None:
    assert write_types(VALUE, "person", "typescript") == ("", TYPESCRIPT)
    assert write_types(VALUE, "person", "go") == ("", GO)


def test_typed_dicts_hold_for_the_value_they_are_from() -> None:
    imports, text = write_types(VALUE, "person", "typeddict")
    known = ran(imports + text)
    hints = typing.get_type_hints(known["Person"])
    assert hints["user-name"] is str
    assert typing.get_args(hints["addresses"]) == (known["Address"],)
    assert known["Address"].__required_keys__ == {"city"}
    assert known["Address"].__optional_keys__ == {"zip", "geo"}


def test_dataclasses_can_be_made_of_the_value() -> None:
    imports, text = write_types(VALUE, "person", "dataclass")
    known = ran(imports + text)
    address = known["Address"](city=None, geo=known["Geo"](lat=1.5))
    assert address.zip is None
    assert known["Person"](id=7, user_name="Ada", tags=[], addresses=[address]).id == 7


@given(JSON)
def test_any_json_gives_python_that_runs(value: Any) -> None:
    for target in ("typeddict", "dataclass"):
        imports, text = write_types(value, "root", typing.cast("Any", target))
        assert any(name.startswith("Root") for name in ran(imports + text))


@given(JSON)
def test_any_json_gives_text_that_parses(value: Any) -> None:
    for target, language, head in (("typescript", "typescript", ""), ("go", "go", "package a\n")):
        _, text = write_types(value, "root", typing.cast("Any", target))
        assert SyntaxDocument.parse(head + text, language).errors() == []


@pytest.mark.skipif(shutil.which("gofmt") is None, reason="gofmt is not here")
def test_structs_are_as_gofmt_writes_them() -> None:
    source = f"package a\n\n{GO}"
    done = subprocess.run(["gofmt"], input=source, capture_output=True, text=True, check=True)
    assert done.stdout == source


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ('{"a": 1}', "", {"a": 1}),
        (' "owner": {"b": 2}, ', "owner", {"b": 2}),
        ('"a": 1, "b": 2', "", {"a": 1, "b": 2}),
        ("[1]", "", [1]),
    ],
)
def test_selected_json_may_be_a_part(text: str, key: str, value: Any) -> None:
    assert read_json(text) == (key, value)


@pytest.mark.parametrize("text", ["{", "a: 1", "[" * 100_000, "1" * 1_000_001])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(JsonError):
        read_json(text)


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("user-profile", "UserProfile"),
        ("HTTPServer", "HTTPServer"),
        ("2nd", "Root2Nd"),
        ("é", "Root"),
    ],
)
def test_names_of_types(words: str, name: str) -> None:
    assert type_name(words) == name


def test_one_of_several() -> None:
    words = ("users", "addresses", "categories", "status", "data")
    assert [singular(one) for one in words] == [
        "user",
        "address",
        "category",
        "statusItem",
        "dataItem",
    ]


def test_a_json_file_gets_types_beside_it(stage: Stage) -> None:
    text = json.dumps(VALUE)
    result = do(stage, "scaffold_types", f"#- data/person.json\n$0{text}\n")
    assert made(result) == {"data/person.ts": TYPESCRIPT}
    assert stage.questions == []


def test_go_types_take_the_package_of_their_folder(stage: Stage) -> None:
    project = '#- data/person.json\n$0{"id": 1}\n#- data/x.go\npackage people\n'
    result = do(stage, "scaffold_types", project, "go")
    text = made(result)["data/person.go"]
    assert text == 'package people\n\ntype Person struct {\n\tID int64 `json:"id"`\n}\n'


def test_json_in_python_becomes_types_there(stage: Stage) -> None:
    result = do(stage, "scaffold_types", '#- a.py\n"""Doc."""\n\n«{"id": 1}»\n')
    after = made(result)["a.py"]
    assert after == (
        '"""Doc."""\n\nfrom typing import TypedDict\n\n\nclass Root(TypedDict):\n    id: int\n'
    )


def test_a_file_that_is_there_is_not_overwritten(stage: Stage) -> None:
    result = do(stage, "scaffold_types", '#- p.json\n$0{"id": 1}\n#- p.ts\nexport {};\n')
    assert result.status == "failed"
    assert result.summary == "p.ts exists already; move it away, or change it"


@pytest.mark.parametrize(
    ("source", "language"),
    [
        ("«{nope}»\n", "typescript"),
        ("«[1»\n", "python"),
        ('«{"a": 1}»\n', "rust"),
        ("$0\n", "json"),
    ],
)
def test_types_are_not_offered_for_other_text(source: str, language: str) -> None:
    text, at = marked(source)
    place = Place("a", SyntaxDocument.parse(text, language), at)
    assert ACTIONS["scaffold_types"].offers(place) == []
    with pytest.raises(ActionError, match="there is no JSON here"):
        ACTIONS["scaffold_types"].request(place, "")


def test_a_component_follows_its_neighbours(stage: Stage) -> None:
    result = do(
        stage,
        "scaffold_component",
        "#- package.json\n{}\n"
        "#- src/components/nav-bar.jsx\n"
        "export function NavBar() {\n    return <nav className='top'>x</nav>\n}\n"
        "#- src/components/side-bar.jsx\n"
        "export function SideBar() {\n    return <nav className='side'>x</nav>\n}\n"
        "#- src/home.jsx\nimport { NavBar } from './components/nav-bar'\n\n"
        "export function Home() {\n"
        "    return <User$0Card title='a' onPick={go} on>x</UserCard>\n}\n",
    )
    assert made(result) == {
        "src/components/user-card.jsx": (
            "export function UserCard({ title, children }) {\n"
            "    return <div>{title}{children}</div>\n}\n"
        ),
        "src/home.jsx": (
            "import { NavBar } from './components/nav-bar'\n"
            "import { UserCard } from './components/user-card'\n\n"
            "export function Home() {\n"
            "    return <UserCard title='a' onPick={go} on>x</UserCard>\n}\n"
        ),
    }


@pytest.mark.parametrize(
    "head",
    ['"use client";\n', '// Shown first.\n"use client";\nimport {\n  a,\n} from "./a";\n'],
)
def test_a_components_import_is_put_at_the_top(stage: Stage, head: str) -> None:
    body = (
        "\nexport default function Home() {\n"
        '  const more = () => import("./more");\n  const old = require("./old");\n'
        "  return <Bo$0x onPick={more} />;\n}\n"
    )
    found = made(do(stage, "scaffold_component", f"#- src/Home.tsx\n{head}{body}"))
    after = head + 'import Box from "./Box";\n' + body.replace("$0", "")
    assert found["src/Home.tsx"] == after


def test_a_typed_component_has_the_properties_of_its_tag(stage: Stage) -> None:
    project = '#- a.tsx\nexport default () => <Bo$0x on={1} open title="t" onHide={f}>x</Box>;\n'
    assert made(do(stage, "scaffold_component", project))["Box.tsx"] == (
        'import type { ReactNode } from "react";\n\n'
        "export interface BoxProps {\n  on: unknown;\n  open: boolean;\n  title: string;\n"
        "  onHide: () => void;\n  children: ReactNode;\n}\n\n"
        "export default function Box({ title, children }: BoxProps) {\n"
        "  return <div>{title}{children}</div>;\n}\n"
    )


@pytest.mark.parametrize(
    "source",
    [
        'import Box from "./Box";\nexport default () => <Bo$0x />;\n',
        "const Box = () => null;\nexport default () => <B$0ox />;\n",
        "export default () => <di$0v />;\n",
        "const a = B$0ox;\n",
        "type A = List<B$0ox>;\n",
    ],
)
def test_only_unknown_components_are_offered(source: str) -> None:
    text, at = marked(source)
    place = Place("a.tsx", SyntaxDocument.parse(text, "tsx"), at)
    assert ACTIONS["scaffold_component"].offers(place) == []


@pytest.mark.parametrize(
    ("version", "given"),
    [
        ("^15.1.0", "{ params }: { params: Promise<{ id: string }> }"),
        ("14.2.3", "{ params }: { params: { id: string } }"),
    ],
)
def test_a_page_of_the_app_router(stage: Stage, version: str, given: str) -> None:
    project = (
        f'#- web/package.json\n{{"dependencies": {{"next": "{version}"}}}}\n'
        "#- web/tsconfig.json\n{}\n"
        "#- web/src/app/page.tsx\nexport default () => $0null;\n"
    )
    files = made(do(stage, "scaffold_page", project, "/users/[id]"))
    assert list(files) == ["web/src/app/users/[id]/page.tsx"]
    text = next(iter(files.values())) or ""
    assert f"function UsersPage({given})" in text
    assert ("await params" in text) == ("Promise" in given)


def test_a_page_and_a_route_of_the_pages_router(stage: Stage) -> None:
    project = "#- pages/index.jsx\nexport default () => <a href='/about/us/?x$0=1'>us</a>;\n"
    files = made(do(stage, "scaffold_page", project))
    assert list(files) == ["pages/about/us.jsx"]
    assert "<h1>Us</h1>" in (files["pages/about/us.jsx"] or "")
    route = "#- pages/index.jsx\nfetch('/api/use$0rs', { method: 'PUT' });\n"
    assert made(do(stage, "scaffold_api", route)) == {
        "pages/api/users.js": (
            "export default function handler(req, res) {\n  if (req.method !== 'PUT') {\n"
            "    res.setHeader('Allow', 'PUT');\n    res.status(405).end();\n    return;\n  }\n"
            "  res.status(200).json({});\n}\n"
        )
    }


def test_without_a_router_it_says_so(stage: Stage) -> None:
    result = do(
        stage, "scaffold_page", "#- a.tsx\nexport default () => <a href='/ab$0out'>x</a>;\n"
    )
    assert result.status == "failed"
    assert "there is no app or pages folder" in result.summary


def test_a_kind_of_types_is_known_however_it_is_spelled() -> None:
    text, at = marked('$0{"a": 1}\n')
    place = Place("a.json", SyntaxDocument.parse(text, "json"), at)
    request = ACTIONS["scaffold_types"].request(place, "TypedDict")
    assert (request.argument, request.title) == ("typeddict", "Create Python TypedDicts from JSON")
    with pytest.raises(ActionError, match="there is no 'Struct' here; there is: typescript, typ"):
        ACTIONS["scaffold_types"].request(place, "Struct")


@pytest.mark.parametrize("name", ["../x", "/../x", "/a//b", "/a b", "card", "Ünï", "A" * 70])
def test_names_that_would_lead_elsewhere_are_refused(name: str) -> None:
    text, at = marked("export default () => $0null;\n")
    place = Place("a.tsx", SyntaxDocument.parse(text, "tsx"), at)
    for action in ("scaffold_component", "scaffold_page", "scaffold_api"):
        with pytest.raises(ActionError, match="there is no"):
            ACTIONS[action].request(place, name)


def test_broken_project_files_cost_nothing(stage: Stage) -> None:
    project = "#- package.json\n[1\n#- app/page.tsx\nexport default () => <a href='/ab$0out'/>;\n"
    assert list(made(do(stage, "scaffold_page", project))) == ["app/about/page.tsx"]

"""The index of a session: begun by itself, fresh after every event, told of, ended."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types as T

from tests.e2e.conftest import Start
from tests.support.editor import Editor

ALL = {"lspAgent": {"symbols": {"languages": ["*"]}}}
Kind = T.FileChangeType


def plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=vars))


async def status(editor: Editor) -> dict[str, Any]:
    found: dict[str, Any] = plain(await editor.command("lspAgent.status", {}))["index"]
    return found


async def ready(editor: Editor, files: int) -> dict[str, Any]:
    end = time.monotonic() + 60
    while True:
        found = await status(editor)
        if found and found["state"] == "ready" and found["files"] == files:
            return found
        assert time.monotonic() < end, found


async def names(editor: Editor, query: str) -> list[str]:
    found = await editor.client.workspace_symbol_async(T.WorkspaceSymbolParams(query))
    return [one.name for one in found or []]


async def until_found(editor: Editor, query: str, expected: list[str]) -> None:
    end = time.monotonic() + 30
    while (found := await names(editor, query)) != expected:
        assert time.monotonic() < end, found


def tell(editor: Editor, *events: tuple[Path, T.FileChangeType]) -> None:
    editor.client.workspace_did_change_watched_files(
        T.DidChangeWatchedFilesParams([T.FileEvent(path.as_uri(), kind) for path, kind in events])
    )


async def test_the_status_tells_of_it(start_editor: Start) -> None:
    editor = await start_editor("helix", ALL)
    found = await ready(editor, 0)
    assert found["root"] == str(editor.folder.resolve())
    assert (found["symbols"], found["skipped"], found["note"]) == (0, 0, "")
    assert found["others"] == []


async def test_every_event_is_followed(start_editor: Start) -> None:
    editor = await start_editor("helix", ALL)
    folder = editor.folder
    await ready(editor, 0)
    first = folder / "d" / "a.py"
    first.parent.mkdir()
    first.write_text("def created(): pass\n")
    tell(editor, (first, Kind.Created))
    await until_found(editor, "created", ["created"])
    first.write_text("def changed(): pass\n")
    tell(editor, (first, Kind.Changed))
    await until_found(editor, "changed", ["changed"])
    uri = editor.open("b.py", "def opened(): pass\n")
    await until_found(editor, "opened", ["opened"])
    editor.change(uri, "def typed(): pass\n")
    await until_found(editor, "typed", ["typed"])
    editor.client.text_document_did_close(
        T.DidCloseTextDocumentParams(T.TextDocumentIdentifier(uri))
    )
    await until_found(editor, "typed", [])
    await until_found(editor, "opened", ["opened"])
    (folder / "b.py").write_text("def saved(): pass\n")
    editor.client.text_document_did_save(T.DidSaveTextDocumentParams(T.TextDocumentIdentifier(uri)))
    await until_found(editor, "saved", ["saved"])
    (folder / "d").rename(folder / "e")
    files = [T.FileRename((folder / "d").as_uri(), (folder / "e").as_uri())]
    editor.client.workspace_did_rename_files(T.RenameFilesParams(files))
    await until_found(editor, "changed", ["changed"])
    assert (await ready(editor, 2))["note"] == ""
    shutil.rmtree(folder / "e")
    editor.client.workspace_did_delete_files(
        T.DeleteFilesParams([T.FileDelete((folder / "e").as_uri())])
    )
    await until_found(editor, "changed", [])
    (folder / "c.py").write_text("def by_create(): pass\n")
    editor.client.workspace_did_create_files(
        T.CreateFilesParams([T.FileCreate((folder / "c.py").as_uri())])
    )
    await until_found(editor, "by_create", ["by_create"])
    tell(editor, (folder / "nowhere.py", Kind.Deleted), (Path("/elsewhere/x.py"), Kind.Changed))
    await ready(editor, 2)


async def test_a_changed_file_is_visible_soon(start_editor: Start) -> None:
    editor = await start_editor("helix", ALL)
    for number in range(50):
        (editor.folder / f"{number}.py").write_text(f"def f{number}(): pass\n" * 20)
    tell(editor, (editor.folder, Kind.Changed))
    await ready(editor, 50)
    file = editor.folder / "7.py"
    times = []
    for number in range(15):
        file.write_text(f"def renewed_{number}(): pass\n" * 20)
        began = time.perf_counter()
        tell(editor, (file, Kind.Changed))
        while not await names(editor, f"renewed_{number}"):
            pass
        times.append(time.perf_counter() - began)
    # 50 ms on a machine with nothing else to do; a build of its own takes a second.
    assert sorted(times)[5] < 0.25


async def test_a_burst_is_one_build(start_editor: Start) -> None:
    editor = await start_editor("helix", ALL)
    await ready(editor, 0)
    paths = [editor.folder / f"{number}.py" for number in range(300)]
    for path in paths:
        path.write_text(f"def f{path.stem}(): pass\n")
    tell(editor, *((path, Kind.Created) for path in paths))
    await ready(editor, 300)
    assert await names(editor, "f299") == ["f299"]


async def test_folders_come_and_go(start_editor: Start, tmp_path: Path) -> None:
    editor = await start_editor("helix", ALL)
    await ready(editor, 0)
    other = tmp_path / "other"
    other.mkdir()
    (other / "a.py").write_text("def from_other(): pass\n")

    def change(added: list[Path], removed: list[Path]) -> None:
        editor.client.workspace_did_change_workspace_folders(
            T.DidChangeWorkspaceFoldersParams(
                T.WorkspaceFoldersChangeEvent(
                    [T.WorkspaceFolder(one.as_uri(), one.name) for one in added],
                    [T.WorkspaceFolder(one.as_uri(), one.name) for one in removed],
                )
            )
        )

    change([other], [])
    await until_found(editor, "from_other", ["from_other"])
    assert len((await status(editor))["others"]) == 1
    change([], [other])
    await until_found(editor, "from_other", [])
    while (await status(editor))["others"]:
        pass


async def test_nothing_out_of_the_folder_is_indexed(start_editor: Start, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret.py").write_text("def secret(): pass\n")
    editor = await start_editor("helix", ALL)
    await ready(editor, 0)
    (editor.folder / "link").symlink_to(outside)
    (editor.folder / "own.py").write_text("def own(): pass\n")
    tell(
        editor,
        (editor.folder / "link", Kind.Created),
        (editor.folder / "link" / "secret.py", Kind.Created),
        (editor.folder / "own.py", Kind.Created),
    )
    await until_found(editor, "own", ["own"])
    assert await names(editor, "secret") == []
    assert (await status(editor))["files"] == 1


async def test_settings_turn_it_off_and_exclude(start_editor: Start) -> None:
    off = {"lspAgent": {"index": {"enabled": False}, "symbols": {"languages": ["*"]}}}
    editor = await start_editor("helix", off)
    (editor.folder / "gen").mkdir()
    (editor.folder / "gen" / "a.py").write_text("def generated(): pass\n")
    (editor.folder / "b.py").write_text("def written(): pass\n")
    assert await status(editor) is None
    assert await names(editor, "written") == []

    def configure(**settings: Any) -> None:
        editor.client.workspace_did_change_configuration(
            T.DidChangeConfigurationParams({"lspAgent": ALL["lspAgent"] | settings})
        )

    configure()
    await until_found(editor, "written", ["written"])
    await until_found(editor, "generated", ["generated"])
    configure(exclude=["gen/"])
    await until_found(editor, "generated", [])
    assert await names(editor, "written") == ["written"]


async def test_long_builds_are_shown_and_short_ones_not(start_editor: Start) -> None:
    editor = await start_editor("vscode", ALL)
    await ready(editor, 0)
    editor.client.progress_reports.clear()
    (editor.folder / "a.py").write_text("def one(): pass\n")
    tell(editor, (editor.folder, Kind.Changed))
    await ready(editor, 1)
    assert not editor.client.progress_reports
    for number in range(1200):
        text = "".join(f"def f{number}_{n}(): return g{n}()\n" for n in range(60))
        (editor.folder / f"{number}.py").write_text(text)
    tell(editor, (editor.folder, Kind.Changed))
    await ready(editor, 1201)

    def values() -> list[Any]:
        return [value for known in editor.client.progress_reports.values() for value in known]

    await editor.until(lambda: any(getattr(one, "kind", "") == "end" for one in values()))
    begin = values()[0]
    assert (begin.kind, begin.title, begin.cancellable) == ("begin", "Indexing", False)
    shares = [one.percentage for one in values() if getattr(one, "kind", "") == "report"]
    assert shares
    assert shares == sorted(shares)


@pytest.mark.parametrize("how", ["garbage", "gone"])
async def test_a_broken_database_heals(start_editor: Start, home: Path, how: str) -> None:
    editor = await start_editor("helix", ALL)
    (editor.folder / "a.py").write_text("def one(): pass\n")
    tell(editor, (editor.folder, Kind.Changed))
    await ready(editor, 1)
    (database,) = (home / "cache" / "index").glob("*.sqlite")
    if how == "garbage":
        database.write_bytes(b"garbage" * 5000)
    else:
        database.unlink()
    (editor.folder / "b.py").write_text("def two(): pass\n")
    tell(editor, (editor.folder / "b.py", Kind.Created))
    await until_found(editor, "two", ["two"])
    await until_found(editor, "one", ["one"])

"""Changes as WorkspaceEdits, in each form that clients take."""

from __future__ import annotations

from dataclasses import replace

import pytest
from lsprotocol import types as T

from lsp_agent.server.capabilities import ClientFeatures
from lsp_agent.server.edits import EditOptions, UnsupportedEditError, workspace_edit
from lsp_agent.workspace.overlay import FileChange
from lsp_agent.workspace.positions import PositionEncoding
from tests.support.editor import CLIENTS, capabilities

ALL = ClientFeatures(
    document_changes=True,
    resource_operations=frozenset({"create", "rename", "delete"}),
    annotations=True,
)
PLAIN = ClientFeatures()
MODIFY = FileChange("modify", "a.py", "file:///a.py", "x = '😀'; y = 1\n", "x = '😀'; y = 2\n", 7)
CREATE = FileChange("create", "b.py", "file:///b.py", None, "z = 1\n")
DELETE = FileChange("delete", "c.py", "file:///c.py", "c\n", None)
RENAME = FileChange("rename", "d.py", "file:///d.py", "d\n", "e\n", 3, "e.py", "file:///e.py")


@pytest.mark.parametrize(("encoding", "column"), [("utf-8", 16), ("utf-16", 14), ("utf-32", 13)])
def test_modify_is_small_and_versioned(encoding: str, column: int) -> None:
    edit = workspace_edit([MODIFY], EditOptions(ALL, PositionEncoding(encoding)))
    (change,) = edit.document_changes or []
    assert isinstance(change, T.TextDocumentEdit)
    assert change.text_document.version == 7
    (one,) = change.edits
    assert (one.range.start.character, one.new_text) == (column, "2")


def test_plain_clients_get_changes() -> None:
    edit = workspace_edit([MODIFY], EditOptions(PLAIN, PositionEncoding.UTF16))
    assert edit.document_changes is None
    assert list(edit.changes or {}) == ["file:///a.py"]


def test_files_come_and_go() -> None:
    edit = workspace_edit([CREATE, DELETE, RENAME], EditOptions(ALL, PositionEncoding.UTF16))
    kinds = [type(one).__name__ for one in edit.document_changes or []]
    assert kinds == [
        "CreateFile",
        "TextDocumentEdit",
        "DeleteFile",
        "RenameFile",
        "TextDocumentEdit",
    ]
    create = (edit.document_changes or [])[0]
    assert isinstance(create, T.CreateFile)
    assert create.options == T.CreateFileOptions(ignore_if_exists=True)
    last = (edit.document_changes or [])[-1]
    assert isinstance(last, T.TextDocumentEdit)
    assert (last.text_document.uri, last.text_document.version) == ("file:///e.py", None)


@pytest.mark.parametrize("change", [CREATE, DELETE, RENAME])
@pytest.mark.parametrize("features", [PLAIN, replace(ALL, resource_operations=frozenset())])
def test_what_a_client_can_not_do_is_refused(change: FileChange, features: ClientFeatures) -> None:
    with pytest.raises(UnsupportedEditError, match=f"would {change.kind} {change.path}"):
        workspace_edit([change], EditOptions(features, PositionEncoding.UTF16))


def test_confirmation_is_an_annotation_where_it_is_honoured() -> None:
    options = EditOptions(ALL, PositionEncoding.UTF16, confirm="look first")
    edit = workspace_edit([MODIFY, CREATE, DELETE, RENAME], options)
    (annotation,) = (edit.change_annotations or {}).values()
    assert annotation.needs_confirmation
    assert annotation.description == "look first"
    silent = workspace_edit([MODIFY], replace(options, features=replace(ALL, annotations=False)))
    assert silent.change_annotations is None


def test_real_clients_are_read_right() -> None:
    from lsp_agent.server.capabilities import client_features

    found = {path.stem.split("-")[0]: client_features(capabilities(path.stem)) for path in CLIENTS}
    assert all(one.document_changes and one.resolves_edit for one in found.values())
    assert found["vscode"].llm_tag
    assert not found["neovim"].watched_files
    assert not found["emacs"].resource_operations
    assert client_features(T.ClientCapabilities()) == ClientFeatures()

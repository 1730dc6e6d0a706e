"""A run's changes as a WorkspaceEdit, in the form that the client takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lsprotocol import types

from lsp_agent.errors import LspAgentError
from lsp_agent.server.capabilities import ClientFeatures
from lsp_agent.server.convert import to_edits
from lsp_agent.workspace.edits import diff_edits
from lsp_agent.workspace.overlay import FileChange
from lsp_agent.workspace.positions import PositionEncoding
from lsp_agent.workspace.text import Text

_ANNOTATION = "lsp-agent"
DocumentChange = types.TextDocumentEdit | types.CreateFile | types.RenameFile | types.DeleteFile


class UnsupportedEditError(LspAgentError):
    """An edit that this client can't carry out."""

    code = "unsupported-edit"


@dataclass(frozen=True, slots=True)
class EditOptions:
    """How edits are written for a client.

    ``confirm`` is why they need the user's word, ``note`` what else is to be said of them; both are
    for clients that have annotations.
    """

    features: ClientFeatures
    encoding: PositionEncoding
    confirm: str | None = None
    note: str = ""

    @property
    def annotation(self) -> types.ChangeAnnotation | None:
        """What the edits are marked with, if anything."""
        said = "\n".join(one for one in (self.confirm, self.note) if one)
        if not (said and self.features.annotations):
            return None
        confirm = bool(self.confirm)
        return types.ChangeAnnotation("lsp-agent", confirm or None, description=said)


def workspace_edit(changes: Sequence[FileChange], options: EditOptions) -> types.WorkspaceEdit:
    """Return an edit for changes whose ``before`` is what the client has now.

    Raises :class:`UnsupportedEditError` when the client can't create, rename or delete files.
    """
    if not options.features.document_changes:
        return _plain_edit(changes, options)
    rows: list[DocumentChange] = []
    for change in changes:
        rows += _rows(change, options)
    annotation = options.annotation
    annotations = {_ANNOTATION: annotation} if annotation else None
    return types.WorkspaceEdit(document_changes=rows, change_annotations=annotations)


def _plain_edit(changes: Sequence[FileChange], options: EditOptions) -> types.WorkspaceEdit:
    edits: dict[str, Sequence[types.TextEdit]] = {}
    for change in changes:
        if change.kind != "modify":
            _refuse(change)
        edits[change.uri] = _text_edits(change, options.encoding)
    return types.WorkspaceEdit(changes=edits)


def _rows(change: FileChange, options: EditOptions) -> list[DocumentChange]:
    operation = {"create": "create", "delete": "delete", "rename": "rename"}.get(change.kind)
    if operation and operation not in options.features.resource_operations:
        _refuse(change)
    mark = _ANNOTATION if options.annotation else None
    if change.kind == "delete":
        return [types.DeleteFile(uri=change.uri, annotation_id=mark)]
    if change.kind == "create":
        # A bare create empties an existing file in Neovim and Helix.
        created = types.CreateFile(
            uri=change.uri,
            options=types.CreateFileOptions(ignore_if_exists=True),
            annotation_id=mark,
        )
        whole = types.Range(types.Position(0, 0), types.Position(0, 0))
        return [created, _document_edit(change.uri, None, [_edit(whole, change.after or "", mark)])]
    rows: list[DocumentChange] = []
    if change.kind == "rename" and change.new_uri:
        rows.append(
            types.RenameFile(
                old_uri=change.uri,
                new_uri=change.new_uri,
                options=types.RenameFileOptions(ignore_if_exists=False),
                annotation_id=mark,
            )
        )
    if change.after != change.before:
        uri = change.new_uri or change.uri
        version = change.version if change.kind == "modify" else None
        edits = [
            _edit(one.range, one.new_text, mark) for one in _text_edits(change, options.encoding)
        ]
        rows.append(_document_edit(uri, version, edits))
    return rows


def _document_edit(
    uri: str, version: int | None, edits: Sequence[types.TextEdit | types.AnnotatedTextEdit]
) -> types.TextDocumentEdit:
    return types.TextDocumentEdit(
        text_document=types.OptionalVersionedTextDocumentIdentifier(uri, version), edits=edits
    )


def _edit(
    range_: types.Range, text: str, mark: str | None
) -> types.TextEdit | types.AnnotatedTextEdit:
    if mark is None:
        return types.TextEdit(range_, text)
    return types.AnnotatedTextEdit(mark, range_, text)


def _text_edits(change: FileChange, encoding: PositionEncoding) -> list[types.TextEdit]:
    before = change.before or ""
    return to_edits(Text(before), diff_edits(before, change.after or ""), encoding)


def _refuse(change: FileChange) -> None:
    raise UnsupportedEditError(
        f"the edit would {change.kind} {change.path}, which this editor does not let a server do; "
        "use: lsp-agent run --apply"
    )

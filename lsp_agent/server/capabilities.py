"""What the client declared, boiled down to the questions that our features ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lsprotocol import types


@dataclass(frozen=True, slots=True)
class ClientFeatures:
    """One answer a question; the default is that of a client that declares nothing."""

    document_changes: bool = False
    resource_operations: frozenset[str] = frozenset()
    annotations: bool = False
    resolves_edit: bool = False
    disabled_actions: bool = False
    llm_tag: bool = False
    progress: bool = False
    show_document: bool = False
    resolves_command: bool = False
    apply_edit: bool = False
    configuration: bool = False
    watched_files: bool = False
    diagnostic_versions: bool = False
    diagnostic_refresh: bool = False
    registers_completion: bool = False
    registers_symbols: frozenset[str] = frozenset()
    nested_symbols: bool = False
    code_lens: bool = False
    code_lens_refresh: bool = False


_SYMBOL_METHODS = {
    types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: "text_document.document_symbol",
    types.TEXT_DOCUMENT_FOLDING_RANGE: "text_document.folding_range",
    types.TEXT_DOCUMENT_SELECTION_RANGE: "text_document.selection_range",
    types.WORKSPACE_SYMBOL: "workspace.symbol",
}


def client_features(capabilities: types.ClientCapabilities) -> ClientFeatures:
    """Read a client's capabilities; whatever is absent is not supported."""
    operations = frozenset(
        _value(one)
        for one in _get(capabilities, "workspace.workspace_edit.resource_operations") or ()
    )
    action = "text_document.code_action"
    resolves = _get(capabilities, f"{action}.resolve_support.properties") or ()
    tags = _get(capabilities, f"{action}.tag_support.value_set") or ()
    return ClientFeatures(
        # Neovim announces the operations only, and takes document changes all the same.
        document_changes=bool(_get(capabilities, "workspace.workspace_edit.document_changes"))
        or bool(operations),
        resource_operations=operations,
        annotations=bool(_get(capabilities, f"{action}.honors_change_annotations"))
        or _get(capabilities, "workspace.workspace_edit.change_annotation_support") is not None,
        resolves_edit="edit" in resolves,
        disabled_actions=bool(_get(capabilities, f"{action}.disabled_support")),
        llm_tag=types.CodeActionTag.LlmGenerated in tags,
        progress=bool(_get(capabilities, "window.work_done_progress")),
        show_document=bool(_get(capabilities, "window.show_document.support")),
        resolves_command="command" in resolves,
        apply_edit=bool(_get(capabilities, "workspace.apply_edit")),
        configuration=bool(_get(capabilities, "workspace.configuration")),
        watched_files=bool(
            _get(capabilities, "workspace.did_change_watched_files.dynamic_registration")
        ),
        diagnostic_versions=bool(
            _get(capabilities, "text_document.publish_diagnostics.version_support")
        ),
        diagnostic_refresh=bool(_get(capabilities, "workspace.diagnostics.refresh_support")),
        registers_completion=bool(
            _get(capabilities, "text_document.completion.dynamic_registration")
        ),
        registers_symbols=frozenset(
            method
            for method, path in _SYMBOL_METHODS.items()
            if _get(capabilities, f"{path}.dynamic_registration")
        ),
        nested_symbols=bool(
            _get(
                capabilities,
                "text_document.document_symbol.hierarchical_document_symbol_support",
            )
        ),
        code_lens=_get(capabilities, "text_document.code_lens") is not None,
        code_lens_refresh=bool(_get(capabilities, "workspace.code_lens.refresh_support")),
    )


def _get(value: Any, path: str) -> Any:
    for name in path.split("."):
        if value is None:
            return None
        value = getattr(value, name, None)
    return value


def _value(one: Any) -> str:
    return str(getattr(one, "value", one))

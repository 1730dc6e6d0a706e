"""Calls under other names: those that models know from other agents, where one thing is meant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lsp_agent.tools.paths import respelled
from lsp_agent.tools.spec import Tool
from lsp_agent.workspace.overlay import Overlay

_TOOLS = {
    "edit_file": (
        "edit", "str_replace", "str_replace_editor", "str_replace_based_edit_tool", "replace",
        "replace_in_file", "search_replace", "search_and_replace", "apply_edit", "update_file",
        "modify_file", "string_replace", "replace_string_in_file",
    ),
    "write_file": ("write", "create_file", "write_to_file", "save_file", "new_file", "create"),
    "read_file": ("read", "open_file", "view_file", "cat", "view", "get_file", "show_file"),
    "list_directory": ("ls", "list_dir", "list_files", "list_folder"),
    "grep_search": ("grep", "search", "search_code", "ripgrep", "search_text", "find_in_files"),
    "search_files": ("glob", "find_files", "file_search", "glob_search"),
    "execute_command": ("bash", "run_command", "terminal", "run_terminal_cmd", "execute"),
    "delete_file": ("remove_file",),
    "move_file": ("rename_file",),
}  # fmt: skip
_ARGUMENTS = {
    "path": (
        "file_path", "filepath", "filename", "file_name", "file", "target_file", "relative_path",
        "absolute_path", "directory", "dir", "folder",
    ),
    "old_string": (
        "old_str", "old_text", "old", "search", "find", "original", "old_code", "old_content",
        "search_string", "target",
    ),
    "new_string": (
        "new_str", "new_text", "new", "replace", "replacement", "updated", "new_code",
        "new_content", "replace_string", "replace_with",
    ),
    "content": ("contents", "text", "file_text", "code", "new_content", "file_content", "data"),
    "new_path": ("destination", "to", "target_path", "new_name"),
    "pattern": ("query", "regex", "search", "glob_pattern"),
    "command": ("cmd",),
    "start_line": ("start", "from_line", "line_start", "startline"),
    "end_line": ("end", "to_line", "line_end", "endline"),
}  # fmt: skip
_REMARKS = frozenset({
    "comment", "description", "explanation", "instruction", "instructions", "reason", "reasoning",
    "thought", "thoughts",
})  # fmt: skip
_ONE = ("expectedreplacements", "expectedoccurrences")
_NAMES = {_other: name for name, others in _TOOLS.items() for _other in others}


def recognise(
    tools: Mapping[str, Tool[Any]], name: str, arguments: Mapping[str, Any], overlay: Overlay
) -> tuple[str, dict[str, Any]]:
    """Return a call as the tools have it; what is not surely meant so stays as it is.

    No program is run and no file deleted or moved under a guessed path.
    """
    known = _tool(tools, name)
    tool = tools.get(known)
    if tool is None:
        return name, dict(arguments)
    properties = tool.arguments.model_fields
    given = dict(arguments)
    if tool.name == "edit_file" and given.get("command") in ("str_replace", "replace", "edit"):
        del given["command"]
    for key in [key for key in given if key not in properties]:
        meant = _argument(key, properties)
        if meant is not None and meant not in given:
            given[meant] = given.pop(key)
    for key in [key for key in given if _says_nothing(tool, key, given[key])]:
        del given[key]
    path = given.get("path")
    if isinstance(path, str) and path and tool.name in (
        "edit_file", "read_file", "rewrite_symbol", "parse_code", "write_file",
    ):  # fmt: skip
        given["path"] = respelled(overlay, path, by_name=tool.name != "write_file")
    return tool.name, given


def _says_nothing(tool: Tool[Any], key: str, value: Any) -> bool:
    """Whether an argument is a remark, or what holds in any case."""
    field = tool.arguments.model_fields.get(key)
    if field is not None:
        return value is None and not field.is_required()
    one = tool.name == "edit_file" and _plain(key) in _ONE and value in (1, "1")
    return one or (_plain(key) in _REMARKS and isinstance(value, str | None))


def _tool(tools: Mapping[str, Tool[Any]], name: str) -> str:
    if name in tools:
        return name
    plain = _plain(name.strip().removesuffix("()").rpartition(".")[2])
    same = [one for one in tools if _plain(one) == plain]
    if len(same) == 1:
        return same[0]
    meant = [one for other, one in _NAMES.items() if _plain(other) == plain]
    return meant[0] if meant else name


def _argument(key: str, properties: Mapping[str, Any]) -> str | None:
    plain = _plain(key)
    for name in properties:
        others = (name, *_ARGUMENTS.get(name, ()))
        if plain in map(_plain, others):
            return name
    return None


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())

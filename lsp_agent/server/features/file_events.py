"""Files that change on the disk: settings are read again, and the index follows."""

from __future__ import annotations

from lsprotocol import types

from lsp_agent.config.paths import WORKSPACE_FILES
from lsp_agent.server.context import Context
from lsp_agent.server.features.registration import register_capability
from lsp_agent.server.indexing import IndexKeeper

_EVERYTHING = types.FileOperationRegistrationOptions(
    [types.FileOperationFilter(types.FileOperationPattern("**/*"), scheme="file")]
)


def register(context: Context, keeper: IndexKeeper) -> None:
    """Follow what the client tells of the disk."""
    server, session = context.server, context.session

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    async def did_change_files(params: types.DidChangeWatchedFilesParams) -> None:
        uris = [change.uri for change in params.changes]
        keeper.changed(uris)
        if any(session.is_settings_file(uri) for uri in uris):
            await session.reload()

    @server.feature(types.WORKSPACE_DID_CREATE_FILES, _EVERYTHING)
    def did_create(params: types.CreateFilesParams) -> None:
        keeper.changed(file.uri for file in params.files)

    @server.feature(types.WORKSPACE_DID_RENAME_FILES, _EVERYTHING)
    def did_rename(params: types.RenameFilesParams) -> None:
        keeper.changed(uri for file in params.files for uri in (file.old_uri, file.new_uri))

    @server.feature(types.WORKSPACE_DID_DELETE_FILES, _EVERYTHING)
    def did_delete(params: types.DeleteFilesParams) -> None:
        keeper.changed(file.uri for file in params.files)


async def watch_files(context: Context) -> None:
    """Have the client watch the workspace, where it can: its settings files, or all."""
    session = context.session
    if not session.features.watched_files:
        return
    indexed = session.settings is not None and session.settings.index.enabled
    globs = ("**/*",) if indexed else tuple(f"**/{name}" for name in WORKSPACE_FILES)
    watchers = [types.FileSystemWatcher(glob_pattern=glob) for glob in globs]
    await register_capability(
        context,
        "lsp-agent-files",
        types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
        types.DidChangeWatchedFilesRegistrationOptions(watchers),
    )

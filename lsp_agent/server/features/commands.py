"""``workspace/executeCommand``: each command takes one object, and works without any argument."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.uris import to_fs_path

from lsp_agent import __version__
from lsp_agent.agent.types import Focus, RunRequest, RunResult
from lsp_agent.cancel import CancelToken
from lsp_agent.errors import LspAgentError
from lsp_agent.server.context import Context
from lsp_agent.server.convert import from_range
from lsp_agent.server.documents import OpenDocument
from lsp_agent.server.features.code_action import COMMAND
from lsp_agent.server.features.deliveries import Deliveries
from lsp_agent.server.features.hunks import COMMAND as HUNK
from lsp_agent.server.features.hunks import HunkFeatures
from lsp_agent.server.features.requests import ActionData, Arguments, check_version
from lsp_agent.server.features.undo import UndoCommand
from lsp_agent.server.reviews import DISMISS
from lsp_agent.server.runs import RunHandle
from lsp_agent.workspace.markdown import harmless_markdown

Handler = Callable[[Arguments, types.ProgressToken | None], Awaitable[Any]]
_INSTRUCTION_LINES = 2000


def register(context: Context, deliveries: Deliveries, hunks: HunkFeatures) -> None:
    """Register the commands that the server advertises."""
    commands = _Commands(context, deliveries)
    table: dict[str, Handler] = {
        COMMAND: commands.action,
        "lspAgent.run": commands.run,
        "lspAgent.explain": commands.explain,
        "lspAgent.review": commands.review,
        DISMISS: commands.dismiss,
        "lspAgent.generateTests": commands.generate_tests,
        "lspAgent.undoRun": UndoCommand(context),
        HUNK: hunks,
        "lspAgent.commitMessage": commands.commit_message,
        "lspAgent.cancel": commands.cancel,
        "lspAgent.status": commands.status,
        "lspAgent.reloadConfig": commands.reload_config,
        "lspAgent.switchModel": commands.switch_model,
    }
    for name, handler in table.items():
        context.server.command(name)(_command(handler))


def _command(handler: Handler) -> Callable[[types.ExecuteCommandParams], Awaitable[Any]]:
    async def execute(params: types.ExecuteCommandParams) -> Any:
        given = list(params.arguments or ())
        try:
            return await handler(Arguments(given[0] if given else None), params.work_done_token)
        except LspAgentError as error:
            raise JsonRpcException(str(error), types.LSPErrorCodes.RequestFailed) from error

    return execute


class _Commands:
    def __init__(self, context: Context, deliveries: Deliveries) -> None:
        self._context = context
        self._deliveries = deliveries

    async def action(
        self, arguments: Arguments, token: types.ProgressToken | None
    ) -> dict[str, str]:
        """Start an action, or claim the edit of one; answers at once with the run's id."""
        run_id = arguments.text("runId")
        if run_id is not None:
            handle = self._deliveries.claim(run_id)
            if handle is None:
                raise JsonRpcInvalidParams(f"there is no edit to claim for run {run_id!r}")
        else:
            handle = await self._deliveries.start(await self._chosen(arguments), token)
        self._deliveries.finish_later(handle)
        return {"runId": handle.run_id}

    async def run(self, arguments: Arguments, token: types.ProgressToken | None) -> dict[str, Any]:
        """Carry out a task and apply its edit."""
        session = self._context.session
        document = self._document(arguments)
        task = arguments.text("task") or await self._instruction(arguments, document)
        overlay, path = session.overlay(document.uri if document else None)
        focus = None
        if document is not None and path is not None:
            chosen = arguments.range()
            range_ = from_range(document.text, chosen, session.encoding) if chosen else None
            focus = Focus(path, range_)
        request = RunRequest(task=task, focus=focus, session=arguments.text("session"))
        return await self._applied(await self._context.runs.start(request, overlay, token))

    async def generate_tests(
        self, arguments: Arguments, token: types.ProgressToken | None
    ) -> dict[str, Any]:
        """Write tests for the code at a place, and apply them."""
        data = self._data("generate_tests", arguments)
        return await self._applied(await self._deliveries.start(data, token))

    async def _applied(self, handle: RunHandle) -> dict[str, Any]:
        """Wait for a run, apply its edit, and describe both."""
        result = await self._context.runs.wait(handle)
        answer: dict[str, Any] = {
            "runId": handle.run_id,
            "status": result.status,
            "summary": result.summary,
        }
        if result.status == "edited":
            try:
                answer["edit"] = await self._deliveries.apply(handle, result)
            except LspAgentError as error:
                self._context.tell(f"lsp-agent: {error}")
                return {**answer, "status": "rejected", "summary": str(error)}
        elif result.status in ("failed", "rejected"):
            self._context.tell(f"lsp-agent: {result.summary}")
        return answer

    async def explain(self, arguments: Arguments, token: types.ProgressToken | None) -> str:
        """Explain the code at a place; the markdown, without links, is shown and returned."""
        data = self._data("explain", arguments)
        handle = await self._deliveries.start(data, token)
        result: RunResult = await self._context.runs.wait(handle)
        if result.status != "answered":
            raise JsonRpcException(
                self._deliveries.explain(result), types.LSPErrorCodes.RequestFailed
            )
        text = harmless_markdown(result.text)
        await self._deliveries.show(handle.title, text)
        return text

    async def review(self, arguments: Arguments, token: types.ProgressToken | None) -> int:
        """Review what changed in a document, or everywhere; answer with the number of findings."""
        uri, base = arguments.text("uri"), arguments.text("base")
        return await self._context.reviews.review(uri, base, token)

    async def dismiss(self, arguments: Arguments, _: types.ProgressToken | None) -> None:
        """Never show a finding again."""
        uri, finding = arguments.text("uri"), arguments.text("findingId")
        if not uri or not finding:
            raise JsonRpcInvalidParams("'uri' and 'findingId' are missing; a finding has both")
        await self._context.reviews.dismiss(uri, finding)

    async def commit_message(
        self, arguments: Arguments, _: types.ProgressToken | None
    ) -> dict[str, Any]:
        """Describe what is staged, else what is changed; with ``base`` what was committed since."""
        session = self._context.session
        app = await session.app()
        root, base = arguments.text("root"), arguments.text("base")
        named = to_fs_path(root) if root and root.startswith("file:") else root
        folder = Path(named) if named else next((one.path for one in session.roots), None)
        if folder is None or not any(one.contains(folder) for one in session.roots):
            said = "'root' is none of the open folders" if named else "no folder is open"
            raise JsonRpcInvalidParams(said)
        token = CancelToken()
        try:
            found = await session.in_thread(lambda: app.commit_message(folder, base, token))
        except asyncio.CancelledError:
            token.cancel()
            raise
        answer: dict[str, Any] = {"subject": found.subject, "body": found.body}
        return answer if base is None else {**answer, "reviewers": list(found.reviewers)}

    async def cancel(self, arguments: Arguments, _: types.ProgressToken | None) -> None:
        """Cancel one run, or all and the reviews."""
        if "runId" not in arguments:
            self._context.reviews.cancel()
        self._context.runs.cancel(arguments.text("runId"))

    async def status(
        self, _arguments: Arguments, _token: types.ProgressToken | None
    ) -> dict[str, Any]:
        """Describe engine, model, context use, queue and what is running."""
        await self._context.session.app()
        return await self._described()

    async def reload_config(
        self, _arguments: Arguments, _token: types.ProgressToken | None
    ) -> dict[str, Any]:
        """Read all settings again."""
        await self._context.session.reload()
        return await self._described()

    async def switch_model(
        self, arguments: Arguments, _token: types.ProgressToken | None
    ) -> dict[str, Any]:
        """Use another model for agent runs, once it is loaded; a bad one changes nothing."""
        model = arguments.text("model")
        if not model:
            raise JsonRpcInvalidParams("'model' is missing: a catalogue name or a GGUF file's path")
        await self._context.session.switch_model(model)
        return await self._described()

    async def _described(self) -> dict[str, Any]:
        session = self._context.session
        return {
            "version": __version__,
            **await session.in_thread(session.status),
            "runs": self._context.runs.running(),
        }

    async def _chosen(self, arguments: Arguments) -> ActionData:
        if "action" not in arguments:
            raise JsonRpcInvalidParams(f"{COMMAND} is called by the editor from a code action")
        return self._data(arguments.text("action") or "", arguments)

    def _data(self, action: str, arguments: Arguments) -> ActionData:
        document = self._document(arguments)
        if document is None:
            raise JsonRpcInvalidParams("no document is open; open one, or name its 'uri'")
        if "version" in arguments:
            check_version(arguments.number("version"), document)
        start = types.Position(0, 0)
        given = arguments.range() or types.Range(start, start)
        return arguments.action_data(action, document.uri, document.version, given)

    def _document(self, arguments: Arguments) -> OpenDocument | None:
        session = self._context.session
        uri = arguments.text("uri")
        if uri is None:
            uri = session.documents.active
        document = session.documents.get(uri) if uri else None
        if document is None and "uri" in arguments:
            raise JsonRpcInvalidParams(f"the document {uri!r} is not open")
        return document

    async def _instruction(self, arguments: Arguments, document: OpenDocument | None) -> str:
        """Take the task from the first comment that holds one, near the given place."""
        from lsp_agent.actions.edit import instruction_at
        from lsp_agent.actions.spec import Place
        from lsp_agent.workspace.positions import Position, Range

        if document is not None:
            given = arguments.range()
            first = given.start.line if given else 0
            last = given.end.line if given else document.text.line_count - 1
            for line in range(first, min(last, first + _INSTRUCTION_LINES) + 1):
                at = Position(line, 0)
                found = instruction_at(Place(document.uri, document.syntax, Range(at, at)))
                if found:
                    return found
        raise JsonRpcInvalidParams(
            "there is no task: pass 'task', or write it as a comment (TODO: …) in the document"
        )

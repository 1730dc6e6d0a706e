"""Keep, undo or explain each hunk of an edit: by code action, and by code lens where there are any.

Nothing of it needs a plugin: the titles are ours, the commands run in the server, and an undo comes
by ``workspace/applyEdit`` like any edit.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams

from lsp_agent.agent.requests import from_json
from lsp_agent.agent.types import Focus, RunRequest
from lsp_agent.context.untrusted import guarded
from lsp_agent.errors import LspAgentError
from lsp_agent.server.deliver import StaleEditError, deliver
from lsp_agent.workspace.diff import unified_diff
from lsp_agent.workspace.errors import RebaseConflictError
from lsp_agent.workspace.overlay import FileChange
from lsp_agent.workspace.positions import Position, Range

if TYPE_CHECKING:
    from lsp_agent.server.context import Context
    from lsp_agent.server.documents import OpenDocument
    from lsp_agent.server.features.deliveries import Deliveries
    from lsp_agent.server.features.requests import Arguments
    from lsp_agent.server.hunks import ReviewedFile
    from lsp_agent.workspace.hunk_review import HunkPlace

COMMAND = "lspAgent.hunk"
KIND = "refactor.rewrite.lspAgent.hunk"
_TITLES = {
    "keep": "Keep this change",
    "undo": "Undo this change",
    "explain": "Why this change?",
    "keepAll": "Keep all changes",
}
_REFRESH_SECONDS = 5.0
_MAX_DIFF = 8000


class HunkFeatures:
    """What an editor is offered for the hunks of an edit, and the command behind it."""

    def __init__(self, context: Context, deliveries: Deliveries) -> None:
        self._context = context
        self._deliveries = deliveries
        self._refreshing: asyncio.Task[None] | None = None
        context.session.hunks.on_change = self._refresh_soon

    def announce(self) -> None:
        """Have code lenses in the answer to ``initialize``, where the client knows them."""
        if self._context.session.features.code_lens:
            server, options = self._context.server, types.CodeLensOptions(resolve_provider=False)

            @server.feature(types.TEXT_DOCUMENT_CODE_LENS, options)
            async def code_lens(params: types.CodeLensParams) -> list[types.CodeLens]:
                return await self._lenses(params.text_document.uri)

    async def actions(
        self, document: OpenDocument, range_: types.Range
    ) -> list[types.CodeAction | types.Command]:
        """Return what can be done with the hunks that a range touches."""
        first, last = range_.start.line, range_.end.line
        return [
            types.CodeAction(command.title, KIND, command=command)
            for place, commands in await self._offered(document)
            if place.first <= last and place.last >= first
            for command in commands
        ]

    async def __call__(
        self, arguments: Arguments, _token: types.ProgressToken | None
    ) -> dict[str, Any]:
        """Decide on one hunk, or keep all of its run; answer with how many are left to decide.

        Raises ``LspAgentError`` for a hunk that is no longer there, or whose lines were changed.
        """
        hunks = self._context.session.hunks
        uri, what = arguments.text("uri") or "", arguments.text("do")
        async with hunks.deciding:
            file = hunks.get(uri)
            if file is None or file.run_id != arguments.text("runId"):
                raise StaleEditError("this edit is not reviewed any more: it was kept, or saved")
            number = arguments.number("hunk")
            if what == "keepAll":
                for one in hunks.of_run(file.run_id):
                    hunks.end(one)
            elif number not in file.review.open:
                raise StaleEditError("this change was decided on already")
            elif what == "keep":
                hunks.decide(uri, lambda review: review.keep(number))
            elif what == "undo":
                await self._undo(uri, file, number)
            elif what == "explain":
                return await self._explain(uri, file, number)
            else:
                raise JsonRpcInvalidParams(f"'do' is one of {', '.join(_TITLES)}, not {what!r:.40}")
        left = sum(len(one.review.open) for one in hunks.of_run(file.run_id).values())
        return {"runId": file.run_id, "left": left}

    async def _lenses(self, uri: str) -> list[types.CodeLens]:
        document = self._context.session.documents.get(uri)
        if document is None:
            return []
        return [
            types.CodeLens(_line(place.first), command)
            for place, commands in await self._offered(document)
            for command in commands
        ]

    async def _offered(
        self, document: OpenDocument
    ) -> list[tuple[HunkPlace, Sequence[types.Command]]]:
        """Return the open hunks, and what can be done with each."""
        hunks = self._context.session.hunks
        file = hunks.get(document.uri)
        if file is None:
            return []
        app = await self._context.session.app()
        if not app.settings.agent.hunks:
            return []
        some = ["keep", "undo"]
        if not app.unable("explain", file.path):
            some.append("explain")
        places = await hunks.places(document)
        left = sum(len(one.review.open) for one in hunks.of_run(file.run_id).values())
        return [
            (place, [_command(file, document.uri, place.number, what, left) for what in offered])
            for at, place in enumerate(places)
            # What goes for all stands at the first one only.
            for offered in [[*some, "keepAll"] if at == 0 and left > 1 else some]
        ]

    async def _undo(self, uri: str, file: ReviewedFile, number: int) -> None:
        """Take one hunk back where it is now; undoing the run takes back what is left of it."""
        session = self._context.session
        document = session.documents.get(uri)
        if document is None:
            raise StaleEditError(f"{file.path} is not open any more")
        now = document.text.content
        try:
            after = await session.in_thread(lambda: file.review.without(number, now))
        except RebaseConflictError as error:
            where = ", ".join(f"{first}-{last}" for first, last in error.spans)
            raise StaleEditError(
                f"the change was changed since, in line(s) {where}; mend it by hand"
            ) from error
        change = FileChange("modify", file.path, uri, now, after, document.version)
        overlay, _ = session.overlay(uri)
        if after != now:
            label = "lsp-agent: undo a change"
            await deliver(self._context.server, session, overlay, [change], label, None)
        left = replace(change, after=file.review.refuse(number).after)
        await session.keeper.amended(file.run_id, overlay, left)
        session.hunks.decide(uri, lambda review: review.refuse(number))

    async def _explain(self, uri: str, file: ReviewedFile, number: int) -> dict[str, Any]:
        """Have the model say why; the answer is shown when it is there."""
        session = self._context.session
        document = session.documents.get(uri)
        places = await session.hunks.places(document) if document is not None else ()
        place = next((one for one in places if one.number == number), None)
        if document is None or place is None:
            raise StaleEditError("this change is not in the text any more")
        app = await session.app()
        asked = await session.in_thread(lambda: app.journal.request(file.run_id))
        end = Position(place.last, len(document.text.line(place.last)))
        range_ = Range(Position(place.first, 0), end)
        before, after = file.review.made_of(number)
        request = RunRequest(
            task=_question(asked, unified_diff(before, after, file.path, file.path)),
            focus=Focus(session.locate(uri).path, range_),
            target=range_,
            answer="text",
            action="explain",
            title=_TITLES["explain"],
        )
        overlay, _ = session.overlay(uri, scoped=True)
        handle = await self._context.runs.start(request, overlay)
        self._deliveries.finish_later(handle)
        return {"runId": handle.run_id}

    def _refresh_soon(self) -> None:
        if self._context.session.features.code_lens_refresh:
            self._refreshing = asyncio.ensure_future(self._refresh())

    async def _refresh(self) -> None:
        with contextlib.suppress(TimeoutError, JsonRpcException):
            async with asyncio.timeout(_REFRESH_SECONDS):
                await self._context.server.workspace_code_lens_refresh_async(None)


def _question(asked: str, diff: str) -> str:
    """Ask about a change; what it is made of is data, as everything that a file may hold."""
    try:
        task = from_json(asked).task if asked else ""
    except LspAgentError:
        task = ""
    why = f'An assistant made it for the task "{guarded(task)}". ' if task else ""
    body = guarded(diff.partition("\n+++")[2].partition("\n")[2][:_MAX_DIFF])
    return (
        f"The piece was changed so:\n{body}\n{why}Say in a few sentences why this change was made, "
        "what it does, and what to look at before keeping it."
    )


def _command(file: ReviewedFile, uri: str, number: int, what: str, left: int) -> types.Command:
    data = {"runId": file.run_id, "uri": uri, "hunk": number, "do": what}
    title = f"{_TITLES[what]} ({left})" if what == "keepAll" else _TITLES[what]
    return types.Command(title, COMMAND, arguments=[data])


def _line(line: int) -> types.Range:
    return types.Range(types.Position(line, 0), types.Position(line, 0))

"""The runs of a session: started in worker threads, watched and cancelled from the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from lsp_agent.agent.ids import new_run_id
from lsp_agent.agent.types import ApprovalQuestion, Reply, RunRequest, RunResult
from lsp_agent.cancel import CancelToken
from lsp_agent.events import Event
from lsp_agent.server.approvals import ask_client
from lsp_agent.server.progress import Progress, ProgressBook
from lsp_agent.server.session import Session
from lsp_agent.verify.words import checked, remark
from lsp_agent.workspace.overlay import Overlay

_WORDS: dict[str, Callable[[Event], str]] = {
    "verification": lambda event: f"checking {event.data['check']}",
    "approval_requested": lambda event: f"waiting for your answer: {event.data['title']}",
}


@dataclass(slots=True)
class RunHandle:
    """One run; ``result`` is done when the run is."""

    run_id: str
    title: str
    overlay: Overlay
    cancel: CancelToken
    result: asyncio.Future[RunResult] = field(repr=False)


def _ending(result: RunResult) -> str:
    """Say how a run ended, with each check's verdict: not every client has annotations."""
    status = result.status.replace("_", " ")
    if result.status != "edited":
        return status
    said = (status, remark(result.verdicts), *checked(result.verdicts).split("\n"))
    return "; ".join(one for one in said if one)


class RunManager:
    """Starts runs and knows those under way."""

    def __init__(self, server: LanguageServer, session: Session, book: ProgressBook) -> None:
        self._server = server
        self._session = session
        self._book = book
        self._running: dict[str, RunHandle] = {}

    async def start(
        self,
        request: RunRequest,
        overlay: Overlay,
        token: types.ProgressToken | None = None,
    ) -> RunHandle:
        """Start a run; its progress goes to the client's token or to one that is made."""
        app = await self._session.app()
        chunks = self._session.surroundings.ring.chunks()
        request = replace(request, recent=tuple(dict.fromkeys(chunk.path for chunk in chunks)))
        loop = asyncio.get_running_loop()
        cancel = CancelToken()
        run_id = new_run_id()
        title = request.title or request.task.partition("\n")[0][:60]
        progress = await self._book.begin(f"lsp-agent: {title}", token, cancel.cancel)

        def listener(event: Event) -> None:
            words = _WORDS.get(event.type)
            if words is not None:
                loop.call_soon_threadsafe(progress.report, words(event).strip())

        def step(words: str, share: float | None) -> None:
            loop.call_soon_threadsafe(progress.report, words, share)

        def ask(question: ApprovalQuestion) -> Reply:
            work = ask_client(self._server, question, cancel)
            return asyncio.run_coroutine_threadsafe(work, loop).result()

        def work() -> RunResult:
            return app.run(
                request,
                overlay,
                cancel=cancel,
                listener=listener,
                ask=ask,
                progress=step,
                run_id=run_id,
            )

        result = loop.run_in_executor(self._session.workers, work)
        handle = RunHandle(run_id, title, overlay, cancel, result)
        self._running[run_id] = handle
        result.add_done_callback(lambda done: self._ended(handle, progress, done))
        return handle

    async def wait(self, handle: RunHandle) -> RunResult:
        """Wait for a run; being cancelled while waiting cancels the run."""
        try:
            return await asyncio.shield(handle.result)
        except asyncio.CancelledError:
            handle.cancel.cancel()
            raise

    def get(self, run_id: str) -> RunHandle | None:
        """Return a run that is under way."""
        return self._running.get(run_id)

    def cancel(self, run_id: str | None = None) -> int:
        """Cancel one run, or all of them; return how many were under way."""
        chosen = [one for one in self._running.values() if run_id in (None, one.run_id)]
        for handle in chosen:
            handle.cancel.cancel()
        return len(chosen)

    def running(self) -> list[dict[str, str]]:
        """List the runs under way."""
        return [{"runId": one.run_id, "title": one.title} for one in self._running.values()]

    def _ended(
        self, handle: RunHandle, progress: Progress, done: asyncio.Future[RunResult]
    ) -> None:
        self._running.pop(handle.run_id, None)
        failed = done.cancelled() or done.exception() is not None
        progress.end("cancelled" if failed else _ending(done.result()))

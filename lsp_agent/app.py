"""The one place that puts the parts together from a configuration."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsp_agent import __version__
from lsp_agent.actions.spec import Action, load_actions
from lsp_agent.agent.abilities import unable
from lsp_agent.agent.environment import Progress, RunEnvironment
from lsp_agent.agent.ids import new_run_id
from lsp_agent.agent.loop import fail_before, run_agent
from lsp_agent.agent.memory import Memory
from lsp_agent.agent.permits import Permits
from lsp_agent.agent.prompts import Prompts, load_prompts
from lsp_agent.agent.redaction import RedactingEngine
from lsp_agent.agent.requests import to_json
from lsp_agent.agent.self_test import SelfTests
from lsp_agent.agent.types import Ask, RunRequest, RunResult
from lsp_agent.cancel import CancelToken
from lsp_agent.config.model import AnyEngineSettings, LlamaSettings, Settings
from lsp_agent.config.paths import Home
from lsp_agent.config.trust import TrustStore
from lsp_agent.context.folders import Folders
from lsp_agent.engine.catalogue import EMBEDDED
from lsp_agent.engine.router import EngineRouter, PreparedEngine, Route
from lsp_agent.engine.types import Engine, Job
from lsp_agent.errors import LspAgentError
from lsp_agent.events import EventStream, Listener
from lsp_agent.language_servers.pool import LanguageServers
from lsp_agent.language_servers.types import View
from lsp_agent.plugins import Plugins
from lsp_agent.sandbox.choose import find_sandbox
from lsp_agent.sandbox.types import Sandbox
from lsp_agent.store.apply import recover
from lsp_agent.store.approvals import RememberedApprovals
from lsp_agent.store.changes import Changes
from lsp_agent.store.findings import KeptFindings
from lsp_agent.store.journal import Journal, JournalError
from lsp_agent.store.notes import Notebook
from lsp_agent.store.past import past_edits
from lsp_agent.store.undoing import Undoing
from lsp_agent.tools.spec import Tool, load_tools
from lsp_agent.vcs.commits import GitRules
from lsp_agent.verify.programs import Programs
from lsp_agent.verify.types import Workshop
from lsp_agent.workspace.overlay import FileChange, Overlay
from lsp_agent.workspace.roots import Root

if TYPE_CHECKING:
    from lsp_agent.agent.commit_message import Described
    from lsp_agent.review.run import Review
    from lsp_agent.review.types import ChangedFile

_log = logging.getLogger(__name__)


def _quiet(_step: str, _share: float | None) -> None:
    """Take progress for those who do not ask for it."""


class App:
    """Engines, tools, actions and journal of one process; runs may go on side by side."""

    def __init__(
        self,
        settings: Settings,
        home: Home,
        *,
        env: Mapping[str, str] = os.environ,
        warn: Callable[[str], None] = _log.warning,
        trusts: Callable[[Path], bool] | None = None,
        sandbox: Sandbox | None = None,
    ) -> None:
        self.settings = settings
        self._sandbox = sandbox
        self._env = env
        self.home = home
        self._warn = warn
        self.plugins = Plugins(
            warn, enabled=settings.plugins.enabled, disabled=settings.plugins.disabled
        )
        self.engines = EngineRouter(settings, home, env, self._wrapped, self.plugins)
        self.journal = Journal(home.journal, settings.journal, env=env, warn=warn)
        self.memory = Memory(self.journal, lambda: self.settings.memory)
        self.changes = Changes(self.journal)
        self.undoing = Undoing(self.journal)
        self.findings = KeptFindings(self.journal)
        self.folders = Folders(
            home.cache, lambda: self.settings, lambda: self.engines.lease("embedding")
        )
        self._trusts = trusts or TrustStore(home).is_trusted
        self.language_servers = LanguageServers(settings.language_servers, self._trusts, env)
        self._programs = Programs(env, self._trusts)
        self.self_tests = SelfTests(home.cache / "self_tests.json")

    @cached_property
    def actions(self) -> dict[str, Action]:
        """The catalogue of actions by name."""
        return load_actions(self._warn, self.plugins)

    @cached_property
    def tools(self) -> dict[str, Tool[Any]]:
        """The tools by name."""
        return load_tools(self._warn, self.plugins)

    def run(
        self,
        request: RunRequest,
        overlay: Overlay,
        *,
        cancel: CancelToken,
        listener: Listener,
        ask: Ask,
        progress: Progress = _quiet,
        run_id: str | None = None,
        yes: bool = False,
        dry_run: bool = False,
    ) -> RunResult:
        """Carry out a request in this thread, which it may take minutes of.

        ``yes`` answers questions about ordinary edits; with ``dry_run`` no command is run.
        Never raises: what goes wrong is the result's status and summary. An engine that can't be
        made at all ends the run as one that fails later does, with the same events.
        """
        run_id = run_id or new_run_id()
        workspace = str(overlay.root.path) if overlay.root else ""
        title = request.title or request.task[:200]
        asked = replace(request, scope=overlay.scope if request.scope is None else request.scope)
        self.journal.start(run_id, title, workspace, request.action, to_json(asked))
        events = EventStream(run_id, self.journal.record, listener)
        self._prepare_checks(request, overlay)
        overlay.close_to_writing(self.home.own)
        workshop = self._workshop(overlay)
        notes = self.memory.notebook(workspace, run_id)
        try:
            route: Route = "action" if request.action else "agent"
            with self.engines.lease(route) as engine:
                env = RunEnvironment(
                    run_id=run_id,
                    engine=engine,
                    overlay=overlay,
                    tools=self._offered(workshop, notes),
                    settings=self.settings,
                    events=events,
                    ask=ask,
                    permits=self._permits(overlay.root, yes=yes, dry_run=dry_run),
                    job=Job.ACTION if request.action else Job.RUN,
                    progress=progress,
                    index=self.folders.index(overlay.root) if overlay.root else None,
                    instruments=self.language_servers,
                    programs=self._programs,
                    knowledge=self.folders.knowledge(overlay.root) if overlay.root else None,
                    note=lambda kind, data: self.journal.note(kind, run_id, data),
                    keep=lambda changes: self.journal.keep(run_id, changes),
                    past=lambda path: past_edits(self.journal, workspace, path),
                    workshop=workshop,
                    git=self._git_rules(overlay.root),
                    prompts=self.prompts(),
                    calls_tools=self.self_tests.known,
                    notes=notes,
                    turns=self.memory.turns(workspace, request),
                    examples=self.memory.examples(workspace, request),
                )
                result = run_agent(request, env, cancel)
                if not cancel.cancelled:
                    self.self_tests.consider(engine.info(), lambda: self.engines.lease(route))
        except LspAgentError as error:
            result = fail_before(run_id, request, events, error)
        finally:
            if workshop is not None:
                workshop.close()
        self.journal.conclude(run_id, result.summary)
        self.memory.conclude(workspace, request, result)
        return result

    def recover(self) -> None:
        """Undo an ``--apply`` that died half way, and warn of it; raises ``ApplyError``."""
        found = recover(self.home.apply_log)
        for paths, what in ((found.restored, "undid"), (found.kept, "left, as it changed since,")):
            if paths:
                self._warn(f"an earlier --apply was cut off; {what}: {', '.join(paths)}")
        if found.restored or found.kept:
            data = {"restored": found.restored, "kept": found.kept}
            self.journal.note("apply_rolled_back", data=data)

    def notice_interrupted(self) -> str:
        """Return one line on the runs whose process died, told once; ``""`` without any."""
        try:
            rows = self.journal.notice_interrupted()
        except JournalError:
            # The first run that is to be recorded tells of it.
            return ""
        if not rows:
            return ""
        more = f" and {len(rows) - 1} more" if len(rows) > 1 else ""
        return (
            f"a run was cut off: {rows[0].id} ({rows[0].title}){more}; to go on: "
            f"lsp-agent runs resume {rows[0].id}"
        )

    def _permits(self, root: Root | None, *, yes: bool, dry_run: bool) -> Permits:
        if root is None:
            return Permits(yes=yes, dry_run=dry_run)
        remembered = RememberedApprovals(self.home, root.path)
        return Permits(self._trusts(root.path), remembered, yes=yes, dry_run=dry_run)

    def commit_message(self, folder: Path, base: str | None, cancel: CancelToken) -> Described:
        """Describe what is to be committed, or what was since ``base``; one inference at most.

        Raises ``LspAgentError`` where there is nothing to describe.
        """
        from lsp_agent.agent.commit_message import commit_message, pull_request

        lease = partial(self.engines.lease, "agent")
        if base is not None:
            return pull_request(folder, base, lease, self.settings, cancel, self.prompts())
        return commit_message(folder, lease, self.settings, cancel, self.prompts())

    def prompts(self) -> Prompts:
        """Return the user's prompts as they are now."""
        prompts, problems = load_prompts(self.home.prompts)
        for problem in problems:
            _log.warning("%s", problem)
        return prompts

    def review(
        self, overlay: Overlay, files: Sequence[ChangedFile], most: int | None = None
    ) -> Review:
        """Return a review of what changed, ready to be prepared; see :class:`Review`."""
        from lsp_agent.review.run import Desk, Review

        desk = Desk(
            lambda: self.engines.lease("review"),
            self.settings,
            self.journal,
            self.language_servers,
            self.prompts(),
        )
        return Review(desk, overlay, files, most)

    def _git_rules(self, root: Root | None) -> GitRules:
        """Hooks are code of the folder: they run in a trusted one only."""
        if root is None:
            return GitRules()
        hooks = self.settings.git.hooks and self._trusts(root.path)
        workspace = str(root.path)
        return GitRules(lambda: self.changes.newest(workspace), hooks, self.settings.safety.network)

    def _wrapped(self, engine: Engine, settings: AnyEngineSettings) -> Engine:
        """Keep answers where that is wanted, and secrets out of prompts to servers and plugins.

        They may pass them on, those on this machine too.
        """
        engine = self.memory.caching(engine, settings)
        if isinstance(settings, LlamaSettings):
            return engine
        return RedactingEngine(engine, lambda: self.settings.safety.redact)

    def checkpoint(self, root: Root, run_id: str, changes: Sequence[FileChange]) -> None:
        """Keep what a run changed under a private ref, where the settings and git allow it.

        Old ones are removed. Not for the event loop; what goes wrong is one line in the log.
        """
        if self.settings.git.checkpoints and changes:
            from lsp_agent.vcs.checkpoints import keep

            keep(root, run_id, changes, self.settings.git.checkpoint_days)

    def unable(self, action: str, path: str, route: Route = "action") -> str:
        """Say why an action can't run on a file with the engine that is set; ``""`` if it can.

        Loads no model; a setting that names no engine is told of when the action runs. The first
        call for an engine reads its file's header, up to 0.2 s for a large vocabulary: see
        :meth:`warm`.
        """
        try:
            info = self.engines.about(route)
        except LspAgentError:
            return ""
        return unable(info, action, path)

    def warm(self) -> None:
        """Have at hand what listing the actions asks, outside the event loop."""
        self.unable("", "")
        _ = self.actions

    def status(self) -> dict[str, Any]:
        """Describe the process for people and scripts; JSON-ready.

        An engine in another process is waited for a quarter of a second, and the first call tries
        the sandbox, for a tenth of one: not for the event loop.
        """
        infos = self.engines.infos()
        name = self.engines.name_of("agent")
        current = next((info for info in infos if info.name == name), None)
        configured = self.settings.engines.get(name)
        loaded = bool(current and current.loaded)
        model = getattr(configured, "model", None)
        if current is not None and model != EMBEDDED:
            # A path is shown by its file's name.
            model = current.model
        return {
            "version": __version__,
            "engine": name,
            "model": model,
            "loaded": loaded,
            "context": {
                "size": current.n_ctx if current else getattr(configured, "n_ctx", None),
                "used": current.detail.get("context_used", 0) if current else 0,
            },
            "cache_hit_ratio": current.detail.get("cache_hit_ratio") if current else None,
            "queue": sum(int(info.detail.get("queue", 0)) for info in infos),
            "engines": [
                {"name": info.name, "kind": info.kind, "model": info.model, **info.detail}
                for info in infos
            ],
            "languageServers": self.language_servers.status(),
            "index": self.folders.status(),
            "sandbox": self._sandbox_status(),
            "plugins": [asdict(one) for one in self.plugins.status()],
        }

    def _sandbox_status(self) -> dict[str, Any]:
        found, remarks = find_sandbox(self.settings.sandbox, self._env, self.plugins)
        return {
            "name": found.name if found else None,
            "abilities": sorted(found.abilities) if found else [],
            "remarks": remarks,
        }

    def prepare(self, settings: Settings, name: str, cancel: CancelToken) -> PreparedEngine:
        """Load an engine of settings that are to be taken next, for :meth:`reconfigure`.

        Until then everything goes on with what is there. Raises ``LspAgentError`` for a model that
        can't be had; nothing has changed then.
        """
        return self.engines.prepare(settings, name, cancel)

    def reconfigure(
        self, settings: Settings, prepared: Mapping[str, PreparedEngine] | None = None
    ) -> None:
        """Take new settings; engines that they describe anew are made when next needed.

        Runs under way keep the engine that they have until they end; indexes that the settings
        describe otherwise are brought up to date when next asked.
        """
        before, self.settings = self.settings, settings
        if before.journal != settings.journal:
            self.journal.reconfigure(settings.journal)
        if changed := _changed_keys(before, settings):
            self.journal.note("settings_changed", data={"keys": changed})
        self.folders.forget()
        if (before.index, before.exclude) != (settings.index, settings.exclude):
            self.folders.close()
        self.engines.reconfigure(settings, prepared)
        self.language_servers.reconfigure(settings.language_servers)

    def close(self) -> None:
        """Stop the engines, the indexing and the language servers; finish the journal."""
        self.self_tests.close()
        self.folders.forget()
        self.folders.close()
        self.language_servers.close()
        self.engines.close()
        self.journal.close()

    def _workshop(self, overlay: Overlay) -> Workshop | None:
        """Return where a run's commands are carried out; nothing is made before the first."""
        if overlay.root is None:
            return None
        from lsp_agent.verify.environments import project_variables
        from lsp_agent.verify.workshop import SandboxedWorkshop

        variables = project_variables(overlay.root.path, self._env)
        sandbox = self._sandbox or find_sandbox(self.settings.sandbox, variables, self.plugins)[0]
        if sandbox is None:
            return None
        copies = self.home.cache / "copies"
        return SandboxedWorkshop(overlay.root, sandbox, self.settings, copies)

    def _offered(
        self, workshop: Workshop | None, notes: Notebook | None
    ) -> Mapping[str, Tool[Any]]:
        """Return the tools that can do something here."""
        return {
            name: tool
            for name, tool in self.tools.items()
            if (workshop is not None or not tool.runs_programs)
            and (notes is not None or not tool.uses_notes)
        }

    def _prepare_checks(self, request: RunRequest, overlay: Overlay) -> None:
        """Let the language servers load the project while the model thinks."""
        wanted = self.settings.verify.diagnostics and request.answer != "text"
        view = View.of(overlay) if wanted and request.focus else None
        if view is not None and request.focus is not None:
            self.language_servers.prepare(view, request.focus.path)


def _changed_keys(before: Settings, after: Settings) -> list[str]:
    """Return the names of the settings that differ; their values may be secrets."""
    old, new = before.model_dump(), after.model_dump()
    return [
        f"{section}.{key}" if isinstance(value, dict) else section
        for section, value in new.items()
        if value != old[section]
        for key in (sorted(value | old[section]) if isinstance(value, dict) else [""])
        if not isinstance(value, dict) or value.get(key) != old[section].get(key)
    ]

"""Rounds of: start something, kill -9 it, start again, look at everything.

    .venv/bin/python -m benchmarks.kill9 --rounds 1000

Scenarios are a run with ``--apply`` in several steps, an apply of many files, an undo, and the
language server in the middle of a run. A process is killed after a random time, after some events
of its files, or right before one of its calls that change files; in some rounds the next one is
killed as well. Then a run must go as ever, and: every file is whole and all are of one side, the
database is sound, the audit's chain holds, nothing lies about, no lock is held, no run is said to
be under way.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.kill9.processes import KILLED, Ended, Moment, ServerTalk, start, warm_up, watch

TASK, PING = "rewrite the files", "are you there"
HOME_ROUNDS = 20
CONFIG = """[engines.remote]
kind = "openai"
base_url = "{url}"
model = "scripted"
max_retries = 0
[routes]
agent = "remote"
[index]
enabled = false
"""


@dataclass(frozen=True)
class Scenario:
    """What is killed: ``steps`` answers of the model, each with some calls, on ``files`` files."""

    name: str
    files: int
    steps: int

    @property
    def before(self) -> dict[str, bytes]:
        return {f"d{n % 4}/f{n}.txt": _text(n, "old") for n in range(self.files)}

    @property
    def after(self) -> dict[str, bytes]:
        texts: dict[str, bytes] = {}
        for n in range(self.files):
            if n % 8 == 5:
                texts[f"moved/f{n}.txt"] = _text(n, "old")
            elif n % 8 != 6:
                texts[f"d{n % 4}/f{n}.txt"] = _text(n, "new")
            if n % 8 == 7:
                texts[f"made/m{n}.txt"] = _text(n, "new")
        return texts

    def calls(self) -> list[tuple[str, dict[str, str]]]:
        calls: list[tuple[str, dict[str, str]]] = []
        for n in range(self.files):
            path = f"d{n % 4}/f{n}.txt"
            if n % 8 == 5:
                calls.append(("move_file", {"path": path, "new_path": f"moved/f{n}.txt"}))
            elif n % 8 == 6:
                calls.append(("delete_file", {"path": path}))
            else:
                calls.append(("write_file", {"path": path, "content": _text(n, "new").decode()}))
            if n % 8 == 7:
                content = _text(n, "new").decode()
                calls.append(("write_file", {"path": f"made/m{n}.txt", "content": content}))
        return calls


SCENARIOS = {
    "run": Scenario("run", 8, 4),
    "apply": Scenario("apply", 40, 1),
    "undo": Scenario("undo", 24, 1),
    "server": Scenario("server", 8, 4),
}


def _text(number: int, what: str) -> bytes:
    return f"{what} text of file {number}\n".encode() * 40


def serve_model() -> tuple[int, str]:
    """Fork the process that plays the model; return its id and URL."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        from tests.support.scripted_endpoint import ScriptedEndpoint

        # It says so when a client dies in the middle of a request.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        with ScriptedEndpoint(_reply) as endpoint:
            os.write(writing, endpoint.base_url.encode())
            os.close(writing)
            while True:
                time.sleep(3600)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        return child, pipe.read()


def _reply(body: dict[str, Any]) -> Any:
    from tests.support.scripted_endpoint import Reply, call

    asked = json.dumps(body["messages"][1]["content"])
    scenario = next((one for name, one in SCENARIOS.items() if f"{TASK}: {name}" in asked), None)
    if scenario is None:
        return Reply(text="Yes.")
    calls = scenario.calls()
    done = sum(message["role"] == "tool" for message in body["messages"])
    each = -(-len(calls) // scenario.steps)
    chosen = [
        call(name, id=f"c{done + n}", **arguments)
        for n, (name, arguments) in enumerate(calls[done : done + each])
    ]
    return Reply(tool_calls=tuple(chosen)) if chosen else Reply(text="Done.")


class World:
    """One home and one workspace after the other, and what is to hold in them."""

    def __init__(self, base: Path, url: str, seed: int) -> None:
        self.base = base
        self.url = url
        self.random = random.Random(seed)
        self.work = base / "work"
        self.home = base / "home"
        self.phases: Counter[str] = Counter()
        self.full: dict[str, tuple[Ended, int]] = {}
        self.kills = 0
        self.seen: set[str] = set()

    @property
    def env(self) -> dict[str, str]:
        return {
            "LSP_AGENT_HOME": str(self.home), "LSP_AGENT_LANGUAGE_SERVERS_ENABLED": "false",
            "HOME": str(self.base), "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip

    def new_home(self) -> None:
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir()
        self.home.joinpath("config.toml").write_text(CONFIG.format(url=self.url))

    def set_up(self, scenario: Scenario) -> None:
        shutil.rmtree(self.work, ignore_errors=True)
        for path, data in scenario.before.items():
            self.work.joinpath(path).parent.mkdir(parents=True, exist_ok=True)
            self.work.joinpath(path).write_bytes(data)
        if scenario.name == "undo":
            done = self.once(["run", f"{TASK}: undo", "--apply"])
            assert done.status == 0, f"what is to be undone failed with {done.status}"

    def once(self, arguments: list[str], moment: Moment = Moment(), **rest: Any) -> Ended:  # noqa: B008
        """Run a command to its end, or to its death."""
        child = start(arguments, self.work, self.env, calls=moment.calls, **rest)
        return watch(child, self._folders(), moment)

    def killed(self, scenario: Scenario, moment: Moment, **rest: Any) -> Ended:
        """Carry out a scenario up to a moment."""
        if scenario.name != "server":
            undo = ["runs", "undo", self._last_run()] if scenario.name == "undo" else None
            return self.once(undo or ["run", f"{TASK}: {scenario.name}", "--apply"], moment, **rest)
        talk = ServerTalk(self.work, f"{TASK}: server")
        child = start(
            ["serve"], self.work, self.env, calls=moment.calls, streams=talk.streams, **rest
        )
        try:
            return watch(child, self._folders(), moment, talk.started())
        finally:
            talk.close()

    def measure(self, scenario: Scenario) -> None:
        """See how long a scenario takes, and how much it does, when it is let live."""
        report = self.base / "report.json"
        # What is not imported yet would be imported in each round.
        for _ in range(2):
            self.set_up(scenario)
            ended = self.killed(scenario, Moment(), report=report)
            assert ended.status == 0, f"{scenario.name} failed with {ended.status}: {self._said()}"
            told = json.loads(report.read_text())
            warm_up(told["modules"])
            self.full[scenario.name] = (ended, told["calls"])

    def round(self, scenario: Scenario, number: int) -> None:
        """Kill, start again, look; raises ``AssertionError`` with what is wrong."""
        if number % HOME_ROUNDS == 0:
            self.new_home()
        self.set_up(scenario)
        moment = self._moment(scenario.name)
        ended = self.killed(scenario, moment)
        assert ended.status in {0, KILLED}, f"it ended with {ended.status}: {self._said()}"
        self.kills += ended.status == KILLED
        self.phases[f"{scenario.name}: {self._phase(scenario, ended)}"] += 1
        if self.random.random() < 0.25:
            calls = self.random.randrange(1, 80)
            again = self.once(["run", PING], Moment(calls=calls))
            self.kills += again.status == KILLED
            self.phases["and again, in the next run"] += again.status == KILLED
        following = self.once(["run", PING])
        assert following.status == 0, f"the next run ended with {following.status}: {self._said()}"
        self._look(scenario, finished=ended.status == 0)

    def _moment(self, name: str) -> Moment:
        ended, calls = self.full[name]
        return self.random.choice(
            [
                Moment(seconds=self.random.uniform(0, ended.seconds)),
                Moment(events=self.random.randint(1, max(ended.events, 1))),
                Moment(calls=self.random.randint(1, max(calls, 1))),
            ]
        )

    def _phase(self, scenario: Scenario, ended: Ended) -> str:
        if ended.status == 0:
            return "finished"
        first, then = scenario.before, scenario.after
        if scenario.name == "undo":
            first, then = then, first
        if not self.home.joinpath("apply.log").exists():
            return "after its files" if self._tree() == then else "before its files"
        tree = {path: data for path, data in self._tree().items() if not path.endswith(".tmp")}
        if tree == first:
            return "writing beside its files"
        return "log not yet removed" if tree == then else "between two files"

    def _look(self, scenario: Scenario, *, finished: bool) -> None:
        tree, before, after = self._tree(), scenario.before, scenario.after
        if scenario.name == "server":
            assert tree == before, f"the server changed {_differ(tree, before)}"
        elif finished:
            wanted = before if scenario.name == "undo" else after
            assert tree == wanted, f"it finished, but {_differ(tree, wanted)}"
        else:
            assert tree in (before, after), (
                f"neither: {_differ(tree, before)} / {_differ(tree, after)}"
            )
        lying = [path.name for path in self.home.rglob("*.tmp")] + [
            path.name for path in (self.home / "apply.log",) if path.exists()
        ]
        assert not lying, f"left: {lying}"
        self._look_at_journal()
        if scenario.name in ("run", "apply"):
            self._look_at_audit(applied=tree == after)
        self._look_at_locks()

    def _look_at_journal(self) -> None:
        from lsp_agent.store.journal import Journal

        path = self.home / "journal.sqlite"
        connection = sqlite3.connect(path)
        (sound,) = connection.execute("pragma integrity_check").fetchone()
        running = connection.execute("select id from runs where status = 'running'").fetchall()
        connection.close()
        assert sound == "ok", f"the database: {sound}"
        assert not running, f"said to be under way: {running}"
        broken = Journal(path).verify()
        assert broken is None, f"the audit: {broken}"
        assert not list(self.home.glob("*.corrupt*")), "the journal was taken for corrupt"

    def _look_at_audit(self, *, applied: bool) -> None:
        """See that what is on the disk was written down before, and what was not is not claimed."""
        from lsp_agent.store.journal import Journal

        journal = Journal(self.home / "journal.sqlite")
        rows = [row for row in journal.runs(3) if row.title.startswith(TASK)]
        kinds = {row.kind for row in journal.audit() if rows and row.run == rows[0].id}
        if applied:
            assert "edit_applying" in kinds, f"applied, but the audit has {kinds}"
        elif "edit_applied" in kinds:
            # It may be an earlier round's run, where this one died before it was recorded.
            assert rows[0].id in self.seen, f"the audit has {kinds}, but nothing was applied"
        self.seen.update(row.id for row in rows)

    def _look_at_locks(self) -> None:
        import fcntl

        for lock in self.home.glob("*.lock"):
            with lock.open("ab") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _tree(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.work).as_posix(): path.read_bytes()
            for path in self.work.rglob("*")
            if path.is_file()
        }

    def _folders(self) -> list[Path]:
        below = [path for path in self.work.rglob("*") if path.is_dir()]
        return [self.home, self.work, *below]

    def _last_run(self) -> str:
        from lsp_agent.store.journal import Journal

        return next(
            row.id for row in Journal(self.home / "journal.sqlite").runs() if row.status == "edited"
        )

    def _said(self) -> str:
        log = self.base / "stderr.txt"
        return log.read_text("utf-8", "replace")[-600:] if log.exists() else ""


def _differ(one: dict[str, bytes], other: dict[str, bytes]) -> str:
    paths = sorted(p for p in {*one, *other} if one.get(p) != other.get(p))
    return f"{len(paths)} files differ: {', '.join(paths[:5])}"


def scenarios(names: list[str]) -> list[Scenario]:
    """Return the scenarios that this version has verbs for."""
    from lsp_agent.cli.runs import command

    known = [one for one in SCENARIOS.values() if not names or one.name in names]
    return [one for one in known if one.name != "undo" or "undo" in command.commands]


def main() -> int:
    parser = argparse.ArgumentParser(prog="benchmarks.kill9", description=__doc__)
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scenario", action="append", default=[], choices=list(SCENARIOS))
    parser.add_argument("--seconds", type=float, default=1e9, help="stop after so long")
    options = parser.parse_args()
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # nothing is forked beside threads
    model, url = serve_model()
    began = time.monotonic()
    failures = done = 0
    with tempfile.TemporaryDirectory(prefix="kill9-") as folder:
        world = World(Path(folder).resolve(), url, options.seed)
        try:
            chosen = scenarios(options.scenario)
            world.new_home()
            for scenario in chosen:
                world.measure(scenario)
            for number in range(options.rounds):
                if time.monotonic() - began > options.seconds:
                    break
                scenario = chosen[number % len(chosen)]
                done += 1
                try:
                    world.round(scenario, number)
                except (AssertionError, OSError, TimeoutError) as error:
                    failures += 1
                    print(f"round {number}, {scenario.name}: {error}", file=sys.stderr)
        finally:
            os.kill(model, 9)
            os.waitpid(model, 0)
    report = {
        "rounds": done, "kills": world.kills, "failures": failures,
        "seconds": round(time.monotonic() - began, 1), "phases": dict(sorted(world.phases.items())),
    }  # fmt: skip
    print(json.dumps(report, indent=1))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

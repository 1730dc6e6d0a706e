"""Commit messages and descriptions of pull requests: one inference, and plain words without one."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lsp_agent.agent.prompts import Prompts
from lsp_agent.agent.redaction import MARK
from lsp_agent.agent.sampling import sampling_of
from lsp_agent.cancel import Cancelled, CancelToken
from lsp_agent.config.model import Settings
from lsp_agent.context.untrusted import guarded, remark, unguarded
from lsp_agent.engine.types import Chat, Job, Lease, Message, Request, Usage
from lsp_agent.errors import LspAgentError
from lsp_agent.resources import resource
from lsp_agent.vcs.diffs import FileDiff, fitted, plain_message, read_diff
from lsp_agent.vcs.git import Repository, VcsError
from lsp_agent.vcs.owners import subjects_since, suggest_reviewers
from lsp_agent.workspace.secrets import redacted

_MAX_TOKENS = 320
_FRAME_TOKENS = 512
_MAX_BODY = 4000
_LABEL = re.compile(
    r"(?:\*\*)?(?:subject|title|commit message|message|body|description)(?:\*\*)?:\s*",
    re.IGNORECASE,
)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_log = logging.getLogger(__name__)

Spend = Callable[[Usage], None]


@dataclass(frozen=True, slots=True)
class Described:
    """A subject of at most 72 characters, a body that may be empty, and whom to ask for review."""

    subject: str
    body: str
    reviewers: tuple[str, ...] = ()


def commit_message(
    folder: Path,
    lease: Lease,
    settings: Settings,
    cancel: CancelToken,
    prompts: Prompts,
    spend: Spend = lambda _: None,
) -> Described:
    """Describe what is staged in a folder's repository, else what is changed.

    ``spend`` is told of what it costs. A narrow model is not asked. Where no model answers, the
    files are named. Raises :class:`VcsError` where there is no repository, or nothing to describe.
    """
    repository = _repository(folder)
    diff = repository.diff(staged=True) or repository.diff()
    files = read_diff(diff)
    if not files:
        raise VcsError(f"nothing is changed in {repository.root} that could be committed")
    asked = _ask(prompts.text("commit"), diff, lease, settings, cancel, spend)
    return asked or Described(*plain_message(files))


def pull_request(
    folder: Path,
    base: str,
    lease: Lease,
    settings: Settings,
    cancel: CancelToken,
    prompts: Prompts,
) -> Described:
    """Describe what was committed since a branch or commit, with suggested reviewers.

    Raises :class:`VcsError` as :func:`commit_message` does, and for a ``base`` that is none.
    """
    repository = _repository(folder)
    diff = repository.diff(f"{base}...HEAD")
    files = read_diff(diff)
    if not files:
        raise VcsError(f"nothing was committed since {base}")
    subjects = subjects_since(repository.root, base)
    listed = "\n".join(f"* {one}" for one in subjects)
    asked = _ask(
        prompts.text("pull_request"), f"Commits:\n{listed}\n\n{diff}", lease, settings, cancel
    )
    found = asked or _plain_request(files, subjects, listed)
    reviewers = suggest_reviewers(repository.root, [one.path for one in files], base)
    return Described(found.subject, found.body, reviewers)


def read_message(answer: str) -> Described | None:
    """Read a model's answer leniently: plain, fenced, labelled, or JSON; ``None`` for nothing."""
    text = _CONTROL.sub("", answer.replace("\r\n", "\n")).strip()
    fenced = re.search(r"```\w*\n(.*?)\n?```", text, re.DOTALL)
    text = (fenced[1] if fenced else text).strip()
    if text.startswith("{"):
        try:
            data = json.loads(text)
            text = f"{data['subject']}\n\n{data.get('body') or ''}"
        except (ValueError, KeyError, TypeError):
            return None
    first, _, rest = text.partition("\n")
    subject = _LABEL.sub("", first.lstrip("# "), count=1).strip(" \"'`*").rstrip(".")
    if not subject and rest.strip():
        return read_message(rest)
    body = _LABEL.sub("", rest.strip(), count=1) if _LABEL.match(rest.strip()) else rest.strip()
    return Described(fitted(subject), body[:_MAX_BODY].strip()) if subject else None


def _repository(folder: Path) -> Repository:
    repository = Repository.open(folder)
    if repository is None:
        raise VcsError(f"{folder} is not in a git repository")
    return repository


def _ask(
    system: str,
    text: str,
    lease: Lease,
    settings: Settings,
    cancel: CancelToken,
    spend: Spend = lambda _: None,
) -> Described | None:
    """Ask the model; ``None`` where it can't be asked or says nothing that could be used."""
    try:
        with lease() as engine:
            info = engine.info()
            if info.jobs:
                return None
            info = info if info.loaded else engine.load(cancel)
            said = remark(text)
            text = guarded(text)
            room = max(info.n_ctx - _MAX_TOKENS - _FRAME_TOKENS, _FRAME_TOKENS)
            tokens = engine.count_tokens(text)
            if tokens > room:
                text = text[: len(text) * room // tokens] + "\n[cut]"
            data = f"{text}\n{said}" if said else text
            messages = (Message("system", system), Message("user", data))
            request = Request(
                Chat(messages),
                max_tokens=_MAX_TOKENS,
                grammar=resource("commit.gbnf") if info.grammar else None,
                sampling=sampling_of(settings, Job.ACTION),
                job=Job.ACTION,
            )
            answer = ""
            for delta in engine.generate(request, cancel):
                answer += delta.text
                if delta.usage is not None:
                    spend(delta.usage)
    except Cancelled:
        raise
    except LspAgentError as error:
        _log.warning("no model for a commit message: %s", error)
        return None
    # A message goes farther than the file that it tells of.
    return read_message(MARK.sub("⟨secret⟩", redacted(unguarded(answer))))


def _plain_request(files: list[FileDiff], subjects: list[str], listed: str) -> Described:
    if len(subjects) == 1:
        return Described(fitted(subjects[0]), plain_message(files)[1])
    subject, body = plain_message(files)
    return Described(subject, "\n\n".join(part for part in (listed, body) if part))

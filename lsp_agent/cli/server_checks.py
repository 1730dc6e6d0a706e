"""The doctor's look at other language servers: which are found for a folder, which would help."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from lsp_agent.cli.checks import Check
from lsp_agent.cli.context import CliContext

_MAX_FILES = 5000
_SECONDS = 1.0


def language_servers(context: CliContext, folder: Path) -> Iterator[Check]:
    """Yield a check for the servers that are found, and one for each that would help."""
    from lsp_agent.config.trust import TrustStore
    from lsp_agent.language_servers.pool import LanguageServers

    settings = context.load(folder).settings.language_servers
    if not settings.enabled:
        yield Check("language servers", True, "turned off: language_servers.enabled")
        return
    trusts = TrustStore(context.home).is_trusted
    found, absent = LanguageServers(settings, trusts, os.environ).survey(folder, _files(folder))
    names = ", ".join(f"{one.server.name} ({one.command[0]})" for one in found)
    yield Check("language servers", True, names or "none that this folder has files for")
    jobs = {(one.server.job, one.server.languages) for one in found}
    for one in absent:
        key = one.server.job, one.server.languages
        if key in jobs:
            continue
        jobs.add(key)
        fix = f"lsp-agent trust {folder}" if one.installed else one.server.install
        reason = one.reason.removesuffix(f"; get it with: {fix}").removesuffix(f": {fix}")
        yield Check(f"language server {one.server.name}", False, reason, fix)


def _files(folder: Path) -> list[str]:
    """Return some files of a folder: enough to know its languages."""
    from lsp_agent.workspace.overlay import Overlay
    from lsp_agent.workspace.roots import Root

    end = time.monotonic() + _SECONDS
    files: list[str] = []
    for path in Overlay(Root(folder)).walk():
        files.append(path)
        if len(files) >= _MAX_FILES or time.monotonic() > end:
            break
    return files

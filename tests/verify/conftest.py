"""A folder, its overlay, and the checks on them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from lsp_agent.cancel import CancelToken
from lsp_agent.verify.lint import StyleChecks, Styled
from lsp_agent.verify.programs import Programs
from lsp_agent.verify.types import Workshop
from lsp_agent.workspace.overlay import Overlay
from lsp_agent.workspace.roots import Root
from tests.support.files import write_files

PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


class Bench:
    """A workspace to edit and to check."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.trusted = False
        self.workshop: Workshop | None = None
        self.refusal = "there is nowhere to run it"
        self.env = {"PATH": PATH}
        self.cancel = CancelToken()

    def write(self, texts: dict[str, str]) -> Overlay:
        write_files(self.folder, texts)
        return self.overlay()

    def overlay(self) -> Overlay:
        return Overlay(Root(self.folder))

    def style(self, overlay: Overlay, seconds: float = 60) -> Styled:
        programs = Programs(self.env, lambda _: self.trusted)
        checks = StyleChecks(overlay, programs, self.workshop, self.refusal)
        return checks.check(self.cancel, seconds)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    folder = tmp_path / "ws"
    folder.mkdir()
    return Bench(folder)

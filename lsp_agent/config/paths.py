"""Where state and configuration live."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from platformdirs import PlatformDirs

from lsp_agent.errors import LspAgentError

WORKSPACE_FILES = ("lsp-agent.toml", "pyproject.toml")


@dataclass(frozen=True, slots=True)
class Home:
    """The folders of one user: ``LSP_AGENT_HOME``, else what the platform prescribes.

    Nothing is created by asking; :meth:`folder` does.
    """

    root: Path
    config_file: Path
    log_root: Path
    config_root: Path | None = None

    @classmethod
    def find(cls, env: Mapping[str, str], config: str | None = None) -> Home:
        """Locate the state; ``config`` is the file named on the command line."""
        named = config or env.get("LSP_AGENT_CONFIG")
        moved = env.get("LSP_AGENT_HOME")
        if moved:
            root = Path(moved).expanduser().absolute()
            return cls(root, Path(named) if named else root / "config.toml", root / "logs")
        dirs = PlatformDirs("lsp-agent", appauthor=False)
        file = Path(named) if named else dirs.user_config_path / "config.toml"
        return cls(dirs.user_data_path, file, dirs.user_log_path, dirs.user_config_path)

    @property
    def own(self) -> tuple[Path, ...]:
        """What no run may write, also where it lies in the workspace, or is all of it."""
        files = (self.trust_file, self.approvals_file, self.journal, self.apply_log)
        return (self.root, self.config_file, *files)

    @property
    def models(self) -> Path:
        """Folder of GGUF files that we made or pulled."""
        return self.root / "models"

    @property
    def journal(self) -> Path:
        """The run journal's database file."""
        return self.root / "journal.sqlite"

    @property
    def apply_log(self) -> Path:
        """What an ``--apply`` is about to do, while it does it."""
        return self.root / "apply.log"

    @property
    def trust_file(self) -> Path:
        """Which folders are trusted."""
        return self.root / "trust.json"

    @property
    def approvals_file(self) -> Path:
        """What is always allowed in which folder."""
        return self.root / "approvals.json"

    @property
    def prompts(self) -> Path:
        """Folder of the user's own prompts; beside the user's settings, not those named by hand."""
        return (self.config_root or self.root) / "prompts"

    @property
    def logs(self) -> Path:
        """Folder of log files."""
        return self.log_root

    @property
    def cache(self) -> Path:
        """Folder of what can be made again."""
        return self.root / "cache"

    @property
    def hosts(self) -> Path:
        """Folder where windows find the process that shares a model with them."""
        return self.root / "hosts"

    @property
    def documents(self) -> Path:
        """Folder of texts shown in an editor: explanations."""
        return self.root / "documents"

    def folder(self, path: Path) -> Path:
        """Create a state folder if need be, readable by this user only, and return it."""
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise LspAgentError(
                f"the folder {path} can't be made ({error.strerror}); set LSP_AGENT_HOME to one "
                "that you may write"
            ) from error
        return path


def workspace_files(folder: Path) -> list[Path]:
    """Return the files of a folder that can hold settings, the deciding one first."""
    return [path for name in WORKSPACE_FILES if (path := folder / name).is_file()]

"""What is wrong with a configuration, said so that it can be mended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lsp_agent.errors import LspAgentError


@dataclass(frozen=True, slots=True)
class Problem:
    """One bad or ignored key. ``line`` is 1-based, ``None`` where there are no lines."""

    source: str
    key: str
    message: str
    line: int | None = None
    nearest: str | None = None
    level: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        place = self.source if self.line is None else f"{self.source}:{self.line}"
        hint = f"; did you mean {self.nearest!r}?" if self.nearest else ""
        return f"{place}: {self.message}{hint}"


class ConfigError(LspAgentError):
    """A configuration that can't be used: the command line exits with status 2."""

    code = "bad-configuration"

"""What every verb shares: the global options, the state folders, the settings."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lsp_agent.errors import LspAgentError

if TYPE_CHECKING:
    from lsp_agent.app import App
    from lsp_agent.config.load import Loaded
    from lsp_agent.config.model import Settings
    from lsp_agent.config.paths import Home
    from lsp_agent.plugins import Plugins


class UsageError(LspAgentError):
    """Arguments that do not go together; exit status 2."""

    code = "usage"


@dataclass
class CliContext:
    """The global options of one command line, and what is made from them on demand."""

    config_file: str | None = None
    overrides: dict[str, str] = field(default_factory=dict)
    quiet: bool = False
    verbose: bool = False
    no_color: bool = False

    @property
    def home(self) -> Home:
        """The state folders."""
        from lsp_agent.config.paths import Home

        return Home.find(os.environ, self.config_file)

    @property
    def color_stdout(self) -> bool:
        """Whether stdout gets colours: a terminal, and neither ``--no-color`` nor NO_COLOR."""
        return self._colors and sys.stdout.isatty()

    @property
    def color_stderr(self) -> bool:
        """Whether stderr gets colours."""
        return self._colors and sys.stderr.isatty()

    @property
    def _colors(self) -> bool:
        return not self.no_color and not os.environ.get("NO_COLOR")

    def load(self, workspace: Path | None) -> Loaded:
        """Read the settings for a workspace folder; problems are in the result."""
        from lsp_agent.config.load import Sources, load_settings
        from lsp_agent.config.problems import ConfigError
        from lsp_agent.config.trust import TrustStore

        home = self.home
        if self.config_file and not Path(self.config_file).is_file():
            raise ConfigError(f"there is no configuration file {self.config_file}")
        return load_settings(
            Sources(
                cli=self.overrides,
                env=os.environ,
                workspace=workspace,
                user_file=home.config_file,
                seal=TrustStore(home).seal(workspace) if workspace is not None else None,
            )
        )

    def settings(self, workspace: Path | None) -> Settings:
        """Return the settings, warnings told on stderr; raises ``ConfigError`` for an error."""
        from lsp_agent.config.problems import ConfigError

        loaded = self.load(workspace)
        for problem in loaded.problems:
            if problem.level == "warning":
                self.warn(str(problem))
        errors = [str(problem) for problem in loaded.problems if problem.level == "error"]
        if errors:
            raise ConfigError("\n".join(errors))
        return loaded.settings

    def plugins(self, settings: Settings, warn: Callable[[str], None] | None = None) -> Plugins:
        """Return the plugins that settings let in; nothing is loaded yet."""
        from lsp_agent.plugins import Plugins

        chosen = settings.plugins
        return Plugins(warn or self.warn, enabled=chosen.enabled, disabled=chosen.disabled)

    @contextmanager
    def app(self, workspace: Path | None) -> Iterator[App]:
        """Give out the app for a workspace, and close it after use."""
        from lsp_agent.app import App

        app = App(self.settings(workspace), self.home, warn=self.warn)
        self.recover(app)
        try:
            yield app
        finally:
            app.close()

    def recover(self, app: App) -> None:
        """Undo an ``--apply`` that died half way, and say so; say which runs died."""
        self.home.folder(self.home.root)
        app.recover()
        cut_off = app.notice_interrupted()
        if cut_off:
            self.warn(cut_off)

    def say(self, message: str) -> None:
        """Say something on stderr, unless ``--quiet``."""
        if not self.quiet:
            click.echo(message, err=True)

    def warn(self, message: str) -> None:
        """Warn on stderr, unless ``--quiet``."""
        self.say(f"lsp-agent: warning: {message}")

    def fail(self, message: str) -> None:
        """Say on stderr why there is no result, also with ``--quiet``."""
        click.echo(f"lsp-agent: {message}", err=True)


def global_options() -> list[click.Option]:
    """Return the options that are taken before and after every verb."""
    return [
        _option("--config", "config_file", metavar="FILE", help="Use this configuration file."),
        _option(
            "--set",
            "overrides",
            metavar="KEY=VALUE",
            multiple=True,
            help="Set a value, as in agent.max_steps=5; may be repeated.",
        ),
        _option("--quiet", "quiet", is_flag=True, help="Say nothing but the result."),
        _option("--verbose", "verbose", is_flag=True, help="Log to stderr."),
        _option("--no-color", "no_color", is_flag=True, help="No colours; so does NO_COLOR."),
    ]


def _option(flag: str, name: str, **rest: Any) -> click.Option:
    def remember(context: click.Context, _parameter: click.Parameter, value: Any) -> None:
        state = context.ensure_object(CliContext)
        if name == "overrides":
            state.overrides.update(_pair(one) for one in value)
        elif value:
            setattr(state, name, value)
        if name == "verbose" and value:
            log_to_stderr()

    return click.Option([flag, name], expose_value=False, callback=remember, **rest)


def _pair(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise click.BadParameter(f"{text!r} is not KEY=VALUE")
    return key, value


def log_to_stderr(level: int = logging.DEBUG) -> None:
    """Send the log to stderr."""
    from lsp_agent.workspace.logs import SafeFormatter

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(SafeFormatter("%(levelname)s %(name)s: %(message)s"))
    # Over what keeps libraries quiet until then.
    logging.basicConfig(level=level, handlers=[handler], force=True)


pass_context = click.make_pass_decorator(CliContext)

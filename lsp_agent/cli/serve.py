"""``lsp-agent serve``: the language server on stdio, TCP or a web socket."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, BinaryIO

import click

from lsp_agent.cli.context import CliContext, UsageError, pass_context

if TYPE_CHECKING:
    from pygls.lsp.server import LanguageServer

    from lsp_agent.server.session import Session

_MAX_LOG = 2_000_000


@click.command(help="Serve an editor: the language server, on stdio unless told otherwise.")
@click.option("--stdio", is_flag=True, help="Speak on stdin and stdout (the default).")
@click.option("--tcp", metavar="HOST:PORT", help="Wait for one client on a TCP port.")
@click.option("--ws", metavar="HOST:PORT", help="Wait for one client on a web socket.")
@pass_context
def command(context: CliContext, stdio: bool, tcp: str | None, ws: str | None) -> int:
    """Serve one client until it leaves."""
    if sum(map(bool, (stdio, tcp, ws))) > 1:
        raise UsageError("name one of --stdio, --tcp and --ws")
    address = _address(tcp or ws) if tcp or ws else None
    home = context.home
    # Nothing may write to stdout but the protocol, not even C code: file descriptor 1 becomes
    # stderr, and the protocol gets a private copy.
    out = _guarded_stdout() if address is None else None

    from lsp_agent.server.fast_import import fast_import

    with fast_import(home.cache):
        from lsp_agent.server.server import make_server
        from lsp_agent.server.session import Session

        session = Session(home, cli=context.overrides)
        server = make_server(session)
    _log_to_file(context)
    return _serve(server, session, address, bool(ws), out)


def _serve(
    server: LanguageServer,
    session: Session,
    address: tuple[str, int] | None,
    websocket: bool,
    out: BinaryIO | None,
) -> int:
    from lsp_agent.server.process import end_with_signals, take_short_turns

    take_short_turns()
    try:
        with end_with_signals():
            if address is None:
                server.start_io(stdin=sys.stdin.buffer, stdout=out)
            elif websocket:
                server.start_ws(*address)
            else:
                server.start_tcp(*address)
    finally:
        session.close()
    # pygls swallows the exit that it asked for; the status is the protocol's own.
    return 0 if getattr(server.protocol, "_shutdown", False) else 1


def _guarded_stdout() -> BinaryIO:
    private = os.dup(1)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return os.fdopen(private, "wb", buffering=0)


def _address(text: str | None) -> tuple[str, int]:
    host, colon, port = (text or "").rpartition(":")
    if not colon or not port.isdecimal() or not 0 <= int(port) < 65536:
        raise UsageError(f"{text!r} is not HOST:PORT, as in 127.0.0.1:2087")
    return host.strip("[]") or "127.0.0.1", int(port)


def _log_to_file(context: CliContext) -> None:
    """Log to a file that is kept small; warnings also go to stderr, where editors keep them."""
    import logging
    from logging.handlers import RotatingFileHandler

    from lsp_agent.errors import LspAgentError
    from lsp_agent.workspace.logs import SafeFormatter

    root = logging.getLogger()
    root.setLevel(logging.INFO)
    layout = SafeFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    stderr = logging.StreamHandler(sys.stderr)
    stderr.setLevel(logging.DEBUG if context.verbose else logging.WARNING)
    stderr.setFormatter(layout)
    root.addHandler(stderr)
    try:
        path = context.home.folder(context.home.logs) / "server.log"
        file = RotatingFileHandler(path, maxBytes=_MAX_LOG, backupCount=2, encoding="utf-8")
    except (LspAgentError, OSError) as error:
        root.warning("there is no log file: %s", error)
        return
    file.setFormatter(layout)
    root.addHandler(file)
    # Their INFO lines hold whole messages: the user's code.
    for noisy in ("pygls", "httpx", "httpcore", "lsp_agent.llama_cpp"):
        logging.getLogger(noisy).setLevel(logging.WARNING)

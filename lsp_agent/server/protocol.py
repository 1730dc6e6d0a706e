"""pygls, hardened: each override mends a defect that was reproduced with a raw client.

What is mended: cancelling a command, undecodable requests that were never
answered, nested ``jsonrpc`` keys, a leak per notification, shutdown with work under way, tracebacks
in error responses, requests outside the life cycle.
"""

from __future__ import annotations

import logging
from concurrent.futures import Future
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.protocol import LanguageServerProtocol
from pygls.protocol.json_rpc import JsonRPCResponseMessage
from pygls.protocol.language_server import lsp_method

_log = logging.getLogger(__name__)


class AgentProtocol(LanguageServerProtocol):
    """The protocol of our server; documents live in our session, not in pygls's workspace."""

    def structure_message(self, data: dict[str, Any]) -> Any:
        """Leave decoding to :meth:`handle_message`: this hook sees every nested object too."""
        return data

    def handle_message(self, message: Any) -> None:
        """Decode and dispatch one message; a request is answered whatever it holds."""
        if not isinstance(message, dict) or message.get("jsonrpc") != self.VERSION:
            _log.warning("ignoring what is no JSON-RPC 2.0 message")
            return
        refusal = self._refusal(message)
        if refusal is not None:
            if "id" in message:
                self._send_response(message["id"], error=refusal)
            return
        try:
            decoded = super().structure_message(message)
        except JsonRpcException as error:
            self._answer_undecodable(message, error)
            return
        super().handle_message(decoded)

    def decoded(self, method: str, params: Any) -> Any:
        """Return a request's parameters as its handler gets them."""
        request = {"jsonrpc": self.VERSION, "id": 0, "method": method, "params": params}
        return super().structure_message(request).params

    def encoded(self, result: Any) -> dict[str, Any]:
        """Return the answer that holds a result, as it is written."""
        return self._serialize_message(JsonRPCResponseMessage(0, self.VERSION, result))

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    async def lsp_workspace__execute_command(  # type: ignore[override]
        self, params: types.ExecuteCommandParams
    ) -> Any:
        """Run a command as a task of its own request, so that cancelling reaches it."""
        handler = self.fm.commands.get(params.command)
        if handler is None:
            raise JsonRpcInvalidParams(f"there is no command {params.command!r}")
        return await handler(params)

    @lsp_method(types.TEXT_DOCUMENT_DID_OPEN)
    def lsp_text_document__did_open(self, params: types.DidOpenTextDocumentParams) -> Any:
        """Hand the message to our own documents."""
        yield self.fm.features[types.TEXT_DOCUMENT_DID_OPEN], (params,), None

    @lsp_method(types.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: types.DidChangeTextDocumentParams) -> Any:
        """Hand the message to our own documents."""
        yield self.fm.features[types.TEXT_DOCUMENT_DID_CHANGE], (params,), None

    @lsp_method(types.TEXT_DOCUMENT_DID_CLOSE)
    def lsp_text_document__did_close(self, params: types.DidCloseTextDocumentParams) -> Any:
        """Hand the message to our own documents."""
        yield self.fm.features[types.TEXT_DOCUMENT_DID_CLOSE], (params,), None

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *args: Any) -> Any:
        """Cancel what is under way, answer, and take nothing but ``exit`` from then on."""
        handler = self.fm.features.get(types.SHUTDOWN)
        if handler is not None:
            yield handler, args, None
        current = self.msg_id
        for id_, future in list(self._request_futures.items()):
            if id_ != current and not future.done():
                future.cancel()
        self._shutdown = True
        return None

    def _refusal(self, message: dict[str, Any]) -> types.ResponseError | None:
        """Return why a request outside the life cycle is refused; ``None`` lets a message in."""
        method = message.get("method")
        if method is None or method == types.EXIT:
            return None
        if self._shutdown:
            return types.ResponseError(types.ErrorCodes.InvalidRequest, "the server is shut down")
        started = self._workspace is not None
        if method == types.INITIALIZE and started:
            return types.ResponseError(types.ErrorCodes.InvalidRequest, "initialized already")
        if method != types.INITIALIZE and not started:
            return types.ResponseError(
                types.ErrorCodes.ServerNotInitialized, "initialize comes first"
            )
        return None

    def _answer_undecodable(self, message: dict[str, Any], error: JsonRpcException) -> None:
        method = message.get("method")
        if "id" in message and method is not None:
            reason = types.ResponseError(
                types.ErrorCodes.InvalidParams, f"the parameters of {method} can't be decoded"
            )
            self._send_response(message["id"], error=reason)
        elif "id" in message:
            # An answer to a request of ours: who waits for it must not wait for ever.
            self._handle_response(
                message["id"],
                error=types.ResponseError(types.ErrorCodes.ParseError, "undecodable answer"),
            )
        else:
            _log.warning("ignoring an undecodable %s: %s", method, error)

    def _execute_handler(
        self,
        msg_id: Any,
        handler: Any,
        callback: Any,
        args: Any = None,
        kwargs: Any = None,
    ) -> None:
        super()._execute_handler(msg_id, handler, callback, args, kwargs)
        future = self._request_futures.get(msg_id)
        if future is not None:
            # pygls forgets the futures of requests only: one leaks with every notification.
            future.add_done_callback(lambda done: self._forget(msg_id, done))

    def _forget(self, msg_id: Any, done: Any) -> None:
        if self._request_futures.get(msg_id) is done:
            del self._request_futures[msg_id]

    def _send_response(
        self, msg_id: Any, result: Any = None, error: types.ResponseError | None = None
    ) -> None:
        if error is not None:
            # pygls puts a traceback here, with the paths of this machine.
            error = types.ResponseError(error.code, error.message)
        super()._send_response(msg_id, result, error)

    def _handle_response(
        self, msg_id: Any, result: Any = None, error: types.ResponseError | None = None
    ) -> None:
        future = self._request_futures.get(msg_id)
        if isinstance(future, Future) and future.cancelled():
            # We stopped waiting; the answer comes too late.
            self._request_futures.pop(msg_id, None)
            return
        super()._handle_response(msg_id, result, error)

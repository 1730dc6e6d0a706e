"""An engine in a process of its own: for one server, or shared by all windows of one user.

``python -m lsp_agent.engine.host`` serves an engine to clients over length-prefixed JSON;
:class:`~lsp_agent.engine.host.remote.RemoteEngine` is that engine again on the other side. Nothing
here imports llama.cpp: the process gets its engine from the factory.
"""

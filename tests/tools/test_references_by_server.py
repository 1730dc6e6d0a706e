"""Uses in a language with a server of its own: the server tells which are meant."""

from __future__ import annotations

import os

from lsp_agent.config.model import LanguageServersSettings
from lsp_agent.language_servers.pool import LanguageServers
from lsp_agent.tools.call import call_tool
from lsp_agent.tools.code import TOOLS
from lsp_agent.tools.spec import ToolContext
from tests.support.real_servers import need_server, search_path
from tests.tools.conftest import Bench

TILL = "export class Till {\n  pay(n: number) {\n    return n;\n  }\n}\n"
MAIN = (
    'import { Till } from "./till";\nconst bank = { pay: (n: number) => n };\n'
    "new Till().pay(1);\nbank.pay(2);\n"
)


def test_typescript_tells_methods_of_one_name_apart(bench: Bench) -> None:
    need_server("typescript-language-server")
    bench.files(till_dot_ts=TILL, main_dot_ts=MAIN, tsconfig_dot_json="{}")
    bench.indexed()
    pool = LanguageServers(
        LanguageServersSettings(), lambda _: True, {**os.environ, "PATH": search_path()}
    )

    def ask(instruments: LanguageServers | None) -> str:
        context = ToolContext(bench.overlay, bench.cancel, bench.index, instruments)
        tools = {tool.name: tool for tool in TOOLS}
        return call_tool(tools, "find_references", {"name": "Till.pay"}, context).text

    try:
        # The server has a few seconds a question; on a busy machine it starts for longer.
        assert next((said for _ in range(6) if (said := ask(pool)) != ask(None)), "") == (
            "1 use of Till.pay in 1 file; defined in till.ts:2\nmain.ts:\n  3: new Till().pay(1);"
        )
        assert "4: bank.pay(2)" in ask(None)
    finally:
        pool.close()

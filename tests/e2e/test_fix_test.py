"""A failing test that is mended through a real server, and from the command line."""

from __future__ import annotations

import sys

import pytest

from tests.e2e.conftest import Start
from tests.e2e.test_generate_tests import FEE, GOOD, _held, options  # noqa: F401 - a fixture
from tests.support.scripted_endpoint import Reply, ScriptedEndpoint, call

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no sandbox")
BROKEN = FEE.replace("<", "<=")
EDIT = Reply(tool_calls=(call("edit_file", path="fee.py", old_string="<=", new_string="<"),))
DONE = Reply(text="The boundary was wrong.")


async def test_the_code_is_mended_and_the_test_stays(start_editor: Start) -> None:
    with ScriptedEndpoint([EDIT, DONE]) as endpoint:
        editor = await start_editor("vscode", options(endpoint.base_url))
        (editor.folder / "tests").mkdir()
        (editor.folder / "tests" / "__init__.py").touch()
        (editor.folder / "tests" / "test_fee.py").write_text(GOOD)
        (editor.folder / "fee.py").write_text(BROKEN)
        code = editor.open("fee.py", BROKEN)
        uri = editor.open("tests/test_fee.py", GOOD)
        kind = "refactor.rewrite.lspAgent.fixTest"
        (action,) = await editor.actions(uri, editor.at(uri, "fee(18)"), [], [kind])
        assert action.title == "Make FeeTest.test_the_others pass"
        resolved = await editor.client.code_action_resolve_async(action)
        if resolved.edit is None:
            # It took longer than a client waits.
            await editor.command(resolved.command.command, resolved.command.arguments[0])
        else:
            editor.carry_out(resolved.edit)
        await editor.until(lambda: editor.texts[code] == FEE, 60)
        assert editor.texts[uri] == GOOD
        asked = "\n".join(str(one["content"]) for one in endpoint.requests[0]["messages"])
        assert "AssertionError: 0 != 12" in asked

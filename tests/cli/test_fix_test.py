"""A failing test that is mended from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tests.cli.conftest import Command
from tests.cli.test_generate_tests import QUICK, source  # noqa: F401 - a fixture
from tests.e2e.test_fix_test import BROKEN, DONE, EDIT
from tests.e2e.test_generate_tests import FEE, GOOD
from tests.support.scripted_endpoint import ScriptedEndpoint


def test_by_what_pytest_prints(
    lsp_agent: Command,
    use_remote: Callable[..., None],
    source: Path,  # noqa: F811 - the fixture
) -> None:
    source.write_text(BROKEN)
    tests = source.parent / "tests"
    tests.mkdir()
    (tests / "__init__.py").touch()
    (tests / "test_fee.py").write_text(GOOD)
    said = "FAILED tests/test_fee.py::FeeTest::test_the_others - AssertionError: 0 != 12"
    with ScriptedEndpoint([EDIT, DONE]) as endpoint:
        use_remote(endpoint.base_url, QUICK)
        untrusted = lsp_agent("action", "fix_test", "fee.py:1", "--message", said)
        assert untrusted.status == 1
        assert "FeeTest.test_the_others can't be run: the folder is not trusted" in untrusted.err
        lsp_agent("trust", ".")
        done = lsp_agent("action", "fix_test", "fee.py:1", "--message", said, "--apply")
        again = lsp_agent("action", "fix_test", "tests/test_fee.py:11")
    assert (done.status, done.out) == (0, "fee.py\n"), done.err
    assert source.read_text() == FEE
    assert again.status == 1
    assert "FeeTest.test_the_others passes: there is nothing to fix" in again.err

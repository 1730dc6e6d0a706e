"""Where tests belong."""

from __future__ import annotations

import pytest

from lsp_agent.verify.test_files import file_of_tests, is_tested


@pytest.mark.parametrize(
    ("path", "others", "expected"),
    [
        ("shop/cart.py", [], "tests/test_cart.py"),
        ("cart.py", ["test_money.py"], "test_cart.py"),
        ("shop/cart.py", ["tests/unit/test_cart.py"], "tests/unit/test_cart.py"),
        ("shop/cart.py", ["shop/cart_test.py", "tests/test_x.py"], "shop/cart_test.py"),
        ("src/shop/cart.py", ["tests/shop/test_a.py", "tests/test_b.py"],
            "tests/shop/test_cart.py"),
        ("shop/cart.py", ["tests/a/test_a.py", "tests/test_b.py"], "tests/test_cart.py"),
        ("shop/cart.py", ["tests/a_test.py", "tests/b_test.py"], "tests/cart_test.py"),
        ("shop/__init__.py", [], "tests/test_shop.py"),
        ("a/x.py", ["tests/a/test_x.py", "tests/b/test_x.py"], "tests/a/test_x.py"),
        ("src/menu.ts", [], "src/menu.test.ts"),
        ("src/menu.tsx", ["src/bill.spec.tsx"], "src/menu.spec.tsx"),
        ("src/menu.js", ["test/bill.test.js"], "test/menu.test.js"),
        ("src/menu.js", ["src/__tests__/bill.test.js"], "src/__tests__/menu.test.js"),
        ("src/a/menu.js", ["src/b/bill.test.js"], "src/a/menu.test.js"),
        ("src/menu.js", ["tests/test_menu.py"], "src/menu.test.js"),
        ("a/b.go", ["a/c_test.go"], "a/b_test.go"),
    ],
)  # fmt: skip
def test_the_file_of_tests(path: str, others: list[str], expected: str) -> None:
    assert file_of_tests(path, others) == expected


def test_what_can_be_tested() -> None:
    paths = ["a.py", "a.ts", "a.go", "test_a.py", "a.test.ts", "a_test.go", "a.css", "README.md"]
    assert [one for one in paths if is_tested(one)] == ["a.py", "a.ts", "a.go"]

"""Parameters change with the calls: each parameter gets what it got, or the reason is said."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.instructions import Wish, understand
from lsp_agent.refactor.parameters import Parameters
from lsp_agent.refactor.signature import Resigned, change_signature
from tests.refactor.conftest import Project


def change(project: Project, path: str, needle: str, instruction: str) -> Resigned:
    def wanted(old: Parameters, _head: str) -> Wish:
        found = understand(instruction, old)
        assert found is not None, instruction
        return found

    return change_signature(project.names(), path, project.at(path, needle), wanted)


def test_a_method_s_family_and_calls_change(shop: Project) -> None:
    before = shop.output()
    found = change(shop, "shop/till.py", "def pay", "add note: str = ''; rename amount to cents")
    text = found.texts["shop/till.py"]
    assert text.count("def pay(self, cents, note: str = '', *, tip=0):") == 2
    assert "super().pay(cents * step // step, tip=tip, note=note)" in text
    assert "money.round_up(amount=cents)" in text
    shop.write(found.texts)
    assert shop.output() == before


def test_a_value_for_callers(shop: Project) -> None:
    before = shop.output()
    found = change(shop, "shop/money.py", "def round_up", "add base first with 0 for callers")
    assert "def round_up(base, amount, step=5):" in found.texts["shop/money.py"]
    assert "round_up(0, price)" in found.texts["shop/money.py"]
    assert "money.round_up(amount=amount, base=0)" in found.texts["shop/till.py"]
    assert "round_up(0, 3)" in found.texts["main.py"]
    assert found.calls == 3
    shop.write(found.texts)
    assert shop.output() == before


def test_a_constructor(shop: Project) -> None:
    before = shop.output()
    found = change(
        shop,
        "shop/till.py",
        "def __init__",
        "add place with 'here' for callers; order place, owner",
    )
    assert "Till('here', \"Ann\")" in found.texts["main.py"]
    assert "FastTill(owner='Bob', place='here')" in found.texts["main.py"]
    shop.write(found.texts)
    assert shop.output() == before


def test_removed_with_what_was_passed(project: Project) -> None:
    project.write(
        {
            "main.py": (
                "def f(a, flag, depth=0):\n    return a if depth > 2 else f(a, flag, depth + 1)\n\n"
                "print(f(1, True), f(2, flag=False), f(\n    3,\n    None,\n    depth=1,\n))\n"
            )
        }
    )
    before = project.output()
    found = change(project, "main.py", "def f", "remove flag")
    assert found.texts["main.py"] == (
        "def f(a, depth=0):\n    return a if depth > 2 else f(a, depth + 1)\n\n"
        "print(f(1), f(2), f(\n    3,\n    depth=1,\n))\n"
    )
    project.write(found.texts)
    assert project.output() == before


@pytest.mark.parametrize(
    ("text", "instruction", "reason"),
    [
        ("def f(a, b): return b\nf(1, 2)\n", "remove b", "b is still used at m.py:1"),
        ("def f(a, b): ...\nf(1, print())\n", "remove b", r"no longer evaluate print\(\)"),
        ("def f(a, b): ...\nxs = [1]\nf(*xs)\n", "order b, a", r"unpacks arguments with \*"),
        ("def f(a, b): ...\nxs = {}\nf(1, **xs)\n", "remove b", r"may pass b with \*\*"),
        ("def f(a, b): ...\nmap(f, [1])\n", "order b, a", "not called but used at m.py:2:5"),
        ("import x\n@x.y\ndef f(a, b): ...\n", "order b, a", "decorated with y"),
        ("def f(a, *r): ...\nf(1, 2)\n", "add b=1", "can't be written"),
        ("def f(a,  # first\n      b): ...\n", "order b, a", "comments between them"),
        ("def f(a, b): ...\nf(1, 2)\n", "order a, b", "so already"),
        ("x = 1\n", "remove b", "no function here"),
        (
            "class A:\n    def __enter__(self): ...\n\n    def f(self): ...\n",
            "add x with 1 for callers",
            "Python itself calls __enter__",
        ),
        (
            "class A:\n    def f(self, a): ...\n\n\nclass B(A):\n    def f(self, b): ...\n",
            "remove a",
            "other parameters",
        ),
    ],
)
def test_refused(project: Project, text: str, instruction: str, reason: str) -> None:
    project.write({"m.py": text})
    needle = next(one for one in ("def __enter__", "def f", "x") if one in text)
    with pytest.raises(RefusedError, match=reason):
        change(project, "m.py", needle, instruction)


def test_a_default_at_the_end_is_allowed_whoever_calls(project: Project) -> None:
    project.write({"m.py": "import x\n\n\n@x.y\ndef f(a): ...\n\n\nmap(f, [1])\n"})
    found = change(project, "m.py", "def f", "add b: int = 1")
    assert "def f(a, b: int = 1): ..." in found.texts["m.py"]
    assert found.calls == 0


def test_calls_in_calls(project: Project) -> None:
    text = "def f(a, b=0):\n    return a - b\n\n\nprint(f(f(5, 1), f(b=2, a=f(1))), f'{f(3, 1)}')\n"
    project.write({"main.py": text})
    before = project.output()
    found = change(project, "main.py", "def f", "add c with 9 for callers")
    assert "print(f(f(5, 9, 1), 9, f(b=2, a=f(1, c=9), c=9)), " in found.texts["main.py"]
    project.write(found.texts)
    assert project.output() == before


def test_evaluation_keeps_its_order(project: Project) -> None:
    project.write(
        {
            "main.py": (
                "def say(x):\n    print(x)\n    return x\n\n\n"
                "def f(a, b):\n    print(a, b)\n\n\nf(say(1), say(2))\nf(3, say(4))\n"
            )
        }
    )
    before = project.output()
    found = change(project, "main.py", "def f(", "order b, a")
    assert "f(a=say(1), b=say(2))\nf(say(4), 3)\n" in found.texts["main.py"]
    project.write(found.texts)
    assert project.output() == before


CALLS = [
    "{0}, {1}", "{0}, b={1}", "b={1}, a={0}", "{0}, {1}, {2}", "{0}, {1}, d={3}",
    "{0}, {1}, {2}, {3}", "*[{0}, {1}]", "{0}, **{{'b': {1}}}", "{0}, {1}, d={3}, c={2}",
]  # fmt: skip


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    calls=st.lists(st.sampled_from(CALLS), min_size=1, max_size=4),
    order=st.permutations(["a", "b", "c", "d"]),
    gone=st.sampled_from(["", "", "c", "d"]),
    more=st.sampled_from(
        ["", "add e=5", "add e with 7 for callers", "add e first with 7 for callers"]
    ),
    kinds=st.sampled_from(["a, b, c=10, d=20", "a, b, *, c=10, d=20", "a, /, b, c=10, d=20"]),
)
def test_each_parameter_gets_what_it_got(
    tmp_path_factory: pytest.TempPathFactory,
    calls: list[str],
    order: list[str],
    gone: str,
    more: str,
    kinds: str,
) -> None:
    rows = "".join(f"f({one.format(n, n + 1, n + 2, n + 3)})\n" for n, one in enumerate(calls))
    body = f"def f({kinds}):\n    out(locals())\n\n\n"
    used = body.replace("out(locals())", "out(a, b, c, d)") if not gone else body
    before = run(body + rows, gone)
    assume(before is not None)
    steps = [f"order {', '.join(order)}", f"remove {gone}" if gone else "", more]
    project = Project(tmp_path_factory.mktemp("p")).write({"m.py": used + rows})
    try:
        found = change(project, "m.py", "def f", "; ".join(filter(None, steps)))
    except RefusedError:
        return
    after = run(found.texts["m.py"].replace("out(a, b, c, d)", "out(locals())"), "e")
    assert after == before, found.texts["m.py"]


def run(source: str, without: str) -> list[dict[str, int]] | None:
    """Run calls; return what each parameter got."""
    found: list[dict[str, int]] = []

    def out(got: dict[str, int]) -> None:
        found.append({name: value for name, value in got.items() if name != without})

    try:
        exec(compile(source, "m", "exec"), {"out": out})
    except TypeError:
        return None
    return found

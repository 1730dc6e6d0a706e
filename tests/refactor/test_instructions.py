"""Instructions about parameter lists, read by rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsp_agent.refactor.errors import RefusedError
from lsp_agent.refactor.instructions import understand
from lsp_agent.refactor.parameters import checked, compatible, read_parameters, written

OLD = "self, a, b: int = 2, *rest, c, d=None, **more"


def wished(text: str, old: str = OLD) -> str:
    found = understand(text, read_parameters(old))
    assert found is not None, text
    return ", ".join(written(found.parameters))


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("remove a", "self, b: int = 2, *rest, c, d=None, **more"),
        ("drop the parameter b.", "self, a, *rest, c, d=None, **more"),
        ("add x: float = 5.0", "self, a, b: int = 2, x: float = 5.0, *rest, c, d=None, **more"),
        ("add a keyword-only e=3", "self, a, b: int = 2, *rest, c, d=None, e=3, **more"),
        ("add x: A[B, C] = {} after a",
         "self, a, x: A[B, C] = {}, b: int = 2, *rest, c, d=None, **more"),
        ("add x with f(1) for all callers", "self, a, x, b: int = 2, *rest, c, d=None, **more"),
        ("add x first, passing 0 for callers", "self, x, a, b: int = 2, *rest, c, d=None, **more"),
        ("rename a to amount", "self, amount, b: int = 2, *rest, c, d=None, **more"),
        ("a -> x; remove d", "self, x, b: int = 2, *rest, c, **more"),
        ("order d, c", "self, a, b: int = 2, *rest, d=None, c, **more"),
        ("move c to the end", "self, a, b: int = 2, *rest, d=None, c, **more"),
        ("give a the default 1", "self, a=1, b: int = 2, *rest, c, d=None, **more"),
        ("default of c = (1, 2)", "self, a, b: int = 2, *rest, c=(1, 2), d=None, **more"),
        ("def f(self, a, /, *, c)", "self, a, /, *, c"),
        ("(self, a, c=')')", "self, a, c=')'"),
    ],
)  # fmt: skip
def test_understood(text: str, new: str) -> None:
    assert wished(text) == new


@pytest.mark.parametrize("text", ["", "make it better", "add something nice here", "please"])
def test_not_understood(text: str) -> None:
    assert understand(text, read_parameters(OLD)) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("remove z", "no parameter z; there are self, a"),
        ("add a=1", "a parameter a already"),
        ("add x: int", "needs a default"),
        ("order b, a", "a has no default and can't stand behind b"),
        ("default a = )", "no list"),
        ("(a b)", "no list"),
    ],
)
def test_impossible(text: str, reason: str) -> None:
    with pytest.raises(RefusedError, match=reason):
        understand(text, read_parameters(OLD))


def test_a_name_in_the_place_of_another_is_a_renaming() -> None:
    found = understand("def f(x, y)", read_parameters("x, z"))
    assert found is not None
    assert found.renamed == {"z": "y"}


NAMES = st.lists(st.sampled_from("abcde"), unique=True)
KINDS = st.sampled_from(["{}", "{}=1", "{}: int = 2"])


@st.composite
def lists(draw: st.DrawFn) -> str:
    names = draw(NAMES)
    plain = [name for name in names if draw(st.booleans())]
    rest = [name for name in names if name not in plain]
    parts = [*plain, *(draw(KINDS.filter(lambda one: "=" in one)).format(one) for one in rest[:2])]
    slash = draw(st.integers(0, len(parts)))
    parts = [*parts[:slash], "/", *parts[slash:]] if slash else parts
    return ", ".join([*parts, *(["*", *rest[2:]] if rest[2:] else [])])


@given(lists())
def test_lists_are_written_as_they_were_read(text: str) -> None:
    found = read_parameters(text)
    assert ", ".join(written(found)) == text
    assert checked(found) == found
    assert compatible(found, found)

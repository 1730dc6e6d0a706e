"""What a question names, quotes and has at hand."""

from __future__ import annotations

import pytest

from lsp_agent.context.assemble import build_context
from lsp_agent.context.finding import find
from lsp_agent.context.knowledge import Knowledge
from lsp_agent.context.question import Question, messages_in, named_in
from tests.context.conftest import MakeProject, Project

NETS = {
    "net/nn/dropout.py": "class Dropout:\n    def forward(self, x):\n        return x\n",
    "net/jit/dropout.py": "class Dropout:\n    pass\n",
    "net/alias.py": "Dropout = make(1)\n",
    "net/errors.py": (
        "def check(name, size):\n    if size > 9:\n"
        '        raise ValueError(f"the tensor {name} is too large for {size} bytes")\n'
    ),
    "net/other.py": "def tensor_size(large):\n    return large.bytes\n",
    "tests/test_net.py": "class Dropout:\n    pass\n\n\ndef net_fixture():\n    pass\n",
}


@pytest.mark.parametrize(
    ("text", "best"),
    [
        ("add a dtype to nn.Dropout", ["net/nn/dropout.py"]),
        ("why does net.jit.dropout.Dropout fail", ["net/jit/dropout.py"]),
        ("fix Dropout", ["net/jit/dropout.py", "net/nn/dropout.py"]),
        ("call layer.forward() twice", ["net/nn/dropout.py"]),
        ("zz.Dropout", []),
    ],
)
def test_a_dotted_name_may_name_its_module(
    make_project: MakeProject, text: str, best: list[str]
) -> None:
    symbols = named_in(Question(text), make_project(NETS).view()).symbols
    surest = max((sure for _, sure in symbols), default=0.0)
    assert sorted(row.path for row, sure in symbols if sure == surest) == best


def test_the_parts_of_a_path_name_nothing(make_project: MakeProject) -> None:
    project = make_project({**NETS, "net_fixture/Dropout.py": "x = 1\n"})
    named = named_in(Question("net_fixture/Dropout.py: keep x; Dropout.py too"), project.view())
    assert named.symbols == ()
    assert named.files == ("net_fixture/Dropout.py",)


@pytest.mark.parametrize(
    ("text", "messages"),
    [
        (
            "ValueError: the tensor w7 is too large",
            ["the tensor w7 is too large", "is too large", "the tensor"],
        ),
        ("it says 'no such file' when", ["no such file"]),
        ("it doesn't stop, isn't it", []),
        ('say `short` and "x"', []),
        ("“cannot open the door” in /a/b", ["cannot open the door"]),
    ],
)
def test_messages(text: str, messages: list[str]) -> None:
    assert messages_in(text)[: len(messages)] == messages
    assert bool(messages_in(text)) == bool(messages)


def test_an_error_message_finds_where_it_is_written(make_project: MakeProject) -> None:
    view = make_project(NETS).view()
    text = "ValueError: the tensor 'large' is too large for 12 bytes, tensor size large bytes"
    findings = find(Question(text), view, Knowledge(None))
    assert findings.files[0].path == "net/errors.py"
    assert findings.files[0].reasons["quoted"] == 1.0
    made = build_context(Question(text), view, 300, with_map=False)
    assert made.reasons[0].startswith("net/errors.py:1 (")
    assert "holds what is quoted 1.00" in made.reasons[0]


def test_what_the_code_at_hand_uses_comes_first(shop: Project) -> None:
    question = Question(
        "make it robust", ("shop/mail.py",), shown=frozenset({"shop/mail.py"}),
        used=frozenset({"open_store", "find_article", "address", "send_mail", "mail"}),
    )  # fmt: skip
    made = build_context(question, shop.view(), 400, with_map=False, bodies=False)
    assert [piece.start_line for piece in made.pieces if "is used here" in piece.reasons] == [4, 12]
    assert made.reasons[0].startswith("shop/store.py:")

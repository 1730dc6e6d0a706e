"""Drawing tokens: a grammar always wins, a banned token never comes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pytest
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from lsp_agent.engine.llama.context import Part
from lsp_agent.engine.llama.sampler import Sampler
from lsp_agent.engine.types import EngineError, GrammarError, Request, Sampling
from tests.support.llama import Parts, chat, complete, llama_engine, llama_parts

TOOL_CALLS = r"""
root ::= read | edit | bash
read ::= "{\"name\": \"read_file\", \"path\": " text ", \"line\": " number "}"
edit ::= "{\"name\": \"edit_file\", \"path\": " text ", \"new\": " text ", \"all\": " flag "}"
bash ::= "{\"name\": \"execute_command\", \"command\": " text "}"
text ::= "\"" char{1,40} "\""
char ::= [^"\\\x00-\x1F\x7F] | "\\" (["\\/bfnrt] | "u" [0-9a-fA-F]{4})
number ::= "0" | [1-9] [0-9]{0,5}
flag ::= "true" | "false"
"""


class Call(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Read(Call):
    name: Literal["read_file"]
    path: str = Field(min_length=1)
    line: int = Field(ge=0)


class Edit(Call):
    name: Literal["edit_file"]
    path: str = Field(min_length=1)
    new: str
    all: bool


class Bash(Call):
    name: Literal["execute_command"]
    command: str


LAST = len("hello") - 1
"""The row of the only logits: the tiny model spells every byte."""

CALLS: TypeAdapter[Read | Edit | Bash] = TypeAdapter(
    Annotated[Read | Edit | Bash, Field(discriminator="name")]
)


def test_constrained_calls_from_random_weights_always_parse_and_validate(any_model: Path) -> None:
    choices = {"read": "read_file", "edit": "edit_file", "bash": "execute_command"}
    with llama_engine(any_model, n_ctx=4096) as engine:
        for seed in range(60):
            rule = [*choices, None][seed % 4]
            grammar = TOOL_CALLS.replace("read | edit | bash", rule) if rule else TOOL_CALLS
            sampling = Sampling(temperature=1.5, top_k=0, top_p=1.0, min_p=0.0, seed=seed)
            request = Request(
                chat(f"task {seed}"), max_tokens=2000, grammar=grammar, sampling=sampling
            )
            text, usage = complete(engine, request)
            assert usage.completion < 2000
            name = CALLS.validate_python(json.loads(text)).name
            assert name == choices[rule] if rule else name in choices.values()


def test_greedy_calls_validate_too(any_model: Path) -> None:
    with llama_engine(any_model, n_ctx=4096) as engine:
        text, _ = complete(engine, Request(chat("x"), max_tokens=2000, grammar=TOOL_CALLS))
    CALLS.validate_python(json.loads(text))


@pytest.fixture(scope="module")
def parts(plain_model: Path) -> Iterator[Parts]:
    with llama_parts(plain_model, n_ctx=512) as parts:
        parts.context.decode([Part(0, parts.vocab.tokenize("hello"), outputs=1)])
        yield parts


class Fixed:
    """Stands in for a context: the same logits every time."""

    def __init__(self, size: int, best: Sequence[int] = (), fill: float = 0.0) -> None:
        self.values = np.full(size, fill, np.float32)
        for rank, token in enumerate(best):
            self.values[token] = 100.0 - rank

    def logits(self, row: int) -> Any:
        return self.values


Make = Callable[..., Sampler]


@pytest.fixture
def make(parts: Parts) -> Iterator[Make]:
    made = []

    def sampler(grammar: str | None = None, banned: Sequence[int] = (), **sampling: Any) -> Sampler:
        made.append(
            Sampler(parts.lib, parts.vocab, Sampling(**sampling), grammar=grammar, banned=banned)
        )
        return made[-1]

    yield sampler
    for one in made:
        one.free()


def token_of(parts: Parts, text: str) -> int:
    (token,) = parts.vocab.tokenize(text, special=True)
    return token


def test_an_allowed_best_token_is_taken(parts: Parts, make: Make) -> None:
    a, b = token_of(parts, "a"), token_of(parts, "b")
    context: Any = Fixed(parts.vocab.size, [b, a])
    assert make("root ::= [ab]").next(context, 0) == b


def test_the_unlikeliest_token_is_found_when_only_it_is_allowed(parts: Parts, make: Make) -> None:
    z = token_of(parts, "z")
    context: Any = Fixed(parts.vocab.size)
    context.values[z] = -1000.0
    assert make('root ::= "z"').next(context, 0) == z


def test_a_control_token_that_fits_the_grammar_by_its_text_is_not_drawn(
    parts: Parts, make: Make
) -> None:
    control = parts.vocab.control_tokens()
    context: Any = Fixed(parts.vocab.size, control)
    sampler = make("root ::= [^x]{1,40}", control, temperature=1.0, seed=1)
    for _ in range(20):
        assert sampler.next(context, 0) not in control


def test_nothing_is_drawn_from_only_banned_tokens(parts: Parts, make: Make) -> None:
    banned = [token_of(parts, "a")]
    context: Any = Fixed(parts.vocab.size)
    with pytest.raises(EngineError, match="allows no token"):
        make('root ::= "a"', banned).next(context, 0)


def test_broken_logits_are_an_error_under_a_grammar(parts: Parts, make: Make) -> None:
    context: Any = Fixed(parts.vocab.size, fill=float("nan"))
    with pytest.raises(EngineError, match="allows no token"):
        make('root ::= "abc"').next(context, 0)


def test_a_finished_grammar_allows_only_the_end(parts: Parts, make: Make) -> None:
    a = token_of(parts, "a")
    context: Any = Fixed(parts.vocab.size, [a])
    sampler = make('root ::= "a"')
    assert sampler.next(context, 0) == a
    assert parts.vocab.is_end(sampler.next(context, 0))
    # Once more: accepting a token after the end would abort the process.
    assert parts.vocab.is_end(sampler.next(context, 0))


@pytest.mark.parametrize(
    "sampling",
    [
        {"temperature": 1.0, "seed": 7},
        {"temperature": 0.7, "seed": 7, "top_k": 0, "min_p": 0.0},
        {"temperature": 1.0, "seed": 7, "top_k": 0, "top_p": 1.0, "min_p": 0.0},
        {"temperature": 0.0, "repeat_penalty": 1.3},
    ],
)
def test_a_grammar_that_allows_everything_changes_nothing(
    parts: Parts, make: Make, sampling: dict[str, Any]
) -> None:
    # Without the bytes that make no text on their own, which a grammar can't allow.
    pieces = {token: parts.vocab.piece(token) for token in range(parts.vocab.size)}
    banned = [token for token, piece in pieces.items() if not piece or not piece.isascii()]
    plain = make(None, banned, **sampling)
    constrained = make("root ::= ([^\\n] | [\\n])*", banned, **sampling)
    samplers = (plain, constrained)
    drawn = [[one.next(parts.context, LAST) for one in samplers] for _ in range(30)]
    assert [one for one, _ in drawn] == [two for _, two in drawn]
    assert len({one for one, _ in drawn}) > 1 or sampling["temperature"] == 0.0


@pytest.mark.parametrize(
    "grammar",
    [
        'root ::= "a" (',
        "root ::= missing",
        'other ::= "a"',
        "root ::= root",
        "",
        "  \n",
        'root ::= "a"\0',
        "\ud800",
        'root ::= "a"{3000}',
    ],
)
def test_a_grammar_that_does_not_compile_is_refused(parts: Parts, make: Make, grammar: str) -> None:
    with pytest.raises(GrammarError, match="does not compile"):
        make(grammar)


@pytest.mark.parametrize(
    "sampling",
    [
        {"top_k": 0},
        {"top_k": -3, "top_p": 0.0},
        {"top_p": -1.0, "min_p": 2.0},
        {"temperature": float("nan")},
        {"temperature": float("inf")},
        {"min_p": float("nan"), "top_p": float("nan")},
        {"seed": -1},
        {"repeat_penalty": 0.0},
    ],
)
def test_senseless_settings_still_draw_a_token(
    parts: Parts, make: Make, sampling: dict[str, Any]
) -> None:
    sampler = make('root ::= "a"*', **({"temperature": 1.0} | sampling))
    assert 0 <= sampler.next(parts.context, LAST) < parts.vocab.size
    sampler = make(**({"temperature": 1.0} | sampling))
    assert 0 <= sampler.next(parts.context, LAST) < parts.vocab.size


def test_penalties_keep_a_greedy_answer_from_repeating(plain_model: Path) -> None:
    asked = Request(chat("x"), max_tokens=60, grammar="root ::= [a-f]{40}")
    with llama_engine(plain_model, n_ctx=2048) as engine:
        plain = complete(engine, asked)[0]
        for sampling in (
            Sampling(frequency_penalty=2.0),
            Sampling(presence_penalty=2.0),
            Sampling(repeat_penalty=2.0),
        ):
            assert complete(engine, replace(asked, sampling=sampling))[0] != plain

"""Whatever is selected in whatever text: what is done leaves no syntax error."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_agent.actions.by_rule import RuleAction
from lsp_agent.actions.catalogue import ACTIONS
from lsp_agent.actions.spec import ActionError, Place
from lsp_agent.syntax.document import SyntaxDocument
from lsp_agent.workspace.edits import apply_edits
from lsp_agent.workspace.positions import Range
from tests.refactor.test_extract_function import PROGRAM
from tests.refactor.test_extract_variable import PROGRAM as SECOND

SCRIPT = """
import b from './b';
import { a, type C } from 'a';

export class Cart<T> {
  private items: T[] = [];
  constructor(readonly name: string, public size = 1) { super.x = () => this.size; }
  async total(rate: number, { tax = 2, ...rest }: Rates = {}): Promise<number> {
    let sum = 0, n = 1;
    for (const item of this.items) {
      if (!item || !item.price) continue;
      else if (item.free) { break; }
      sum += (item.price ?? 0) * rate;
    }
    outer: for (let i = 0; i < 3; i++) { switch (i) { case 1: sum++; break;
      default: continue outer; } }
    const first = this.items[0]; const second = rest.second;
    try { await b(sum, 'x', `é${a?.[sum]?.()}`); } catch (error) { return sum > 1 ? n : -1; }
    const view = (row) => <C>(row as unknown);
    function* inner(k = arguments.length) { yield k; }
    return sum;
  }
}
const f = (x) => ({ x, y: [1, , ...x] });
const g = x => { return f(x) };
var { p, q: [r] } = f(g('a'));
"""
ODD = """
é = {'ü': [1, 2 ** 3, *range(4)]}; ß = f"{é['ü']!r:>{10}} {{x}}"
match é:
    case {'ü': [first, *rest]} if first: print(first)
    case str() | int() as other: del other
class A[T](B, metaclass=M): x: int = 1; y = lambda self, /, *a, k=x, **kw: (yield)
async def h(*, a: 'T' = ...) -> None:
    async with a as b, c(): return [i async for i in b if await i]
    global zz; zz = not (a and (b or not c)); assert a, b
    while (n := a.pop()) > 1 if a else b: x = y = n; x, (y, *z) = z = n, (1, 2)
    else: raise E from None
try: import os, sys as system
except* E: x = "%s" % (a,) + "{}".format(b)
if a: pass
elif b: pass  # c
else:
\tx = '''
  y''' 'z'
"""
RULES = [one for one in ACTIONS if isinstance(one, RuleAction)]
TEXTS = {
    "program": ("python", PROGRAM),
    "second": ("python", SECOND),
    "odd": ("python", ODD),
    "script": ("typescript", SCRIPT),
    "elements": ("tsx", SCRIPT.replace("<C>(", "(")),
}


def broken(text: str, language: str) -> bool:
    return bool(SyntaxDocument.parse(text, language).errors())


@pytest.mark.parametrize("name", TEXTS)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_whatever_is_selected(name: str, data: Any) -> None:
    language, text = TEXTS[name]
    text = text.replace("\n", data.draw(st.sampled_from(["\n", "\r\n"])))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 120)))
    if data.draw(st.booleans()):
        end = start
    document = SyntaxDocument.parse(text, language)
    at = Range(document.text.position(start), document.text.position(end))
    place = Place(f"a.{language}", document, at)
    for action in RULES:
        for offer in action.offers(place):
            try:
                request = action.request(place, offer.argument)
            except ActionError:
                continue
            assert offer.disabled is None
            (file,) = request.edits
            after = apply_edits(document.text, file.edits).content
            assert after != text, (action.name, text[start:end])
            assert broken(text, language) or not broken(after, language), (
                action.name, offer, text[start:end], after,
            )  # fmt: skip


def test_the_texts_are_sound() -> None:
    for language, text in TEXTS.values():
        assert not broken(text, language), language

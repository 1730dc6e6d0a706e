"""What counts as a reference: small projects with a cursor and the places expected."""

from __future__ import annotations

import pytest

from lsp_agent.index.python.references import find_references
from lsp_agent.workspace.positions import Position
from tests.support.marked import MarkedProject

SCOPES = {
    "a local and its uses": """
def f():
    «$0x» = 1
    return «x» + «x»
x = 2
""",
    "another function's local of the same name": """
def f():
    «$0x» = 1
    return «x»
def g():
    x = 2
    return x
""",
    "a closure sees the variable around it": """
def f():
    «$0x» = 1
    def g():
        return «x»
    return lambda: «x»
""",
    "a method does not see its class's scope": """
x = 1
class A:
    «$0x» = 2
    y = «x»
    def f(self):
        return x
""",
    "the module's name seen by a method": """
«$0x» = 1
class A:
    x = 2
    def f(self):
        return «x»
""",
    "the body of a class sees the module until it binds the name": """
«$0x» = 1
class A:
    x = «x»
    y = x
""",
    "a comprehension's variable is its own": """
x = 1
ys = [«x» for «$0x» in range(3) if «x»]
print(x)
""",
    "the first iterable is evaluated outside": """
«$0x» = [1]
ys = [x for x in «x»]
""",
    "a later iterable is evaluated inside": """
rows = [[1]]
ys = [x for «$0row» in rows for x in «row»]
""",
    "a comprehension in a class sees the class in its first iterable only": """
n = 1
class A:
    «$0n» = 2
    a = [i for i in range(«n»)]
    b = [n for i in range(3)]
""",
    "a walrus binds outside of the comprehension": """
def f(rows):
    found = [y for r in rows if («$0y» := r)]
    return «y»
""".replace("[y for", "[«y» for"),
    "global": """
«$0x» = 1
def f():
    global «x»
    «x» = 2
def g():
    x = 3
""",
    "nonlocal": """
x = 0
def f():
    «$0x» = 1
    def g():
        nonlocal «x»
        «x» += 1
    return «x»
""",
    "global behind nonlocal's back": """
def f():
    global «x»
    «$0x» = 1
def g():
    return «x»
""",
    "defaults are evaluated outside": """
«$0x» = 1
def f(x=«x»):
    return x
""",
    "a parameter": """
x = 1
def f(«$0x», y=x):
    return «x»
""",
    "a lambda's parameter and its default": """
x = 1
g = lambda «$0x», y=x: «x»
""",
    "decorators are evaluated outside": """
def «$0d»(f):
    return f
class A:
    @«d»
    def d(self): ...
@«d»
def g(): ...
""",
    "unpacking, starred": """
def f(pairs):
    for (a, *«$0rest») in pairs:
        print(«rest»)
    [b, (c, *rest2)] = pairs
""",
    "with, except and for targets": """
def f():
    with open("a") as «$0x»:
        «x».read()
    try: ...
    except OSError as «x»:
        raise «x»
    for «x» in []: ...
    del «x»
""",
    "deleting binds": """
x = 1
def f(«$0x»):
    def g():
        del x
    del «x»
""",
    "match captures": """
def f(v):
    match v:
        case [«$0x», *rest] if «x»: ...
        case {"a": «x», **others}: ...
        case int() as «x»: ...
        case A(x=1) | B.x: ...
    return «x»
""",
    "type parameters": """
class A[«$0T»]:
    a: «T»
    def f(self, x: «T») -> list[«T»]: ...
T = 1
""",
    "a type alias": """
type «$0L»[T] = list[T]
x: «L»[int]
""",
    "f-strings, also nested": """
def f(«$0x», w):
    return f"{«x»!r:>{w}} x {f'{«x»}'}"
""",
    "a string that is no name": """
«$0x» = 1
"x"
# x
print("x", «x»)
""",
    "a name before its module-level binding is the builtin's": """
str(1)
«$0str» = str
«str»(2)
""",
    "names beyond ASCII": """
«$0größe» = 1
print("größe", «größe», "ß", «größe»)
""",
    "carriage returns": "«$0x» = 1\r\nprint(«x»)\r\n",
    "a half-typed file": """
def f(«$0count»):
    total = «count» +
    return «count»

class A(
""",
    "a half-typed call": """
«$0value» = 1
print(«value», [«value»
""",
}

FUNCTIONS = {
    "keyword arguments name parameters": """
def f(«$0width», height=1):
    return «width»
f(«width»=1)
f(1, height=width)
width = 2
""",
    "a constructor's keyword": """
class A:
    def __init__(self, «$0size»):
        self.size = «size»
A(«size»=1).size
""",
    "a dataclass's field": """
from dataclasses import dataclass
@dataclass
class A:
    «$0size»: int
a = A(«size»=1)
a.«size»
""",
    "a method's keyword through an object": """
class A:
    def f(self, «$0x»): ...
def g(a: A):
    a.f(«x»=1)
""",
    "an inherited constructor's keyword": """
class A:
    def __init__(self, «$0x»): ...
class B(A):
    def __init__(self):
        super().__init__(«x»=1)
class C(A): ...
C(«x»=2)
""",
    "recursion and a name in its own decorator": """
def «$0f»():
    return «f»()
""",
    "both of a conditional definition": """
try:
    def «$0f»(): ...
except ImportError:
    def «f»(): ...
«f»()
""",
}

CLASSES = {
    "a class, its hints, its strings": """
class «$0A»:
    def f(self, other: "«A»") -> "list[«A»]": ...
    def g(self) -> «A»: ...
x: dict[str, "«A»"] = {}
""",
    "a quoted hint before the class": """
from typing import Union
T = Union[str, "«A»"]
class «$0A»: ...
""",
    "a literal is no hint": """
from typing import Literal
class «$0A»: ...
x: Literal["A"]
y = "A"
""",
    "cast": """
from typing import cast
class A:
    def «$0f»(self): ...
def g(x):
    cast("A", x).«f»()
""",
    "methods through self, objects and the class": """
class A:
    def «$0f»(self):
        return self.«f»()
A().«f»()
A.«f»(A())
a = A()
a.«f»
class B:
    def f(self): ...
B().f()
""",
    "an override is another symbol": """
class A:
    def «$0f»(self): ...
class B(A):
    def f(self):
        super().«f»()
B().f()
A().«f»()
""",
    "inherited": """
class A:
    def «$0f»(self): ...
class B(A): ...
class C(B): ...
C().«f»()
""",
    "the order of several bases": """
class A:
    def f(self): ...
class B(A): ...
class C(A):
    def «$0f»(self): ...
class D(B, C): ...
D().«f»()
""",
    "an attribute of self": """
class A:
    def __init__(self):
        self.«$0x» = 1
    def f(self):
        self.«x» += 2
        return self.«x»
class B:
    def __init__(self):
        self.x = 1
""",
    "an attribute of the class and of self": """
class A:
    «$0x» = None
    def f(self):
        self.«x» = 1
A.«x»
""",
    "an annotated attribute of a base": """
class A:
    «$0x»: int
class B(A):
    def f(self):
        self.«x» = 1
""",
    "slots": """
class A:
    __slots__ = ("«x»", "y")
    def __init__(self):
        self.«$0x» = 1
""",
    "a nested class": """
class A:
    class «$0B»: ...
    b = «B»()
A.«B»
""",
    "a class attribute through an instance's class": """
class A:
    «$0x» = 1
    def f(self):
        return self.__class__.«x», type(self).«x»
    @classmethod
    def g(cls):
        return cls.«x», cls().«x»
    @staticmethod
    def h(self):
        return self.x
""",
    "an enumeration": """
from enum import Enum
class Color(Enum):
    «$0RED» = 1
Color.«RED».value
def f(c: Color):
    return c is Color.«RED»
""",
    "a keyword of a class pattern": """
class A:
    «$0x»: int
def f(v):
    match v:
        case A(«x»=1): ...
""",
}

INFERENCE = {
    "a parameter's hint": """
class A:
    def «$0f»(self): ...
def g(a: A, b: "A | None", *c: A, **d: A):
    a.«f»()
    b.«f»()
    c[0].«f»()
    d["x"].«f»()
""",
    "a function's result": """
class A:
    def «$0f»(self): ...
def make() -> A: ...
def other():
    return A()
make().«f»()
other().«f»()
x = make()
x.«f»()
""",
    "properties": """
from functools import cached_property
class A:
    def «$0f»(self): ...
class B:
    @property
    def a(self) -> A: ...
    @cached_property
    def b(self):
        return A()
B().a.«f»()
B().b.«f»()
""",
    "loops and containers": """
from typing import Dict, List, Optional
class A:
    def «$0f»(self): ...
def g(xs: List[A], ys: Dict[str, A], z: Optional[List[A]]):
    for x in xs:
        x.«f»()
    for k, y in ys.items():
        y.«f»()
    [a.«f»() for a in z]
    for i, a in enumerate(xs):
        a.«f»()
    ys["a"].«f»()
    ys.get("a").«f»()
    sorted(xs)[0].«f»()
    for b, c in zip(xs, [1]):
        b.«f»()
""",
    "context managers": """
from contextlib import contextmanager
class A:
    def __enter__(self):
        return self
    def «$0f»(self): ...
@contextmanager
def made():
    yield A()
with A() as a, made() as b:
    a.«f»()
    b.«f»()
""",
    "isinstance": """
class A:
    def «$0f»(self): ...
class B:
    def f(self): ...
def g(x, y):
    if isinstance(x, A) and y:
        x.«f»()
    elif isinstance(x, (B, int)):
        x.f()
    assert isinstance(y, A)
    y.«f»()
    z = x.«f»() if isinstance(x, A) else None
""",
    "self and generic results": """
from typing import Generic, TypeVar
T = TypeVar("T")
class Box(Generic[T]):
    def __init__(self, item: T):
        self.item = item
    def get(self) -> T: ...
class A:
    def «$0f»(self): ...
Box(A()).get().«f»()
def first(xs: list[T]) -> T: ...
first([A()]).«f»()
b: Box[A]
b.item.«f»()
""",
    "Self": """
from typing import Self
class A:
    def me(self) -> Self: ...
class B(A):
    def «$0f»(self): ...
B().me().me().«f»()
""",
    "type[A]": """
class A:
    def «$0f»(self): ...
def g(c: type[A]):
    c().«f»()
""",
    "await and async with": """
class A:
    async def __aenter__(self) -> "A": ...
    async def «$0f»(self) -> "A": ...
async def g():
    async with A() as a:
        (await (await a.«f»()).«f»())
""",
    "a later assignment hides an earlier one": """
class A:
    def «$0f»(self): ...
class B:
    def f(self): ...
def g():
    x = A()
    x.«f»()
    x = B()
    x.f()
""",
    "an iterator that is its own": """
class A:
    def __iter__(self):
        return self
    def __next__(self) -> "A": ...
    def «$0f»(self): ...
for a in A():
    a.«f»()
""",
    "operators": """
class A:
    def __add__(self, other) -> "A": ...
    def «$0f»(self): ...
(A() + 1).«f»()
""",
    "a function that calls itself": """
class A:
    def «$0f»(self): ...
def g(n):
    if n:
        return g(n - 1)
    return A()
g(1).«f»()
""",
}

FILES = {
    "imports of every spelling": """
#- pkg/__init__.py
from .a import «thing»
__all__ = ["«thing»"]
#- pkg/a.py
def «$0thing»(): ...
#- pkg/b.py
from . import a, «thing»
import pkg.a
import pkg.a as short
from pkg import *
a.«thing»(); «thing»(); pkg.a.«thing»(); short.«thing»(); pkg.«thing»()
#- other.py
def thing(): ...
thing()
""",
    "a new name is a symbol of its own": """
#- a.py
def «$0thing»(): ...
#- b.py
from a import «thing» as other
other()
""",
    "the new name's uses": """
#- a.py
def thing(): ...
#- b.py
from a import thing as «$0other»
«other»()
""",
    "as the same name is an export": """
#- a.py
def «$0thing»(): ...
#- b.py
from a import «thing» as «thing»
#- c.py
from b import «thing»
""",
    "a star that __all__ limits": """
#- a.py
__all__ = ["shown"]
shown = 1
«$0hidden» = 2
#- b.py
from a import *
hidden, shown
""",
    "imports in functions and guards": """
#- a.py
class «$0A»: ...
#- b.py
from typing import TYPE_CHECKING
if TYPE_CHECKING:
    from a import «A»
def f(x: "«A»"):
    from a import «A»
    return «A»()
""",
    "src, and a package without __init__": """
#- src/app/core.py
def «$0run»(): ...
#- src/app/main.py
from app.core import «run»
«run»()
#- tests/test_core.py
import app.core
app.core.«run»()
""",
    "a base of another file": """
#- a.py
class Base:
    def «$0hook»(self): ...
#- b.py
import a
class C(a.Base):
    def go(self):
        self.«hook»()
#- c.py
from b import C
def f(c: C):
    c.«hook»()
""",
    "cyclic imports": """
#- a.py
from b import «x»
y = «x»
#- b.py
from a import y
«$0x» = 1
""",
    "a module that is not there": """
#- a.py
import «$0missing»
«missing».f()
#- b.py
import «missing»
""",
    "a stub": """
#- a.pyi
def «$0f»() -> int: ...
#- b.py
from a import «f»
«f»()
""",
}

CASES = {**SCOPES, **FUNCTIONS, **CLASSES, **INFERENCE, **FILES}


def found(project: MarkedProject, **options: bool) -> set[tuple[str, int, int]]:
    assert project.cursor is not None
    answer = find_references(project, *project.cursor, **options)
    assert answer.complete
    return {
        (one.path, one.range.start.line, one.range.start.character)
        for one in answer.locations
        if one.certain
    }


@pytest.mark.parametrize("text", CASES.values(), ids=CASES.keys())
def test_from_the_cursor(text: str) -> None:
    project = MarkedProject.parse(text)
    assert found(project) == project.places


@pytest.mark.parametrize("text", CASES.values(), ids=CASES.keys())
def test_from_every_other_place(text: str) -> None:
    """The answer is the same wherever the symbol is asked for."""
    project = MarkedProject.parse(text)
    for path, line, character in sorted(project.places):
        project.cursor = (path, Position(line, character))
        assert found(project) == project.places, (path, line + 1, character + 1)


def test_without_the_declarations() -> None:
    text = """
class A:
    $0x = 1
    def f(self):
        self.x = 2
        return self.«x»
A.«x»
"""
    project = MarkedProject.parse(text)
    assert found(project, include_declaration=False) == project.places


def test_imports_that_lead_back_to_themselves_end() -> None:
    project = MarkedProject.parse("#- a.py\nfrom b import $0x\n#- b.py\nfrom a import x\n")
    assert ("a.py", 0, 14) in found(project)


@pytest.mark.parametrize(
    "content", ["$0", "$0x +", "(" * 500 + "$0x" + ")" * 500, "x = 1$0\0", "def f(:\n $0x\n"]
)
def test_hardly_python_is_answered(content: str) -> None:
    project = MarkedProject.parse(f"#- a.py\n{content}\n")
    assert all(place[0] == "a.py" for place in found(project))

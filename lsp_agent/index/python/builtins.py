"""What the containers and functions of Python's own library do with the types put into them."""

from __future__ import annotations

from lsp_agent.index.python.types import Builtin, Types, union

_ITERATED = frozenset(
    {
        "list", "List", "set", "Set", "frozenset", "FrozenSet", "Sequence", "MutableSequence",
        "Iterable", "Iterator", "Generator", "Collection", "AbstractSet", "MutableSet", "deque",
        "Deque", "AsyncIterator", "AsyncIterable", "AsyncGenerator", "Reversible", "Container",
        "dict_keys", "KeysView", "ValuesView", "Counter",
    }
)  # fmt: skip
_MAPPINGS = frozenset(
    {
        "dict", "Dict", "Mapping", "MutableMapping", "DefaultDict", "defaultdict", "OrderedDict",
        "ChainMap", "WeakValueDictionary", "WeakKeyDictionary",
    }
)  # fmt: skip
_TUPLES = frozenset({"tuple", "Tuple"})
_AWAITED = frozenset({"Coroutine", "Awaitable", "Future", "Task"})
_ENTERED = frozenset({"ContextManager", "AbstractContextManager", "AsyncContextManager"})
_SAME = frozenset({"copy", "union", "difference", "intersection", "__enter__", "__iter__"})
_TAKING = frozenset({"pop", "popleft", "__getitem__", "get", "setdefault", "__next__"})


def element(one: Builtin, index: int | None = None) -> Types:
    """Return what iterating gives, or of a tuple its ``index``-th item."""
    arguments = one.arguments
    if one.name in _TUPLES:
        if len(arguments) == 2 and arguments[1] == (Builtin("..."),):
            return arguments[0]
        if index is None:
            return union(arguments)
        return arguments[index] if -len(arguments) <= index < len(arguments) else ()
    if one.name in _ITERATED or one.name in _MAPPINGS:
        return arguments[0] if arguments else ()
    return (Builtin("str"),) if one.name == "str" else ()


def item(one: Builtin, index: int | None) -> Types:
    """Return what ``one[…]`` gives; ``index`` is the number in the brackets, if it is one."""
    if one.name in _MAPPINGS:
        return one.arguments[1] if len(one.arguments) > 1 else ()
    return element(one, index)


def awaited(one: Builtin) -> Types:
    """Return what ``await`` gives."""
    if one.name in _AWAITED and one.arguments:
        return one.arguments[-1]
    return ()


def entered(one: Builtin) -> Types:
    """Return what ``with … as`` gives."""
    if one.name in _ENTERED and one.arguments:
        return one.arguments[0]
    return ()


def method_result(owner: Builtin, name: str) -> Types:
    """Return what a method of a container gives."""
    arguments = owner.arguments
    if owner.name in _MAPPINGS and len(arguments) > 1:
        key, value = arguments[0], arguments[1]
        if name in _TAKING:
            return value
        views: dict[str, Types] = {
            "values": (Builtin("list", (value,)),),
            "keys": (Builtin("list", (key,)),),
            "items": (Builtin("list", ((Builtin("tuple", (key, value)),),)),),
            "popitem": (Builtin("tuple", (key, value)),),
            "copy": (owner,),
        }
        return views.get(name, ())
    if name in _SAME:
        return (owner,)
    if name in _TAKING and owner.name not in _MAPPINGS:
        return element(owner)
    if owner.name == "str":
        return (Builtin("list", ((owner,),)),) if "split" in name else (owner,)
    return ()


def call_result(name: str, arguments: list[Types]) -> Types | None:  # noqa: PLR0911 - a table of cases
    """Return what a builtin function gives; ``None`` for one that is not known here."""
    first = arguments[0] if arguments else ()
    inner = union(element(one) for one in first if isinstance(one, Builtin))
    if name in ("list", "sorted", "reversed", "iter", "deque"):
        return (Builtin("list", (inner,)),)
    if name in ("set", "frozenset"):
        return (Builtin("set", (inner,)),)
    if name == "tuple":
        return (Builtin("tuple", (inner, (Builtin("..."),))),)
    if name == "enumerate":
        pair = Builtin("tuple", ((Builtin("int"),), inner))
        return (Builtin("list", ((pair,),)),)
    if name == "zip":
        parts = tuple(
            union(element(one) for one in types if isinstance(one, Builtin)) for types in arguments
        )
        return (Builtin("list", ((Builtin("tuple", parts),),)),)
    if name in ("next", "min", "max"):
        return inner
    if name == "filter" and len(arguments) > 1:
        return (Builtin("list", (_elements(arguments[1]),)),)
    if name in ("copy", "deepcopy", "replace"):
        return first
    return None


def _elements(types: Types) -> Types:
    return union(element(one) for one in types if isinstance(one, Builtin))

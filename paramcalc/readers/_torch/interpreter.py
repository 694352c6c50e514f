"""An interpreter of Python as it stands in classes of networks: calls, attributes, names, values.

It runs on the syntax tree alone. Values are those of values.py; what a source imports is `Known` by
its path, and a subclass says what it does.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from paramcalc.errors import ReadError, show
from paramcalc.readers._torch.plain import METHODS, calculate, compare, key_of
from paramcalc.readers._torch.values import (
    Class,
    Function,
    Known,
    Meter,
    Partial,
    Scope,
    Super,
    Thing,
    arguments_of,
    attempt,
    plain,
    sound,
)

MAX_DEPTH = 80
"""Calls and expressions in each other; each is up to eight calls of Python."""
MEANT = {"torch": "torch", "nn": "torch.nn", "F": "torch.nn.functional", "np": "numpy"} | {
    one.rpartition(".")[2]: one
    for one in ("math", "functools.partial", "collections.OrderedDict", "copy")
}
"""What names stand for that are not imported."""


class Returned(NamedTuple):
    """The end of a function."""

    value: Any


class Interpreter:
    """What a source means."""

    def __init__(self, builtins: frozenset[str]) -> None:
        self.meter = Meter()
        self.depth = 0
        self.line = ""
        """Where the statement or the call is that runs: where an error is."""
        self.builtins = builtins
        self.module = Scope({})

    # What a subclass knows.

    def call_known(self, known: Known, /, *args: Any, **named: Any) -> Any:
        """What something imported returns."""

    def inherited(self, first: Any, known: Known, name: str) -> Any:
        """A method that a class inherits from something imported, or None."""

    def evaluate(self, node: Any, scope: Scope) -> Any:
        """The value of an expression."""

    def run(self, body: list[Any], scope: Scope) -> Any:
        """Run statements; return what ended them, if something did."""

    # Calls.

    def deeper(self, function: Callable[..., Any], /, *args: Any, **named: Any) -> Any:
        """What a function returns, one level deeper."""
        if self.depth >= MAX_DEPTH:
            raise ReadError("the source calls itself too deep")
        self.depth += 1
        try:
            return function(*args, **named)
        finally:
            self.depth -= 1

    def call(self, value: Any, /, *args: Any, **named: Any) -> Any:
        """What a value returns when it is called."""
        if isinstance(value, Function):
            return self.deeper(self.call_function, value, *args, **named)
        if isinstance(value, Known):
            return self.call_known(value, *args, **named)
        if isinstance(value, Class):
            return self.make(value, *args, **named)
        if isinstance(value, Partial):
            args, named = (*value.args, *args), {**value.named, **named}
            if isinstance(value.function, str):  # A method of a plain value.
                function = METHODS[type(args[0])][value.function]
                return attempt(value.function, function, self.meter, *args, **named)
            return self.call(value.function, *args, **named)
        if isinstance(value, Thing):
            return self.deeper(self.call, self.attribute(value, "__call__"), *args, **named)
        raise ReadError(f"{show(value)} cannot be called")

    def call_function(self, function: Function, /, *args: Any, **named: Any) -> Any:
        """What a function of the source returns."""
        owner = f"{function.owner.name}." if function.owner else ""
        what = f"{owner}{function.name or 'a lambda'}"
        names: Any = arguments_of(what, function.takes.bind, *args, **named)
        method = (function.owner, args[0]) if function.owner and args else None
        scope = Scope(names, function.scope, None, method)
        if isinstance(function.body, list):
            end = self.run(function.body, scope)
            return end.value if isinstance(end, Returned) else None
        return self.evaluate(function.body, scope)

    def make(self, cls: Class, /, *args: Any, **named: Any) -> Any:
        """An object of a class of the source."""
        self.meter.spend(20)
        thing = self.new(cls)
        start = self.member(cls.mro, "__init__", thing)
        if start is not None:
            self.call(start, *args, **named)
        elif args or named:
            raise ReadError(f"{cls.name} takes no arguments")
        return thing

    def new(self, cls: Class) -> Any:
        """An object without attributes."""

    # Attributes.

    def member(self, mro: Iterable[Any], name: str, first: Any) -> Any:
        """What the classes have by a name, for an object; None if nothing."""
        for cls in mro:
            if isinstance(cls, Known):
                found = self.inherited(first, cls, name)
                if found is not None:
                    return found
            elif name in cls.members:
                return self.bound(cls.members[name], first)
            elif name == "__init__" and cls.is_record:
                return Partial(Known("dataclasses.fill"), (first,))
        return None

    def bound(self, value: Any, first: Any) -> Any:
        """A member of a class, as an object sees it."""
        value = sound(value)
        if not isinstance(value, Function) or value.kind == "staticmethod":
            return value
        if value.kind == "classmethod":
            return Partial(value, (first.cls if isinstance(first, Thing) else first,))
        if isinstance(first, Class):
            return value
        return self.call(value, first) if value.kind == "property" else Partial(value, (first,))

    def attribute(self, value: Any, name: str) -> Any:
        """An attribute of a value."""
        if isinstance(value, Known):
            return self.known_attribute(value, name)
        if name.startswith("__") and name not in ("__init__", "__call__"):
            return attribute_of_class(value, name)
        if isinstance(value, Thing) and name in value.attributes:
            return sound(value.attributes[name])
        if name in METHODS.get(type(value), ()):
            return Partial(name, (value,))
        mro = mro_of(value)
        found = self.member(mro, name, value.first if isinstance(value, Super) else value)
        if found is None and not any(isinstance(one, Class) and name in one.members for one in mro):
            return self.attribute_of(value, name)
        return found

    def attribute_of(self, value: Any, name: str) -> Any:
        """An attribute that is not in a class."""
        raise ReadError(f"{show(value)} has no {name} that is known")

    def known_attribute(self, known: Known, name: str) -> Any:
        """An attribute of something imported."""

    def set_attribute(self, value: Any, name: str, new: Any) -> None:
        """Give an object an attribute."""
        if isinstance(value, Class):
            value.members[name] = new
        elif isinstance(value, Thing):
            value.attributes[name] = new
        else:
            raise ReadError(f"{show(value)} gets no attribute {name}")

    # Names.

    def find(self, name: str, scope: Scope) -> Any:
        """What a name stands for."""
        place: Scope | None = scope
        while place is not None:
            if name in place.names:
                return sound(place.names[name])
            place = place.parent
        if name in self.builtins or name.endswith(("Error", "Exception", "Warning")):
            return Known(f"builtins.{name}")
        if name not in MEANT:
            raise ReadError(f"{name} is not defined")
        return Known(MEANT[name])

    def assign(self, target: Any, value: Any, scope: Scope) -> None:
        """Give a value to a name, an attribute, an entry, or several."""
        if isinstance(target, ast.Name):
            scope.names[target.id] = value
        elif isinstance(target, ast.Attribute):
            self.set_attribute(self.evaluate(target.value, scope), target.attr, value)
        elif isinstance(target, ast.Subscript):
            whole, key = self.evaluate(target.value, scope), self.evaluate(target.slice, scope)
            self.set_item(whole, key, value)
        elif isinstance(target, ast.Starred):
            raise ReadError("a star stands alone")
        else:
            self.assign_all(target.elts, value, scope)

    def assign_all(self, targets: list[Any], value: Any, scope: Scope) -> None:
        """Give the values of a list to several targets, one of which may take the rest."""
        values = self.unpack(value, len(targets))
        more = len(values) - len(targets) + 1
        at = next((at for at, one in enumerate(targets) if isinstance(one, ast.Starred)), None)
        if at is not None and more >= 0:
            values[at : at + more] = [values[at : at + more]]
        if len(values) != len(targets):
            raise ReadError(f"{len(targets)} names get {len(values)} values")
        for one, part in zip(targets, values, strict=True):
            self.assign(one.value if isinstance(one, ast.Starred) else one, part, scope)

    def unpack(self, value: Any, number: int) -> list[Any]:
        """The values of a list, for as many names."""
        return self.listed(value)

    # Values.

    def operate(self, name: str, left: Any, right: Any) -> Any:
        """The value of an operator."""
        return calculate(self.meter, name, left, right)

    def compare(self, name: str, left: Any, right: Any) -> Any:
        """The value of a comparison."""
        return compare(self.meter, name, left, right)

    def truth(self, value: Any) -> bool:
        """Whether a value counts as true."""
        if plain(value) or isinstance(value, list | tuple | dict | range):
            return bool(value)
        for name in ("__bool__", "__len__"):
            if any(isinstance(one, Class) and name in one.members for one in mro_of(value)):
                raise ReadError(f"a condition calls {name}, which is not read")
        return True

    def iterate(self, value: Any) -> Iterable[Any]:
        """The values of a container."""
        if isinstance(value, dict):
            return self.listed([*value])
        if isinstance(value, str | list | tuple | range):
            return value
        raise ReadError(f"{show(value)} has no values to go through")

    def listed(self, value: Any) -> list[Any]:
        """The values of a container, in a list of their own."""
        found: Any = self.iterate(value)
        self.meter.spend(attempt("a length", len, found))
        return list(found)

    def item(self, value: Any, key: Any) -> Any:
        """A part of a value."""
        if isinstance(value, dict):
            return attempt("a key", value.__getitem__, key_of(self.meter, key))
        if not isinstance(value, str | list | tuple | range):
            raise ReadError(f"{show(value)} has no parts that are known")
        if isinstance(key, slice):
            self.meter.spend(attempt("a slice", lambda: len(range(len(value))[key])))
        elif not isinstance(key, int):
            raise ReadError(f"{show(key)} is no index")
        return attempt("an index", value.__getitem__, key)

    def set_item(self, whole: Any, key: Any, value: Any) -> None:
        """Give a list or a dict an entry."""
        if isinstance(whole, dict):
            whole[key_of(self.meter, key)] = value
        elif isinstance(whole, list) and isinstance(key, int):
            attempt("an index", whole.__setitem__, key, value)
        else:
            raise ReadError(f"{show(whole)} gets no entry {show(key)}")


def mro_of(value: Any) -> list[Any]:
    """The classes in which an attribute of a value is looked up."""
    if isinstance(value, Class):
        return value.mro
    if isinstance(value, Super):
        mro = value.first.cls.mro
        return list(mro[mro.index(value.cls) + 1 :])
    if not isinstance(value, Thing):
        return []
    return value.cls.mro if isinstance(value.cls, Class) else [value.cls]


def attribute_of_class(value: Any, name: str) -> Any:
    """The class of an object, or the name of a class."""
    if name == "__class__" and isinstance(value, Thing):
        return value.cls
    if name == "__name__" and isinstance(value, Class | Function | Known):
        return value.name
    raise ReadError(f"the attribute {name} is not read")

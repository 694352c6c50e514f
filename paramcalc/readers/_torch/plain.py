"""What plain values do: operators, comparisons, formats, methods.

Whatever takes time or memory is paid for before it is done. No attribute of a value is ever looked
up by a name of the source: what methods there are stands in tables.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from typing import Any

from paramcalc.errors import ReadError, show
from paramcalc.readers._torch.values import Known, Meter, attempt, bounded, plain

SIGNS: dict[str, tuple[str, Callable[[Any, Any], Any]]] = {
    "Add": ("+", operator.add),
    "Sub": ("-", operator.sub),
    "Mult": ("*", operator.mul),
    "Div": ("/", operator.truediv),
    "FloorDiv": ("//", operator.floordiv),
    "Mod": ("%", operator.mod),
    "Pow": ("**", operator.pow),
    "MatMult": ("@", operator.matmul),
    "LShift": ("<<", operator.lshift),
    "RShift": (">>", operator.rshift),
    "BitOr": ("|", operator.or_),
    "BitAnd": ("&", operator.and_),
    "BitXor": ("^", operator.xor),
}
ORDERS = {"Lt": operator.lt, "LtE": operator.le, "Gt": operator.gt, "GtE": operator.ge}


def calculate(meter: Meter, name: str, left: Any, right: Any) -> Any:
    """The value of an operator, by the name of its node, for plain values."""
    sign, function = SIGNS[name]
    if isinstance(left, int | float) and isinstance(right, int | float):
        grows = {"Pow": abs(left) > 1, "LShift": left != 0}.get(name, False)
        if grows and isinstance(left, int) and right > 64:
            bounded(1 << 64)
        return bounded(attempt(sign, function, left, right))
    if name == "Mult" and isinstance(left, int):
        left, right = right, left
    if name == "Mult" and isinstance(left, str | list | tuple) and isinstance(right, int):
        meter.spend(len(left) * max(right, 0))
        return left * right
    if name == "Mod" and isinstance(left, str):
        values = right if isinstance(right, tuple) else (right,)
        values = written(meter, left, DIRECTIVE, "%", values)
        return attempt("%", operator.mod, left, values)
    if name == "Add" and isinstance(left, str | list | tuple) and type(left) is type(right):
        meter.spend(len(left) + len(right))
        return function(left, right)
    raise ReadError(f"{show(left)} {sign} {show(right)} is not known")


def equal(meter: Meter, left: Any, right: Any, depth: int = 0) -> bool:
    """Whether two values are equal; lists are compared step by step."""
    meter.spend(1 + (len(left) // 8 if isinstance(left, str) else 0))
    if depth > 20:
        raise ReadError("values are nested too deep")
    if isinstance(left, list | tuple) and type(left) is type(right):
        pairs = zip(left, right, strict=False)
        return len(left) == len(right) and all(equal(meter, *one, depth + 1) for one in pairs)
    if isinstance(left, dict) and isinstance(right, dict):
        raise ReadError("two dicts cannot be compared")
    return bool(left == right) if plain(left) or type(left) is type(right) else False


def compare(meter: Meter, name: str, left: Any, right: Any) -> bool:
    """The value of a comparison, by the name of its node."""
    if name in ("Eq", "NotEq"):
        return equal(meter, left, right) == (name == "Eq")
    if name in ("Is", "IsNot"):
        is_same = left is right or (plain(left) and type(left) is type(right) and left == right)
        return (is_same or (isinstance(left, Known) and left == right)) == (name == "Is")
    if name.endswith("In"):
        return contains(meter, right, left) == (name == "In")
    numbers = isinstance(left, int | float) and isinstance(right, int | float)
    if numbers or (isinstance(left, str) and isinstance(right, str)):
        return bool(ORDERS[name](left, right))
    raise ReadError(f"{show(left)} and {show(right)} cannot be compared")


def contains(meter: Meter, container: Any, value: Any) -> bool:
    """Whether a container has a value."""
    if isinstance(container, str) and isinstance(value, str):
        meter.spend(len(container))
        return value in container
    if isinstance(container, dict):
        return key_of(meter, value) in container
    if isinstance(container, range) and isinstance(value, int):
        return value in container
    if isinstance(container, list | tuple):
        return any(equal(meter, one, value) for one in container)
    raise ReadError(f"{show(container)} cannot be searched")


def key_of(meter: Meter, value: Any, depth: int = 0) -> Any:
    """A value that can be a key of a dict."""
    meter.spend(1)
    if isinstance(value, tuple) and depth < 20:
        return tuple([key_of(meter, one, depth + 1) for one in value])
    if isinstance(value, list | tuple | dict | slice):
        raise ReadError(f"{show(value)} cannot be a key")
    return value


def text(meter: Meter, value: Any) -> str:
    """A value as `str` writes it; of what is no number and no text, about a line."""
    made = value if isinstance(value, str) else str(value) if plain(value) else show(value)
    meter.spend(len(made))
    return made


SPEC = re.compile(r"[<>^=]?[+-]?0?\d{0,2},?(\.\d{1,2})?[a-zA-Z%]?")
DIRECTIVE = re.compile(r"%%|%[-+ 0#]*\d{0,2}(?:\.\d{1,2})?[a-zA-Z]")
PLACE = re.compile(r"\{\{|\}\}|\{\w{0,30}(?::[<>^=]?[+-]?0?\d{0,2},?(\.\d{1,2})?[a-zA-Z%]?)?\}")


def formatted(meter: Meter, value: Any, spec: str) -> str:
    """A value in a format such as "02d"."""
    if not spec:
        return text(meter, value)
    if not SPEC.fullmatch(spec) or not isinstance(value, int | float | str):
        raise ReadError(f"the format {show(spec)} of {show(value)} is not known")
    meter.spend(100 + len(value) if isinstance(value, str) else 100)
    return str(attempt("a format", format, value, spec))


def written(
    meter: Meter, pattern: str, place: re.Pattern[str], signs: str, values: Any
) -> tuple[Any, ...]:
    """The values for the places of a pattern, as numbers and texts, if the places are known."""
    meter.spend(len(pattern))
    if {*signs} & {*place.sub("", pattern)}:
        raise ReadError(f"the format {show(pattern)} is not known")
    found = tuple([one if plain(one) else show(one) for one in values])
    longest = max([len(one) for one in found if isinstance(one, str)], default=0)
    meter.spend(len(place.findall(pattern)) * (longest + 100))
    return found


def str_format(meter: Meter, pattern: str, *values: Any, **named: Any) -> str:
    """A text in which each {}, {0} and {name} is replaced."""
    found = written(meter, pattern, PLACE, "{}", [*values, *named.values()])
    pairs = dict(zip(named, found[len(values) :], strict=True))
    return str(pattern.format(*found[: len(values)], **pairs))


def join(meter: Meter, separator: str, values: Any) -> str:
    """Texts in a row."""
    if not isinstance(values, list | tuple) or not all(isinstance(one, str) for one in values):
        raise ReadError("join takes a list of texts")
    meter.spend(sum([len(one) + len(separator) for one in values]))
    return separator.join(values)


def replace(meter: Meter, value: str, old: str, new: str) -> str:
    """A text with each occurrence of another replaced."""
    meter.spend((len(value) + 1) * (len(new) + 1))
    return value.replace(old, new)


def of(function: Callable[..., Any], cost: int = 0) -> Callable[..., Any]:
    """A method, and what it takes for each part of the value."""

    def call(meter: Meter, value: Any, *args: Any) -> Any:
        meter.spend(cost * len(value) if cost else 1)
        return function(value, *args)

    return call


def extend(meter: Meter, value: list[Any], more: Any) -> None:
    """Append the values of a list, a tuple or a range."""
    if not isinstance(more, list | tuple | range):
        raise ReadError(f"{show(more)} is no list")
    meter.spend(len(more))
    value.extend(more)


def update(meter: Meter, value: dict[Any, Any], more: Any = (), **named: Any) -> None:
    """Add the entries of a dict, or of a list of pairs."""
    pairs = list(more.items()) if isinstance(more, dict) else more
    meter.spend(len(pairs) + len(named))
    value.update({key_of(meter, key): one for key, one in pairs} | named)


def get(meter: Meter, value: dict[Any, Any], key: Any, default: Any = None) -> Any:
    """An entry, if there is one."""
    return value.get(key_of(meter, key), default)


def setdefault(meter: Meter, value: dict[Any, Any], key: Any, default: Any = None) -> Any:
    """An entry; a new one, if there is none."""
    return value.setdefault(key_of(meter, key), default)


METHODS: dict[type, dict[str, Callable[..., Any]]] = {
    str: {
        **{
            one.__name__: of(one, cost=2)
            for one in (
                str.lower, str.upper, str.strip, str.lstrip, str.rstrip, str.startswith,
                str.endswith, str.split, str.isdigit, str.count, str.find,
            )
        },
        "format": str_format,
        "join": join,
        "replace": replace,
    },
    list: {
        "append": of(list.append),
        "pop": of(list.pop, cost=1),
        "insert": of(list.insert, cost=1),
        "reverse": of(list.reverse, cost=1),
        "copy": of(list.copy, cost=1),
        "tolist": of(list.copy, cost=1),
        "extend": extend,
    },
    tuple: {},
    dict: {
        "items": of(lambda value: list(value.items()), cost=1),
        "keys": of(list, cost=1),
        "values": of(lambda value: list(value.values()), cost=1),
        "copy": of(dict.copy, cost=1),
        "get": get,
        "setdefault": setdefault,
        "pop": lambda meter, value, key, *default: value.pop(key_of(meter, key), *default),
        "update": update,
    },
    int: {"item": of(int)},
    float: {"item": of(float)},
}  # fmt: skip
"""The methods of plain values."""

"""What plain values do: operators, comparisons, formats, methods.

Whatever takes time or memory is paid for before it is done. No attribute of a value is ever looked
up by a name of the source: what methods there are stands in tables.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterable
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


def calculate(meter: Meter, name: str, left: Any, right: Any) -> Any:
    """The value of an operator, by the name of its node, for plain values."""
    sign, function = SIGNS[name]
    if isinstance(left, int | float) and isinstance(right, int | float):
        if name in ("Pow", "LShift") and isinstance(left, int) and abs(left) > 1 and right > 64:
            bounded(1 << 64)
        return bounded(attempt(sign, function, left, right))
    if name == "Mult" and isinstance(left, int):
        left, right = right, left
    if name == "Mult" and isinstance(left, str | list | tuple) and isinstance(right, int):
        meter.spend(len(left) * max(right, 0))
        return left * right
    if name == "Mod" and isinstance(left, str):
        return percent(meter, left, right)
    if name == "Add" and isinstance(left, str | list | tuple) and type(left) is type(right):
        meter.spend(len(left) + len(right))
        return function(left, right)
    raise ReadError(f"{show(left)} {sign} {show(right)} is not known")


def equal(meter: Meter, left: Any, right: Any, depth: int = 0) -> bool:
    """Whether two values are equal; containers are compared step by step."""
    meter.spend(1)
    if depth > 20:
        raise ReadError("values are nested too deep")
    if isinstance(left, list | tuple) and type(left) is type(right):
        pairs = zip(left, right, strict=False)
        return len(left) == len(right) and all(equal(meter, *one, depth + 1) for one in pairs)
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(
            equal(meter, value, right[key], depth + 1) for key, value in left.items()
        )
    if isinstance(left, str):
        meter.spend(len(left) // 8)
    return bool(left == right) if plain(left) or type(left) is type(right) else False


def compare(meter: Meter, name: str, left: Any, right: Any) -> bool:
    """The value of a comparison, by the name of its node."""
    if name in ("Eq", "NotEq"):
        return equal(meter, left, right) == (name == "Eq")
    if name in ("Is", "IsNot"):
        is_same = left is right or (plain(left) and type(left) is type(right) and left == right)
        return (is_same or (isinstance(left, Known) and left == right)) == (name == "Is")
    if name in ("In", "NotIn"):
        return contains(meter, right, left) == (name == "In")
    numbers = isinstance(left, int | float) and isinstance(right, int | float)
    if numbers or (isinstance(left, str) and isinstance(right, str)):
        orders = {"Lt": operator.lt, "LtE": operator.le, "Gt": operator.gt, "GtE": operator.ge}
        return bool(orders[name](left, right))
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
    if isinstance(value, str):
        meter.spend(len(value))
        return value
    return str(value) if plain(value) else show(value)


SPEC = re.compile(r"[<>^=]?[+-]?0?\d{0,2},?(\.\d{1,2})?[a-zA-Z%]?")
DIRECTIVE = re.compile(r"%(%|(?P<flags>[-+ 0#]*\d{0,2}(?:\.\d{1,2})?)(?P<kind>[a-zA-Z]))")
PLACE = re.compile(r"\{(?P<name>\w*)(?::(?P<spec>[^{}]*))?\}")


def formatted(meter: Meter, value: Any, spec: str) -> str:
    """A value in a format such as "02d"."""
    if not spec:
        return text(meter, value)
    if not SPEC.fullmatch(spec) or not isinstance(value, int | float | str):
        raise ReadError(f"the format {show(spec)} of {show(value)} is not known")
    meter.spend(100 + len(value) if isinstance(value, str) else 100)
    return str(attempt("a format", format, value, spec))


def percent(meter: Meter, pattern: str, given: Any) -> str:
    """A text in which each %d, %s and so on is replaced."""
    values = list(given) if isinstance(given, tuple) else [given]
    meter.spend(len(pattern) + len(values))

    def replaced(match: re.Match[str]) -> str:
        if match.group() == "%%":
            return "%"
        if not values:
            raise ReadError(f"{show(pattern)} has more places than there are values")
        one = values.pop(0)
        one = one if plain(one) else text(meter, one)
        meter.spend(len(one) if isinstance(one, str) else 100)
        return str(attempt("a format", operator.mod, match.group(), (one,)))

    made = DIRECTIVE.sub(replaced, pattern)
    if values:
        raise ReadError(f"{show(pattern)} has fewer places than there are values")
    return made


def str_format(meter: Meter, pattern: str, *values: Any, **named: Any) -> str:
    """A text in which each {}, {0} and {name} is replaced."""
    meter.spend(len(pattern))
    rest = list(values)

    def replaced(match: re.Match[str]) -> str:
        name = match["name"]
        if name.isdecimal():
            value = attempt("format", values.__getitem__, int(name[:9]))
        elif name:
            value = attempt("format", named.__getitem__, name)
        else:
            value = attempt("format", rest.pop, 0)
        return formatted(meter, value, match["spec"] or "")

    return PLACE.sub(replaced, pattern)


def join(meter: Meter, separator: str, values: Iterable[Any]) -> str:
    """Texts in a row."""
    parts = list(values) if isinstance(values, list | tuple) else []
    if not all(isinstance(one, str) for one in parts):
        raise ReadError("join takes a list of texts")
    meter.spend(sum([len(one) + len(separator) for one in parts]))
    return separator.join(parts)


def replace(meter: Meter, value: str, old: str, new: str) -> str:
    """A text with each occurrence of another replaced."""
    meter.spend((len(value) + 1) * (len(new) + 1))
    return value.replace(old, new)


def of_str(function: Callable[..., Any]) -> Callable[..., Any]:
    """A method of texts that makes nothing longer."""

    def call(meter: Meter, value: str, *arguments: Any) -> Any:
        meter.spend(2 * len(value))
        return function(value, *arguments)

    return call


def of_any(function: Callable[..., Any]) -> Callable[..., Any]:
    """A method that takes one step."""

    def call(_: Meter, value: Any, *arguments: Any) -> Any:
        return function(value, *arguments)

    return call


def copying(function: Callable[..., Any]) -> Callable[..., Any]:
    """A method that makes something as long as the value."""

    def call(meter: Meter, value: Any, *arguments: Any) -> Any:
        meter.spend(len(value))
        return function(value, *arguments)

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


def index(meter: Meter, value: list[Any], wanted: Any) -> Any:
    """Where a value stands."""
    found = [at for at, one in enumerate(value) if equal(meter, one, wanted)]
    return attempt("index", found.__getitem__, 0) if found else attempt("index", [].index, wanted)


def pop_key(meter: Meter, value: dict[Any, Any], key: Any, *default: Any) -> Any:
    """Take an entry out of a dict."""
    return value.pop(key_of(meter, key), *default)


METHODS: dict[type, dict[str, Callable[..., Any]]] = {
    str: {
        **{
            one.__name__: of_str(one)
            for one in (
                str.lower, str.upper, str.strip, str.lstrip, str.rstrip, str.title, str.capitalize,
                str.startswith, str.endswith, str.split, str.isdigit, str.count, str.find,
            )
        },
        "format": str_format,
        "join": join,
        "replace": replace,
    },
    list: {
        "append": of_any(list.append),
        "pop": of_any(list.pop),
        "insert": copying(list.insert),
        "reverse": copying(list.reverse),
        "clear": of_any(list.clear),
        "copy": copying(list.copy),
        "extend": extend,
        "index": index,
        "tolist": copying(list.copy),
    },
    tuple: {"index": index},
    dict: {
        "items": copying(lambda value: list(value.items())),
        "keys": copying(list),
        "values": copying(lambda value: list(value.values())),
        "copy": copying(dict.copy),
        "get": lambda meter, value, key, default=None: value.get(key_of(meter, key), default),
        "setdefault": lambda meter, value, key, default=None: value.setdefault(
            key_of(meter, key), default
        ),
        "pop": pop_key,
        "update": update,
    },
    int: {"item": of_any(int), "bit_length": of_any(int.bit_length)},
    float: {"item": of_any(float), "is_integer": of_any(float.is_integer)},
}  # fmt: skip
"""The methods of plain values."""

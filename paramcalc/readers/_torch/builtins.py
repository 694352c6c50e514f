"""The functions of Python and its library that appear in classes of networks.

Each takes the interpreter and then its own arguments.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from paramcalc.errors import ReadError, show
from paramcalc.readers._torch.plain import compare, key_of, update
from paramcalc.readers._torch.statements import Runner
from paramcalc.readers._torch.values import (
    Class,
    Function,
    Known,
    Partial,
    Super,
    Thing,
    Unknown,
    attempt,
    bounded,
)

KINDS: dict[str, Any] = {
    "int": int,
    "float": float,
    "str": str,
    "bool": bool,
    "list": list,
    "tuple": tuple,
    "dict": dict,
    "Sequence": (list, tuple, str, range),
    "Iterable": (list, tuple, str, dict, range),
    "Mapping": dict,
    "Number": int | float,
    "Callable": Function | Partial | Class | Known,
}
"""The kinds of plain values, by the names that `isinstance` is asked for."""


def number_of(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of numbers; of one that is not known, it is not known."""

    def call(runner: Runner, *values: Any) -> Any:
        is_list = name in ("min", "max") and len(values) == 1
        given = runner.listed(values[0]) if is_list else [*values]
        kinds = int | float | str if name in ("int", "float") else int | float
        for one in given:
            if isinstance(one, Unknown):
                return one
            if not isinstance(one, kinds):
                raise ReadError(f"{name} takes numbers, got {show(one)}")
        return bounded(attempt(name, function, *given))

    return call


def fold(name: str, first: int) -> Callable[..., Any]:
    """A function that puts values together by an operator."""

    def call(runner: Runner, values: Any, start: Any = first) -> Any:
        for one in runner.iterate(values):
            runner.meter.spend(3)
            start = runner.operate(name, start, one)
        return start

    return call


def operator(name: str) -> Callable[..., Any]:
    return lambda runner, left, right: runner.operate(name, left, right)


def new_range(runner: Runner, *ends: Any) -> Any:
    for one in ends:
        if isinstance(one, Unknown):
            raise ReadError(one.problem)
    return attempt("range", range, *ends)


def new_set(runner: Runner, values: Any = ()) -> list[Any]:
    return list({key_of(runner.meter, one): None for one in runner.iterate(values)})


def new_dict(runner: Runner, values: Any = (), **named: Any) -> dict[Any, Any]:
    is_dict = isinstance(values, dict)
    pairs = values if is_dict else [runner.listed(one) for one in runner.iterate(values)]
    made: dict[Any, Any] = {}
    update(runner.meter, made, pairs, **named)
    return made


def zipped(runner: Runner, *values: Any) -> list[Any]:
    return list(zip(*[runner.listed(one) for one in values], strict=False))


def mapped(runner: Runner, function: Any, *values: Any) -> list[Any]:
    return [runner.call(function, *row) for row in zipped(runner, *values)]


def in_order(runner: Runner, values: Any) -> list[Any]:
    found = runner.listed(values)
    for one in found:
        compare(runner.meter, "Lt", one, found[0])
    return sorted(found)


def first_left(runner: Runner, values: Any) -> Any:
    """The next value of an iterator, which is a list here."""
    return attempt("next", list.pop, values, 0)


def is_instance(runner: Runner, value: Any, kinds: Any) -> bool:
    given = kinds if isinstance(kinds, list | tuple) else [kinds]
    return any(is_one(runner, value, one) for one in given)


def partial_of(runner: Any, function: Any, /, *args: Any, **named: Any) -> Partial:
    """A function with some arguments; as in Python, that of a partial is no partial."""
    if not isinstance(function, Partial):
        return Partial(function, args, named)
    runner.meter.spend(len(function.args) + len(function.named))
    return Partial(function.function, (*function.args, *args), {**function.named, **named})


def is_one(runner: Any, value: Any, kind: Any) -> bool:
    """Whether a value is of one kind."""
    if isinstance(kind, Class):
        return isinstance(value, Thing) and isinstance(value.cls, Class) and kind in value.cls.mro
    if not isinstance(kind, Known):
        raise ReadError(f"{show(kind)} is no class")
    if kind.name in KINDS and not kind.path.startswith("torch."):
        return isinstance(value, KINDS[kind.name])
    return bool(runner.is_a(value, kind))


def has(runner: Runner, value: Any, name: Any) -> bool:
    line, depth = runner.line, runner.depth
    try:
        runner.attribute(value, name_in(name))
    except ReadError:
        runner.line, runner.depth = line, depth
        return False
    return True


def get(runner: Runner, value: Any, name: Any, *default: Any) -> Any:
    if default and not has(runner, value, name):
        return default[0]
    return runner.attribute(value, name_in(name))


def name_in(name: Any) -> str:
    """The name of an attribute."""
    if not isinstance(name, str):
        raise ReadError(f"{show(name)} is no name")
    return name


def kind_of(runner: Runner, value: Any) -> Any:
    return value.cls if isinstance(value, Thing) else Known(f"builtins.{type(value).__name__}")


def ancestor(runner: Runner, cls: Any, first: Any) -> Super:
    if isinstance(cls, Class) and isinstance(first, Thing) and is_one(runner, first, cls):
        return Super(cls, first)
    raise ReadError("super() takes a class of the source and an object of it")


def reduced(runner: Runner, function: Any, values: Any, *start: Any) -> Any:
    first, *others = [*start, *runner.listed(values)] or [None]
    for one in others:
        first = runner.call(function, first, one)
    return first


def record(runner: Runner, name: Any, fields: Any) -> Class:
    """A `namedtuple`."""
    text = fields.replace(",", " ").split() if isinstance(fields, str) else runner.listed(fields)
    made = Class(name_in(name), [], fields=[name_in(one) for one in text], is_record=True)
    made.mro.append(made)
    return made


def fill(runner: Runner, thing: Thing, *values: Any, **named: Any) -> None:
    """What the `__init__` of a dataclass does."""
    classes = [cls for cls in reversed(thing.cls.mro) if isinstance(cls, Class)]
    fields = {name: cls for cls in classes for name in cls.fields}
    given = dict(zip(fields, values, strict=False)) | named
    if len(values) > len(fields) or not given.keys() <= fields.keys():
        raise ReadError(f"{thing.cls.name} has the fields {', '.join(fields)}")
    for name, cls in fields.items():
        if name not in given and name not in cls.members:
            raise ReadError(f"{thing.cls.name} needs {name}")
        value = given[name] if name in given else runner.bound(cls.members[name], thing)
        runner.set_attribute(thing, name, value)
    start = runner.member(thing.cls.mro, "__post_init__", thing)
    if start is not None:
        runner.call(start)


MATH = "sqrt floor ceil log log2 log10 exp pow gcd lcm isqrt sin cos trunc"
CONSTANTS = {
    f"{module}.{name}": value
    for module in ("math", "torch", "numpy")
    for name, value in {"pi": math.pi, "inf": math.inf, "e": math.e}.items()
}
FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{f"math.{one}": number_of(one, getattr(math, one)) for one in MATH.split()},
    **{f"numpy.{one}": number_of(one, getattr(math, one)) for one in MATH.split()[:7]},
    **{
        f"builtins.{one.__name__}": number_of(one.__name__, one)
        for one in (int, float, abs, min, max)
    },
    "builtins.round": lambda runner, value, digits=None: number_of("round", round)(
        runner, value, *([] if digits is None else [min(max(digits, -20), 20)])
    ),
    "math.prod": fold("Mult", 1),
    "numpy.prod": fold("Mult", 1),
    "builtins.sum": fold("Add", 0),
    "builtins.len": lambda runner, value: len(runner.listed(value)),
    "builtins.range": new_range,
    "builtins.list": lambda runner, values=(): runner.listed(values),
    "builtins.iter": lambda runner, values: runner.listed(values),
    "builtins.tuple": lambda runner, values=(): tuple(runner.listed(values)),
    "builtins.set": new_set,
    "builtins.dict": new_dict,
    "collections.OrderedDict": new_dict,
    "builtins.str": lambda runner, value: runner.operate("Mod", "%s", (value,)),
    "builtins.bool": lambda runner, value: runner.truth(value),
    "builtins.zip": zipped,
    "builtins.enumerate": lambda runner, values, start=0: list(
        enumerate(runner.listed(values), start)
    ),
    "builtins.reversed": lambda runner, values: runner.listed(values)[::-1],
    "builtins.map": mapped,
    "builtins.filter": lambda runner, function, values: [
        one for one in runner.listed(values) if runner.truth(runner.call(function, one))
    ],
    "builtins.sorted": in_order,
    "builtins.any": lambda runner, values: any(runner.truth(one) for one in runner.listed(values)),
    "builtins.all": lambda runner, values: all(runner.truth(one) for one in runner.listed(values)),
    "builtins.next": first_left,
    "builtins.isinstance": is_instance,
    "builtins.hasattr": has,
    "builtins.getattr": get,
    "builtins.setattr": lambda runner, value, name, new: runner.set_attribute(
        value, name_in(name), new
    ),
    "builtins.type": kind_of,
    "builtins.super": ancestor,
    "functools.partial": partial_of,
    "functools.reduce": reduced,
    "operator.mul": operator("Mult"),
    "operator.add": operator("Add"),
    "collections.namedtuple": record,
    "dataclasses.fill": fill,
    "itertools.chain": lambda runner, *values: [
        one for part in values for one in runner.listed(part)
    ],
    "itertools.repeat": lambda runner, value, times: runner.operate("Mult", [value], times),
    "typing.cast": lambda runner, kind, value: value,
    "torch.jit.annotate": lambda runner, kind, value: value,
}
OTHERS = "print object NotImplemented staticmethod classmethod property"
BUILTINS = frozenset(
    [*OTHERS.split(), *[one[9:] for one in FUNCTIONS if one.startswith("builtins.")]]
)
IGNORED = (
    "builtins.print", "warnings.", "logging.", "typing.", "torch.nn.init.", "torch._assert",
    "torch.manual_seed", "torch._C.", "torch.fx.", "torch.random.", "numpy.random.seed",
)  # fmt: skip
"""What is called for something else than shapes and counts."""

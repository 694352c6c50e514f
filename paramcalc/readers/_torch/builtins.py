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
    Bound,
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
    "Callable": Function | Bound | Partial | Class | Known,
}
"""The kinds of plain values, by the names that `isinstance` is asked for."""


def number_of(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of numbers; of one that is not known, it is not known."""

    def call(runner: Runner, *values: Any) -> Any:
        is_list = name in ("min", "max") and len(values) == 1
        given = list(runner.iterate(values[0])) if is_list else list(values)
        for one in given:
            if isinstance(one, Unknown):
                return one
        kinds = int | float | str if name in ("int", "float") else int | float
        wrong = [one for one in given if not isinstance(one, kinds)]
        if wrong:
            raise ReadError(f"{name} takes numbers, got {show(wrong[0])}")
        return bounded(attempt(name, function, *given))

    return call


def add_up(runner: Runner, values: Any, start: Any = 0) -> Any:
    return fold(runner, "Add", values, start)


def multiply(runner: Runner, values: Any, start: Any = 1) -> Any:
    return fold(runner, "Mult", values, start)


def fold(runner: Runner, name: str, values: Any, start: Any) -> Any:
    """Values put together by an operator."""
    for one in runner.iterate(values):
        runner.meter.spend(1)
        start = runner.operate(name, start, one)
    return start


def length(runner: Runner, value: Any) -> Any:
    return len(attempt("len", lambda: value if isinstance(value, str) else runner.listed(value)))


def new_range(runner: Runner, *ends: Any) -> Any:
    for one in ends:
        if isinstance(one, Unknown):
            raise ReadError(one.problem)
    return attempt("range", range, *ends)


def new_list(runner: Runner, values: Any = ()) -> list[Any]:
    return runner.listed(values)


def new_tuple(runner: Runner, values: Any = ()) -> tuple[Any, ...]:
    return tuple(runner.listed(values))


def new_set(runner: Runner, values: Any = ()) -> list[Any]:
    return list({key_of(runner.meter, one): None for one in runner.iterate(values)})


def new_dict(runner: Runner, values: Any = (), **named: Any) -> dict[Any, Any]:
    made: dict[Any, Any] = {}
    pairs = (
        values
        if isinstance(values, dict)
        else [runner.listed(one) for one in runner.iterate(values)]
    )
    attempt("dict", lambda: update(runner.meter, made, pairs, **named))
    return made


def new_str(runner: Runner, value: Any = "") -> str:
    return runner.text(value)


def truth(runner: Runner, value: Any = False) -> bool:
    return runner.truth(value)


def zipped(runner: Runner, *values: Any, strict: bool = False) -> list[Any]:
    return list(zip(*[runner.listed(one) for one in values], strict=False))


def enumerated(runner: Runner, values: Any, start: Any = 0) -> list[Any]:
    return list(attempt("enumerate", enumerate, runner.listed(values), start))


def backwards(runner: Runner, values: Any) -> list[Any]:
    return runner.listed(values)[::-1]


def mapped(runner: Runner, function: Any, *values: Any) -> list[Any]:
    rows = zip(*[runner.listed(one) for one in values], strict=False)
    return [runner.call(function, list(row), {}) for row in rows]


def filtered(runner: Runner, function: Any, values: Any) -> list[Any]:
    return [one for one in runner.listed(values) if runner.truth(runner.call(function, [one], {}))]


def in_order(runner: Runner, values: Any, key: Any = None, reverse: Any = False) -> list[Any]:
    found = runner.listed(values)
    keys = [runner.call(key, [one], {}) for one in found] if key else found
    for one in keys:
        compare(runner.meter, "Lt", one, keys[0])
    order = sorted(range(len(found)), key=keys.__getitem__, reverse=runner.truth(reverse))
    return [found[at] for at in order]


def any_of(runner: Runner, values: Any) -> bool:
    return any(runner.truth(one) for one in runner.iterate(values))


def all_of(runner: Runner, values: Any) -> bool:
    return all(runner.truth(one) for one in runner.iterate(values))


def first_left(runner: Runner, values: Any, *default: Any) -> Any:
    """The next value of an iterator, which is a list here."""
    if values == [] and default:
        return default[0]
    return attempt("next", list.pop, values, 0)


def is_instance(runner: Runner, value: Any, kinds: Any) -> bool:
    given = kinds if isinstance(kinds, list | tuple) else [kinds]
    return any(is_one(runner, value, one) for one in given)


def is_one(runner: Runner, value: Any, kind: Any) -> bool:
    """Whether a value is of one kind."""
    if isinstance(kind, Class):
        return isinstance(value, Thing) and isinstance(value.cls, Class) and kind in value.cls.mro
    if not isinstance(kind, Known):
        raise ReadError(f"{show(kind)} is no class")
    if kind.name in KINDS and not kind.path.startswith("torch."):
        return isinstance(value, KINDS[kind.name])
    return runner.is_a(value, kind)


def is_subclass(runner: Runner, cls: Any, kinds: Any) -> bool:
    given = kinds if isinstance(kinds, list | tuple) else [kinds]
    return isinstance(cls, Class | Known) and any(
        one in (cls.mro if isinstance(cls, Class) else [cls]) for one in given
    )


def has(runner: Runner, value: Any, name: Any) -> bool:
    try:
        runner.attribute(value, name_in(name))
    except ReadError:
        return False
    return True


def get(runner: Runner, value: Any, name: Any, *default: Any) -> Any:
    if default and not has(runner, value, name):
        return default[0]
    return runner.attribute(value, name_in(name))


def put(runner: Runner, value: Any, name: Any, new: Any) -> None:
    runner.set_attribute(value, name_in(name), new)


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


def with_arguments(runner: Runner, function: Any, *values: Any, **named: Any) -> Partial:
    return Partial(function, list(values), named)


def reduced(runner: Runner, function: Any, values: Any, *start: Any) -> Any:
    first, *others = [*start, *runner.listed(values)] or [None]
    for one in others:
        first = runner.call(function, [first, one], {})
    return first


def operator(name: str) -> Callable[..., Any]:
    """The function of an operator."""
    return lambda runner, left, right: runner.operate(name, left, right)


def record(runner: Runner, name: Any, fields: Any, defaults: Any = ()) -> Class:
    """A `namedtuple`."""
    text = fields.replace(",", " ").split() if isinstance(fields, str) else runner.listed(fields)
    made = Class(name_in(name), [], is_record=True)
    made.mro.append(made)
    made.fields = {name_in(one): False for one in text}
    for field, value in zip(reversed(text), reversed(runner.listed(defaults)), strict=False):
        made.fields[field] = True
        made.members[field] = value
    return made


def fill(runner: Runner, thing: Thing, *values: Any, **named: Any) -> None:
    """What the `__init__` of a dataclass does."""
    fields: dict[str, Any] = {}
    for cls in reversed(thing.cls.mro):
        fields |= dict.fromkeys(cls.fields, cls) if isinstance(cls, Class) else {}
    given = dict(zip(fields, values, strict=False)) | named
    if len(values) > len(fields) or not given.keys() <= fields.keys():
        raise ReadError(f"{thing.cls.name} has the fields {', '.join(fields)}")
    for name, cls in fields.items():
        if name not in given and not cls.fields[name]:
            raise ReadError(f"{thing.cls.name} needs {name}")
        value = given[name] if name in given else runner.bound(cls.members[name], thing)
        runner.set_attribute(thing, name, value)
    start = runner.member(thing.cls.mro, "__post_init__", thing)
    if start is not None:
        runner.call(start, [], {})


def field(runner: Runner, default: Any = None, default_factory: Any = None, **_: Any) -> Any:
    if default_factory is not None:
        raise ReadError("default_factory is not known: give a default")
    return default


def chained(runner: Runner, *values: Any) -> list[Any]:
    return [one for part in values for one in runner.listed(part)]


def repeated(runner: Runner, value: Any, times: Any) -> Any:
    return runner.operate("Mult", [value], times)


def second(runner: Runner, _: Any, value: Any) -> Any:
    return value


def unchanged(runner: Runner, value: Any) -> Any:
    return value


MATH = """
    sqrt floor ceil log log2 log10 exp pow gcd lcm isqrt sin cos tan atan fabs trunc isclose isinf
    isnan
"""
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
        for one in (int, float, abs, min, max, round, divmod, pow)
    },
    "math.prod": multiply,
    "numpy.prod": multiply,
    "builtins.sum": add_up,
    "builtins.len": length,
    "builtins.range": new_range,
    "builtins.list": new_list,
    "builtins.tuple": new_tuple,
    "builtins.set": new_set,
    "builtins.dict": new_dict,
    "collections.OrderedDict": new_dict,
    "builtins.str": new_str,
    "builtins.bool": truth,
    "builtins.zip": zipped,
    "builtins.enumerate": enumerated,
    "builtins.reversed": backwards,
    "builtins.map": mapped,
    "builtins.filter": filtered,
    "builtins.sorted": in_order,
    "builtins.any": any_of,
    "builtins.all": all_of,
    "builtins.iter": new_list,
    "builtins.next": first_left,
    "builtins.isinstance": is_instance,
    "builtins.issubclass": is_subclass,
    "builtins.hasattr": has,
    "builtins.getattr": get,
    "builtins.setattr": put,
    "builtins.type": kind_of,
    "builtins.super": ancestor,
    "functools.partial": with_arguments,
    "functools.reduce": reduced,
    "operator.mul": operator("Mult"),
    "operator.add": operator("Add"),
    "collections.namedtuple": record,
    "dataclasses.fill": fill,
    "dataclasses.field": field,
    "itertools.chain": chained,
    "itertools.repeat": repeated,
    "typing.cast": second,
    "torch.jit.annotate": second,
}
OTHERS = "print object NotImplemented callable staticmethod classmethod property"
BUILTINS = frozenset(
    [*OTHERS.split(), *[one[9:] for one in FUNCTIONS if one.startswith("builtins.")]]
)
IGNORED = (
    "builtins.print", "warnings.", "logging.", "typing.", "torch.nn.init.", "torch._assert",
    "torch.manual_seed", "torch._C.", "torch.fx.", "torch.random.", "numpy.random.seed",
)  # fmt: skip
"""What is called for something else than shapes and counts."""

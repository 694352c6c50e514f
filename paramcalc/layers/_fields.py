"""The fields of a layer, each declared once, with all that is asked about a field."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field
from functools import cache, partial
from inspect import Parameter, Signature, signature
from types import FunctionType
from typing import Any, Literal, TypeVar, dataclass_transform, get_args

from paramcalc._checks import (
    as_axes,
    as_bool,
    as_choice,
    as_count,
    as_optional_count,
    as_padding,
    as_sides,
)

T = TypeVar("T")

Axes = int | tuple[int, ...]
"""As a caller gives it: an int for all spatial axes, or one per axis."""
Sides = tuple[int, ...] | tuple[tuple[int, int], ...]
"""As layers store it: per axis an int for both sides, or a pair (before, after)."""
Padding = Literal["same", "causal"] | Sides
"""As layers store it."""
GivenPadding = Literal["valid"] | int | Padding
"""As a caller gives it: "valid" is 0, an int is for all axes."""
DataFormat = Literal["channels_first", "channels_last"]
"""Where the channels are."""
FORMATS = get_args(DataFormat)
OWN_NUMBER = "="
"""The symbol of a field whose numbers stand for themselves in formulas."""


@dataclass(frozen=True, slots=True)
class Spec:
    """What is known of a field.

    Args:
        read: returns the stored form of a value or refuses it. It takes (value, layer, name of
            the field), and for a field that is `per_axis` the number of axes, or None for any.
        per_axis: whether it has an entry per spatial axis.
        symbol: its name in formulas; empty for the field's own.
        states: the part of the input shape that it states: "channels", "features", "last axes".
        divides: whether it always divides evenly.
    """

    read: Callable[..., Any]
    per_axis: bool = False
    symbol: str = ""
    states: str = ""
    divides: bool = False


def declared(read: Callable[..., Any], *, default: Any = MISSING, **facts: Any) -> Any:
    """A field with a `read` function of its own."""
    return field(default=default, metadata={"spec": Spec(read, **facts)})


def count(symbol: str = "", *, default: Any = MISSING, **facts: Any) -> Any:
    """An int of at least 1."""
    return declared(as_count, default=default, symbol=symbol, **facts)


def optional_count(symbol: str = "", *, default: Any = MISSING, **facts: Any) -> Any:
    """An int of at least 1, or None, which usually means that of the input."""
    return declared(as_optional_count, default=default, symbol=symbol, **facts)


def flag(*, default: Any = MISSING) -> Any:
    """True or False."""
    return declared(as_bool, default=default)


def choice(literal: Any, *, default: Any = MISSING) -> Any:
    """One of the strings of a `Literal`."""
    choices = get_args(literal)

    def read(value: Any, layer: object, name: str) -> str:  # A partial would make building slower.
        return as_choice(value, layer, name, choices)

    return declared(read, default=default)


def read_data_format(value: Any, layer: object, name: str) -> str | None:
    """One of the two; None is that of the network, or else channels first."""
    return None if value is None else as_choice(value, layer, name, FORMATS)


def data_format(*, default: Any = None) -> Any:
    """Where the channels are: first or last."""
    return declared(read_data_format, default=default)


def per_axis(symbol: str = "", *, default: Any = MISSING, minimum: int = 1) -> Any:
    """An int for all spatial axes, or a tuple with one per axis."""
    read = as_axes if minimum == 1 else partial(as_axes, minimum=minimum)
    return declared(read, default=default, per_axis=True, symbol=symbol)


def padding(*, default: Any = MISSING) -> Any:
    """Either "same", "valid", "causal", or as in `sides`."""
    return declared(as_padding, default=default, per_axis=True, symbol="p")


def sides(symbol: str, *, default: Any = MISSING) -> Any:
    """An int for both sides of all axes, or per axis an int or a pair (before, after)."""
    return declared(as_sides, default=default, per_axis=True, symbol=symbol)


@cache
def defaults_of(cls: type) -> dict[str, Any]:
    """The defaults of the arguments of a class."""
    arguments = signature(cls).parameters.items()
    return {name: one.default for name, one in arguments if one.default is not one.empty}


@cache
def stored_defaults(cls: Any) -> Mapping[str, Any]:
    """The defaults of a layer's fields, as an example stores them."""
    usual = defaults_of(cls)
    if not cls._has_own_init:
        return usual
    example = cls(*[1 for name in cls._specs if name not in usual])
    return {name: getattr(example, name) for name in usual}


def hash_once(layer: Any) -> int:
    """The hash of a layer, which keeps it: verbs look equal layers up."""
    try:
        kept: int = layer._kept_hash
    except AttributeError:
        kept = layer._hash_fields()
        object.__setattr__(layer, "_kept_hash", kept)
    return kept


def make(cls: Callable[..., T], fields: dict[str, object]) -> T:
    """A layer from its fields. Pickle calls it, so that a copy is checked too."""
    return cls(**fields)


KINDS = (
    Parameter.POSITIONAL_OR_KEYWORD,
    Parameter.VAR_POSITIONAL,
    Parameter.KEYWORD_ONLY,
    Parameter.VAR_KEYWORD,
)


def arguments_of(made: Any) -> list[Parameter]:
    """The arguments of a class: those of its own `__init__`, or its fields."""
    if made._has_own_init:
        return [*signature(made.__init__).parameters.values()]
    found = [Parameter("self", Parameter.POSITIONAL_ONLY)]
    for one in dataclasses.fields(made):
        default = Parameter.empty if one.default is MISSING else one.default
        kind = Parameter.KEYWORD_ONLY if one.kw_only else Parameter.POSITIONAL_OR_KEYWORD
        found.append(Parameter(one.name, kind, default=default, annotation=one.type))
    return sorted(found, key=lambda one: one.kind)


def write_methods(made: Any) -> None:
    """Give a class the methods that read its arguments, written out for its fields.

    `__init__` has words of ours for arguments that are wrong or missing. Python's would name a base
    class, and not what to do, and to catch its error would cost every layer a call. So it takes any
    arguments. Then it reads the fields, or calls that of the class, which does so by `_set`.
    """
    scope: dict[str, Any] = {"own": made.__init__, "put": object.__setattr__, "MISSING": MISSING}
    scope |= {f"read_{name}": spec.read for name, spec in made._specs.items()}
    body = [
        f"put(self, {name!r}, read_{name}({name}, self, {name!r}{', rank' * spec.per_axis}))"
        for name, spec in made._specs.items()
    ]
    body = ["rank = self._rank", *body, "self._check()"]
    _, *given = arguments = arguments_of(made)
    placed, rest, named, parts = [[one.name for one in given if one.kind is kind] for kind in KINDS]
    if made._has_own_init:
        head = ", ".join(["self", *made._specs, "rank=None"])
        body[0] = "rank = rank or self._rank"
        made._set = write(f"def _set({head}):", body, scope)
        passed = [*placed, *[f"*{one}" for one in rest], *[f"{one}={one}" for one in named]]
        body = [f"own(self, {', '.join([*passed, *[f'**{one}' for one in parts]])})"]
    if rest and parts:
        return  # It takes anything.
    needed = [one.name for one in given if one.default is one.empty and one.name in placed]
    extra, unknown = (rest or ["_extra"])[0], (parts or ["_unknown"])[0]
    options = [[f"{one}=None" for one in some] for some in (placed, named)]
    head = ", ".join(["self", "/", *options[0], f"*{extra}", *options[1], f"**{unknown}"])
    tests = [extra] * (not rest) + [unknown] * (not parts) + [f"{one} is MISSING" for one in needed]
    values = ", ".join([f"{one}={one}" for one in placed + named])
    others = f"{'()' if rest else extra}, {'{}' if parts else unknown}"
    refusal = [
        f"if {' or '.join(tests)}:",
        " from paramcalc._leads import misuse",
        f" raise misuse(self, dict({values}), {others})",
    ]
    init = write(f"def __init__({head}):", [*refusal, *body], scope)
    defaults = {one.name: MISSING if one.name in needed else one.default for one in given}
    init.__defaults__ = tuple([defaults[one] for one in placed])
    init.__kwdefaults__ = {one: defaults[one] for one in named}
    init.__signature__ = Signature(arguments)
    made.__init__ = named_after(made, init)


def write(head: str, body: list[str], scope: dict[str, Any]) -> Any:
    """A function from its text, of names of arguments alone, as dataclasses do."""
    found: dict[str, Any] = {}
    exec("\n ".join([head, *body]), scope, found)  # noqa: S102
    return found.popitem()[1]


def named_after(cls: type, init: Any) -> Any:
    """A copy of an `__init__` from `write_methods` that errors call by the name of a class."""
    copy: Any = FunctionType(init.__code__, init.__globals__, "__init__", init.__defaults__)
    copy.__kwdefaults__, copy.__signature__ = init.__kwdefaults__, init.__signature__
    copy.__qualname__ = cls.__name__
    return copy


@dataclass_transform(
    frozen_default=True,
    field_specifiers=(
        choice,
        count,
        data_format,
        declared,
        flag,
        optional_count,
        padding,
        per_axis,
        sides,
    ),
)
def layer(cls: type[T]) -> type[T]:
    """Make a class with declared fields a slotted dataclass that reads its arguments."""
    init = vars(cls).get("__init__")  # Its own, or a copy of that of its base.
    made: Any = dataclass(init=False, repr=False, frozen=True, slots=True)(cls)
    made._has_own_init = bool(init) and not getattr(init, "__signature__", None)
    made._hash_fields, made.__hash__ = made.__hash__, hash_once
    del made.__setattr__, made.__delattr__  # Those of Builtin have better messages.
    made._specs = {one.name: one.metadata["spec"] for one in dataclasses.fields(made)}
    for name, spec in made._specs.items():
        if spec.states:
            made._stating = name
            made._axis_symbol = "" if spec.states == "last axes" else spec.symbol
    write_methods(made)
    return made  # type: ignore[no-any-return]

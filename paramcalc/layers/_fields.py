"""The fields of a layer, each declared once, with all that is asked about a field."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field
from functools import cache, partial
from inspect import signature
from typing import Any, TypeVar, dataclass_transform

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
Padding = str | Sides
"""As layers store it: "same", "causal" or `Sides`."""
GivenPadding = int | Padding
"""As a caller gives it: "same", "valid", "causal", an int for all axes, or `Sides`."""
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


def choice(*choices: str, default: Any = MISSING) -> Any:
    """One of some strings."""

    def read(value: Any, layer: object, name: str) -> str:  # A partial would make building slower.
        return as_choice(value, layer, name, choices)

    return declared(read, default=default)


def read_data_format(value: Any, layer: object, name: str) -> str | None:
    """One of the two; None is that of the network, or else channels first."""
    known = "channels_first", "channels_last"
    return None if value is None else as_choice(value, layer, name, known)


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
    own_init = "__init__" in vars(cls)
    made: Any = dataclass(init=not own_init, repr=False, frozen=True, slots=True)(cls)
    made._has_own_init = own_init
    made._hash_fields, made.__hash__ = made.__hash__, hash_once
    del made.__setattr__, made.__delattr__  # Those of Builtin have better messages.
    made._specs = {one.name: one.metadata["spec"] for one in dataclasses.fields(made)}
    made._reads = tuple([(name, one.read, one.per_axis) for name, one in made._specs.items()])
    for name, spec in made._specs.items():
        if spec.states:
            made._stating = name
            made._axis_symbol = "" if spec.states == "last axes" else spec.symbol
    return made  # type: ignore[no-any-return]

"""The fields of a layer, each declared once, with all that is asked about a field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, dataclass, field
from typing import Any

from paramcalc._checks import (
    as_axes,
    as_bool,
    as_choice,
    as_count,
    as_int,
    as_optional_count,
    as_padding,
    as_sides,
)

Axes = int | tuple[int, ...]
"""As a caller gives it: an int for all spatial axes, or one for each."""
Sides = tuple[int, ...] | tuple[tuple[int, int], ...]
"""As layers store it: an int for both sides of each axis, or a pair (before, after) for each."""
Padding = str | Sides
"""As layers store it: "same", or as `Sides`."""
OWN_NUMBER = "="
"""The symbol of a field whose numbers stand for themselves in formulas."""


@dataclass(frozen=True, slots=True)
class Spec:
    """What is known of a field.

    Args:
        read: returns the stored form of a value, from (value, layer, name of the field), and for
            a field that is `per_axis` the number of axes, or None for any; refuses it in words.
        per_axis: whether it has an entry for each spatial axis.
        symbol: its name in formulas; empty, if that is the field's own.
        states: the part of the input shape that it states: "channels", "features", "last axes".
        divides: whether it always divides evenly.
    """

    read: Callable[..., Any]
    per_axis: bool = False
    symbol: str = ""
    states: str = ""
    divides: bool = False


def declared(read: Callable[..., Any], *, default: Any = MISSING, **facts: Any) -> Any:
    """A field that is read in a way of its own."""
    return field(default=default, metadata={"spec": Spec(read, **facts)})


def count(symbol: str = "", *, default: Any = MISSING, **facts: Any) -> Any:
    """An int of at least 1."""
    return declared(as_count, default=default, symbol=symbol, **facts)


def optional_count(symbol: str = "", *, default: Any = MISSING, **facts: Any) -> Any:
    """An int of at least 1; or None, mostly for what is taken from the input."""
    return declared(as_optional_count, default=default, symbol=symbol, **facts)


def integer(*, default: Any = MISSING) -> Any:
    """An int."""
    return declared(as_int, default=default)


def flag(*, default: Any = MISSING) -> Any:
    """True or False."""
    return declared(as_bool, default=default)


def choice(*choices: str, default: Any = MISSING) -> Any:
    """One of some strings."""

    def read(value: Any, layer: object, name: str) -> str:
        return as_choice(value, layer, name, choices)

    return declared(read, default=default)


def data_format(*, default: Any = MISSING) -> Any:
    """Where the channels are: first or last."""
    return choice("channels_first", "channels_last", default=default)


def per_axis(symbol: str = "", *, default: Any = MISSING, minimum: int = 1) -> Any:
    """An int for all spatial axes, or a tuple of one for each."""

    def read(value: Any, layer: object, name: str, rank: int | None) -> Any:
        return as_axes(value, layer, name, rank, minimum)

    return declared(
        as_axes if minimum == 1 else read, default=default, per_axis=True, symbol=symbol
    )


def padding(*, default: Any = MISSING) -> Any:
    """Either "same", "valid", or as `sides`."""
    return declared(as_padding, default=default, per_axis=True, symbol="p")


def sides(symbol: str, *, default: Any = MISSING) -> Any:
    """An int for both sides of all axes, one for each axis, or a pair (before, after) for each."""
    return declared(as_sides, default=default, per_axis=True, symbol=symbol)

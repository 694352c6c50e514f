"""Checks of what callers pass: hyperparameters when a layer is made, shapes when one arrives."""

from __future__ import annotations

import operator
from collections.abc import Sized
from numbers import Real
from typing import Any, Literal, TypeGuard, TypeVar

from paramcalc.errors import ConfigError, ShapeError, show

Padding = Literal["same"] | tuple[int, ...] | tuple[tuple[int, int], ...]
"""As layers store it: "same", or an int for each axis, or a pair (before, after) for each."""

DataFormat = Literal["channels_first", "channels_last"]

Choice = TypeVar("Choice", bound=str)


def name(owner: object) -> str:
    """What a message calls the layer."""
    return type(owner).__name__


def is_sequence(value: object) -> TypeGuard[tuple[Any, ...] | list[Any]]:
    """Whether `value` can stand for several: other iterables may be endless, or gone once read."""
    return isinstance(value, tuple | list)


def is_plain_tuple(value: object) -> TypeGuard[tuple[Any, ...]]:
    """Whether `value` is a tuple, and not of a subclass."""
    return type(value) is tuple


def is_number(value: object) -> bool:
    """Whether `value` is a real number, but not a bool."""
    return not isinstance(value, bool) and isinstance(value, Real)


def as_int(
    value: Any, owner: object, field: str, wanted: str = "an int", within: Any = None
) -> int:
    """`value`, anything with `__index__` but a bool, as a plain int; it may be part of `within`."""
    if type(value) is int:
        return value
    if not isinstance(value, bool):
        try:
            return operator.index(value)
        except Exception:  # noqa: BLE001, S110  # no __index__, or one that breaks its promise
            pass
    raise TypeError(
        f"{name(owner)}: {field} must be {wanted}, got {show(value if within is None else within)}"
    )


def as_count(value: Any, owner: object, field: str, minimum: int = 1) -> int:
    """`value` as an int of at least `minimum`."""
    number = as_int(value, owner, field)
    if number < minimum:
        raise ConfigError(f"{name(owner)}: {field} must be at least {minimum}, got {show(number)}")
    return number


def as_optional_count(value: Any, owner: object, field: str) -> int | None:
    """`value` as an int of at least 1, or None for what is taken from the input."""
    return None if value is None else as_count(value, owner, field)


def as_bool(value: Any, owner: object, field: str) -> bool:
    """`value`, which must be a bool: anything else is likely an argument in the wrong place."""
    if type(value) is not bool:
        raise TypeError(f"{name(owner)}: {field} must be True or False, got {show(value)}")
    return value


def as_choice(value: Any, owner: object, field: str, *choices: Choice) -> Choice:
    """The one of the strings `choices` that `value` equals."""
    if isinstance(value, str):
        for choice in choices:
            if value == choice:
                return choice
    error = ConfigError if isinstance(value, str) else TypeError
    raise error(
        f"{name(owner)}: {field} must be {' or '.join(map(repr, choices))}, got {show(value)}"
    )


def as_data_format(value: Any, owner: object) -> DataFormat:
    """`value`, which says whether the channels are the first axis or the last."""
    return as_choice(value, owner, "data_format", "channels_first", "channels_last")


def as_axes(
    value: Any,
    owner: object,
    field: str,
    rank: int,
    minimum: int = 1,
    wanted: str = "an int or a tuple of ints",
) -> tuple[int, ...]:
    """`value`, an int for all axes or a tuple of one for each of `rank` axes, as the tuple."""
    if type(value) is int and value >= minimum:
        return (value,) * rank
    entries = value if is_sequence(value) else (value,) * rank
    numbers = tuple([as_int(entry, owner, field, wanted, value) for entry in entries])
    check_rank(entries, owner, field, rank)
    if min(numbers) < minimum:
        raise ConfigError(
            f"{name(owner)}: {field} must be at least {minimum} on every axis, got {show(value)}"
        )
    return numbers


def as_padding(value: Any, owner: object, rank: int) -> Padding:
    """`value` in the one form that stands for all that mean the same."""
    if isinstance(value, str):
        return (
            "same" if as_choice(value, owner, "padding", "same", "valid") == "same" else (0,) * rank
        )
    wanted = "'same', 'valid', an int, or for each axis an int or a pair (before, after)"
    if not is_sequence(value) or not any(is_sequence(entry) for entry in value):
        return as_axes(value, owner, "padding", rank, 0, wanted)
    pairs: list[tuple[int, int]] = []
    for entry in value:
        if not is_sequence(entry) or len(entry) != 2:
            raise TypeError(f"{name(owner)}: padding must be {wanted}, got {show(value)}")
        before, after = [as_int(side, owner, "padding", wanted, value) for side in entry]
        if before < 0 or after < 0:
            raise ConfigError(
                f"{name(owner)}: padding must be at least 0 on every side, got {show(value)}"
            )
        pairs.append((before, after))
    check_rank(value, owner, "padding", rank)
    if all(before == after for before, after in pairs):
        return tuple([before for before, _ in pairs])
    return tuple(pairs)


def check_rank(entries: Sized, owner: object, field: str, rank: int) -> None:
    """Refuse anything but one entry for each of `rank` axes."""
    if len(entries) != rank:
        wanted = "1 entry, for the only axis" if rank == 1 else f"{rank} entries, one for each axis"
        raise ConfigError(f"{name(owner)}: {field} must have {wanted}, got {show(entries)}")


def as_ints(value: Any, owner: object, field: str) -> tuple[int, ...]:
    """`value`, a tuple or list of ints, as a tuple of plain ones."""
    if not is_sequence(value):
        raise TypeError(f"{name(owner)}: {field} must be a tuple of ints, got {show(value)}")
    return tuple([as_int(entry, owner, field, "a tuple of ints", value) for entry in value])


def as_lengths(value: Any, owner: object, field: str) -> tuple[int, ...]:
    """`value`, a tuple or list of ints of at least 1, as a tuple of plain ones."""
    lengths = as_ints(value, owner, field)
    if min(lengths, default=1) < 1:
        raise ConfigError(
            f"{name(owner)}: {field} must be at least 1 on every axis, got {show(lengths)}"
        )
    return lengths


def as_shape(value: Any, layer: object, field: str = "input_shape") -> tuple[int, ...]:
    """`value`, a shape on its way through `layer`, as a tuple of plain ints of at least 1."""
    if is_plain_tuple(value) and value:
        for length in value:
            if type(length) is not int or length < 1:
                break
        else:
            return value  # The usual case: nothing to convert, and the same object.
    shape = as_ints(value, layer, field)
    if not shape:
        raise ShapeError(
            f"{field} must have at least one axis, got ()", layer=layer, input_shape=shape
        )
    if min(shape) < 1:
        raise ShapeError(
            f"{field} must be at least 1 on every axis, got {show(shape)}",
            layer=layer,
            input_shape=shape,
        )
    return shape

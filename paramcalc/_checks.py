"""Checks of arguments, each with the words of its error.

`as_x(value, owner, field)` returns the value as it is stored, or raises a `TypeError` for a wrong
type and a `ParamcalcError` for a wrong value. `owner` is the layer, or the name of the function.
"""

from __future__ import annotations

import operator
from collections.abc import Collection, Mapping
from importlib import import_module
from typing import Any, TypeVar, cast

from paramcalc.errors import ConfigError, ParamcalcError, ShapeError, show

N = TypeVar("N", bound=str)
LARGEST = 2**63 - 1
"""The largest int of the frameworks."""
MAX_AXES = 64
"""Of a shape that is read; more would take long to write."""


def later(module: str) -> Any:
    """A module to the right of the caller's.

    All imports point left. Only methods by which a network, a step or an error shows itself look
    right, and the call by which a layer makes a tensor.
    """
    return import_module(f"paramcalc.{module}")


def name_of(owner: object) -> str:
    """The name of the layer or function in a message."""
    return owner if isinstance(owner, str) else type(owner).__name__


def wrong(owner: object, field: str, wanted: str, value: object) -> str:
    """The words of an error."""
    return f"{name_of(owner)}: {field} must {wanted}, got {show(value)}"


def entries(value: Any) -> tuple[Any, ...] | None:
    """The entries of a tuple or list; None for anything else."""
    given: Any = value  # The types of its entries are unknown.
    return tuple(given) if isinstance(value, tuple | list) else None


def as_int(
    value: Any, owner: object, field: str, wanted: str = "be an int", whole: Any = None
) -> int:
    """Anything with `__index__` but bool, as an int; `whole` is the tuple it is an entry of."""
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or isinstance(value, bool):
        raise TypeError(wrong(owner, field, wanted, value if whole is None else whole))
    if -LARGEST <= number <= LARGEST:
        return number
    raise ConfigError(wrong(owner, field, "be at most 2**63 - 1", number))


def as_count(value: Any, owner: object, field: str) -> int:
    """An int of at least 1."""
    if type(value) is int and 1 <= value <= LARGEST:
        return value
    number = as_int(value, owner, field)
    if number < 1:
        raise ConfigError(wrong(owner, field, "be at least 1", number))
    return number


def as_optional_count(value: Any, owner: object, field: str) -> int | None:
    """An int of at least 1, or None."""
    return None if value is None else as_count(value, owner, field)


def as_depth(value: Any, function: str) -> int | None:
    """How many levels of a network are shown; None is all."""
    depth = None if value is None else as_int(value, function, "depth")
    if depth is not None and depth < 0:
        raise ParamcalcError(wrong(function, "depth", "be at least 0", depth))
    return depth


def as_bool(value: Any, owner: object, field: str) -> bool:
    """True or False; anything else is probably a misplaced argument."""
    if not isinstance(value, bool):
        raise TypeError(wrong(owner, field, "be True or False", value))
    return value


def as_probability(value: Any, owner: object, field: str) -> float:
    """An int or float from 0 to 1, as a float."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(wrong(owner, field, "be a number", value))
    if not 0 <= value <= 1:
        raise ConfigError(wrong(owner, field, "be from 0 to 1", value))
    return abs(float(value))  # No -0.0, which equals 0.0 and prints otherwise.


def as_str(value: Any, owner: object, field: str) -> str:
    """A str."""
    if not isinstance(value, str):
        raise TypeError(wrong(owner, field, "be a str", value))
    return str(value)


def as_choice(value: Any, owner: object, field: str, choices: tuple[str, ...]) -> str:
    """One of the strings `choices`."""
    if isinstance(value, str) and value in choices:
        return choices[choices.index(value)]
    error = ConfigError if isinstance(value, str) else TypeError
    raise error(wrong(owner, field, f"be {' or '.join(map(repr, choices))}", value))


def as_name(value: Any, owner: str, field: str, known: Collection[N], plural: str = "") -> N:
    """A string in the long list `known`."""
    if as_str(value, owner, field) not in known:
        there = f"the {plural} are" if plural else "there are"
        raise ParamcalcError(f"{owner}: no {field} {show(value)}; {there} {', '.join(known)}")
    found: N = value
    return found


def check_rank(given: tuple[Any, ...], owner: object, field: str, rank: int) -> None:
    """Refuse a tuple without exactly one entry per axis."""
    if len(given) != rank:
        wanted = "1 entry, for the only axis" if rank == 1 else f"{rank} entries, one for each axis"
        raise ConfigError(wrong(owner, field, f"have {wanted}", given))


def as_axes(
    value: Any,
    owner: object,
    field: str,
    rank: int | None,
    minimum: int = 1,
    wanted: str = "be an int or a tuple of ints",
) -> Any:
    """An int or a tuple of one per axis, as a tuple; an int stays an int if the rank is open."""
    if type(value) is int and minimum <= value <= LARGEST:
        return value if rank is None else (value,) * rank
    given = entries(value)
    if given is None:
        numbers: tuple[int, ...] = (as_int(value, owner, field, wanted),)
    else:
        numbers = tuple([as_int(one, owner, field, wanted, given) for one in given])
        check_rank(given, owner, field, max(len(given), 1) if rank is None else rank)
    if min(numbers) < minimum:
        raise ConfigError(wrong(owner, field, f"be at least {minimum} on every axis", value))
    if given is not None:
        return numbers
    return numbers[0] if rank is None else numbers * rank


def as_padding(value: Any, owner: Any, field: str, rank: int | None) -> Any:
    """The string "same" or "causal", or a padding as from `as_sides`."""
    if type(value) is int and 0 <= value <= LARGEST:
        return value if rank is None else (value,) * rank
    if isinstance(value, str):
        if value == "causal" and value not in owner._paddings:
            raise ConfigError(f"{name_of(owner)}: {field} 'causal' is for Conv1d alone")
        word = as_choice(value, owner, field, owner._paddings)
        return as_axes(0, owner, field, rank, 0) if word == "valid" else word
    others = [repr(one) + ", " for one in owner._paddings]
    return as_sides(value, owner, field, rank, "".join(others))


def as_sides(value: Any, owner: object, field: str, rank: int | None, others: str = "") -> Any:
    """An int per axis, or a pair (before, after) per axis if any two sides differ."""
    pairs_of = "a tuple of pairs (before, after), one for each axis"
    wanted = f"be an int, {others}a tuple of ints, or {pairs_of}"
    given = entries(value) or ()
    sides = [entries(one) for one in given]
    if not any(side is not None for side in sides):
        return as_axes(value, owner, field, rank, 0, wanted)
    pairs: list[tuple[int, int]] = []
    for side in sides:
        if side is None or len(side) != 2:
            raise TypeError(wrong(owner, field, wanted, value))
        before, after = [as_int(one, owner, field, wanted, value) for one in side]
        if before < 0 or after < 0:
            raise ConfigError(wrong(owner, field, "be at least 0 on every side", value))
        pairs.append((before, after))
    check_rank(given, owner, field, len(given) if rank is None else rank)
    if all(before == after for before, after in pairs):
        return tuple([before for before, _ in pairs])
    return tuple(pairs)


def as_ints(value: Any, owner: object, field: str) -> tuple[int, ...]:
    """A tuple or list of ints."""
    given = entries(value)
    if given is None:
        raise TypeError(wrong(owner, field, "be a tuple of ints", value))
    return tuple([as_int(one, owner, field, "be a tuple of ints", given) for one in given])


def as_lengths(value: Any, owner: object, field: str) -> tuple[int, ...]:
    """A tuple or list of ints of at least 1."""
    lengths = as_ints(value, owner, field)
    if min(lengths, default=1) < 1:
        raise ConfigError(wrong(owner, field, "be at least 1 on every axis", lengths))
    return lengths


def as_shape(value: Any, layer: object, field: str = "input_shape") -> tuple[int, ...]:
    """The input or output shape of a layer: ints of at least 1, as a tuple."""
    plain: Any = value
    if type(value) is tuple and plain:
        for length in plain:
            if type(length) is not int or not 1 <= length <= LARGEST:
                break
        else:
            return tuple(plain)  # The usual case: nothing to convert, and the same object.
    try:
        shape = as_ints(value, layer, field)
    except ConfigError:
        problem = f"{field} must be at most 2**63 - 1 on every axis, got {show(plain)}"
        raise ShapeError(problem, layer=layer, input_shape=entries(plain)) from None
    if min(shape, default=0) < 1:
        wanted = "at least 1 on every axis" if shape else "at least one axis"
        problem = f"{field} must {'be' if shape else 'have'} {wanted}, got {show(shape)}"
        raise ShapeError(problem, layer=layer, input_shape=shape)
    return shape


def as_form(
    value: Any,
    owner: object,
    layer: object,
    wanted: str = "be a tuple of ints, with None for unknown lengths",
) -> tuple[int | None, ...]:
    """A shape in which lengths may be None."""
    given = entries(value)
    if given is None:
        raise TypeError(wrong(owner, "input_shape", wanted, value))
    known = [
        None if one is None else as_int(one, owner, "input_shape", wanted, given) for one in given
    ]
    as_shape(tuple([one for one in known if one is not None] or [1] * len(known)), layer)
    return tuple(known)


def as_inputs(
    value: Any, owner: object, names: tuple[str, ...], read: Any, field: str = "input_shape"
) -> Any:
    """What `read` makes of the shape of the input; of several, a tuple, from a dict by name."""
    if len(names) == 1 and not isinstance(value, Mapping):
        return read(value)
    several: Any = cast("Any", value)
    given: dict[Any, Any] = dict(several) if isinstance(value, Mapping) else {}
    if given.keys() != {*names}:
        wanted = f"be a dict of the shapes of {' and '.join(map(repr, names))}"
        raise TypeError(wrong(owner, field, wanted, several))
    shapes = tuple([read(given[name]) for name in names])
    return shapes if names[1:] else shapes[0]


def as_answer(value: Any, layer: object, method: str) -> int:
    """A count from a user's own layer, as an int of at least 0."""
    number = as_int(value, layer, method)
    if number < 0:
        raise ShapeError(f"{method} must be at least 0, got {number}")
    return number

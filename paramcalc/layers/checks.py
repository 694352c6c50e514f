"""Checks of what callers pass: hyperparameters when a layer is made, shapes when one arrives."""

from __future__ import annotations

import operator

from paramcalc.errors import ConfigError, ShapeError, digits, show

TYPE_CHECKING = False  # Importing typing would be a tenth of the import of all this.
if TYPE_CHECKING:
    from typing import Any

Sides = tuple[int, ...] | tuple[tuple[int, int], ...]
"""As layers store it: an int for both sides of each axis, or a pair (before, after) for each."""
Padding = str | Sides
"""As layers store it: "same", or as `Sides`."""


class Remembering(int):
    """An int that remembers how it was made, as a `Term` does, and is kept as it is for that.

    An int of any other subclass is made a plain one: it may compute as it likes.
    """


def name(owner: object) -> str:
    """What a message calls the layer, or the verb."""
    return owner if isinstance(owner, str) else type(owner).__name__


def wrong(owner: object, field: str, wanted: str, value: object) -> str:
    """The words of a refusal."""
    return f"{name(owner)}: {field} must {wanted}, got {show(value)}"


def code(value: Any) -> str:
    """`value` in Python; an int or tuple of ints with too many digits for that, in words."""
    try:
        return repr(value)
    except ValueError:
        given = entries(value)
        if given is None:
            return digits(int(value))
        return f"({', '.join(map(code, given))}{',' * (len(given) == 1)})"


def is_a(value: object, *kinds: type) -> bool:
    """Whether `value` is of one of the kinds, and does not only say so, or fail to say."""
    return issubclass(type(value), kinds)


def entries(value: Any) -> tuple[Any, ...] | None:
    """What stands in a tuple or list; None for all else, which may be endless, or gone once read.

    Read as tuple and list themselves read it: a subclass may tell another tale each time.
    """
    kind: Any = tuple if is_a(value, tuple) else list
    return tuple(kind.__iter__(value)) if is_a(value, kind) else None


def as_int(
    value: Any, owner: object, field: str, wanted: str = "be an int", within: Any = None
) -> int:
    """`value`, anything with `__index__` but a bool, as a plain int; it may be part of `within`."""
    if type(value) is int:
        return value
    if type(value) is not bool:
        try:
            return operator.index(value)
        except Exception:  # noqa: BLE001, S110  # no __index__, or one that breaks its promise
            pass
    raise TypeError(wrong(owner, field, wanted, value if within is None else within))


def as_count(value: Any, owner: object, field: str) -> int:
    """`value` as an int of at least 1."""
    number = as_int(value, owner, field)
    if number < 1:
        raise ConfigError(wrong(owner, field, "be at least 1", number))
    return number


def as_optional_count(value: Any, owner: object, field: str) -> int | None:
    """`value` as an int of at least 1, or None for what is taken from the input."""
    return None if value is None else as_count(value, owner, field)


def as_bool(value: Any, owner: object, field: str) -> bool:
    """`value`, which must be a bool: anything else is likely an argument in the wrong place."""
    if type(value) is not bool:
        raise TypeError(wrong(owner, field, "be True or False", value))
    return value


def as_probability(value: Any, owner: object, field: str) -> float:
    """`value`, an int or float from 0 to 1, as a plain float."""
    if type(value) is bool or not is_a(value, int, float):
        raise TypeError(wrong(owner, field, "be a number", value))
    number = float.__float__(value) if is_a(value, float) else int.__index__(value)
    if not 0 <= number <= 1:
        raise ConfigError(wrong(owner, field, "be from 0 to 1", number))
    return abs(float(number))  # No -0.0: it is equal to 0.0, but printed otherwise.


def as_str(value: Any, owner: object, field: str) -> str:
    """`value`, which must be a str, as a plain one."""
    if not is_a(value, str):
        raise TypeError(wrong(owner, field, "be a str", value))
    return str.__str__(value)


def as_choice(value: Any, owner: object, field: str, *choices: str) -> str:
    """The one of the strings `choices` that `value` equals."""
    text = str.__str__(value) if is_a(value, str) else None
    for choice in choices:
        if text == choice:
            return choice
    error = TypeError if text is None else ConfigError
    raise error(wrong(owner, field, f"be {' or '.join(map(repr, choices))}", value))


def as_data_format(value: Any, owner: object) -> str:
    """`value`, which says whether the channels are the first axis or the last."""
    return as_choice(value, owner, "data_format", "channels_first", "channels_last")


def as_axes(
    value: Any,
    owner: object,
    field: str,
    rank: int,
    minimum: int = 1,
    wanted: str = "be an int or a tuple of ints",
) -> tuple[int, ...]:
    """`value`, an int for all axes or a tuple of one for each of `rank` axes, as the tuple."""
    if type(value) is int and value >= minimum:
        return (value,) * rank
    given = entries(value)
    if given is None:
        numbers = (as_int(value, owner, field, wanted),) * rank
    else:
        numbers = tuple([as_int(one, owner, field, wanted, given) for one in given])
        check_rank(given, owner, field, rank)
    if min(numbers) < minimum:
        raise ConfigError(wrong(owner, field, f"be at least {minimum} on every axis", value))
    return numbers


def as_padding(value: Any, owner: object, rank: int) -> Padding:
    """`value` in the one form that stands for all that mean the same."""
    if is_a(value, str):
        same = as_choice(value, owner, "padding", "same", "valid") == "same"
        return "same" if same else (0,) * rank
    return as_sides(value, owner, "padding", rank, "'same', 'valid', ")


def as_sides(value: Any, owner: object, field: str, rank: int, others: str = "") -> Sides:
    """`value`, what both sides of all axes have, or those of each, or each side, as a tuple."""
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
    check_rank(given, owner, field, rank)
    if all(before == after for before, after in pairs):
        return tuple([before for before, _ in pairs])
    return tuple(pairs)


def for_any_rank(check: Any, value: Any, owner: object, field: str) -> Any:
    """`value` by `as_axes` or `as_sides`; what is no tuple is for any number of axes."""
    given = entries(value)
    checked = check(value, owner, field, max(len(given or ()), 1))
    return checked[0] if given is None else checked


def check_rank(given: tuple[Any, ...], owner: object, field: str, rank: int) -> None:
    """Refuse a tuple that has not one entry for each of `rank` axes."""
    if len(given) != rank:
        wanted = "1 entry, for the only axis" if rank == 1 else f"{rank} entries, one for each axis"
        raise ConfigError(wrong(owner, field, f"have {wanted}", given))


def as_ints(value: Any, owner: object, field: str) -> tuple[int, ...]:
    """`value`, a tuple or list of ints, as a tuple of plain ones."""
    given = entries(value)
    if given is None:
        raise TypeError(wrong(owner, field, "be a tuple of ints", value))
    return tuple([as_int(one, owner, field, "be a tuple of ints", given) for one in given])


def as_lengths(value: Any, owner: object, field: str) -> tuple[int, ...]:
    """`value`, a tuple or list of ints of at least 1, as a tuple of plain ones."""
    lengths = as_ints(value, owner, field)
    if min(lengths, default=1) < 1:
        raise ConfigError(wrong(owner, field, "be at least 1 on every axis", lengths))
    return lengths


def as_shape(value: Any, layer: object, field: str = "input_shape") -> tuple[int, ...]:
    """`value`, a shape on its way through `layer`, as a tuple of plain ints of at least 1."""
    plain: Any = value
    if type(value) is tuple and plain:
        for length in plain:
            if type(length) is not int or length < 1:
                break
        else:
            return tuple(plain)  # The usual case: nothing to convert, and the same object.
    shape = as_ints(value, layer, field)
    if min(shape, default=0) < 1:
        wanted = "at least 1 on every axis" if shape else "at least one axis"
        raise ShapeError(
            f"{field} must {'be' if shape else 'have'} {wanted}, got {show(shape)}",
            layer=layer,
            input_shape=shape,
        )
    return shape


def as_form(
    value: Any,
    owner: object,
    layer: object,
    wanted: str = "be a tuple of ints, with None for the lengths that are not known",
) -> tuple[int | None, ...]:
    """`value`, a shape on its way through `layer` with None for any of its lengths, checked."""
    given = entries(value)
    if given is None:
        raise TypeError(wrong(owner, "input_shape", wanted, value))
    known = [
        None if one is None else as_int(one, owner, "input_shape", wanted, given) for one in given
    ]
    as_shape(tuple([one for one in known if one is not None] or [1] * len(known)), layer)
    return tuple(known)


def as_answer(value: Any, layer: object, method: str) -> int:
    """`value`, a count that a layer of one's own gives, as a plain int of at least 0."""
    number = as_int(value, layer, method)
    if number < 0:
        raise ShapeError(f"{method} must be at least 0, got {show(number)}", layer=layer)
    return number

"""The errors, with messages and attributes that a user can act on."""

from __future__ import annotations

from collections.abc import Callable, Sized
from reprlib import Repr
from typing import Any


class ParamcalcError(ValueError):
    """An error for what breaks a rule of paramcalc.

    A wrong type is a built-in `TypeError` instead.

    Attributes:
        problem: the rule and the values that break it.
        path: the place of the layer in its network, such as `"features[2]"`; empty for a layer on
            its own.
        layer: the layer that refuses; None for one that could not be made.
        input_shape: the input shape of the layer, if there is one.
    """

    _compared: tuple[tuple[int, int | None], ...] = ()
    """The lengths that do not fit, as (got, wanted), for the search for inputs; wanted is None if
    several fit."""
    _unequal: tuple[tuple[int, int, int, int, int], ...] = ()
    """The lengths of branches that do not merge: two branches, the axis from the last, and both
    lengths."""
    _hint: str | Callable[[ParamcalcError], str] = ""
    """What to do next; or what finds it, which takes long and is asked for the message alone."""

    def __init__(
        self,
        problem: str,
        *,
        path: str = "",
        layer: object = None,
        input_shape: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.path = path
        self.layer = layer
        self.input_shape = input_shape

    def __str__(self) -> str:
        where = [self.path] if self.path else []
        if self.layer is not None:
            where.append(type(self.layer).__name__)
        return ": ".join(filter(None, (" ".join(where), self.problem))) + self._found_hint()

    def _found_hint(self) -> str:
        if not isinstance(self._hint, str):
            self._hint = self._hint(self)
        return self._hint

    def __reduce__(self) -> tuple[Any, ...]:
        self._found_hint()  # What is known of the network is not copied along.
        return type(self), self.args, self.__dict__


class ConfigError(ParamcalcError):
    """A layer that cannot exist; raised when it is made.

    Example:
        >>> import paramcalc as pc
        >>> pc.Conv2d(8, 8, 3, stride=0)
        Traceback (most recent call last):
            ...
        paramcalc.errors.ConfigError: Conv2d: stride must be at least 1 on every axis, got 0
    """


class ShapeError(ParamcalcError):
    """A layer that does not fit its input.

    Example:
        >>> import paramcalc as pc
        >>> pc.Sequential(pc.Conv2d(3, 8, 3), pc.Pool(2)).output_shape((3, 3, 3))
        Traceback (most recent call last):
            ...
        paramcalc.errors.ShapeError: [1] Pool: a window of 2 does not fit height 1 (padding 0)
    """


class ReadError(ParamcalcError):
    """A source that cannot be read as a network.

    Attributes:
        where: the place in the source: `"line 12"`, or a layer or node by name.

    Example:
        >>> import paramcalc as pc
        >>> pc.readers.parse("pc.Dense(4, 2 + 3)")
        Traceback (most recent call last):
            ...
        paramcalc.errors.ReadError: line 1: 2 + 3 is not a number, a text, a tuple or a layer
    """

    def __init__(self, problem: str, *, where: str = "") -> None:
        super().__init__(problem)
        self.where = where

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}" if self.where else self.problem


class _Short(Repr):
    """A repr of bounded length and time."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 4
        self.maxtuple = self.maxlist = self.maxset = self.maxdict = 10
        self.maxstring = self.maxlong = self.maxother = 100

    def repr_Sequential(self, network: Sized, level: int) -> str:  # noqa: N802  # called by name
        return f"{type(network).__name__} of {counted(len(network), 'layer')}"

    repr_Add = repr_Multiply = repr_Concat = repr_Graph = repr_Sequential  # noqa: N815


_short = _Short()


def show(value: object) -> str:
    """The value in an error message: about a line at most, and never an exception."""
    try:
        text = _short.repr(value)
    except Exception:  # noqa: BLE001  # a repr that fails, or an int too long for one
        return f"a value of type {type(value).__name__} that cannot be printed"
    return text if len(text) <= 200 else text[:199] + "…"


def counted(number: int, thing: str, things: str = "") -> str:
    """The number and the thing, in the plural if needed."""
    return f"{number} {thing if number == 1 else things or thing + 's'}"


def join_path(outer: str, inner: str) -> str:
    """The path of `inner` in `outer`: `features` and `[2]` make `features[2]`."""
    return f"{outer}.{inner}" if outer and inner and not inner.startswith("[") else outer + inner


def locate(error: ParamcalcError, path: str, layer: object) -> None:
    """Prefix the path of an error from `layer`."""
    error.path = join_path(path, error.path)
    if error.layer is None:
        error.layer = layer

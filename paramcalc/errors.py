"""What can be wrong with a layer or its input, said so that a person or a program can act on it."""

from __future__ import annotations

from collections.abc import Sized
from reprlib import Repr

TYPE_CHECKING = False  # Importing typing would be a tenth of the import of all this.
if TYPE_CHECKING:
    from typing import Any


class ParamcalcError(ValueError):
    """Anything paramcalc refuses by its own rules; wrong types are `TypeError` instead.

    Attributes:
        problem: the rule and the values that break it, without the place.
        path: where the layer stands in its network, such as `"features[2]"`;
            empty for a layer on its own.
        layer: the layer that refuses; `None` for one that could not be made.
        input_shape: the shape that arrived at the layer, if one did.
    """

    def __init__(
        self,
        problem: str,
        *,
        path: str = "",
        layer: object = None,
        input_shape: tuple[int, ...] | None = None,
    ) -> None:
        super().__init__(problem)
        self.problem: str = words(problem)
        self.path: str = words(path)
        self.layer = layer
        self.input_shape = input_shape

    def __str__(self) -> str:
        where = [self.path] if self.path else []
        if self.layer is not None:
            where.append(type(self.layer).__name__)
        return ": ".join(filter(None, (" ".join(where), self.problem)))


class ConfigError(ParamcalcError):
    """A layer that cannot exist, refused when it is made.

    Example:
        >>> import paramcalc as pc
        >>> pc.Conv2d(8, 8, 3, stride=0)
        Traceback (most recent call last):
            ...
        paramcalc.errors.ConfigError: Conv2d: stride must be at least 1 on every axis, got 0
    """


class ShapeError(ParamcalcError):
    """A layer that does not fit what arrives at it, or that needs an input shape and has none.

    Example:
        >>> import paramcalc as pc
        >>> pc.Sequential(pc.Conv2d(3, 8, 3), pc.Pool(2)).output_shape((3, 3, 3))
        Traceback (most recent call last):
            ...
        paramcalc.errors.ShapeError: [1] Pool: a window of 2 does not fit height 1 (padding 0)
    """


class _Short(Repr):
    """A repr of bounded length and time, however large the value."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = 4
        self.maxtuple = self.maxlist = self.maxset = self.maxdict = 10
        self.maxstring = self.maxlong = self.maxother = 100

    def repr_Sequential(self, network: Sized, level: int) -> str:  # noqa: N802  # called by name
        return f"{type(network).__name__} of {counted(len(network), 'layer')}"

    def repr_int(self, x: int, level: int) -> str:
        text = digits(x)
        return text if len(text) <= self.maxlong else Repr.repr_int(self, x, level)

    repr_Add = repr_Multiply = repr_Concat = repr_Sequential  # noqa: N815


_short = _Short()


def digits(number: int, group: str = "") -> str:
    """`number` in decimals, in groups of three by ","; about, if Python refuses to write so many.

    No power with a sign for it, which LaTeX would take for that of the first digit alone.
    """
    try:
        return format(number, group)
    except ValueError:
        size = abs(number).bit_length() * 30103 // 100_000  # log10(2) is 0.30103.
        return f"about {'-' if number < 0 else ''}1e{size}"


def show(value: object) -> str:
    """`value` for an error message: never raises, and is never much longer than a line."""
    try:
        text = _short.repr(value)
        return text if len(text) <= 200 else text[:199] + "…"
    except Exception:  # noqa: BLE001  # a repr that fails, or an int too long to be printed
        return f"a value of type {type(value).__name__} that cannot be printed"


def words(text: Any) -> str:
    """`text` as a plain str; of what is none, what `show` has for it."""
    return str.__str__(text) if issubclass(type(text), str) else show(text)


def counted(number: int, thing: str, things: str = "") -> str:
    """`number` and `thing`, or where there are several `things`: that with an s, if not given."""
    return f"{show(number)} {thing if number == 1 else things or thing + 's'}"


def join_path(outer: str, inner: str) -> str:
    """`inner` as seen from the network around it: `features` and `[2]` make `features[2]`."""
    return f"{outer}.{inner}" if outer and inner and not inner.startswith("[") else outer + inner

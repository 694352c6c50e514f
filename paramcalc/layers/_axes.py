"""What axes are called, and the families of layers that give them a meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import Any, TypeVar

from paramcalc._checks import entries
from paramcalc.errors import ShapeError, counted, show
from paramcalc.formulas import dilated_kernel_size, same_length, same_padding, window_length
from paramcalc.layers._base import Form, Layer, Shape, Sources, Window
from paramcalc.layers._builtin import Builtin
from paramcalc.layers._fields import DataFormat
from paramcalc.layers._saved import INPUT, Saved, own

T = TypeVar("T")

AXES = {
    1: [("L", "", "length")],
    2: [("H", "h", "height"), ("W", "w", "width")],
    3: [("D", "d", "depth"), ("H", "h", "height"), ("W", "w", "width")],
}
"""Per spatial axis the symbol of its length, the index of sizes along it, and its name."""

ONE_MORE = "; leave out the batch axis, or wrap the layer in TimeDistributed"
"""What to do about an axis too many."""


def spatial_axes(rank: int) -> list[tuple[str, str, str]]:
    """The axes of `AXES`, or numbered ones."""
    return AXES.get(rank) or [(f"n_{i}", f"{i}", f"axis {i}") for i in range(1, rank + 1)]


def family_of(layer: Layer, before: str) -> str:
    """What the axes of its input are, if they are those of `before` as far as it does not say."""
    return before if before.startswith(layer._family) else layer._family


def name_axes(layer: Layer, rank: int, family: str) -> list[tuple[str, str]]:
    """The symbol and the name of each axis of a shape that `layer` takes or gives."""
    layer = layer._bare
    if family.startswith("time ") and rank > 1:
        return [("T", "time"), *name_axes(layer, rank - 1, family.removeprefix("time "))]
    family = family.rpartition(" ")[2]
    symbol = layer._axis_symbol
    numbered = [(f"n_{i}", f"axis {i}") for i in range(1, rank + 1)]
    if family == "plain" or (family == "sequence" and rank > 2):
        return numbered
    if family in ("features", "sequence"):
        before = numbered[:-1] if family == "features" else [("L", "length")][: rank - 1]
        return [*before, (symbol or "F", "features")]
    spatial = [(letter, name) for letter, _, name in spatial_axes(rank - 1)]
    usual = "C" if spatial or isinstance(layer, SpatialLayer) else "F"
    channels = (symbol or usual, "channels" if spatial else "features")
    return [*spatial, channels] if layer._channels_last else [channels, *spatial]


def spread(value: Any, rank: int) -> tuple[Any, ...]:
    """One value per axis; a tuple has them already."""
    return entries(value) or (value,) * rank


def as_pairs(padding: Any, rank: int) -> list[tuple[int, int]]:
    """The two sides of each axis: (before, after)."""
    sides = spread(padding, rank)
    return [(side, side) if isinstance(side, int) else side for side in sides]


def broadcast(one: Shape, other: Shape) -> Shape | None:
    """The shape that two shapes broadcast to; None if they do not."""
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    lengths = list(longer)
    for axis, length in enumerate(shorter, len(longer) - len(shorter)):
        if length != lengths[axis] and 1 not in (length, lengths[axis]):
            return None
        lengths[axis] = max(length, lengths[axis])
    return tuple(lengths)


class SpatialLayer(Builtin):
    """A layer with channels and spatial axes.

    `data_format` is "channels_first", as in (channels, height, width), or "channels_last"; None
    takes that of the network, or else channels first.
    """

    __slots__ = ()
    _family = "spatial"
    _kind = "pooling"
    _keeps_channels = True
    """Whether each output channel sees only the same channel of the input."""

    data_format: DataFormat | None

    @property
    def _channels_last(self) -> bool:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.data_format == "channels_last"

    def _doubt(self, shape: Shape, layout: str) -> str:
        is_last, times = self._channels_last, self._family.count("time")
        shape, layout = shape[times:], layout.removeprefix("time " * times)
        own = "channels_last" if is_last else "channels_first"
        if layout in (own, "flattened") or len(shape) < 2:
            return ""
        other, channels = ("first", shape[0]) if is_last else ("last", shape[-1])
        problem = f"takes {shape[-is_last]} of shape {show(shape)} for the channels"
        if layout == "input":
            lengths = shape[1:] if is_last else shape[:-1]
            is_image = channels in (3, 4) or (channels == 1 and len({*lengths}) == 1)
            if self._is_open and is_image and len(shape) > 2 and min(lengths) > 4:
                return f'{problem}; data_format="channels_{other}" takes {channels}'
            return ""
        if layout == "features":
            hint = f'{problem}, not its features; data_format="channels_last" does'
            return "" if is_last else hint
        if layout.startswith("time "):
            return "" if is_last else f"{problem}, not those after the time"
        return f"{problem}; the layer before has {layout.replace('_', ' ')}"

    def _with_format(self, data_format: DataFormat) -> Layer:
        layer: Any = self
        return self if self.data_format else replace(layer, data_format=data_format)

    def _stated_axis(self) -> int:
        return -1 if self._channels_last else 0

    def _stated_form(self) -> Form | None:
        channels = getattr(self, self._stating) if self._stating else None
        rank = self._stated_rank()
        return None if channels is None or rank is None else self._join(channels, [None] * rank)

    def _split(self, shape: tuple[T, ...]) -> tuple[T, tuple[T, ...]]:
        """The channels and the other lengths."""
        if self.data_format != "channels_last":
            return shape[0], shape[1:]
        return shape[-1], shape[:-1]

    def _join(self, channels: T, others: Sequence[T]) -> tuple[T, ...]:
        """The channels and the other lengths in the order of the axes."""
        if self.data_format != "channels_last":
            return (channels, *others)
        return (*others, channels)

    def _lengths(self, shape: tuple[T, ...]) -> tuple[T, ...]:
        """The lengths of the spatial axes; refused if there are not as many as fields say."""
        rank = self._stated_rank()
        lengths = self._split(shape)[1]
        if len(lengths) != rank and (rank is not None or not lengths):
            raise self._wrong_rank(shape, rank or 1)
        return lengths

    def _windows(self, shape: Form) -> Sequence[Window | None]:
        """The window along each spatial axis; None where every output sees the whole axis."""
        return [Window()] * (len(shape) - 1)

    def _sources(self, shape: Form) -> Sources:
        return self._seen_by(Window() if self._keeps_channels else None, self._windows(shape))

    def _seen_by(self, channels: Window | None, lengths: Sequence[Window | None]) -> Sources:
        """The windows along the channels and along the other axes, each with its axis."""
        windows = self._join(channels, lengths)
        return tuple([None if one is None else (axis, one) for axis, one in enumerate(windows)])

    def _divisor(self) -> int:
        """What some length of the input must be a multiple of."""
        return 1

    @property
    def _has_gaps(self) -> bool:  # type: ignore[override]
        return self._divisor() > 1

    def _period(self) -> int | None:
        return self._divisor()

    def _wrong_rank(self, shape: Any, rank: int) -> ShapeError:
        names = [name for _, _, name in spatial_axes(rank)]
        times = ["time"] * self._family.count("time")
        others = names if rank < 10 else [f"{rank} spatial axes"]
        wanted = [*times, *self._join("channels", others)]
        hint = ONE_MORE if len(shape) == rank + 2 + len(times) else ""
        problem = f"expects ({', '.join(wanted)}), got shape {show(shape)}{hint}"
        return self._misfit(problem, shape)

    def _wrong_channels(self, what: str, shape: Shape) -> ShapeError:
        expected, channels = getattr(self, self._stating), shape[self._stated_axis()]
        first = shape[self._family.count("time")]
        other, elsewhere = ("first", first) if self._channels_last else ("last", shape[-1])
        # An image with its channels at the other end; elsewhere equal numbers are a coincidence.
        likely = elsewhere == expected and expected in (1, 3, 4) and channels > 4
        hint = f'; data_format="channels_{other}" would fit' if likely else ""
        problem = f"expects {counted(expected, what)}, got {channels} in shape {show(shape)}{hint}"
        return self._misfit(problem, shape, (channels, expected))

    def _check_channels(self, field: str, what: str, shape: Shape) -> None:
        """Refuse channels that are not those stated, or that a field does not divide."""
        parts, channels = getattr(self, field), shape[self._stated_axis()]
        if getattr(self, self._stating) not in (None, channels):
            raise self._wrong_channels(what, shape)
        if channels % parts:
            values = f"{field}={show(parts)}, {channels} channels in shape {show(shape)}"
            problem = f"{field} must divide the {what}s, got {values}"
            raise self._misfit(problem, shape, (channels, None))

    def _check_left(self, counts: Sequence[int], what: str, sides: Any, shape: Shape) -> None:
        """Refuse an axis of which nothing remains."""
        for axis, count in enumerate(counts):
            if count < 1:
                name, length = spatial_axes(len(counts))[axis][2], self._lengths(shape)[axis]
                problem = f"{what} {show(sides[axis])} removes all of {name} {length}"
                raise self._misfit(problem, shape, (length, length + 1))


class SlidingLayer(SpatialLayer):
    """A layer whose windows slide along the spatial axes."""

    __slots__ = ()
    _paddings: tuple[str, ...] = ("same", "valid")

    kernel_size: Any
    stride: Any
    padding: Any
    dilation: Any

    def _slide(
        self,
        shape: Shape,
        lengths: Shape,
        kernel_size: Any,
        stride: Any,
        padding: Any,
        dilation: Any,
        ceil_mode: bool = False,
    ) -> list[int]:
        """The number of windows along each axis; all arguments but ceil_mode are per axis."""
        if isinstance(padding, str):
            return list(map(same_length, lengths, stride))
        counts: list[int] = []
        axis = 0  # Counted by hand: half the time of a zip of the five.
        for length in lengths:
            count = window_length(
                length, kernel_size[axis], stride[axis], padding[axis], dilation[axis], ceil_mode
            )
            if not count:
                raise self._too_small(shape, axis)
            counts.append(count)
            axis += 1  # noqa: SIM113
        return counts

    def _windows(self, shape: Form) -> Sequence[Window | None]:
        rank = len(self._lengths(shape))
        sizes, strides, dilations = [
            spread(one, rank) for one in (self.kernel_size, self.stride, self.dilation)
        ]
        before = [one for one, _ in self._sides(shape)]
        return list(map(Window, sizes, strides, before, dilations))

    def _sides(self, shape: Form) -> list[tuple[int, int]]:
        """The padding before and after each axis."""
        lengths = self._lengths(shape)
        rank = len(lengths)
        sizes, strides, dilations = [
            spread(one, rank) for one in (self.kernel_size, self.stride, self.dilation)
        ]
        if self.padding == "same":
            # At stride 1 it is the same for any length.
            known: list[Any] = [1 if s == 1 else n for n, s in zip(lengths, strides, strict=True)]
            if None in known:
                raise self._missing("the receptive field")
            return list(map(same_padding, known, sizes, strides, dilations))
        if self.padding == "causal":
            reaches = map(dilated_kernel_size, sizes, dilations)
            return [(reach - 1, 0) for reach in reaches]
        return as_pairs(self.padding, rank)

    def _padded(self, shape: Shape) -> tuple[Saved, ...]:
        """The input as it is kept: torch pads uneven sides first, which makes a copy."""
        sides = self._sides(shape)
        if all(before == after for before, after in sides):
            return INPUT
        if self.padding == "same" and {*spread(self.stride, 1)} == {1}:
            sides = [(abs(before - after), 0) for before, after in sides]  # Of the rest alone.
        lengths = [n + sum(pair) for n, pair in zip(self._lengths(shape), sides, strict=True)]
        return (own(shape[self._stated_axis()] * prod(lengths)),)

    def _too_small(self, shape: Shape, axis: int) -> ShapeError:
        lengths = self._lengths(shape)
        rank, length = len(lengths), lengths[axis]
        size, dilation, padding = [
            spread(one, rank)[axis] for one in (self.kernel_size, self.dilation, self.padding)
        ]
        reach = dilated_kernel_size(size, dilation)
        dilated = f", dilated to {reach}," if reach != size else ""
        name = spatial_axes(rank)[axis][2]
        where = f"{name} {length}" if rank in AXES else f"length {length} of {name}"
        problem = f"a window of {size}{dilated} does not fit {where} (padding {show(padding)})"
        return self._misfit(problem, shape, (length, length + 1))


class FeaturesLayer(Builtin):
    """A layer that works on the last axis, at each position of the others."""

    __slots__ = ()
    _family = "features"
    _kind = "dense"

    def _wrong_features(self, shape: Shape, hint: str = "") -> ShapeError:
        expected = getattr(self, self._stating)
        wanted = f"expects {counted(expected, 'feature')} on the last axis"
        problem = f"{wanted}, got shape {show(shape)}{hint}"
        return self._misfit(problem, shape, (shape[-1], expected))


class SequenceLayer(FeaturesLayer):
    """A layer that takes a sequence, (length, features), and sees all of it at each position."""

    __slots__ = ()
    _family = "sequence"
    _kind = "sequence"

    def _check_sequence(self, shape: Form) -> None:
        if len(shape) != 2:
            hint = ONE_MORE if len(shape) == 3 else ""
            raise self._misfit(f"expects (length, features), got shape {show(shape)}{hint}", shape)

    def _shape(self, shape: Shape) -> Shape:
        self._check_sequence(shape)
        if getattr(self, self._stating) not in (None, shape[1]):
            raise self._wrong_features(shape)
        return shape

    def _sources(self, shape: Form) -> Sources:
        self._check_sequence(shape)
        return (None, None)

"""Layers that tell channels from spatial axes, and the window some slide along those."""

from __future__ import annotations

from collections.abc import Sequence

from paramcalc._checks import entries
from paramcalc.errors import ParamcalcError, counted, show
from paramcalc.formulas import dilated_kernel_size, same_length, same_padding, window_length
from paramcalc.layers._base import Builtin, Shape, Sources, Window

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeVar

    T = TypeVar("T")

FORMATS = "channels_first", "channels_last"
Sides = tuple[int, ...] | tuple[tuple[int, int], ...]
"""As layers store it: an int for both sides of each axis, or a pair (before, after) for each."""
Padding = str | Sides
"""As layers store it: "same", or as `Sides`."""
AXES = {
    1: [("L", "", "length")],
    2: [("H", "h", "height"), ("W", "w", "width")],
    3: [("D", "d", "depth"), ("H", "h", "height"), ("W", "w", "width")],
}
"""Of each spatial axis: the symbol of its length, the index of sizes along it, and its name."""


SIZES = ("kernel_size", "output_size", "padding", "cropping", "size", "scale_factor")
"""Fields that have an entry for each spatial axis, where they are tuples."""


def spread(value: Any, rank: int) -> tuple[Any, ...]:
    """One value as one for each of `rank` axes; a tuple is so already."""
    given = entries(value)
    return (value,) * rank if given is None else given


def as_pairs(sides: tuple[Any, ...]) -> list[tuple[int, int]]:
    """What is at the two sides of each axis, (before, after)."""
    return [(side, side) if isinstance(side, int) else side for side in sides]


def spatial_axes(rank: int) -> list[tuple[str, str, str]]:
    """The axes of `AXES`, or numbered ones."""
    return AXES.get(rank) or [(f"n_{i}", f"{i}", f"axis {i}") for i in range(1, rank + 1)]


class SpatialLayer(Builtin):
    """A layer to which one axis is the channels: the first or the last, as `data_format` says."""

    __slots__ = ()

    data_format: str
    _rank: int

    def _stated_rank(self) -> int | None:
        """How many spatial axes there are, if a field says so."""
        for field in SIZES:
            given = entries(getattr(self, field, None))
            if given is not None:
                return len(given)
        return None

    def _check_rank(self, shape: tuple[int | None, ...]) -> None:
        rank = self._stated_rank()
        if rank is not None and rank != len(shape) - 1:
            raise self._wrong_rank(shape, rank)

    def _split(self, shape: tuple[T, ...]) -> tuple[T, tuple[T, ...]]:
        """The channels and the other lengths."""
        if self.data_format == "channels_first":
            return shape[0], shape[1:]
        return shape[-1], shape[:-1]

    def _join(self, channels: T, others: Sequence[T]) -> tuple[T, ...]:
        """What belongs to the channels and to the other axes, in the order of the axes."""
        if self.data_format == "channels_first":
            return (channels, *others)
        return (*others, channels)

    def _arriving_channels(self, shape: Shape | None, field: str) -> int:
        """The channels that arrive, for a `field` that is None."""
        return self._split(self._needed(shape, f"{field} is None, so the number of parameters"))[0]

    def _per_axis(self, value: Any, shape: Shape) -> tuple[Any, ...]:
        """The entries of a field for each spatial axis of `shape`: it may be one for all."""
        given = entries(value)
        rank = max(len(shape) - 1, 1) if given is None else len(given)
        if len(shape) != rank + 1:
            raise self._wrong_rank(shape, rank)
        return spread(value, rank)

    def _spatial_sources(
        self, windows: Sequence[Window | None], *, channels_stay: bool = False
    ) -> Sources:
        """The sources of an output with as many axes: a window for each spatial one."""
        first = 1 if self.data_format == "channels_first" else 0
        axes = range(first, first + len(windows))
        found: list[tuple[int, Window] | None] = [
            None if window is None else (axis, window)
            for axis, window in zip(axes, windows, strict=True)
        ]
        channels = 0 if first else len(windows)
        return self._join((channels, Window()) if channels_stay else None, found)

    def _sliding_sources(
        self,
        input_shape: tuple[int | None, ...],
        kernel_size: tuple[int, ...],
        stride: tuple[int, ...],
        padding: Padding,
        dilation: tuple[int, ...],
        *,
        channels_stay: bool = False,
    ) -> Sources:
        """The sources behind a convolution or pooling; "same" with a stride goes by the lengths."""
        lengths = self._split(input_shape)[1]
        sides = None if isinstance(padding, str) else as_pairs(padding)
        windows: list[Window] = []
        for axis, (size, step, spread) in enumerate(
            zip(kernel_size, stride, dilation, strict=True)
        ):
            if sides is None:
                length = 1 if step == 1 else lengths[axis]  # Without a stride, any will do.
                if length is None:
                    raise self._missing("the receptive field")
                before = same_padding(length, size, step, spread)[0]
            else:
                before = sides[axis][0]
            windows.append(Window(size, step, before, spread))
        return self._spatial_sources(windows, channels_stay=channels_stay)

    def _wrong_rank(self, shape: tuple[int | None, ...], rank: int) -> ParamcalcError:
        names = [name for _, _, name in spatial_axes(rank)]
        wanted = self._join("channels", names if rank < 10 else [f"{rank} spatial axes"])
        hint = "; leave out the batch axis" if len(shape) == rank + 2 else ""
        problem = f"expects ({', '.join(wanted)}), got shape {show(shape)}{hint}"
        return self._misfit(problem, shape)

    def _wrong_channels(
        self, what: str, expected: int, channels: int, shape: Shape
    ) -> ParamcalcError:
        other = "channels_last" if self.data_format == "channels_first" else "channels_first"
        elsewhere = shape[-1] if other == "channels_last" else shape[0]
        # An image with the channels at the other end, and no coincidence further on.
        likely = elsewhere == expected and expected in (1, 3, 4) and channels > 4
        hint = f'; data_format="{other}" would fit' if likely else ""
        values = f"expects {counted(expected, what)}, got {show(channels)}"
        return self._misfit(f"{values} in shape {show(shape)}{hint}", shape)

    def _too_small(
        self,
        shape: Shape,
        output: Shape,
        kernel_size: tuple[int, ...],
        padding: Padding,
        dilation: tuple[int, ...],
    ) -> ParamcalcError:
        lengths, counts = self._split(shape)[1], self._split(output)[1]
        axis = counts.index(0)
        size, reach = kernel_size[axis], dilated_kernel_size(kernel_size[axis], dilation[axis])
        window = f"a window of {show(size)}" + (
            f", dilated to {show(reach)}," if reach != size else ""
        )
        name, length = spatial_axes(len(lengths))[axis][2], show(lengths[axis])
        where = f"{name} {length}" if len(lengths) in AXES else f"length {length} of {name}"
        return self._misfit(f"{window} does not fit {where} (padding {show(padding[axis])})", shape)


def window_lengths(
    lengths: Shape,
    kernel_size: tuple[int, ...],
    stride: tuple[int, ...],
    padding: Padding,
    dilation: tuple[int, ...],
    ceil_mode: bool = False,
) -> list[int]:
    """How many positions a window takes along each axis; 0 where it does not fit."""
    if isinstance(padding, str):
        return list(map(same_length, lengths, stride))
    counts: list[int] = []
    axis = 0  # Counted by hand: half the time of a zip of the five.
    for length in lengths:
        counts.append(
            window_length(
                length, kernel_size[axis], stride[axis], padding[axis], dilation[axis], ceil_mode
            )
        )
        axis += 1  # noqa: SIM113
    return counts

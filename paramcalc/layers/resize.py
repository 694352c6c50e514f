"""Layers that make the spatial axes longer or shorter, and have no parameters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY
from math import lcm
from numbers import Real
from typing import Any, Literal

from paramcalc._checks import LARGEST, as_axes, as_int, check_rank, entries, wrong
from paramcalc.errors import ConfigError, counted, show
from paramcalc.formulas import center_cropping, scaled_length
from paramcalc.layers._axes import SpatialLayer, as_pairs, spatial_axes, spread
from paramcalc.layers._base import Form, Shape, Sources, Window
from paramcalc.layers._fields import (
    Axes,
    DataFormat,
    Sides,
    choice,
    count,
    data_format,
    declared,
    layer,
    sides,
)
from paramcalc.layers._saved import INPUT, Saved
from paramcalc.layers._windows import interpolation

PadMode = Literal["constant", "reflect", "replicate", "circular"]


@layer
class Pad(SpatialLayer):
    """Positions added to both sides of each spatial axis.

    Args:
        padding: how many: an int for any number of axes, or a tuple of one per axis, or of a pair
            (before, after) per axis.
        mode: their values: "constant", "reflect", "replicate" or "circular". An axis to be
            reflected must be longer than its padding, one to be wrapped around at least as long.

    Source:
        torch 2.13 `torch.nn.ZeroPad2d`, `ReflectionPad2d` and so on, whose tuples begin with the
        last axis; here they begin with the first. Keras 3 `ZeroPadding2D`.

    Example:
        >>> Pad(1).output_shape((3, 32, 32)), Pad(((0, 1), (0, 1))).output_shape((3, 32, 32))
        ((3, 34, 34), (3, 33, 33))
    """

    padding: int | Sides = sides("p")
    mode: PadMode = choice(PadMode, default="constant")
    _: KW_ONLY
    data_format: DataFormat | None = data_format(default=None)

    def _shape(self, shape: Shape) -> Shape:
        lengths = self._lengths(shape)
        pairs = as_pairs(self.padding, len(lengths))
        if self.mode in ("reflect", "circular"):
            rule, more = ("less than", 1) if self.mode == "reflect" else ("at most", 0)
            for axis, (length, pair) in enumerate(zip(lengths, pairs, strict=True)):
                if length < max(pair) + more:
                    name = spatial_axes(len(lengths))[axis][2]
                    problem = f"padding must be {rule} the {name} in mode {self.mode!r}"
                    problem += f", got {show(pair)} on {length}"
                    raise self._misfit(problem, shape, (length, max(pair) + more))
        counts = [n + before + after for n, (before, after) in zip(lengths, pairs, strict=True)]
        return self._join(shape[self._stated_axis()], counts)

    def _saved(self, shapes: Sequence[Shape], output: Shape) -> tuple[Saved, ...]:
        return INPUT if self.mode in ("reflect", "replicate") else ()

    def _windows(self, shape: Form) -> Sequence[Window | None]:
        pairs = as_pairs(self.padding, len(self._lengths(shape)))
        return [Window(padding=before) for before, _ in pairs]


@layer
class Crop(SpatialLayer):
    """Positions removed from both sides of each spatial axis.

    Args:
        cropping: how many: an int for any number of axes, or a tuple of one per axis, or of a pair
            (before, after) per axis.

    Source:
        Keras 3 `Cropping2D`; torch pads by a negative number.

    Example:
        >>> Crop(2).output_shape((3, 32, 32)), Crop(((0, 1), (0, 1))).output_shape((3, 33, 33))
        ((3, 28, 28), (3, 32, 32))
    """

    cropping: int | Sides = sides("c")
    _: KW_ONLY
    data_format: DataFormat | None = data_format(default=None)

    def _shape(self, shape: Shape) -> Shape:
        lengths = self._lengths(shape)
        pairs = as_pairs(self.cropping, len(lengths))
        counts = [n - before - after for n, (before, after) in zip(lengths, pairs, strict=True)]
        self._check_left(counts, "cropping", pairs, shape)
        return self._join(shape[self._stated_axis()], counts)

    def _windows(self, shape: Form) -> Sequence[Window | None]:
        pairs = as_pairs(self.cropping, len(self._lengths(shape)))
        return [Window(padding=-before) for before, _ in pairs]


def read_optional_axes(value: Any, owner: object, name: str, rank: int | None) -> Any:
    """None, an int for all spatial axes, or a tuple with one per axis."""
    return None if value is None else as_axes(value, owner, name, rank)


def read_factors(value: Any, owner: object, name: str, rank: int | None) -> Any:
    """None, a number above 0 for all spatial axes, or a tuple of one per axis."""
    given = entries(value)
    if value is None:
        return None
    wanted = "be a number or a tuple of numbers"
    factors: list[float] = []
    for one in (value,) if given is None else given:
        is_int = isinstance(one, int) or not isinstance(one, Real)
        number: Any = as_int(one, owner, name, wanted, value) if is_int else one
        if not 0 < number <= LARGEST or not float(number):
            raise ConfigError(wrong(owner, name, "be above 0 and at most 2**63 - 1", value))
        factors.append(int(number) if number == int(number) else float(number))
    if given is None:
        return factors[0]
    check_rank(given, owner, name, max(len(given), 1) if rank is None else rank)
    return tuple(factors)


def as_ratio(factor: float) -> tuple[int, int]:
    """A float as the first fraction that rounds to it, by continued fractions."""
    if isinstance(factor, int):
        return factor, 1
    over, under = factor.as_integer_ratio()
    numerator, denominator, last = 1, 0, (0, 1)
    while not denominator or numerator / denominator != factor:
        whole, rest = divmod(over, under)
        over, under = under, rest
        new = whole * numerator + last[0], whole * denominator + last[1]
        (numerator, denominator), last = new, (numerator, denominator)
    return numerator, denominator


def scaled(length: int, factor: float) -> int:
    """The length after a resizing; torch multiplies floats, whose product may be a bit less."""
    count = scaled_length(length, *as_ratio(factor))
    return count - 1 if count > length * factor else count


@layer
class CenterCrop(SpatialLayer):
    """The center of each spatial axis, of a given size.

    An axis that is shorter is padded with zeros.

    Args:
        size: length of each axis of the output: an int for any number of axes, or a tuple. None
            takes those of a second tensor of a `Graph`: `CenterCrop()(skip, partner)`.

    Source:
        torchvision 0.21 `CenterCrop`. Keras 3 `CenterCrop` resizes an image that is too small.

    Example:
        >>> CenterCrop(56).output_shape((512, 64, 64)), CenterCrop((4, 9)).output_shape((3, 8, 8))
        ((512, 56, 56), (3, 4, 9))
    """

    size: Axes | None = declared(read_optional_axes, default=None, per_axis=True)
    _: KW_ONLY
    data_format: DataFormat | None = data_format(default=None)

    @property
    def _is_merge(self) -> bool:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.size is None

    @property
    def _arity(self) -> tuple[int, int]:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]
        return (2, 2) if self.size is None else (1, 1)

    def _merge(self, outputs: Sequence[Shape], shape: Shape | None) -> Shape:
        first, partner = outputs
        if len(first) != len(partner):
            shapes = f"{show(first)} and {show(partner)}"
            raise self._misfit(f"both inputs must have the same number of axes, got {shapes}")
        self._lengths(first)
        return self._join(first[self._stated_axis()], self._split(partner)[1])

    def _sources_of(self, before: list[Form], output: Shape | None) -> Sequence[Sources | None]:
        if self.size is not None:
            return SpatialLayer._sources_of(self, before, output)
        windows: list[Any] = self._windows_to(before[0], self._split(before[1])[1])
        return [self._seen_by(Window(), windows), None]

    def _macs(self, shape: Shape | None, output: Shape | None, *_: Shape) -> int:
        return 0

    def _shape(self, shape: Shape) -> Shape:
        rank = len(self._lengths(shape))
        return self._join(shape[self._stated_axis()], spread(self.size, rank))

    def _windows(self, shape: Form) -> Sequence[Window | None]:
        return self._windows_to(shape, spread(self.size, len(shape) - 1))

    def _windows_to(self, shape: Form, sizes: Sequence[Any]) -> list[Any]:
        """The window along each spatial axis, to these lengths."""
        windows: list[Any] = []
        for length, size in zip(self._lengths(shape), sizes, strict=True):
            if length is None:
                raise self._missing("the receptive field")
            windows.append(Window(padding=-center_cropping(length, size)[0]))
        return windows


Interpolation = Literal["nearest", "nearest-exact", "linear", "bilinear", "bicubic", "trilinear"]
RANKS = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}
"""The modes of `Upsample` that need a particular number of spatial axes."""


@layer
class Upsample(SpatialLayer):
    """Spatial axes resized by repeating or interpolating.

    By a factor f, each length n becomes `⌊n·f⌋`.

    Args:
        size: length of each axis of the output: an int for any number of axes, or a tuple.
        scale_factor: given instead of size: the ratio of output to input, as a number above 0, such
            as 2 or 1.5, or a tuple.
        mode: "nearest" or "nearest-exact" for any number of axes, "linear" for one, "bilinear" or
            "bicubic" for two, "trilinear" for three.

    Source:
        torch 2.13 `torch.nn.Upsample`, which takes at most three axes, and copies one that a
        fraction happens not to change. Keras 3 `UpSampling2D`, whose `size` is the scale_factor.

    Example:
        >>> Upsample(scale_factor=2).output_shape((64, 28, 28))
        (64, 56, 56)
        >>> Upsample(scale_factor=1.5).output_shape((64, 7, 7))
        (64, 10, 10)
        >>> Upsample((32, 48), mode="bilinear").output_shape((64, 28, 28))
        (64, 32, 48)
    """

    size: Axes | None = declared(read_optional_axes, default=None, per_axis=True)
    scale_factor: float | tuple[float, ...] | None = declared(
        read_factors, default=None, per_axis=True, symbol="f"
    )
    mode: Interpolation = choice(Interpolation, default="nearest")
    _: KW_ONLY
    data_format: DataFormat | None = data_format(default=None)

    def _check(self) -> None:
        if (self.size is None) == (self.scale_factor is None):
            values = f"size={show(self.size)}, scale_factor={show(self.scale_factor)}"
            raise ConfigError(f"Upsample: give either size or scale_factor, got {values}")
        given, rank = self.size or self.scale_factor, RANKS.get(self.mode)
        if isinstance(given, tuple) and rank and len(given) != rank:
            field = "scale_factor" if self.size is None else "size"
            wanted = f"have {counted(rank, 'entry', 'entries')} in mode {self.mode!r}"
            raise ConfigError(wrong(self, field, wanted, given))

    def _shape(self, shape: Shape) -> Shape:
        rank = RANKS.get(self.mode, len(shape) - 1)
        if len(shape) != rank + 1:
            axes = counted(rank, "spatial axis", "spatial axes")
            problem = f"mode {self.mode!r} is for {axes}, got shape {show(shape)}"
            raise self._misfit(problem, shape)
        lengths = self._lengths(shape)
        counts = spread(self.size or self.scale_factor, len(lengths))
        if self.size is None:
            factors, counts = counts, tuple(map(scaled, lengths, counts))
            self._check_left(counts, "scale_factor", factors, shape)
        return self._join(shape[self._stated_axis()], counts)

    def _windows(self, shape: Form) -> Sequence[Window | None]:
        lengths = self._lengths(shape)
        sizes = spread(self.size or self.scale_factor, len(lengths))
        windows: list[Window] = []
        for length, size in zip(lengths, sizes, strict=True):
            if self.size is None:  # A factor gives a positions for b, whatever the length.
                after, before = as_ratio(size)
            elif length is None:
                raise self._missing("the receptive field")
            else:
                before, after = length, size
            windows.append(interpolation(self.mode, before, after))
        return windows

    def _period(self) -> int | None:
        factors: Any = self.scale_factor or 1
        return lcm(*[as_ratio(one)[1] for one in entries(factors) or (factors,)])


@layer
class PixelShuffle(SpatialLayer):
    """Channels rearranged into height and width.

    (C, H, W) becomes (C / (r·r), H·r, W·r), where r is `upscale_factor`.

    Source:
        torch 2.13 `torch.nn.PixelShuffle`.

    Example:
        >>> PixelShuffle(3).output_shape((9, 32, 32))
        (1, 96, 96)
    """

    upscale_factor: int = count("r", divides=True)
    _: KW_ONLY
    data_format: DataFormat | None = data_format(default=None)

    _keeps_channels = False
    _rank = 2

    def _shape(self, shape: Shape) -> Shape:
        height, width = self._lengths(shape)
        channels, factor = shape[self._stated_axis()], self.upscale_factor
        if channels % (factor * factor):
            values = f"upscale_factor={show(factor)}, {channels} channels in shape {show(shape)}"
            problem = f"upscale_factor² must divide the channels, got {values}"
            raise self._misfit(problem, shape, (channels, None))
        return self._join(channels // (factor * factor), (height * factor, width * factor))

    def _windows(self, shape: Form) -> Sequence[Window | None]:
        self._lengths(shape)
        return [interpolation("nearest", 1, self.upscale_factor)] * 2

    def _divisor(self) -> int:
        return self.upscale_factor**2


@layer
class PixelUnshuffle(SpatialLayer):
    """Height and width rearranged into channels.

    (C, H, W) becomes (C·r·r, H / r, W / r), where r is `downscale_factor`. It is the inverse of
    `PixelShuffle`.

    Source:
        torch 2.13 `torch.nn.PixelUnshuffle`.

    Example:
        >>> PixelUnshuffle(2).output_shape((3, 32, 32))
        (12, 16, 16)
    """

    downscale_factor: int = count("r", divides=True)
    _: KW_ONLY
    data_format: DataFormat | None = data_format(default=None)

    _keeps_channels = False
    _rank = 2

    def _shape(self, shape: Shape) -> Shape:
        height, width = self._lengths(shape)
        channels, factor = shape[self._stated_axis()], self.downscale_factor
        pairs = [(length, None if length % factor else length) for length in (height, width)]
        for length, where in ((height, "height"), (width, "width")):
            if length % factor:
                problem = f"downscale_factor must divide the {where}"
                values = f"downscale_factor={show(factor)}, {where} {length}"
                raise self._misfit(f"{problem}, got {values}", shape, *pairs)
        return self._join(channels * factor * factor, (height // factor, width // factor))

    def _windows(self, shape: Form) -> Sequence[Window | None]:
        self._lengths(shape)
        return [Window(self.downscale_factor, self.downscale_factor)] * 2

    def _divisor(self) -> int:
        return self.downscale_factor

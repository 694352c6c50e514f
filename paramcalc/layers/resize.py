"""Layers that make the spatial axes longer or shorter, and learn nothing."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from paramcalc._checks import (
    as_axes,
    as_choice,
    as_count,
    as_sides,
    entries,
    name_of,
    wrong,
)
from paramcalc.errors import ConfigError, counted, show
from paramcalc.layers._axes import FORMATS, Sides, SpatialLayer, as_pairs, spatial_axes, spread
from paramcalc.layers._base import Shape, Sources, Window


@dataclass(frozen=True, slots=True, repr=False)
class Pad(SpatialLayer):
    """Positions added on both sides of each spatial axis.

    Args:
        padding: how many: an int for both sides of as many axes as there are, or a
            tuple of one for each axis, or of a pair (before, after) for each.
        mode: what they are filled with: "constant", "reflect", "replicate" or
            "circular".
        data_format: "channels_first", or "channels_last" for (height, width,
            channels).

    Raises:
        TypeError: a field is of the wrong type.
        ConfigError: padding is negative, or mode none of those.
        ShapeError: what arrives has the wrong number of axes, or an axis is too
            short to be reflected or gone around.

    Source:
        torch 2.13 `torch.nn.ZeroPad2d`, `ReflectionPad2d` and so on, whose tuples
        begin with the last axis; here they are as those of a convolution. Keras 3
        `ZeroPadding2D`.

    Example:
        >>> Pad(1).output_shape((3, 32, 32)), Pad(((0, 1), (0, 1))).output_shape((3, 32, 32))
        ((3, 34, 34), (3, 33, 33))
    """

    padding: int | Sides
    mode: str = "constant"
    _: KW_ONLY
    data_format: str = "channels_first"

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "padding", as_sides(self.padding, self, "padding", None))
        modes = "constant", "reflect", "replicate", "circular"
        put(self, "mode", as_choice(self.mode, self, "mode", *modes))
        put(self, "data_format", as_choice(self.data_format, self, "data_format", *FORMATS))

    def _shape(self, shape: Shape) -> Shape:
        pairs = as_pairs(self._per_axis(self.padding, shape))
        channels, lengths = self._split(shape)
        if self.mode in ("reflect", "circular"):
            for axis, (length, pair) in enumerate(zip(lengths, pairs, strict=True)):
                if max(pair) >= length + (self.mode == "circular"):
                    rule = "less than" if self.mode == "reflect" else "at most"
                    where = spatial_axes(len(lengths))[axis][2]
                    problem = f"padding must be {rule} the {where} in mode {self.mode!r}"
                    raise self._misfit(f"{problem}, got {show(pair)} on {show(length)}", shape)
        return self._join(
            channels,
            [
                length + before + after
                for length, (before, after) in zip(lengths, pairs, strict=True)
            ],
        )

    def _sources(self, input_shape: tuple[int | None, ...]) -> Sources:
        pairs = as_pairs(spread(self.padding, len(input_shape) - 1))
        return self._spatial_sources(
            [Window(padding=before) for before, _ in pairs], channels_stay=True
        )


@dataclass(frozen=True, slots=True, repr=False)
class Crop(SpatialLayer):
    """Positions taken off both sides of each spatial axis.

    Args:
        cropping: how many: an int for both sides of as many axes as there are, or a
            tuple of one for each axis, or of a pair (before, after) for each.
        data_format: "channels_first", or "channels_last" for (height, width,
            channels).

    Raises:
        TypeError: a field is of the wrong type.
        ConfigError: cropping is negative.
        ShapeError: what arrives has the wrong number of axes, or nothing is left.

    Source:
        Keras 3 `Cropping2D`; torch pads by a negative number.

    Example:
        >>> Crop(2).output_shape((3, 32, 32)), Crop(((0, 1), (0, 1))).output_shape((3, 33, 33))
        ((3, 28, 28), (3, 32, 32))
    """

    cropping: int | Sides
    _: KW_ONLY
    data_format: str = "channels_first"

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "cropping", as_sides(self.cropping, self, "cropping", None))
        put(self, "data_format", as_choice(self.data_format, self, "data_format", *FORMATS))

    def _shape(self, shape: Shape) -> Shape:
        pairs = as_pairs(self._per_axis(self.cropping, shape))
        channels, lengths = self._split(shape)
        counts = [
            length - before - after for length, (before, after) in zip(lengths, pairs, strict=True)
        ]
        for axis, count in enumerate(counts):
            if count < 1:
                where = f"{spatial_axes(len(counts))[axis][2]} {show(lengths[axis])}"
                raise self._misfit(f"cropping {show(pairs[axis])} leaves nothing of {where}", shape)
        return self._join(channels, counts)

    def _sources(self, input_shape: tuple[int | None, ...]) -> Sources:
        pairs = as_pairs(spread(self.cropping, len(input_shape) - 1))
        return self._spatial_sources(
            [Window(padding=-before) for before, _ in pairs], channels_stay=True
        )


RANKS = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}
"""The modes of `Upsample` that are for a certain number of spatial axes alone."""


@dataclass(frozen=True, slots=True, repr=False)
class Upsample(SpatialLayer):
    """Spatial axes made longer (or shorter) by repeating or interpolating.

    Either `size` says how many positions come out, or `scale_factor` how many times as
    many as arrive.

    Args:
        size: positions that come out along each axis: an int for as many axes as there
            are, or a tuple.
        scale_factor: what the positions are multiplied by, likewise.
        mode: "nearest" or "nearest-exact" for any number of axes, "linear" for one,
            "bilinear" or "bicubic" for two, "trilinear" for three.
        data_format: "channels_first", or "channels_last" for (height, width,
            channels).

    Raises:
        TypeError: a field is of the wrong type.
        ConfigError: a field is out of its range, or there are both or none of size and
            scale_factor.
        ShapeError: what arrives has the wrong number of axes.

    Source:
        torch 2.13 `torch.nn.Upsample`, where scale_factor may be a fraction, too;
        and must be given no more axes than three. Keras 3 `UpSampling2D`, whose `size`
        is the scale_factor.

    Example:
        >>> Upsample(scale_factor=2).output_shape((64, 28, 28))
        (64, 56, 56)
        >>> Upsample((32, 48), mode="bilinear").output_shape((64, 28, 28))
        (64, 32, 48)
    """

    size: int | tuple[int, ...] | None = None
    scale_factor: int | tuple[int, ...] | None = None
    mode: str = "nearest"
    _: KW_ONLY
    data_format: str = "channels_first"

    def __post_init__(self) -> None:
        put = object.__setattr__
        if (self.size is None) == (self.scale_factor is None):
            values = f"size={show(self.size)}, scale_factor={show(self.scale_factor)}"
            raise ConfigError(f"{name_of(self)}: give either size or scale_factor, got {values}")
        for field in ("size", "scale_factor"):
            value = getattr(self, field)
            if value is not None:
                put(self, field, as_axes(value, self, field, None))
        put(self, "mode", as_choice(self.mode, self, "mode", "nearest", "nearest-exact", *RANKS))
        put(self, "data_format", as_choice(self.data_format, self, "data_format", *FORMATS))
        given, rank = entries(self.size) or entries(self.scale_factor), RANKS.get(self.mode)
        if given is not None and len(given) != (rank or len(given)):
            field = "scale_factor" if self.size is None else "size"
            wanted = f"have {rank} {'entry' if rank == 1 else 'entries'} in mode {self.mode!r}"
            raise ConfigError(wrong(self, field, wanted, given))

    def _shape(self, shape: Shape) -> Shape:
        rank = RANKS.get(self.mode, len(shape) - 1)
        if len(shape) != rank + 1:
            axes = counted(rank, "spatial axis", "spatial axes")
            problem = f"mode {self.mode!r} is for {axes}, got shape {show(shape)}"
            raise self._misfit(problem, shape)
        channels, lengths = self._split(shape)
        if self.size is not None:
            return self._join(channels, self._per_axis(self.size, shape))
        factors = self._per_axis(self.scale_factor, shape)
        counts = [length * factor for length, factor in zip(lengths, factors, strict=True)]
        return self._join(channels, counts)

    def _sources(self, input_shape: tuple[int | None, ...]) -> Sources:
        lengths = self._split(input_shape)[1]
        windows: list[Window] = []
        for axis, length in enumerate(lengths):
            if self.size is None:  # From one position to as many as the factor says.
                ratio = 1, spread(self.scale_factor, len(lengths))[axis]
            elif length is None:
                raise self._missing("the receptive field")
            else:
                ratio = length, spread(self.size, len(lengths))[axis]
            windows.append(interpolation(self.mode, *ratio))
        return self._spatial_sources(windows, channels_stay=True)


def interpolation(mode: str, before: int, after: int) -> Window:
    """What a position sees of an axis that goes from `before` positions to `after`.

    Position j lies at j·before/after for "nearest", and at (j + ½)·before/after − ½ for the
    others. It sees the position at or before that; "nearest-exact" the nearest; what
    interpolates those less than 1 away, or 2 if it is cubic.
    """
    if mode == "nearest":
        return Window(after, before, after - 1, spacing=after)
    if mode == "nearest-exact":
        return Window(2 * after, 2 * before, 2 * after - 1 - before, spacing=2 * after)
    reach = (2 if mode == "bicubic" else 1) * 2 * after - 1
    return Window(2 * reach + 1, 2 * before, reach - (before - after), spacing=2 * after)


@dataclass(frozen=True, slots=True, repr=False)
class PixelShuffle(SpatialLayer):
    """Channels dealt out over height and width: r·r channels become r by r positions.

    (C, H, W) becomes (C / (r·r), H·r, W·r).

    Args:
        upscale_factor: r.
        data_format: "channels_first", or "channels_last" for (height, width,
            channels).

    Raises:
        TypeError: a field is of the wrong type.
        ConfigError: upscale_factor is less than 1.
        ShapeError: what arrives has the wrong number of axes, or of channels.

    Source:
        torch 2.13 `torch.nn.PixelShuffle`.

    Example:
        >>> PixelShuffle(3).output_shape((9, 32, 32))
        (1, 96, 96)
    """

    upscale_factor: int
    _: KW_ONLY
    data_format: str = "channels_first"

    def __post_init__(self) -> None:
        factor = as_count(self.upscale_factor, self, "upscale_factor")
        object.__setattr__(self, "upscale_factor", factor)
        object.__setattr__(
            self, "data_format", as_choice(self.data_format, self, "data_format", *FORMATS)
        )

    def _shape(self, shape: Shape) -> Shape:
        self._check_rank(shape)
        channels, (height, width) = self._split(shape)
        factor = self.upscale_factor
        if channels % (factor * factor):
            problem = "upscale_factor² must divide the channels"
            values = f"upscale_factor={show(factor)}, {show(channels)} channels"
            raise self._misfit(f"{problem}, got {values} in shape {show(shape)}", shape)
        return self._join(channels // (factor * factor), (height * factor, width * factor))

    def _stated_rank(self) -> int:
        return 2

    def _sources(self, input_shape: tuple[int | None, ...]) -> Sources:
        return self._spatial_sources([interpolation("nearest", 1, self.upscale_factor)] * 2)


@dataclass(frozen=True, slots=True, repr=False)
class PixelUnshuffle(SpatialLayer):
    """Height and width gathered into channels: r by r positions become r·r channels.

    (C, H, W) becomes (C·r·r, H / r, W / r): what `PixelShuffle` does, undone.

    Args:
        downscale_factor: r.
        data_format: "channels_first", or "channels_last" for (height, width,
            channels).

    Raises:
        TypeError: a field is of the wrong type.
        ConfigError: downscale_factor is less than 1.
        ShapeError: what arrives has the wrong number of axes, or a height or width
            that is no multiple of downscale_factor.

    Source:
        torch 2.13 `torch.nn.PixelUnshuffle`.

    Example:
        >>> PixelUnshuffle(2).output_shape((3, 32, 32))
        (12, 16, 16)
    """

    downscale_factor: int
    _: KW_ONLY
    data_format: str = "channels_first"

    def __post_init__(self) -> None:
        factor = as_count(self.downscale_factor, self, "downscale_factor")
        object.__setattr__(self, "downscale_factor", factor)
        object.__setattr__(
            self, "data_format", as_choice(self.data_format, self, "data_format", *FORMATS)
        )

    def _shape(self, shape: Shape) -> Shape:
        self._check_rank(shape)
        channels, (height, width) = self._split(shape)
        factor = self.downscale_factor
        for length, where in ((height, "height"), (width, "width")):
            if length % factor:
                problem = f"downscale_factor must divide the {where}"
                values = f"downscale_factor={show(factor)}, {where} {show(length)}"
                raise self._misfit(f"{problem}, got {values}", shape)
        return self._join(channels * factor * factor, (height // factor, width // factor))

    def _stated_rank(self) -> int:
        return 2

    def _sources(self, input_shape: tuple[int | None, ...]) -> Sources:
        return self._spatial_sources([Window(self.downscale_factor, self.downscale_factor)] * 2)

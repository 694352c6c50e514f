"""Normalization."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY
from math import prod
from typing import Any

from paramcalc._checks import as_axes, entries, wrong
from paramcalc.errors import ConfigError, show
from paramcalc.formulas import norm_params
from paramcalc.layers._axes import FeaturesLayer, SpatialLayer
from paramcalc.layers._base import Parameter, Shape
from paramcalc.layers._builtin import Builtin
from paramcalc.layers._fields import (
    DataFormat,
    count,
    data_format,
    declared,
    flag,
    layer,
    optional_count,
)
from paramcalc.layers._saved import FLOAT32, INPUT, WEIGHTS, Saved, own


class Normalization(Builtin):
    """Normalizations, with a scale and a shift, or one of them, or neither."""

    __slots__ = ()
    _kind = "normalization"
    _affine = "affine"
    """The field without which there is neither."""

    bias: bool = False
    scale: bool = True

    def _check(self) -> None:
        """Store neither in one way, however it was given."""
        if self.bias and self.scale:
            return  # As given: the usual case.
        if not (self.bias or self.scale):
            object.__setattr__(self, self._affine, False)
        if not getattr(self, self._affine):
            for name in {"bias", "scale"} & self._specs.keys():
                object.__setattr__(self, name, True)

    @property
    def _has_scale(self) -> bool:
        return bool(self.scale and getattr(self, self._affine))

    @property
    def _has_shift(self) -> bool:
        return bool(self.bias and getattr(self, self._affine))

    def _sizes(self, shape: Shape | None) -> Shape:
        """The shape of the scale, and of the shift."""
        return (self._stated(shape),)

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        names = ["weight"] * self._has_scale + ["bias"] * self._has_shift
        return tuple([Parameter(name, self._sizes(shape)) for name in names])

    def _params(self, shape: Shape | None) -> int:
        if not getattr(self, self._affine):
            return 0
        return norm_params(prod(self._sizes(shape)), self.bias, self.scale)


@layer
class ChannelNorm(Normalization, SpatialLayer):
    """Normalizations of channels, which differ in their defaults."""

    _has_buffers = True

    num_features: int | None = optional_count("C", default=None, states="channels")
    affine: bool = flag(default=True)
    track_running_stats: bool = flag(default=True)
    _: KW_ONLY
    bias: bool = flag(default=True)
    scale: bool = flag(default=True)
    data_format: DataFormat | None = data_format(default=None)

    def _shape(self, shape: Shape) -> Shape:
        channels = shape[0] if self.data_format != "channels_last" else shape[-1]  # The hot path.
        if channels != self.num_features is not None:
            raise self._wrong_channels("channel", shape)
        return shape

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        tensors = Normalization._tensors(self, shape)
        if not self.track_running_stats:
            return tensors
        names, sizes = ("running_mean", "running_var"), self._sizes(shape)
        return (*tensors, *[Parameter(one, sizes, trainable=False) for one in names])

    def _params(self, shape: Shape | None) -> int:
        if not self.affine:
            return 0
        return norm_params(self.num_features or self._stated(shape), self.bias, self.scale)


class BatchNorm(ChannelNorm):
    """A batch normalization of the channels; the shape stays.

    `2·C` parameters: a scale (γ, `weight`) and a shift (β, `bias`) per channel. The running mean
    and variance are `2·C` values that are not trainable: `parameters()` lists them, `num_params()`
    does not count them.

    Args:
        num_features: channels of the input; None takes them from the input.
        affine: whether it has the scale and the shift.
        track_running_stats: whether it keeps the running mean and variance.
        bias: whether it has the shift; without, the scale alone.
        scale: whether it has the scale; without, the shift alone, as in Keras.
        data_format: "channels_first", or "channels_last", as in (height, width, channels); None
            is that of the network, or else channels first.

    Source:
        torch 2.13 `torch.nn.BatchNorm2d`, without its count of batches, a single value. Keras 3
        `BatchNormalization` reports 4·C, for all four tensors.

    Example:
        >>> norm = BatchNorm(64)
        >>> norm.num_params(), sum(p.size for p in norm.parameters())
        (128, 256)
    """

    __slots__ = ()

    def _saved(self, shapes: Sequence[Shape], output: Shape) -> tuple[Saved, ...]:
        """The mean and the inverse deviation of each channel, too."""
        return (*INPUT, Saved(fixed=2 * output[self._stated_axis()]))


@layer
class InstanceNorm(ChannelNorm):
    """A normalization of each channel of an example.

    It has no parameters by default; with `affine`, `2·C`. Fields are those of `BatchNorm`. Each
    channel needs more than one position.

    Source:
        torch 2.13 `torch.nn.InstanceNorm2d`; but num_features is checked without `affine`, too.

    Example:
        >>> InstanceNorm(64).num_params(), InstanceNorm(64, affine=True).num_params()
        (0, 128)
    """

    affine: bool = flag(default=False)
    track_running_stats: bool = flag(default=False)

    def _shape(self, shape: Shape) -> Shape:
        if prod(shape) == shape[self._stated_axis()]:
            problem = "needs more than one position in each channel to normalize over"
            raise self._misfit(f"{problem}, got shape {show(shape)}", shape, (1, 2))
        return ChannelNorm._shape(self, shape)

    def _saved(self, shapes: Sequence[Shape], output: Shape) -> tuple[Saved, ...]:
        """Likewise of each example, for which scales and running statistics are repeated."""
        vectors = 2 + self._has_scale + 2 * self.track_running_stats
        return (*INPUT, own(vectors * output[self._stated_axis()]))


@layer
class GroupNorm(Normalization, SpatialLayer):
    """A normalization of each group of channels; the shape stays.

    `2·C` parameters: a scale and a shift per channel, whatever the number of groups.

    Args:
        num_groups: parts of the channels; it must divide them.
        num_channels: channels of the input; None takes them from the input.
        affine: whether it has the scale and the shift.
        bias: whether it has the shift; without, the scale alone.
        scale: whether it has the scale; without, the shift alone, as in Keras.

    Source:
        torch 2.13 `torch.nn.GroupNorm`; Keras 3 `GroupNormalization`.

    Example:
        >>> GroupNorm(32, 64).num_params(), GroupNorm(1, 64).num_params()
        (128, 128)
    """

    num_groups: int = count("G")
    num_channels: int | None = optional_count("C", states="channels")
    affine: bool = flag(default=True)
    _: KW_ONLY
    bias: bool = flag(default=True)
    scale: bool = flag(default=True)
    data_format: DataFormat | None = data_format(default=None)

    def _check(self) -> None:
        Normalization._check(self)
        self._check_divides("num_groups", "num_channels")

    def _shape(self, shape: Shape) -> Shape:
        self._check_channels("num_groups", "channel", shape)
        return shape

    def _divisor(self) -> int:
        return self.num_groups if self.num_channels is None else 1

    def _saved(self, shapes: Sequence[Shape], output: Shape) -> tuple[Saved, ...]:
        """The mean and the inverse deviation of each group, too."""
        return (*INPUT, own(2 * self.num_groups))


def read_normalized_shape(value: Any, owner: object, name: str) -> Shape | None:
    """An int for the last axis, a tuple for several, or None."""
    if value is None:
        return None
    if entries(value) == ():
        raise ConfigError(wrong(owner, name, "have at least one axis", ()))
    lengths = as_axes(value, owner, name, None)
    return entries(lengths) or (lengths,)


@layer
class LastAxesNorm(Normalization, FeaturesLayer):
    """Normalizations with a scale per position on the last axes."""

    _affine = "elementwise_affine"

    normalized_shape: int | Shape | None = declared(
        read_normalized_shape, default=None, symbol="n", states="last axes"
    )
    elementwise_affine: bool = flag(default=True)

    def _shape(self, shape: Shape) -> Shape:
        wanted: Any = self.normalized_shape
        if wanted is not None and shape[-len(wanted) :] != wanted:
            problem = f"expects {show(wanted)} as the last axes, got shape {show(shape)}"
            pairs = zip(reversed(shape), reversed(wanted), strict=False)
            raise self._misfit(problem, shape, *pairs)
        return shape

    def _sizes(self, shape: Shape | None) -> Shape:
        """The axes normalized over."""
        return entries(self.normalized_shape) or (self._stated(shape),)

    def _brief(self, value: Any) -> str:
        lengths = entries(value)
        return repr(lengths[0] if lengths and len(lengths) == 1 else value)

    def _positions(self, shape: Shape) -> int:
        """How many times it normalizes."""
        return prod(shape[: len(shape) - len(self._sizes(shape))])


@layer
class LayerNorm(LastAxesNorm):
    """A normalization over the last axes; the shape stays.

    `2·n` parameters for n positions on the last axes: a scale and a shift each.

    Args:
        normalized_shape: the lengths of those axes: an int for the last axis, or a tuple; None
            takes the last axis of the input.
        elementwise_affine: whether it has the scale and the shift.
        bias: whether it has the shift; without, the scale alone.
        scale: whether it has the scale; without, the shift alone, as in Keras.

    Source:
        torch 2.13 `torch.nn.LayerNorm`; Keras 3 `LayerNormalization`.

    Example:
        >>> LayerNorm(768).num_params(), LayerNorm(768, bias=False).num_params()
        (1536, 768)
        >>> LayerNorm((96, 14, 14)).num_params()
        37632
    """

    bias: bool = flag(default=True)
    _: KW_ONLY
    scale: bool = flag(default=True)

    def _saved(self, shapes: Sequence[Shape], output: Shape) -> tuple[Saved, ...]:
        """The mean and the inverse deviation of each position, too."""
        return (*INPUT, own(2 * self._positions(output)))


class RMSNorm(LastAxesNorm):
    """A normalization by the root mean square; the shape stays.

    One parameter, a scale, per position on the last axes. Fields are those of `LayerNorm`, without
    `bias`.

    Source:
        torch 2.13 `torch.nn.RMSNorm`; Keras 3 `RMSNormalization`.

    Example:
        >>> RMSNorm(4096).num_params()
        4096
    """

    __slots__ = ()

    def _saved(self, shapes: Sequence[Shape], output: Shape) -> tuple[Saved, ...]:
        """What is divided and by what, and for the scale the quotient: in 32 bits, or more."""
        quotient = [own(prod(output), WEIGHTS, bits=FLOAT32)] * self._has_scale
        divided = Saved(0, size=prod(output), bits=FLOAT32, wanted=(0,))
        return (divided, own(self._positions(output), 0, bits=FLOAT32), *quotient)

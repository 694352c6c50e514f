"""Normalization."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from math import prod

from paramcalc._checks import (
    as_axes,
    as_bool,
    as_choice,
    as_count,
    as_optional_count,
    entries,
    name_of,
    wrong,
)
from paramcalc.errors import ConfigError, show
from paramcalc.formulas import norm_params
from paramcalc.layers._axes import FORMATS, SpatialLayer
from paramcalc.layers._base import Parameter, Shape
from paramcalc.layers.features import FeaturesLayer


def scale_and_shift(shape: Shape, bias: bool = True) -> tuple[Parameter, ...]:
    """The tensors of a normalization that are learnt."""
    weight = Parameter("weight", shape)
    return (weight, Parameter("bias", shape)) if bias else (weight,)


class ChannelNorm(SpatialLayer):
    """What `BatchNorm` and `InstanceNorm` share: all but their defaults."""

    __slots__ = ()

    num_features: int | None
    affine: bool
    track_running_stats: bool

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "num_features", as_optional_count(self.num_features, self, "num_features"))
        as_bool(self.affine, self, "affine")
        as_bool(self.track_running_stats, self, "track_running_stats")
        put(self, "data_format", as_choice(self.data_format, self, "data_format", *FORMATS))

    def _shape(self, shape: Shape) -> Shape:
        if self.num_features is not None:
            # Not by _split: the hot path.
            channels = shape[0] if self.data_format == "channels_first" else shape[-1]
            if channels != self.num_features:
                raise self._wrong_channels("channel", self.num_features, channels, shape)
        return shape

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        if not self.affine and not self.track_running_stats:
            return ()
        channels = (self.num_features or self._arriving_channels(shape, "num_features"),)
        kept = ["running_mean", "running_var"] if self.track_running_stats else []
        return (
            *(scale_and_shift(channels) if self.affine else ()),
            *[Parameter(one, channels, trainable=False) for one in kept],
        )

    def _params(self, shape: Shape | None) -> int:
        if not self.affine:
            return 0
        return norm_params(self.num_features or self._arriving_channels(shape, "num_features"))


@dataclass(frozen=True, slots=True, repr=False)
class BatchNorm(ChannelNorm):
    """A batch normalization of the channels, whatever axes stand beside them; the shape stays.

    `2·C` values are learnt, a scale (γ, `weight`) and a shift (β, `bias`) for
    each channel. As many are kept but not learnt, the running mean and
    variance: `parameters()` lists them as not trainable, `num_params()` leaves
    them out.

    Args:
        num_features: channels that must arrive; None takes what arrives.
        affine: whether it has the scale and the shift.
        track_running_stats: whether it keeps a running mean and variance.
        data_format: "channels_first", or "channels_last" for (height, width,
            channels).

    Raises:
        TypeError: a field is of the wrong type.
        ConfigError: num_features is less than 1.
        ShapeError: the channels that arrive are not num_features.

    Source:
        torch 2.13 `torch.nn.BatchNorm2d`, which also counts the batches it has
        seen; that one value is left out here. Keras 3 `BatchNormalization`
        reports 4·C, the two not learnt included.

    Example:
        >>> norm = BatchNorm(64)
        >>> norm.num_params(), sum(p.size for p in norm.parameters())
        (128, 256)
    """

    num_features: int | None = None
    affine: bool = True
    track_running_stats: bool = True
    _: KW_ONLY
    data_format: str = "channels_first"


@dataclass(frozen=True, slots=True, repr=False)
class InstanceNorm(ChannelNorm):
    """A normalization of each channel over its own positions; the shape stays.

    By default nothing is learnt; with `affine` it is `2·C`, a scale and a shift for
    each channel. With `track_running_stats` it keeps as many that are not learnt.

    Args:
        num_features: channels that must arrive; None takes what arrives.
        affine: whether it has the scale and the shift.
        track_running_stats: whether it keeps a running mean and variance.
        data_format: "channels_first", or "channels_last" for (height, width,
            channels).

    Raises:
        TypeError: a field is of the wrong type.
        ConfigError: num_features is less than 1.
        ShapeError: the channels that arrive are not num_features, or a channel has
            a single position, so that there is nothing to normalize over.

    Source:
        torch 2.13 `torch.nn.InstanceNorm2d`; but num_features is checked here
        without `affine`, too.

    Example:
        >>> InstanceNorm(64).num_params(), InstanceNorm(64, affine=True).num_params()
        (0, 128)
    """

    num_features: int | None = None
    affine: bool = False
    track_running_stats: bool = False
    _: KW_ONLY
    data_format: str = "channels_first"

    def _shape(self, shape: Shape) -> Shape:
        if prod(self._split(shape)[1]) == 1:
            problem = "needs more than one position in each channel to normalize over"
            raise self._misfit(f"{problem}, got shape {show(shape)}", shape)
        return ChannelNorm._shape(self, shape)


@dataclass(frozen=True, slots=True, repr=False)
class GroupNorm(SpatialLayer):
    """A normalization of each group of channels over its positions; the shape stays.

    `2·C` values are learnt, a scale and a shift for each channel, whatever the
    number of groups.

    Args:
        num_groups: parts the channels are divided into; they must be a multiple of it.
        num_channels: channels that must arrive; None takes what arrives.
        affine: whether it has the scale and the shift.
        data_format: "channels_first", or "channels_last" for (height, width,
            channels).

    Raises:
        TypeError: a field is of the wrong type.
        ConfigError: a field is less than 1, or num_groups does not divide
            num_channels.
        ShapeError: the channels that arrive are not num_channels, or not a
            multiple of num_groups.

    Source:
        torch 2.13 `torch.nn.GroupNorm`; Keras 3 `GroupNormalization`.

    Example:
        >>> GroupNorm(32, 64).num_params(), GroupNorm(1, 64).num_params()
        (128, 128)
    """

    num_groups: int
    num_channels: int | None
    affine: bool = True
    _: KW_ONLY
    data_format: str = "channels_first"

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "num_groups", as_count(self.num_groups, self, "num_groups"))
        put(self, "num_channels", as_optional_count(self.num_channels, self, "num_channels"))
        as_bool(self.affine, self, "affine")
        put(self, "data_format", as_choice(self.data_format, self, "data_format", *FORMATS))
        if self.num_channels is not None and self.num_channels % self.num_groups:
            values = f"num_groups={show(self.num_groups)}, num_channels={show(self.num_channels)}"
            raise ConfigError(f"{name_of(self)}: num_groups must divide num_channels, got {values}")

    def _shape(self, shape: Shape) -> Shape:
        channels = self._split(shape)[0]
        if self.num_channels is not None and channels != self.num_channels:
            raise self._wrong_channels("channel", self.num_channels, channels, shape)
        if channels % self.num_groups:
            values = f"num_groups={show(self.num_groups)}, {show(channels)} channels"
            problem = f"num_groups must divide the channels, got {values} in shape {show(shape)}"
            raise self._misfit(problem, shape)
        return shape

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        if not self.affine:
            return ()
        return scale_and_shift(
            (self.num_channels or self._arriving_channels(shape, "num_channels"),)
        )

    def _params(self, shape: Shape | None) -> int:
        if not self.affine:
            return 0
        return norm_params(self.num_channels or self._arriving_channels(shape, "num_channels"))


class LastAxesNorm(FeaturesLayer):
    """What `LayerNorm` and `RMSNorm` share: a scale for each place on the last axes."""

    __slots__ = ()

    normalized_shape: int | Shape | None
    elementwise_affine: bool
    bias: bool

    def __post_init__(self) -> None:
        if self.normalized_shape is not None:
            given = entries(self.normalized_shape)
            if given == ():
                raise ConfigError(wrong(self, "normalized_shape", "have at least one axis", given))
            rank = 1 if given is None else len(given)
            shape = as_axes(self.normalized_shape, self, "normalized_shape", rank)
            object.__setattr__(self, "normalized_shape", shape)
        as_bool(self.elementwise_affine, self, "elementwise_affine")
        as_bool(self.bias, self, "bias")

    def _shape(self, shape: Shape) -> Shape:
        wanted = entries(self.normalized_shape)
        if wanted is not None and shape[-len(wanted) :] != wanted:
            problem = f"expects {show(wanted)} as the last axes, got shape {show(shape)}"
            raise self._misfit(problem, shape)
        return shape

    def _lengths(self, shape: Shape | None) -> Shape:
        """The axes normalized over."""
        stated = entries(self.normalized_shape)
        if stated is not None:
            return stated
        return self._needed(shape, "normalized_shape is None, so the number of parameters")[-1:]

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        if not self.elementwise_affine:
            return ()
        return scale_and_shift(self._lengths(shape), self.bias)

    def _params(self, shape: Shape | None) -> int:
        if not self.elementwise_affine:
            return 0
        return norm_params(prod(self._lengths(shape)), self.bias)

    def _brief(self, value: object) -> str:
        lengths = entries(value)
        return repr(lengths[0] if lengths and len(lengths) == 1 else value)


@dataclass(frozen=True, slots=True, repr=False)
class LayerNorm(LastAxesNorm):
    """A normalization over the last axes, at each place on the others; the shape stays.

    `2·n` values are learnt for n places on the axes normalized over: a scale and a
    shift for each.

    Args:
        normalized_shape: the lengths of those axes: an int for the last one alone
            or a tuple; None takes the last axis as it arrives.
        elementwise_affine: whether it has the scale and the shift.
        bias: whether it has the shift.

    Raises:
        TypeError: a field is of the wrong type.
        ConfigError: a length is less than 1, or there is none.
        ShapeError: the last axes that arrive are not normalized_shape.

    Source:
        torch 2.13 `torch.nn.LayerNorm`; Keras 3 `LayerNormalization`.

    Example:
        >>> LayerNorm(768).num_params(), LayerNorm(768, bias=False).num_params()
        (1536, 768)
        >>> LayerNorm((96, 14, 14)).num_params()
        37632
    """

    normalized_shape: int | Shape | None = None
    elementwise_affine: bool = True
    bias: bool = True


@dataclass(frozen=True, slots=True, repr=False)
class RMSNorm(LastAxesNorm):
    """A normalization over the last axes by their root mean square; the shape stays.

    A scale is learnt for each place on the axes normalized over, and no shift.

    Args:
        normalized_shape: the lengths of those axes: an int for the last one alone
            or a tuple; None takes the last axis as it arrives.
        elementwise_affine: whether it has the scale.

    Raises:
        TypeError: a field is of the wrong type.
        ConfigError: a length is less than 1, or there is none.
        ShapeError: the last axes that arrive are not normalized_shape.

    Source:
        torch 2.13 `torch.nn.RMSNorm`; Keras 3 `RMSNormalization`.

    Example:
        >>> RMSNorm(4096).num_params()
        4096
    """

    normalized_shape: int | Shape | None = None
    elementwise_affine: bool = True

    bias = False

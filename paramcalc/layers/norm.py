"""Normalization."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass

from paramcalc.formulas import batch_norm_params
from paramcalc.layers.base import Parameter, Shape
from paramcalc.layers.checks import as_bool, as_data_format, as_optional_count
from paramcalc.layers.spatial import SpatialLayer


@dataclass(frozen=True, slots=True, repr=False)
class BatchNorm(SpatialLayer):
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

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "num_features", as_optional_count(self.num_features, self, "num_features"))
        as_bool(self.affine, self, "affine")
        as_bool(self.track_running_stats, self, "track_running_stats")
        put(self, "data_format", as_data_format(self.data_format, self))

    def _checked_output_shape(self, shape: Shape) -> Shape:
        if self.num_features is not None:
            # Not by _split: the hot path.
            channels = shape[0] if self.data_format == "channels_first" else shape[-1]
            if channels != self.num_features:
                raise self._wrong_channels("channel", self.num_features, channels, shape)
        return shape

    def _checked_parameters(self, shape: Shape | None) -> tuple[Parameter, ...]:
        learnt = ["weight", "bias"] if self.affine else []
        kept = ["running_mean", "running_var"] if self.track_running_stats else []
        if not learnt + kept:
            return ()
        channels = (self.num_features or self._arriving_channels(shape, "num_features"),)
        return tuple([Parameter(one, channels, one in learnt) for one in learnt + kept])

    def _checked_num_params(self, shape: Shape | None) -> int:
        if not self.affine:
            return 0
        return batch_norm_params(
            self.num_features or self._arriving_channels(shape, "num_features")
        )

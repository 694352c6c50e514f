"""The dense layer."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from paramcalc._checks import as_bool, as_count, as_optional_count
from paramcalc.errors import show
from paramcalc.formulas import dense_macs, dense_params
from paramcalc.layers._base import Parameter, Shape, Sources
from paramcalc.layers.features import FeaturesLayer


@dataclass(frozen=True, slots=True, repr=False)
class Dense(FeaturesLayer):
    """A dense (fully connected, linear) layer on the last axis; the axes before it stay.

    `(F_in + 1)·F_out` values are learnt; without bias, `F_in·F_out`.

    Args:
        in_features: values that must arrive on the last axis; None takes what
            arrives.
        out_features: values that leave.
        bias: whether each output has a value added.

    Raises:
        TypeError: a field is of the wrong type.
        ConfigError: a field is less than 1.
        ShapeError: the last axis that arrives is not in_features long.

    Source:
        torch 2.13 `torch.nn.Linear`, Keras 3 `Dense`.

    Example:
        >>> dense = Dense(192, 128)
        >>> dense.output_shape((192,)), dense.output_shape((3, 5, 192)), dense.num_params()
        ((128,), (3, 5, 128), 24704)
    """

    in_features: int | None
    out_features: int
    bias: bool = True

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "in_features", as_optional_count(self.in_features, self, "in_features"))
        put(self, "out_features", as_count(self.out_features, self, "out_features"))
        as_bool(self.bias, self, "bias")

    def _shape(self, shape: Shape) -> Shape:
        if self.in_features is not None and shape[-1] != self.in_features:
            hint = ""
            if prod(shape) == self.in_features:
                product = f"{' × '.join(map(show, shape))} = {show(self.in_features)}"
                hint = f"; {product}, so a Flatten() before it would fit"
            raise self._wrong_features(self.in_features, shape, hint)
        return (*shape[:-1], self.out_features)

    def _sources(self, input_shape: tuple[int | None, ...]) -> Sources:
        return (*FeaturesLayer._sources(self, input_shape[:-1]), None)

    def _arriving_features(self, shape: Shape | None) -> int:
        return self._needed(shape, "in_features is None, so the number of parameters")[-1]

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        weight = Parameter(
            "weight", (self.out_features, self.in_features or self._arriving_features(shape))
        )
        return (weight, Parameter("bias", (self.out_features,))) if self.bias else (weight,)

    def _params(self, shape: Shape | None) -> int:
        return dense_params(
            self.in_features or self._arriving_features(shape), self.out_features, self.bias
        )

    def _macs(self, shape: Shape | None, output: Shape | None) -> int:
        *positions, in_features = self._needed(shape, "the number of multiply-accumulates")
        return dense_macs(in_features, self.out_features, prod(positions))

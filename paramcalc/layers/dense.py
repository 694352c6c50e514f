"""The dense layer."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from paramcalc.errors import show
from paramcalc.formulas import dense_macs, dense_params
from paramcalc.layers._axes import FeaturesLayer
from paramcalc.layers._base import Form, Parameter, Shape, Sources, Window
from paramcalc.layers._fields import count, flag, layer, optional_count
from paramcalc.layers._saved import WEIGHTS, Saved


@layer
class Dense(FeaturesLayer):
    """A dense (fully connected, linear) layer on the last axis.

    `(F_in + 1)·F_out` parameters; without bias, `F_in·F_out`.

    Args:
        in_features: length of the last axis of the input; None takes it from the input.
        out_features: length of the last axis of the output.
        bias: whether each output has a bias.

    Source:
        torch 2.13 `torch.nn.Linear`; Keras 3 `Dense`.

    Example:
        >>> dense = Dense(192, 128)
        >>> dense.output_shape((192,)), dense.output_shape((3, 5, 192)), dense.num_params()
        ((128,), (3, 5, 128), 24704)
    """

    in_features: int | None = optional_count("F_in", states="features")
    out_features: int = count("F_out")
    bias: bool = flag(default=True)

    def _shape(self, shape: Shape) -> Shape:
        if self.in_features is not None and shape[-1] != self.in_features:
            hint = ""
            if prod(shape) == self.in_features:
                product = f"{' × '.join(map(str, shape))} = {self.in_features}"
                hint = f"; {product}, so a Flatten() before it would fit"
            raise self._wrong_features(shape, hint)
        return (*shape[:-1], self.out_features)

    def _doubt(self, shape: Shape, layout: str) -> str:
        if not layout.endswith(("channels_first", "flattened")) or len(shape) < 2:
            return ""
        hint = "a Flatten() before it takes all axes"
        if layout == "flattened":
            hint = "Flatten() joins all axes, since there is no batch axis to keep"
        return f"works on the last axis alone, {shape[-1]} positions of {show(shape)}; {hint}"

    def _sources(self, shape: Form) -> Sources:
        return (*[(axis, Window()) for axis in range(len(shape) - 1)], None)

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        weight = Parameter("weight", (self.out_features, self._stated(shape)))
        return (weight, Parameter("bias", (self.out_features,))) if self.bias else (weight,)

    def _params(self, shape: Shape | None) -> int:
        return dense_params(self.in_features or self._stated(shape), self.out_features, self.bias)

    def _saved(self, shapes: Sequence[Shape], output: Shape) -> tuple[Saved, ...]:
        return (Saved(0, wanted=(WEIGHTS,)),)

    def _macs(self, shape: Shape | None, output: Shape | None) -> int:
        *positions, in_features = self._needed(shape, "the number of multiply-accumulates")
        return dense_macs(in_features, self.out_features, prod(positions))

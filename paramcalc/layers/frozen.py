"""A layer that is used and no longer learnt."""

from __future__ import annotations

from dataclasses import dataclass

from paramcalc._checks import wrong
from paramcalc.layers._base import Builtin, Layer, Parameter, Shape, Sources


@dataclass(frozen=True, slots=True, repr=False)
class Frozen(Builtin):
    """A layer whose tensors are kept as they are: no count but that of the learnt changes.

    `freeze` makes them of all layers of a network.

    Args:
        layer: the layer; no network. One that is frozen already stays as it is.

    Raises:
        TypeError: what is given is not a Layer, or a network.

    Source:
        torch 2.13 `torch.nn.Module.requires_grad_(False)`; Keras 3 `Layer.trainable`.

    Example:
        >>> import paramcalc as pc
        >>> layer = pc.Frozen(pc.Dense(4, 3))
        >>> layer.num_params(), layer.num_macs((4,))
        (0, 12)
        >>> layer.parameters()[1]
        Parameter(name='bias', shape=(3,), trainable=False)
    """

    layer: Layer

    def __post_init__(self) -> None:
        if not isinstance(self.layer, Layer):
            raise TypeError(wrong(self, "layer", "be a Layer", self.layer))
        if self.layer._network_depth:
            hint = "; freeze() takes one, and freezes each layer in it"
            raise TypeError(wrong(self, "layer", "be no network", self.layer) + hint)
        if isinstance(self.layer, Frozen):
            object.__setattr__(self, "layer", self.layer.layer)

    def sources(self, input_shape: tuple[int | None, ...]) -> Sources:
        return self.layer.sources(input_shape)

    def _shape(self, shape: Shape) -> Shape:
        return self.layer._shape(shape)

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        tensors = self.layer._tensors(shape)
        return tuple([Parameter(one.name, one.shape, trainable=False) for one in tensors])

    def _macs(self, shape: Shape | None, output: Shape | None) -> int:
        return self.layer._macs(shape, output)

    def _stated_shape(self) -> Shape | None:
        return self.layer._stated_shape()


def thawed(layer: Layer) -> Layer:
    """The layer, or the one in it that is frozen."""
    return layer.layer if isinstance(layer, Frozen) else layer

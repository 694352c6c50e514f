"""A layer that is used and no longer learnt."""

from __future__ import annotations

from dataclasses import dataclass

from paramcalc._checks import wrong
from paramcalc.layers._base import Builtin, Layer, Parameter, Shape, Sources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol, TypeVar, overload

    class Holding(Protocol):
        """A network: it stands to the right, and cannot be imported here."""

        @property
        def layers(self) -> tuple[Layer, ...]: ...

    N = TypeVar("N", bound=Holding)


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

    @property
    def _thawed(self) -> Layer:
        return self.layer

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


def frozen(layer: Layer) -> Layer:
    """The layer, frozen if it keeps tensors."""
    is_builtin = isinstance(layer, Builtin)
    has_none = is_builtin and type(layer)._tensors is Builtin._tensors  # pyright: ignore[reportPrivateUsage]
    return layer if has_none else Frozen(layer)


if TYPE_CHECKING:

    @overload
    def freeze(network: N) -> N: ...
    @overload
    def freeze(network: Layer) -> Layer: ...


def freeze(network: Any) -> Any:
    """The same network with nothing to train: its layers that keep tensors are `Frozen`.

    Shapes, paths and multiply-accumulates stay; nothing counts as trainable, and nothing has
    gradients or an optimizer's state. Layers without tensors stay what they are.

    Args:
        network: a network, or a single layer.

    Raises:
        TypeError: `network` is not a Layer.

    Example:
        >>> import paramcalc as pc
        >>> freeze(pc.Sequential(pc.Dense(4, 3), pc.Activation("relu")))
        Sequential(Frozen(Dense(4, 3)), Activation('relu'))
        >>> net = pc.Sequential(body=freeze(pc.Dense(784, 256)), head=pc.Dense(256, 10))
        >>> net.num_params()
        2570
    """
    if not isinstance(network, Layer):
        raise TypeError(wrong("freeze", "network", "be a Layer", network))
    return network._map(frozen)  # pyright: ignore[reportPrivateUsage]

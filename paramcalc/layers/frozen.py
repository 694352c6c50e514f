"""Layers that are used and not trained."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar, overload

from paramcalc._checks import wrong
from paramcalc.layers._base import Layer, Parameter, Shape
from paramcalc.layers._builtin import Builtin
from paramcalc.layers._fields import declared, layer
from paramcalc.layers.wrapper import Wrapper, read_layer


class Holding(Protocol):
    """A network, which is defined in a later module."""

    @property
    def layers(self) -> tuple[Layer, ...]: ...


N = TypeVar("N", bound=Holding)


def read_unfrozen(value: Any, owner: object, name: str) -> Layer:
    """A layer; the one inside if it is frozen already."""
    given = read_layer(value, owner, name)
    return given.layer if isinstance(given, Frozen) else given


@layer
class Frozen(Wrapper):
    """A layer whose tensors are not trainable; nothing else changes.

    `freeze` freezes all layers of a network.

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

    layer: Layer = declared(read_unfrozen)

    _is_frozen = True
    _params = Builtin._params

    def _around(self, layer: Layer, path: str) -> Layer:
        return frozen(layer)

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        tensors = self.layer._tensors(shape)
        return tuple([Parameter(one.name, one.shape, trainable=False) for one in tensors])


def frozen(layer: Layer) -> Layer:
    """The layer, frozen if it keeps tensors."""
    bare = layer._bare
    has_none = isinstance(bare, Builtin) and type(bare)._tensors is Builtin._tensors
    return layer if has_none else Frozen(layer)


@overload
def freeze(network: N) -> N: ...
@overload
def freeze(network: Layer) -> Layer: ...
def freeze(network: Any) -> Any:
    """The same network with nothing to train.

    Its layers with tensors become `Frozen`.

    Args:
        network: a network or a single layer.

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
    return network._map(frozen)

"""Layers that are used and not trained."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar, overload

from paramcalc._checks import wrong
from paramcalc.layers._base import Builtin, Form, Layer, Node, Parameter, Shape, Sources
from paramcalc.layers._fields import declared, layer


class Holding(Protocol):
    """A network, which is defined in a later module."""

    @property
    def layers(self) -> tuple[Layer, ...]: ...


N = TypeVar("N", bound=Holding)


def read_layer(value: Any, owner: object, name: str) -> Layer:
    """A layer; the one inside where it is frozen already."""
    if not isinstance(value, Layer):
        raise TypeError(wrong(owner, name, "be a Layer", value))
    return value._thawed


def of_the_layer_inside(name: str) -> Any:
    """An attribute or method that `Frozen` takes from its layer."""

    def get(frozen: Any) -> Any:
        return getattr(frozen.layer, name)

    return property(get)  # Not an attrgetter: CPython 3.14 looks into the code of a slotted class.


@layer
class Frozen(Builtin):
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

    layer: Layer = declared(read_layer)

    @property
    def _thawed(self) -> Layer:
        return self.layer

    _network_depth = of_the_layer_inside("_network_depth")
    _has_gaps = of_the_layer_inside("_has_gaps")
    _family = of_the_layer_inside("_family")
    _channels_last = of_the_layer_inside("_channels_last")
    _shape = of_the_layer_inside("_shape")
    _macs = of_the_layer_inside("_macs")
    _stated_shape = of_the_layer_inside("_stated_shape")
    _stated_form = of_the_layer_inside("_stated_form")
    _stated_rank = of_the_layer_inside("_stated_rank")
    _period = of_the_layer_inside("_period")

    def _write(self, nodes: list[Node], networks: dict[str, Layer], path: str, source: int) -> int:
        if not self._network_depth:
            return Builtin._write(self, nodes, networks, path, source)
        start = len(nodes)
        end = self.layer._write(nodes, networks, path, source)
        nodes[start:] = [
            (where, one if one._network_depth else frozen(one), number, inputs)
            for where, one, number, inputs in nodes[start:]
        ]
        return end

    def _with_format(self, data_format: str) -> Layer:
        return Frozen(self.layer._map(lambda one: one._with_format(data_format)))

    def _text(self, shape: Shape | None = None, mark: str = "") -> str:
        return f"Frozen({self.layer._text(shape, mark)})"

    def _sources(self, shape: Form) -> Sources:
        return self.layer.sources(shape)

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        tensors = self.layer._tensors(shape)
        return tuple([Parameter(one.name, one.shape, trainable=False) for one in tensors])


def frozen(layer: Layer) -> Layer:
    """The layer, frozen if it keeps tensors."""
    has_none = isinstance(layer, Builtin) and type(layer)._tensors is Builtin._tensors
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

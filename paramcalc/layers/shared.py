"""Layers that share their tensors."""

from __future__ import annotations

from paramcalc._checks import as_str
from paramcalc.errors import join_path
from paramcalc.layers._base import Layer
from paramcalc.layers._fields import declared, layer
from paramcalc.layers.wrapper import Wrapper, read_layer


@layer
class Shared(Wrapper):
    """A layer that shares its tensors with others.

    Layers, or networks, of one name share them. Tensors of the same name are one: they must have
    the same shape, and are counted at their first place in a network. Shapes and
    multiply-accumulates are those of each place.

    Args:
        name: what all that share have in common.
        layer: the layer; the layers of one name may differ.

    Raises:
        ConfigError: where a network is counted: tensors of one name have different shapes.

    Source:
        torch 2.13: a module, or a `torch.nn.Parameter`, at two places; Keras 3: a layer called
        twice.

    Example:
        >>> import paramcalc as pc
        >>> tokens = Shared("tokens", pc.Embedding(50257, 768))
        >>> head = Shared("tokens", pc.Dense(768, 50257, bias=False))
        >>> pc.Sequential(tokens, head).num_params(), tokens.num_params(), head.num_params()
        (38597376, 38597376, 38597376)
    """

    name: str = declared(as_str)
    layer: Layer = declared(read_layer)

    @property
    def _shared_name(self) -> str:  # type: ignore[override]
        return self.name

    def _around(self, layer: Layer, path: str) -> Layer:
        return Shared(join_path(self.name, path.removeprefix(".")), layer)

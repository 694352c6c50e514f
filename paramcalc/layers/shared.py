"""Layers that share their tensors."""

from __future__ import annotations

from typing import Any

from paramcalc._checks import as_str, wrong
from paramcalc.errors import ConfigError, join_path
from paramcalc.layers._base import Layer
from paramcalc.layers._fields import declared, layer
from paramcalc.layers.wrapper import Wrapper, read_layer


def read_name(value: Any, owner: object, field: str) -> str:
    """A str that is not empty."""
    name = as_str(value, owner, field)
    if not name:
        raise ConfigError(wrong(owner, field, "not be empty", name))
    return name


@layer
class Shared(Wrapper):
    """A layer that shares its tensors with others.

    Layers, or networks, of one name share them. Tensors of the same name are one: they must have
    the same shape, and are counted at their first place in a network. Shapes and
    multiply-accumulates are those of each place.

    Args:
        name: what all that share have in common.
        layer: the layer; the layers of one name may differ. In a network, each layer inside is
            shared, under this name and its path; one that is `Shared` itself keeps its name.

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

    name: str = declared(read_name)
    layer: Layer = declared(read_layer)

    @property
    def _shared_name(self) -> str:  # type: ignore[override]
        return self.name

    def _around(self, layer: Layer, path: str) -> Layer:
        if layer._shared_name:  # It has a name of its own, which others may have too.
            return layer
        return Shared(join_path(self.name, path.removeprefix(".")), layer)

"""Trainable tensors that belong to no other layer."""

from __future__ import annotations

from math import prod
from typing import Any

from paramcalc._checks import as_str, entries, wrong
from paramcalc.errors import ConfigError, counted, show
from paramcalc.layers._base import Form, Networks, Nodes, Parameter, Shape, Sources
from paramcalc.layers._builtin import Builtin
from paramcalc.layers._fields import OWN_NUMBER, declared, layer
from paramcalc.layers.input import read_shape


def read_names(value: Any, owner: object, field: str) -> tuple[str, ...]:
    """The names of tensors."""
    given = entries(value)
    if given is None:
        raise TypeError(wrong(owner, field, "be a tuple of names", value))
    return tuple([as_str(one, owner, "a name") for one in given])


def read_shapes(value: Any, owner: object, field: str) -> tuple[Shape, ...]:
    """The shapes of tensors, of at least one axis; an int is that of a vector."""
    given = entries(value)
    if given is None:
        raise TypeError(wrong(owner, field, "be a tuple of shapes", value))
    tuples = [(one,) if entries(one) is None else one for one in given]
    return tuple([read_shape(one, owner, "the shape of a tensor") for one in tuples])


@layer
class Parameters(Builtin):
    """A trainable tensor that is its own output.

    It reads nothing: class tokens, positions, and factors become a branch, as in
    `Add(Identity(), Parameters(positions=(197, 768)))`, or a tensor of a `Graph`.

    Args:
        **shapes: the name of the tensor, and its shape; an int is that of a vector. Several
            tensors can be counted, but have no output.

    Source:
        torch 2.13 `torch.nn.Parameter`; Keras 3 `Layer.add_weight`.

    Example:
        >>> import paramcalc as pc
        >>> token = Parameters(class_token=(1, 768))
        >>> token.num_params(), pc.Concat(token, pc.Identity()).output_shape((196, 768))
        (768, (197, 768))
    """

    names: tuple[str, ...] = declared(read_names)
    shapes: tuple[Shape, ...] = declared(read_shapes, symbol=OWN_NUMBER)

    _arity = 0, 0

    def __init__(self, /, **shapes: int | Shape) -> None:
        given: Any = shapes
        if given.keys() == {"names", "shapes"}:  # As dataclasses.replace and pickle give them.
            self._set(given["names"], given["shapes"])
        else:
            self._set(tuple(shapes), tuple(shapes.values()))

    def _check(self) -> None:
        if not self.names or not len(self.names) == len(self.shapes) == len({*self.names}):
            values = f"names {show(self.names)} and shapes {show(self.shapes)}"
            raise ConfigError(f"Parameters: give the shape of each name, got {values}")

    def _write(self, nodes: Nodes, networks: Networks, path: str, *sources: int) -> int:
        nodes.append((path, self, sources[0] if sources else -1, ()))
        return len(nodes) - 1

    def _stated_shape(self) -> Shape | None:
        first, *others = self.shapes
        return None if others else first

    def _shape(self, shape: Shape) -> Shape:
        first, *others = self.shapes
        if others:
            tensors = counted(len(self.shapes), "tensor")
            raise self._misfit(f"has one output, got {tensors}: use a Parameters for each", shape)
        return first

    def _sources(self, shape: Form) -> Sources:
        return (None,) * len(self.shapes[0])

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        return tuple(map(Parameter, self.names, self.shapes))

    def _params(self, shape: Shape | None) -> int:
        return sum([prod(one) for one in self.shapes])

    def _usual(self) -> dict[str, Any]:
        return {}  # An example would need a name.

    def _text(self, shape: Shape | None = None, mark: str = "") -> str:
        pairs = zip(self.names, self.shapes, strict=True)
        return f"Parameters({', '.join([f'{name}={one}' for name, one in pairs])})"

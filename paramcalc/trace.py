"""The way of a shape through a network: what everything that reports on a network reads."""

from __future__ import annotations

from dataclasses import dataclass

from paramcalc.layers.base import Layer, Shape, ask, visits

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


@dataclass(frozen=True, slots=True)
class Step:
    """One layer on the way, with the shapes at its two ends.

    Args:
        path: where it stands: `[2]`, `features[2]`; empty for a layer on its
            own.
        layer: the layer.
        input_shape: what arrives, without the batch axis.
        output_shape: what leaves.

    Example:
        >>> import paramcalc as pc
        >>> pc.trace(pc.Flatten(), (12, 4, 4))
        (Step(path='', layer=Flatten(), input_shape=(12, 4, 4), output_shape=(192,)),)
    """

    path: str
    layer: Layer
    input_shape: Shape
    output_shape: Shape

    @property
    def num_params(self) -> int:
        """How many values are learnt here; by the merging of branches none."""
        return int(ask(self.layer, "num_params", self.input_shape))

    @property
    def num_macs(self) -> int:
        """How many multiply-accumulates one example costs here; the merging of branches none."""
        return int(ask(self.layer, "num_macs", self.input_shape, self.output_shape))


def trace(network: Layer, input_shape: Shape | None = None) -> tuple[Step, ...]:
    """The steps of a shape through a network: each layer, what arrives and what leaves.

    Networks within the network are entered. A `Sequential` is no step of its own;
    `Add`, `Multiply` and `Concat` are one behind their branches, for the merging.
    Each layer is computed once.

    Args:
        network: a network, or a single layer.
        input_shape: the shape that arrives, without the batch axis; it may be
            left out behind an `Input`.

    Raises:
        TypeError: `network` is not a Layer, or `input_shape` not a tuple or
            list of ints.
        ShapeError: a layer does not fit what arrives at it, or the shape is
            missing.

    Example:
        >>> import paramcalc as pc
        >>> for step in trace(pc.Sequential(pc.Conv2d(1, 32, 5), pc.Pool(2)), (1, 28, 28)):
        ...     print(step.path, step.layer, step.output_shape)
        [0] Conv2d(1, 32, 5) (32, 24, 24)
        [1] Pool(2) (32, 12, 12)
    """
    found: Any = visits(network, input_shape, "trace", counting=False)
    return tuple([Step(*visit) for visit in found])

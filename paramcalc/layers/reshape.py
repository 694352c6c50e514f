"""Layers that rearrange axes and learn nothing."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from paramcalc.errors import ConfigError, show
from paramcalc.layers.base import CheckedLayer, Shape
from paramcalc.layers.checks import as_int, name


@dataclass(frozen=True, slots=True, repr=False)
class Flatten(CheckedLayer):
    """The axes from `start_dim` to `end_dim` made one, as long as their product.

    Args:
        start_dim: the first of them, counted from 0 without the batch axis
            (torch counts it); or from -1, the last.
        end_dim: the last of them, likewise.

    Raises:
        TypeError: a field is not an int.
        ConfigError: end_dim stands before start_dim.
        ShapeError: what arrives has no such axes.

    Source:
        torch 2.13 `torch.nn.Flatten`.

    Example:
        >>> Flatten().output_shape((12, 4, 4)), Flatten(end_dim=1).output_shape((12, 4, 4))
        ((192,), (48, 4))
    """

    start_dim: int = 0
    end_dim: int = -1

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "start_dim", as_int(self.start_dim, self, "start_dim"))
        put(self, "end_dim", as_int(self.end_dim, self, "end_dim"))
        if self.end_dim < self.start_dim and (self.end_dim < 0) == (self.start_dim < 0):
            values = f"start_dim={show(self.start_dim)}, end_dim={show(self.end_dim)}"
            raise ConfigError(
                f"{name(self)}: end_dim must not stand before start_dim, got {values}"
            )

    def _checked_output_shape(self, shape: Shape) -> Shape:
        rank = len(shape)
        start, end = [dim + rank if dim < 0 else dim for dim in (self.start_dim, self.end_dim)]
        if not 0 <= start <= end < rank:
            dims = f"axes {show(self.start_dim)} to {show(self.end_dim)}"
            raise self._misfit(f"cannot flatten {dims} of shape {show(shape)}", shape)
        return (*shape[:start], prod(shape[start : end + 1]), *shape[end + 1 :])

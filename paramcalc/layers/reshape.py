"""Layers that rearrange axes and learn nothing."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

from paramcalc._checks import as_int, as_ints, name_of, wrong
from paramcalc.errors import ConfigError, ParamcalcError, counted, show
from paramcalc.layers._base import Builtin, Shape, Sources


@dataclass(frozen=True, slots=True, repr=False)
class Flatten(Builtin):
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

    _is_view = True

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "start_dim", as_int(self.start_dim, self, "start_dim"))
        put(self, "end_dim", as_int(self.end_dim, self, "end_dim"))
        if self.end_dim < self.start_dim and (self.end_dim < 0) == (self.start_dim < 0):
            values = f"start_dim={show(self.start_dim)}, end_dim={show(self.end_dim)}"
            raise ConfigError(
                f"{name_of(self)}: end_dim must not stand before start_dim, got {values}"
            )

    def _shape(self, shape: Shape) -> Shape:
        start, end = self._ends(shape)
        return (*shape[:start], prod(shape[start : end + 1]), *shape[end + 1 :])

    def _sources(self, input_shape: tuple[int | None, ...]) -> Sources:
        axes = Builtin._sources(self, input_shape)
        start, end = self._ends(input_shape)
        return (*axes[:start], None if start < end else axes[start], *axes[end + 1 :])

    def _ends(self, shape: tuple[int | None, ...]) -> list[int]:
        """The first and the last of the axes made one, counted from 0."""
        rank = len(shape)
        start, end = [dim + rank if dim < 0 else dim for dim in (self.start_dim, self.end_dim)]
        if not 0 <= start <= end < rank:
            dims = f"axes {show(self.start_dim)} to {show(self.end_dim)}"
            raise self._misfit(f"cannot flatten {dims} of shape {show(shape)}", shape)
        return [start, end]


@dataclass(frozen=True, slots=True, repr=False)
class Reshape(Builtin):
    """The same values under another shape of as many.

    Args:
        target_shape: the shape that leaves, without the batch axis; one entry may be
            -1, for whatever is left.

    Raises:
        TypeError: target_shape is not a tuple of ints.
        ConfigError: it is empty, or an entry is less than 1 and not the only -1.
        ShapeError: what arrives has another number of values.

    Source:
        Keras 3 `Reshape`; torch 2.13 `torch.nn.Unflatten`, `torch.reshape`.

    Example:
        >>> Reshape((128, 7, 7)).output_shape((6272,)), Reshape((64, -1)).output_shape((64, 7, 7))
        ((128, 7, 7), (64, 49))
    """

    target_shape: tuple[int, ...]

    _is_view = True

    def __post_init__(self) -> None:
        target = as_ints(self.target_shape, self, "target_shape")
        if not target:
            raise ConfigError(wrong(self, "target_shape", "have at least one axis", target))
        if min(target) < -1 or 0 in target or target.count(-1) > 1:
            wanted = "be at least 1 on every axis, or -1 on one"
            raise ConfigError(wrong(self, "target_shape", wanted, target))
        object.__setattr__(self, "target_shape", target)

    def _shape(self, shape: Shape) -> Shape:
        values = prod(shape)
        if -1 not in self.target_shape:
            if prod(self.target_shape) != values:
                raise self._wrong_number(shape, "")
            return self.target_shape
        axis = self.target_shape.index(-1)
        before, after = self.target_shape[:axis], self.target_shape[axis + 1 :]
        known = prod(before + after)
        if values % known:
            raise self._wrong_number(shape, "a multiple of ")
        return (*before, values // known, *after)

    def _sources(self, input_shape: tuple[int | None, ...]) -> Sources:
        """None, but where nothing changes: of what an axis is made goes by all lengths."""
        if self.target_shape == input_shape:
            return Builtin._sources(self, input_shape)
        return (None,) * len(self.target_shape)

    def _wrong_number(self, shape: Shape, relation: str) -> ParamcalcError:
        known = prod([length for length in self.target_shape if length != -1])
        wanted = f"target_shape {show(self.target_shape)} takes {relation}{show(known)} values"
        return self._misfit(f"{wanted}, got {show(prod(shape))} in shape {show(shape)}", shape)


@dataclass(frozen=True, slots=True, repr=False)
class Permute(Builtin):
    """The axes in another order.

    Args:
        dims: for each axis that leaves, which of those that arrive it is, counted from 0
            without the batch axis (torch counts it, Keras begins with 1); or from -1,
            the last.

    Raises:
        TypeError: dims is not a tuple of ints.
        ConfigError: dims does not name each axis once.
        ShapeError: what arrives has another number of axes.

    Source:
        torch 2.13 `torch.permute`; Keras 3 `Permute`.

    Example:
        >>> Permute((1, 2, 0)).output_shape((3, 224, 320))
        (224, 320, 3)
    """

    dims: tuple[int, ...]

    def __post_init__(self) -> None:
        given = as_ints(self.dims, self, "dims")
        rank = len(given)
        dims = tuple([dim + rank if dim < 0 else dim for dim in given])
        if not dims:
            raise ConfigError(wrong(self, "dims", "have at least one axis", dims))
        if sorted(dims) != list(range(rank)):
            wanted = f"name each of the axes 0 to {rank - 1} once"
            raise ConfigError(wrong(self, "dims", wanted, given))
        object.__setattr__(self, "dims", dims)

    def _shape(self, shape: Shape) -> Shape:
        self._check_rank(shape)
        return tuple([shape[dim] for dim in self.dims])

    def _check_rank(self, shape: tuple[int | None, ...]) -> None:
        if len(shape) != len(self.dims):
            expected = counted(len(self.dims), "axis", "axes")
            raise self._misfit(f"expects {expected}, got shape {show(shape)}", shape)

    def _sources(self, input_shape: tuple[int | None, ...]) -> Sources:
        axes = Builtin._sources(self, input_shape)
        return tuple([axes[dim] for dim in self.dims])

"""Branches: networks that give their input to several layers and merge the outputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY
from math import prod
from typing import Any

from paramcalc._checks import as_int
from paramcalc._network import Container, Network, layers_and_names
from paramcalc.errors import ShapeError, show
from paramcalc.layers._axes import broadcast
from paramcalc.layers._base import Form, Layer, Networks, Nodes, Shape, Sources
from paramcalc.layers._fields import declared, layer
from paramcalc.layers._saved import Saved, own
from paramcalc.layers._windows import merged_sources


class Branches(Container):
    """Branches that each get the input, and one merge of their outputs."""

    __slots__ = ()
    _has_gaps = True
    _sign: str
    """The sign of the merge in a picture."""

    @property
    def _is_merge(self) -> bool:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]
        return not self.layers

    @property
    def _arity(self) -> tuple[int, int | None]:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]
        return 1, 1 if self.layers else None

    def _write(self, nodes: Nodes, networks: Networks, path: str, *sources: int) -> int:
        """The nodes of the branches, if there are any, then one for the merge."""
        if not self.layers:
            return Network._write(self, nodes, networks, path, *sources)
        networks[path] = self
        parts = self._parts(path)
        ends = [one._write(nodes, networks, where, *sources) for where, one in parts]
        nodes.append((path, self, sources[0], tuple(ends)))
        return len(nodes) - 1

    def _sources_of(self, before: list[Form], output: Shape | None) -> Sequence[Sources | None]:
        return merged_sources(before, output, self._joined_dim([len(one) for one in before]))

    def _disagreement(
        self,
        rule: str,
        outputs: Sequence[Shape],
        one: int,
        other: int,
        shape: Shape | None,
        joined: int | None = None,
    ) -> ShapeError:
        """The error for two branches that do not merge.

        Only the axis `joined`, counted back from the last, may differ; without one, they broadcast.
        """
        keys = [key for key, _ in self._parts()]
        keys = keys or [f"input {number}" for number in range(1, len(outputs) + 1)]
        first, second = [f"{show(outputs[at])} from {keys[at]}" for at in (one, other)]
        error = self._misfit(f"{rule}, got {first} and {second}", shape)
        pairs = enumerate(zip(reversed(outputs[one]), reversed(outputs[other]), strict=False))
        error._unequal = tuple(
            [
                (one, other, axis, *pair)
                for axis, pair in pairs
                if pair[0] != pair[1] and (1 not in pair if joined is None else axis != joined)
            ]
        )
        return error


class Elementwise(Branches):
    """Branches whose outputs are merged value by value; shapes broadcast."""

    __slots__ = ()

    def _merge(self, outputs: Sequence[Shape], shape: Shape | None) -> Shape:
        merged = outputs[0]
        for position, output in enumerate(outputs):
            if output == merged:
                continue
            both = broadcast(merged, output)
            if both is None:
                fits = [broadcast(one, output) is not None for one in outputs]
                rule = "axes, compared from the last, must be equal or 1"
                raise self._disagreement(rule, outputs, fits.index(False), position, shape)
            merged = both
        return merged


class Add(Elementwise):
    """The sum of branches, as in a residual network.

    Each branch gets the input. Outputs broadcast: axes are compared from the last, and a length of
    1, or a missing axis, is stretched. The sum has no parameters. `Identity()` is the skip
    connection. Arguments and errors are those of `Sequential`; at least one branch is needed.

    Raises:
        ShapeError: the outputs do not broadcast.

    Source:
        torch 2.13 `torch.add`, with a batch of one; Keras 3 `Add`.

    Example:
        >>> import paramcalc as pc
        >>> block = Add(body=pc.Conv2d(64, 64, 3, padding=1), skip=pc.Identity())
        >>> block.output_shape((64, 56, 56)), block.num_params()
        ((64, 56, 56), 36928)
    """

    __slots__ = ()
    _sign = "+"


class Multiply(Elementwise):
    """The product of branches, as in a gate.

    Each branch gets the input. Outputs broadcast as in `Add`. The products use no weight and do not
    count as multiply-accumulates.

    Source:
        torch 2.13 `torch.mul`, with a batch of one; Keras 3 `Multiply`.

    Example:
        >>> import paramcalc as pc
        >>> gate = pc.Sequential(pc.AdaptivePool(1), pc.Conv2d(64, 64, 1))
        >>> Multiply(pc.Identity(), gate).output_shape((64, 56, 56))
        (64, 56, 56)
    """

    __slots__ = ()
    _sign = "×"

    def _saved(self, shapes: Sequence[Shape], output: Shape) -> tuple[Saved, ...]:
        """The factors of each product, for the gradients of one another."""
        found: list[Saved] = []
        product = shapes[0]
        for at in range(1, len(shapes)):
            left = own(prod(product), at) if at > 1 else Saved(0, wanted=(1,))
            found += [left, Saved(at, wanted=tuple(range(at)))]
            product = broadcast(product, shapes[at]) or product
        return tuple(found)


@layer
class Concat(Branches):
    """The concatenation of branches along one axis.

    Each branch gets the input. Lengths along `dim` add up; all other axes must be equal.

    Args:
        *layers: the branches, as in `Sequential`; or named, as `**parts`.
        dim: the axis, counted from 0 without the batch axis (torch counts it), or from -1, the
            last. 0 is the channels, if they come first.

    Raises:
        ShapeError: the outputs differ along another axis, or have no axis `dim`.

    Source:
        torch 2.13 `torch.cat`; Keras 3 `Concatenate`.

    Example:
        >>> import paramcalc as pc
        >>> inception = Concat(pc.Conv2d(192, 64, 1), pc.Conv2d(192, 128, 3, padding=1))
        >>> inception.output_shape((192, 28, 28))
        (192, 28, 28)
    """

    _: KW_ONLY
    dim: int = declared(as_int, default=0)

    _options = ("dim",)
    _sign = "‖"

    def __init__(self, /, *layers: Layer | Sequence[Layer], dim: int = 0, **parts: Layer) -> None:
        self._set(*layers_and_names(self, layers, parts), dim)

    def _merge(self, outputs: Sequence[Shape], shape: Shape | None) -> Shape:
        first = outputs[0]
        axis = self.dim + len(first) if self.dim < 0 else self.dim
        if not 0 <= axis < len(first):
            where = f"{show(first)} from {self._parts()[0][0] if self.layers else 'input 1'}"
            raise self._misfit(f"there is no dim {show(self.dim)} in {where}", shape)
        before, after = first[:axis], first[axis + 1 :]
        for position, output in enumerate(outputs):
            rule = ""
            if len(output) != len(first):
                rule = "outputs must have the same number of axes"
            elif output[:axis] != before or output[axis + 1 :] != after:
                rule = f"all axes except dim {show(self.dim)} must be equal"
            if rule:
                joined = len(first) - 1 - axis
                raise self._disagreement(rule, outputs, 0, position, shape, joined)
        return (*before, sum([output[axis] for output in outputs]), *after)

    def _joined_dim(self, ranks: Sequence[int]) -> int | None:
        dim = self.dim + max(ranks) if self.dim < 0 else self.dim
        if not 0 <= dim < min(ranks):
            raise self._misfit(f"there is no dim {show(self.dim)} in the outputs of all branches")
        return dim if len(ranks) > 1 else None

    def _option_texts(self) -> list[str]:
        return [f"dim={self.dim}"] if self.dim else []

    def __rich_repr__(self) -> Iterator[Any]:
        yield from Branches.__rich_repr__(self)
        yield "dim", self.dim, 0

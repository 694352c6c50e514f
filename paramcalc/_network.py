"""Networks: layers put together into one."""

# Layers answer the library by methods that are not for users.
# pyright: reportPrivateUsage=false

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import KW_ONLY, replace
from keyword import iskeyword
from typing import Any, Self, overload

from paramcalc._checks import as_int, as_str, entries, name_of, wrong
from paramcalc._trace import answers, plan_of, run
from paramcalc.errors import (
    ConfigError,
    ParamcalcError,
    ShapeError,
    counted,
    join_path,
    locate,
    show,
)
from paramcalc.layers._base import Builtin, Form, Layer, Node, Parameter, Shape, Sources, layer
from paramcalc.layers._fields import declared

MAX_DEPTH = 50
MAX_SIZE = 10_000_000


class Network(Builtin):
    """A layer made of layers: it puts every question to those in its plan.

    A subclass defines `_write`, and passes its layers to `_measure` when it is made.
    """

    __slots__ = ("_kept_plan", "_network_depth", "_network_size")

    _options: tuple[str, ...] = ()
    """Keywords that cannot name a layer."""

    def _measure(self, layers: Sequence[Layer]) -> None:
        """Refuse a network too deep or too large for Python to walk."""
        depth = 1 + max([one._network_depth for one in layers], default=0)
        size = 1 + sum([one._network_size for one in layers])
        if depth > MAX_DEPTH:
            problem = f"networks nest at most {MAX_DEPTH} deep, got {depth}"
            raise ConfigError(f"{name_of(self)}: {problem}")
        if size > MAX_SIZE:
            problem = f"a network has at most {MAX_SIZE:,} layers, got {size:,}"
            raise ConfigError(f"{name_of(self)}: {problem}")
        object.__setattr__(self, "_network_depth", depth)
        object.__setattr__(self, "_network_size", size)
        object.__setattr__(self, "_kept_plan", None)

    def num_macs(self, input_shape: Shape | None = None) -> int:
        return self._macs(self._checked(input_shape), None)

    def sources(self, input_shape: Form) -> Sources:
        raise self._misfit("sources() is asked of a layer; of a network receptive_field() tells it")

    def _fitting(self, input_shape: object) -> Shape | None:
        return self._checked(input_shape)  # Each layer checks its own input.

    def _stated_shape(self) -> Shape | None:
        return plan_of(self).stated

    def _shape(self, shape: Shape) -> Shape:
        plan = plan_of(self)
        if not plan.is_chain:
            output: Shape = run(plan, shape)[plan.end]
            return output
        path, node = "", None
        try:
            for path, node, _, _ in plan.nodes:  # noqa: B007  # the hot path: nothing is kept
                shape = node._shape(shape)
        except ParamcalcError as error:
            locate(error, path, node)
            raise
        return shape

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        found: list[Parameter] = []
        for path, tensors in answers(self, shape, lambda one, given, _: one._tensors(given)):
            found += [
                Parameter(join_path(path, one.name), one.shape, one.trainable) for one in tensors
            ]
        return tuple(found)

    def _params(self, shape: Shape | None) -> int:
        plan, total, number = plan_of(self), 0, 0
        shapes = run(plan, shape)
        try:
            for _, node, source, _ in plan.nodes:
                if not node._network_depth:
                    total += node._params(shapes[source])
                number += 1
        except ParamcalcError as error:
            locate(error, *plan.nodes[number][:2])
            raise
        return total

    def _macs(self, shape: Shape | None, output: Shape | None) -> int:
        counts = answers(self, shape, lambda one, given, output: one._macs(given, output))
        return sum([count for _, count in counts])

    def _missing(self, what: str) -> ShapeError:
        path, first, _, _ = (plan_of(self).nodes or [("", self, -1, ())])[0]
        error = Builtin._missing(self, what) if first is self else first._missing(what)
        locate(error, path, first)
        return error


def read_layers(value: Sequence[Any], *_: object) -> tuple[Any, ...]:
    """A tuple; its entries are checked with the names."""
    return tuple(value)


def read_names(value: Sequence[Any], owner: object, _: str) -> tuple[str, ...]:
    """A tuple of keywords."""
    names = tuple([as_str(one, owner, "a name") for one in value])
    for one in names:
        if not is_keyword_argument(one):
            raise ConfigError(wrong(owner, "a name", "be a Python identifier", one))
    return names


def is_keyword_argument(name: str) -> bool:
    """Whether Python takes `name` as a keyword argument, unchanged."""
    if not name.isidentifier() or iskeyword(name) or name == "__debug__":
        return False
    if name.isascii():
        return True
    from unicodedata import normalize  # Not at the head: seldom needed, and slow to load.

    return normalize("NFKC", name) == name


def layers_and_names(
    owner: Container, layers: tuple[Any, ...], parts: dict[str, Any]
) -> tuple[Any, Any]:
    """The layers and the names from the arguments of a container."""
    if not parts:
        only = entries(layers[0]) if len(layers) == 1 else None
        return layers if only is None else only, ()
    if layers:
        raise TypeError(f"{name_of(owner)}: give layers with names or without, not both")
    if {*parts} == {"layers", "names"}:
        lists = entries(parts["layers"]), entries(parts["names"])
        if None not in lists:
            return lists  # As dataclasses.replace and pickle give them.
    return tuple(parts.values()), tuple(parts)


@layer
class Container(Network):
    """A network of given layers, with or without names."""

    layers: tuple[Layer, ...] = declared(read_layers)
    names: tuple[str, ...] = declared(read_names)

    def __init__(self, /, *layers: Layer | Sequence[Layer], **parts: Layer) -> None:
        self._set(*layers_and_names(self, layers, parts))

    def _check(self) -> None:
        for name in self.names:
            if name in self._options:
                raise ConfigError(wrong(self, "a name", "not be that of an option", name))
        if self.names and not len(self.layers) == len(self.names) == len({*self.names}):
            values = f"{counted(len(self.layers), 'layer')} and names {show(self.names)}"
            raise ConfigError(f"{name_of(self)}: each layer needs a name of its own, got {values}")
        for position, one in enumerate(self.layers):
            if not isinstance(one, Layer):  # pyright: ignore[reportUnnecessaryIsInstance]
                self._refuse(self.names[position] if self.names else f"[{position}]", one)
        self._measure(self.layers)

    def _refuse(self, key: str, value: object) -> None:
        """Say what is wrong with a value that is not a layer."""
        hint = ""
        given: Any = value
        if isinstance(value, type) and issubclass(value, Layer):
            hint = f"; call it: {value.__name__}(...)"
        elif isinstance(value, dict):
            hint = f"; give names as keywords: {name_of(self)}(**parts)"
        raise TypeError(wrong(self, key, "be a Layer", given) + hint)

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    @overload
    def __getitem__(self, key: int | str) -> Layer: ...
    @overload
    def __getitem__(self, key: slice) -> Self: ...

    def __getitem__(self, key: int | str | slice) -> Layer:
        if isinstance(key, str):
            if key not in self.names:
                raise KeyError(f"no layer is named {show(key)}; the names are {show(self.names)}")
            return self.layers[self.names.index(key)]
        if isinstance(key, slice):
            part = self._as_slice(key)
            return replace(self, layers=self.layers[part], names=self.names[part])
        return self.layers[as_int(key, self, "a key", "be an int, a name or a slice")]

    def _as_slice(self, key: Any) -> slice:
        ends = [
            None if one is None else as_int(one, self, "a slice", "be of ints", key)
            for one in (key.start, key.stop, key.step)
        ]
        if ends[2] == 0:
            raise ConfigError(wrong(self, "a slice", "have a step that is not 0", key))
        return slice(*ends)

    def _map(self, change: Callable[[Layer], Layer]) -> Any:
        return replace(self, layers=tuple([one._map(change) for one in self.layers]))

    def _parts(self, path: str = "") -> list[tuple[str, Layer]]:
        """The path and the layer of each layer, for a container at `path`."""
        if self.names:
            return [(join_path(path, name), self[name]) for name in self.names]
        return [(f"{path}[{position}]", one) for position, one in enumerate(self.layers)]

    def __repr__(self) -> str:
        keys = [f"{one}=" for one in self.names] or [""] * len(self.layers)
        layers = [key + repr(one) for key, one in zip(keys, self.layers, strict=True)]
        return f"{name_of(self)}({', '.join(layers)})"


class Sequential(Container):
    """Layers in a row: the output of each is the input of the next.

    Give layers, one list of layers, or named layers: `Sequential(features=..., classifier=...)`.
    Networks nest. A layer that occurs twice is two layers, each with its own parameters. If all
    channels and features are given, parameters can be counted without an input shape.

    Raises:
        TypeError: a value is not a Layer, or only some have names.
        ConfigError: a name is not a Python identifier, or networks nest too deep.

    Example:
        >>> import paramcalc as pc
        >>> net = pc.Sequential(
        ...     pc.Input(1, 28, 28),
        ...     pc.Conv2d(None, 32, 5), pc.Pool(2), pc.Flatten(), pc.Dense(None, 10),
        ... )
        >>> net.output_shape(), net.num_params()
        ((10,), 46922)
        >>> net[1]
        Conv2d(None, 32, 5)
        >>> net[:3].output_shape()
        (32, 12, 12)
    """

    __slots__ = ()

    def _write(self, nodes: list[Node], networks: dict[str, Layer], path: str, source: int) -> int:
        networks[path] = self
        for where, one in self._parts(path):
            source = one._write(nodes, networks, where, source)
        return source


class Branches(Container):
    """Branches that each get the input, and one merge of their outputs."""

    __slots__ = ()
    _has_gaps = True

    def _check(self) -> None:
        if not self.layers:
            raise ConfigError(f"{name_of(self)}: at least one branch is needed")
        Container._check(self)

    def _write(self, nodes: list[Node], networks: dict[str, Layer], path: str, source: int) -> int:
        """The nodes of the branches, then one for the merge."""
        networks[path] = self
        parts = self._parts(path)
        ends = [one._write(nodes, networks, where, source) for where, one in parts]
        nodes.append((path, self, source, tuple(ends)))
        return len(nodes) - 1

    def _joined_dim(self, ranks: Sequence[int]) -> int | None:
        """The axis along which outputs are concatenated, if any."""
        return None

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

        Only the axis `joined`, counted back from the last, may differ; without one, broadcast.
        """
        keys = [key for key, _ in self._parts()]
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
                rule = "axes, counted from the last, must be equally long or 1"
                raise self._disagreement(rule, outputs, fits.index(False), position, shape)
            merged = both
        return merged


def broadcast(one: Shape, other: Shape) -> Shape | None:
    """The shape that two shapes broadcast to; None if they do not."""
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    lengths = list(longer)
    for axis, length in enumerate(shorter, len(longer) - len(shorter)):
        if length != lengths[axis] and 1 not in (length, lengths[axis]):
            return None
        lengths[axis] = max(length, lengths[axis])
    return tuple(lengths)


class Add(Elementwise):
    """The sum of branches that each get the input, as in a residual network.

    Outputs broadcast: axes are compared from the last, and a length of 1, or a missing axis, is
    stretched. The sum has no parameters. `Identity()` is the skip connection. Arguments and errors
    are those of `Sequential`; at least one branch is needed.

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


class Multiply(Elementwise):
    """The product of branches that each get the input, as in a gate.

    Outputs broadcast as in `Add`. The products use no weight and do not count as
    multiply-accumulates.

    Source:
        torch 2.13 `torch.mul`, with a batch of one; Keras 3 `Multiply`.

    Example:
        >>> import paramcalc as pc
        >>> gate = pc.Sequential(pc.AdaptivePool(1), pc.Conv2d(64, 64, 1))
        >>> Multiply(pc.Identity(), gate).output_shape((64, 56, 56))
        (64, 56, 56)
    """

    __slots__ = ()


@layer
class Concat(Branches):
    """The concatenation of branches that each get the input, along one axis.

    Lengths along `dim` add up; all other axes must be equal.

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

    def __init__(self, /, *layers: Layer | Sequence[Layer], dim: int = 0, **parts: Layer) -> None:
        self._set(*layers_and_names(self, layers, parts), dim)

    def _merge(self, outputs: Sequence[Shape], shape: Shape | None) -> Shape:
        first = outputs[0]
        axis = self.dim + len(first) if self.dim < 0 else self.dim
        if not 0 <= axis < len(first):
            where = f"{show(first)} from {self._parts()[0][0]}"
            raise self._misfit(f"there is no dim {show(self.dim)} in {where}", shape)
        before, after = first[:axis], first[axis + 1 :]
        for position, output in enumerate(outputs):
            rule = ""
            if len(output) != len(first):
                rule = "outputs must have equally many axes"
            elif output[:axis] != before or output[axis + 1 :] != after:
                rule = f"all axes but dim {show(self.dim)} must be equally long"
            if rule:
                joined = len(first) - 1 - axis
                raise self._disagreement(rule, outputs, 0, position, shape, joined)
        return (*before, sum([output[axis] for output in outputs]), *after)

    def _joined_dim(self, ranks: Sequence[int]) -> int | None:
        dim = self.dim + max(ranks) if self.dim < 0 else self.dim
        if not 0 <= dim < min(ranks):
            raise self._misfit(f"there is no dim {show(self.dim)} in all that leaves the branches")
        return dim if len(ranks) > 1 else None

    def __repr__(self) -> str:
        text = Container.__repr__(self)
        return f"{text[:-1]}, dim={self.dim})" if self.dim else text

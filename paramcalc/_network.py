"""Networks: layers put together into one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from keyword import iskeyword

from paramcalc._checks import as_int, as_str, entries, name_of, wrong
from paramcalc.errors import ConfigError, ParamcalcError, counted, join_path, locate, show
from paramcalc.layers._base import (
    Builtin,
    Layer,
    Node,
    Parameter,
    Shape,
    Sources,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self, TypeVar, overload

    T = TypeVar("T")

MAX_DEPTH = 50
MAX_SIZE = 10_000_000


def is_keyword_argument(name: str) -> bool:
    """Whether Python takes `name` for one, and just as it stands."""
    if not name.isidentifier() or iskeyword(name) or name == "__debug__":
        return False
    if name.isascii():
        return True
    from unicodedata import normalize  # Not at the head: seldom needed, and slow to load.

    return normalize("NFKC", name) == name


@dataclass(frozen=True, slots=True)
class Plan:
    """A network as a flat list, however it is built: what everything that asks a network reads.

    Args:
        nodes: its layers, and the mergings of its branches, each after those that it reads.
        networks: the network and those inside it, by their paths.
        end: the node whose output is the network's; -1 where nothing changes the input.
        stated: the input shape, where an `Input` states it.
        has_inputs: whether there is an `Input` anywhere.
    """

    nodes: list[Node]
    networks: dict[str, Layer]
    end: int
    stated: Shape | None
    has_inputs: bool


def plan_of(layer: Layer) -> Plan:
    """The plan of a network, which remembers it; or of a layer, which is its only node."""
    known = getattr(layer, "_network_plan", None)
    if isinstance(known, Plan):
        return known
    nodes: list[Node] = []
    networks: dict[str, Layer] = {}
    end = layer._write(nodes, networks, "", -1)  # pyright: ignore[reportPrivateUsage]
    stated = [
        (shape, source)
        for _, one, source, _ in nodes
        if not one._network_depth and (shape := one._stated_shape()) is not None  # pyright: ignore[reportPrivateUsage]
    ]
    first = next((shape for shape, source in stated if source == -1), None)
    return Plan(nodes, networks, end, first, bool(stated))


def run(plan: Plan, shape: Shape | None) -> list[Any]:
    """The output shape of each node, and last, at -1, the input shape; None where not known."""
    shapes: list[Any] = [None] * len(plan.nodes)
    shapes.append(shape)
    if shape is None and not plan.has_inputs:
        return shapes
    path, layer, number = "", None, 0
    try:
        for path, layer, source, inputs in plan.nodes:
            given = shapes[source]
            if layer._network_depth:
                outputs = [shapes[one] for one in inputs]
                shapes[number] = None if None in outputs else layer._merge(outputs, given)
            elif given is not None:
                shapes[number] = layer._shape(given)
            else:
                shapes[number] = layer._stated_shape()
            number += 1  # noqa: SIM113  # enumerate costs more
    except ParamcalcError as error:
        locate(error, path, layer)
        raise
    return shapes


def ask(
    plan: Plan, shape: Shape | None, question: Callable[[Layer, Any, Any], T]
) -> Iterator[tuple[str, T]]:
    """Yield (path, answer) of each layer to a question about its input and output shapes."""
    shapes = run(plan, shape)
    for number, (path, layer, source, _) in enumerate(plan.nodes):
        if not layer._network_depth:
            try:
                yield path, question(layer, shapes[source], shapes[number])
            except ParamcalcError as error:
                locate(error, path, layer)
                raise


class Measured(Builtin):
    """A layer made of layers: none so deep or large that Python could not walk through it."""

    __slots__ = ("_network_depth", "_network_plan", "_network_size")

    _options: tuple[str, ...] = ()
    """What is no name of a layer, for it is a keyword of another meaning."""

    def _measure(self, layers: tuple[Layer, ...]) -> None:
        depth = 1 + max([layer._network_depth for layer in layers], default=0)
        size = 1 + sum([layer._network_size for layer in layers])
        if depth > MAX_DEPTH:
            raise ConfigError(
                f"{name_of(self)}: networks nest at most {MAX_DEPTH} deep, got {depth}"
            )
        if size > MAX_SIZE:
            raise ConfigError(
                f"{name_of(self)}: a network has at most {MAX_SIZE:,} layers, got {size:,}"
            )
        object.__setattr__(self, "_network_depth", depth)
        object.__setattr__(self, "_network_size", size)


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Network(Measured):
    """What all networks share: layers, with names or without, and how they are counted."""

    layers: tuple[Layer, ...]
    names: tuple[str, ...]

    def __init__(self, /, *layers: Layer | Sequence[Layer], **parts: Layer) -> None:
        given: Any = layers
        names: Any = ()
        if parts:
            if layers:
                raise TypeError(f"{name_of(self)}: give layers with names or without, not both")
            lists = [entries(parts.get(field)) for field in ("layers", "names")]
            given, names = tuple(parts.values()), tuple(parts)
            if set(names) == {"layers", "names"} and None not in lists:
                given, names = lists  # What dataclasses.replace and pickle say.
            names = self._as_names(names, given) if names else ()
        elif len(layers) == 1 and entries(layers[0]) is not None:
            given = entries(layers[0])
        for position, layer in enumerate(given):
            if not isinstance(layer, Layer):
                self._refuse(names[position] if names else f"[{position}]", layer)
        object.__setattr__(self, "layers", given)
        object.__setattr__(self, "names", names)
        self._measure(given)

    def _as_names(self, given: tuple[Any, ...], layers: tuple[Any, ...]) -> tuple[str, ...]:
        names = tuple([as_str(one, self, "a name") for one in given])
        for one in names:
            if not is_keyword_argument(one):
                raise ConfigError(wrong(self, "a name", "be a Python identifier", one))
            if one in self._options:
                raise ConfigError(wrong(self, "a name", "not be that of an option", one))
        if not len(layers) == len(names) == len(set(names)):
            values = f"{counted(len(layers), 'layer')} and names {show(names)}"
            raise ConfigError(f"{name_of(self)}: each layer needs a name of its own, got {values}")
        return names

    def _refuse(self, key: str, value: object) -> None:
        """Say what is wrong with what is no layer."""
        hint = ""
        if isinstance(value, type) and issubclass(value, Layer):
            hint = f"; call it: {value.__name__}(...)"
        elif hasattr(type(value), "keys"):
            hint = f"; give names as keywords: {name_of(self)}(**parts)"
        raise TypeError(wrong(self, key, "be a Layer", value) + hint)

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    if TYPE_CHECKING:

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

    @property
    def _plan(self) -> Plan:
        try:
            plan: Plan = self._network_plan
        except AttributeError:
            plan = plan_of(self)
            object.__setattr__(self, "_network_plan", plan)
        return plan

    def _stated_shape(self) -> Shape | None:
        return self._plan.stated

    def _fitting(self, input_shape: object) -> Shape | None:
        return self._arriving(input_shape)  # Each layer checks its own, on the way.

    def num_macs(self, input_shape: Shape | None = None) -> int:
        return self._macs(self._arriving(input_shape), None)

    def _shape(self, shape: Shape) -> Shape:
        return run(self._plan, shape)[self._plan.end]  # type: ignore[return-value]

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        found: list[Parameter] = []
        for path, tensors in ask(self._plan, shape, lambda layer, one, _: layer._tensors(one)):
            for one in tensors:
                found.append(Parameter(join_path(path, one.name), one.shape, one.trainable))
        return tuple(found)

    def _params(self, shape: Shape | None) -> int:
        answers = ask(self._plan, shape, lambda layer, one, _: layer._params(one))
        return sum([number for _, number in answers])

    def _macs(self, shape: Shape | None, output: Shape | None) -> int:
        answers = ask(self._plan, shape, lambda layer, *ends: layer._macs(*ends))
        return sum([number for _, number in answers])

    def sources(self, input_shape: tuple[int | None, ...]) -> Sources:
        raise self._misfit("sources() is asked of a layer; of a network receptive_field() tells it")

    def _map(self, change: Callable[[Layer], Layer]) -> Layer:
        return replace(self, layers=tuple([layer._map(change) for layer in self.layers]))

    def _key(self, position: int) -> str:
        return self.names[position] if self.names else f"[{position}]"

    def _where(self, path: str, position: int) -> str:
        """The path of a layer within a network that stands at `path`."""
        return join_path(path, self.names[position]) if self.names else f"{path}[{position}]"

    def _missing(self, what: str) -> ParamcalcError:
        path, layer, _, _ = self._plan.nodes[0] if self._plan.nodes else ("", self, -1, ())
        if layer is self:
            return Builtin._missing(self, what)
        error = layer._missing(what)
        locate(error, path, layer)
        return error

    def __repr__(self) -> str:
        keys = [f"{one}=" for one in self.names] or [""] * len(self.layers)
        layers = [key + repr(layer) for key, layer in zip(keys, self.layers, strict=True)]
        return f"{name_of(self)}({', '.join(layers)})"


class Sequential(Network):
    """Layers one behind the other: what leaves one arrives at the next.

    Layers are values: one that stands at two places is two layers, each with
    parameters of its own. With all channels and features given, the parameters
    can be counted without any shape; an input shape, given or stated by a
    leading `Input`, is passed along and checked at every layer.

    Args:
        *layers: the layers, or one list or tuple of them. Networks may stand
            among them.
        **parts: instead, layers with names, such as `Sequential(features=...,
            classifier=...)`.

    Raises:
        TypeError: what is given is not a Layer, or some with names and some
            without.
        ConfigError: a name is not a Python identifier, or the network is nested
            too deep or too large.

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
        for position, layer in enumerate(self.layers):
            source = layer._write(nodes, networks, self._where(path, position), source)
        return source


def parts_of(network: Network, path: str) -> Iterator[tuple[str, Layer]]:
    """Yield (path, layer) of what a network that stands at `path` is made of."""
    for position, layer in enumerate(network.layers):
        where = network._where(path, position)  # pyright: ignore[reportPrivateUsage]
        yield where, layer


def places(layer: Layer, path: str = "") -> Iterator[tuple[str, Layer]]:
    """Yield (path, layer) of a network and of all that is within."""
    yield path, layer
    if isinstance(layer, Network):
        for where, one in parts_of(layer, path):
            yield from places(one, where)


class Branches(Network):
    """What `Add`, `Multiply` and `Concat` share: every branch gets the input, one shape leaves."""

    __slots__ = ()

    def _measure(self, layers: tuple[Layer, ...]) -> None:
        if not layers:
            raise ConfigError(f"{name_of(self)}: at least one branch is needed")
        Network._measure(self, layers)

    if TYPE_CHECKING:

        def _merge(self, outputs: Sequence[Shape], shape: Shape | None) -> Shape:
            """The one shape made of the outputs of the branches."""
            ...

    def _write(self, nodes: list[Node], networks: dict[str, Layer], path: str, source: int) -> int:
        """The nodes of the branches, and then one of the merging, which has no parameters."""
        networks[path] = self
        ends = [
            layer._write(nodes, networks, self._where(path, position), source)
            for position, layer in enumerate(self.layers)
        ]
        nodes.append((path, self, source, tuple(ends)))
        return len(nodes) - 1

    def _disagreement(
        self, rule: str, outputs: Sequence[Shape], one: int, other: int, shape: Shape | None
    ) -> ParamcalcError:
        """The error for two branches that do not go together."""
        first, second = [f"{show(outputs[at])} from {self._key(at)}" for at in (one, other)]
        return self._misfit(f"{rule}, got {first} and {second}", shape)


class Elementwise(Branches):
    """What `Add` and `Multiply` share: values at the same place meet, as shapes broadcast."""

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
    """The shape that two are stretched to; None where they cannot be."""
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    lengths = list(longer)
    for axis, length in enumerate(shorter, len(longer) - len(shorter)):
        if length != lengths[axis] and 1 not in (length, lengths[axis]):
            return None
        lengths[axis] = max(length, lengths[axis])
    return tuple(lengths)


class Add(Elementwise):
    """Branches that each get the same input, and whose outputs are added, as in a residual network.

    Outputs broadcast: their axes are compared from the last, and an axis of
    length 1, or one that is not there, is repeated to the length of the others.
    The addition itself learns nothing. `Identity()` is the skip connection.

    Args:
        *layers: the branches, or one list or tuple of them.
        **parts: instead, branches with names: `Add(body=..., skip=...)`.

    Raises:
        TypeError: what is given is not a Layer, or some with names and some
            without.
        ConfigError: no branch is given, a name is not a Python identifier, or the
            network is nested too deep or too large.
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
    """Branches that each get the same input, and whose outputs are multiplied, as in gates.

    Outputs broadcast as those of `Add`. The products are not multiply-accumulates
    with a weight, and are not counted as such.

    Args:
        *layers: the branches, or one list or tuple of them.
        **parts: instead, branches with names: `Multiply(body=..., gate=...)`.

    Raises:
        TypeError: what is given is not a Layer, or some with names and some
            without.
        ConfigError: no branch is given, a name is not a Python identifier, or the
            network is nested too deep or too large.
        ShapeError: the outputs do not broadcast.

    Source:
        torch 2.13 `torch.mul`, with a batch of one; Keras 3 `Multiply`.

    Example:
        >>> import paramcalc as pc
        >>> gate = pc.Sequential(pc.AdaptivePool(1), pc.Conv2d(64, 64, 1))
        >>> Multiply(pc.Identity(), gate).output_shape((64, 56, 56))
        (64, 56, 56)
    """

    __slots__ = ()


@dataclass(frozen=True, slots=True, init=False, repr=False)
class Concat(Branches):
    """Branches that each get the same input, and whose outputs are put one behind the other.

    Along `dim` the lengths of the outputs add up; all others must be equal.

    Args:
        *layers: the branches, or one list or tuple of them.
        dim: the axis along which, counted from 0 without the batch axis (torch
            counts it), or from -1, the last: 0 is the channels, if they come
            first.
        **parts: instead, branches with names.

    Raises:
        TypeError: what is given is not a Layer, or some with names and some
            without; or dim is not an int.
        ConfigError: no branch is given, a name is not a Python identifier, or the
            network is nested too deep or too large.
        ShapeError: the outputs differ along another axis, or have no axis dim.

    Source:
        torch 2.13 `torch.cat`; Keras 3 `Concatenate`.

    Example:
        >>> import paramcalc as pc
        >>> inception = Concat(pc.Conv2d(192, 64, 1), pc.Conv2d(192, 128, 3, padding=1))
        >>> inception.output_shape((192, 28, 28))
        (192, 28, 28)
    """

    _: KW_ONLY
    dim: int

    _options = ("dim",)

    def __init__(self, /, *layers: Layer | Sequence[Layer], dim: int = 0, **parts: Layer) -> None:
        object.__setattr__(self, "dim", as_int(dim, self, "dim"))
        Branches.__init__(self, *layers, **parts)

    def _merge(self, outputs: Sequence[Shape], shape: Shape | None) -> Shape:
        first = outputs[0]
        axis = self.dim + len(first) if self.dim < 0 else self.dim
        if not 0 <= axis < len(first):
            raise self._misfit(
                f"there is no dim {show(self.dim)} in {show(first)} from {self._key(0)}", shape
            )
        before, after = first[:axis], first[axis + 1 :]
        for position, output in enumerate(outputs):
            rule = ""
            if len(output) != len(first):
                rule = "outputs must have equally many axes"
            elif output[:axis] != before or output[axis + 1 :] != after:
                rule = f"all axes but dim {show(self.dim)} must be equally long"
            if rule:
                raise self._disagreement(rule, outputs, 0, position, shape)
        return (*before, sum([output[axis] for output in outputs]), *after)

    def __repr__(self) -> str:
        text = Branches.__repr__(self)
        return f"{text[:-1]}, dim={self.dim!s})" if self.dim else text

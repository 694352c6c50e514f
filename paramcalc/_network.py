"""Networks: layers put together into one."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from keyword import iskeyword

from paramcalc._checks import as_int, as_str, entries, name_of, wrong
from paramcalc.errors import ConfigError, ParamcalcError, counted, join_path, show
from paramcalc.layers._base import (
    CheckedLayer,
    Layer,
    Shape,
    Sources,
    Visit,
    locate,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self, overload

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


class Measured(CheckedLayer):
    """A layer made of layers: none so deep or large that Python could not walk through it."""

    __slots__ = ("_network_depth", "_network_size")

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

    def _counted(self) -> int:
        total = 0
        for position, layer in enumerate(self.layers):
            try:
                if isinstance(layer, Network):
                    total += layer._counted()
                else:
                    total += layer._checked_num_params(None)
            except ParamcalcError as error:
                locate(error, self._key(position), layer)
                raise
        return total

    def sources(self, input_shape: tuple[int | None, ...]) -> Sources:
        raise self._misfit("sources() is asked of a layer; of a network receptive_field() tells it")

    def _key(self, position: int) -> str:
        return self.names[position] if self.names else f"[{position}]"

    def _where(self, path: str, position: int) -> str:
        """The path of a layer within a network that stands at `path`."""
        return join_path(path, self.names[position]) if self.names else f"{path}[{position}]"

    def _missing(self, what: str) -> ParamcalcError:
        if not self.layers:
            return CheckedLayer._missing(self, what)
        error = self.layers[0]._missing(what)
        locate(error, self._key(0), self.layers[0])
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

    def _checked_output_shape(self, shape: Shape) -> Shape:
        for position, layer in enumerate(self.layers):
            try:
                shape = layer._checked_output_shape(shape)
            except ParamcalcError as error:
                locate(error, self._key(position), layer)
                raise
        return shape

    def _stated_shape(self) -> Shape | None:
        return self.layers[0]._stated_shape() if self.layers else None

    def _walk(self, shape: Shape | None, path: str = "") -> Generator[Visit, None, Shape | None]:
        for position, layer in enumerate(self.layers):
            where = self._where(path, position)
            if layer._network_depth:
                shape = yield from layer._walk(shape, where)
                continue
            try:
                output = None if shape is None else layer._checked_output_shape(shape)
            except ParamcalcError as error:
                locate(error, where, layer)
                raise
            yield where, layer, shape, output
            shape = output
        return shape


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

        def _merged(self, outputs: Sequence[Shape], shape: Shape) -> Shape:
            """The one shape made of those that leave the branches."""
            ...

    def _checked_output_shape(self, shape: Shape) -> Shape:
        outputs: list[Shape] = []
        for position, layer in enumerate(self.layers):
            try:
                outputs.append(layer._checked_output_shape(shape))
            except ParamcalcError as error:
                locate(error, self._key(position), layer)
                raise
        return self._merged(outputs, shape)

    def _stated_shape(self) -> Shape | None:
        stated = [layer._stated_shape() for layer in self.layers]
        return next((one for one in stated if one is not None), None)

    def _walk(self, shape: Shape | None, path: str = "") -> Generator[Visit, None, Shape | None]:
        """The visits of the branches, and then one of the merging, which learns nothing."""
        outputs: list[Any] = []
        for position, layer in enumerate(self.layers):
            outputs.append((yield from layer._walk(shape, self._where(path, position))))
        try:
            output = None if shape is None else self._merged(outputs, shape)
        except ParamcalcError as error:
            locate(error, path, self)
            raise
        yield path, self, shape, output
        return output

    def _disagreement(
        self, rule: str, outputs: Sequence[Shape], one: int, other: int, shape: Shape
    ) -> ParamcalcError:
        """The error for two branches that do not go together."""
        first, second = [f"{show(outputs[at])} from {self._key(at)}" for at in (one, other)]
        return self._misfit(f"{rule}, got {first} and {second}", shape)


class Elementwise(Branches):
    """What `Add` and `Multiply` share: values at the same place meet, as shapes broadcast."""

    __slots__ = ()

    def _merged(self, outputs: Sequence[Shape], shape: Shape) -> Shape:
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

    def _merged(self, outputs: Sequence[Shape], shape: Shape) -> Shape:
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

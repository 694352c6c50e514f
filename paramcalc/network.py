"""Networks: layers put together into one."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from keyword import iskeyword
from unicodedata import normalize

from paramcalc.errors import ConfigError, ParamcalcError, counted, join_path, show
from paramcalc.layers.base import (
    CheckedLayer,
    Layer,
    Shape,
    Visit,
    is_layer,
    is_layer_class,
    locate,
)
from paramcalc.layers.checks import as_str, entries, name, wrong

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, overload

MAX_DEPTH = 50
MAX_SIZE = 10_000_000


def is_keyword_argument(name: str) -> bool:
    """Whether Python takes `name` for one, and just as it stands."""
    if not name.isidentifier() or iskeyword(name) or name == "__debug__":
        return False
    return name.isascii() or normalize("NFKC", name) == name


class Network(CheckedLayer):
    """A layer made of layers: none so deep or large that Python could not walk through it."""

    __slots__ = ("_network_depth", "_network_size")

    def _measure(self, layers: tuple[Layer, ...]) -> None:
        depth = 1 + max([layer._network_depth for layer in layers], default=0)
        size = 1 + sum([layer._network_size for layer in layers])
        if depth > MAX_DEPTH:
            raise ConfigError(f"{name(self)}: networks nest at most {MAX_DEPTH} deep, got {depth}")
        if size > MAX_SIZE:
            raise ConfigError(
                f"{name(self)}: a network has at most {MAX_SIZE:,} layers, got {size:,}"
            )
        object.__setattr__(self, "_network_depth", depth)
        object.__setattr__(self, "_network_size", size)


@dataclass(frozen=True, slots=True, init=False, repr=False)
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

    layers: tuple[Layer, ...]
    names: tuple[str, ...]

    def __init__(self, /, *layers: Layer | Sequence[Layer], **parts: Layer) -> None:
        given: Any = layers
        names: Any = tuple(parts)
        lists = [entries(parts.get(field)) for field in ("layers", "names")]
        if set(names) == {"layers", "names"} and None not in lists:
            given, names = lists  # What dataclasses.replace and pickle say.
        elif names and layers:
            raise TypeError(f"{name(self)}: give layers with names or without, not both")
        elif names:
            given = tuple(parts.values())
        elif len(layers) == 1 and entries(layers[0]) is not None:
            given = entries(layers[0])
        names = self._as_names(names, given) if names else ()
        for position, layer in enumerate(given):
            if not is_layer(layer):
                self._refuse(names[position] if names else f"[{position}]", layer)
        object.__setattr__(self, "layers", given)
        object.__setattr__(self, "names", names)
        self._measure(given)

    def _as_names(self, given: tuple[Any, ...], layers: tuple[Any, ...]) -> tuple[str, ...]:
        names = tuple([as_str(one, self, "a name") for one in given])
        for one in names:
            if not is_keyword_argument(one):
                raise ConfigError(wrong(self, "a name", "be a Python identifier", one))
        if not len(layers) == len(names) == len(set(names)):
            values = f"{counted(len(layers), 'layer')} and names {show(names)}"
            raise ConfigError(f"{name(self)}: each layer needs a name of its own, got {values}")
        return names

    def _refuse(self, key: str, value: object) -> None:
        """Say what is wrong with what is no layer."""
        hint = ""
        if is_layer_class(value):
            hint = f"; call it: {value.__name__}(...)"
        elif hasattr(value, "keys"):
            hint = "; give names as keywords: Sequential(**parts)"
        raise TypeError(wrong(self, key, "be a Layer", value) + hint)

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    if TYPE_CHECKING:

        @overload
        def __getitem__(self, key: int | str) -> Layer: ...
        @overload
        def __getitem__(self, key: slice) -> Sequential: ...

    def __getitem__(self, key: int | str | slice) -> Layer:
        if isinstance(key, str):
            if key not in self.names:
                raise KeyError(f"no layer is named {key!r}; the names are {self.names}")
            return self.layers[self.names.index(key)]
        if isinstance(key, slice):
            return replace(self, layers=self.layers[key], names=self.names[key])
        return self.layers[key]

    def _checked_output_shape(self, shape: Shape) -> Shape:
        for position, layer in enumerate(self.layers):
            try:
                shape = layer._checked_output_shape(shape)
            except ParamcalcError as error:
                locate(error, self._key(position), layer)
                raise
        return shape

    def _checked_num_params(self, shape: Shape | None) -> int:
        """The count without a shape; with one, `num_params` asks each layer on the way."""
        total = 0
        for position, layer in enumerate(self.layers):
            try:
                total += layer._checked_num_params(None)
            except ParamcalcError as error:
                locate(error, self._key(position), layer)
                raise
        return total

    def _walk(self, shape: Shape | None, path: str = "") -> Generator[Visit, None, Shape | None]:
        for position, layer in enumerate(self.layers):
            where = join_path(path, self.names[position]) if self.names else f"{path}[{position}]"
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

    def _key(self, position: int) -> str:
        return self.names[position] if self.names else f"[{position}]"

    def _stated_shape(self) -> Shape | None:
        return self.layers[0]._stated_shape() if self.layers else None

    def _missing(self, what: str) -> ParamcalcError:
        if not self.layers:
            return Network._missing(self, what)
        error = self.layers[0]._missing(what)
        locate(error, self._key(0), self.layers[0])
        return error

    def __repr__(self) -> str:
        keys = [f"{one}=" for one in self.names] or [""] * len(self.layers)
        layers = [key + repr(layer) for key, layer in zip(keys, self.layers, strict=True)]
        return f"{name(self)}({', '.join(layers)})"

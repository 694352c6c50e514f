"""Networks: layers put together into one."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from keyword import iskeyword
from typing import Any, overload

from paramcalc.errors import ConfigError, ParamcalcError, join_path, show
from paramcalc.layers.base import CheckedLayer, Layer, Shape, Visit, locate
from paramcalc.layers.checks import name

MAX_DEPTH = 50
MAX_LAYERS = 10_000_000


class Network(CheckedLayer):
    """A layer made of layers: none so deep or large that Python could not walk through it."""

    __slots__ = ("_depth", "_num_layers")

    def _measure(self, layers: tuple[Layer, ...]) -> None:
        depth = 1 + max([layer._depth for layer in layers], default=0)
        num_layers = sum([layer._num_layers for layer in layers])
        if depth > MAX_DEPTH:
            raise ConfigError(f"{name(self)}: networks nest at most {MAX_DEPTH} deep, got {depth}")
        if num_layers > MAX_LAYERS:
            raise ConfigError(
                f"{name(self)}: a network has at most {MAX_LAYERS:,} layers, got {num_layers:,}"
            )
        object.__setattr__(self, "_depth", depth)
        object.__setattr__(self, "_num_layers", num_layers)


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
        **parts: instead, layers with names: `Sequential(features=...,
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

    def __init__(self, *layers: Layer | Sequence[Layer], **parts: Layer) -> None:
        given: Any = (
            layers[0] if len(layers) == 1 and isinstance(layers[0], tuple | list) else layers
        )
        names: Any = tuple(parts)
        if names == ("layers", "names") and isinstance(
            parts["names"], tuple
        ):  # dataclasses.replace, and pickle
            given, names = parts["layers"], parts["names"]
        elif names and layers:
            raise TypeError(f"{name(self)}: give layers with names or without, not both")
        elif names:
            given = parts.values()
        for position, layer in enumerate(given):
            if not isinstance(layer, Layer):
                key = list(names)[position] if names else f"[{position}]"
                hint = f"; call it: {layer.__name__}(...)" if isinstance(layer, type) else ""
                raise TypeError(f"{name(self)}: {key} must be a Layer, got {show(layer)}{hint}")
        object.__setattr__(self, "layers", tuple(given))
        object.__setattr__(self, "names", names)
        if names:
            self._check_names()
        self._measure(self.layers)

    def _check_names(self) -> None:
        if not len(self.layers) == len(self.names) == len(set(self.names)):
            values = f"names {show(self.names)} for {len(self.layers)} layers"
            raise ConfigError(f"{name(self)}: each layer needs a name of its own, got {values}")
        for one in self.names:
            if not one.isidentifier() or iskeyword(one):
                raise ConfigError(
                    f"{name(self)}: a name must be a Python identifier, got {show(one)}"
                )

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

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
            layers = self.layers[key]
            return (
                Sequential(**dict(zip(self.names[key], layers, strict=True)))
                if self.names
                else Sequential(layers)
            )
        return self.layers[key]

    def _output_shape(self, shape: Shape) -> Shape:
        output = shape
        try:
            for layer in self.layers:
                output = layer._output_shape(output)
        except ParamcalcError:
            for _ in self._walk(shape):  # Again, keeping track of the path, so as to fail with it.
                pass
            raise
        return output

    def _num_params(self, shape: Shape | None) -> int:
        """The count without a shape; with one, `num_params` asks each layer on the way."""
        try:
            return sum([layer._num_params(None) for layer in self.layers])
        except ParamcalcError:
            for _ in self._ask(None, lambda layer, _, __: layer._num_params(None)):
                pass
            raise

    def _walk(self, shape: Shape | None, path: str = "") -> Generator[Visit, None, Shape | None]:
        for where, layer in zip(self._paths(path), self.layers, strict=True):
            if layer._depth:
                shape = yield from layer._walk(shape, where)
                continue
            try:
                output = None if shape is None else layer._output_shape(shape)
            except ParamcalcError as error:
                locate(error, where, layer)
                raise
            yield where, layer, shape, output
            shape = output
        return shape

    def _paths(self, path: str) -> list[str]:
        """The paths of the layers of a network that stands at `path`."""
        if self.names:
            return [join_path(path, one) for one in self.names]
        return [f"{path}[{position}]" for position in range(len(self.layers))]

    def _stated_shape(self) -> Shape | None:
        return self.layers[0]._stated_shape() if self.layers else None

    def _missing(self, what: str) -> ParamcalcError:
        if not self.layers:
            return Network._missing(self, what)
        error = self.layers[0]._missing(what)
        locate(error, self._paths("")[0], self.layers[0])
        return error

    def __repr__(self) -> str:
        keys = [f"{one}=" for one in self.names] or [""] * len(self.layers)
        layers = [key + repr(layer) for key, layer in zip(keys, self.layers, strict=True)]
        return f"{name(self)}({', '.join(layers)})"

"""Networks: layers put together into one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from keyword import iskeyword
from typing import Any, Self, overload

from paramcalc._checks import as_int, as_str, entries, name_of, wrong
from paramcalc._trace import answers, locate_in, plan_of, run
from paramcalc.errors import (
    ConfigError,
    ParamcalcError,
    ShapeError,
    counted,
    join_path,
    locate,
    show,
)
from paramcalc.layers._base import Builtin, Form, Layer, Node, Parameter, Shape, Sources
from paramcalc.layers._fields import declared, layer

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
        raise self._misfit("sources() is for single layers; use receptive_field() for a network")

    def _fitting(self, input_shape: object) -> Shape | None:
        return self._checked(input_shape)  # Each layer checks its own input.

    def _stated_shape(self) -> Shape | None:
        return plan_of(self).stated

    def _shape(self, shape: Shape) -> Shape:
        plan = plan_of(self)
        if not plan.is_chain:
            output: Shape = run(plan, shape)[plan.end]
            return output
        calls = iter(plan.calls)
        try:
            for _, shape_of in calls:  # The hot path: no shape is kept on the way.
                shape = shape_of(shape)
        except ParamcalcError as error:
            locate_in(plan, calls, error)
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
        plan = plan_of(self)
        shapes = run(plan, shape)
        nodes = iter(plan.nodes)
        try:
            return sum(
                [
                    node._params(shapes[source])
                    for _, node, source, _ in nodes
                    if not node._network_depth
                ]
            )
        except ParamcalcError as error:
            locate_in(plan, nodes, error)
            raise

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
            raise ConfigError(f"{name_of(self)}: each layer needs its own name, got {values}")
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
    """Layers in a row.

    The output of each is the input of the next. Give layers, one list of layers, or named layers:
    `Sequential(features=..., classifier=...)`. Networks nest. A layer that occurs twice is two
    layers, each with its own parameters. If all channels and features are given, parameters can be
    counted without an input shape.

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

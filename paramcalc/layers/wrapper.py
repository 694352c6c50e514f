"""A layer around another, which answers as that does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from operator import methodcaller
from typing import TYPE_CHECKING, Any

from paramcalc._checks import wrong
from paramcalc.layers._base import Form, Layer, Networks, Nodes, Parameter, Shape, Sources
from paramcalc.layers._builtin import Builtin
from paramcalc.layers._fields import DataFormat


def read_layer(value: Any, owner: object, name: str) -> Layer:
    """A layer."""
    if not isinstance(value, Layer):
        raise TypeError(wrong(owner, name, "be a Layer", value))
    return value


def of_the_layer_inside(name: str) -> Any:
    """An attribute or method that a wrapper takes from its layer."""

    def get(wrapper: Any) -> Any:
        return getattr(wrapper.layer, name)

    return property(get)  # Not an attrgetter: CPython 3.14 looks into the code of a slotted class.


class Wrapper(Builtin):
    """A layer around another, which is a field."""

    __slots__ = ()

    layer: Layer

    _wraps_merges = False

    _thawed = of_the_layer_inside("_thawed")  # pyright: ignore[reportIncompatibleMethodOverride]
    _bare = of_the_layer_inside("_bare")  # pyright: ignore[reportIncompatibleMethodOverride]
    _is_frozen = of_the_layer_inside("_is_frozen")
    _shared_name = of_the_layer_inside("_shared_name")
    _network_depth = of_the_layer_inside("_network_depth")
    _network_size = of_the_layer_inside("_network_size")
    _format_after = of_the_layer_inside("_format_after")
    _has_gaps = of_the_layer_inside("_has_gaps")
    _family = of_the_layer_inside("_family")
    _channels_last = of_the_layer_inside("_channels_last")
    _input_names = of_the_layer_inside("_input_names")
    _check_outputs = of_the_layer_inside("_check_outputs")
    _is_merge = of_the_layer_inside("_is_merge")
    _arity = of_the_layer_inside("_arity")
    _merge = of_the_layer_inside("_merge")
    _sources_of = of_the_layer_inside("_sources_of")
    _joined_dim = of_the_layer_inside("_joined_dim")
    _wires = of_the_layer_inside("_wires")
    _shape = of_the_layer_inside("_shape")
    _params = of_the_layer_inside("_params")
    _macs = of_the_layer_inside("_macs")
    _saved = of_the_layer_inside("_saved")
    _stated_shape = of_the_layer_inside("_stated_shape")
    _stated_form = of_the_layer_inside("_stated_form")
    _stated_rank = of_the_layer_inside("_stated_rank")
    _covering = of_the_layer_inside("_covering")
    _period = of_the_layer_inside("_period")

    if TYPE_CHECKING:

        def _around(self, layer: Layer, path: str) -> Layer:
            """The same around a layer at a path in its own, if that is a network."""
            ...

    def _write(self, nodes: Nodes, networks: Networks, path: str, *sources: int) -> int:
        start, inside = len(nodes), dict[str, Layer]()
        end = self.layer._write(nodes, inside, path, *sources)
        for number, (at, one, before, inputs) in enumerate(nodes[start:], start):
            if at == path and not self._network_depth:
                nodes[number] = at, self, before, inputs
            elif self._wraps_merges or not one._network_depth:
                nodes[number] = at, self._around(one, at[len(path) :]), before, inputs
        for at, one in inside.items():
            networks[at] = self._around(one, at[len(path) :]) if at != path else self
        return end

    def __repr__(self) -> str:
        return self._call(repr(self.layer))

    def __rich_repr__(self) -> Iterator[Any]:
        """What rich prints: as `repr`, over several lines if need be."""
        yield from [getattr(self, name) for name in self._specs]

    def _text(self, shape: Shape | None = None, mark: str = "") -> str:
        return self._call(self.layer._text(self._within(shape), mark))

    def _call(self, inside: str) -> str:
        before = [repr(getattr(self, name)) for name in self._specs if name != "layer"]
        return f"{type(self).__name__}({', '.join([*before, inside])})"

    def _with_format(self, data_format: DataFormat) -> Layer:
        wrapper: Any = self
        inside = self.layer._map(methodcaller("_with_format", data_format))
        made: Layer = replace(wrapper, layer=inside)
        return made

    def _sources(self, shape: Form) -> Sources:
        return self.layer.sources(shape)

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        return self.layer._tensors(shape)

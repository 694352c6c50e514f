"""Networks: layers put together into one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from keyword import iskeyword
from operator import methodcaller
from typing import Any, Self, overload

from paramcalc._checks import as_int, as_str, entries, later, name_of, wrong
from paramcalc._plan import advise, locate_in, plan_of, run
from paramcalc._repeats import repeats, span, times_text
from paramcalc._trace import merged, steps_of
from paramcalc.errors import (
    ConfigError,
    ParamcalcError,
    ShapeError,
    counted,
    join_path,
    locate,
    show,
)
from paramcalc.layers._base import (
    Form,
    InputShape,
    Layer,
    Networks,
    Nodes,
    Parameter,
    Shape,
    Sources,
)
from paramcalc.layers._builtin import Builtin
from paramcalc.layers._fields import DataFormat, declared, layer, read_data_format
from paramcalc.render import html
from paramcalc.render.shown import for_terminal
from paramcalc.render.table import printable
from paramcalc.render.text import to_ascii

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
        depth, size = 0, 1
        for one in layers:  # A max and a sum would take longer.
            depth = one._network_depth if one._network_depth > depth else depth
            size += one._network_size
        depth += 1
        if depth > MAX_DEPTH:
            problem = f"networks nest at most {MAX_DEPTH} deep, got {depth}"
            raise ConfigError(f"{name_of(self)}: {problem}")
        if size > MAX_SIZE:
            problem = f"a network has at most {MAX_SIZE:,} layers, got {size:,}"
            raise ConfigError(f"{name_of(self)}: {problem}")
        object.__setattr__(self, "_network_depth", depth)
        object.__setattr__(self, "_network_size", size)
        object.__setattr__(self, "_kept_plan", None)

    def num_macs(self, input_shape: InputShape | None = None) -> int:
        return self._macs(self._checked(input_shape), None)

    def sources(self, input_shape: Form) -> Sources:
        raise self._misfit("sources() is for single layers; use receptive_field() for a network")

    def _fitting(self, input_shape: object) -> Shape | None:
        return self._checked(input_shape)  # Each layer checks its own input.

    def _stated_shape(self) -> Shape | None:
        return plan_of(self).stated or self._first_stated_shape()

    def _first_stated_shape(self) -> Shape | None:
        """What a `Graph` at the start states, which has no `Input` among its steps."""
        return None

    def _shape(self, shape: Shape) -> Shape:
        plan = plan_of(self)
        if not plan.is_chain:
            output: Shape = run(plan, shape)[plan.ends[0]]
            return output
        calls, given = iter(plan.calls), shape
        try:
            for _, shape_of in calls:  # The hot path: no shape is kept on the way.
                shape = shape_of(shape)
        except ParamcalcError as error:
            locate_in(plan, calls, error)
            advise(plan, given, error)
            raise
        return shape

    def _merge(self, outputs: Sequence[Shape], shape: Shape | None) -> Shape:
        shapes: Any = tuple(outputs)
        return self._shape(shapes)

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        return tuple(
            [
                Parameter(join_path(step.path, one.name), one.shape, one.trainable)
                for step in steps_of(self, shape)
                for one in step.parameters
            ]
        )

    def _params(self, shape: Shape | None) -> int:
        plan = plan_of(self)
        if plan.has_shared:
            return sum([step.num_params for step in steps_of(self, shape)])
        shapes = run(plan, shape)
        nodes = iter(plan.nodes)
        try:
            each = [one._params(shapes[at]) for _, one, at, _ in nodes if not one._network_depth]
            return sum(each)
        except ParamcalcError as error:
            locate_in(plan, nodes, error)
            raise

    def _macs(self, shape: Shape | None, output: Shape | None) -> int:
        plan = plan_of(self)
        shapes = run(plan, shape)
        nodes: Any = iter(plan.nodes)
        total = 0
        try:
            for number, (_, node, source, inputs) in enumerate(nodes):
                if node._network_depth:
                    continue
                if len(inputs) < 2:
                    total += node._macs(shapes[source], shapes[number])
                else:
                    total += node._macs(shapes[source], shapes[number], *merged(shapes, inputs)[1:])
        except ParamcalcError as error:
            locate_in(plan, nodes, error)
            raise
        return total

    def _at(self, path: str) -> Layer:
        """The layer at a path, as tables print it."""
        plan = plan_of(self)
        nodes = {path: one for path, one, _, _ in plan.nodes} | plan.networks
        if path not in nodes or not path:
            known = tuple([key for key, _ in self._parts()])
            raise KeyError(f"no layer is named {show(path)}; the names are {show(known)}")
        return nodes[path]

    def __str__(self) -> str:
        return for_terminal(self._tree)

    def _tree(self, style: str) -> str:
        """The layers as an indented tree, in a style of text."""
        text = "\n".join([self._text(), *tree_lines(self, "  ")])
        return to_ascii(text) if style == "ascii" else text

    def _repr_html_(self) -> str:
        """What a notebook shows: the summary; the tree if no input shape is stated."""
        if self._stated_shape() is not None:
            try:
                summary: str = later("_summary").summary(self).to_html()
                return summary
            except ParamcalcError:
                pass  # The tree shows what there is.
        return f"<pre>{html.escape_lines(str(self))}</pre>"

    def _missing(self, what: str) -> ShapeError:
        reading = [node for node in plan_of(self).nodes if node[3]]
        path, first, _, _ = (reading or [("", self, -1, ())])[0]
        error = Builtin._missing(self, what) if first is self else first._missing(what)
        locate(error, path, first)
        return error


def tree_lines(layer: Layer, margin: str) -> Iterator[str]:
    """Yield a line per layer inside; blocks that repeat are written once."""
    parts, wires = layer._parts(), layer._wires()
    found = list(repeats([key for key, _ in parts], [(one, wires.get(key)) for key, one in parts]))
    names = [span(parts[start][0], (times - 1) * size) for start, size, times in found]
    width = max(map(len, names), default=0)
    for (start, _, times), name in zip(found, names, strict=True):
        one = parts[start][1]
        yield f"{margin}{name:{width}}  {times_text(times)}{printable(one._text())}"
        yield from tree_lines(one, margin + "  ")


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
        others = {name: one for name, one in parts.items() if not isinstance(one, Layer)}
        if others:
            raise later("_leads").misuse(owner, dict.fromkeys(owner._options), (), others)
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
            if not isinstance(one, Layer) or one._is_merge:  # pyright: ignore[reportUnnecessaryIsInstance]
                self._refuse(self.names[position] if self.names else f"[{position}]", one)
        self._measure(self.layers)

    def _refuse(self, key: str, value: object) -> None:
        """Say what is wrong with a value that is not a layer, or not one for a single input."""
        hint = ""
        given: Any = value
        if isinstance(value, Layer):
            branches = f", as in {name_of(value)}(Identity(), ...)" * isinstance(value, Container)
            wanted = f"have one input and one output{branches}, or be in a Graph"
            raise ConfigError(wrong(self, key, wanted, value))
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
            return self.layers[self.names.index(key)] if key in self.names else self._at(key)
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
        if self.names:
            pairs = zip(self.names, self.layers, strict=True)
            return [(join_path(path, name), one) for name, one in pairs]
        return [(f"{path}[{position}]", one) for position, one in enumerate(self.layers)]

    def _text(self, shape: Shape | None = None, mark: str = "") -> str:
        return name_of(self)  # Its layers are below it.

    def __repr__(self) -> str:
        keys = [f"{one}=" for one in self.names] or [""] * len(self.layers)
        layers = [key + repr(one) for key, one in zip(keys, self.layers, strict=True)]
        return f"{name_of(self)}({', '.join(layers + self._option_texts())})"

    def _option_texts(self) -> list[str]:
        """The keywords that are no layers, as `repr` writes them."""
        return []

    def __rich_repr__(self) -> Iterator[Any]:
        """What rich prints: as `repr`, over several lines if need be."""
        yield from zip(self.names, self.layers, strict=True) if self.names else self.layers

    # Beside __repr__: IPython takes the first class that has either of the two.

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What IPython shows in a terminal."""
        printer.text(str(self))


class Sequential(Container):
    """Layers in a row.

    The output of each is the input of the next. Give layers, one list of layers, or named layers:
    `Sequential(features=..., classifier=...)`. Networks nest. A layer that occurs twice is two
    layers, each with its own parameters. If all channels and features are given, parameters can be
    counted without an input shape.

    Args:
        *layers: the layers; or named, as `**parts`.
        data_format: that of all layers inside that have none; as if each were given it.

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

    __slots__ = ("_format_after",)

    _options = ("data_format",)

    @overload
    def __init__(self, /, **parts: Layer) -> None: ...
    @overload
    def __init__(
        self, /, *layers: Layer | Sequence[Layer], data_format: DataFormat | None = None
    ) -> None: ...
    @overload
    def __init__(self, /, *, data_format: DataFormat | None = None, **parts: Layer) -> None: ...

    def __init__(self, /, *layers: Any, data_format: Any = None, **parts: Any) -> None:
        inside = read_data_format(data_format, self, "data_format")
        self._set(*layers_and_names(self, layers, parts))
        after = None
        if inside or any(one._format_after for one in self.layers):
            changed: list[Layer] = []
            for one in self.layers:
                changed.append(one._map(methodcaller("_with_format", inside)) if inside else one)
                after = one._format_after or after  # An Input holds for all that follows it.
                inside = after or inside
            object.__setattr__(self, "layers", tuple(changed))
        object.__setattr__(self, "_format_after", after)

    def _first_stated_shape(self) -> Shape | None:
        first = self.layers[0] if self.layers else None
        return first._stated_shape() if first and first._network_depth else None

    def _write(self, nodes: Nodes, networks: Networks, path: str, *sources: int) -> int:
        networks[path] = self
        (end,) = sources
        for where, one in self._parts(path):
            end = one._write(nodes, networks, where, end)
        return end

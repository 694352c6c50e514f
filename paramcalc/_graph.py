"""Networks of any directed acyclic form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from graphlib import CycleError, TopologicalSorter
from typing import Any

from paramcalc._branches import Concat
from paramcalc._checks import as_inputs, as_int, as_shape, as_str, entries, name_of, wrong
from paramcalc._network import Network
from paramcalc._plan import plan_of, run
from paramcalc.errors import ConfigError, join_path, show
from paramcalc.layers._base import Form, InputShape, Layer, Networks, Nodes, Shape
from paramcalc.layers._fields import declared, layer
from paramcalc.layers._tensor import Tensor, check_arity
from paramcalc.layers.input import Input, read_shape

Inputs = tuple[tuple[str, Shape], ...]
Named = tuple[tuple[str, Layer, tuple[str, ...]], ...]


def read_node_name(value: Any, owner: object, field: str) -> str:
    """A Python identifier, or a number in brackets."""
    name = as_str(value, owner, field)
    if not (name.isidentifier() or (name[:1] + name[-1:] == "[]" and name[1:-1].isdecimal())):
        wanted = "be a Python identifier, or a number in brackets"
        raise ConfigError(wrong(owner, field, wanted, name))
    return name


def read_inputs(value: Any, owner: object, field: str) -> Inputs:
    """The name and the shape of each input."""
    pairs: Any = value
    given = tuple(pairs.items()) if isinstance(value, Mapping) else entries(pairs)
    if given is None or not all(len(entries(one) or ()) == 2 for one in given):
        wanted = "be tensors, or a dict of the shape of each"
        raise TypeError(wrong(owner, field, wanted, pairs))
    return tuple(
        [
            (read_node_name(name, owner, "the name of an input"), read_shape(shape, owner, name))
            for name, shape in given
        ]
    )


def read_outputs(value: Any, owner: object, field: str) -> tuple[str, ...]:
    """The names of the nodes whose outputs are those of the graph."""
    given = (value,) if isinstance(value, str) else entries(value)
    if given is None:
        raise TypeError(wrong(owner, field, "be tensors, or their names", value))
    return tuple([as_str(one, owner, "an output") for one in given])


def read_nodes(value: Any, owner: object, field: str) -> Named:
    """The name, the layer and what it reads, of each node."""
    many: Any = value
    given: Any = entries(many)
    if isinstance(value, Mapping):
        pairs = [(name, entries(one) or ()) for name, one in many.items()]
        given = [(name, *one[:1], one[1:]) for name, one in pairs]
    if given is None or not all(len(entries(one) or ()) == 3 for one in given):
        wanted = "be a dict of (layer, names of what it reads) for each name"
        raise TypeError(wrong(owner, field, wanted, many))
    found: list[tuple[str, Layer, tuple[str, ...]]] = []
    for name, one, reads in given:
        read_node_name(name, owner, "the name of a layer")
        if not isinstance(one, Layer):
            raise TypeError(wrong(owner, name, "be a Layer", one))
        found.append((name, one, tuple([as_str(at, owner, f"what {name} reads") for at in reads])))
    return tuple(found)


@layer
class Graph(Network):
    """A network of any form without cycles.

    It is written with symbolic tensors: an `Input` is called on none, other layers on tensors, and
    `Graph(inputs, outputs)` is what leads from some to others. A layer that is called twice is two
    layers; `Shared` makes them one. Where there is one input and one output, the graph is a layer
    like any other. The shapes of its `Input`s hold where no others are given: with several inputs,
    `input_shape` is a dict of them by name.

    A node is found by the name that its layer was called with, or by its number: `[2]`.

    Args:
        inputs: a tensor or several.
        outputs: likewise; with several, `output_shapes()` has their shapes.
        nodes: for a graph that is not written with tensors, a dict of (layer, names of what it
            reads); then inputs are a dict of shapes, and outputs names.

    Raises:
        TypeError: an argument is of the wrong type.
        ConfigError: there is a cycle, a name that is unknown or used twice, or something that does
            not lead from an input to an output.

    Source:
        Keras 3 `keras.Model(inputs, outputs)`.

    Example:
        >>> import paramcalc as pc
        >>> x = pc.Input(3, 32, 32)()
        >>> y = pc.Conv2d(None, 16, 3, padding=1)(x)
        >>> z = pc.Conv2d(None, 16, 3, padding=1)(y) + y
        >>> net = pc.Graph(x, pc.Dense(None, 10)(pc.Flatten()(z)))
        >>> net.output_shape(), net.num_params(), net.num_params((3, 8, 8))
        ((10,), 166618, 13018)
        >>> pc.Graph({"x": (4,)}, "y", {"h": (pc.Dense(4, 4), "x"), "y": (pc.Add(), "h", "x")})
        Graph({'x': (4,)}, 'y', {'h': (Dense(4, 4), 'x'), 'y': (Add(), 'h', 'x')})
    """

    inputs: Inputs = declared(read_inputs)
    outputs: tuple[str, ...] = declared(read_outputs)
    nodes: Named = declared(read_nodes)

    _has_gaps = True

    def __init__(
        self,
        inputs: Tensor | Sequence[Tensor] | Mapping[str, Shape] | Inputs,
        outputs: Tensor | Sequence[Tensor] | str | Sequence[str],
        nodes: Mapping[str, tuple[Any, ...]] | Named | None = None,
    ) -> None:
        given = (inputs, outputs, nodes)
        self._set(*(named_tensors(self, inputs, outputs) if nodes is None else given))

    def _check(self) -> None:
        names = Counter([*self._input_names, *[name for name, _, _ in self.nodes]])
        for name, times in names.items():
            if times > 1:
                raise ConfigError(wrong(self, "a name", "be given once", name))
        for field in ("inputs", "outputs"):
            if not getattr(self, field):
                raise ConfigError(f"Graph: {field} must not be empty")
        reads = {name: given for name, _, given in self.nodes}
        for name, one, given in self.nodes:
            if isinstance(one, Input) and not given:
                raise ConfigError(f"Graph: {name} Input: give its shape among the inputs")
            check_arity(one, given, f"Graph: {name}")
        for name in [*[at for given in reads.values() for at in given], *self.outputs]:
            if name not in names:
                wanted = f"be one of {show(tuple(names))}"
                raise ConfigError(wrong(self, "what is read", wanted, name))
        self._sort(reads)
        self._check_ways(reads)
        self._measure([one for _, one, _ in self.nodes])

    def _sort(self, reads: dict[str, tuple[str, ...]]) -> None:
        """Order the nodes so that each follows what it reads."""
        known = {*self._input_names}
        for name, given in reads.items():
            if not known.issuperset(given):
                break
            known.add(name)
        else:
            return
        try:
            order = {name: at for at, name in enumerate(TopologicalSorter(reads).static_order())}
        except CycleError as error:
            cycle = " reads ".join(reversed(error.args[1]))
            raise ConfigError(f"Graph: there is a cycle: {cycle}") from None
        nodes = sorted(self.nodes, key=lambda node: order[node[0]])
        object.__setattr__(self, "nodes", tuple(nodes))

    def _check_ways(self, reads: dict[str, tuple[str, ...]]) -> None:
        """Refuse what leads nowhere, and outputs that no input leads to."""
        needed = {*self.outputs}
        for name, _, _ in reversed(self.nodes):
            needed |= {*reads[name]} if name in needed else set()
        for name in [*self._input_names, *reads]:
            if name not in needed:
                what = "" if name in reads else "input "
                raise ConfigError(f"Graph: {what}{name} leads to no output")
        reached = {*self._input_names}
        for name, _, given in self.nodes:
            reached |= {name} if reached & {*given} else set()
        for name in self.outputs:
            if name not in reached:
                raise ConfigError(f"Graph: no input leads to output {show(name)}")

    @property
    def _input_names(self) -> tuple[str, ...]:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]
        return tuple([name for name, _ in self.inputs])

    @property
    def _arity(self) -> tuple[int, int]:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]
        return len(self.inputs), len(self.inputs)

    @property
    def _is_merge(self) -> bool:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]
        return len(self.inputs) > 1 or len(self.outputs) > 1

    def output_shape(self, input_shape: InputShape | None = None) -> Shape:
        self._check_outputs("ask for output_shapes()")
        return Network.output_shape(self, input_shape)

    def _check_outputs(self, hint: str) -> None:
        if len(self.outputs) > 1:
            raise ConfigError(f"Graph: has outputs {show(self.outputs)}: {hint}")

    def output_shapes(self, input_shape: InputShape | None = None) -> dict[str, Shape]:
        """The shape of each output, by the name of its node."""
        plan = plan_of(self)
        shapes = run(plan, self._checked(input_shape))
        return {name: shapes[end] for name, end in zip(self.outputs, plan.ends, strict=True)}

    def _write_all(
        self, nodes: Nodes, networks: Networks, path: str, *sources: int
    ) -> tuple[int, ...]:
        networks[path] = self
        places = dict(zip(self._input_names, sources, strict=True))
        for name, one, reads in self.nodes:
            read = [places[at] for at in reads] or sources[:1]  # For the shape, if it reads none.
            places[name] = one._write(nodes, networks, join_path(path, name), *read)
        return tuple([places[name] for name in self.outputs])

    def _write(self, nodes: Nodes, networks: Networks, path: str, *sources: int) -> int:
        return self._write_all(nodes, networks, path, *sources)[0]

    def _checked(self, input_shape: object) -> Any:
        if input_shape is None:
            return self._stated_shape()
        return as_inputs(input_shape, self, self._input_names, partial(as_shape, layer=self))

    def _stated_shape(self) -> Any:
        shapes = tuple([shape for _, shape in self.inputs])
        return shapes[0] if len(shapes) == 1 else shapes

    def _stated_form(self) -> Form | None:
        return self._stated_forms()[0]

    def _stated_forms(self) -> tuple[Form, ...]:
        """The channels or features of the inputs are those stated; other lengths are open."""
        plan = plan_of(self)
        forms: list[Form] = []
        for place, (_, shape) in enumerate(self.inputs, 1):
            reading = [one for _, one, _, inputs in plan.nodes if -place in inputs]
            known = [one for one in reading if one._family.rpartition(" ")[2]]
            times = max([one._family.count("time") for one in known[:1] or reading], default=0)
            form: list[int | None] = [*[None] * times, *shape[times:]]
            if known and not known[0]._family.endswith("plain"):
                is_last = known[0]._channels_last or not known[0]._family.endswith("spatial")
                kept = -1 if is_last else times
                form = [None] * len(shape)
                form[kept] = shape[kept]
            forms.append(tuple(form))
        return tuple(forms)

    def _parts(self, path: str = "") -> list[tuple[str, Layer]]:
        return [(join_path(path, name), one) for name, one, _ in self.nodes]

    def _wires(self, path: str = "") -> dict[str, tuple[int, ...]]:
        names = [*reversed(self._input_names), *[name for name, _, _ in self.nodes]]
        places = {name: at for at, name in enumerate(names)}
        return {
            join_path(path, name): tuple([places[name] - places[at] for at in reads])
            for name, _, reads in self.nodes
        }

    def _map(self, change: Callable[[Layer], Layer]) -> Any:
        return replace(
            self, nodes=tuple([(name, one._map(change), at) for name, one, at in self.nodes])
        )

    def __len__(self) -> int:
        return len(self.nodes)

    def __iter__(self) -> Iterator[Layer]:
        return iter([one for _, one, _ in self.nodes])

    def __getitem__(self, key: int | str) -> Layer:
        if isinstance(key, str):
            return self._at(key)
        return self.nodes[as_int(key, self, "a key", "be an int or a name")][1]

    def _text(self, shape: Shape | None = None, mark: str = "") -> str:
        return name_of(self)

    def __repr__(self) -> str:
        nodes = [f"{name!r}: {(one, *reads)}" for name, one, reads in self.nodes]
        outputs = self.outputs[0] if len(self.outputs) == 1 else self.outputs
        return f"Graph({dict(self.inputs)}, {outputs!r}, {{{', '.join(nodes)}}})"

    def __rich_repr__(self) -> Iterator[Any]:
        """What rich prints: as `repr`, over several lines if need be."""
        yield dict(self.inputs)
        yield self.outputs[0] if len(self.outputs) == 1 else self.outputs
        yield {name: (one, *reads) for name, one, reads in self.nodes}


def named_tensors(owner: Graph, inputs: Any, outputs: Any) -> tuple[Inputs, tuple[str, ...], Named]:
    """The parts of a graph from its tensors."""
    ends: list[list[Tensor]] = []
    for field, value in ("inputs", inputs), ("outputs", outputs):
        given = (value,) if isinstance(value, Tensor) else entries(value)
        if given is None or not all(isinstance(one, Tensor) for one in given):
            raise TypeError(wrong(owner, field, "be tensors, unless nodes are given", value))
        ends.append(list(given))
    starts, stops = ends
    found = set(stops)
    waiting = [one for one in stops if one not in starts]
    while waiting:
        one = waiting.pop()
        if isinstance(one._layer, Input) and not one._reads:
            problem = "is an Input that leads to an output, and is not among the inputs"
            raise ConfigError(f"Graph: {show(one)} {problem}")
        new = {*one._reads} - found
        found |= new
        waiting += new.difference(starts)
    names = {
        one: one.name or ("input" if len(starts) == 1 else f"input_{at}")
        for at, one in enumerate(starts, 1)
    }
    made = sorted(found.difference(starts), key=lambda one: one._number)
    names |= {one: one.name or f"[{at}]" for at, one in enumerate(made)}
    return (
        tuple([(names[one], one.shape) for one in starts]),
        tuple([names[one] for one in stops]),
        tuple([(names[one], one._layer, tuple([names[at] for at in one._reads])) for one in made]),
    )


def concat(*tensors: Tensor | Sequence[Tensor], dim: int = 0) -> Tensor:
    """The concatenation of tensors of a `Graph`.

    They are joined along `dim`, as `Concat` joins branches.

    Example:
        >>> import paramcalc as pc
        >>> x, y = pc.Input(8, 32, 32)(), pc.Input(4, 32, 32)()
        >>> concat(x, y).shape
        (12, 32, 32)
    """
    return Concat(dim=dim)(*tensors)

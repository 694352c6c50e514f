"""A network as a flat list of steps: what everything that asks a network reads.

How a network is built matters to `Layer._write` alone, which adds its layers to the list.
"""

# Layers answer the library by methods that are not for users.
# pyright: reportPrivateUsage=false

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from paramcalc._checks import wrong
from paramcalc.errors import ParamcalcError, locate
from paramcalc.layers._base import Layer, Node, Parameter, Shape
from paramcalc.layers._windows import Window, as_sources, covered

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Plan:
    """A network as a flat list, however it is built.

    Args:
        nodes: its layers, and the merging of its branches, each after those that it reads.
        calls: for each what gives its output shape, None for a merging, after the place of its
            input shape: 0 for the network's input, 1 for the output of node 0.
        is_chain: whether each node reads the one before it.
        networks: the network and those inside it, by their paths.
        end: the node whose output is the network's; -1 where nothing changes the input.
        stated: the input shape, where an `Input` states it.
        has_inputs: whether there is an `Input` anywhere.
    """

    nodes: list[Node]
    calls: list[tuple[int, Any]]
    is_chain: bool
    networks: dict[str, Layer]
    end: int
    stated: Shape | None
    has_inputs: bool


def plan_of(network: Layer) -> Plan:
    """The plan of a network, which keeps it; or of a layer, which is its only node."""
    kept: Plan | bool | None = getattr(network, "_kept_plan", False)
    if isinstance(kept, Plan):
        return kept
    nodes: list[Node] = []
    networks: dict[str, Layer] = {}
    end = network._write(nodes, networks, "", -1)
    stated = [
        (shape, source)
        for _, one, source, _ in nodes
        if not one._network_depth and (shape := one._stated_shape())
    ]
    first = next((shape for shape, source in stated if source == -1), None)
    calls = [
        (source + 1, None if one._network_depth else one._shape) for _, one, source, _ in nodes
    ]
    is_chain = [place for place, shape_of in calls if shape_of] == [*range(len(nodes))]
    plan = Plan(nodes, calls, is_chain, networks, end, first, bool(stated))
    if kept is None:  # A network, asked for the first time.
        object.__setattr__(network, "_kept_plan", plan)
    return plan


def run(plan: Plan, shape: Shape | None) -> list[Any]:
    """The output shape of each node, and last, at -1, the input shape; None where not known."""
    known: list[Any] = [shape]
    add = known.append
    if shape is None and not plan.has_inputs:
        return [None] * (len(plan.nodes) + 1)
    try:
        for place, shape_of in plan.calls:
            given = known[place]
            if shape_of is not None and given is not None:
                add(shape_of(given))
            else:
                add(merge_or_state(plan.nodes[len(known) - 1], known))
    except ParamcalcError as error:
        path, node, _, _ = plan.nodes[len(known) - 1]
        locate(error, path, node)
        raise
    add(known.pop(0))
    return known


def merge_or_state(node: Node, known: list[Any]) -> Shape | None:
    """The output of merged branches; or that of an `Input`, where no shape is known before it."""
    _, layer, source, inputs = node
    if not layer._network_depth:
        return layer._stated_shape()
    outputs = [known[one + 1] for one in inputs]
    return None if None in outputs else layer._merge(outputs, known[source + 1])


def ask(path: str, node: Layer, question: Callable[..., T], *shapes: Any) -> T:
    """The answer of a layer; an error gets its path."""
    try:
        return question(*shapes)
    except ParamcalcError as error:
        locate(error, path, node)
        raise


def answers(
    network: Layer, shape: Shape | None, question: Callable[[Layer, Any, Any], T]
) -> Iterator[tuple[str, T]]:
    """Yield (path, answer) of each layer to a question about its input and output shapes."""
    plan = plan_of(network)
    shapes = run(plan, shape)
    path, node = "", None
    try:
        for number, (path, node, source, _) in enumerate(plan.nodes):
            if not node._network_depth:
                yield path, question(node, shapes[source], shapes[number])
    except ParamcalcError as error:
        locate(error, path, node)
        raise


class Step(NamedTuple):
    """One layer on the way, with the shapes at its two ends: a tuple of the four.

    Args:
        path: where it stands: `[2]`, `features[2]`; empty for a layer on its
            own.
        layer: the layer.
        input_shape: what arrives, without the batch axis.
        output_shape: what leaves.
        inputs: which steps it reads, by their place in the trace; -1 is the network's
            input. The merging of branches reads the last step of each.

    Example:
        >>> import paramcalc as pc
        >>> step, = pc.trace(pc.Flatten(), (12, 4, 4))
        >>> step.layer, step.input_shape, step.output_shape, step.inputs
        (Flatten(), (12, 4, 4), (192,), (-1,))
    """

    path: str
    layer: Layer
    input_shape: Shape
    output_shape: Shape
    inputs: tuple[int, ...] = (-1,)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The tensors of the layer; the merging of branches has none."""
        layer = self.layer
        return (
            () if layer._network_depth else ask(self.path, layer, layer._tensors, self.input_shape)
        )

    @property
    def num_params(self) -> int:
        """How many values are trained here; by the merging of branches none."""
        layer = self.layer
        return 0 if layer._network_depth else ask(self.path, layer, layer._params, self.input_shape)

    @property
    def num_macs(self) -> int:
        """How many multiply-accumulates one example costs here; the merging of branches none."""
        layer, shapes = self.layer, (self.input_shape, self.output_shape)
        return 0 if layer._network_depth else ask(self.path, layer, layer._macs, *shapes)

    @property
    def num_uncovered(self) -> tuple[int, ...]:
        """Along each spatial axis of the input, how many positions no window covers.

        They are those beyond the last window, for which one more would be too long; and those
        between windows, where the stride is larger than they are. Of an axis that is seen whole
        there are none. It is empty for layers to which no axis is spatial.

        Raises:
            ShapeError: a layer of one's own does not say what it sees.
            ParamcalcError: a window has more than 1,000,000 taps, and gaps between them.
        """
        layer, shape, output = self.layer, self.input_shape, self.output_shape
        if layer._network_depth:
            return ()
        sources = as_sources(layer.sources(shape), layer, len(shape), len(output))
        uncovered: dict[int, int] = {}
        slides: set[int] = set()
        for source, count in zip(sources, output, strict=True):
            if source is not None:
                axis, window = source
                uncovered[axis] = shape[axis] - covered(window, shape[axis], count)
                if window != Window() or uncovered[axis]:
                    slides.add(axis)
        if not slides and layer._family != "spatial":
            return ()
        channels = len(shape) - 1 if layer._channels_last else 0
        axes = [axis for axis in range(len(shape)) if axis != channels or axis in slides]
        return tuple([uncovered.get(axis, 0) for axis in axes])


def stated_rank(steps: Iterable[Step]) -> int | None:
    """The number of spatial axes at the first layer that states one."""
    ranks = [step.layer._stated_rank() for step in steps]
    return next((rank for rank in ranks if rank is not None), None)


def walk(network: object, input_shape: object, verb: str, *, counting: bool = True) -> list[Step]:
    """The steps of a network, for the caller of a verb.

    With nothing to start from, shapes are None; or refused, if more than counts is asked for.
    """
    if not isinstance(network, Layer):
        raise TypeError(wrong(verb, "network", "be a Layer", network))
    shape = network._checked(input_shape)
    if not counting:
        network._needed(shape, "the output shape")
    plan = plan_of(network)
    shapes = run(plan, shape)
    return [
        Step(path, layer, shapes[source], shapes[number], inputs)
        for number, (path, layer, source, inputs) in enumerate(plan.nodes)
    ]


def trace(network: Layer, input_shape: Shape | None = None) -> tuple[Step, ...]:
    """The steps of a shape through a network: each layer, what arrives and what leaves.

    Networks within the network are entered. A `Sequential` is no step of its own;
    `Add`, `Multiply` and `Concat` are one behind their branches, for the merging.
    Each layer is computed once.

    Args:
        network: a network, or a single layer.
        input_shape: the shape that arrives, without the batch axis; it may be
            left out behind an `Input`.

    Raises:
        TypeError: `network` is not a Layer, or `input_shape` not a tuple or
            list of ints.
        ShapeError: a layer does not fit what arrives at it, or the shape is
            missing.

    Example:
        >>> import paramcalc as pc
        >>> for step in trace(pc.Sequential(pc.Conv2d(1, 32, 5), pc.Pool(2)), (1, 28, 28)):
        ...     print(step.path, step.layer, step.output_shape)
        [0] Conv2d(1, 32, 5) (32, 24, 24)
        [1] Pool(2) (32, 12, 12)
    """
    return tuple(walk(network, input_shape, "trace", counting=False))

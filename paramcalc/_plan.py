"""A network as a flat list of its layers, and the one loop that runs through it.

`Layer._write` makes the list; how a network is built matters to it alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from operator import length_hint
from typing import Any, TypeVar

from paramcalc._checks import later
from paramcalc.errors import ParamcalcError, locate
from paramcalc.layers._base import Layer, Node, Shape

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Plan:
    """A network as a flat list, however it is built."""

    nodes: list[Node]
    """Its layers and merges, each after the nodes that it reads."""
    calls: list[tuple[int, Any]]
    """Per node, the place of its input shape (after the network's inputs come the outputs of the
    nodes) and what gives its output shape: None for a merge."""
    is_chain: bool
    """Whether each node reads the one before it."""
    networks: dict[str, Layer]
    """The network and those inside it, by path."""
    ends: tuple[int, ...]
    """The nodes whose outputs are the network's; -1 and below are its inputs."""
    num_inputs: int
    stated: Shape | None
    """The input shape, if an `Input` states it."""
    has_shared: bool
    """Whether there is a `Shared` anywhere."""
    has_known: bool
    """Whether the output of some node is known without an input."""


def plan_of(network: Layer) -> Plan:
    """The plan of a network, which keeps it, or of a layer, which is its only node."""
    kept: Plan | bool | None = getattr(network, "_kept_plan", False)
    if isinstance(kept, Plan):
        return kept
    nodes: list[Node] = []
    networks: dict[str, Layer] = {}
    num_inputs = len(network._input_names)
    ends = network._write_all(nodes, networks, "", *range(-1, -1 - num_inputs, -1))
    known = [
        (shape, inputs)
        for _, one, _, inputs in nodes
        if not one._network_depth and (shape := one._stated_shape())
    ]
    first = next((shape for shape, inputs in known if inputs == (-1,)), None)
    calls = [
        (source + num_inputs, None if one._network_depth or len(inputs) > 1 else one._shape)
        for _, one, source, inputs in nodes
    ]
    is_chain = [place for place, shape_of in calls if shape_of] == [*range(len(nodes))]
    has_shared = any(one._shared_name for _, one, _, _ in nodes)
    facts = ends, num_inputs, first, has_shared, bool(known)
    plan = Plan(nodes, calls, is_chain and len(ends) == 1, networks, *facts)
    if kept is None:  # A network, asked for the first time.
        object.__setattr__(network, "_kept_plan", plan)
    return plan


def run(plan: Plan, shape: Any) -> list[Any]:
    """The output shape of each node, and at -1, -2 and so on the inputs; None where unknown.

    `shape` is that of the input, or a tuple with one for each of several inputs.
    """
    number = plan.num_inputs
    if shape is None and not plan.has_known:
        return [None] * (len(plan.nodes) + number)
    known: list[Any] = [shape] if number == 1 else [*reversed(shape or [None] * number)]
    add = known.append
    calls = iter(plan.calls)
    try:
        for place, shape_of in calls:
            given = known[place]
            if shape_of is not None and given is not None:
                add(shape_of(given))
            else:
                add(merge_or_state(plan.nodes[len(known) - number], known, number))
    except ParamcalcError as error:
        locate_in(plan, calls, error)
        advise(plan, shape, error)
        raise
    return known[number:] + known[:number]


def locate_in(plan: Plan, rest: Iterator[object], error: ParamcalcError) -> None:
    """Locate an error at the node that was asked last, from what is left of an iterator.

    So no loop over a plan has to count.
    """
    path, layer, _, _ = plan.nodes[-1 - length_hint(rest)]
    locate(error, path, layer)


def advise(plan: Plan, shape: Any, error: ParamcalcError) -> None:
    """Have the message of an error for branches that do not merge say which sizes fit.

    That of a network inside is replaced, since a caller chooses the input of the outermost.
    """
    if error._unequal:
        network = plan.networks.get("")
        error._hint = partial(advice, network, shape) if network else ""


def advice(network: Layer, shape: Any, error: ParamcalcError) -> str:
    """What fits in place of a shape."""
    text: str = later("_valid").advice(network, shape, error)
    return text


def merge_or_state(node: Node, known: list[Any], number: int) -> Shape | None:
    """The output of a merge; or of a layer that knows it without an input, as an `Input`."""
    _, layer, source, inputs = node
    if not layer._network_depth and len(inputs) < 2:
        return layer._stated_shape()
    outputs = [known[one + number] for one in inputs]
    return None if None in outputs else layer._merge(outputs, known[source + number])


def ask(path: str, layer: Layer, question: Callable[..., T], *shapes: Any) -> T:
    """The answer of a layer; an error gets the path."""
    try:
        return question(*shapes)
    except ParamcalcError as error:
        locate(error, path, layer)
        raise


def inputs_of(network: Layer, shape: Any) -> tuple[Shape, ...]:
    """The shapes of a network's inputs, of which several are a tuple already."""
    return (shape,) if len(network._input_names) == 1 else shape

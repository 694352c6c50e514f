"""Notes on a network that is valid, but likely not what was meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paramcalc._graph import Graph
from paramcalc._plan import plan_of
from paramcalc._trace import Step
from paramcalc.errors import join_path
from paramcalc.layers._base import Layer
from paramcalc.layers._builtin import Builtin
from paramcalc.layers.reshape import Flatten


def notes_of(network: Layer, steps: Sequence[Step]) -> Iterator[str]:
    """Yield a sentence per layer that is likely not meant so."""
    layouts = layouts_of(steps)
    for step in steps:
        layer, layout = step.layer._thawed, layout_before(step, layouts)
        if layout and step.input_shape:
            doubt = layer._doubt(step.input_shape, layout)
            if doubt:
                yield f"{step.path} {type(layer).__name__}: {doubt}".strip()
    for path, one in plan_of(network).networks.items():
        graph = one._bare
        if isinstance(graph, Graph):
            yield from called_again(graph, path, steps)


def called_again(graph: Graph, path: str, steps: Sequence[Step]) -> Iterator[str]:
    """Yield a sentence per layer with tensors that a graph calls again, as Keras shares it."""
    first: dict[int, str] = {}
    for name, layer, _ in graph.nodes:
        where = join_path(path, name)
        before = first.setdefault(id(layer), where)
        if before == where:
            continue
        inside = [one for one in steps if f"{one.path}.".startswith((f"{where}.", f"{where}["))]
        if any(not one.shared and one._tensors for one in inside):
            what = f"{where} {type(layer).__name__}: called at {before} too, and counted again"
            yield f'{what}; Shared("name", layer) counts it once'


def layouts_of(steps: Sequence[Step]) -> list[str]:
    """What the axes are after each step.

    "channels_first" and "channels_last" are images, "features" is a sequence of vectors, "input"
    is the network's input, and "flattened" has one axis of an image and the others joined; empty
    if unknown. "time " precedes it if there is an axis before these.
    """
    layouts: list[str] = []
    for step in steps:
        layouts.append(layout_after(step, layout_before(step, layouts)))
    return layouts


def layout_before(step: Step, layouts: Sequence[str]) -> str:
    """What the axes of a step's first input are."""
    if not step.inputs:
        return ""
    source = step.inputs[0]
    return layouts[source] if source >= 0 else "input"


def layout_after(step: Step, layout: str) -> str:
    """What the axes are after a step, from what they are before it."""
    layer, rank = step.layer._thawed, len(step.output_shape or ())
    family = layer._family_after or layer._family
    is_own = not isinstance(layer._bare, Builtin)
    if rank < 2 or (is_own and step.output_shape != step.input_shape):
        return ""
    if family.count("time") == rank - 1:  # A vector at each position.
        return "features"
    if isinstance(layer, Flatten):
        return "flattened" if len(step.input_shape) > rank else layout
    if layer._kind == "sequence":
        return "features"
    if family.endswith("plain") or (layer._kind == "dense" and layout != "features"):
        return ""
    if family.endswith("spatial"):
        times = family.removesuffix("spatial")
        return times + ("channels_last" if layer._channels_last else "channels_first")
    return layer._format_after or layout

"""Notes on a network that is valid, but likely not what was meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paramcalc._trace import Step
from paramcalc.layers._base import Layer


def notes_of(steps: Sequence[Step]) -> Iterator[str]:
    """Yield a sentence per layer that reads its input otherwise than it was meant."""
    layouts: list[str] = []
    for step in steps:
        layer, source = step.layer._thawed, step.inputs[0]
        layout, before = "input", None
        if source >= 0:
            layout, before = layouts[source], steps[source].layer
        if layout and step.input_shape:
            doubt = layer._doubt(step.input_shape, layout, before)
            if doubt:
                yield f"{step.path} {type(layer).__name__}: {doubt}".strip()
        layouts.append(layout_after(layer, layout, len(step.output_shape or ())))


def layout_after(layer: Layer, layout: str, rank: int) -> str:
    """What the axes are after a layer.

    "channels_first" and "channels_last" are images, "features" is a sequence of vectors, "input"
    is the network's input; empty if unknown.
    """
    family = layer._family_after or layer._family
    if rank > 1 and layer._kind == "sequence":
        return "features"
    if rank < 2 or family == "plain":
        return ""
    if family == "spatial":
        return "channels_last" if layer._channels_last else "channels_first"
    return layer._format_after or layout

"""Notes on a network that is valid, but likely not what was meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paramcalc._trace import Step
from paramcalc.layers._base import Layer


def notes_of(steps: Sequence[Step]) -> Iterator[str]:
    """Yield a sentence per layer that reads its input otherwise than it was meant."""
    layouts = [*layouts_of(steps), "input"]
    for step in steps:
        layer, source = step.layer._thawed, step.inputs[0]
        if layouts[source] and step.input_shape:
            before = steps[source].layer if source >= 0 else None
            doubt = layer._doubt(step.input_shape, layouts[source], before)
            if doubt:
                yield f"{step.path} {type(layer).__name__}: {doubt}".strip()


def layouts_of(steps: Sequence[Step]) -> list[str]:
    """What the axes are after each step, as `layout_after` has it."""
    layouts: list[str] = []
    for step in steps:
        source = step.inputs[0]
        before = layouts[source] if source >= 0 else "input"
        layouts.append(layout_after(step.layer._thawed, before, len(step.output_shape or ())))
    return layouts


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

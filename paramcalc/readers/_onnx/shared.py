"""Tensors that several layers of an ONNX file have in common."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

from paramcalc._branches import Add, Multiply
from paramcalc.errors import ReadError, ShapeError, show
from paramcalc.layers._base import Layer, Shape
from paramcalc.layers.conv import Convolution
from paramcalc.layers.dense import Dense
from paramcalc.layers.norm import LastAxesNorm, Normalization
from paramcalc.layers.parameters import Parameters
from paramcalc.layers.reshape import Reshape
from paramcalc.layers.shared import Shared
from paramcalc.readers._build import Node
from paramcalc.readers._onnx.network import MAX_LAYERS, Reading


def with_shared(reading: Reading) -> list[Node]:
    """The nodes; those that have tensors in common are `Shared`.

    If they have some in common and not others, the common scales and shifts become nodes of their
    own: nothing else could be shared alone.
    """
    layers = {node.name: node.layer for node in reading.nodes}
    mixed = {
        one for group in groups(reading) if not is_one(reading, group, layers) for one in group
    }
    if mixed:
        uses = Counter([one.name for held in reading.tensors.values() for one in held.values()])
        parts = [
            take_apart(reading, node, uses) if node.name in mixed else [node]
            for node in reading.nodes
        ]
        reading.nodes = [one for nodes in parts for one in nodes]
        if len(reading.nodes) > MAX_LAYERS:
            raise ReadError(f"it has more than {MAX_LAYERS:,} layers")
        layers = {node.name: node.layer for node in reading.nodes}
    shared: dict[str, str] = {}
    for group in groups(reading):
        names = [one.name for one in reading.tensors[group[0]].values()]
        if not is_one(reading, group, layers):
            problem = f"is used by {', '.join(group[:4])} in ways that differ"
            raise ReadError(problem, where=f"tensor {show(names[0])}")
        if len(group) > 1:
            shared |= dict.fromkeys(group, names[0])
    return [
        node._replace(layer=Shared(shared[node.name], node.layer)) if node.name in shared else node
        for node in reading.nodes
    ]


def groups(reading: Reading) -> list[list[str]]:
    """The nodes with tensors, together if they have one in common."""
    found: dict[str, list[str]] = {}
    for node, tensors in reading.tensors.items():
        group = [node]
        for one in tensors.values():
            other = found.get(one.name, group)
            if other is group:
                continue
            if len(other) > len(group):  # The shorter joins the longer, or it would take long.
                group, other = other, group
            group.extend(other)
            for name in other:
                found.update({one.name: group for one in reading.tensors[name].values()})
        found.update({one.name: group for one in tensors.values()})
    return [*{id(one): one for one in found.values()}.values()]


def is_one(reading: Reading, group: list[str], layers: dict[str, Layer]) -> bool:
    """Whether tensors of the same name in these layers are the same tensor, and no other is."""
    seen: dict[str, tuple[str, Shape]] = {}
    roles: dict[str, str] = {}
    for node in group:
        shapes = shapes_of(layers[node]) if len(group) > 1 else {}
        for role, one in reading.tensors[node].items():
            this = one.name, shapes.get(role, one.dims)
            if seen.setdefault(role, this) != this or roles.setdefault(one.name, role) != role:
                return False
    return True


def shapes_of(layer: Layer) -> dict[str, Shape]:
    """The shape of each of its tensors, if they do not depend on the input."""
    try:
        return {one.name: one.shape for one in layer.parameters()}
    except ShapeError:
        return {}


def take_apart(reading: Reading, node: Node, uses: Counter[str]) -> list[Node]:
    """A layer without the scale and the shift that others have too, and these after it."""
    layer, tensors = node.layer, reading.tensors[node.name]
    whole: Any = layer
    fields = {"weight": "scale"} if isinstance(layer, Normalization) else {}
    if isinstance(layer, Convolution | Dense | Normalization):
        fields["bias"] = "bias"
    chosen = [role for role in fields if role in tensors and uses[tensors[role].name] > 1]
    if not chosen:
        return [node]
    reading.tensors.pop(node.name)
    core: Any = replace(whole, **{fields[role]: False for role in chosen})
    made = [Node(reading.name(f"{node.name}_alone"), core, node.reads)]
    reading.tensors[made[0].name] = {role: tensors[role] for role in tensors if role not in chosen}
    for role in chosen:
        tensor, before = tensors[role], made[-1].name
        made.append(Node(reading.name(f"{node.name}_{role}"), Parameters(values=tensor.dims), ()))
        reading.tensors[made[-1].name] = {"values": tensor}
        if not isinstance(layer, Dense | LastAxesNorm):
            lengths = (-1, *[1] * (len(reading.shapes[node.name]) - 1))
            name = reading.name(f"{node.name}_{role}_as_channels")
            made.append(Node(name, Reshape(lengths), (made[-1].name,)))
        name = node.name if role == chosen[-1] else reading.name(f"{node.name}_scaled")
        made.append(Node(name, Multiply() if role == "weight" else Add(), (before, made[-1].name)))
    return made

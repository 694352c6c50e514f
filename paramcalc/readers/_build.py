"""A network from the layers that a reader found: with branches where it can be, else a `Graph`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from keyword import iskeyword
from typing import Any, NamedTuple
from unicodedata import normalize

from paramcalc._branches import Branches, Concat
from paramcalc._graph import Graph
from paramcalc._network import Sequential
from paramcalc.errors import ConfigError, ReadError
from paramcalc.layers._base import Layer, Shape
from paramcalc.layers.activation import Identity
from paramcalc.layers.input import Input


class Node(NamedTuple):
    """A layer, and the names of the inputs and nodes that it reads.

    A merge is an `Add`, `Multiply` or `Concat` without branches.
    """

    name: str
    layer: Layer
    reads: tuple[str, ...]


Chain = list[tuple[str, Layer]]
ANYWHERE = "*"
"""The start of a chain that reads nothing: no node has this name."""


def identifier(name: str) -> str:
    """A name that a part of a network can have: `block1/conv-1` is `block1_conv_1`."""
    word = re.sub(r"\W", "_", normalize("NFKC", name)).lstrip("_") or "layer"
    word = word if word.isidentifier() else f"n{word}"
    word = word if word.isidentifier() else re.sub(r"\W", "_", word, flags=re.ASCII)
    return f"{word}_" if iskeyword(word) or word in ("data_format", "dim") else word


def network_of(
    inputs: Mapping[str, Shape | None],
    nodes: Sequence[Node],
    outputs: Sequence[str],
    *,
    is_inside: bool = False,
) -> Layer:
    """The network of nodes, in an order in which each follows what it reads.

    Args:
        inputs: the shape of each input, or None if it is unknown: then it must have branches alone.
        nodes: the layers. Those that no output needs are left out.
        outputs: the names of the nodes, or inputs, that are the outputs.
        is_inside: whether it is a part of another network, which states the shape of the input.

    Raises:
        ReadError: it can only be a `Graph`, and the shape of an input is unknown.
        ConfigError: the layers do not make a network.
    """
    needed = {*outputs}
    for node in reversed(nodes):
        needed.update(node.reads if node.name in needed else ())
    nodes = [node for node in nodes if node.name in needed]
    if len(inputs) == len(outputs) == 1:
        ((name, shape),) = inputs.items()
        try:
            chain = chain_of(name, nodes, outputs[0])
        except ConfigError:  # It nests too deeply.
            chain = None
        if chain is not None:
            states = [(name, Input(*shape))] if shape and not is_inside else []
            return in_a_row([*states, *chain])
    for name, shape in inputs.items():
        if shape is None:
            problem = "the network has skips that branches cannot say: give input_shape"
            raise ReadError(problem, where=f"input {name}")
    stated: Any = inputs
    return Graph(stated, tuple(outputs), {node.name: (node.layer, *node.reads) for node in nodes})


def in_a_row(chain: Chain) -> Sequential:
    """A `Sequential` of named layers; of layers, if their names are numbers in brackets."""
    if {name[0] for name, layer in chain if not isinstance(layer, Input)} == {"["} or not chain:
        return Sequential([layer for _, layer in chain])
    return Sequential(**{identifier(name): layer for name, layer in chain})


def chain_of(source: str, nodes: Sequence[Node], output: str) -> Chain | None:
    """The layers in a row, with merges of branches; None if there are other skips.

    Each node is the end of a chain that starts at an output with several readers, or at the input.
    A merge of chains with one start is a layer after that start. It takes the place of its readers;
    when it is the only one left, the chain goes on. What reads nothing may start anywhere.
    """
    readers = Counter([*[one for node in nodes for one in node.reads], output])
    starts: dict[str, tuple[str, Chain]] = {source: ("", [])}

    def from_start(name: str) -> tuple[str, Chain]:
        """The chain that ends at a node, as its next reader sees it."""
        start, chain = starts[name]
        while start in starts and readers[start] == 1:
            start, before = starts[start]
            before.extend(chain)
            chain = before
        starts[name] = start, chain
        return (start, chain) if readers[name] == 1 else (name, [])

    for name, layer, reads in nodes:
        if not reads:
            starts[name] = ANYWHERE, [(name, layer)]
            continue
        if not isinstance(layer, Branches) or not layer._is_merge:
            if len(reads) != 1:
                return None
            starts[name] = from_start(reads[0])
            starts[name][1].append((name, layer))
            continue
        ends = [from_start(one) for one in reads]
        options = {"dim": layer.dim} if isinstance(layer, Concat) else {}
        kind: Any = type(layer)
        bound = [(start, chain) for start, chain in ends if start != ANYWHERE]
        start, before = bound[0] if bound else (ANYWHERE, [])
        if len(bound) > 1:
            if not start or any(one != start for one, _ in bound):
                return None
            readers[start] -= len(bound) - 1
            before = []
        branches = [
            in_a_row(chain) if chain and (free == ANYWHERE or len(bound) > 1) else Identity()
            for free, chain in ends
        ]
        before.append((name, kind(branches, **options)))
        starts[name] = start, before
    start, chain = from_start(output)
    return None if start else chain

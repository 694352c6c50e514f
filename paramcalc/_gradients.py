"""The multiply-accumulates of a backward pass, by the class of a layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from paramcalc._ledger import (
    CONV_LSTMS,
    CONVS,
    RECURRENT,
    TRANSPOSED,
    At,
    Kinds,
    at_a_position,
    class_of,
)
from paramcalc._trace import Step
from paramcalc.layers._base import Layer
from paramcalc.layers.attention import MultiheadAttention
from paramcalc.layers.dense import Dense
from paramcalc.layers.keras_conv import DepthwiseConv
from paramcalc.layers.product import MatMul

Gradients = tuple[int, int]
"""The multiply-accumulates for the gradients of inputs, and of weights."""
Needs = tuple[bool, ...]
"""Whether each input needs a gradient."""


def conv_gradients(at: At, needs: Needs, trains: bool) -> Gradients:
    """Those of the weights count as if there were no groups, in torch's formula."""
    groups = at.c if isinstance(at.layer, DepthwiseConv) else at.layer.groups
    return any(needs) * at.macs, trains * at.macs * int(groups)


def dense_gradients(at: At, needs: Needs, trains: bool) -> Gradients:
    return any(needs) * at.macs, trains * at.macs


def product_gradients(at: At, needs: Needs, _: bool) -> Gradients:
    return sum(needs) * at.macs, 0


def recurrent_gradients(at: At, needs: Needs, trains: bool) -> Gradients:
    """The states before the first position need no gradient, nor may the input."""
    layer, (length, features) = at.layer, at.shape
    rows = layer._gates * layer.hidden_size * layer._directions
    inside = at.macs - length * rows * features
    first = rows * (layer._projected or layer.hidden_size) * layer.num_layers
    inputs = inside - first + any(needs) * length * rows * features
    return (trains or any(needs)) * inputs, trains * at.macs


def conv_lstm_gradients(at: At, needs: Needs, trains: bool) -> Gradients:
    channels, out_channels = at.c, at.layer.out_channels
    of_input = at.macs * channels // (channels + out_channels)
    inside = at.macs - of_input
    inputs = inside - inside // at.shape[0] + any(needs) * of_input
    return (trains or any(needs)) * inputs, trains * at.macs


def attention_gradients(at: At, needs: Needs, trains: bool) -> Gradients:
    """Each of two products has two factors; each projection an input."""
    layer, length, keys = at.layer, at.shape[0], at.keys
    heads, groups, head_dim, value_dim = layer._heads()
    embed_dim, kdim, vdim = layer._dims()
    query, key, value = needs[0], needs[min(1, len(needs) - 1)], needs[-1]
    inputs = query * length * embed_dim * heads * head_dim
    inputs += key * keys * kdim * groups * head_dim + value * keys * vdim * groups * value_dim
    scores = length * (keys + layer.add_bias_kv) * heads
    inputs += scores * head_dim * ((trains or query) + (trains or key))
    inputs += scores * value_dim * ((trains or query or key) + (trains or value))
    inputs += (trains or any(needs)) * length * embed_dim * heads * value_dim
    return int(inputs), trains * (at.macs - at.products)


GRADIENTS: dict[Kinds, Callable[[At, Needs, bool], Gradients]] = {
    (*CONVS, *TRANSPOSED): conv_gradients,
    (Dense, Layer): dense_gradients,
    (MatMul,): product_gradients,
    RECURRENT: recurrent_gradients,
    CONV_LSTMS: conv_lstm_gradients,
    (MultiheadAttention,): attention_gradients,
}
"""Of all layers whose multiply-accumulates a tool with a backward pass counts."""


def gradients_of(steps: Sequence[Step]) -> list[Gradients]:
    """The multiply-accumulates of the backward pass at each step.

    Weights that are frozen need no gradient, nor what comes before the first that are not.
    """
    count_of = {kind: count for kinds, count in GRADIENTS.items() for kind in kinds}
    reached: list[bool] = []
    found: list[Gradients] = []
    for step in steps:
        needs = tuple([at >= 0 and reached[at] for at in step.inputs])
        trains = any(one.trainable for one in step._tensors)
        reached.append(trains or any(needs))
        one, times = at_a_position(step)
        count = count_of.get(class_of(one.layer))
        inputs, weights = count(At(one), needs, trains) if count else (0, 0)
        found.append((times * inputs, times * weights))
    return found

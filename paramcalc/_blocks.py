"""Layers that are made of layers and answer like the network inside."""

from __future__ import annotations

from dataclasses import KW_ONLY

from paramcalc._branches import Add
from paramcalc._network import Network, Sequential
from paramcalc.errors import join_path
from paramcalc.layers._base import Layer, Networks, Nodes, Parameter, Shape
from paramcalc.layers._fields import count, flag, layer
from paramcalc.layers.activation import Activation, Identity
from paramcalc.layers.attention import MultiheadAttention
from paramcalc.layers.dense import Dense
from paramcalc.layers.norm import LayerNorm


@layer
class TransformerEncoderLayer(Network):
    """A layer of a transformer's encoder.

    It has attention, two dense layers and two normalizations.

    `(4·E² + 4·E) + (E + 1)·F + (F + 1)·E + 2·2·E` parameters, with E for d_model and F for
    dim_feedforward. Input and output are (length, features). A trace has a step per layer
    inside, under torch's names.

    Args:
        d_model: features of the input and of the output.
        nhead: heads of the attention, which divide the features.
        dim_feedforward: features between the two dense layers.
        bias: whether dense layers, projections, and normalizations have biases.

    Source:
        torch 2.13 `torch.nn.TransformerEncoderLayer`; `norm_first` changes nothing here.

    Example:
        >>> layer = TransformerEncoderLayer(512, 8)
        >>> layer.output_shape((100, 512)), layer.num_params()
        ((100, 512), 3152384)
    """

    d_model: int = count("E", states="features")
    nhead: int = count()
    dim_feedforward: int = count("F", default=2048)
    _: KW_ONLY
    bias: bool = flag(default=True)

    def _check(self) -> None:
        self._check_divides("nhead", "d_model")
        self._measure([Add(Identity(), Identity()), *[Identity()] * 6])

    def _made(self) -> tuple[Layer, Layer, Layer, Layer]:
        """The attention, the two dense layers, and the normalization, which is used twice."""
        features, inner, bias = self.d_model, self.dim_feedforward, self.bias
        attention = MultiheadAttention(features, self.nhead, bias=bias)
        widen, narrow = Dense(features, inner, bias), Dense(inner, features, bias)
        return attention, widen, narrow, LayerNorm(features, bias=bias)

    def _write(self, nodes: Nodes, networks: Networks, path: str, *sources: int) -> int:
        networks[path] = self
        attention, widen, narrow, norm = self._made()

        def add(name: str, one: Layer, *inputs: int) -> int:
            nodes.append((join_path(path, name), one, inputs[-1], inputs))
            return len(nodes) - 1

        residual = Add(Identity(), Identity())
        attended = add("self_attn", attention, *sources)
        normed = add("norm1", norm, add("add1", residual, attended, *sources))
        widened = add("linear1", widen, normed)
        active = add("relu", Activation("relu"), widened)
        last = add("linear2", narrow, active)
        return add("norm2", norm, add("add2", residual, last, normed))

    def _inside(self) -> Layer:
        attention, widen, narrow, norm = self._made()
        forward = Sequential(widen, Activation("relu"), narrow)
        return Sequential(Add(attention, Identity()), norm, Add(forward, Identity()), norm)

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        """In torch's order, not in the order of use."""
        parts = "self_attn", "linear1", "linear2", "norm1", "norm2"
        tensors = Network._tensors(self, shape)
        return tuple(sorted(tensors, key=lambda one: parts.index(one.name.partition(".")[0])))

"""Layers that are made of layers and answer like the network inside."""

from __future__ import annotations

from dataclasses import KW_ONLY, replace
from typing import Any, ClassVar

from paramcalc._branches import Add
from paramcalc._graph import Graph, Named
from paramcalc._network import Network, Sequential
from paramcalc.errors import join_path
from paramcalc.layers import _fields
from paramcalc.layers._base import Layer, Networks, Nodes, Parameter, Shape
from paramcalc.layers._fields import Axes, DataFormat, GivenPadding, Padding, count, flag, layer
from paramcalc.layers.activation import Activation, Identity
from paramcalc.layers.attention import MultiheadAttention
from paramcalc.layers.conv import Conv1d, Conv2d
from paramcalc.layers.dense import Dense
from paramcalc.layers.keras_conv import DepthwiseConv1d, DepthwiseConv2d
from paramcalc.layers.norm import LayerNorm

RESIDUAL = Add(Identity(), Identity())
"""A sum of two nodes. Unlike `Add()`, the step can be asked for its output alone."""


@layer
class TransformerLayer(Network):
    """Attention and two dense layers, each added to what it reads, and normalized."""

    d_model: int = count("E", states="features")
    nhead: int = count()
    dim_feedforward: int = count("F", default=2048)
    _: KW_ONLY
    bias: bool = flag(default=True)

    _rows: ClassVar[tuple[tuple[str, ...], ...]]
    """The names of the layers between one normalization and the next."""

    def _check(self) -> None:
        self._check_divides("nhead", "d_model")
        number = sum([len(row) + 1 for row in self._rows])
        self._measure([RESIDUAL, *[Identity()] * number])  # To make `_nodes` takes longer.

    def _nodes(self) -> Named:
        """The name of each layer, itself, and the names of what it reads."""
        features, inner, bias = self.d_model, self.dim_feedforward, self.bias
        attention = MultiheadAttention(features, self.nhead, bias=bias)
        layers = {
            "self_attn": attention,
            "multihead_attn": attention,
            "linear1": Dense(features, inner, bias),
            "relu": Activation("relu"),
            "linear2": Dense(inner, features, bias),
        }
        norm = LayerNorm(features, bias=bias)
        nodes: list[tuple[str, Layer, tuple[str, ...]]] = []
        start, *memory = self._input_names
        for number, row in enumerate(self._rows, 1):
            end = start
            for name in row:
                reads = (end, *memory) if name == "multihead_attn" else (end,)
                nodes.append((name, layers[name], reads))
                end = name
            nodes.append((f"add{number}", RESIDUAL, (end, start)))
            nodes.append((f"norm{number}", norm, (f"add{number}",)))
            start = f"norm{number}"
        return tuple(nodes)

    def _write(self, nodes: Nodes, networks: Networks, path: str, *sources: int) -> int:
        networks[path] = self
        places = dict(zip(self._input_names, sources, strict=True))
        for name, one, reads in self._nodes():
            inputs = tuple([places[at] for at in reads])
            nodes.append((join_path(path, name), one, inputs[0], inputs))
            places[name] = len(nodes) - 1
        return len(nodes) - 1

    def _inside(self) -> Layer:
        nodes = {
            name: (Add() if one is RESIDUAL else one, *reads) for name, one, reads in self._nodes()
        }
        return Graph(dict.fromkeys(self._input_names, (1, self.d_model)), [*nodes][-1], nodes)

    def _tensors(self, shape: Shape | None) -> tuple[Parameter, ...]:
        """In torch's order: the normalizations are last."""
        tensors = Network._tensors(self, shape)
        return tuple(sorted(tensors, key=lambda one: one.name.startswith("norm")))


class TransformerEncoderLayer(TransformerLayer):
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

    __slots__ = ()
    _rows = ("self_attn",), ("linear1", "relu", "linear2")


class TransformerDecoderLayer(TransformerLayer):
    """A layer of a transformer's decoder, of two sequences.

    It has attention of the target, attention from the target to the memory, which is the output of
    an encoder, two dense layers and three normalizations.

    `2·(4·E² + 4·E) + (E + 1)·F + (F + 1)·E + 3·2·E` parameters. Both sequences are
    (length, features), of the same features; the output is as long as the target. In a `Graph` it
    is called on both: `layer(tgt, memory)`. Asked alone, `input_shape` is a dict of both. Otherwise
    it is as `TransformerEncoderLayer`.

    Source:
        torch 2.13 `torch.nn.TransformerDecoderLayer`; masks and `norm_first` change nothing here.

    Example:
        >>> layer = TransformerDecoderLayer(512, 8)
        >>> layer.output_shape({"tgt": (20, 512), "memory": (100, 512)}), layer.num_params()
        ((20, 512), 4204032)
    """

    __slots__ = ()
    _input_names = "tgt", "memory"
    _arity = 2, 2
    _is_merge = True
    _rows = ("self_attn",), ("multihead_attn",), ("linear1", "relu", "linear2")


@layer
class SeparableConv(Network):
    """A depthwise convolution, and a pointwise one that mixes its channels."""

    out_channels: int = _fields.count("C_out")
    kernel_size: tuple[int, ...] = _fields.per_axis("k")
    stride: tuple[int, ...] = _fields.per_axis("s")
    padding: Padding = _fields.padding()
    dilation: tuple[int, ...] = _fields.per_axis("d")
    depth_multiplier: int = _fields.count("m")
    bias: bool = _fields.flag()
    _: KW_ONLY
    data_format: DataFormat | None = _fields.data_format()

    _paddings = ("same", "valid")
    _convs: ClassVar[tuple[Any, Any]]
    """The classes of the two convolutions."""

    def __init__(
        self,
        out_channels: int,
        kernel_size: Axes,
        stride: Axes = 1,
        padding: GivenPadding = 0,
        dilation: Axes = 1,
        depth_multiplier: int = 1,
        bias: bool = True,
        *,
        data_format: DataFormat | None = None,
    ) -> None:
        windows = kernel_size, stride, padding, dilation
        self._set(out_channels, *windows, depth_multiplier, bias, data_format)

    def _check(self) -> None:
        self._measure([Identity(), Identity()])

    def _inside(self) -> Layer:
        depthwise, pointwise = self._convs
        last = {"data_format": self.data_format}
        windows = self.kernel_size, self.stride, self.padding
        return Sequential(
            depthwise=depthwise(*windows, self.depth_multiplier, self.dilation, False, **last),
            pointwise=pointwise(None, self.out_channels, 1, bias=self.bias, **last),
        )

    def _write(self, nodes: Nodes, networks: Networks, path: str, *sources: int) -> int:
        end = self._inside()._write(nodes, networks, path, *sources)
        networks[path] = self
        return end

    def _with_format(self, data_format: DataFormat) -> Layer:
        return self if self.data_format else replace(self, data_format=data_format)


class SeparableConv1d(SeparableConv):
    """A depthwise-separable convolution along one axis: (channels, length).

    Otherwise as `SeparableConv2d`.

    Example:
        >>> conv = SeparableConv1d(64, 5, padding="same")
        >>> conv.output_shape((32, 100)), conv.num_params((32, 100))
        ((64, 100), 2272)
    """

    __slots__ = ()
    _rank = 1
    _convs = DepthwiseConv1d, Conv1d


class SeparableConv2d(SeparableConv):
    """A depthwise-separable convolution over an image.

    A depthwise convolution without bias, then one of size 1. With C channels of the input there are
    `k_h·k_w·C·m + (C·m + 1)·C_out` parameters. A trace has a step for each of the two.

    Args:
        out_channels: channels of the output.
        kernel_size: taps of the depthwise convolution; stride, padding and dilation are its own,
            too: see `Conv2d`.
        depth_multiplier: filters per channel of the input, m.
        bias: whether each output channel has a bias.

    Source:
        Keras 3 `SeparableConv2D`, with weights as of torch 2.13 `torch.nn.Conv2d`.

    Example:
        >>> conv = SeparableConv2d(64, 3, padding="same")
        >>> conv.output_shape((32, 28, 28)), conv.num_params((32, 28, 28))
        ((64, 28, 28), 2400)
        >>> [(tensor.name, tensor.shape) for tensor in conv.parameters((32, 28, 28))][:2]
        [('depthwise.weight', (32, 1, 3, 3)), ('pointwise.weight', (64, 32, 1, 1))]
    """

    __slots__ = ()
    _rank = 2
    _convs = DepthwiseConv2d, Conv2d

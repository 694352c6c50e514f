"""Layers that are made of layers and answer like the network inside."""

from __future__ import annotations

from dataclasses import KW_ONLY, replace
from typing import Any, ClassVar

from paramcalc._branches import Add
from paramcalc._network import Network, Sequential
from paramcalc.errors import join_path
from paramcalc.layers import _fields
from paramcalc.layers._base import Layer, Networks, Nodes, Parameter, Shape
from paramcalc.layers._fields import Axes, GivenPadding, Padding, count, flag, layer
from paramcalc.layers.activation import Activation, Identity
from paramcalc.layers.attention import MultiheadAttention
from paramcalc.layers.conv import Conv1d, Conv2d
from paramcalc.layers.dense import Dense
from paramcalc.layers.keras_conv import DepthwiseConv1d, DepthwiseConv2d
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
    data_format: str | None = _fields.data_format()

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
        data_format: str | None = None,
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

    def _with_format(self, data_format: str) -> Layer:
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

"""The exact words of every refusal of a layer or network that cannot be made."""

# ruff: noqa: E501  # a case a line

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from layers import ROWS
from networks import Scale

import paramcalc as pc

if TYPE_CHECKING:
    from rows import Row

HUGE = 2**63


class Wrong(pc.Layer):
    """A layer of one's own whose tensors are none."""

    def parameters(self, input_shape: pc.Shape | None = None) -> Any:
        return 7


def sequential(*layers: Any, **parts: Any) -> pc.Sequential:
    return pc.Sequential(*layers, **parts)


def make(layer: Callable[..., object], *args: Any, **kwargs: Any) -> Callable[[], object]:
    return lambda: layer(*args, **kwargs)


CONFIG = [
    (make(pc.Conv2d, 64, 64, 3, groups=3), "Conv2d: groups must divide in_channels, got groups=3, in_channels=64"),
    (make(pc.Conv2d, 3, 64, 3, groups=2), "Conv2d: groups must divide in_channels, got groups=2, in_channels=3"),
    (make(pc.Conv2d, 3, 64, 3, groups=3), "Conv2d: groups must divide out_channels, got groups=3, out_channels=64"),
    (make(pc.Conv2d, 3, 5, (3, 0)), "Conv2d: kernel_size must be at least 1 on every axis, got (3, 0)"),
    (make(pc.Conv2d, 3, 5, -1), "Conv2d: kernel_size must be at least 1 on every axis, got -1"),
    (make(pc.Conv2d, 3, 5, (3, 3, 3)), "Conv2d: kernel_size must have 2 entries, one for each axis, got (3, 3, 3)"),
    (make(pc.Conv1d, 3, 5, (3, 3)), "Conv1d: kernel_size must have 1 entry, for the only axis, got (3, 3)"),
    (make(pc.Conv3d, 3, 5, ()), "Conv3d: kernel_size must have 3 entries, one for each axis, got ()"),
    (make(pc.Conv2d, 0, 5, 3), "Conv2d: in_channels must be at least 1, got 0"),
    (make(pc.Conv2d, 3, 0, 3), "Conv2d: out_channels must be at least 1, got 0"),
    (make(pc.Conv2d, 3, 5, 3, stride=0), "Conv2d: stride must be at least 1 on every axis, got 0"),
    (make(pc.Conv2d, 3, 5, 3, dilation=(1, 0)), "Conv2d: dilation must be at least 1 on every axis, got (1, 0)"),
    (make(pc.Conv2d, 3, 5, 3, groups=0), "Conv2d: groups must be at least 1, got 0"),
    (make(pc.Conv2d, 3, 5, 3, padding=-1), "Conv2d: padding must be at least 0 on every axis, got -1"),
    (make(pc.Conv2d, 3, 5, 3, padding="full"), "Conv2d: padding must be 'same' or 'valid', got 'full'"),
    (make(pc.Conv2d, 3, 5, 3, padding="causal"), "Conv2d: padding 'causal' is for Conv1d alone"),
    (make(pc.ConvTranspose1d, 3, 5, 3, padding="causal"), "ConvTranspose1d: padding 'causal' is for Conv1d alone"),
    (make(pc.Pool, 3, padding="causal"), "Pool: padding 'causal' is for Conv1d alone"),
    (make(pc.Conv1d, 3, 5, 3, padding="full"), "Conv1d: padding must be 'same' or 'valid' or 'causal', got 'full'"),
    (make(pc.Conv2d, 3, 5, 3, padding=((0, 1), (0, -1))), "Conv2d: padding must be at least 0 on every side, got ((0, 1), (0, -1))"),
    (make(pc.Conv2d, 3, 5, 3, padding=((0, 1),)), "Conv2d: padding must have 2 entries, one for each axis, got ((0, 1),)"),
    (make(pc.Conv2d, 3, 5, 3, data_format="NCHW"), "Conv2d: data_format must be 'channels_first' or 'channels_last', got 'NCHW'"),
    (make(pc.Conv2d, HUGE, 5, 3), "Conv2d: in_channels must be at most 2**63 - 1, got 9223372036854775808"),
    (make(pc.Dense, 0, 5), "Dense: in_features must be at least 1, got 0"),
    (make(pc.Dense, 5, 0), "Dense: out_features must be at least 1, got 0"),
    (make(pc.BatchNorm, 0), "BatchNorm: num_features must be at least 1, got 0"),
    (make(pc.Pool, 0), "Pool: kernel_size must be at least 1 on every axis, got 0"),
    (make(pc.Pool, ()), "Pool: kernel_size must have 1 entry, for the only axis, got ()"),
    (make(pc.Pool, 2, (2, 2), ((0, 1),)), "Pool: padding must have 2 entries, one for each axis, got ((0, 1),)"),
    (make(pc.Pool, 3, padding=2), "Pool: padding must be at most half of kernel_size, got padding=2, kernel_size=3"),
    (make(pc.Pool, 3, padding=((0, 1), (2, 0))), "Pool: padding must be at most half of kernel_size, got padding=((0, 1), (2, 0)), kernel_size=3"),
    (make(pc.Pool, 2, mode="min"), "Pool: mode must be 'max' or 'avg', got 'min'"),
    (make(pc.Flatten, 1, 0), "Flatten: end_dim must not be before start_dim, got start_dim=1, end_dim=0"),
    (make(pc.Flatten, -1, -2), "Flatten: end_dim must not be before start_dim, got start_dim=-1, end_dim=-2"),
    (make(pc.Input, shape=()), "Input: shape must have at least one axis, got ()"),
    (make(pc.Input, ()), "Input: shape must have at least one axis, got ()"),
    (make(pc.Input, 1, 0, 28), "Input: shape must be at least 1 on every axis, got (1, 0, 28)"),
    (make(pc.Dropout, 1.5), "Dropout: p must be from 0 to 1, got 1.5"),
    (make(pc.Dropout, float("nan")), "Dropout: p must be from 0 to 1, got nan"),
    (make(pc.Parameter, "weight", (3, 0)), "Parameter: shape must be at least 1 on every axis, got (3, 0)"),
    (make(pc.Sequential, **{"my layer": pc.Flatten()}), "Sequential: a name must be a Python identifier, got 'my layer'"),
    (make(pc.Sequential, **{"class": pc.Flatten()}), "Sequential: a name must be a Python identifier, got 'class'"),
    (make(sequential, layers=(pc.Flatten(),), names=("__debug__",)), "Sequential: a name must be a Python identifier, got '__debug__'"),
    (make(sequential, layers=(pc.Flatten(),), names=("\ufb01",)), "Sequential: a name must be a Python identifier, got '\ufb01'"),
    (make(sequential, layers=(pc.Flatten(),), names=("a", "b")), "Sequential: each layer needs its own name, got 1 layer and names ('a', 'b')"),
    (make(sequential, layers=(pc.Flatten(),) * 2, names=("a", "a")), "Sequential: each layer needs its own name, got 2 layers and names ('a', 'a')"),
    (make(pc.ConvTranspose2d, 4, 6, 3, groups=4), "ConvTranspose2d: groups must divide out_channels, got groups=4, out_channels=6"),
    (make(pc.ConvTranspose2d, 3, 6, 3, groups=2), "ConvTranspose2d: groups must divide in_channels, got groups=2, in_channels=3"),
    (make(pc.ConvTranspose2d, 3, 5, 3, 2, output_padding=2), "ConvTranspose2d: output_padding must be less than stride or dilation, got output_padding=2, stride=2, dilation=1"),
    (make(pc.ConvTranspose2d, 3, 5, 3, (1, 2), output_padding=(1, 0)), "ConvTranspose2d: output_padding must be less than stride or dilation, got output_padding=(1, 0), stride=(1, 2), dilation=1"),
    (make(pc.ConvTranspose2d, 3, 5, 3, 2, padding="same", output_padding=1), "ConvTranspose2d: output_padding must be 0 where padding is 'same', got 1"),
    (make(pc.ConvTranspose1d, 3, 5, 3, output_padding=-1), "ConvTranspose1d: output_padding must be at least 0 on every axis, got -1"),
    (make(pc.GroupNorm, 3, 64), "GroupNorm: num_groups must divide num_channels, got num_groups=3, num_channels=64"),
    (make(pc.GroupNorm, 0, 64), "GroupNorm: num_groups must be at least 1, got 0"),
    (make(pc.LayerNorm, 0), "LayerNorm: normalized_shape must be at least 1 on every axis, got 0"),
    (make(pc.LayerNorm, (3, 0)), "LayerNorm: normalized_shape must be at least 1 on every axis, got (3, 0)"),
    (make(pc.LayerNorm, ()), "LayerNorm: normalized_shape must have at least one axis, got ()"),
    (make(pc.RMSNorm, ()), "RMSNorm: normalized_shape must have at least one axis, got ()"),
    (make(pc.InstanceNorm, 0), "InstanceNorm: num_features must be at least 1, got 0"),
    (make(pc.PReLU, 0), "PReLU: num_parameters must be at least 1, got 0"),
    (make(pc.Scale, (3, 0)), "Scale: shape must be at least 1 on every axis, got (3, 0)"),
    (make(pc.PReLU, 4, shared_axes=(1, 2)), "PReLU: give either num_parameters or shared_axes, got num_parameters=4, shared_axes=(1, 2)"),
    (make(pc.GlobalPool, mode="min"), "GlobalPool: mode must be 'max' or 'avg', got 'min'"),
    (make(pc.AdaptivePool, 0), "AdaptivePool: output_size must be at least 1 on every axis, got 0"),
    (make(pc.AdaptivePool, ()), "AdaptivePool: output_size must have at least one entry, got ()"),
    (make(pc.AdaptivePool, (7, 0)), "AdaptivePool: output_size must be at least 1, got 0"),
    (make(pc.Pad, -1), "Pad: padding must be at least 0 on every axis, got -1"),
    (make(pc.Pad, ((0, -1),)), "Pad: padding must be at least 0 on every side, got ((0, -1),)"),
    (make(pc.Pad, ()), "Pad: padding must have 1 entry, for the only axis, got ()"),
    (make(pc.Pad, 1, "mirror"), "Pad: mode must be 'constant' or 'reflect' or 'replicate' or 'circular', got 'mirror'"),
    (make(pc.Crop, (1, -1)), "Crop: cropping must be at least 0 on every axis, got (1, -1)"),
    (make(pc.Crop, ()), "Crop: cropping must have 1 entry, for the only axis, got ()"),
    (make(pc.CenterCrop, 0), "CenterCrop: size must be at least 1 on every axis, got 0"),
    (make(pc.Upsample, 0), "Upsample: size must be at least 1 on every axis, got 0"),
    (make(pc.Upsample), "Upsample: give either size or scale_factor, got size=None, scale_factor=None"),
    (make(pc.Upsample, 4, 2), "Upsample: give either size or scale_factor, got size=4, scale_factor=2"),
    (make(pc.Upsample, scale_factor=(2, 0)), "Upsample: scale_factor must be above 0 and at most 2**63 - 1, got (2, 0)"),
    (make(pc.Upsample, scale_factor=-0.5), "Upsample: scale_factor must be above 0 and at most 2**63 - 1, got -0.5"),
    (make(pc.Upsample, scale_factor=float("nan")), "Upsample: scale_factor must be above 0 and at most 2**63 - 1, got nan"),
    (make(pc.Upsample, scale_factor=(1.5, 1e19)), "Upsample: scale_factor must be above 0 and at most 2**63 - 1, got (1.5, 1e+19)"),
    (make(pc.Upsample, scale_factor=()), "Upsample: scale_factor must have 1 entry, for the only axis, got ()"),
    (make(pc.Upsample, (2, 2), mode="linear"), "Upsample: size must have 1 entry in mode 'linear', got (2, 2)"),
    (make(pc.Upsample, scale_factor=(2,), mode="bilinear"), "Upsample: scale_factor must have 2 entries in mode 'bilinear', got (2,)"),
    (make(pc.Upsample, 2, mode="cubic"), "Upsample: mode must be 'nearest' or 'nearest-exact' or 'linear' or 'bilinear' or 'bicubic' or 'trilinear', got 'cubic'"),
    (make(pc.PixelShuffle, 0), "PixelShuffle: upscale_factor must be at least 1, got 0"),
    (make(pc.PixelUnshuffle, -1), "PixelUnshuffle: downscale_factor must be at least 1, got -1"),
    (make(pc.Reshape, ()), "Reshape: target_shape must have at least one axis, got ()"),
    (make(pc.Reshape, (3, 0)), "Reshape: target_shape must be at least 1 on every axis, or -1 on one, got (3, 0)"),
    (make(pc.Reshape, (-1, 3, -1)), "Reshape: target_shape must be at least 1 on every axis, or -1 on one, got (-1, 3, -1)"),
    (make(pc.Reshape, (3, -2)), "Reshape: target_shape must be at least 1 on every axis, or -1 on one, got (3, -2)"),
    (make(pc.Permute, ()), "Permute: dims must have at least one axis, got ()"),
    (make(pc.Permute, (1, 2)), "Permute: dims must name each of the axes 0 to 1 once, got (1, 2)"),
    (make(pc.Permute, (0, -2)), "Permute: dims must name each of the axes 0 to 1 once, got (0, -2)"),
    (make(pc.Slice, 3, 3), "Slice: stop must be greater than start, got start=3, stop=3"),
    (make(pc.Slice, 0, 0), "Slice: stop must be greater than start, got start=0, stop=0"),
    (make(pc.Slice, -1, -2), "Slice: stop must be greater than start, got start=-1, stop=-2"),
    (make(pc.Slice, -1, 0), "Slice: stop must count from the end if start does, got start=-1, stop=0"),
    (make(pc.LocallyConnected2d, 5, 0), "LocallyConnected2d: kernel_size must be at least 1 on every axis, got 0"),
    (make(pc.DepthwiseConv2d, 3, depth_multiplier=0), "DepthwiseConv2d: depth_multiplier must be at least 1, got 0"),
    (make(pc.SeparableConv1d, 5, (3, 3)), "SeparableConv1d: kernel_size must have 1 entry, for the only axis, got (3, 3)"),
    (make(pc.RepeatVector, 0), "RepeatVector: n must be at least 1, got 0"),
    (make(pc.Embedding, 0, 3), "Embedding: num_embeddings must be at least 1, got 0"),
    (make(pc.Embedding, 3, 0), "Embedding: embedding_dim must be at least 1, got 0"),
    (make(pc.RNN, 0, 3), "RNN: input_size must be at least 1, got 0"),
    (make(pc.GRU, 3, 0), "GRU: hidden_size must be at least 1, got 0"),
    (make(pc.LSTM, 3, 4, 10**9), "LSTM: num_layers must be at most 10,000, got 1000000000"),
    (make(pc.LSTM, 3, 4, 0), "LSTM: num_layers must be at least 1, got 0"),
    (make(pc.LSTM, 3, 4, proj_size=4), "LSTM: proj_size must be at least 0 and less than hidden_size, got proj_size=4, hidden_size=4"),
    (make(pc.LSTM, 3, 4, proj_size=-1), "LSTM: proj_size must be at least 0 and less than hidden_size, got proj_size=-1, hidden_size=4"),
    (make(pc.MultiheadAttention, 10, 3), "MultiheadAttention: num_heads must divide embed_dim, got num_heads=3, embed_dim=10"),
    (make(pc.MultiheadAttention, 12, 6, num_kv_heads=4), "MultiheadAttention: num_kv_heads must divide num_heads, got num_kv_heads=4, num_heads=6"),
    (make(pc.MultiheadAttention, 12, 6, head_dim=0), "MultiheadAttention: head_dim must be at least 1, got 0"),
    (make(pc.MultiheadAttention, 12, 5, value_dim=2), "MultiheadAttention: num_heads must divide embed_dim, got num_heads=5, embed_dim=12"),
    (make(pc.MultiheadAttention, 12, 6, num_kv_heads=2, add_bias_kv=True), "MultiheadAttention: add_bias_kv does not go with num_kv_heads, head_dim or value_dim"),
    (make(pc.MultiheadAttention, 10, 5, kdim=0), "MultiheadAttention: kdim must be at least 1, got 0"),
    (make(pc.TransformerEncoderLayer, 10, 3), "TransformerEncoderLayer: nhead must divide d_model, got nhead=3, d_model=10"),
    (make(pc.TransformerEncoderLayer, 10, 5, 0), "TransformerEncoderLayer: dim_feedforward must be at least 1, got 0"),
    (make(pc.Sequential, pc.Add()), "Sequential: [0] must have one input and one output, as in Add(Identity(), ...), or be in a Graph, got Add of 0 layers"),
    (make(pc.Concat, a=pc.MatMul()), "Concat: a must have one input and one output, or be in a Graph, got MatMul()"),
    (make(pc.Concat, layers=[pc.Identity()], names=["dim"]), "Concat: a name must not be that of an option, got 'dim'"),
    (make(pc.Add, **{"my branch": pc.Identity()}), "Add: a name must be a Python identifier, got 'my branch'"),
]  # fmt: skip

TYPES = [
    (make(pc.Conv2d, 3, 5, 3.0), "Conv2d: kernel_size must be an int or a tuple of ints, got 3.0"),
    (make(pc.Conv2d, 3, 5, (3, True)), "Conv2d: kernel_size must be an int or a tuple of ints, got (3, True)"),
    (make(pc.Conv2d, 3, 5, {3}), "Conv2d: kernel_size must be an int or a tuple of ints, got {3}"),
    (make(pc.Conv2d, 3.0, 5, 3), "Conv2d: in_channels must be an int, got 3.0"),
    (make(pc.Conv2d, 3, None, 3), "Conv2d: out_channels must be an int, got None"),
    (make(pc.Conv2d, 3, "5", 3), "Conv2d: out_channels must be an int, got '5'"),
    (make(pc.Conv2d, 3, 5, 3, bias=1), "Conv2d: bias must be True or False, got 1"),
    (make(pc.Conv2d, 3, 5, 3, padding=1.5), "Conv2d: padding must be an int, 'same', 'valid', a tuple of ints, or a tuple of pairs (before, after), one for each axis, got 1.5"),
    (make(pc.Conv1d, 3, 5, 3, padding=1.5), "Conv1d: padding must be an int, 'same', 'valid', 'causal', a tuple of ints, or a tuple of pairs (before, after), one for each axis, got 1.5"),
    (make(pc.Conv2d, 3, 5, 3, padding=((0, 1), 1)), "Conv2d: padding must be an int, 'same', 'valid', a tuple of ints, or a tuple of pairs (before, after), one for each axis, got ((0, 1), 1)"),
    (make(pc.Conv2d, 3, 5, 3, padding=((0, 1), (1,))), "Conv2d: padding must be an int, 'same', 'valid', a tuple of ints, or a tuple of pairs (before, after), one for each axis, got ((0, 1), (1,))"),
    (make(pc.Conv2d, 3, 5, 3, padding=((0, 1), (1, 1.0))), "Conv2d: padding must be an int, 'same', 'valid', a tuple of ints, or a tuple of pairs (before, after), one for each axis, got ((0, 1), (1, 1.0))"),
    (make(pc.Conv2d, 3, 5, 3, data_format=1), "Conv2d: data_format must be 'channels_first' or 'channels_last', got 1"),
    (make(pc.Dense, 3, 5, "yes"), "Dense: bias must be True or False, got 'yes'"),
    (make(pc.BatchNorm, 3, 1e-5), "BatchNorm: affine must be True or False, got 1e-05"),
    (make(pc.Pool, "2"), "Pool: kernel_size must be an int or a tuple of ints, got '2'"),
    (make(pc.Pool, 2, ceil_mode=None), "Pool: ceil_mode must be True or False, got None"),
    (make(pc.Flatten, 1.0), "Flatten: start_dim must be an int, got 1.0"),
    (make(pc.Input), "Input: give the length of each axis, Input(1, 28, 28), or shape="),
    (make(pc.Input, 1, shape=(1,)), "Input: give the length of each axis, Input(1, 28, 28), or shape="),
    (make(pc.Input, (1, 28), 28), "Input: shape must be a tuple of ints, got ((1, 28), 28)"),
    (make(pc.Input, shape=28), "Input: shape must be a tuple of ints, got 28"),
    (make(pc.Activation, None), "Activation: name must be a str, got None"),
    (make(pc.Dropout, "0.5"), "Dropout: p must be a number, got '0.5'"),
    (make(pc.Dropout, True), "Dropout: p must be a number, got True"),
    (make(pc.Parameter, 1, (3,)), "Parameter: name must be a str, got 1"),
    (make(pc.Parameter, "weight", 3), "Parameter: shape must be a tuple of ints, got 3"),
    (make(pc.Parameter, "weight", (3,), 1), "Parameter: trainable must be True or False, got 1"),
    (make(pc.Sequential, "relu"), "Sequential: [0] must be a Layer, got 'relu'"),
    (make(pc.Sequential, pc.Flatten(), pc.Flatten), "Sequential: [1] must be a Layer, got <class 'paramcalc.layers.reshape.Flatten'>; call it: Flatten(...)"),
    (make(sequential, head=None), "Sequential: head must be a Layer, got None"),
    (make(sequential, pc.Flatten(), head=pc.Flatten()), "Sequential: give layers with names or without, not both"),
    (make(pc.trace, "net"), "trace: network must be a Layer, got 'net'"),
    (make(pc.trace, pc.Flatten(), 3), "Flatten: input_shape must be a tuple of ints, got 3"),
    (make(pc.Flatten().output_shape, "abc"), "Flatten: input_shape must be a tuple of ints, got 'abc'"),
    (make(pc.Flatten().output_shape, (1, 2.0)), "Flatten: input_shape must be a tuple of ints, got (1, 2.0)"),
    (make(pc.Flatten().num_params, (1, True)), "Flatten: input_shape must be a tuple of ints, got (1, True)"),
    (make(pc.Layer().output_shape, (1,)), "Layer: a layer must define output_shape"),
    (make(pc.Sequential(Scale(output_shape=7)).output_shape, (1,)), "Scale: output_shape() must be a tuple of ints, got 7"),
    (make(pc.Sequential(Scale(parameters=[1])).parameters, (1,)), "Scale: parameters() must be a tuple of Parameter, got [1]"),
    (make(pc.Sequential(Scale(parameters=None)).parameters), "Scale: parameters() must be a tuple of Parameter, got None"),
    (make(Wrong().num_params, (1,)), "Wrong: parameters() must be a tuple of Parameter, got 7"),
    (make(pc.Sequential(Scale(num_params=1.0)).num_params, (1,)), "Scale: num_params() must be an int, got 1.0"),
    (make(pc.Sequential(Scale(num_macs="1")).num_macs, (1,)), "Scale: num_macs() must be an int, got '1'"),
    (make(type, "Own", (pc.Conv2d,), {}), "Own: Conv2d cannot be subclassed; write a function that returns one, or a subclass of Layer"),
    (make(type, "Block", (pc.Sequential,), {}), "Block: Sequential cannot be subclassed; write a function that returns one, or a subclass of Layer"),
    (make(pc.Sequential, {"a": pc.Flatten()}), "Sequential: [0] must be a Layer, got {'a': Flatten()}; give names as keywords: Sequential(**parts)"),
    (make(pc.Sequential, int), "Sequential: [0] must be a Layer, got <class 'int'>"),
    (make(sequential, layers=(pc.Flatten(),), names=(1,)), "Sequential: a name must be a str, got 1"),
    (make(pc.Dense, 3, pc.Sequential(pc.Flatten())), "Dense: out_features must be an int, got Sequential of 1 layer"),
    (make(pc.ConvTranspose2d, 3, 5, 3, output_padding=0.5), "ConvTranspose2d: output_padding must be an int or a tuple of ints, got 0.5"),
    (make(pc.GroupNorm, 2.0, 4), "GroupNorm: num_groups must be an int, got 2.0"),
    (make(pc.GroupNorm, 2, 4, 1e-5), "GroupNorm: affine must be True or False, got 1e-05"),
    (make(pc.LayerNorm, 3.0), "LayerNorm: normalized_shape must be an int or a tuple of ints, got 3.0"),
    (make(pc.LayerNorm, (3, "4")), "LayerNorm: normalized_shape must be an int or a tuple of ints, got (3, '4')"),
    (make(pc.LayerNorm, 3, 1e-5), "LayerNorm: elementwise_affine must be True or False, got 1e-05"),
    (make(pc.RMSNorm, 3, 1e-5), "RMSNorm: elementwise_affine must be True or False, got 1e-05"),
    (make(pc.PReLU, shared_axes=1), "PReLU: shared_axes must be a tuple of ints, got 1"),
    (make(pc.PReLU, 0.25), "PReLU: num_parameters must be an int, got 0.25"),
    (make(pc.Scale, 1e-6), "Scale: shape must be an int or a tuple of ints, got 1e-06"),
    (make(pc.AdaptivePool, None), "AdaptivePool: output_size must be an int or a tuple of ints, got None"),
    (make(pc.AdaptivePool, (7, "7")), "AdaptivePool: output_size must be an int, got '7'"),
    (make(pc.GlobalPool, mode=None), "GlobalPool: mode must be 'max' or 'avg', got None"),
    (make(pc.Pad, "same"), "Pad: padding must be an int, a tuple of ints, or a tuple of pairs (before, after), one for each axis, got 'same'"),
    (make(pc.Pad, 0.5), "Pad: padding must be an int, a tuple of ints, or a tuple of pairs (before, after), one for each axis, got 0.5"),
    (make(pc.Pad, ((1, 2, 3),)), "Pad: padding must be an int, a tuple of ints, or a tuple of pairs (before, after), one for each axis, got ((1, 2, 3),)"),
    (make(pc.Crop, None), "Crop: cropping must be an int, a tuple of ints, or a tuple of pairs (before, after), one for each axis, got None"),
    (make(pc.CenterCrop, "all"), "CenterCrop: size must be an int or a tuple of ints, got 'all'"),
    (make(pc.Upsample, 2.0), "Upsample: size must be an int or a tuple of ints, got 2.0"),
    (make(pc.Upsample, scale_factor="2"), "Upsample: scale_factor must be a number or a tuple of numbers, got '2'"),
    (make(pc.Upsample, scale_factor=(2, True)), "Upsample: scale_factor must be a number or a tuple of numbers, got (2, True)"),
    (make(pc.Upsample, (2, 1.5)), "Upsample: size must be an int or a tuple of ints, got (2, 1.5)"),
    (make(pc.RepeatVector, 2.0), "RepeatVector: n must be an int, got 2.0"),
    (make(pc.PixelShuffle, 2.0), "PixelShuffle: upscale_factor must be an int, got 2.0"),
    (make(pc.PixelUnshuffle, None), "PixelUnshuffle: downscale_factor must be an int, got None"),
    (make(pc.Reshape, 12), "Reshape: target_shape must be a tuple of ints, got 12"),
    (make(pc.Reshape, (3, 4.0)), "Reshape: target_shape must be a tuple of ints, got (3, 4.0)"),
    (make(pc.Permute, 1), "Permute: dims must be a tuple of ints, got 1"),
    (make(pc.Permute, (True, False)), "Permute: dims must be a tuple of ints, got (True, False)"),
    (make(pc.Slice, None), "Slice: start must be an int, got None"),
    (make(pc.Slice, 0, 2.0), "Slice: stop must be an int, got 2.0"),
    (make(pc.Embedding, "3", 4), "Embedding: num_embeddings must be an int, got '3'"),
    (make(pc.RNN, 3, 4, "2"), "RNN: num_layers must be an int, got '2'"),
    (make(pc.RNN, 3, 4, bidirectional=1), "RNN: bidirectional must be True or False, got 1"),
    (make(pc.LSTM, 3, 4, proj_size=None), "LSTM: proj_size must be an int, got None"),
    (make(pc.MultiheadAttention, 8, 2, bias=None), "MultiheadAttention: bias must be True or False, got None"),
    (make(pc.MultiheadAttention, 8, None), "MultiheadAttention: num_heads must be an int, got None"),
    (make(pc.TransformerEncoderLayer, 8, 2, 4.0), "TransformerEncoderLayer: dim_feedforward must be an int, got 4.0"),
    (make(pc.Frozen, 5), "Frozen: layer must be a Layer, got 5"),
    (make(pc.Concat, pc.Identity(), dim=None), "Concat: dim must be an int, got None"),
    (make(pc.Concat, pc.Identity(), dim=pc.Identity()), "Concat: dim must be an int, got Identity()"),
    (make(pc.Add, pc.Identity(), None), "Add: [1] must be a Layer, got None"),
    (make(pc.Multiply, {"a": pc.Identity()}), "Multiply: [0] must be a Layer, got {'a': Identity()}; give names as keywords: Multiply(**parts)"),
    (make(pc.Add, pc.Identity(), skip=pc.Identity()), "Add: give layers with names or without, not both"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "words"), CONFIG)
def test_words_of_config_errors(call: Callable[[], object], words: str) -> None:
    with pytest.raises(pc.ConfigError) as caught:
        call()
    assert str(caught.value) == words


@pytest.mark.parametrize(("call", "words"), TYPES)
def test_words_of_type_errors(call: Callable[[], object], words: str) -> None:
    with pytest.raises(TypeError) as caught:
        call()
    assert str(caught.value) == words


@pytest.mark.parametrize(
    "row", [row for row in ROWS if not row.is_network], ids=lambda row: row.name
)
def test_refusal_of_a_field_names_the_layer_and_the_field(row: Row) -> None:
    for layer, field in product(row.examples(), row.fields):
        if getattr(layer, field) is not None:  # Another example states it.
            with pytest.raises(TypeError) as caught:
                replace(layer, **{field: {}})
            words = str(caught.value)
            assert words.startswith(f"{row.name}: {field} must be ")
            assert words.endswith(", got {}")


def test_int_with_too_many_digits_for_python_is_refused_in_words() -> None:
    with pytest.raises(pc.ConfigError) as caught:
        pc.Conv2d(10**5000, 3, 3)
    words, given = str(caught.value).split(", got ")
    assert words == "Conv2d: in_channels must be at most 2**63 - 1"
    assert len(given) < 100

"""The exact words of what does not fit or is not known, and the data that come with errors."""

# ruff: noqa: E501  # a case a line

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from layers import ROWS
from networks import Scale

import paramcalc as pc
from paramcalc.errors import join_path, show

if TYPE_CHECKING:
    from rows import Row

HUGE = 2**63


class Fussy(pc.Layer):
    """A layer of one's own that refuses by itself."""

    def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
        raise pc.ShapeError("wants an even length")

    def parameters(self, input_shape: pc.Shape | None = None) -> tuple[pc.Parameter, ...]:
        raise pc.ShapeError("has no parameters today")


class Mute:
    """What cannot even be printed."""

    def __repr__(self) -> str:
        raise RuntimeError


def sequential(*layers: Any, **parts: Any) -> pc.Sequential:
    return pc.Sequential(*layers, **parts)


features = pc.Sequential(pc.Conv2d(3, 32, 3), pc.Activation("relu"), pc.Conv2d(64, 64, 3))
SHAPES = [
    # No layer fits just anything: axes, channels, features, and a window that is too large.
    (pc.Conv2d(3, 5, 3), (784,), "Conv2d: expects (channels, height, width), got shape (784,)"),
    (pc.Conv2d(3, 5, 3), (8, 3, 32, 32), "Conv2d: expects (channels, height, width), got shape (8, 3, 32, 32); leave out the batch axis, or wrap the layer in TimeDistributed"),
    (pc.Conv1d(3, 5, 3, data_format="channels_last"), (3,), "Conv1d: expects (length, channels), got shape (3,)"),
    (pc.Conv3d(3, 5, 3), (3, 9, 9), "Conv3d: expects (channels, depth, height, width), got shape (3, 9, 9)"),
    (pc.Conv2d(64, 5, 3), (32, 8, 8), "Conv2d: expects 64 input channels, got 32 in shape (32, 8, 8)"),
    (pc.Conv2d(3, 5, 3), (28, 28, 3), 'Conv2d: expects 3 input channels, got 28 in shape (28, 28, 3); data_format="channels_last" would fit'),
    (pc.Conv2d(3, 5, 3, data_format="channels_last"), (3, 28, 28), 'Conv2d: expects 3 input channels, got 28 in shape (3, 28, 28); data_format="channels_first" would fit'),
    (pc.Conv2d(1, 5, 3), (28, 28, 1), 'Conv2d: expects 1 input channel, got 28 in shape (28, 28, 1); data_format="channels_last" would fit'),
    (pc.Conv2d(4, 5, 3), (28, 28, 4), 'Conv2d: expects 4 input channels, got 28 in shape (28, 28, 4); data_format="channels_last" would fit'),
    (pc.Conv2d(3, 5, 3), (5, 5, 3), 'Conv2d: expects 3 input channels, got 5 in shape (5, 5, 3); data_format="channels_last" would fit'),
    (pc.Conv2d(3, 5, 3), (4, 5, 3), "Conv2d: expects 3 input channels, got 4 in shape (4, 5, 3)"),
    (pc.Conv2d(5, 5, 3), (28, 28, 5), "Conv2d: expects 5 input channels, got 28 in shape (28, 28, 5)"),
    (pc.Conv2d(1, 5, 3), (3, 1, 1), "Conv2d: expects 1 input channel, got 3 in shape (3, 1, 1)"),
    (pc.Conv2d(None, 4, 3, groups=2), (3, 8, 8), "Conv2d: groups must divide the input channels, got groups=2, 3 channels in shape (3, 8, 8)"),
    (pc.Conv2d(1, 1, 5), (1, 8, 4), "Conv2d: a window of 5 does not fit width 4 (padding 0)"),
    (pc.Conv2d(1, 1, 5, padding=(1, 0)), (1, 2, 8), "Conv2d: a window of 5 does not fit height 2 (padding 1)"),
    (pc.Conv1d(1, 1, 3, dilation=2, padding=((0, 1),)), (1, 3), "Conv1d: a window of 3, dilated to 5, does not fit length 3 (padding (0, 1))"),
    (pc.Conv3d(1, 1, (3, 1, 1)), (1, 2, 8, 8), "Conv3d: a window of 3 does not fit depth 2 (padding 0)"),
    (pc.Pool(3), (1, 2, 9), "Pool: a window of 3 does not fit height 2 (padding 0)"),
    (pc.Pool(5, stride=2, ceil_mode=True), (1, 3), "Pool: a window of 5 does not fit length 3 (padding 0)"),
    (pc.Pool(3), (2, 2, 2, 2, 2), "Pool: a window of 3 does not fit length 2 of axis 1 (padding 0)"),
    (pc.Pool(2), (256,), "Pool: expects (channels, length), got shape (256,)"),
    (pc.Pool((2, 2)), (8, 16), "Pool: expects (channels, height, width), got shape (8, 16)"),
    (pc.BatchNorm(64), (32, 8, 8), "BatchNorm: expects 64 channels, got 32 in shape (32, 8, 8)"),
    (pc.BatchNorm(32), (8, 8, 32), 'BatchNorm: expects 32 channels, got 8 in shape (8, 8, 32)'),
    (pc.Dense(800, 10), (32, 5, 5), "Dense: expects 800 features on the last axis, got shape (32, 5, 5); 32 × 5 × 5 = 800, so a Flatten() before it would fit"),
    (pc.Dense(801, 10), (32, 5, 5), "Dense: expects 801 features on the last axis, got shape (32, 5, 5)"),
    (pc.Flatten(1, 2), (3, 4), "Flatten: cannot flatten axes 1 to 2 of shape (3, 4)"),
    (pc.Flatten(-3), (3, 4), "Flatten: cannot flatten axes -3 to -1 of shape (3, 4)"),
    (pc.Flatten(2, -2), (3, 4, 5), "Flatten: cannot flatten axes 2 to -2 of shape (3, 4, 5)"),
    (pc.Input(1, 28, 28), (3, 32, 32), "Input: expects shape (1, 28, 28), got (3, 32, 32)"),
    # What is no shape for any layer.
    (pc.Identity(), (1, 0, 28), "Identity: input_shape must be at least 1 on every axis, got (1, 0, 28)"),
    (pc.Identity(), (1, -5), "Identity: input_shape must be at least 1 on every axis, got (1, -5)"),
    (pc.Identity(), (), "Identity: input_shape must have at least one axis, got ()"),
    (pc.Conv2d(1, 1, 1), (HUGE, 2, 2), "Conv2d: input_shape must be at most 2**63 - 1 on every axis, got (9223372036854775808, 2, 2)"),
    # No shape, where one is needed.
    (pc.Conv2d(3, 5, 3), None, "Conv2d: the output shape depends on the input: give input_shape or start with Input(...)"),
    (pc.Sequential(), None, "Sequential: the output shape depends on the input: give input_shape or start with Input(...)"),
    (pc.Sequential(head=pc.Sequential(pc.Flatten())), None, "head[0] Flatten: the output shape depends on the input: give input_shape or start with Input(...)"),
    # The path.
    (pc.Sequential(features=features), (3, 10, 10), "features[2] Conv2d: expects 64 input channels, got 32 in shape (32, 8, 8)"),
    (pc.Sequential(pc.Sequential(a=pc.Sequential(b=pc.Pool(3)))), (1, 2), "[0].a.b Pool: a window of 3 does not fit length 2 (padding 0)"),
    (pc.Sequential(pc.Identity(), Fussy()), (7,), "[1] Fussy: wants an even length"),
    (pc.Sequential(Scale(output_shape=())), (7,), "[0] Scale: output_shape() must have at least one axis, got ()"),
    (pc.Sequential(Scale(output_shape=(0, 1))), (7,), "[0] Scale: output_shape() must be at least 1 on every axis, got (0, 1)"),
    (pc.ConvTranspose2d(3, 5, 3), (784,), "ConvTranspose2d: expects (channels, height, width), got shape (784,)"),
    (pc.ConvTranspose2d(3, 5, 3), (4, 8, 8), "ConvTranspose2d: expects 3 input channels, got 4 in shape (4, 8, 8)"),
    (pc.ConvTranspose2d(None, 4, 3, groups=2), (3, 8, 8), "ConvTranspose2d: groups must divide the input channels, got groups=2, 3 channels in shape (3, 8, 8)"),
    (pc.ConvTranspose2d(3, 5, 3, padding=(2, 0)), (3, 1, 8), "ConvTranspose2d: padding 2 removes all of height 1"),
    (pc.ConvTranspose1d(3, 5, 3, padding=((2, 1),)), (3, 1), "ConvTranspose1d: padding (2, 1) removes all of length 1"),
    (pc.GroupNorm(4, 64), (32, 8, 8), "GroupNorm: expects 64 channels, got 32 in shape (32, 8, 8)"),
    (pc.GroupNorm(4, None), (30, 8, 8), "GroupNorm: num_groups must divide the channels, got num_groups=4, 30 channels in shape (30, 8, 8)"),
    (pc.InstanceNorm(64), (32, 8, 8), "InstanceNorm: expects 64 channels, got 32 in shape (32, 8, 8)"),
    (pc.InstanceNorm(), (32, 1, 1), "InstanceNorm: needs more than one position in each channel to normalize over, got shape (32, 1, 1)"),
    (pc.InstanceNorm(), (32,), "InstanceNorm: needs more than one position in each channel to normalize over, got shape (32,)"),
    (pc.LayerNorm(768), (197, 512), "LayerNorm: expects (768,) as the last axes, got shape (197, 512)"),
    (pc.LayerNorm((3, 4)), (4,), "LayerNorm: expects (3, 4) as the last axes, got shape (4,)"),
    (pc.RMSNorm((3, 4)), (3, 5), "RMSNorm: expects (3, 4) as the last axes, got shape (3, 5)"),
    (pc.PReLU(64), (32, 8, 8), "PReLU: expects 64 channels, got 32 in shape (32, 8, 8)"),
    (pc.Scale(64), (64, 7, 7), "Scale: axes of (64,), compared from the last, must be 1 or those of the input, got shape (64, 7, 7)"),
    (pc.Scale((64, 1)), (64,), "Scale: axes of (64, 1), compared from the last, must be 1 or those of the input, got shape (64,)"),
    (pc.PReLU(shared_axes=(1, 2)), (32, 8), "PReLU: cannot share axis 2 of shape (32, 8)"),
    (pc.PReLU(shared_axes=(-3,)), (32, 8), "PReLU: cannot share axis -3 of shape (32, 8)"),
    (pc.GlobalPool(), (512,), "GlobalPool: expects (channels, length), got shape (512,)"),
    (pc.AdaptivePool(7), (512,), "AdaptivePool: expects (channels, length), got shape (512,)"),
    (pc.AdaptivePool((7, 7)), (512, 8), "AdaptivePool: expects (channels, height, width), got shape (512, 8)"),
    (pc.Pad((1, 1)), (3, 8), "Pad: expects (channels, height, width), got shape (3, 8)"),
    (pc.Pad(1), (3,), "Pad: expects (channels, length), got shape (3,)"),
    (pc.Pad(((0, 3), (2, 1)), "reflect"), (1, 4, 2), "Pad: padding must be less than the width in mode 'reflect', got (2, 1) on 2"),
    (pc.Pad(5, "circular"), (1, 4), "Pad: padding must be at most the length in mode 'circular', got (5, 5) on 4"),
    (pc.Crop(((1, 2), (4, 4))), (3, 4, 8), "Crop: cropping (4, 4) removes all of width 8"),
    (pc.Crop(2), (3, 4), "Crop: cropping (2, 2) removes all of length 4"),
    (pc.CenterCrop((4, 4)), (3, 8), "CenterCrop: expects (channels, height, width), got shape (3, 8)"),
    (pc.CenterCrop(4), (3,), "CenterCrop: expects (channels, length), got shape (3,)"),
    (pc.Upsample((4, 4)), (3, 8), "Upsample: expects (channels, height, width), got shape (3, 8)"),
    (pc.Upsample(4), (3,), "Upsample: expects (channels, length), got shape (3,)"),
    (pc.Upsample(4, mode="bilinear"), (3, 8), "Upsample: mode 'bilinear' is for 2 spatial axes, got shape (3, 8)"),
    (pc.Upsample(2, mode="linear"), (3, 8, 8), "Upsample: mode 'linear' is for 1 spatial axis, got shape (3, 8, 8)"),
    (pc.Upsample(scale_factor=(1.5, 0.25)), (3, 8, 3), "Upsample: scale_factor 0.25 removes all of width 3"),
    (pc.Upsample(scale_factor=2), (3,), "Upsample: expects (channels, length), got shape (3,)"),
    (pc.LocallyConnected2d(2, 5), (3, 8, 4), "LocallyConnected2d: a window of 5 does not fit width 4 (padding 0)"),
    (pc.DepthwiseConv1d(3), (3, 8, 4), "DepthwiseConv1d: expects (channels, length), got shape (3, 8, 4); leave out the batch axis, or wrap the layer in TimeDistributed"),
    (pc.SeparableConv2d(2, 5), (3, 4, 8), "depthwise DepthwiseConv2d: a window of 5 does not fit height 4 (padding 0)"),
    (pc.RepeatVector(2), (3, 4), "RepeatVector: expects (features), got shape (3, 4); leave out the batch axis"),
    (pc.RepeatVector(2), (3, 4, 5), "RepeatVector: expects (features), got shape (3, 4, 5)"),
    (pc.PixelShuffle(2), (6, 8, 8), "PixelShuffle: upscale_factor² must divide the channels, got upscale_factor=2, 6 channels in shape (6, 8, 8)"),
    (pc.PixelShuffle(2), (4, 8), "PixelShuffle: expects (channels, height, width), got shape (4, 8)"),
    (pc.PixelUnshuffle(2), (3, 8, 7), "PixelUnshuffle: downscale_factor must divide the width, got downscale_factor=2, width 7"),
    (pc.PixelUnshuffle(2), (3, 7, 8), "PixelUnshuffle: downscale_factor must divide the height, got downscale_factor=2, height 7"),
    (pc.PixelUnshuffle(2), (3, 8, 8, 8), "PixelUnshuffle: expects (channels, height, width), got shape (3, 8, 8, 8); leave out the batch axis, or wrap the layer in TimeDistributed"),
    (pc.Reshape((3, 4)), (13,), "Reshape: target_shape (3, 4) takes 12 values, got 13 in shape (13,)"),
    (pc.Reshape((3, -1)), (13,), "Reshape: target_shape (3, -1) takes a multiple of 3 values, got 13 in shape (13,)"),
    (pc.Permute((1, 0)), (3, 4, 5), "Permute: expects 2 axes, got shape (3, 4, 5)"),
    (pc.Permute((0,)), (3, 4, 5), "Permute: expects 1 axis, got shape (3, 4, 5)"),
    (pc.Slice(5), (3, 4), "Slice: [5:] keeps nothing of dim 0, of length 3 in shape (3, 4)"),
    (pc.Slice(-9, -4, dim=-1), (3, 4), "Slice: [-9:-4] keeps nothing of dim -1, of length 4 in shape (3, 4)"),
    (pc.Slice(0, 1, dim=2), (3, 4), "Slice: there is no dim 2 in shape (3, 4)"),
    (pc.Slice(0, 1, dim=-3), (3, 4), "Slice: there is no dim -3 in shape (3, 4)"),
    (pc.RNN(3, 4), (7, 5), "RNN: expects 3 features on the last axis, got shape (7, 5)"),
    (pc.LSTM(3, 4), (8, 7, 3), "LSTM: expects (length, features), got shape (8, 7, 3); leave out the batch axis, or wrap the layer in TimeDistributed"),
    (pc.GRU(3, 4), (3,), "GRU: expects (length, features), got shape (3,)"),
    (pc.MultiheadAttention(8, 2), (5, 7), "MultiheadAttention: expects 8 features on the last axis, got shape (5, 7)"),
    (pc.MultiheadAttention(8, 2), (2, 5, 8), "MultiheadAttention: expects (length, features), got shape (2, 5, 8); leave out the batch axis, or wrap the layer in TimeDistributed"),
    (pc.TransformerEncoderLayer(8, 2), (5, 7), "self_attn MultiheadAttention: expects 8 features on the last axis, got shape (5, 7)"),
    (pc.TransformerEncoderLayer(8, 2), (8,), "self_attn MultiheadAttention: expects (length, features), got shape (8,)"),
    (pc.Add(body=pc.Conv2d(64, 256, 1), skip=pc.Identity()), (64, 56, 56), "Add: axes, compared from the last, must be equal or 1, got (256, 56, 56) from body and (64, 56, 56) from skip"),
    (pc.Add(pc.AdaptivePool(1), pc.AdaptivePool(2), pc.AdaptivePool(3)), (64, 56, 56), "Add: axes, compared from the last, must be equal or 1, got (64, 2, 2) from [1] and (64, 3, 3) from [2]"),
    (pc.Multiply(pc.Identity(), pc.Flatten()), (64, 7, 7), "Multiply: axes, compared from the last, must be equal or 1, got (64, 7, 7) from [0] and (3136,) from [1]"),
    (pc.Concat(pc.Pool(2), pc.Identity()), (64, 7, 7), "Concat: all axes except dim 0 must be equal, got (64, 3, 3) from [0] and (64, 7, 7) from [1]"),
    (pc.Concat(a=pc.Identity(), b=pc.GlobalPool()), (64, 7, 7), "Concat: outputs must have the same number of axes, got (64, 7, 7) from a and (64,) from b"),
    (pc.Concat(pc.Identity(), pc.GlobalPool(), dim=1), (2, 3), "Concat: outputs must have the same number of axes, got (2, 3) from [0] and (2,) from [1]"),
    (pc.Concat(pc.Identity(), dim=-2), (7,), "Concat: there is no dim -2 in (7,) from [0]"),
    (pc.Concat(pc.Identity(), dim=1), (7,), "Concat: there is no dim 1 in (7,) from [0]"),
    (pc.Sequential(stem=pc.Conv2d(3, 8, 3), block=pc.Add(pc.Identity(), pc.Sequential(pc.Identity(), pc.Pool(2)))), (3, 8, 8), "block Add: axes, compared from the last, must be equal or 1, got (8, 6, 6) from [0] and (8, 3, 3) from [1]"),
    (pc.Sequential(pc.Add(body=pc.Sequential(pc.Conv2d(8, 8, 3), pc.BatchNorm(9)))), (8, 8, 8), "[0].body[1] BatchNorm: expects 9 channels, got 8 in shape (8, 6, 6)"),
    (pc.Add(pc.Identity(), pc.Flatten()), None, "[0] Identity: the output shape depends on the input: give input_shape or start with Input(...)"),
    (pc.Sequential(a=pc.Add(b=pc.Identity())), None, "a.b Identity: the output shape depends on the input: give input_shape or start with Input(...)"),
]  # fmt: skip


@pytest.mark.parametrize(("layer", "shape", "words"), SHAPES)
def test_words_of_shape_errors(layer: pc.Layer, shape: pc.Shape | None, words: str) -> None:
    asks: list[Callable[[pc.Shape | None], object]] = [layer.output_shape, partial(pc.trace, layer)]
    if shape is not None:  # The counts refuse an input that does not fit, too.
        asks += [layer.num_params, layer.num_macs, layer.parameters]
    for ask in asks:
        with pytest.raises(pc.ShapeError) as caught:
            ask(shape)
        assert str(caught.value) == words
        if not caught.value.path:
            assert caught.value.layer is layer
            assert caught.value.input_shape == shape


@pytest.mark.parametrize("row", [row for row in ROWS if row.open_field], ids=lambda row: row.name)
def test_words_of_a_count_that_depends_on_the_input(row: Row) -> None:
    field = row.open_field
    layer: pc.Layer = replace(row.examples()[0], **{field: None})
    kind = type(layer).__name__
    words = (
        f"{kind}: {field} is None, so the number of parameters depends on the input: "
        "give input_shape or start with Input(...)"
    )
    network = pc.Sequential(pc.Identity(), layer)
    for ask, path in [
        (layer.num_params, ""),
        (layer.parameters, ""),
        (network.num_params, "[1] "),
        (network.parameters, "[1] "),
        (pc.Sequential(part=network).num_params, "part[1] "),
    ]:
        with pytest.raises(pc.ShapeError) as caught:
            ask()
        assert str(caught.value) == path + words


@pytest.mark.parametrize("row", [row for row in ROWS if row.is_single], ids=lambda row: row.name)
def test_words_of_macs_that_depend_on_the_input(row: Row) -> None:
    layer = row.examples()[0]
    if not layer.num_macs(row.shape):
        assert layer.num_macs() == 0
        return
    with pytest.raises(pc.ShapeError) as caught:
        pc.Sequential(pc.Identity(), layer).num_macs()
    name = type(getattr(layer, "layer", layer)).__name__  # That is what is frozen.
    where = f"[1] {name}"
    if isinstance(layer, pc.TransformerEncoderLayer):
        where = "[1].self_attn MultiheadAttention"
    if isinstance(layer, pc.SeparableConv1d | pc.SeparableConv2d):
        where = f"[1].depthwise {name.replace('Separable', 'Depthwise')}"
    assert str(caught.value) == (
        f"{where}: the number of multiply-accumulates depends on the input: "
        "give input_shape or start with Input(...)"
    )


def test_words_of_a_network_too_deep() -> None:
    network: pc.Layer = pc.Flatten()
    for _ in range(50):
        network = pc.Sequential(network)
    with pytest.raises(pc.ConfigError) as caught:
        pc.Sequential(network)
    assert str(caught.value) == "Sequential: networks nest at most 50 deep, got 51"


def test_words_of_a_network_too_large() -> None:
    for layers in [pc.Flatten()], []:  # Empty networks add up as well.
        network = pc.Sequential(layers)
        for _ in range(21):
            network = pc.Sequential(network, network)
        with pytest.raises(pc.ConfigError) as caught:
            pc.Sequential(network, network, network)
        assert str(caught.value).startswith(
            "Sequential: a network has at most 10,000,000 layers, got 1"
        )


def test_network_of_10_million_layers_is_made_and_a_larger_one_refused() -> None:
    network: pc.Layer = pc.Flatten()
    for number in 26_040, 2, 4, 4, 4, 3:  # Each time as many, and the network around them.
        network = pc.Sequential([network] * number)
    with pytest.raises(pc.ConfigError) as caught:
        pc.Sequential(network)
    assert str(caught.value) == (
        "Sequential: a network has at most 10,000,000 layers, got 10,000,001"
    )


@pytest.mark.parametrize("method", ["num_params", "num_macs"])
def test_count_below_0_of_a_layer_of_ones_own_is_refused(method: str) -> None:
    with pytest.raises(pc.ShapeError) as caught:
        getattr(pc.Sequential(Scale(**{method: -1})), method)((7,))
    assert str(caught.value) == f"[0] Scale: {method}() must be at least 0, got -1"
    (step,) = pc.trace(Scale(**{method: -1}), (7,))
    with pytest.raises(pc.ShapeError) as caught:
        getattr(step, method)
    assert str(caught.value) == f"Scale: {method}() must be at least 0, got -1"


def test_refusal_of_a_count_says_where() -> None:
    with pytest.raises(pc.ShapeError) as caught:
        pc.Sequential(part=pc.Sequential(Scale(), Refusing())).num_params((7,))
    assert str(caught.value) == "part[1] Refusing: has no parameters today"


class Refusing(Fussy):
    def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
        assert input_shape
        return input_shape


def test_words_of_a_layer_that_cannot_be_changed() -> None:
    words = "Dense: bias cannot be changed; dataclasses.replace() makes a changed copy"
    dense: Any = pc.Dense(3, 4)
    with pytest.raises(FrozenInstanceError) as caught:
        dense.bias = False
    assert str(caught.value) == words
    with pytest.raises(FrozenInstanceError) as caught:
        del dense.bias
    assert str(caught.value) == words


def test_iterator_is_no_list_of_layers() -> None:
    with pytest.raises(TypeError, match=r"Sequential: \[0\] must be a Layer, got <list_iterator"):
        sequential(iter([pc.Flatten()]))
    with pytest.raises(TypeError, match="Sequential: layers must be a Layer, got <list_iterator"):
        sequential(layers=iter([pc.Flatten()]), names=("a",))


def test_error_from_deep_inside_has_one_path_and_no_context() -> None:
    class Residual(pc.Layer):
        """A layer of one's own made of layers."""

        def __init__(self, body: pc.Layer) -> None:
            self.body = body

        def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
            return self.body.output_shape(input_shape)

    asked: list[object] = []

    class Refuses(pc.Layer):
        def output_shape(self, input_shape: pc.Shape | None = None) -> pc.Shape:
            asked.append(input_shape)
            raise pc.ShapeError("no")

    layer: pc.Layer = Refuses()
    for _ in range(40):
        layer = Residual(pc.Sequential(layer))
    with pytest.raises(pc.ShapeError) as caught:
        pc.Sequential(head=layer).output_shape((3,))
    assert asked == [(3,)]
    assert caught.value.path == "head" + "[0]" * 40
    assert caught.value.__context__ is None


def test_unknown_name_or_number_of_a_layer_is_a_key_or_index_error() -> None:
    network = pc.Sequential(a=pc.Flatten(), b=pc.Flatten())
    with pytest.raises(KeyError, match=r"no layer is named 'c'; the names are \('a', 'b'\)"):
        network["c"]
    with pytest.raises(IndexError):
        network[2]


def test_errors_carry_their_data() -> None:
    network = pc.Sequential(features=features, head=pc.Flatten())
    with pytest.raises(pc.ShapeError) as caught:
        network.output_shape((3, 10, 10))
    error = caught.value
    assert error.path == "features[2]"
    assert error.layer is features[2]
    assert error.input_shape == (32, 8, 8)
    assert error.problem == "expects 64 input channels, got 32 in shape (32, 8, 8)"


def test_errors_of_layers_of_ones_own_are_completed() -> None:
    fussy = Fussy()
    for network in pc.Sequential(fussy), pc.Add(fussy):
        shape = (7,)
        for ask in (
            partial(network.output_shape, shape),
            partial(network.parameters, shape),
            partial(pc.trace, network, shape),
            network.num_params,
        ):
            with pytest.raises(pc.ShapeError) as caught:
                ask()
            assert caught.value.layer is fussy
            assert caught.value.path == "[0]"


def test_config_error_has_no_path_layer_or_input_shape() -> None:
    with pytest.raises(pc.ConfigError) as caught:
        pc.Conv2d(1, 1, 0)
    error = caught.value
    assert (error.path, error.layer, error.input_shape) == ("", None, None)


def test_errors_survive_pickling_and_copying() -> None:
    with pytest.raises(pc.ShapeError) as caught:
        pc.Sequential(features=features).output_shape((3, 10, 10))
    error = caught.value
    for again in pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error):
        assert type(again) is pc.ShapeError
        assert str(again) == str(error)
        assert vars(again) == vars(error)


def test_all_errors_are_value_errors() -> None:
    assert issubclass(pc.ConfigError, pc.ParamcalcError)
    assert issubclass(pc.ShapeError, pc.ParamcalcError)
    assert issubclass(pc.ParamcalcError, ValueError)


def test_error_message_with_and_without_a_path() -> None:
    assert str(pc.ParamcalcError("no")) == "no"
    assert str(pc.ParamcalcError("no", path="[1]")) == "[1]: no"
    assert str(pc.ParamcalcError("", path="[1]")) == "[1]"


def test_join_path_puts_a_dot_before_a_name_alone() -> None:
    assert join_path("", "a") == join_path("a", "") == "a"
    assert join_path("a", "b") == "a.b"
    assert join_path("a", "[1]") == "a[1]"
    assert join_path("[1]", "a") == "[1].a"


def test_show_cuts_what_is_long_or_deep() -> None:
    assert show("x" * 500) == "'" + "x" * 47 + "..." + "x" * 48 + "'"
    assert show([{"x" * 500: "y" * 500}] * 5).endswith("…")
    nested: list[object] = [1]
    for _ in range(100):
        nested = [nested, nested]
    assert (
        show(nested)
        == "[[[[[...], [...]], [[...], [...]]], [[[...], [...]], [[...], [...]]]], [[[[...], [...]], [[...], [...]]], [[[...], [...]], [[...], [...]]]]]"
    )
    assert show((1, 2)) == "(1, 2)"
    assert show(Mute()).startswith("<Mute instance at ")


@pytest.mark.parametrize("question", [pc.Layer.num_params, pc.Layer.parameters, pc.Layer.num_macs])
@pytest.mark.parametrize("before", range(4))
def test_an_error_of_a_count_names_the_layer_at_fault(before: int, question: Any) -> None:
    name = question.__name__
    shape = (4, 9, 9) if name == "num_macs" else None
    layers = [pc.Conv2d(4, 4, 1) for _ in range(before)]
    net = pc.Sequential(pc.Sequential(layers), Broken(), pc.Conv2d(4, 4, 1))
    with pytest.raises(pc.ShapeError) as caught:
        getattr(net, name)(shape)
    assert (caught.value.path, caught.value.layer) == ("[1]", net[1])


class Broken(Scale):
    def num_params(self, input_shape: pc.Shape | None = None) -> int:
        raise pc.ShapeError("no count")

    def parameters(self, input_shape: pc.Shape | None = None) -> tuple[pc.Parameter, ...]:
        raise pc.ShapeError("no tensors")

    def num_macs(self, input_shape: pc.Shape | None = None) -> int:
        raise pc.ShapeError("no multiplications")

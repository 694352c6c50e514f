"""What Keras has for each layer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from paramcalc._blocks import SeparableConv
from paramcalc._branches import Concat, Elementwise
from paramcalc.layers._base import Layer
from paramcalc.layers.activation import Activation, Dropout, Identity, PReLU, Scale
from paramcalc.layers.attention import MultiheadAttention
from paramcalc.layers.conv import Conv, ConvTranspose
from paramcalc.layers.conv_lstm import ConvLSTM
from paramcalc.layers.dense import Dense
from paramcalc.layers.distributed import TimeDistributed
from paramcalc.layers.embedding import Embedding
from paramcalc.layers.input import Input
from paramcalc.layers.keras_conv import DepthwiseConv
from paramcalc.layers.norm import BatchNorm, ChannelNorm, GroupNorm, LayerNorm, RMSNorm
from paramcalc.layers.parameters import Parameters
from paramcalc.layers.pool import AdaptivePool, GlobalPool, Pool
from paramcalc.layers.product import MatMul
from paramcalc.layers.recurrent import GRU, Recurrent
from paramcalc.layers.reshape import Flatten, Permute, RepeatVector, Reshape, Slice
from paramcalc.layers.resize import CenterCrop, Crop, Pad, PixelShuffle, PixelUnshuffle, Upsample
from paramcalc.write._keras_images import (
    adaptive,
    center_crop,
    channel_axis,
    conv,
    conv_lstm,
    crop,
    each_time,
    global_pool,
    listed,
    pad,
    pool,
    shuffle,
    transposed,
    unshuffle,
    upsample,
)
from paramcalc.write._source import At, Op, Rule, index_text, joined_dim, ops_of

ACTIVATIONS = """
    celu elu exponential gelu hard_shrink hard_sigmoid hard_silu hard_swish hard_tanh leaky_relu
    linear log_sigmoid log_softmax mish relu relu6 selu sigmoid silu soft_shrink softmax softplus
    softsign sparse_plus sparse_sigmoid sparsemax squareplus swish tanh tanh_shrink
"""
FUNCTIONS = {"abs": "ops.abs", "exp": "ops.exp"}
HELPERS = {
    "Weight": '''
class Weight(layers.Layer):
    """A tensor that is trained, for each example."""

    def __init__(self, shape, **options):
        super().__init__(**options)
        self.value = self.add_weight(shape=shape, initializer="zeros", name="value")

    def call(self, x):
        return ops.repeat(self.value[None], ops.shape(x)[0], axis=0)
''',
    "Scale": '''
class Scale(layers.Layer):
    """The input times a tensor that is trained."""

    def __init__(self, shape, **options):
        super().__init__(**options)
        self.gamma = self.add_weight(shape=shape, initializer="ones", name="gamma")

    def call(self, x):
        return x * self.gamma
''',
}


def nothing(_: At) -> list[Op]:
    return []


def simple(only: str) -> Rule:
    """A layer with some fields of ours."""
    return lambda at: [Op(at.call(only=only))]


def parts(layer: Any) -> dict[str, Any]:
    """The arguments of a normalization that has no scale or no shift."""
    return {
        "center": None if layer._has_shift else False,
        "scale": None if layer._has_scale else False,
    }


def channel_norm(at: At) -> list[Op]:
    layer, is_batch = at.layer, isinstance(at.layer, BatchNorm)
    if layer.track_running_stats != is_batch:
        kind, other = type(layer).__name__, "without" if is_batch else "with"
        raise at.refusal(f"{kind} {other} running statistics: give track_running_stats={is_batch}")
    groups = None if is_batch else -1
    name = "BatchNormalization" if is_batch else "GroupNormalization"
    return [listed(name, groups=groups, axis=channel_axis(at), **parts(layer))]


def group_norm(at: At) -> list[Op]:
    layer = at.layer
    return [listed("GroupNormalization", layer.num_groups, axis=channel_axis(at), **parts(layer))]


def last_axes(at: At) -> list[int]:
    return list(range(-len(at.layer._sizes(at.shape)), 0))


def layer_norm(at: At) -> list[Op]:
    axes = last_axes(at)
    return [listed("LayerNormalization", axis=axes if axes[1:] else None, **parts(at.layer))]


def rms_norm(at: At) -> list[Op]:
    axes = last_axes(at)
    if not at.layer.elementwise_affine:
        return [Op("", f"ops.rms_normalization({{0}}, axis={tuple(axes)})")]
    return [listed("RMSNormalization", axis=axes if axes[1:] else None)]


def prelu(at: At) -> list[Op]:
    layer, axes = at.layer, range(len(at.shape))
    shared = layer.shared_axes
    if shared is None:
        own = layer._stated_axis() % len(axes)
        shared = [one for one in axes if layer.num_parameters == 1 or one != own]
    numbers = sorted({one % len(axes) + 1 for one in shared})
    return [listed("PReLU", shared_axes=numbers or None)]


def scale(at: At) -> list[Op]:
    return [Op(f"Scale({at.layer._factor(at.shape)})")]


def parameters(at: At) -> list[Op]:
    return [Op(f"Weight({at.output})", "{it}({first})")]


def reshape(at: At) -> list[Op]:
    return [listed("Reshape", at.output)]


def permute(at: At) -> list[Op]:
    return [listed("Permute", tuple([dim + 1 for dim in at.layer.dims]))]


def part(at: At) -> list[Op]:
    return [Op("", f"{{0}}[{index_text(at)}]")]


def flatten(at: At) -> list[Op]:
    return [listed("Flatten")] if len(at.output) == 1 else reshape(at)


def recurrent(at: At) -> list[Op]:
    """A layer for each of those that are stacked, in two directions or one."""
    layer = at.layer
    kind = {"RNN": "SimpleRNN"}.get(type(layer).__name__, type(layer).__name__)
    is_gru = isinstance(layer, GRU)
    if layer.bias and layer.recurrent_bias and not is_gru:
        raise at.refusal(f"{kind} with two biases per unit: give recurrent_bias=False")
    if layer._projected:
        raise at.refusal("LSTM with a projection: give proj_size=0")
    found: list[Op] = []
    for number in range(layer.num_layers, 0, -1):
        op = listed(
            kind,
            layer.hidden_size,
            use_bias=None if layer.bias else False,
            reset_after=False if is_gru and layer.bias and not layer.recurrent_bias else None,
            return_sequences=True if layer.return_sequences or number > 1 else None,
        )
        found.append(listed("Bidirectional", op.made) if layer.bidirectional else op)
    return found


def attention(at: At) -> list[Op]:
    layer, given = at.layer, len(at.shapes)
    if layer.add_bias_kv:
        raise at.refusal("attention with add_bias_kv: leave it out")
    if given == 1 and layer._dims() != (layer.embed_dim,) * 3:
        raise at.refusal(
            "attention of a sequence to itself with kdim or vdim: call it on queries and keys"
        )
    heads, groups, head_dim, _ = layer._heads()
    bias = {"use_bias": None if layer.bias else False}
    if layer.num_kv_heads is None:
        sizes = {"key_dim": head_dim, "value_dim": layer.value_dim}
        made = listed("MultiHeadAttention", heads, **sizes, **bias).made
    elif layer.value_dim is None:
        made = listed("GroupQueryAttention", head_dim, heads, groups, **bias).made
    else:
        raise at.refusal("grouped attention with values of another size: leave value_dim out")
    read = ("{0}, {0}", "{0}, {1}", "{0}, value={2}, key={1}")[given - 1]
    return [Op(made, f"{{it}}({read})")]


def merge(at: At) -> list[Op]:
    if len(at.shapes) == 1:
        return []
    return [Op(f"layers.{type(at.layer).__name__}()", "{it}([{all}])")]


def concat(at: At) -> list[Op]:
    if len(at.shapes) == 1:
        return []
    return [Op(listed("Concatenate", axis=joined_dim(at)).made, "{it}([{all}])")]


def product(at: At) -> list[Op]:
    most = max(map(len, at.shapes))
    first, second = [
        f"ops.expand_dims({{{number}}}, {tuple(range(1, 1 + most - len(shape)))})"
        if len(shape) < most
        else f"{{{number}}}"
        for number, shape in enumerate(at.shapes)
    ]
    return [Op("", f"ops.matmul({first}, {second})")]


def activation(at: At) -> list[Op]:
    word, known = at.layer._plain_name, ACTIVATIONS.split()
    if word in FUNCTIONS:
        return [Op("", f"{FUNCTIONS[word]}({{0}})")]
    for name in known:
        if name.replace("_", "") == word:
            return [listed("Activation", f'"{name}"')]
    raise at.refusal(f"activation {at.layer.name!r}: name one of {', '.join(known)}")


def distributed(at: At) -> list[Op]:
    once = at.once
    if isinstance(once.layer, Elementwise) and len({*map(len, at.shapes)}) == 1:
        return merge(replace(at, layer=once.layer))
    ops = ops_of(once, RULES)
    if len(at.shapes) > 1 or not all(one.is_call for one in ops):
        raise at.refusal("TimeDistributed of a layer like this: put what it does outside")
    return list(map(each_time, ops))


RULES: dict[type[Layer], Rule] = {
    Conv: conv("out_channels kernel_size stride padding dilation groups bias"),
    DepthwiseConv: conv("kernel_size stride padding depth_multiplier dilation bias"),
    SeparableConv: conv("out_channels kernel_size stride padding dilation depth_multiplier bias"),
    ConvTranspose: transposed,
    Pool: pool,
    AdaptivePool: adaptive,
    GlobalPool: global_pool,
    Pad: pad,
    Crop: crop,
    CenterCrop: center_crop,
    Upsample: upsample,
    PixelShuffle: shuffle,
    PixelUnshuffle: unshuffle,
    ChannelNorm: channel_norm,
    GroupNorm: group_norm,
    LayerNorm: layer_norm,
    RMSNorm: rms_norm,
    PReLU: prelu,
    Scale: scale,
    Parameters: parameters,
    Reshape: reshape,
    Permute: permute,
    Slice: part,
    RepeatVector: simple("n"),
    Flatten: flatten,
    Dense: simple("out_features bias"),
    Embedding: simple("num_embeddings embedding_dim"),
    Recurrent: recurrent,
    MultiheadAttention: attention,
    Elementwise: merge,
    Concat: concat,
    MatMul: product,
    Activation: activation,
    Dropout: lambda at: [listed("Dropout", at.layer.p)],
    Identity: nothing,
    Input: nothing,
    ConvLSTM: conv_lstm,
    TimeDistributed: distributed,
}

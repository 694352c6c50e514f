"""What torch has for each layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from paramcalc._blocks import TransformerEncoderLayer
from paramcalc._branches import Branches, Concat, Elementwise, Multiply
from paramcalc._counterparts import counterparts
from paramcalc.formulas import center_cropping, dilated_kernel_size, window_length
from paramcalc.layers._axes import SpatialLayer, as_pairs
from paramcalc.layers._base import Layer, Shape
from paramcalc.layers.activation import Activation, Dropout, Identity, PReLU, Scale
from paramcalc.layers.attention import MultiheadAttention
from paramcalc.layers.conv import Conv, Conv1d, Conv2d, ConvTranspose
from paramcalc.layers.dense import Dense
from paramcalc.layers.distributed import TimeDistributed
from paramcalc.layers.embedding import Embedding
from paramcalc.layers.input import Input
from paramcalc.layers.keras_conv import DepthwiseConv
from paramcalc.layers.norm import ChannelNorm, GroupNorm, LastAxesNorm
from paramcalc.layers.parameters import Parameters
from paramcalc.layers.pool import AdaptivePool, GlobalPool, Pool
from paramcalc.layers.product import MatMul
from paramcalc.layers.recurrent import Recurrent
from paramcalc.layers.reshape import Flatten, Permute, RepeatVector, Reshape, Slice
from paramcalc.layers.resize import CenterCrop, Crop, Pad, PixelShuffle, PixelUnshuffle, Upsample
from paramcalc.write._source import At, Op, Pairs, Rule, index_text, ops_of

BY_FEATURES = {"softmax", "softmin", "logsoftmax"}
"""Activations along an axis: the last, as in Keras."""
OTHER_NAMES = {"swish": "silu", "linear": "identity"}
FUNCTIONS = {"abs": "torch.abs", "exp": "torch.exp", "exponential": "torch.exp"}
NEED_ARGUMENTS = {"threshold", "softmax2d"}
ATTENTION = '''
class Attention(nn.Module):
    """Attention whose heads have sizes of their own, or share keys and values."""

    def __init__(self, dims, heads, groups, head_dim, value_dim, bias):
        super().__init__()
        self.heads, self.groups = heads, groups
        self.q_proj = nn.Linear(dims[0], heads * head_dim, bias)
        self.k_proj = nn.Linear(dims[1], groups * head_dim, bias)
        self.v_proj = nn.Linear(dims[2], groups * value_dim, bias)
        self.out_proj = nn.Linear(heads * value_dim, dims[0], bias)

    def forward(self, query, key, value):
        q = self.q_proj(query).unflatten(2, (self.heads, -1)).transpose(1, 2)
        k = self.k_proj(key).unflatten(2, (self.groups, -1)).transpose(1, 2)
        v = self.v_proj(value).unflatten(2, (self.groups, -1)).transpose(1, 2)
        x = nn.functional.scaled_dot_product_attention(q, k, v, enable_gqa=True)
        return self.out_proj(x.transpose(1, 2).flatten(2))
'''


def plain(at: At) -> list[Op]:
    return [Op(at.call())]


def nothing(_: At) -> list[Op]:
    return []


def of_images(at: At) -> list[Op]:
    at.check_rank()
    return [Op(at.call())]


def sides(pairs: Pairs) -> str:
    """The padding of each axis as torch has it: from the last axis, or one number for all."""
    flat = [one for pair in reversed(pairs) for one in pair]
    return str(flat[0] if len({*flat}) == 1 else tuple(flat))


def padded(pairs: Pairs, kind: str = "ZeroPad", more: str = "") -> Op:
    """A layer that pads, or crops by a negative number."""
    return Op(f"nn.{kind}{len(pairs)}d({sides(pairs)}{more})")


def alike(pairs: Pairs) -> tuple[int, ...] | None:
    """The padding of each axis, if both sides are equal."""
    return tuple([one for one, _ in pairs]) if all(one == other for one, other in pairs) else None


def conv(at: At) -> list[Op]:
    if at.layer.padding == "same" and max(at.layer.stride) == 1:
        return [Op(at.call())]
    pairs = at.padding()
    both = alike(pairs)
    if both is not None:
        return [Op(at.call(padding=both))]
    return [padded(pairs), Op(at.call(padding=None))]


def depthwise(at: At) -> list[Op]:
    layer, channels = at.layer, at.channels
    kind: Any = Conv1d if len(layer.kernel_size) == 1 else Conv2d
    windows = layer.kernel_size, layer.stride, layer.padding, layer.dilation
    last = {"data_format": layer.data_format}
    filters = channels * layer.depth_multiplier
    return conv(replace(at, layer=kind(channels, filters, *windows, channels, layer.bias, **last)))


def transposed(at: At) -> list[Op]:
    layer = at.layer
    if layer.padding != "same":
        pairs, more = as_pairs(layer.padding, at.rank), layer.output_padding
    else:  # It keeps n·s of (n − 1)·s + reach positions, or adds what is missing at the end.
        reaches = map(dilated_kernel_size, layer.kernel_size, layer.dilation)
        extra = [reach - step for reach, step in zip(reaches, layer.stride, strict=True)]
        pairs = [(max(one, 0) // 2, max(one, 0) - max(one, 0) // 2) for one in extra]
        more = tuple([max(-one, 0) for one in extra])
    both = alike(pairs)
    if both is not None:
        return [Op(at.call(padding=both, output_padding=more))]
    cropped = padded([(-one, -other) for one, other in pairs])
    return [Op(at.call(padding=None, output_padding=more)), cropped]


def pool(at: At) -> list[Op]:
    at.check_rank()
    layer, is_mean, is_same = at.layer, at.layer.mode == "avg", at.layer.padding == "same"
    sizes, strides, steps = map(at.spread, ("kernel_size", "stride", "dilation"))
    if is_mean and max(steps) > 1:
        raise at.refusal("average pooling with dilation: write it as a depthwise convolution")
    pairs, lengths, output = at.padding(), at.lengths, at.out_lengths
    before = tuple([one for one, _ in pairs])
    # torch refuses a mean over more than a volume without its padding.
    is_odd = is_mean and at.rank == 3 and any(map(int.__gt__, sizes, lengths))

    def windows(padding: Sequence[Any], lengths: Sequence[int], ceil: bool) -> Shape:
        fields = lengths, sizes, strides, padding, steps, [ceil] * at.rank
        return tuple(map(window_length, *fields))

    if not is_odd and (not is_mean or is_same or alike(pairs) is not None):
        for ceil in (False, True):
            fits = all(2 * side <= size for side, size in zip(before, sizes, strict=True))
            if (
                fits
                and windows(before, lengths, ceil) == output
                and (is_same or ceil == layer.ceil_mode)
            ):
                counted: dict[str, Any] = (
                    {"count_include_pad": False} if is_mean and is_same and any(before) else {}
                )
                padding = before if any(before) else None
                return [Op(at.call(padding=padding, ceil_mode=ceil, **counted))]
    ends = zip(output, strides, sizes, steps, strict=True)
    reached = [(one - 1) * s + dilated_kernel_size(k, d) for one, s, k, d in ends]
    after = [end - n - one for end, n, one in zip(reached, lengths, before, strict=True)]
    if is_mean and (
        is_same or any(more > given for more, (_, given) in zip(after, pairs, strict=True))
    ):
        raise at.refusal("average pooling with this padding: put a Pad before it")
    pairs = [(one, max(more, given)) for (one, given), more in zip(pairs, after, strict=True)]
    pad = padded(pairs) if is_mean else padded(pairs, "ConstantPad", ', float("-inf")')
    return [pad, Op(at.call(padding=None, ceil_mode=None))]


def adaptive(at: At) -> list[Op]:
    at.check_rank()
    return [Op(at.call(output_size=at.out_lengths))]


def global_pool(at: At) -> list[Op]:
    at.check_rank()
    kind = {"avg": "Avg", "max": "Max"}[at.layer.mode]
    return [Op(f"nn.Adaptive{kind}Pool{at.rank}d(1)"), Op("nn.Flatten()")]


PADS = {
    "constant": "Zero",
    "reflect": "Reflection",
    "replicate": "Replication",
    "circular": "Circular",
}


def pad(at: At) -> list[Op]:
    at.check_rank()
    return [padded(as_pairs(at.layer.padding, at.rank), f"{PADS[at.layer.mode]}Pad")]


def crop(at: At) -> list[Op]:
    at.check_rank()
    return [padded([(-one, -other) for one, other in as_pairs(at.layer.cropping, at.rank)])]


def center_crop(at: At) -> list[Op]:
    at.check_rank()
    removed = map(center_cropping, at.lengths, at.out_lengths)
    cut = padded([(-one, -other) for one, other in removed])
    return [cut if len(at.shapes) == 1 else Op(cut.made, "{it}({0})")]


def parameter(shape: Shape, used: str, value: str = "torch.zeros") -> Op:
    return Op(f"nn.Parameter({value}({', '.join(map(str, shape)) or '()'}))", used)


def norm(at: At) -> list[Op]:
    """Of those with a shift alone, torch has none: it follows the normalization."""
    layer = at.layer
    if layer._has_shift and not layer._has_scale:
        sizes: Shape = layer._sizes(at.shape)
        if layer._affine == "affine":
            sizes = (*sizes, *[1] * at.rank)
        plain: dict[str, Any] = {layer._affine: False, "bias": None}
        return [Op(at.call(**plain)), parameter(sizes, "{0} + {it}")]
    return [Op(at.call())]


def channel_norm(at: At) -> list[Op]:
    at.check_rank()
    return norm(at)


def prelu(at: At) -> list[Op]:
    if at.layer.shared_axes is None:
        return [Op(at.call())]
    used = "torch.where({0} > 0, {0}, {it} * {0})"
    return [parameter(at.layer._slopes(at.shape), used)]


def scale(at: At) -> list[Op]:
    return [parameter(at.layer._factor(at.shape), "{0} * {it}", "torch.ones")]


def parameters(at: At) -> list[Op]:
    kept = ", ".join(["-1"] * len(at.output))
    return [parameter(at.output, f"{{it}}.expand(len({{first}}), {kept})")]


def reshape(at: At) -> list[Op]:
    if len(at.shape) == 1:
        return [Op(f"nn.Unflatten(1, {at.output})")]
    return [Op("", f"{{0}}.reshape(-1, {', '.join(map(str, at.output))})")]


def permute(at: At) -> list[Op]:
    return [Op("", f"{{0}}.permute(0, {', '.join([str(dim + 1) for dim in at.layer.dims])})")]


def part(at: At) -> list[Op]:
    return [Op("", f"{{0}}[{index_text(at)}]")]


def repetition(at: At) -> list[Op]:
    return [Op("", f"{{0}}.unsqueeze(1).expand(-1, {at.layer.n}, -1)")]


def flatten(at: At) -> list[Op]:
    start, end = [dim + (dim >= 0) for dim in (at.layer.start_dim, at.layer.end_dim)]
    given = [start, end] if end != -1 else [start] if start != 1 else []
    return [Op(f"nn.Flatten({', '.join(map(str, given))})")]


def embedding(at: At) -> list[Op]:
    return [Op(at.call(), "{it}({0}.long())")]


def recurrent(at: At) -> list[Op]:
    """The output is the first of two. Of two biases, one may be 0 and not trained."""
    layer = at.layer
    used = "{it}({0})[0]" if layer.return_sequences else "{it}({0})[0][:, -1]"
    after = ""
    if layer.bias and not layer.recurrent_bias:
        after = (
            "for name, bias in {it}.named_parameters():\n"
            '    if name.startswith("bias_hh"):\n'
            "        nn.init.zeros_(bias).requires_grad_(False)"
        )
    return [Op(at.call(batch_first=True), used, after)]


def attention(at: At) -> list[Op]:
    layer = at.layer
    if len(at.shapes) == 1 and layer._dims() != (layer.embed_dim,) * 3:
        raise at.refusal(
            "attention of a sequence to itself with kdim or vdim: call it on queries and keys"
        )
    read = ["{0}", "{0}", "{0}"], ["{0}", "{1}", "{1}"], ["{0}", "{1}", "{2}"]
    used = ", ".join(read[len(at.shapes) - 1])
    if layer._is_projected:
        sizes = ", ".join(map(str, [layer._dims(), *layer._heads(), layer.bias]))
        return [Op(f"Attention({sizes})", f"{{it}}({used})")]
    return [Op(at.call(batch_first=True), f"{{it}}({used})[0]")]


def encoder(at: At) -> list[Op]:
    return [Op(at.call(batch_first=True))]


def aligned(at: At) -> list[str]:
    """The inputs, with axes of 1 after the batch for those that have fewer than others."""
    most = max(map(len, at.shapes))
    missing = [", None" * (most - len(shape)) for shape in at.shapes]
    return [f"{{{at}}}[:{axes}]" if axes else f"{{{at}}}" for at, axes in enumerate(missing)]


def elementwise(at: At) -> list[Op]:
    if len(at.shapes) == 1:
        return []
    return [Op("", (" * " if isinstance(at.layer, Multiply) else " + ").join(aligned(at)))]


def concat(at: At) -> list[Op]:
    return [Op("", "torch.cat([{all}], {dim})")] if len(at.shapes) > 1 else []


def product(at: At) -> list[Op]:
    return [Op("", " @ ".join(aligned(at)))]


def activation(at: At) -> list[Op]:
    word = at.layer._plain_name
    word = OTHER_NAMES.get(word, word)
    if word in FUNCTIONS:
        return [Op("", f"{FUNCTIONS[word]}({{0}})")]
    kinds = [one.name for one in counterparts("torch") if one.layer == "Activation"]
    by_word = {name.removeprefix("nn.").lower(): name for name in kinds}
    known = {one: name for one, name in by_word.items() if one not in NEED_ARGUMENTS}
    if word == "identity":
        return [Op("nn.Identity()")]
    if word not in known:
        raise at.refusal(f"activation {at.layer.name!r} as a layer: name one of {', '.join(known)}")
    return [Op(f"{known[word]}({'dim=-1' if word in BY_FEATURES else ''})")]


def turns(at: At) -> bool | None:
    """Whether a layer reads the channels first where they come last; None is either."""
    layer = at.layer
    if isinstance(layer, Dropout):
        return None
    if isinstance(layer, Activation):
        return False if layer._plain_name in BY_FEATURES else None
    if isinstance(layer, Branches):
        return None if len({*map(len, at.shapes)}) == 1 else False
    is_last = isinstance(layer, SpatialLayer) and layer._channels_last and at.rank > 0
    return is_last and bool(layer._family) and not isinstance(layer, Scale)


def distributed(at: At) -> list[Op]:
    """The first axis is joined with the batch, and split from it again."""
    once = at.once
    if isinstance(once.layer, Elementwise) and len({*map(len, at.shapes)}) == 1:
        return elementwise(replace(at, layer=once.layer))
    ops = ops_of(once, RULES)
    if len(at.shapes) > 1 or any("{first}" in one.used for one in ops):
        raise at.refusal("TimeDistributed of a layer like this: put what it does outside")
    if not ops:
        return []
    before, after = "{0}.flatten(0, 1)", f"{{0}}.unflatten(0, (-1, {at.shape[0]}))"
    if turns(once):
        before += ".movedim(-1, 1)"
        after += ".movedim(2, -1)" * (len(once.output) > 1)
    return [Op("", before), *ops, Op("", after)]


RULES: dict[type[Layer], Rule] = {
    Conv: conv,
    DepthwiseConv: depthwise,
    ConvTranspose: transposed,
    Pool: pool,
    AdaptivePool: adaptive,
    GlobalPool: global_pool,
    Pad: pad,
    Crop: crop,
    CenterCrop: center_crop,
    Upsample: of_images,
    PixelShuffle: plain,
    PixelUnshuffle: plain,
    ChannelNorm: channel_norm,
    GroupNorm: norm,
    LastAxesNorm: norm,
    PReLU: prelu,
    Scale: scale,
    Parameters: parameters,
    Reshape: reshape,
    Permute: permute,
    Slice: part,
    RepeatVector: repetition,
    Flatten: flatten,
    Dense: plain,
    Embedding: embedding,
    Recurrent: recurrent,
    MultiheadAttention: attention,
    TransformerEncoderLayer: encoder,
    Elementwise: elementwise,
    Concat: concat,
    MatMul: product,
    Activation: activation,
    Dropout: plain,
    Identity: nothing,
    Input: nothing,
    TimeDistributed: distributed,
}

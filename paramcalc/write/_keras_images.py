"""What Keras has for each layer on images, volumes and sequences with channels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from paramcalc.formulas import center_cropping, dilated_kernel_size, same_length, same_padding
from paramcalc.layers._axes import as_pairs
from paramcalc.layers.resize import PixelShuffle
from paramcalc.write._source import At, Op, Pairs, Rule

MEANS = {"avg": "Average", "max": "Max"}


def listed(name: str, *items: Any, **more: Any) -> Op:
    """A call of a layer; what is None is left out."""
    texts = [str(one) for one in items]
    for key, value in more.items():
        if value is not None:
            texts.append(f'{key}="{value}"' if isinstance(value, str) else f"{key}={value}")
    return Op(f"layers.{name}({', '.join(texts)})")


def data_format(at: At) -> str | None:
    """The argument of layers with spatial axes: the channels come last, unless it is given."""
    return None if at.is_last else "channels_first"


def channel_axis(at: At) -> int | None:
    """The argument of normalizations: the channels come last, unless it is given."""
    return None if at.is_last or not at.rank else 1


def spans(pairs: Pairs) -> Any:
    """The padding of each axis: one number for all, a number each, or two each."""
    flat = [one for pair in pairs for one in pair]
    if len({*flat}) == 1:
        return flat[0]
    if all(one == other for one, other in pairs):
        return tuple([one for one, _ in pairs])
    return pairs[0] if len(pairs) == 1 else tuple(pairs)


def moved(at: At, kind: str, pairs: Pairs) -> list[Op]:
    """A layer that pads or crops, if it has to."""
    at.check_rank()
    if not any(max(pair) for pair in pairs):
        return []
    if kind == "Cropping" and at.rank == 1:
        return turned(at, listed("Cropping1D", spans(pairs)))
    return [listed(f"{kind}{at.rank}D", spans(pairs), data_format=data_format(at))]


def turned(at: At, op: Op) -> list[Op]:
    """A layer on one spatial axis that takes the channels last alone."""
    turn = listed("Permute", (2, 1))
    return [op] if at.is_last else [turn, op, turn]


def conv(only: str) -> Rule:
    """Convolutions, with some fields of ours."""

    def rule(at: At) -> list[Op]:
        layer = at.layer
        if max(layer.stride) > 1 and max(layer.dilation) > 1:
            raise at.refusal("convolution with stride and dilation: give one of them")
        fields: dict[str, Any] = {"only": only, "data_format": data_format(at)}
        if isinstance(layer.padding, str):
            return [Op(at.call(**fields))]
        pairs = as_pairs(layer.padding, at.rank)
        same = list(map(same_padding, at.lengths, layer.kernel_size, layer.stride, layer.dilation))
        if max(layer.stride) == 1 and max(map(max, pairs)) and pairs == same:  # At any length.
            return [Op(at.call(padding="same", **fields))]
        return [*moved(at, "ZeroPadding", pairs), Op(at.call(padding=None, **fields))]

    return rule


def conv_lstm(at: At) -> list[Op]:
    """A recurrent convolution: its input has an axis of time before the others."""
    frame = replace(at, shape=at.shape[1:])
    *pads, last = conv("out_channels kernel_size stride padding dilation bias return_sequences")(
        frame
    )
    return [*map(each_time, pads), last]


def each_time(op: Op) -> Op:
    """A layer for each position of the first axis."""
    return Op(f"layers.TimeDistributed({op.made})")


def transposed(at: At) -> list[Op]:
    layer = at.layer
    if layer.groups > 1:
        raise at.refusal("transposed convolution with groups: give groups=1")
    if any(map(int.__ge__, layer.output_padding, layer.stride)):
        raise at.refusal("output_padding that is not less than the stride: give less")
    (made,) = conv("out_channels kernel_size stride padding dilation bias")(
        at if layer.padding == "same" else replace(at, layer=replace(layer, padding=0))
    )
    if layer.padding == "same":
        return [made]
    reaches = list(map(dilated_kernel_size, layer.kernel_size, layer.dilation))
    more: Any = layer.output_padding
    if any(more) or any(map(int.__lt__, reaches, layer.stride)):  # Or it would give n·s.
        more = more[0] if len({*more}) == 1 else more
        made = Op(f"{made.made[:-1]}, output_padding={more})")
    return [made, *moved(at, "Cropping", as_pairs(layer.padding, at.rank))]


def pool(at: At) -> list[Op]:
    at.check_rank()
    layer, lengths, output = at.layer, at.lengths, at.out_lengths
    sizes, strides, steps = map(at.spread, ("kernel_size", "stride", "dilation"))
    if max(steps) > 1:
        raise at.refusal("pooling with dilation: give dilation=1")

    def called(padding: str | None = None) -> Op:
        fields: dict[str, Any] = {"padding": padding, "data_format": data_format(at)}
        return Op(at.call(only="kernel_size stride", **fields))

    if layer.padding == "same":
        return [called("same")]
    pairs = as_pairs(layer.padding, at.rank)
    ends = [(one - 1) * step + size for one, step, size in zip(output, strides, sizes, strict=True)]
    after = [end - n - pair[0] for end, n, pair in zip(ends, lengths, pairs, strict=True)]
    needed = [(0, max(one, 0)) for one in after]
    has_padding = any(max(pair) for pair in pairs)
    if not has_padding and list(map(same_padding, lengths, sizes, strides)) == needed:
        is_same = list(map(same_length, lengths, strides)) == list(output)
        if is_same and any(max(pair) for pair in needed):
            return [called("same")]
    is_more = any(one > given for one, (_, given) in zip(after, pairs, strict=True))
    if layer.mode == "avg" and is_more:
        raise at.refusal("average pooling with this ceil_mode: put a Pad before it")
    if layer.mode == "avg":
        return [*moved(at, "ZeroPadding", pairs), called()]
    if not has_padding and not is_more:
        return [called()]
    widths = [(one, max(other, given)) for (one, given), other in zip(pairs, after, strict=True)]
    return [pad_op(at, widths, 'constant_values=float("-inf")'), called()]


def pad_op(at: At, pairs: Pairs, more: str) -> Op:
    """An operation that pads."""
    none = (0, 0)
    widths = (none, *pairs, none) if at.is_last else (none, none, *pairs)
    return Op("", f"ops.pad({{0}}, {widths}, {more})")


def adaptive(at: At) -> list[Op]:
    at.check_rank()
    if {*at.out_lengths} == {1}:
        kind = f"Global{MEANS[at.layer.mode]}Pooling{at.rank}D"
        return [listed(kind, keepdims=True, data_format=data_format(at))]
    kind = f"Adaptive{MEANS[at.layer.mode]}Pooling{at.rank}D"
    sizes = at.out_lengths
    size: Any = sizes[0] if len({*sizes}) == 1 else sizes
    return [listed(kind, size, data_format=data_format(at))]


def global_pool(at: At) -> list[Op]:
    at.check_rank()
    kind = f"Global{MEANS[at.layer.mode]}Pooling{at.rank}D"
    return [listed(kind, data_format=data_format(at))]


def pad(at: At) -> list[Op]:
    pairs, mode = as_pairs(at.layer.padding, at.rank), at.layer.mode
    if mode == "constant":
        return moved(at, "ZeroPadding", pairs)
    if mode != "reflect":
        raise at.refusal(f'padding in mode "{mode}": give "reflect" or "constant"')
    return [pad_op(at, pairs, 'mode="reflect"')]


def crop(at: At) -> list[Op]:
    return moved(at, "Cropping", as_pairs(at.layer.cropping, at.rank))


def center_crop(at: At) -> list[Op]:
    removed = list(map(center_cropping, at.lengths, at.out_lengths))
    pads = [(max(-one, 0), max(-other, 0)) for one, other in removed]
    crops = [(max(one, 0), max(other, 0)) for one, other in removed]
    found = [*moved(at, "ZeroPadding", pads), *moved(at, "Cropping", crops)]
    if len(at.shapes) > 1 and found:  # The second is read for its lengths alone.
        found[0] = Op(found[0].made, "{it}({0})")
    return found


def upsample(at: At) -> list[Op]:
    at.check_rank()
    mode = at.layer.mode
    ratios = [divmod(one, n) for one, n in zip(at.out_lengths, at.lengths, strict=True)]
    factors = tuple([factor for factor, _ in ratios])
    is_whole = not any(rest for _, rest in ratios)
    if mode == "nearest-exact" and is_whole:
        mode = "nearest"
    smooth = None if mode == "nearest" else mode
    size: Any = factors[0] if len({*factors}) == 1 else factors
    if at.rank == 2 and mode in ("nearest", "bilinear", "bicubic"):
        more = {"interpolation": smooth, "data_format": data_format(at)}
        if is_whole:
            return [listed("UpSampling2D", size, **more)]
        return [listed("Resizing", *at.out_lengths, **more | {"interpolation": mode})]
    if mode != "nearest" or not is_whole:
        raise at.refusal(
            'upsampling by this factor and mode: give whole factors and mode "nearest"'
        )
    if at.rank == 1:
        return turned(at, listed("UpSampling1D", size))
    return [listed("UpSampling3D", size, data_format=data_format(at))]


def shuffle(at: At) -> list[Op]:
    """Channels are split in three, and two parts join the height and the width."""
    r, (height, width) = at.layer.upscale_factor, at.lengths
    split = at.layer._join((at.channels // (r * r), r, r), [(height,), (width,)])
    return shuffled(at, [one for group in split for one in group])


def unshuffle(at: At) -> list[Op]:
    r, (height, width) = at.layer.downscale_factor, at.out_lengths
    split = at.layer._join((at.channels,), [(height, r), (width, r)])
    return shuffled(at, [one for group in split for one in group])


def shuffled(at: At, split: list[int]) -> list[Op]:
    """The shape `split`, in which every other axis moves, in the shape of the output."""
    turn = listed(
        "Permute", (1, 4, 2, 5, 3) if isinstance(at.layer, PixelShuffle) else (1, 3, 5, 2, 4)
    )
    return [listed("Reshape", tuple(split)), turn, listed("Reshape", at.output)]

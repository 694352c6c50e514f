"""The functions of torch, and the methods of its tensors, by name.

Each takes the interpreter and torch's arguments, the tensor first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from paramcalc._branches import Add, Multiply
from paramcalc.errors import ReadError, show
from paramcalc.layers.activation import Activation, Dropout
from paramcalc.readers._torch import along, constants, functional, merging, parts, shaping
from paramcalc.readers._torch.einsum import einsum
from paramcalc.readers._torch.layers import made
from paramcalc.readers._torch.tensors import (
    Rows,
    Sizes,
    Tensor,
    Unusable,
    Weight,
    axis_of,
    needed,
    ranked,
)
from paramcalc.readers._torch.values import Unknown

Function = Callable[..., Any]


def elementwise(name: str) -> Function:
    """A function of single values of one tensor."""

    def call(t: Any, *given: Any, **named: Any) -> Any:
        tensors = [one for one in [*given, *named.values()] if t.is_tensor(one)]
        if len(tensors) > 1:
            raise ReadError(f"{name} of two tensors is not known")
        return t.emit(name, Activation(name), t.tensor(tensors[0])) if tensors else Tensor(())

    return call


def same(t: Any, input: Any, *_: Any, **__: Any) -> Any:
    """A function that changes neither axes nor counts."""
    return input


def dropout(t: Any, input: Any, p: Any = 0.5, *_: Any, **__: Any) -> Any:
    return t.emit("dropout", made(Dropout, {"p": p}), t.tensor(input))


def sub(t: Any, input: Any, other: Any, alpha: Any = 1) -> Any:
    return merging.combine(t, "sub", Add(), input, other)


def div(t: Any, input: Any, other: Any, rounding_mode: Any = None) -> Any:
    return merging.combine(t, "div", Multiply(), input, other)


def masked_fill(t: Any, input: Any, mask: Any, value: Any = 0) -> Any:
    tensor, other = t.tensor(input), t.tensor(mask)
    dims = ranked(tensor.dims, "a mask")
    if merging.broadcast(dims, ranked(other.dims, "a mask")) != dims:
        needed(dims, "a mask")
        raise ReadError("a mask makes a tensor larger")
    return tensor


def where(t: Any, condition: Any, input: Any, other: Any) -> Any:
    given = [one for one in (input, other) if not isinstance(one, int | float)]
    if len(given) != 1:
        raise ReadError("where takes one tensor and one number")
    return masked_fill(t, given[0], condition)


def of_axes(name: str, mode: str) -> Function:
    """A function along axes."""

    def call(
        t: Any,
        input: Any,
        dim: Any = None,
        keepdim: Any = False,
        axis: Any = None,
        **_: Any,
    ) -> Any:
        return along.reduce(t, input, dim if axis is None else axis, keepdim, mode, name)

    return call


def with_places(name: str) -> Function:
    """A maximum or minimum, with its places."""

    def call(t: Any, input: Any, dim: Any = None, keepdim: Any = False) -> Any:
        if isinstance(dim, Tensor | Weight):
            raise ReadError(f"{name} of two tensors is not known")
        return along.reduce(t, input, dim, keepdim, "max", name), Unusable("the place of a maximum")

    return call


def norm(t: Any, input: Any, p: Any = 2, dim: Any = None, keepdim: Any = False) -> Any:
    return along.reduce(t, input, dim, keepdim, "avg", "norm")


def cosine_similarity(t: Any, x1: Any, x2: Any, dim: Any = 1, eps: Any = 0) -> Any:
    return along.reduce(t, merging.mul(t, x1, x2), dim, False, "avg", "cosine_similarity")


def pairwise_distance(
    t: Any, x1: Any, x2: Any, p: Any = 2, eps: Any = 0, keepdim: Any = False
) -> Any:
    return along.reduce(t, merging.add(t, x1, x2), -1, keepdim, "avg", "pairwise_distance")


def glu(t: Any, input: Any, dim: Any = -1) -> Any:
    one, gate = parts.chunk(t, input, 2, dim)
    return merging.mul(t, one, t.emit("sigmoid", Activation("sigmoid"), gate))


def channel_shuffle(t: Any, input: Any, groups: Any) -> Any:
    return t.emit("channel_shuffle", Activation("channel_shuffle"), t.tensor(input))


def sizes(t: Any, input: Any, dim: Any = None) -> Any:
    """The shape, or a length; the batch is a length without a value."""
    tensor = t.tensor(input)
    if dim is None and tensor.dims is None:
        return Sizes(tensor)
    if dim is None:
        dims: Any = tensor.dims
        return tuple([shaping.size(dims, at) for at in range(len(dims))])
    if tensor.dims is None:
        return Rows() if dim == 0 else Unknown(f"the length of axis {show(dim)}")
    return shaping.size(tensor.dims, axis_of(tensor.dims, dim))


def rank(t: Any, input: Any) -> int:
    return len(ranked(t.tensor(input).dims, "the number of axes"))


def numel(t: Any, input: Any) -> Any:
    total: Any = 1
    for one in input.shape if isinstance(input, Weight) else needed(t.tensor(input).dims, "numel"):
        total = t.operate("Mult", total, one)
    return total


def item(t: Any, input: Any, *_: Any) -> Unknown:
    return Unknown("the value of a tensor")


ELEMENTWISE = """
    relu relu6 leaky_relu elu selu celu gelu silu mish softplus softsign tanh sigmoid hardtanh
    hardswish hardsigmoid hardshrink softshrink tanhshrink logsigmoid threshold rrelu softmax
    log_softmax softmin gumbel_softmax normalize local_response_norm exp log log2 log10 log1p expm1
    sqrt rsqrt abs neg sign sin cos tan asin acos atan erf square pow reciprocal clamp clip round
    floor ceil cumsum cumprod flip roll tril triu logit isnan fmod remainder bernoulli
    uniform normal fill zero trunc_normal kaiming_normal random bitwise_not logical_not eq ne lt le
    gt ge
"""
SAME = """
    contiguous clone detach to cuda cpu type type_as float half double long int bool bfloat16
    requires_grad_ data numpy tolist as_tensor from_numpy real view_as_real
"""
DROPOUTS = "dropout dropout1d dropout2d dropout3d alpha_dropout feature_alpha_dropout"
LIKE = "zeros_like ones_like rand_like randn_like empty_like full_like"
NEW = "new_zeros new_ones new_empty new_full new_tensor"
CALLS: dict[str, Function] = {
    **{one: elementwise(one) for one in ELEMENTWISE.split()},
    **dict.fromkeys(SAME.split(), same),
    **dict.fromkeys(DROPOUTS.split(), dropout),
    **{f"max_pool{n}d": functional.layer_call(
        f"MaxPool{n}d", "kernel_size stride padding dilation ceil_mode return_indices"
    ) for n in (1, 2, 3)},
    **{f"avg_pool{n}d": functional.layer_call(f"AvgPool{n}d") for n in (1, 2, 3)},
    **{f"adaptive_avg_pool{n}d": functional.layer_call(f"AdaptiveAvgPool{n}d") for n in (1, 2, 3)},
    **{f"adaptive_max_pool{n}d": functional.layer_call(f"AdaptiveMaxPool{n}d") for n in (1, 2, 3)},
    "pixel_shuffle": functional.layer_call("PixelShuffle"),
    "pixel_unshuffle": functional.layer_call("PixelUnshuffle"),
    **{f"conv{n}d": functional.convolution(
        f"Conv{n}d", "stride padding dilation groups"
    ) for n in (1, 2, 3)},
    **{f"conv_transpose{n}d": functional.convolution(
        f"ConvTranspose{n}d", "stride padding output_padding groups dilation"
    ) for n in (1, 2, 3)},
    "interpolate": functional.interpolate,
    "upsample": functional.interpolate,
    "linear": functional.linear,
    "embedding": functional.embedding,
    "layer_norm": functional.layer_norm,
    "rms_norm": functional.rms_norm,
    "group_norm": functional.group_norm,
    "glu": glu,
    "channel_shuffle": channel_shuffle,
    "cosine_similarity": cosine_similarity,
    "pairwise_distance": pairwise_distance,
    "scaled_dot_product_attention": merging.attention,
    "add": merging.add,
    "sub": sub,
    "subtract": sub,
    "mul": merging.mul,
    "multiply": merging.mul,
    "div": div,
    "divide": div,
    "true_divide": div,
    "matmul": merging.matmul,
    "bmm": merging.matmul,
    "mm": merging.matmul,
    "einsum": einsum,
    "masked_fill": masked_fill,
    "where": where,
    "cat": merging.cat,
    "concat": merging.cat,
    "concatenate": merging.cat,
    "stack": merging.stack,
    "repeat": merging.repeat,
    "mean": of_axes("mean", "avg"),
    "sum": of_axes("sum", "avg"),
    "std": of_axes("std", "avg"),
    "var": of_axes("var", "avg"),
    "logsumexp": of_axes("logsumexp", "max"),
    "amax": of_axes("amax", "max"),
    "amin": of_axes("amin", "max"),
    "max": with_places("max"),
    "min": with_places("min"),
    "norm": norm,
    "view": shaping.view,
    "reshape": shaping.view,
    "flatten": shaping.flatten,
    "unflatten": shaping.unflatten,
    "permute": shaping.permute,
    "transpose": shaping.transpose,
    "swapaxes": shaping.transpose,
    "t": shaping.turned,
    "unsqueeze": shaping.unsqueeze,
    "squeeze": shaping.squeeze,
    "chunk": parts.chunk,
    "split": parts.split,
    "unbind": parts.unbind,
    "select": parts.select,
    "narrow": parts.narrow,
    "expand": along.expand,
    "expand_as": lambda t, x, other: along.expand(t, x, *sizes(t, other)),
    "view_as": lambda t, x, other: shaping.view(t, x, *sizes(t, other)),
    "reshape_as": lambda t, x, other: shaping.view(t, x, *sizes(t, other)),
    "pad": along.pad,
    "size": sizes,
    "dim": rank,
    "ndimension": rank,
    "numel": numel,
    "nelement": numel,
    "item": item,
    **dict.fromkeys(["zeros", "ones", "rand", "randn", "empty"], constants.constant),
    **dict.fromkeys(["Tensor", "FloatTensor", "LongTensor", "BoolTensor"], constants.filled),
    **dict.fromkeys(LIKE.split(), constants.like),
    **dict.fromkeys(NEW.split(), constants.new),
    "full": constants.full,
    "randint": constants.randint,
    "randperm": constants.constant,
    "arange": constants.arange,
    "range": constants.arange,
    "linspace": constants.linspace,
    "eye": constants.eye,
    "tensor": constants.tensor_of,
    "meshgrid": constants.meshgrid,
    "is_tensor": lambda t, x: t.is_tensor(x),
}  # fmt: skip
"""What is known of torch."""

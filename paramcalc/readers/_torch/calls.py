"""The functions of torch, and the methods of its tensors, by name.

Each takes the interpreter and torch's arguments, the tensor first.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from math import ceil
from typing import Any

from paramcalc._branches import Add, Multiply
from paramcalc.errors import ReadError, show
from paramcalc.layers.activation import Activation, Dropout
from paramcalc.layers.dense import Dense
from paramcalc.layers.embedding import Embedding
from paramcalc.layers.norm import LayerNorm
from paramcalc.layers.pool import AdaptivePool
from paramcalc.layers.resize import Upsample
from paramcalc.readers._torch import merging, parts, shaping
from paramcalc.readers._torch.layers import COUNTERPARTS, bind, named_by
from paramcalc.readers._torch.merging import einsum
from paramcalc.readers._torch.shaping import size_of, spread
from paramcalc.readers._torch.tensors import (
    Module,
    Rows,
    Sizes,
    Tensor,
    Unusable,
    Weight,
    axis_of,
    needed,
    ranked,
)
from paramcalc.readers._torch.values import Known, Unknown, attempt

Function = Callable[..., Any]


def elementwise(name: str) -> Function:
    """A function of single values of one tensor."""

    def call(t: Any, *given: Any, **named: Any) -> Any:
        tensors = [one for one in [*given, *named.values()] if t.is_tensor(one)]
        if len(tensors) > 1:
            raise ReadError(f"{name} of two tensors is not known")
        if not tensors:
            raise ReadError(f"{name} of no tensor is not known")
        return t.emit(name, Activation(name), t.tensor(tensors[0]))

    return call


def merge(name: str, kind: Any) -> Function:
    """A function of the values of two tensors at the same places."""
    return lambda t, x, other, alpha=1, rounding_mode=None: merging.combine(
        t, name, kind(), x, other
    )


# Layers that are functions, some of them with their tensors as arguments.


def layer_call(kind: str, names: str = "") -> Function:
    """A function that is a layer of torch.nn, with the names of its arguments in order."""
    order = names.split() or list(COUNTERPARTS[kind].arguments)
    function = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).lower()

    def call(t: Any, x: Any, *given: Any, **named: Any) -> Any:
        module = Module(Known(f"torch.nn.{kind}"))
        bind(module, kind, **named_by(function, order, *given, **named))
        return t.apply_layer(module, function, {"input": x})

    return call


def dropout(t: Any, x: Any, p: Any = 0.5, training: Any = True, inplace: Any = False) -> Any:
    return t.emit("dropout", attempt("", Dropout, p), t.tensor(x))


def interpolate(
    t: Any, x: Any, size: Any = None, scale_factor: Any = None, mode: Any = "nearest", **_: Any
) -> Any:
    tensor = t.tensor(x)
    size = tuple(map(size_of, size)) if isinstance(size, list | tuple) else size
    factor = tuple(scale_factor) if isinstance(scale_factor, list) else scale_factor
    if mode == "area":
        layer = attempt("", AdaptivePool, size)
    else:
        layer = attempt("", Upsample, size=size, scale_factor=factor, mode=mode)
    t.check_rank(tensor, None, "interpolate")
    return t.emit("interpolate", layer, tensor)


def weighted(t: Any, name: str, x: Any, layer: Any, *owners: Any) -> Any:
    """A layer whose tensors are given as arguments."""
    tensor, weight = t.tensor(x), owners[0]
    if not all(isinstance(one, Weight) for one in owners):
        raise ReadError(f"{name} takes an nn.Parameter, got {show(weight)}")
    t.check_axes(Module(Known(name), kind=name, layer=layer), tensor)
    tensors = layer._tensors(None)
    if [one.shape for one in tensors] != [one.shape for one in owners] or tensor.frame is None:
        raise ReadError(f"{name} with a weight of shape {show(weight.shape)} is not known")
    module: Any = weight.module
    if module is None and all(one.path and one.trainable for one in owners):
        return t.emit(name, layer, tensor, owners=owners)
    names = [one.name for one in module.layer._tensors(None)] if module is not None else []
    if not names or names != [one.name for one in owners if one.module is module]:
        raise ReadError(f"{name} takes all trainable tensors of a module, and no others")
    return t.emit(t.place_name(module), layer, tensor, owners=(module,))


def linear(t: Any, x: Any, weight: Any, bias: Any = None) -> Any:
    shape = weight.shape if isinstance(weight, Weight) else ()
    if len(shape) != 2:
        made = merging.matmul(t, x, shaping.turned(t, weight))
        return made if bias is None else merging.combine(t, "add", Add(), made, bias)
    layer = Dense(shape[1], shape[0], bias=bias is not None)
    return weighted(t, "linear", x, layer, weight, *([] if bias is None else [bias]))


def layer_norm(
    t: Any, x: Any, normalized_shape: Any, weight: Any = None, bias: Any = None, eps: Any = 0
) -> Any:
    lengths = tuple(normalized_shape) if isinstance(normalized_shape, list) else normalized_shape
    given = [one for one in (weight, bias) if one is not None]
    flags = {"elementwise_affine": bool(given)} | ({"bias": bias is not None} if given else {})
    layer = attempt("", LayerNorm, lengths, **flags)
    if not given:
        return t.emit("layer_norm", layer, t.tensor(x))
    return weighted(t, "layer_norm", x, layer, *given)


def embedding(t: Any, x: Any, weight: Any, padding_idx: Any = None) -> Any:
    if not isinstance(weight, Weight) or len(weight.shape) != 2:
        raise ReadError("embedding takes an nn.Parameter as its table")
    return weighted(t, "embedding", x, Embedding(*weight.shape), weight)


# Masks, and functions along axes.


def masked_fill(t: Any, x: Any, mask: Any, value: Any = 0) -> Any:
    tensor, other = t.tensor(x), t.tensor(mask)
    dims = needed(tensor.dims, "a mask")
    if merging.broadcast(dims, ranked(other.dims, "a mask")) != dims:
        raise ReadError("a mask makes a tensor larger")
    return tensor


def where(t: Any, condition: Any, x: Any, other: Any) -> Any:
    given = [one for one in (x, other) if not isinstance(one, int | float)]
    if len(given) != 1:
        raise ReadError("where takes one tensor and one number")
    return masked_fill(t, given[0], condition)


def of_axes(name: str, mode: str) -> Function:
    """A function along axes."""

    def call(t: Any, x: Any, dim: Any = None, keepdim: Any = False, axis: Any = None) -> Any:
        return shaping.reduce(t, x, dim if axis is None else axis, keepdim, mode, name)

    return call


def deviation(name: str) -> Function:
    """A standard deviation or a variance: before `keepdim` stands whether it is unbiased."""

    def call(
        t: Any, x: Any, dim: Any = None, unbiased: Any = True, keepdim: Any = False, *,
        correction: Any = 1, axis: Any = None,
    ) -> Any:  # fmt: skip
        return shaping.reduce(t, x, dim if axis is None else axis, keepdim, "avg", name)

    return call


def with_places(name: str) -> Function:
    """A maximum or minimum, with its places."""

    def call(t: Any, x: Any, dim: Any = None, keepdim: Any = False) -> Any:
        if t.is_tensor(dim):
            raise ReadError(f"{name} of two tensors is not known")
        return shaping.reduce(t, x, dim, keepdim, "max", name), Unusable("the place of a maximum")

    return call


def norm(t: Any, x: Any, p: Any = 2, dim: Any = None, keepdim: Any = False) -> Any:
    return shaping.reduce(t, x, dim, keepdim, "avg", "norm")


def glu(t: Any, x: Any, dim: Any = -1) -> Any:
    one, gate = parts.chunk(t, x, 2, dim)
    gate = t.emit("sigmoid", Activation("sigmoid"), gate)
    return merging.combine(t, "mul", Multiply(), one, gate)


# Sizes.


def sizes(t: Any, x: Any, dim: Any = None) -> Any:
    """The shape, or a length; the batch is a length without a value."""
    dims = t.tensor(x).dims
    if dim is None:
        return Sizes(t.tensor(x)) if dims is None else shaping.sizes(dims)
    if dims is None:
        return Rows() if dim == 0 else Unknown(f"the length of axis {show(dim)}")
    return shaping.sizes(dims)[axis_of(dims, dim)]


def as_other(function: Function) -> Function:
    """A function that takes the shape of another tensor."""
    return lambda t, x, other: function(t, x, *t.listed(sizes(t, other)))


def rank(t: Any, x: Any) -> int:
    return len(ranked(t.tensor(x).dims, "the number of axes"))


def numel(t: Any, x: Any) -> Any:
    total: Any = 1
    for one in x.shape if isinstance(x, Weight) else needed(t.tensor(x).dims, "numel"):
        total = t.operate("Mult", total, one)
    return total


# Tensors that depend on no input: their shapes alone.


def constant(t: Any, *given: Any, size: Any = None, **_: Any) -> Any:
    """A tensor of a size."""
    return Tensor(tuple(map(size_of, spread(given if size is None else (size,)))))


def filled(t: Any, *given: Any) -> Any:
    """A tensor of a size, or of values in a list."""
    is_data = len(given) == 1 and not isinstance(given[0], int | Rows)
    return tensor_of(t, given[0]) if is_data else constant(t, *given)


def normal(t: Any, *given: Any, **named: Any) -> Any:
    """Random values for those of a tensor, or a tensor of a size."""
    if any(map(t.is_tensor, [*given, *named.values()])):
        return elementwise("normal")(t, *given, **named)
    return constant(t, size=named.get("size", given[-1] if given else None))


def arange(
    t: Any, *ends: Any, step: Any = 1, dtype: Any = None, device: Any = None,
    requires_grad: Any = False,
) -> Any:  # fmt: skip
    *given, step = [size_of(int(one) if isinstance(one, float) else one) for one in (*ends, step)]
    start, stop, step = [0, *given, step] if len(given) == 1 else [*given, step][:3]
    if any(isinstance(one, Rows) for one in (start, stop, step)) or step == 0:
        raise ReadError("arange takes numbers, and a step that is not 0")
    return Tensor((max(0, ceil((stop - start) / step)),))


def linspace(
    t: Any, start: Any, end: Any, steps: Any = None, *, num: Any = 50, dtype: Any = None,
    device: Any = None,
) -> Any:  # fmt: skip
    """The values, which are mostly probabilities of dropping something; `num` is numpy's."""
    steps = num if steps is None else steps
    if not all(isinstance(one, int | float) for one in (start, end)) or not isinstance(steps, int):
        raise ReadError("linspace takes numbers")
    t.meter.spend(max(steps, 0))
    return [start + (end - start) * at / max(steps - 1, 1) for at in range(steps)]


def tensor_of(t: Any, data: Any, **_: Any) -> Any:
    lengths: list[int] = []
    while isinstance(data, list | tuple) and len(lengths) < 10:
        lengths.append(len(data))
        data = data[0] if data else None
    return Tensor(tuple(lengths))


def meshgrid(t: Any, *tensors: Any, indexing: Any = "ij") -> tuple[Tensor, ...]:
    given = [t.tensor(one) for one in spread(tensors)]
    dims = tuple([one.dims[0] for one in given if one.dims])
    if any(one.frame is not None for one in given) or len(dims) != len(given) or indexing != "ij":
        raise ReadError("meshgrid of this is not known")
    return tuple([Tensor(dims) for _ in given])


ELEMENTWISE = """
    relu relu6 leaky_relu elu selu celu gelu silu mish softplus softsign tanh sigmoid hardtanh
    hardswish hardsigmoid hardshrink softshrink tanhshrink logsigmoid threshold rrelu softmax
    log_softmax softmin gumbel_softmax normalize local_response_norm exp log log2 log10 log1p expm1
    sqrt rsqrt abs neg sign sin cos tan asin acos atan erf square pow reciprocal clamp clip round
    floor ceil cumsum cumprod flip roll tril triu logit isnan fmod remainder bernoulli
    uniform fill zero trunc_normal kaiming_normal random bitwise_not logical_not eq ne lt le
    gt ge
"""
SAME = """
    contiguous clone detach to cuda cpu type type_as float half double long int bool bfloat16
    requires_grad_ data numpy tolist as_tensor from_numpy
"""
POOL = "kernel_size stride padding dilation ceil_mode return_indices"
ALIASES = {
    "upsample": "interpolate", "subtract": "sub", "multiply": "mul", "divide": "div",
    "true_divide": "div", "bmm": "matmul", "mm": "matmul", "concat": "cat", "concatenate": "cat",
    "reshape": "view", "reshape_as": "view_as", "swapaxes": "transpose", "ndimension": "dim",
    "nelement": "numel", "ones": "zeros", "rand": "zeros", "randn": "zeros", "empty": "zeros",
    "randperm": "zeros", "FloatTensor": "Tensor", "LongTensor": "Tensor", "BoolTensor": "Tensor",
    "ones_like": "zeros_like", "rand_like": "zeros_like", "randn_like": "zeros_like",
    "empty_like": "zeros_like", "full_like": "zeros_like", "new_ones": "new_zeros",
    "new_empty": "new_zeros",
}  # fmt: skip
CALLS: dict[str, Function] = {
    **{one: elementwise(one) for one in ELEMENTWISE.split()},
    **dict.fromkeys(SAME.split(), lambda t, x, *_, **__: x),
    **dict.fromkeys(["dropout", "dropout1d", "dropout2d", "dropout3d", "alpha_dropout"], dropout),
    **{
        f"{there}_pool{n}d": layer_call(f"{here}Pool{n}d", POOL if there == "max" else "")
        for there, here in (
            ("max", "Max"),
            ("avg", "Avg"),
            ("adaptive_avg", "AdaptiveAvg"),
            ("adaptive_max", "AdaptiveMax"),
        )
        for n in (1, 2, 3)
    },
    "pixel_shuffle": layer_call("PixelShuffle"),
    "pixel_unshuffle": layer_call("PixelUnshuffle"),
    "interpolate": interpolate,
    "linear": linear,
    "embedding": embedding,
    "layer_norm": layer_norm,
    "glu": glu,
    "scaled_dot_product_attention": merging.attention,
    "add": merge("add", Add),
    "sub": merge("sub", Add),
    "mul": merge("mul", Multiply),
    "div": merge("div", Multiply),
    "matmul": merging.matmul,
    "einsum": einsum,
    "masked_fill": masked_fill,
    "where": where,
    "cat": merging.cat,
    "stack": merging.stack,
    "repeat": merging.repeat,
    **{one: of_axes(one, "avg") for one in ("mean", "sum")},
    **{one: deviation(one) for one in ("std", "var")},
    **{one: of_axes(one, "max") for one in ("logsumexp", "amax", "amin")},
    "max": with_places("max"),
    "min": with_places("min"),
    "norm": norm,
    "view": shaping.view,
    "view_as": as_other(shaping.view),
    "flatten": shaping.flatten,
    "unflatten": shaping.unflatten,
    "movedim": shaping.movedim,
    "permute": shaping.permute,
    "transpose": shaping.transpose,
    "t": shaping.turned,
    "unsqueeze": shaping.unsqueeze,
    "squeeze": shaping.squeeze,
    "chunk": parts.chunk,
    "split": parts.split,
    "unbind": parts.unbind,
    "select": parts.select,
    "narrow": parts.narrow,
    "expand": shaping.expand,
    "expand_as": as_other(shaping.expand),
    "pad": shaping.pad,
    "size": sizes,
    "dim": rank,
    "numel": numel,
    "item": lambda t, x: Unusable("the value of a tensor"),
    "zeros": constant,
    "Tensor": filled,
    "zeros_like": lambda t, x, **_: Tensor(t.tensor(x).dims),
    "new_zeros": lambda t, x, *given, **named: constant(t, *given, **named),
    "full": lambda t, size, fill_value, **_: constant(t, size),
    "arange": arange,
    "linspace": linspace,
    "normal": normal,
    "eye": lambda t, n, m=None, **_: constant(t, n, n if m is None else m),
    "tensor": tensor_of,
    "meshgrid": meshgrid,
    "is_tensor": lambda t, x: t.is_tensor(x),
}
CALLS.update({one: CALLS[other] for one, other in ALIASES.items()})

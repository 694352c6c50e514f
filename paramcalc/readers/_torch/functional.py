"""Layers that are functions of torch, some of them with their tensors as arguments."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from paramcalc.errors import ReadError, show
from paramcalc.layers.dense import Dense
from paramcalc.layers.embedding import Embedding
from paramcalc.layers.norm import GroupNorm, LayerNorm, RMSNorm
from paramcalc.layers.pool import AdaptivePool
from paramcalc.layers.resize import Upsample
from paramcalc.readers._torch import merging, shaping
from paramcalc.readers._torch.layers import COUNTERPARTS, LAYERS, bind, made
from paramcalc.readers._torch.shaping import size_of
from paramcalc.readers._torch.tensors import Module, Weight
from paramcalc.readers._torch.values import Known

Function = Callable[..., Any]


def layer_call(kind: str, names: str = "") -> Function:
    """A function that is a layer of torch.nn, with the names of its arguments in order."""
    order = names.split() or list(COUNTERPARTS[kind].arguments)
    function = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind).lower()

    def call(t: Any, input: Any, *given: Any, **named: Any) -> Any:
        module = Module(Known(f"torch.nn.{kind}"))
        bind(module, kind, [], dict(zip(order, given, strict=False)) | named)
        return t.apply_layer(module, function, {"input": input})

    return call


def interpolate(
    t: Any, input: Any, size: Any = None, scale_factor: Any = None, mode: Any = "nearest",
    *_: Any, **__: Any,
) -> Any:  # fmt: skip
    tensor = t.tensor(input)
    if size is not None:
        sizes = [size_of(one) for one in (size if isinstance(size, list | tuple) else [size])]
        size = tuple(sizes) if isinstance(size, list | tuple) else sizes[0]
    if mode == "area":
        layer: Any = made(AdaptivePool, {"output_size": size})
    else:
        factor = tuple(scale_factor) if isinstance(scale_factor, list) else scale_factor
        layer = made(Upsample, {"size": size, "scale_factor": factor, "mode": mode})
    t.check_rank(tensor, None, "interpolate")
    return t.emit("interpolate", layer, tensor)


def weighted(t: Any, name: str, x: Any, layer: Any, weight: Any, bias: Any) -> Any:
    """A layer whose tensors are given as arguments."""
    tensor = t.tensor(x)
    if not isinstance(weight, Weight) or not isinstance(bias, Weight | None):
        raise ReadError(f"{name} takes an nn.Parameter, got {show(weight)}")
    t.check_axes(Module(Known(name), kind=name, layer=layer), tensor)
    owners = [one for one in (weight, bias) if one is not None]
    shapes = {one.name: one.shape for one in layer._tensors(None)}
    given = dict(zip(("weight", "bias"), [one.shape for one in owners], strict=False))
    module: Any = weight.module
    if shapes != given or tensor.frame is None:
        raise ReadError(f"{name} with a weight of shape {show(weight.shape)} is not known")
    if module is not None:
        names = {one.name for one in module.layer._tensors(None) if one.trainable}
        if names != {one.name for one in owners} or any(one.module is not module for one in owners):
            raise ReadError(f"{name} with some of the tensors of a layer is not known")
        return t.emit(t.place_name(module), layer, tensor, owners=(module,))
    if not all(one.path and one.trainable for one in owners):
        raise ReadError(f"{name} takes trainable tensors that are attributes of a module")
    return t.emit(name, layer, tensor, owners=tuple(owners))


def linear(t: Any, input: Any, weight: Any, bias: Any = None) -> Any:
    if not isinstance(weight, Weight) or len(weight.shape) != 2:
        return add_bias(t, merging.matmul(t, input, shaping.turned(t, weight)), bias)
    rows, columns = weight.shape
    return weighted(t, "linear", input, made(Dense, {
        "in_features": columns, "out_features": rows, "bias": bias is not None,
    }), weight, bias)  # fmt: skip


def add_bias(t: Any, tensor: Any, bias: Any) -> Any:
    return tensor if bias is None else merging.add(t, tensor, bias)


def convolution(kind: str, names: str) -> Function:
    """A function that is a convolution."""
    order = names.split()

    def call(t: Any, input: Any, weight: Any, bias: Any = None, *given: Any, **named: Any) -> Any:
        pairs = (dict(zip(order, given, strict=False)) | named).items()
        fields = {one: tuple(value) if isinstance(value, list) else value for one, value in pairs}
        shape = weight.shape if isinstance(weight, Weight) else ()
        if len(shape) < 3 or not fields.keys() <= {*order}:
            raise ReadError(f"{kind} takes an nn.Parameter as its weight")
        groups, is_transposed = fields.get("groups", 1), "Transpose" in kind
        if not isinstance(groups, int):
            raise ReadError(f"{kind} takes an int for groups")
        inner, outer = (1, groups) if is_transposed else (groups, 1)
        ends = shape[:2] if is_transposed else (shape[1], shape[0])
        fields |= {"in_channels": ends[0] * inner, "out_channels": ends[1] * outer}
        fields |= {"kernel_size": shape[2:], "bias": bias is not None}
        layer = made(LAYERS[kind], fields)
        t.check_rank(t.tensor(input), len(shape) - 2, kind)
        return weighted(t, kind.lower(), input, layer, weight, bias)

    return call


def layer_norm(
    t: Any,
    input: Any,
    normalized_shape: Any,
    weight: Any = None,
    bias: Any = None,
    eps: Any = 0,
) -> Any:
    lengths = tuple(normalized_shape) if isinstance(normalized_shape, list) else normalized_shape
    fields = {"normalized_shape": lengths, "elementwise_affine": weight is not None}
    layer = made(LayerNorm, fields | ({"bias": bias is not None} if weight is not None else {}))
    if weight is None:
        return t.emit("layer_norm", layer, t.tensor(input))
    return weighted(t, "layer_norm", input, layer, weight, bias)


def rms_norm(t: Any, input: Any, normalized_shape: Any, weight: Any = None, eps: Any = 0) -> Any:
    lengths = tuple(normalized_shape) if isinstance(normalized_shape, list) else normalized_shape
    fields = {"normalized_shape": lengths, "elementwise_affine": weight is not None}
    if weight is None:
        return t.emit("rms_norm", made(RMSNorm, fields), t.tensor(input))
    return weighted(t, "rms_norm", input, made(RMSNorm, fields), weight, None)


def group_norm(
    t: Any,
    input: Any,
    num_groups: Any,
    weight: Any = None,
    bias: Any = None,
    eps: Any = 0,
) -> Any:
    channels = weight.shape[0] if isinstance(weight, Weight) else None
    fields = {"num_groups": num_groups, "num_channels": channels, "affine": weight is not None}
    layer = made(GroupNorm, fields | ({"bias": bias is not None} if weight is not None else {}))
    if weight is None:
        return t.emit("group_norm", layer, t.tensor(input))
    return weighted(t, "group_norm", input, layer, weight, bias)


def embedding(t: Any, input: Any, weight: Any, *_: Any, **__: Any) -> Any:
    if not isinstance(weight, Weight) or len(weight.shape) != 2:
        raise ReadError("embedding takes an nn.Parameter as its table")
    layer = made(
        Embedding, dict(zip(("num_embeddings", "embedding_dim"), weight.shape, strict=True))
    )
    return weighted(t, "embedding", input, layer, weight, None)

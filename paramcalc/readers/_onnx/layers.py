"""The operators of ONNX that are layers with weights, or functions of single values."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from paramcalc.errors import ReadError, show
from paramcalc.layers._base import Layer
from paramcalc.layers.activation import Activation, Dropout, PReLU
from paramcalc.layers.conv import (
    Conv1d,
    Conv2d,
    Conv3d,
    ConvTranspose1d,
    ConvTranspose2d,
    ConvTranspose3d,
)
from paramcalc.layers.dense import Dense
from paramcalc.layers.embedding import Embedding
from paramcalc.layers.norm import BatchNorm, GroupNorm, InstanceNorm, LayerNorm, RMSNorm
from paramcalc.layers.recurrent import GRU, LSTM, RNN
from paramcalc.readers._onnx.network import Call, Operators, Tensors, sequence
from paramcalc.readers._onnx.values import Flow, Held, is_found

CONVS: dict[int, Any] = {1: Conv1d, 2: Conv2d, 3: Conv3d}
TRANSPOSED: dict[int, Any] = {1: ConvTranspose1d, 2: ConvTranspose2d, 3: ConvTranspose3d}


def windows(call: Call, rank: int) -> dict[str, Any]:
    """Stride, padding and dilation of what slides a window."""
    stride = sequence(call.ints("strides"), [1] * rank)
    dilation = sequence(call.ints("dilations"), [1] * rank)
    pads = sequence(call.ints("pads"), [0] * 2 * rank)
    automatic = call.attribute("auto_pad", "NOTSET")
    if len(pads) != 2 * rank:
        raise ReadError(f"pads must have {2 * rank} entries, got {show(tuple(pads))}")
    padding: Any = tuple(zip(pads[:rank], pads[rank:], strict=True))
    if all(before == after for before, after in padding):
        padding = tuple(pads[:rank])
    if automatic in ("SAME_UPPER", "SAME_LOWER"):
        padding = "same"
    elif automatic == "VALID":
        padding = 0
    elif automatic != "NOTSET":
        raise ReadError(f"auto_pad {show(automatic)} is not known")
    return {"stride": tuple(stride), "padding": padding, "dilation": tuple(dilation)}


def filters(call: Call, classes: dict[int, Any]) -> tuple[Held, Any, Tensors]:
    """The weight of a convolution, its class, and its tensors."""
    weight = call.weight(1)
    rank = len(weight.dims) - 2
    if rank not in classes:
        raise ReadError(f"its weight has the shape {show(weight.dims)}: 1 to 3 axes are known")
    kernel_size = call.ints("kernel_shape")
    if kernel_size not in (None, weight.dims[2:]):
        problem = f"kernel_shape {show(kernel_size)} is not that of the weight"
        raise ReadError(f"{problem}, {show(weight.dims)}")
    tensors = {"weight": weight}
    if call.has(2):
        tensors["bias"] = call.weight(2, 1)
    return weight, classes[rank], tensors


def check_sizes(tensors: Tensors, size: int, *names: str) -> None:
    """Refuse vectors of another length."""
    for name in names:
        if name in tensors and prod(tensors[name].dims) != size:
            problem = f"{show(tensors[name].name)} has the shape {show(tensors[name].dims)}"
            raise ReadError(f"{problem}, where {size} values are expected")


def conv(call: Call) -> None:
    weight, kind, tensors = filters(call, CONVS)
    out_channels, in_channels, *kernel_size = weight.dims
    groups, flow = call.attribute("group", 1), call.example()
    check_sizes(tensors, out_channels, "bias")
    sizes = in_channels * groups, out_channels, tuple(kernel_size)
    more = windows(call, len(kernel_size))
    layer = kind(*sizes, **more, groups=groups, bias="bias" in tensors)
    call.keep(layer, flow, tensors)


def conv_transpose(call: Call) -> None:
    weight, kind, tensors = filters(call, TRANSPOSED)
    in_channels, out_channels, *kernel_size = weight.dims
    groups, flow = call.attribute("group", 1), call.example()
    out_channels *= groups
    check_sizes(tensors, out_channels, "bias")
    more = windows(call, len(kernel_size))
    more["output_padding"] = call.ints("output_padding") or 0
    sizes = in_channels, out_channels, tuple(kernel_size)
    layer = kind(*sizes, **more, groups=groups, bias="bias" in tensors)
    wanted = call.ints("output_shape")
    if wanted is not None and layer.output_shape(flow.shape)[1:] != wanted[-len(kernel_size) :]:
        raise ReadError(f"output_shape {show(wanted)} is another than its padding gives")
    call.keep(layer, flow, tensors)


def gemm(call: Call) -> None:
    flow, weight = call.flow(0), call.weight(1, 2)
    if call.attribute("transA", 0):
        raise ReadError(f"transA is not known: {call.way_out}")
    out_features, in_features = weight.dims if call.attribute("transB", 0) else weight.dims[::-1]
    tensors = {"weight": weight}
    if call.has(2):
        tensors["bias"] = call.weight(2)
        check_sizes(tensors, out_features, "bias")
    dense(call, flow, (in_features, out_features), tensors)


def dense(
    call: Call, flow: Flow, features: tuple[int, int], tensors: Tensors, output: str = ""
) -> None:
    """A dense layer; its output is that of another node, if that adds the bias."""
    if flow.own(call.axis(-1, len(flow.axes))) != len(flow.shape) - 1 or not flow.shape:
        raise ReadError(f"works along the batch axis: {call.way_out}")
    layer = Dense(*features, bias="bias" in tensors)
    made = flow.with_shape(*call.layer(layer, flow, tensors=tensors))
    if output:
        call.reading.place(output, made)
    else:
        call.put(made)


def affine(call: Call, switch: str = "affine") -> tuple[dict[str, Any], Tensors]:
    """Whether a normalization has a scale and a shift; those that do not count are constants."""
    tensors: Tensors = {}
    for index, name in enumerate(("weight", "bias"), 1):
        if call.has(index) and is_trained(call.value(index)):
            tensors[name] = call.weight(index)
    has = {"scale": "weight" in tensors, "bias": "bias" in tensors}
    return {switch: bool(tensors), **has}, tensors


def is_trained(tensor: Flow | Held) -> bool:
    """Whether a scale or shift is not one that the exporter of torch made up, of ones or zeros."""
    if isinstance(tensor, Flow):
        return True
    return tensor.counts and not (
        is_found(tensor.name) and len({*(tensor.numbers() or (0, 1))}) == 1
    )


def channel_norm(kind: Any) -> Callable[[Call], None]:
    """The reader of a normalization of channels."""

    def read(call: Call) -> None:
        flow, size = call.example(), prod(call.full(1))
        has, tensors = affine(call)
        check_sizes(tensors, size, "bias")
        if call.attribute("spatial", 1) != 1:
            raise ReadError(f"spatial=0 is not known: {call.way_out}")
        call.keep(kind(size, **has), flow, tensors)

    return read


def group_norm(call: Call) -> None:
    flow, groups = call.example(), call.attribute("num_groups", 0)
    has, tensors = affine(call)
    channels = flow.shape[0] if flow.shape else 0
    check_sizes(tensors, channels, "weight", "bias")
    call.keep(GroupNorm(groups, channels, **has), flow, tensors)


def layer_norm(call: Call) -> None:
    """A layer normalization, or one by the root mean square, which has no shift."""
    flow, axis = call.flow(0), call.attribute("axis", -1)
    start = call.axis(axis, len(flow.axes))
    if flow.batch is not None and flow.batch >= start:
        raise ReadError(f"works along the batch axis: {call.way_out}")
    shape = flow.axes[start:]
    has, tensors = affine(call, "elementwise_affine")
    for one in tensors.values():
        if one.dims != shape:
            raise ReadError(f"{show(one.name)} has the shape {show(one.dims)}, not {show(shape)}")
    if call.step.op_type == "LayerNormalization":
        layer: Layer = LayerNorm(shape, **has)
    else:
        layer = RMSNorm(shape, has["scale"])
    call.keep(layer, flow, tensors)


def activation(call: Call) -> None:
    """A function of single values; of one that the file holds, nothing more is known."""
    call.everything()
    value = call.value(0)
    if isinstance(value, Held) and not value.counts:
        call.put(Held(call.named(), value.dims, is_float=value.is_float))
    else:
        flow = call.flow(0)
        call.keep(Activation(call.step.op_type.lower()), flow)


def prelu(call: Call) -> None:
    flow, slope = call.flow(0), call.weight(1)
    shape, dims = flow.shape, slope.dims
    lengths = (
        dims[1:] if len(dims) == len(flow.axes) and flow.batch == 0 and dims[:1] == (1,) else dims
    )
    tensors = {"weight": slope}
    if prod(dims) == 1:
        return call.keep(PReLU(1), flow, tensors)
    wanted = (1,) * (len(shape) - len(lengths)) + lengths
    if len(wanted) != len(shape) or any(
        n not in (1, own) for n, own in zip(wanted, shape, strict=True)
    ):
        raise ReadError(f"slopes of shape {show(dims)} do not fit {show(shape)}")
    if wanted == (shape[0], *[1] * (len(shape) - 1)):
        return call.keep(PReLU(shape[0]), flow, tensors)
    shared = tuple([axis for axis, n in enumerate(wanted) if n == 1 and shape[axis] != 1])
    return call.keep(PReLU(shared_axes=shared), flow, tensors)


def dropout(call: Call) -> None:
    """A dropout, whose probability is an attribute, or an input in newer versions."""
    ratio = call.attribute("ratio", 0.5)
    numbers = call.floats(1)
    call.keep(Dropout(numbers[0] if numbers else round(ratio, 6)), call.flow(0))


RECURRENT_NEUTRAL = (
    "activation_alpha activation_beta activations clip input_forget linear_before_reset "
    "output_sequence"
)
RECURRENT: dict[str, tuple[Any, int]] = {"RNN": (RNN, 1), "GRU": (GRU, 3), "LSTM": (LSTM, 4)}


def recurrent(call: Call) -> None:
    """A recurrent layer: sequence, batch and features; or the batch first with `layout`."""
    flow, layout = call.flow(0), call.attribute("layout", 0)
    if flow.batch != (0 if layout else 1) or not flow.has_own_axis or len(flow.axes) != 3:
        full = show(flow.full(call.reading.batch))
        raise ReadError(f"expects (length, batch, features), got shape {full}")
    direction, hidden = call.attribute("direction", "forward"), call.attribute("hidden_size", 0)
    if direction not in ("forward", "reverse", "bidirectional"):
        raise ReadError(f"direction {show(direction)} is not known")
    length, features = flow.shape
    number = 2 if direction == "bidirectional" else 1
    kind, gates = RECURRENT[call.step.op_type]
    tensors = recurrent_tensors(call, number, gates * hidden, features, hidden)
    every = call.is_used(0)
    if every and call.is_used(1):
        raise ReadError(f"its outputs and its last state are both used: {call.way_out}")
    options = {"bias": "bias_ih_l0" in tensors, "bidirectional": number == 2}
    layer = kind(features, hidden, **options, return_sequences=every)
    node, made = call.layer(layer, flow, tensors=tensors)
    parts = (length, number, hidden) if every else (number, hidden)
    place = 0 if layout else len(parts) - 1
    axes = (*parts[:place], 1, *parts[place:])
    call.put(Flow(node, made, axes, place, by=f"{call.named()}_directions"), 0 if every else 1)


def recurrent_tensors(call: Call, number: int, rows: int, features: int, hidden: int) -> Tensors:
    """The tensors of a recurrent layer; states that the file holds change nothing."""
    tensors = {"weight_ih_l0": call.weight(1, 3), "weight_hh_l0": call.weight(2, 3)}
    if call.has(3):
        tensors["bias_ih_l0"] = call.weight(3, 2)
    wanted = [(number, rows, features), (number, rows, hidden), (number, 2 * rows)]
    for one, dims in zip(tensors.values(), wanted, strict=False):
        if one.dims != dims:
            problem = f"its weight {show(one.name)} has the shape {show(one.dims)}"
            raise ReadError(f"{problem}, not {show(dims)}")
    for index in (4, 5, 6, 7):
        if call.has(index) and (index == 7 or isinstance(call.value(index), Flow)):
            problem = f"its input {show(call.step.inputs[index])} is calculated"
            problem = "peepholes are not known" if index == 7 else problem
            raise ReadError(f"{problem}: {call.way_out}")
    return tensors


def embedding(call: Call, table: Held, indices: Flow) -> None:
    """A look-up in a table of the file."""
    layer = Embedding(*table.dims)
    node, shape = call.layer(layer, indices, tensors={"weight": table})
    call.put(Flow(node, shape, (*indices.axes, table.dims[1]), indices.batch, indices.before))


SAME = """Acos Acosh Asin Asinh Atan Atanh Celu Clip Cos Cosh Elu Erf Exp Gelu HardSigmoid
HardSwish Hardmax LRN LeakyRelu Log LogSoftmax LpNormalization MeanVarianceNormalization Mish
Reciprocal Relu Round Selu Shrink Sigmoid Sign Sin Sinh Softmax Softplus Softsign Swish Tan
Tanh ThresholdedRelu IsNaN IsInf"""
LAYERS: Operators = {
    **dict.fromkeys(SAME.split(), (activation, "")),
    **dict.fromkeys(RECURRENT, (recurrent, RECURRENT_NEUTRAL)),
    "BatchNormalization": (
        channel_norm(BatchNorm), "consumed_inputs epsilon is_test momentum training_mode",
    ),
    "Conv": (conv, ""),
    "ConvTranspose": (conv_transpose, ""),
    "Dropout": (dropout, "consumed_inputs is_test seed"),
    "Gemm": (gemm, "alpha beta broadcast"),
    "GroupNormalization": (group_norm, "epsilon stash_type"),
    "InstanceNormalization": (channel_norm(InstanceNorm), "consumed_inputs epsilon"),
    "LayerNormalization": (layer_norm, "epsilon stash_type"),
    "PRelu": (prelu, "consumed_inputs"),
    "RMSNormalization": (layer_norm, "epsilon stash_type"),
}  # fmt: skip
"""The reader of each operator, and its attributes that change neither shape nor count."""

"""Writes onnx.jsonl.gz: what ONNX's shape inference makes of random convolutions and poolings.

Run by hand, where onnx 1.23.2 is installed: `python tests/conformance/make_onnx.py`. paramcalc is
not imported, so that its answers cannot leak into those it is compared with.

Fields are those of paramcalc, and "auto_pad" beside them, where it is given: to paramcalc it is
the padding "valid" or "same", whichever side of the axis has more of it. The operator is alone in
its model, and its weight an input of the shape that ONNX asks for. Inference is strict, with data
propagation, and an output without a length on each axis is a refusal.
"""

from __future__ import annotations

import importlib
import platform
import random
from functools import partial
from pathlib import Path
from typing import Any

from generator import (
    BATCH,
    SEED,
    Config,
    Fields,
    Recipe,
    configurations,
    conv,
    maybe,
    pairs,
    pool,
)
from records import entries, refusal, write

GOLDEN = Path(__file__).with_name("onnx.jsonl.gz")
OPSET = 22
MODES = ["SAME_UPPER", "SAME_LOWER", "VALID", "NOTSET"]

# Configurations: those of generator.py, channels first, with more ways to pad.


def onnx_padding(rng: random.Random, fields: Fields, rank: int, high: int) -> Fields:
    padding = rng.choice(["none", "pairs", "pairs", *MODES])
    fields.pop("padding", None)
    if padding in MODES:
        fields["auto_pad"] = padding
    if padding == "pairs" or (padding == "NOTSET" and rng.random() < 0.5):
        fields["padding"] = pairs(rng, rank, high)
    return fields


def channels_first(fields: Fields, shape: list[int]) -> list[int]:
    last = fields.pop("data_format", "") == "channels_last"
    return [shape[-1], *shape[:-1]] if last else shape


def onnx_conv(rng: random.Random, rank: int, transposed: bool) -> Config:
    fields, shape = conv(rng, rank, transposed)
    shape = channels_first(fields, shape)
    fields["in_channels"] = fields["in_channels"] or shape[0]
    fields = onnx_padding(rng, fields, rank, 3)
    if "SAME" in fields.get("auto_pad", "") and rng.random() < 0.9:
        fields.pop("output_padding", None)
    return fields, shape


def onnx_pool(rng: random.Random) -> Config:
    fields, shape = pool(rng)
    shape = channels_first(fields, shape)
    rank = len(shape) - 1
    fields |= maybe(rng, 0.3, dilation=rng.randint(1, 3)) | maybe(rng, 0.5, ceil_mode=True)
    sizes = entries(fields["kernel_size"]) or [fields["kernel_size"]]
    fields = onnx_padding(rng, fields, rank, max(min(sizes) // 2, 1))
    return fields, shape


LAYERS: dict[str, tuple[int, Recipe]] = {
    **{f"Conv{n}d": (350, partial(onnx_conv, rank=n, transposed=False)) for n in (1, 2, 3)},
    **{f"ConvTranspose{n}d": (350, partial(onnx_conv, rank=n, transposed=True)) for n in (1, 2, 3)},
    "Pool": (1200, onnx_pool),
}


def is_said(layer: str, fields: Fields) -> bool:
    """Whether it can be said in ONNX at all: a weight has no negative axes."""
    if layer == "Pool":
        return True
    sizes = spread(fields["kernel_size"], 1)
    groups: int = fields.get("groups", 1)
    lengths: list[int] = [*sizes, fields["in_channels"], fields["out_channels"]]
    return groups > 0 and min(lengths) >= 0


# What ONNX makes of them.


def spread(value: Any, rank: int) -> list[Any]:
    """An int is for all axes: ONNX has lists alone."""
    return [value] * rank if isinstance(value, int) else list(value)


def ends(padding: Any, rank: int) -> list[int]:
    """All that comes before, then all that comes after."""
    sides = [spread(one, 2) for one in spread(padding, rank)]
    return [one for end in zip(*sides, strict=True) for one in end]


def attributes(fields: Fields, rank: int) -> dict[str, Any]:
    names = {"stride": "strides", "dilation": "dilations", "output_padding": "output_padding"}
    found: dict[str, Any] = {
        name: spread(fields[field], rank) for field, name in names.items() if field in fields
    }
    if "padding" in fields:
        found["pads"] = ends(fields["padding"], rank)
    if "auto_pad" in fields:
        found["auto_pad"] = fields["auto_pad"]
    if "groups" in fields:
        found["group"] = fields["groups"]
    if "ceil_mode" in fields:
        found["ceil_mode"] = int(fields["ceil_mode"])
    return found


def outcome(onnx: Any, layer: str, fields: Fields, shape: list[int]) -> dict[str, Any]:
    helper, float32 = onnx.helper, onnx.TensorProto.FLOAT
    weights: list[Any] = []
    if layer == "Pool":
        rank = len(shape) - 1
        operator = {"max": "MaxPool", "avg": "AveragePool"}[fields.get("mode", "max")]
        size = spread(fields["kernel_size"], rank)
        # In ONNX a stride that is not given is 1; here it is the window's own size.
        found = {"kernel_shape": size, **attributes({"stride": size, **fields}, rank)}
    else:
        rank = int(layer[-2])
        operator = layer[: -len("1d")]
        channels = [fields["out_channels"], fields["in_channels"]]
        if operator == "ConvTranspose":
            channels.reverse()
        channels[1] //= fields.get("groups", 1)
        size = [*channels, *spread(fields["kernel_size"], rank)]
        weights.append(helper.make_tensor_value_info("W", float32, size))
        if fields.get("bias", True):
            bias = [fields["out_channels"]]
            weights.append(helper.make_tensor_value_info("B", float32, bias))
        found = attributes(fields, rank)
    try:
        x = helper.make_tensor_value_info("X", float32, [BATCH, *shape])
        y = helper.make_tensor_value_info("Y", float32, None)
        inputs = [x, *weights]
        node = helper.make_node(operator, [one.name for one in inputs], ["Y"])
        for name, value in found.items():
            kind = onnx.AttributeProto.INTS if isinstance(value, list) else None
            node.attribute.append(helper.make_attribute(name, value, attr_type=kind))
        graph = helper.make_graph([node], "one", inputs, [y])
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)])
        inferred = onnx.shape_inference.infer_shapes(
            model, check_type=True, strict_mode=True, data_prop=True
        )
    except onnx.shape_inference.InferenceError as error:
        return refusal(error)
    tensor = inferred.graph.output[0].type.tensor_type
    lengths = [one.dim_value if one.HasField("dim_value") else None for one in tensor.shape.dim]
    if not lengths or None in lengths:
        return {"output": None, "error": f"not inferred: {lengths}"}
    return {"output": lengths[1:]}


def cases(layer: str) -> list[Config]:
    made = configurations(f"onnx {layer}", *LAYERS[layer], whole=lambda _fields, _shape: False)
    return [one for one in made if is_said(layer, one[0])]


def main() -> None:
    onnx: Any = importlib.import_module("onnx")
    importlib.import_module("onnx.shape_inference")
    header = {
        "onnx": onnx.__version__,
        "opset": OPSET,
        "python": platform.python_version(),
        "seed": SEED,
    }
    lines: list[dict[str, Any]] = [header]
    for layer in LAYERS:
        for fields, shape in cases(layer):
            case = {"layer": layer, "fields": fields, "shape": shape}
            lines.append(case | outcome(onnx, layer, fields, shape))
    write(GOLDEN, lines)


if __name__ == "__main__":
    main()

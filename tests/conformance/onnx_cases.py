"""The networks of make_onnx_files.py: small ones of torch, and some that are written by hand."""

# pyright: basic
# Torch is not installed where this is checked: nothing of its types is known.

from __future__ import annotations

from collections.abc import Callable, Iterator
from inspect import signature
from typing import Any

Case = tuple[str, Any, list[Any], list[str]]
ALL = ["fixed", "dynamo"]


def module_of(torch: Any, forward: Callable[..., Any], **parts: Any) -> Any:
    """A module with parts, and a forward that gets it and one input or two."""

    class Module(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            for name, one in parts.items():
                setattr(self, name, one)

    class ModuleOfOne(Module):
        def forward(self, x: Any) -> Any:  # The exporter looks at the arguments.
            return forward(self, x)

    class ModuleOfTwo(Module):
        def forward(self, x: Any, y: Any) -> Any:
            return forward(self, x, y)

    return ModuleOfTwo() if "y" in signature(forward).parameters else ModuleOfOne()


def torch_cases(torch: Any) -> Iterator[Case]:
    """Yield name, module, shapes of the inputs, and further ways to export it."""
    nn: Any = torch.nn
    row: Any = nn.Sequential
    for name, module, shape in single_layers(nn):
        yield name, row(module), [shape], ALL
    yield "mlp", row(nn.Linear(8, 16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 4)), [(8,)], ALL
    yield "dense on a sequence", row(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 4)), [(5, 8)], ALL
    yield from forwards(torch)
    yield from sequences(torch)


def single_layers(nn: Any) -> Iterator[tuple[str, Any, Any]]:
    """Yield layers, each a network of its own, and the shape that they get."""
    image = (4, 9, 11)
    yield "conv1d", nn.Conv1d(4, 6, 3, 2, 1, 2), (4, 19)
    yield "conv2d", nn.Conv2d(4, 6, (3, 5), (2, 1), (1, 2), groups=2, bias=False), image
    yield "conv2d same", nn.Conv2d(4, 6, 4, padding="same"), image
    yield "conv3d", nn.Conv3d(2, 6, 3, 2, 1), (2, 7, 8, 9)
    yield "conv transpose 1d", nn.ConvTranspose1d(4, 6, 3, 2, 1), (4, 19)
    yield "conv transpose 2d", nn.ConvTranspose2d(4, 6, 3, 2, 1, 1, 2), image
    yield "max pool ceil", nn.MaxPool2d(3, 2, 1, ceil_mode=True), (4, 10, 11)
    yield "max pool dilated", nn.MaxPool2d((3, 2), (2, 1), (1, 0), (1, 3)), image
    yield "average pool", nn.AvgPool2d(3, 2, 1, count_include_pad=False), image
    yield "average pool ceil", nn.AvgPool1d(3, 2, ceil_mode=True), (4, 20)
    yield "adaptive pool", nn.AdaptiveAvgPool2d((3, 11)), image
    yield "adaptive max pool", nn.AdaptiveMaxPool2d(1), image
    yield "batch norm 1d", nn.BatchNorm1d(8), (8,)
    yield "batch norm 3d", nn.BatchNorm3d(2), (2, 3, 4, 5)
    yield "instance norm", nn.InstanceNorm2d(4, affine=True), image
    yield "instance norm plain", nn.InstanceNorm1d(4), (4, 20)
    yield "group norm", nn.GroupNorm(2, 4), image
    yield "layer norm", nn.LayerNorm((9, 11)), image
    yield "prelu", nn.PReLU(4), image
    yield "prelu single", nn.PReLU(), image
    yield "pixel shuffle", nn.PixelShuffle(2), (8, 5, 6)
    yield "pixel unshuffle", nn.PixelUnshuffle(2), (3, 8, 6)
    yield "upsample factor", nn.Upsample(scale_factor=2), image
    yield "upsample fraction", nn.Upsample(scale_factor=1.5, mode="bilinear"), image
    yield "upsample size", nn.Upsample(size=(20, 7), mode="bilinear"), image
    yield "upsample 1d", nn.Upsample(scale_factor=3, mode="linear"), (4, 6)
    yield "pad", nn.ZeroPad2d((1, 2, 3, 0)), image
    yield "pad reflect", nn.ReflectionPad2d(2), image
    yield "crop", nn.ZeroPad2d((-1, 2, 0, -3)), image
    yield "flatten some", nn.Flatten(2), image
    yield "softmax", nn.Softmax(1), (8,)
    names = "ELU SELU CELU GELU SiLU Mish Hardswish Hardsigmoid Softplus LogSoftmax ReLU6 Tanh"
    for name in names.split():
        yield name, getattr(nn, name)(), image


def forwards(torch: Any) -> Iterator[Case]:
    """Yield networks that are functions of tensors."""
    nn: Any = torch.nn
    image = (4, 8, 10)

    def conv(before: int = 4, after: int = 4) -> Any:
        return nn.Conv2d(before, after, 3, padding=1)

    def case(name: str, forward: Callable[..., Any], *shapes: Any, **parts: Any) -> Case:
        return name, module_of(torch, forward, **parts), list(shapes) or [image], ALL

    dense = nn.Linear(320, 7)
    yield case("view", lambda m, x: m.d(m.c(x).view(x.size(0), -1)), c=conv(), d=dense)
    dense = nn.Linear(80, 7)
    yield case("view of both", lambda m, x: m.d(x.view(-1, 4, 80)).flatten(1), d=dense)
    yield case("residual", lambda m, x: m.b(m.a(x).relu()) + x, a=conv(), b=conv())
    yield case("subtraction", lambda m, x: m.a(x) - m.b(x), a=conv(), b=conv())
    yield case("division", lambda m, x: m.a(x) / (m.b(x).exp() + 1), a=conv(), b=conv())
    yield case("gate", lambda m, x: m.a(x) * m.b(x).mean((2, 3), keepdim=True), a=conv(), b=conv())
    yield case("concat", lambda m, x: torch.cat([m.a(x), x, m.b(x)], 1), a=conv(), b=conv(4, 2))
    yield case("concat width", lambda m, x: torch.cat([x, m.a(x)], -1), a=conv())
    yield case("chunk", lambda m, x: m.a(x.chunk(2, 1)[0]) + x.chunk(2, 1)[1], a=conv(2, 2))
    yield case("split", lambda m, x: torch.cat(torch.split(m.a(x), [1, 3], 1)[::-1], 1), a=conv())
    yield case("slice", lambda m, x: m.a(x)[:, 1:3, 2:, :-3], a=conv())
    yield case("stride", lambda m, x: m.a(x[:, :, ::2, 1::2]), a=conv())
    yield case("select", lambda m, x: m.a(x)[:, -1], a=conv())
    yield case("permute", lambda m, x: m.d(m.a(x).permute(0, 2, 3, 1)), a=conv(), d=nn.Linear(4, 3))
    yield case("mean", lambda m, x: m.d(x.mean((2, 3))), d=nn.Linear(4, 3))
    yield case("mean of features", lambda m, x: m.a(x).mean(1, keepdim=True), a=conv())
    yield case("max of one", lambda m, x: m.a(x).amax(3), a=conv())
    yield case("squeeze", lambda m, x: m.d(m.a(x).mean((2, 3), True).squeeze(-1).squeeze(-1)),
               a=conv(), d=nn.Linear(4, 3))  # fmt: skip
    yield case("unsqueeze", lambda m, x: m.a(x).unsqueeze(2).squeeze(2), a=conv())
    yield case("two inputs", lambda m, x, y: m.a(x) + m.b(y), image, (2, 8, 10),
               a=conv(), b=conv(2, 4))  # fmt: skip
    yield case("two outputs", lambda m, x: (m.a(x), m.b(x).mean((2, 3))), a=conv(), b=conv())
    yield case("shared", lambda m, x: m.a(m.a(x).relu()), a=conv())
    yield case("siamese", lambda m, x, y: m.d(torch.cat([m.a(x).flatten(1), m.a(y).flatten(1)], 1)),
               image, image, a=conv(), d=nn.Linear(640, 2))  # fmt: skip
    yield case("cosine", lambda m, x: m.a(x) * 0.5 + 1 - 2 * x.sqrt().clamp(0, 4), a=conv())
    up: Any = nn.functional.interpolate
    yield case("resize to another", lambda m, x: up(m.a(m.p(x)), size=x.shape[2:]) + x,
               a=conv(), p=nn.MaxPool2d(2))  # fmt: skip
    yield case("shuffle", lambda m, x: m.a(x.view(x.size(0), 2, 2, 8, 10).transpose(1, 2)
               .reshape(x.size(0), -1, 8, 10)), a=conv())  # fmt: skip
    scale: Any = nn.Parameter(torch.rand(4, 1, 1))
    yield case("layer scale", lambda m, x: x + m.scale * m.a(x), a=conv(), scale=scale)
    shift: Any = nn.Parameter(torch.rand(1, 4, 1, 1))
    yield case("shift", lambda m, x: m.a(x) + m.shift, a=conv(), shift=shift)
    inside: Any = torch.ones(8, 10).triu()
    yield case("mask", lambda m, x: m.a(x).masked_fill(inside == 0, -1.0), a=conv())


def weighed(module: Any, x: Any) -> Any:
    """Attention with the sequence first."""
    x = x.transpose(0, 1)
    return module.a(x, x, x)[0].transpose(0, 1)


def sequences(torch: Any) -> Iterator[Case]:
    """Yield networks on sequences: recurrent ones, and attention."""
    nn: Any = torch.nn

    def case(name: str, forward: Callable[..., Any], *shapes: Any, **parts: Any) -> Case:
        kinds = [] if "lstm" in name or "gru" in name or "rnn" in name else ALL
        return name, module_of(torch, forward, **parts), list(shapes) or [(5, 6)], kinds

    for name, kind in ("lstm", nn.LSTM), ("gru", nn.GRU), ("rnn", nn.RNN):
        part = kind(6, 8, batch_first=True)
        yield case(name, lambda m, x: m.r(x)[0], r=part)
        part = kind(6, 8, 2, batch_first=True, bidirectional=True)
        yield case(f"{name} deep", lambda m, x: m.r(x)[0][:, -1], r=part)
        part = kind(6, 8, batch_first=True, bias=False)
        last: Any = 0 if name == "lstm" else slice(None)
        yield case(f"{name} last", lambda m, x, last=last: m.r(x)[1][last][-1], r=part)
    words, head = nn.Embedding(7, 6), nn.Linear(6, 7, bias=False)
    yield case("embedding", lambda m, x: m.h(m.e(x)), 5, e=words, h=head)
    table: Any = nn.Parameter(torch.rand(1, 5, 6))
    yield case("positions", lambda m, x: m.e(x) + m.table, 5, e=nn.Embedding(7, 6), table=table)
    table = nn.Embedding(9, 6)
    yield case("positions by index", lambda m, x: m.e(x) + m.table(torch.arange(5)), 5,
               e=nn.Embedding(7, 6), table=table)  # fmt: skip
    token: Any = nn.Parameter(torch.rand(1, 1, 6))
    yield case("class token", lambda m, x: torch.cat([m.token.expand(x.size(0), -1, -1), x], 1),
               token=token)  # fmt: skip
    attention = nn.MultiheadAttention(6, 2, batch_first=True)
    yield case("attention", lambda m, x: m.a(x, x, x, need_weights=False)[0], a=attention)
    attention = nn.MultiheadAttention(6, 2)
    yield case("attention with weights", weighed, a=attention)
    encoder = nn.TransformerEncoderLayer(6, 2, 12, batch_first=True)
    yield case("encoder", lambda m, x: m.t(x)[:, 0], t=encoder)


def built_cases(onnx: Any, numpy: Any) -> Iterator[tuple[str, Any, dict[str, Any], int]]:
    """Yield name, model, the shapes of its inputs and its count."""
    image = (4, 8, 10)

    def case(
        name: str,
        nodes: list[Any],
        tensors: dict[str, Any],
        count: int,
        shape: tuple[int, ...] = image,
        opset: int = 21,
    ) -> tuple[str, Any, dict[str, Any], int]:
        make: Any = onnx.helper
        steps = [
            make.make_node(kind, reads, [f"y{at}"], name=f"n{at}", **more)
            for at, (kind, reads, more) in enumerate(nodes)
        ]
        given = [make.make_tensor_value_info("x", 1, ["n", *shape])]
        ends = [make.make_tensor_value_info(f"y{len(nodes) - 1}", 1, None)]
        stored = [onnx.numpy_helper.from_array(one, at) for at, one in tensors.items()]
        graph = make.make_graph(steps, "g", given, ends, stored)
        version = make.make_opsetid("", opset)
        return (
            name,
            make.make_model(graph, opset_imports=[version], ir_version=9),
            {"x": shape},
            count,
        )

    def rand(*shape: int) -> Any:
        return numpy.ones(shape, "float32")

    def ints(*values: int) -> Any:
        return numpy.array(values, "int64")

    weight = {"w": rand(6, 4, 3, 3)}
    for automatic in ("SAME_UPPER", "SAME_LOWER", "VALID"):
        more: Any = {"auto_pad": automatic, "strides": [2, 3]}
        yield case(f"conv {automatic}", [("Conv", ["x", "w"], more)], weight, 216)
        more |= {"kernel_shape": [3, 2]}
        yield case(f"pool {automatic}", [("MaxPool", ["x"], more)], {}, 0)
    more = {"pads": [0, 1, 2, 1], "dilations": [1, 2]}
    yield case("conv with uneven pads", [("Conv", ["x", "w"], more)], weight, 216)
    more = {"num_groups": 2}
    yield case("group normalization", [("GroupNormalization", ["x", "s", "s2"], more)],
               {"s": rand(4), "s2": rand(4)}, 8)  # fmt: skip
    yield case("space to depth", [("SpaceToDepth", ["x"], {"blocksize": 2})], {}, 0)
    for mode in ("DCR", "CRD"):
        more = {"blocksize": 2, "mode": mode}
        yield case(f"depth to space {mode}", [("DepthToSpace", ["x"], more)], {}, 0)
    yield case("upsample 9", [("Upsample", ["x", "f"], {"mode": "linear"})],
               {"f": numpy.array([1, 1, 2, 1.3], "float32")}, 0, opset=9)  # fmt: skip
    yield case("resize 10", [("Resize", ["x", "f"], {})],
               {"f": numpy.array([1, 1, 0.5, 2.1], "float32")}, 0, opset=10)  # fmt: skip
    yield case("pad 2", [("Pad", ["x"], {"pads": [0, 0, 1, 2, 0, 0, 3, 0]})], {}, 0, opset=2 + 7)
    yield case("slice 9", [("Slice", ["x"], {"starts": [1, -4], "ends": [3, 99], "axes": [1, 3]})],
               {}, 0, opset=9)  # fmt: skip
    yield case("squeeze 9", [("GlobalMaxPool", ["x"], {}), ("Squeeze", ["y0"], {"axes": [2, 3]}),
               ("Unsqueeze", ["y1"], {"axes": [1]})], {}, 0, opset=9)  # fmt: skip
    yield case("reshape 0", [("Reshape", ["x", "t"], {})], {"t": ints(0, 2, -1, 5)}, 0)
    yield case("flatten 3", [("Flatten", ["x"], {"axis": 3})], {}, 0)
    yield case("gemm", [("Flatten", ["x"], {}), ("Gemm", ["y0", "w", "b"], {})],
               {"w": rand(320, 6), "b": rand(1, 6)}, 1926)  # fmt: skip
    yield case("dense of two nodes", [("MatMul", ["x", "w"], {}), ("Add", ["b", "y0"], {})],
               {"w": rand(10, 6), "b": rand(6)}, 66)  # fmt: skip
    yield case("prelu of all", [("PRelu", ["x", "s"], {})], {"s": rand(4, 8, 10)}, 320)
    yield case("prelu of columns", [("PRelu", ["x", "s"], {})], {"s": rand(1, 10)}, 10)
    yield case("max of both", [("Relu", ["x"], {}), ("Sum", ["y0", "x", "y0"], {})], {}, 0)
    yield case("pad of channels", [("Pad", ["x", "p"], {})], {"p": ints(0, 1, 0, 2, 0, 3, 1, 0)}, 0)
    yield case("steps of channels", [("Slice", ["x", "a", "b", "a", "c"], {})],
               {"a": ints(1), "b": ints(9), "c": ints(2)}, 0)  # fmt: skip
    yield case("rms", [("RMSNormalization", ["x", "w"], {})], {"w": rand(10)}, 10, opset=23)
    yield case("shape", [("Shape", ["x"], {"start": 1, "end": 3}), ("Concat", ["a", "y0", "b"],
               {"axis": 0}), ("Reshape", ["x", "y1"], {})],
               {"a": ints(-1), "b": ints(5, 2)}, 0)  # fmt: skip
    yield case("shared bias", [("Conv", ["x", "w", "b"], {"pads": [1] * 4}),
               ("Conv", ["y0", "v", "b"], {})],
               {"w": rand(6, 4, 3, 3), "v": rand(6, 6, 1, 1), "b": rand(6)}, 258)  # fmt: skip
    yield case("shared scale", [("Conv", ["x", "w", "b"], {"pads": [1] * 4}),
               ("InstanceNormalization", ["y0", "s", "b"], {}),
               ("InstanceNormalization", ["y1", "s", "v"], {})],
               {"w": rand(6, 4, 3, 3), "b": rand(6), "s": rand(6), "v": rand(6)}, 234)  # fmt: skip
    yield case("shared by two kinds", [("MatMul", ["x", "w"], {}), ("Transpose", ["w"], {}),
               ("MatMul", ["y0", "y1"], {})], {"w": rand(10, 6)}, 60)  # fmt: skip
    yield case("copy", [("Identity", ["b"], {}), ("Add", ["x", "b"], {}),
               ("Add", ["y1", "y0"], {})], {"b": rand(4, 1, 1)}, 8)  # fmt: skip
    yield case("local response", [("LRN", ["x"], {"size": 3})], {}, 0)

"""Write ONNX files, and what comes out of their nodes: python tests/conformance/make_onnx_files.py.

It needs torch 2.13.0, torchvision, onnx 1.23.2 and onnxruntime; the tests need none of them. Each
network is exported with an open batch and run with two batches: lengths that grow with the batch
are the batch's. The weights are taken out of the files that are kept.
"""

from __future__ import annotations

import gzip
import io
import json
import logging
import warnings
from collections.abc import Iterator
from importlib import import_module
from math import prod
from pathlib import Path
from typing import Any

from make_torchvision import AUXILIARY, load_torchvision
from onnx_cases import built_cases, torch_cases

PATH = Path(__file__).with_name("onnx_files.json.gz")
TORCHVISION = [
    "alexnet",
    "convnext_tiny",
    "densenet121",
    "efficientnet_b0",
    "googlenet",
    "inception_v3",
    "mnasnet1_0",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "regnet_y_400mf",
    "resnet18",
    "resnet50",
    "resnext50_32x4d",
    "shufflenet_v2_x1_0",
    "squeezenet1_1",
    "vgg11_bn",
    "vit_b_16",
]
ALSO_FOLDED = {"densenet121", "mobilenet_v3_small", "resnet18"}
FOLDED = {"positions by index"}
"""What the exporter calculates so that a part of a table is all that the file has."""
BATCHES = 2, 5
SMALL = 8
"""Tensors of floats with at most so many values are kept in the files."""


def exported(torch: Any, module: Any, inputs: tuple[Any, ...], kind: str) -> bytes:
    """The file that torch writes.

    The kinds are: with an open batch, with a fixed one, with norms folded, and by the newer
    exporter, "dynamo".
    """
    file, names = io.BytesIO(), [f"x{at}" for at in range(len(inputs))]
    module.eval()
    if kind == "dynamo":
        shapes = tuple([{0: "n"} for _ in inputs])
        torch.onnx.export(
            module,
            inputs,
            file,
            dynamo=True,
            verbose=False,
            input_names=names,
            dynamic_shapes=shapes,
        )
        return file.getvalue()
    mode = torch.onnx.TrainingMode
    options: dict[str, Any] = {} if kind == "folded" else {"training": mode.PRESERVE}
    if kind == "open":
        options["dynamic_axes"] = {name: {0: "n"} for name in names}
    torch.onnx.export(module, inputs, file, dynamo=False, input_names=names, **options)
    return file.getvalue()


def randomize(torch: Any, module: Any) -> None:
    """Make all tensors differ, or the exporter stores equal ones once."""
    with torch.no_grad():
        for one in [*module.parameters(), *module.buffers()]:
            if one.is_floating_point():
                one.add_(torch.rand_like(one) / 8)


def run(onnx: Any, runtime: Any, data: bytes, inputs: dict[str, Any]) -> dict[str, list[int]]:
    """The shape of what comes out of each node, by the name of the value."""
    model = onnx.load_from_string(data)
    outputs = {one.name for one in model.graph.output}
    for node in model.graph.node:
        for name in node.output:
            if name and name not in outputs:
                model.graph.output.append(onnx.ValueInfoProto(name=name))
    options = runtime.SessionOptions()
    options.graph_optimization_level = runtime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    session = runtime.InferenceSession(model.SerializeToString(), options)
    names = [one.name for one in session.get_outputs()]
    values = session.run(names, inputs)
    return {name: [*value.shape] for name, value in zip(names, values, strict=True)}


def without_batch(shapes: list[list[int]]) -> list[int] | None:
    """A shape without the batch, from those for two batches; None if there is no batch in it."""
    kept: list[int] = []
    found = False
    for pair in zip(*shapes, strict=True):
        rest, *others = [length // batch for length, batch in zip(pair, BATCHES, strict=True)]
        if pair[0] != pair[1]:
            exact = all(rest * batch == length for length, batch in zip(pair, BATCHES, strict=True))
            if not exact or others != [rest]:
                return None
            found = True
            kept += [rest] if rest > 1 else []
        else:
            kept.append(pair[0])
    return kept if found else None


def stripped(onnx: Any, data: bytes) -> bytes:
    """The file without weights, and without what is for people."""
    model = onnx.load_from_string(data)
    tensors = [*model.graph.initializer]
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
        tensors += [one.t for one in node.attribute if one.HasField("t")]
    for tensor in tensors:
        if prod(tensor.dims) > SMALL and tensor.data_type in (1, 10, 11):
            tensor.ClearField("raw_data")
    del model.graph.value_info[:]
    del model.graph.metadata_props[:]
    del model.metadata_props[:]
    return bytes(model.SerializeToString())


def weights(onnx: Any, data: bytes) -> int:
    """The values of the tensors of floats that are more than a number, but for running means."""
    graph = onnx.load_from_string(data).graph
    norms = [one for one in graph.node if one.op_type == "BatchNormalization"]
    running = {name for one in norms for name in one.input[3:]}
    tensors = [one for one in graph.initializer if one.data_type in (1, 10, 11) and one.dims]
    return sum([prod(one.dims) for one in tensors if one.name not in running])


def facts(onnx: Any, runtime: Any, data: bytes, inputs: list[dict[str, Any]]) -> dict[str, Any]:
    """The shapes of all values with the batch in them, by name."""
    first, second = [run(onnx, runtime, data, one) for one in inputs]
    model = onnx.load_from_string(data)
    shapes = {name: without_batch([shape, second[name]]) for name, shape in first.items()}
    return {
        "values": [
            [name, shapes[name]]
            for node in model.graph.node
            for name in node.output
            if name and shapes[name]
        ],
        "outputs": [shapes[one.name] for one in model.graph.output],
    }


def torch_files(torch: Any, onnx: Any, runtime: Any) -> Iterator[dict[str, Any]]:
    """Yield the networks of torch, the small ones and those of torchvision."""
    cases: list[Any] = [*torch_cases(torch)]
    models = load_torchvision().models
    for name in TORCHVISION:
        options = {"aux_logits": False, "init_weights": False} if name in AUXILIARY else {}
        kinds = ["folded"] if name in ALSO_FOLDED else []
        cases.append((name, getattr(models, name)(**options), [(3, 224, 224)], kinds))
    for name, module, shapes, kinds in cases:
        randomize(torch, module)
        count = sum([one.numel() for one in module.parameters() if one.requires_grad])
        known: dict[str, Any] = {}
        for kind in ["open", *kinds]:
            tensors = [given(torch, shape, BATCHES[0]) for shape in shapes]
            data = exported(torch, module, tuple(tensors), kind)
            if kind == "open":
                inputs = [
                    {f"x{at}": given(torch, one, batch).numpy() for at, one in enumerate(shapes)}
                    for batch in BATCHES
                ]
                known = facts(onnx, runtime, data, inputs)
            is_folded = kind == "folded" or name in FOLDED
            case: dict[str, Any] = {"name": f"{name} {kind}", "file": text(stripped(onnx, data))}
            case["count"] = weights(onnx, data) if is_folded else count
            yield case | (known if kind == "open" else {"values": [], "outputs": known["outputs"]})


def given(torch: Any, shape: Any, batch: int) -> Any:
    """An input of a shape; of an int n, indices in a row of n."""
    if isinstance(shape, int):
        return torch.arange(batch * shape).reshape(batch, shape) % 7
    return torch.randn(batch, *shape)


def built_files(onnx: Any, runtime: Any) -> Iterator[dict[str, Any]]:
    """Yield the networks that are written node by node."""
    numpy: Any = import_module("numpy")
    for name, model, shapes, count in built_cases(onnx, numpy):
        data = model.SerializeToString()
        inputs = [
            {at: numpy.ones((batch, *shape), "float32") for at, shape in shapes.items()}
            for batch in BATCHES
        ]
        known = facts(onnx, runtime, data, inputs)
        yield {"name": name, "file": text(stripped(onnx, data)), "count": count} | known


def text(data: bytes) -> str:
    """Bytes in a JSON file."""
    return data.decode("latin-1")


def main() -> None:
    """Export, run and write."""
    warnings.filterwarnings("ignore")
    logging.disable(logging.CRITICAL)
    torch: Any = import_module("torch")
    onnx: Any = import_module("onnx")
    runtime: Any = import_module("onnxruntime")
    torch.manual_seed(0)
    versions = {"torch": torch.__version__, "onnx": onnx.__version__}
    versions["onnxruntime"] = runtime.__version__
    files = [*torch_files(torch, onnx, runtime), *built_files(onnx, runtime)]
    golden = json.dumps(versions | {"files": files}, separators=(",", ":"), ensure_ascii=False)
    PATH.write_bytes(gzip.compress(golden.encode(), mtime=0))


if __name__ == "__main__":
    main()

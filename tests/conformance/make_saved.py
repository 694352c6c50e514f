"""Write what torch keeps in memory: python tests/conformance/make_saved.py.

It needs torch 2.13.0 and torchvision 0.29.2; the tests need neither.
"""

from __future__ import annotations

import json
import operator
from importlib import import_module
from inspect import isclass, signature
from pathlib import Path
from typing import Any

NETWORKS = [
    "alexnet",
    "vgg11",
    "resnet18",
    "resnet50",
    "mobilenet_v2",
    "squeezenet1_1",
    "googlenet",
]
OPTIMIZERS: dict[str, tuple[str, dict[str, Any]]] = {
    "sgd": ("SGD", {}),
    "sgd_momentum": ("SGD", {"momentum": 0.9}),
    "nesterov": ("SGD", {"momentum": 0.9, "nesterov": True}),
    "adagrad": ("Adagrad", {}),
    "rmsprop": ("RMSprop", {}),
    "adam": ("Adam", {}),
    "adamw": ("AdamW", {}),
    "adafactor": ("Adafactor", {}),
}


def built(torchvision: Any, name: str, in_place: bool) -> Any:
    """A network of torchvision, whose activations all write over their input, or none."""
    options = {"aux_logits": False, "init_weights": False} if name == "googlenet" else {}
    network = getattr(torchvision.models, name)(**options)
    for module in network.modules():
        if hasattr(module, "inplace"):
            module.inplace = in_place
    return network


def traced(torch: Any, network: Any, in_place: bool) -> Any:
    """The graph of a network, with additions that make a tensor of their own."""
    graph = torch.fx.symbolic_trace(network)
    for node in graph.graph.nodes:
        if getattr(node.target, "__name__", "") == "iadd":
            node.target = operator.add
        if node.target is torch.nn.functional.relu:
            node.kwargs = {"inplace": in_place}
    graph.recompile()
    return graph


def operations(torch: Any, torchvision: Any) -> list[Any]:
    """The name and output shape of all that ResNet-50 does to one image."""
    graph = traced(torch, built(torchvision, "resnet50", in_place=False), in_place=False)
    propagation = import_module("torch.fx.passes.shape_prop").ShapeProp(graph)
    propagation.propagate(torch.zeros(1, 3, 224, 224))
    return [
        [node.name, list(node.meta["tensor_meta"].shape[1:])]
        for node in graph.graph.nodes
        if node.op.startswith("call")
    ]


def saved(torch: Any, torchvision: Any, in_place: bool) -> list[Any]:
    """Type and shape of each tensor that ResNet-50 keeps for the backward pass, but weights."""
    network = built(torchvision, "resnet50", in_place)
    weights = {one.untyped_storage().data_ptr() for one in network.parameters()}
    weights |= {one.untyped_storage().data_ptr() for one in network.buffers()}
    found: dict[int, Any] = {}

    def pack(tensor: Any) -> Any:
        where = tensor.untyped_storage().data_ptr()
        if where not in weights and tensor.numel():
            found.setdefault(where, tensor)  # Held, so that no other comes to stand there.
        return tensor

    graph = traced(torch, network, in_place)
    with torch.autograd.graph.saved_tensors_hooks(pack, pack):
        graph(torch.zeros(1, 3, 224, 224))
    return [[str(one.dtype), list(one.shape)] for one in found.values()]


def peak(torch: Any, torchvision: Any, name: str, in_place: bool) -> int:
    """The most bytes of activations that are live at once, each freed after its last use."""
    graph = traced(torch, built(torchvision, name, in_place).eval(), in_place)
    for node in graph.graph.nodes:
        if node.target is torch.nn.functional.dropout:
            node.kwargs = {**node.kwargs, "training": False}

    interpreter: Any = torch.fx.Interpreter(graph)
    run_node: Any = interpreter.run_node
    live: list[int] = []

    def measured(node: Any) -> Any:
        """The result, once what is live beside it has been counted."""
        result = run_node(node)
        sizes: dict[int, int] = {}
        values: list[Any] = [*interpreter.env.values(), result]
        for value in values:
            storages = [one.untyped_storage() for one in as_list(value)]
            sizes |= {storage.data_ptr(): storage.nbytes() for storage in storages}
        live.append(sum(sizes.values()))
        return result

    interpreter.run_node = measured
    with torch.no_grad():
        interpreter.run(torch.zeros(1, 3, 224, 224))
    return max(live)


def as_list(value: Any) -> list[Any]:
    """The tensors of what an operation gives: one, or several."""
    return [*value] if isinstance(value, list | tuple) else [value]


def state(torch: Any, name: str) -> list[Any]:
    """For tensors of 1, 2 and 4 axes the values that an optimizer keeps, but counters of steps."""
    shapes = [[7], [5, 3], [6, 4, 3, 2]]
    tensors = [torch.nn.Parameter(torch.zeros(shape)) for shape in shapes]
    kind, options = OPTIMIZERS[name]
    optimizer = getattr(torch.optim, kind)(tensors, lr=0.1, **options)
    loss: Any = sum([tensor.sum() for tensor in tensors])
    loss.backward()
    optimizer.step()
    return [
        [
            list(tensor.shape),
            sum(
                [
                    one.numel()
                    for key, one in optimizer.state[tensor].items()
                    if key != "step" and one is not None
                ]
            ),
        ]
        for tensor in tensors
    ]


def main() -> None:
    """Run them, on the CPU."""
    torch: Any = import_module("torch")
    import_module("torch.fx")
    torchvision: Any = import_module("make_torchvision").load_torchvision()
    modules: list[Any] = [getattr(torch.nn, name) for name in dir(torch.nn)]
    modules = [one for one in modules if isclass(one)]
    golden: dict[str, Any] = {
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "operations": operations(torch, torchvision),
        "saved": saved(torch, torchvision, in_place=False),
        "saved_in_place": saved(torch, torchvision, in_place=True),
        "peaks": {
            name: [peak(torch, torchvision, name, in_place) for in_place in (False, True)]
            for name in NETWORKS
        },
        "states": {name: state(torch, name) for name in OPTIMIZERS},
        "in_place": sorted(
            [one.__name__ for one in modules if "inplace" in signature(one.__init__).parameters]
        ),
    }
    path = Path(__file__).with_name("saved.json")
    path.write_text(json.dumps(golden, separators=(",", ":")) + "\n", "utf-8")


if __name__ == "__main__":
    main()

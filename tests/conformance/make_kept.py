"""Write the bytes that torch keeps for the backward pass: python tests/conformance/make_kept.py.

It needs torch 2.13.0 and torchvision 0.21.0; the tests need neither. Each layer is asked as it
stands inside a network, in float32 and in bfloat16, with frozen weights, and as the first layer of
a network.
"""

from __future__ import annotations

import json
import random
import warnings
from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from generator import SEED, Fields
from make_torch import LAYERS, REFUSALS, Ask, flat_sides
from records import entries, tuples

NUMBER, TRIES = 10, 100
"""The configurations of a layer that torch accepts, and of how many."""
NETWORKS: dict[str, tuple[list[int], dict[str, Any]]] = {
    "alexnet": ([3, 96, 96], {}),
    "vgg16_bn": ([3, 64, 64], {}),
    "resnet50": ([3, 96, 96], {}),
    "resnext50_32x4d": ([3, 64, 64], {}),
    "mobilenet_v2": ([3, 96, 96], {}),
    "mobilenet_v3_large": ([3, 96, 96], {}),
    "googlenet": ([3, 96, 96], {"aux_logits": False, "init_weights": False}),
    "densenet121": ([3, 96, 96], {}),
    "inception_v3": ([3, 128, 128], {"aux_logits": False, "init_weights": False}),
    "shufflenet_v2_x1_0": ([3, 224, 224], {}),
    "efficientnet_b0": ([3, 96, 96], {}),
    "convnext_tiny": ([3, 64, 64], {}),
    "swin_t": ([3, 224, 224], {}),
    "vit_b_16": ([3, 224, 224], {}),
}
ACTIVATIONS = [
    "CELU",
    "ELU",
    "GELU",
    "Hardshrink",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "LeakyReLU",
    "LogSigmoid",
    "LogSoftmax",
    "Mish",
    "RReLU",
    "ReLU",
    "ReLU6",
    "SELU",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softmin",
    "Softplus",
    "Softshrink",
    "Softsign",
    "Tanh",
    "Tanhshrink",
    "Threshold",
]
Made = tuple[Any, Callable[..., Any]]
"""The module, if there is one, and what it does."""


class Counter:
    """The storages that are saved, and that are no weights or buffers."""

    def __init__(self, torch: Any) -> None:
        self.torch = torch
        self.tensors: list[Any] = []

    def pack(self, tensor: Any) -> Any:
        self.tensors.append(tensor)  # Held, so that no other comes to stand there.
        return tensor

    def hooks(self) -> Any:
        return self.torch.autograd.graph.saved_tensors_hooks(self.pack, self.pack)

    def num_bytes(self, module: Any) -> int:
        own = [*module.parameters(), *module.buffers()] if module is not None else []
        weights = {one.untyped_storage().data_ptr() for one in own}
        storages = [one.untyped_storage() for one in self.tensors]
        sizes = {one.data_ptr(): one.nbytes() for one in storages}
        return sum([size for where, size in sizes.items() if where not in weights])


def sides_of(fields: Fields) -> Any:
    """Fields with paddings that torch has a field for: equal sides are one number."""
    padding = entries(fields.get("padding"))
    if padding and all(entries(one) is not None and one[0] == one[1] for one in padding):
        fields["padding"] = tuple([one[0] for one in padding])
    return fields


def conv(ask: Ask) -> Made:
    """A convolution, with a padding before it only where torch has no field for it."""
    fields, pad = ask.fields, ask.torch.nn.functional.pad
    sides: tuple[int, ...] = ()
    if any(entries(one) is not None for one in entries(fields.get("padding")) or []):
        sides = flat_sides(fields.pop("padding"), 0)
    if fields["in_channels"] is None:
        fields["in_channels"] = ask.x.shape[1]
    module = getattr(ask.torch.nn, ask.name)(**fields)

    def convolve(x: Any) -> Any:
        return module(pad(x, sides) if sides else x)

    return module, convolve


def attention(ask: Ask) -> Made:
    """Attention without its weights, as in the layers of a transformer."""
    fields = ask.fields
    size, rest = divmod(fields["embed_dim"], fields["num_heads"])
    usual = {"num_kv_heads": fields["num_heads"], "head_dim": size}
    usual["value_dim"] = fields.get("head_dim", size)
    for field, value in usual.items():
        if fields.get(field) == value and not rest:
            del fields[field]
    if {*usual} & {*fields}:
        return as_elsewhere(ask)
    module = ask.torch.nn.MultiheadAttention(**fields, batch_first=True)

    def attend(x: Any, *more: Any) -> Any:
        keys, values = more[:1] or (x,), more[-1:] or (x,)
        return module(x, *keys, *values, need_weights=False)[0]

    return module, attend


def transformer(ask: Ask) -> Made:
    module = getattr(ask.torch.nn, ask.name)(**ask.fields, batch_first=True, dropout=0.0)
    return module, module


def activation(ask: Ask) -> Made:
    name = ask.fields.pop("name")
    options: Fields = {"threshold": 0.5, "value": 0.0} if name == "Threshold" else {}
    options |= {"dim": -1} if name in ("Softmax", "LogSoftmax", "Softmin") else {}
    module = getattr(ask.torch.nn, name)(**options, **ask.fields)

    def apply(x: Any) -> Any:
        return module(x + 0.0 if ask.fields else x)

    return module, apply


def dropout(ask: Ask) -> Made:
    module = ask.torch.nn.Dropout(**ask.fields)
    return module, module


def merge(ask: Ask) -> Made:
    torch = ask.torch
    operations = {"Add": torch.add, "Multiply": torch.mul, "MatMul": torch.matmul}
    if ask.name == "Concat":
        return None, lambda *tensors: torch.cat(tensors, 1)
    return None, lambda *tensors: reduce(operations[ask.name], tensors)


def as_elsewhere(ask: Ask) -> Made:
    """What make_torch.py does; the module is there afterwards."""
    found = SimpleNamespace()

    def run(x: Any) -> Any:
        found.module, y = LAYERS[ask.name][2](replace(ask, x=x, fields=dict(ask.fields)))
        return y

    return found, run


MAKERS: dict[str, Callable[[Ask], Made]] = {
    **dict.fromkeys(["Conv1d", "Conv2d", "Conv3d"], conv),
    **dict.fromkeys(["TransformerEncoderLayer", "TransformerDecoderLayer"], transformer),
    **dict.fromkeys(["Add", "Multiply", "Concat", "MatMul"], merge),
    "MultiheadAttention": attention,
    "Activation": activation,
    "Dropout": dropout,
}
"""What makes a layer, if not make_torch.py."""


def kept(torch: Any, case: dict[str, Any]) -> int | None:
    """The bytes that a layer keeps; None if nothing has a gradient."""
    fields = {key: tuples(one) for key, one in case["fields"].items()}
    last = fields.pop("data_format", "channels_first") == "channels_last"
    has_gradient = case["place"] != "first"
    torch.set_default_dtype(torch.bfloat16 if case["place"] == "bfloat16" else torch.float32)
    xs: list[Any] = [torch.randn(case["batch"], *shape) for shape in case["inputs"]]
    if case["layer"] == "Embedding":
        xs = [torch.zeros(case["batch"], *shape, dtype=torch.int64) for shape in case["inputs"]]
    else:
        xs = [(one.movedim(-1, 1).contiguous() if last else one) for one in xs]
        xs = [one.requires_grad_(has_gradient) for one in xs]
    ask = Ask(torch, case["layer"], fields, xs[0])
    ask.fields = sides_of(fields)
    made: Made = MAKERS.get(case["layer"], as_elsewhere)(ask)
    call = made[1]
    counter = Counter(torch)
    freezes = case["place"] == "frozen"
    with counter.hooks(), Frozen(torch, freezes):
        if hasattr(made[0], "parameters"):
            made[0].requires_grad_(not freezes)
        y = call(*xs)
    module = getattr(made[0], "module", made[0])
    if not y.numel():
        raise RuntimeError("nothing is left")
    if not y.requires_grad:
        return None
    return counter.num_bytes(module)


class Frozen:
    """While it holds, new parameters are frozen."""

    def __init__(self, torch: Any, freezes: bool) -> None:
        self.kind, self.freezes = torch.nn.Parameter, freezes

    def __enter__(self) -> None:
        self.usual = self.kind.__new__
        if self.freezes:
            usual = self.usual

            def frozen(cls: Any, data: Any = None, *_: Any, **__: Any) -> Any:
                return usual(cls, data, requires_grad=False)

            self.kind.__new__ = frozen

    def __exit__(self, *_: object) -> None:
        self.kind.__new__ = self.usual


def several(rng: random.Random, name: str) -> tuple[Fields, list[list[int]]]:
    """Inputs of a layer that takes several."""
    if name == "MatMul":
        n, k, m = [rng.randint(1, 5) for _ in range(3)]
        before = [rng.randint(2, 4) for _ in range(rng.randint(0, 2))]
        one, other = [[1 if rng.random() < 0.2 else length for length in before] for _ in range(2)]
        return {}, [[*one, n, k], [*other, k, m]]
    if name == "MultiheadAttention":
        heads = rng.randint(1, 3)
        embed, length, keys = heads * rng.randint(1, 3), rng.randint(1, 6), rng.randint(1, 6)
        fields: Fields = {"embed_dim": embed, "num_heads": heads}
        if rng.random() < 0.3:
            fields["add_bias_kv"] = True
        if rng.random() < 0.5:
            return fields, [[length, embed], [keys, embed]]
        if rng.random() < 0.5:
            fields |= {"kdim": rng.randint(1, 5), "vdim": rng.randint(1, 5)}
        dims = [fields.get(one, embed) for one in ("kdim", "vdim")]
        return fields, [[length, embed], *[[keys, dim] for dim in dims]]
    shape = [rng.randint(1, 5) for _ in range(rng.randint(1, 3))]
    inputs = [list(shape) for _ in range(rng.randint(1, 4))]
    if name == "Multiply":
        inputs = [[1 if rng.random() < 0.2 else length for length in one] for one in inputs]
    return {}, inputs


def drawn(rng: random.Random, name: str) -> tuple[Fields, list[list[int]]]:
    """A configuration of a layer with its inputs."""
    if name == "Dropout":
        return {"p": rng.choice([0.0, 0.3, 0.5, 1.0])}, [[rng.randint(2, 5), 6]]
    if name in ("MatMul", "Add", "Multiply", "Concat"):
        return several(rng, name)
    if name == "MultiheadAttention" and rng.random() < 0.5:
        return several(rng, name)
    fields, shape = LAYERS[name][1](rng)
    inputs = [shape]
    if "memory" in fields:
        inputs.append(fields.pop("memory"))
    if name == "MultiheadAttention":
        fields = {key: one for key, one in fields.items() if key not in ("kdim", "vdim")}
    return fields, inputs


def is_ours(fields: Fields, inputs: list[list[int]]) -> bool:
    """Whether it is no known difference, which test_goldens.py is about."""
    last = entries(fields.get("normalized_shape"))
    from_end = fields.get("start", 0) < 0 <= fields.get("stop", -1)
    return not from_end and not (last and len(last) > len(inputs[0]))


def cases_of(torch: Any, name: str) -> list[dict[str, Any]]:
    """The cases of a layer: each of its configurations at four places."""
    rng = random.Random(f"{SEED} kept {name}")  # noqa: S311  # not for secrets
    given = [drawn(rng, name) for _ in range(TRIES)] if name != "Activation" else []
    if name == "Activation":
        given = [({"name": one}, [[rng.randint(2, 5), 6]]) for one in ACTIVATIONS]
        given += [({"name": one, "inplace": True}, [[4, 6]]) for one in ACTIVATIONS]
    found: list[dict[str, Any]] = []
    number = 0
    for fields, inputs in given:
        if not is_ours(fields, inputs):
            continue
        batch = 1 if number % 4 == 3 and name != "Reshape" else 2
        case: dict[str, Any] = {"layer": name, "fields": fields, "inputs": inputs, "batch": batch}
        try:
            each = [
                (place, kept(torch, json.loads(json.dumps(case)) | {"place": place}))
                for place in ("inside", "bfloat16", "frozen", "first")
            ]
        except REFUSALS:
            continue
        found += [case | {"place": place, "bytes": one} for place, one in each if one is not None]
        number += 1
        if number == NUMBER and name != "Activation":
            break
    return found


def layers(torch: Any) -> list[dict[str, Any]]:
    """The cases of all layers that torch has."""
    names = [*LAYERS, "Activation", "Dropout", "MatMul"]
    return [case for name in names for case in cases_of(torch, name)]


def networks(torch: Any, torchvision: Any) -> list[dict[str, Any]]:
    """The cases of whole networks, in training, without their stochastic depth."""
    cases: list[dict[str, Any]] = []
    for name, (shape, options) in NETWORKS.items():
        for in_place in (False, True):
            network = getattr(torchvision.models, name)(**options)
            for module in network.modules():
                if hasattr(module, "inplace"):
                    module.inplace = in_place
                if type(module).__name__ == "StochasticDepth":
                    module.p = 0.0
            for body_is_frozen in (False, True):
                if body_is_frozen:
                    parameters = list(network.parameters())
                    for one in parameters[:-2]:
                        one.requires_grad_(False)
                counter = Counter(torch)
                with counter.hooks():
                    network(torch.zeros(2, *shape))
                case = {"network": name, "shape": shape, "in_place": in_place}
                cases.append(case | {"frozen": body_is_frozen, "bytes": counter.num_bytes(network)})
    return cases


def main() -> None:
    """Run them, on the CPU and with torch's own recurrent layers."""
    warnings.simplefilter("ignore")
    torch: Any = import_module("torch")
    torch.set_num_threads(1)
    torchvision: Any = import_module("make_torchvision").load_torchvision()
    with torch.backends.mkldnn.flags(enabled=False):
        alone = layers(torch)
    golden: dict[str, Any] = {
        "torch": torch.__version__,
        "torchvision": torchvision.__version__,
        "layers": alone,
        "networks": networks(torch, torchvision),
    }
    path = Path(__file__).with_name("kept.json")
    text = json.dumps(golden)
    path.write_text(
        text.replace('{"layer"', '\n{"layer"').replace('{"net', '\n{"net') + "\n", "utf-8"
    )


if __name__ == "__main__":
    main()

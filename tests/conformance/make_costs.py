"""Writes what tools count on random layers and on torchvision's networks: costs.jsonl.gz.

Run by hand: `python tests/conformance/make_costs.py torch fvcore torchinfo thop ptflops`, where
these are installed with torch 2.13.0 and torchvision 0.21.0. A case that has a figure of a tool
keeps it: without the file, all are run. paramcalc is not imported. make_costs_keras.py does the
same for TensorFlow's profiler.

Each case is one example. `torch` is FlopCounterMode on the meta device: forward; and with the
backward pass, of a layer whose input needs no gradient, whose input needs one, and of one that is
frozen, after others. The other tools count `model.eval()` on a CPU.
"""

from __future__ import annotations

import contextlib
import io
import logging
import random
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import partial, reduce
from importlib import import_module, metadata
from operator import add, mul
from pathlib import Path
from typing import Any

import make_torch
from generator import Config, Fields, Recipe, attention, axes, flag, lengths, maybe
from make_torch import LAYERS, REFUSALS, Ask
from make_torchvision import AUXILIARY, NETWORKS, load_torchvision
from records import read_lines, tuples, write

GOLDEN = Path(__file__).with_name("costs.jsonl.gz")
SEED = 20261126
CASES = 100
IMAGE = (3, 224, 224)
PARTED = ("num_kv_heads", "head_dim", "value_dim")
CONTAINERS = ("ModuleDict", "ModuleList", "ParameterDict")
NAMES = (
    "relu:ReLU relu6:ReLU6 sigmoid:Sigmoid tanh:Tanh silu:SiLU gelu:GELU softmax:Softmax elu:ELU "
    "leaky_relu:LeakyReLU hardswish:Hardswish hardsigmoid:Hardsigmoid mish:Mish selu:SELU "
    "log_softmax:LogSoftmax softplus:Softplus hardtanh:Hardtanh"
)
ACTIVATIONS = {name: module for name, _, module in [one.partition(":") for one in NAMES.split()]}


def activation(rng: random.Random) -> Config:
    return {"name": rng.choice(list(ACTIVATIONS))}, lengths(rng, rng.randint(1, 4))


def run_activation(ask: Ask) -> Any:
    name = ACTIVATIONS[ask.fields["name"]]
    dim = (-1,) if name.endswith("oftmax") else ()
    return None, getattr(ask.torch.nn, name)(*dim)(ask.x)


def dropout(rng: random.Random) -> Config:
    return {"p": rng.choice([0.1, 0.5])}, lengths(rng, rng.randint(1, 4))


def run_dropout(ask: Ask) -> Any:
    return None, ask.torch.nn.Dropout(ask.fields["p"])(ask.x)


def global_pool(rng: random.Random) -> Config:
    rank = rng.randint(1, 3)
    fields = maybe(rng, 0.6, mode=rng.choice(["avg", "max"]))
    return fields, [rng.randint(1, 8), *lengths(rng, rank)]


def run_global_pool(ask: Ask) -> Any:
    """As modules say it."""
    kind = {"max": "AdaptiveMaxPool", "avg": "AdaptiveAvgPool"}[ask.fields.get("mode", "avg")]
    return None, getattr(ask.torch.nn, f"{kind}{ask.x.dim() - 2}d")(1)(ask.x).flatten(1)


def product(rng: random.Random) -> Config:
    """A product of the input with itself, the second transposed."""
    return {"transposed": True}, lengths(rng, rng.randint(2, 3))


def run_product(ask: Ask) -> Any:
    return None, ask.x @ ask.x.transpose(-1, -2)


def weighted(rng: random.Random) -> Config:
    """Attention that is one module."""
    fields, shape = attention(rng)
    return {key: one for key, one in fields.items() if key not in PARTED}, shape


def run_weighted(ask: Ask) -> Any:
    """As torch calls it if nothing is said: with its weights."""
    torch, x = ask.torch, ask.x
    module = torch.nn.MultiheadAttention(**ask.fields, batch_first=True)
    dims = [ask.fields.get(one, x.shape[-1]) for one in ("kdim", "vdim")]
    others = [torch.zeros(*x.shape[:-1], dim) for dim in dims]
    return None, module(x, *others, need_weights=True)[0]


def deformed(rng: random.Random) -> Config:
    groups = rng.choice([1, 1, 2])
    fields: Fields = {
        "in_channels": groups * rng.randint(1, 4),
        "out_channels": groups * rng.randint(1, 4),
        "kernel_size": axes(rng, 2, 1, 3),
        **maybe(rng, 0.5, stride=axes(rng, 2, 1, 2)),
        **maybe(rng, 0.5, padding=axes(rng, 2, 0, 2)),
        **flag(rng, "bias"),
        "groups": groups,
        "modulated": rng.random() < 0.5,
    }
    return fields, [fields["in_channels"], rng.randint(3, 9), rng.randint(3, 9)]


def chain(rng: random.Random) -> Config:
    """A network, of an image or of a sequence, some of whose layers are frozen."""
    layers, shape = (image_chain if rng.random() < 0.5 else sequence_chain)(rng)
    frozen = [at for at in range(len(layers)) if rng.random() < 0.3]
    if rng.random() < 0.3:
        frozen = [*range(rng.randint(1, len(layers)))]
    return {"layers": layers, "frozen": frozen}, shape


def image_chain(rng: random.Random) -> tuple[list[Any], list[int]]:
    channels, side = rng.randint(1, 4), rng.choice([4, 8])
    shape, layers = [channels, side, side], list[Any]()
    for _ in range(rng.randint(1, 5)):
        groups = rng.choice([1, 1, 1, channels])
        sizes = {"in_channels": channels, "out_channels": groups * rng.randint(1, 4)}
        windows = {"kernel_size": 3, "padding": 1, "groups": groups}
        kind = rng.choice(["Conv2d", "Conv2d", "Conv2d", "ConvTranspose2d"])
        layers.append([kind, sizes | windows | flag(rng, "bias")])
        channels = sizes["out_channels"]
        layers.append(["BatchNorm", {"num_features": channels}])
        layers.append(["Activation", {"name": rng.choice(["relu", "silu", "gelu"])}])
    layers.append(["AdaptivePool", {"output_size": 2}])
    layers.append(["Flatten", {}])
    layers.append(["Dense", {"in_features": 4 * channels, "out_features": 5}])
    return layers, shape


def sequence_chain(rng: random.Random) -> tuple[list[Any], list[int]]:
    heads = rng.randint(1, 3)
    width = heads * rng.randint(1, 4)
    units = {"input_size": width, "hidden_size": width}
    kinds: list[Any] = [
        ["MultiheadAttention", {"embed_dim": width, "num_heads": heads}],
        ["LayerNorm", {"normalized_shape": width}],
        ["Dense", {"in_features": width, "out_features": width}],
        ["LSTM", units],
        ["GRU", {**units, "num_layers": 2}],
        ["RNN", {**units, "bias": False}],
    ]
    layers = [rng.choice(kinds) for _ in range(rng.randint(1, 5))]
    return [*layers, ["Dense", {"in_features": width, "out_features": 3}]], [
        rng.randint(1, 6),
        width,
    ]


def run_deformed(ask: Ask) -> Any:
    """With a plain convolution in place of the compiled operator, which hooks do not see."""
    torch, fields = ask.torch, dict(ask.fields)
    is_modulated = fields.pop("modulated")
    conv = torch.nn.DeformConv2d(**fields)
    size = conv.kernel_size[0] * conv.kernel_size[1]
    windows = conv.stride, conv.padding, conv.dilation, conv.groups
    y = torch.nn.functional.conv2d(ask.x, conv.weight, conv.bias, *windows)
    offset, mask = [torch.zeros(1, n * size, *y.shape[2:]) for n in (2, 1)]

    def forward(*_: Any) -> Any:
        return y

    conv.forward = forward
    return None, conv(ask.x, offset, *[mask] * is_modulated)


MORE: dict[str, tuple[Recipe, Callable[[Ask], Any]]] = {
    "Activation": (activation, run_activation),
    "Dropout": (dropout, run_dropout),
    "GlobalPool": (global_pool, run_global_pool),
    "MatMul": (product, run_product),
    "WeightedAttention": (weighted, run_weighted),
    "DeformConv2d": (deformed, run_deformed),
    "Chain": (chain, make_torch.run_plain),
}
RECIPES = {**{name: row[1:] for name, row in LAYERS.items()}, **MORE}
UNCOUNTED = {"Reshape", "Permute", "Slice", "Flatten", "Crop", "Dropout"}
"""What only moves values; it has fewer cases."""


class Nn:
    """torch.nn whose modules are made in the first call, and given again in later ones."""

    def __init__(self, torch: Any, made: Any) -> None:
        self.torch, self.made, self.used = torch, made, 0

    def __getattr__(self, name: str) -> Any:
        if name == "DeformConv2d":
            return partial(self.give, load_torchvision().ops.DeformConv2d)
        found = getattr(self.torch.nn, name)
        is_module = isinstance(found, type) and issubclass(found, self.torch.nn.Module)
        return partial(self.give, found) if is_module and name not in CONTAINERS else found

    def give(self, kind: Any, *args: Any, **options: Any) -> Any:
        if self.used == len(self.made):
            self.made.append(kind(*args, **options))
        self.used += 1
        module = self.made[self.used - 1]
        if kind.__name__ == "MultiheadAttention":  # As torchvision calls it.
            return partial(module, need_weights=False)
        return module


class Torch:
    """torch with another nn, and whose zeros need a gradient if the input does."""

    def __init__(self, torch: Any, nn: Any, x: Any) -> None:
        self.torch, self.nn = torch, nn
        self.zeros = partial(torch.zeros, requires_grad=x.requires_grad)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.torch, name)


def called(torch: Any, nn: Nn, layer: str, fields: Fields, x: Any) -> Any:
    """The output of a layer, or of a merge of branches, as models are mostly written."""
    if layer == "Chain":
        for name, inner in fields["layers"]:
            x = called(torch, nn, name, inner, x)
        return x
    given = {key: tuples(one) for key, one in fields.items() if key != "layers"}
    if "layers" not in fields:
        run = RECIPES[layer][1] if layer in RECIPES else make_torch.run_plain
        return run(Ask(Torch(torch, nn, x), layer, given, x))[1]
    outputs: list[Any] = [called(torch, nn, name, inner, x) for name, inner in fields["layers"]]
    if layer == "Concat":
        dim = fields.get("dim", 0)
        return torch.cat(outputs, dim + (dim >= 0))
    return reduce({"Add": add, "Multiply": mul}[layer], outputs)


def module_of(torch: Any, layer: str, fields: Fields, shape: list[int]) -> Any:
    """The layer as a module, whose forward has been run once."""

    def forward(module: Any, x: Any) -> Any:
        return called(torch, Nn(torch, module.made), layer, fields, x)

    whole: Any = type("Whole", (torch.nn.Module,), {"forward": forward})()
    whole.made = torch.nn.ModuleList()
    whole.frozen = fields.get("frozen", ())  # In a chain each layer is one module.
    whole.eval()
    with torch.no_grad():
        whole(torch.zeros(1, *shape))
    return whole.eval()


# The tools: the figure for a module and its input.


def count_torch(torch: Any, make: Callable[[], Any], shape: Any) -> list[int]:
    counter = import_module("torch.utils.flop_counter").FlopCounterMode
    with torch.device("meta"):
        model = make()

        def total(backward: bool, needs: bool, frozen: bool) -> int:
            model.requires_grad_(not frozen)
            for at in getattr(model, "frozen", ()):
                model.made[at].requires_grad_(False)
            x = torch.zeros(1, *shape, requires_grad=needs)
            with torch.set_grad_enabled(backward), counter(display=False) as found:
                y = model(x)
                if backward and y.requires_grad:
                    y.sum().backward()
            return int(found.get_total_flops())

        return [
            total(False, False, False),
            total(True, False, False),
            total(True, True, False),
            total(True, True, True),
        ]


def count_fvcore(torch: Any, make: Callable[[], Any], shape: Any) -> int:
    analysis = import_module("fvcore.nn").FlopCountAnalysis(make(), torch.zeros(1, *shape))
    return int(analysis.unsupported_ops_warnings(False).total())


def count_torchinfo(torch: Any, make: Callable[[], Any], shape: Any) -> int:
    summary = import_module("torchinfo").summary
    return int(summary(make(), input_data=torch.zeros(1, *shape), verbose=0).total_mult_adds)


def count_thop(torch: Any, make: Callable[[], Any], shape: Any) -> int:
    found = import_module("thop").profile(make(), (torch.zeros(1, *shape),), verbose=False)[0]
    return int(found)


def count_ptflops(torch: Any, make: Callable[[], Any], shape: Any) -> int:
    info = import_module("ptflops").get_model_complexity_info
    options: dict[str, Any] = {"as_strings": False, "print_per_layer_stat": False}

    def given(size: Any) -> Any:
        return torch.zeros(1, *size)

    return int(info(make(), tuple(shape), input_constructor=given, **options)[0])


TOOLS: dict[str, Callable[[Any, Callable[[], Any], Any], Any]] = {
    "torch": count_torch,
    "fvcore": count_fvcore,
    "torchinfo": count_torchinfo,
    "thop": count_thop,
    "ptflops": count_ptflops,
}


def count(torch: Any, tool: str, make: Callable[[], Any], shape: Any) -> Any:
    """The figure, or None where the tool fails."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            return TOOLS[tool](torch, make, shape)
        except (*REFUSALS, NotImplementedError):
            return None


def configurations(torch: Any, layer: str) -> Iterator[Config]:
    """Different ones that torch takes, with the channels first."""
    rng = random.Random(f"{SEED} {layer}")  # noqa: S311  # not for secrets
    seen: set[str] = set()
    wanted = 20 if layer in UNCOUNTED else CASES
    for _ in range(100 * wanted):
        fields, shape = RECIPES[layer][0](rng)
        text = f"{fields} {shape}"
        one_sided = "Transpose" in layer and "'padding': [[" in text
        if text in seen or "data_format" in text or one_sided:  # A module has no such padding.
            continue
        seen.add(text)
        try:
            module_of(torch, layer, fields, shape)
        except REFUSALS:
            continue
        yield fields, shape
        wanted -= 1
        if not wanted:
            break


def network(name: str) -> Any:
    options = {"aux_logits": False, "init_weights": False} if name in AUXILIARY else {}
    return getattr(load_torchvision().models, name)(**options).eval()


def main() -> None:
    torch: Any = import_module("torch")
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    make_torch.BATCH = 1  # type: ignore[attr-defined]
    old: list[dict[str, Any]] = read_lines(GOLDEN) if GOLDEN.exists() else [{}]
    known = {str(line.get("case")): line["costs"] for line in old[1:]}
    tools = [name for name in sys.argv[1:] if name in TOOLS]
    versions = {one: metadata.version(one) for one in ("torchvision", *tools)}
    lines = [{**old[0], **versions}]
    cases: list[tuple[list[Any], Callable[[], Any]]] = []
    for layer in RECIPES:
        for fields, shape in configurations(torch, layer):
            cases.append(([layer, fields, shape], partial(module_of, torch, layer, fields, shape)))
    cases += [([name], partial(network, name)) for name in NETWORKS]
    for case, make in cases:
        costs = dict(known.get(str(case), {}))
        size: Any = IMAGE if len(case) == 1 else case[2]
        hooked = case[0] == "DeformConv2d"  # Its operator is compiled, and not there.
        for tool in [one for one in tools if one not in costs]:
            unseen = hooked and tool in ("torch", "fvcore")
            costs[tool] = None if unseen else count(torch, tool, make, size)
        lines.append({"case": case, "costs": costs})
    write(GOLDEN, lines)


if __name__ == "__main__":
    main()

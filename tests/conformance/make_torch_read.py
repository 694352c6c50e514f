"""Write what torch makes of the sources for its reader.

Run it with `PYTHONPATH=tests python tests/conformance/make_torch_read.py`. It needs torch 2.13.0
and torchvision 0.21.0; the tests need neither.
"""

from __future__ import annotations

import collections
import contextlib
import copy
import functools
import gzip
import json
import math
import sys
from ast import literal_eval
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from make_torchvision import load_torchvision
from torch_sources import Idiom, idioms, rows
from torchvision_sources import TORCHVISION


class LightningModule:
    """What the tutorials of lightning inherit from, beside torch's module."""

    def save_hyperparameters(self) -> None:
        """Keep the arguments."""


@functools.cache
def prelude() -> dict[str, Any]:
    """What sources need not import; torch is loaded when it is asked for."""
    torch: Any = import_module("torch")
    lightning: Any = ModuleType("pytorch_lightning")
    bases = (LightningModule, torch.nn.Module)
    lightning.LightningModule = type("LightningModule", bases, {})
    sys.modules["pytorch_lightning"] = lightning
    return {
        "torch": torch,
        "nn": torch.nn,
        "F": torch.nn.functional,
        "math": math,
        "np": import_module("numpy"),
        "copy": copy,
        "OrderedDict": collections.OrderedDict,
        "partial": functools.partial,
    }


def made(idiom: Idiom) -> Any:
    """The network of a source."""
    names = dict(prelude(), __name__="source")
    if not idiom.call:
        return eval(idiom.source, names)  # noqa: S307  # the sources are those of this folder
    sys.modules["source"] = ModuleType("source")
    exec(idiom.source, names)  # noqa: S102
    return eval(idiom.call, names)  # noqa: S307


def given(idiom: Idiom, batch: int) -> list[Any]:
    """Inputs for a number of examples."""
    torch, found = prelude()["torch"], list[Any]()
    for name, shape in idiom.shapes.items():
        at = min(len(shape), 1 if idiom.is_first else 0)
        whole = (*shape[:at], batch, *shape[at:])
        words = idiom.tokens.get(name)
        found.append(torch.randint(words, whole) if words else torch.randn(whole))
    return found


def tensors(value: Any) -> list[Any]:
    """The tensors of an output, in order."""
    if isinstance(value, prelude()["torch"].Tensor):
        return [value]
    return [
        one for part in getattr(value, "values", lambda: value)() or () for one in tensors(part)
    ]


def run(network: Any, idiom: Idiom, batch: int) -> tuple[list[Any], list[Any]]:
    """The shapes of the outputs, and the parameters and output of each layer that has some."""
    torch, calls = prelude()["torch"], list[Any]()

    def note(layer: Any, _: Any, output: Any) -> None:
        number = sum([one.numel() for one in layer.parameters() if one.requires_grad])
        calls.append([number, tensors(output)[0].shape])

    hooks = [
        one.register_forward_hook(note)
        for one in network.modules()
        if type(one).__module__.startswith("torch.nn.") and [*one.parameters(recurse=False)]
    ]
    with torch.no_grad():
        outputs = [one.shape for one in tensors(network(*given(idiom, batch)))]
    for one in hooks:
        one.remove()
    return outputs, calls


def without_batch(shape: Any, other: Any) -> list[int]:
    """The axes without that of 7 or 11 examples; of one that joins others, those."""
    pairs = [(one, also) for one, also in zip(shape, other, strict=True) if (one, also) != (7, 11)]
    return [one if one == also else one // 7 for one, also in pairs]


def counted(pairs: Any) -> list[Any]:
    """The parameters and the output of each call, and how often there is one like it."""
    found: collections.Counter[Any] = collections.Counter()
    for (number, shape), (_, other) in pairs:
        found[number, tuple(without_batch(shape, other))] += 1
    return [[number, shape, times] for (number, shape), times in found.items()]


def facts(idiom: Idiom) -> dict[str, Any]:
    """What torch says of a network."""
    network = made(idiom).eval()
    (outputs, calls), (others, more) = run(network, idiom, 7), run(network, idiom, 11)
    nn = prelude()["nn"]
    inside = (nn.MultiheadAttention, nn.TransformerEncoderLayer)
    is_whole = not any(isinstance(one, inside) for one in network.modules())
    return {
        "parameters": sum([one.numel() for one in network.parameters() if one.requires_grad]),
        "outputs": [without_batch(*pair) for pair in zip(outputs, others, strict=True)],
        "layers": counted(zip(calls, more, strict=True)) if is_whole else None,
    }


def functions() -> dict[str, list[int]]:
    """What the lines of torch_ops.txt make of a tensor of their shape."""
    found: dict[str, list[int]] = {}
    for code, before, _ in rows("torch_ops.txt"):
        lines = ["class Net(nn.Module):", "    def forward(self, x):", f"        return {code}"]
        source = "\n".join(lines) + "\n"
        idiom = Idiom(source, "Net()", {"x": literal_eval(before)}, {}, is_first=False)
        (one,), (other,) = (run(made(idiom), idiom, batch)[0] for batch in (7, 11))
        found[code] = without_batch(one, other)
    return found


def facts_of_torchvision() -> dict[str, Any]:
    """The parameters of torchvision's networks, and the shapes of their outputs."""
    models: Any = load_torchvision().models
    torch, found = prelude()["torch"], dict[str, Any]()
    meta = torch.device("meta")  # It has shapes and no values.
    for name, one in TORCHVISION.items():
        numbers: Any = contextlib.nullcontext() if name.startswith("regnet") else meta
        with numbers:  # Its stages are computed by tensors.
            network = getattr(models, name)(**one.options)
        with meta, torch.no_grad():
            output = network.to("meta").eval()(torch.empty(1, *one.shape))
        number = sum([each.numel() for each in network.parameters()])
        found[name] = [number, list(output.shape[1:])]
    return found


def main() -> None:
    """Run each network for two numbers of examples."""
    torch = prelude()["torch"]
    torch.manual_seed(0)
    golden: dict[str, Any] = {"torch": torch.__version__, "idioms": {}}
    golden["torchvision"] = facts_of_torchvision()
    golden["functions"] = functions()
    for name, idiom in idioms().items():
        golden["idioms"][name] = facts(idiom)
    text = json.dumps(golden, separators=(",", ":"))
    path = Path(__file__).with_name("torch_read.json.gz")
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main()

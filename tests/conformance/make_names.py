"""Writes names.json: what torch and Keras call their layers, and the arguments of these.

Run by hand, where Keras 3.15.1 and torch 2.13 are installed:
`KERAS_BACKEND=torch python tests/conformance/make_names.py`.
"""

from __future__ import annotations

import importlib
import inspect
import json
from pathlib import Path
from typing import Any, get_overloads

GOLDEN = Path(__file__).with_name("names.json")
FUNCTIONS = [
    *("add", "mul", "cat", "Tensor.amax", "Tensor.mean", "Tensor.permute", "Tensor.reshape"),
    *("Tensor.narrow", "Tensor.split", "Tensor.chunk"),
    *("nn.functional.pad", "nn.Module.requires_grad_"),
]
"""What torch does without a module."""


def found(package: Any, name: str) -> Any:
    for part in name.split("."):
        package = getattr(package, part)
    return package


def arguments(thing: Any) -> list[str] | None:
    """The names of all that it takes; None, if it does not say.

    torch's recurrent modules say it for type checkers alone.
    """
    try:
        for stated in get_overloads(thing.__init__) if inspect.isclass(thing) else ():
            return list(inspect.signature(stated).parameters)[1:]
        return list(inspect.signature(thing).parameters)
    except (TypeError, ValueError):
        return None


def classes(module: Any, parent: type) -> list[str]:
    public = {name: found(module, name) for name in dir(module)}
    return [
        name for name, one in public.items() if inspect.isclass(one) and issubclass(one, parent)
    ]


def main() -> None:
    torch: Any = importlib.import_module("torch")
    keras: Any = importlib.import_module("keras")
    modules = [f"nn.{one}" for one in classes(torch.nn, torch.nn.Module)]
    layers = [f"layers.{one}" for one in classes(keras.layers, keras.Layer)]
    names = {
        "torch": {name: arguments(found(torch, name)) for name in FUNCTIONS + modules},
        "keras": {
            name: arguments(found(keras, name))
            for name in ["Input", "Layer.trainable", "Sequential", *layers]
        },
    }
    versions = {one.__name__: one.__version__ for one in (torch, keras)}
    lines = [
        f" {json.dumps(tool)}: {{\n"
        + ",\n".join([f"  {json.dumps(one)}: {json.dumps(all_[one])}" for one in sorted(all_)])
        + "\n }"
        for tool, all_ in names.items()
    ]
    text = f'{{\n "versions": {json.dumps(versions)},\n' + ",\n".join(lines) + "\n}\n"
    GOLDEN.write_text(text, "utf-8")


if __name__ == "__main__":
    main()

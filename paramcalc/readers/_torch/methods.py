"""What `torch.nn.Module` and its containers do for a module.

Each function takes the interpreter, the module, and its own arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from paramcalc.errors import ReadError
from paramcalc.readers._torch.layers import CONTAINERS
from paramcalc.readers._torch.tensors import Module, Tensor, Weight
from paramcalc.readers._torch.values import attempt, sound


def is_container(module: Any) -> bool:
    """Whether a value is a list or a dict of modules."""
    return isinstance(module, Module) and module.kind in CONTAINERS[1:]


def entries_of(module: Module) -> dict[str, Any]:
    """The modules and parameters that torch registers, by name."""
    pairs = [(name, sound(one)) for name, one in module.attributes.items()]
    return {name: one for name, one in pairs if isinstance(one, Module | Weight)}


def parts_of(module: Module) -> list[Any]:
    """The same, in order."""
    return list(entries_of(module).values())


def walk(module: Module) -> list[tuple[str, Module]]:
    """All modules inside, by path, each once; the module itself first."""
    found: dict[Module, str] = {}
    waiting = [("", module)]
    while waiting:
        path, one = waiting.pop()
        if one in found:
            continue
        found[one] = path
        waiting += [
            (f"{path}.{name}" if path else name, part)
            for name, part in reversed(one.attributes.items())
            if isinstance(part, Module)
        ]
    return [(path, one) for one, path in found.items()]


def parameter(runner: Any, data: Any = None, requires_grad: Any = True) -> Weight:
    """An `nn.Parameter`."""
    if isinstance(data, Weight):
        return data
    dims = data.dims if isinstance(data, Tensor) else None
    if dims is None or not all(isinstance(one, int) and one > 0 for one in dims):
        raise ReadError("nn.Parameter takes a tensor whose shape is known")
    return Weight(dims, runner.truth(requires_grad))


def add_module(runner: Any, module: Module, name: Any, part: Any) -> None:
    runner.set_attribute(module, str(name), part)


def register_buffer(
    runner: Any, module: Module, name: Any, tensor: Any, persistent: Any = True
) -> None:
    if tensor is not None:
        tensor = parameter(runner, tensor, False)
        tensor.is_buffer = True
    add_module(runner, module, name, tensor)


def named_modules(runner: Any, module: Module) -> list[Any]:
    found = walk(module)
    runner.meter.spend(len(found))
    return found


def named_children(runner: Any, module: Module) -> list[Any]:
    return [(name, one) for name, one in entries_of(module).items() if isinstance(one, Module)]


def named_parameters(runner: Any, module: Module) -> list[Any]:
    found: dict[Weight, str] = {}
    for path, one in named_modules(runner, module):
        layer: Any = one.layer
        names = attempt("", layer._tensors, one.shape) if layer is not None else ()
        weights = [runner.weight_of(one, each.name) for each in names]
        for each in [*weights, *entries_of(one).values()]:
            if isinstance(each, Weight) and not each.is_buffer:
                found.setdefault(each, f"{path}.{each.name}" if path else each.name)
    runner.meter.spend(len(found))
    return [(name, one) for one, name in found.items()]


def named(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same without the names."""
    return lambda runner, module, recurse=True: [one for _, one in function(runner, module)]


def freeze(runner: Any, module: Module, requires_grad: Any = True) -> Module:
    for _, one in named_parameters(runner, module):
        one.trainable = runner.truth(requires_grad)
    return module


def apply(runner: Any, module: Module, function: Any) -> Module:
    for _, one in reversed(named_modules(runner, module)):
        runner.call(function, one)
    return module


def append(runner: Any, module: Module, part: Any) -> Module:
    runner.set_child(module, str(len(entries_of(module))), part)
    return module


def extend(runner: Any, module: Module, more: Any) -> Module:
    for one in runner.listed(more):
        append(runner, module, one)
    return module


def insert(runner: Any, module: Module, at: Any, part: Any) -> None:
    every = parts_of(module)
    attempt("insert", every.insert, at, part)
    module.attributes.clear()
    extend(runner, module, every)


METHODS: dict[str, Callable[..., Any]] = {
    "add_module": add_module,
    "register_module": add_module,
    "register_parameter": add_module,
    "register_buffer": register_buffer,
    "modules": named(named_modules),
    "named_modules": named_modules,
    "children": named(named_children),
    "named_children": named_children,
    "parameters": named(named_parameters),
    "named_parameters": named_parameters,
    "requires_grad_": freeze,
    "apply": apply,
    **dict.fromkeys(
        ["train", "eval", "to", "cuda", "cpu", "half", "float", "double"],
        lambda runner, module, *_, **__: module,
    ),
    **dict.fromkeys(
        ["load_state_dict", "zero_grad", "save_hyperparameters", "flatten_parameters"],
        lambda *_, **__: None,
    ),
}
CONTAINER_METHODS: dict[str, Callable[..., Any]] = {
    "append": append,
    "extend": extend,
    "insert": insert,
    "keys": lambda runner, module: list(entries_of(module)),
    "items": lambda runner, module: list(entries_of(module).items()),
    "values": lambda runner, module: parts_of(module),
    "update": lambda runner, module, more: runner.start(module, module.kind, more),
}
METHODS_OF_MODULES = METHODS | CONTAINER_METHODS

"""What `torch.nn.Module` and its containers do for a module.

Each function takes the interpreter, the module, and its own arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from paramcalc.errors import ReadError, show
from paramcalc.readers._torch.interpreter import sound
from paramcalc.readers._torch.layers import CONTAINERS
from paramcalc.readers._torch.tensors import Module, Tensor, Weight


def is_container(module: Module) -> bool:
    """Whether a module is a list or a dict of others."""
    return module.kind in CONTAINERS[1:]


def is_part(value: Any) -> bool:
    """Whether torch registers it."""
    return isinstance(value, Module | Weight)


def parts_of(module: Module) -> list[Any]:
    """The modules and parameters that a container holds, in order."""
    return [sound(one) for one in module.attributes.values() if is_part(one)]


def walk(module: Module) -> list[tuple[str, Module]]:
    """All modules inside, by path, each once; the module itself first."""
    found, seen = list[tuple[str, Module]](), set[int]()
    waiting = [("", module)]
    while waiting:
        path, one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        found.append((path, one))
        inside = [
            (f"{path}.{name}" if path else name, part) for name, part in one.attributes.items()
        ]
        waiting += [pair for pair in reversed(inside) if isinstance(pair[1], Module)]
    return found


def parameter(runner: Any, data: Any = None, requires_grad: Any = True) -> Weight:
    """An `nn.Parameter`."""
    if isinstance(data, Weight):
        return data
    dims = data.dims if isinstance(data, Tensor) else None
    if dims is None or not all(isinstance(one, int) and one > 0 for one in dims):
        raise ReadError("nn.Parameter takes a tensor whose shape is known")
    return Weight(dims, runner.truth(requires_grad))


def add_module(runner: Any, module: Module, name: Any, part: Any) -> None:
    if not isinstance(name, str):
        raise ReadError(f"{show(name)} is no name")
    runner.set_attribute(module, name, part)


def register_buffer(
    runner: Any, module: Module, name: Any, tensor: Any, persistent: Any = True
) -> None:
    if tensor is not None:
        tensor = parameter(runner, tensor, False)
        tensor.is_buffer = True
    add_module(runner, module, name, tensor)


def modules(runner: Any, module: Module) -> list[Any]:
    return [one for _, one in named_modules(runner, module)]


def named_modules(runner: Any, module: Module) -> list[Any]:
    found = walk(module)
    runner.meter.spend(len(found))
    return found


def children(runner: Any, module: Module) -> list[Any]:
    return [one for _, one in named_children(runner, module)]


def named_children(runner: Any, module: Module) -> list[Any]:
    return [(name, one) for name, one in module.attributes.items() if isinstance(one, Module)]


def parameters(runner: Any, module: Module, recurse: Any = True) -> list[Any]:
    return [one for _, one in named_parameters(runner, module)]


def named_parameters(runner: Any, module: Module, *_: Any, **__: Any) -> list[Any]:
    found: dict[int, tuple[str, Weight]] = {}
    for path, one in named_modules(runner, module):
        layer = one.layer
        names = runner.made(lambda: layer._tensors(one.shape)) if layer else ()  # noqa: B023
        weights = [(each.name, runner.weight_of(one, each.name)) for each in names]
        weights += [
            (name, each) for name, each in one.attributes.items() if isinstance(each, Weight)
        ]
        for name, each in weights:
            if not each.is_buffer:
                found.setdefault(id(each), (f"{path}.{name}" if path else name, each))
    runner.meter.spend(len(found))
    return list(found.values())


def freeze(runner: Any, module: Module, requires_grad: Any = True) -> Module:
    for one in parameters(runner, module):
        one.trainable = runner.truth(requires_grad)
    return module


def apply(runner: Any, module: Module, function: Any) -> Module:
    for one in reversed(modules(runner, module)):
        runner.call(function, [one], {})
    return module


def itself(runner: Any, module: Module, *_: Any, **__: Any) -> Module:
    return module


def nothing(runner: Any, module: Module, *_: Any, **__: Any) -> None:
    """A method without meaning for shapes and counts."""


def append(runner: Any, module: Module, part: Any) -> Module:
    number = len(parts_of(module))
    runner.set_child(module, str(number), part)
    return module


def extend(runner: Any, module: Module, more: Any) -> Module:
    for one in runner.listed(more):
        append(runner, module, one)
    return module


def insert(runner: Any, module: Module, at: Any, part: Any) -> None:
    every = parts_of(module)
    if not isinstance(at, int):
        raise ReadError(f"{show(at)} is no index")
    every.insert(at, part)
    module.attributes.clear()
    extend(runner, module, every)


def keys(runner: Any, module: Module) -> list[Any]:
    return [name for name, one in module.attributes.items() if is_part(one)]


def items(runner: Any, module: Module) -> list[Any]:
    return [(name, module.attributes[name]) for name in keys(runner, module)]


def values(runner: Any, module: Module) -> list[Any]:
    return parts_of(module)


def update(runner: Any, module: Module, more: Any) -> None:
    runner.start(module, module.kind, [more], {})


METHODS: dict[str, Callable[..., Any]] = {
    "add_module": add_module,
    "register_module": add_module,
    "register_parameter": add_module,
    "register_buffer": register_buffer,
    "modules": modules,
    "named_modules": named_modules,
    "children": children,
    "named_children": named_children,
    "parameters": parameters,
    "named_parameters": named_parameters,
    "requires_grad_": freeze,
    "apply": apply,
    **dict.fromkeys(["train", "eval", "to", "cuda", "cpu", "half", "float", "double"], itself),
    **dict.fromkeys(
        ["load_state_dict", "zero_grad", "save_hyperparameters", "flatten_parameters"], nothing
    ),
}
CONTAINER_METHODS: dict[str, Callable[..., Any]] = {
    "append": append,
    "extend": extend,
    "insert": insert,
    "keys": keys,
    "items": items,
    "values": values,
    "update": update,
}
METHODS_OF_MODULES = METHODS | CONTAINER_METHODS

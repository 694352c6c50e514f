"""Modules: how they are made, what they hold, and what `torch.nn.Module` does for them.

The functions take the interpreter, the module, and their own arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from paramcalc.errors import ReadError, show
from paramcalc.layers._base import Layer
from paramcalc.readers._torch.layers import CONTAINERS, COUNTERPARTS, bind, unknown
from paramcalc.readers._torch.tensors import Module, States, Tensor, Weight
from paramcalc.readers._torch.tracer import Tracer
from paramcalc.readers._torch.values import Class, Known, Partial, Thing, attempt, sound


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


def named_parameters(runner: Any, module: Module, *, recurse: Any = True) -> list[Any]:
    found: dict[Weight, str] = {}
    every = named_modules(runner, module)
    for path, one in every if runner.truth(recurse) else every[:1]:
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
    return lambda runner, module: [one for _, one in function(runner, module)]


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
    "parameters": lambda runner, module, recurse=True: [
        one for _, one in named_parameters(runner, module, recurse=recurse)
    ],
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


WITHOUT_MEANING = {"object", "ABC", "Generic", "NamedTuple", "Protocol"}
"""Bases of classes that add nothing."""
HIDDEN = {"__new__", "__setattr__", "__getattribute__", "__init_subclass__"}
"""Methods that change what others mean."""
SEVERAL = {"_ConvNd": "Conv", "_BatchNorm": "BatchNorm", "_InstanceNorm": "InstanceNorm"}
"""Bases of torch's layers, and how the names of those layers begin."""


class Modules(Tracer):
    """An interpreter that knows modules."""

    layers: dict[str, Any]
    """What the caller says of names: a layer, or a function that makes one."""
    is_given = False
    """Whether a function is such a layer, whose tensors are in no module."""

    def new(self, cls: Class) -> Thing:
        """An object; a module, if its class inherits from torch."""
        for one in cls.mro:
            name = one.name if isinstance(one, Known) else ""
            if isinstance(one, Class) and (hidden := HIDDEN & one.members.keys()):
                raise ReadError(f"{cls.name} defines {min(hidden)}, which is not read")
            if isinstance(one, Known) and one.is_of_nn:
                return Module(cls, kind="Module" if name == "LightningModule" else name)
            if name and name not in WITHOUT_MEANING:
                raise unknown(f"{cls.name} inherits from {name}, which", cls.name)
        return Thing(cls)

    def make(self, cls: Class, /, *args: Any, **named: Any) -> Any:
        if cls.name in self.layers:
            return self.replacement(cls.name, *args, **named)
        return super().make(cls, *args, **named)

    def replacement(self, name: str, /, *args: Any, **named: Any) -> Module:
        """A module that is the layer which the caller gives for a name."""
        layer = self.layer_given(name, *args, **named)
        return Module(Known(f"layers.{name}"), kind=name, layer=layer)

    def layer_given(self, name: str, /, *args: Any, **named: Any) -> Layer:
        """The layer which the caller gives for a name."""
        given = self.layers[name]
        if not isinstance(given, Layer):
            given = given(*map(shown, args), **{key: shown(one) for key, one in named.items()})
        if not isinstance(given, Layer):
            raise ReadError(f"layers[{name!r}] must return a Layer, got {show(given)}")
        return given

    def start(self, module: Module, kind: str, /, *args: Any, **named: Any) -> None:
        """What the `__init__` of a class of torch does."""
        kind = "Module" if kind == "LightningModule" else kind
        if kind not in CONTAINERS:
            bind(module, kind, *args, **named)
            return
        module.kind = kind if kind != "Module" else module.kind or kind
        if len([*args, *named]) > 1 - (kind == "Module") and kind != "Sequential":
            raise ReadError(f"nn.{kind} takes at most one argument, or none")
        if named and kind == "Sequential":
            raise ReadError(f"nn.Sequential takes no {min(named)}")
        parts: Any = [*args, *named.values()]
        if len(parts) == 1 and (kind != "Sequential" or isinstance(parts[0], dict)):
            (given,) = parts
            parts = given if isinstance(given, dict) else self.listed(given)
        if kind.endswith("Dict") and isinstance(parts, list):
            parts = attempt(f"nn.{kind}", lambda: dict([self.listed(one) for one in parts]))
        for name, part in parts.items() if isinstance(parts, dict) else enumerate(parts):
            self.set_child(module, str(name), part)

    def set_child(self, module: Module, name: str, part: Any) -> None:
        """Register a part of a container."""
        if module.kind.startswith("Parameter") and isinstance(part, Tensor):
            part = parameter(self, part)
        if not isinstance(part, Module | Weight):
            raise ReadError(f"nn.{module.kind} takes modules, got {show(part)}")
        self.set_attribute(module, name, part)

    # Attributes.

    def inherited(self, first: Any, known: Known, name: str) -> Any:
        kind = known.name
        has_forward = kind == "Sequential" or kind not in (*CONTAINERS, "LightningModule")
        if not known.is_of_nn:
            return None
        if name == "__init__" or (name == "forward" and has_forward):
            function = Known(f"torch.nn.{kind}.{name}")
            return function if isinstance(first, Class) else Partial(function, (first,))
        if name in METHODS or (name in CONTAINER_METHODS and is_container(first)):
            return Partial(Known(f"torch.nn.Module.{name}"), (first,))
        return None

    def attribute_of(self, value: Any, name: str) -> Any:
        if isinstance(value, Module):
            return self.attribute_of_module(value, name)
        return super().attribute_of(value, name)

    def attribute_of_module(self, module: Module, name: str) -> Any:
        """What a module has apart from what the source gave it."""
        if name in ("training", "device"):
            return Known("torch.device") if name == "device" else False
        entry, layer = COUNTERPARTS.get(module.kind), module.layer
        if entry is not None and layer is not None:
            weight = self.weight_of(module, name)
            if weight is not None or name in ("weight", "bias"):
                return weight
            if entry.arguments.get(name, "") in getattr(layer, "_specs", ()):
                return getattr(layer, entry.arguments[name])
        if name in module.options:
            return module.options[name]
        raise ReadError(f"{module.cls.name} has no {name} that is known")

    def weight_of(self, module: Module, name: str) -> Weight | None:
        """A tensor of a single layer, by its name; None if it has none."""
        layer: Any = module.layer
        for one in attempt("", layer._tensors, module.shape) if name not in module.weights else ():
            if one.name == name:
                is_buffer = not one.trainable
                weight = Weight(one.shape, one.trainable, name, module, is_buffer=is_buffer)
                module.weights[name] = weight
        return module.weights.get(name)

    def set_attribute(self, value: Any, name: str, new: Any) -> None:
        if isinstance(value, Weight):
            self.set_of_weight(value, name, new)
            return
        if not isinstance(value, Module):
            super().set_attribute(value, name, new)
            return
        entry = COUNTERPARTS.get(value.kind)
        if entry is not None and value.layer is not None:
            if name in ("weight", "bias") and isinstance(new, Weight):
                self.tie(value, name, new)
                return
            if name in entry.arguments or name in ("weight", "bias"):
                raise ReadError(
                    f"{value.cls.name}.{name} is changed after it is made: make another"
                )
        if isinstance(new, Weight) and not new.name:
            new.name = name
        value.attributes[name] = new

    def tie(self, module: Module, name: str, weight: Weight) -> None:
        """Let a layer have a tensor of another layer."""
        own = self.weight_of(module, name)
        if own is None or own.shape != weight.shape:
            shape = show(own.shape) if own else "nothing"
            raise ReadError(
                f"{module.cls.name}.{name} of {shape} gets a tensor of {show(weight.shape)}"
            )
        if weight.module is not None and weight.name == name:
            module.tied[name] = weight.module
        elif weight.path or weight.module is not None or not weight.trainable:
            raise ReadError(f"{module.cls.name}.{name} gets a tensor that is not known there")

    def set_of_weight(self, weight: Weight, name: str, new: Any) -> None:
        """Set an attribute of a parameter."""
        if name == "requires_grad":
            weight.trainable = self.truth(new) and not weight.is_buffer
        elif name != "data" or not isinstance(new, Tensor) or new.dims != weight.shape:
            raise ReadError(f"a parameter gets a new {name}, which is not known")

    # What Python asks of modules.

    def is_a(self, value: Any, kind: Known) -> bool:
        if kind.name in ("Tensor", "FloatTensor", "LongTensor"):
            return isinstance(value, Tensor | States | Weight)
        if kind.name in ("Parameter", "Size"):
            return isinstance(value, Weight if kind.name == "Parameter" else tuple)
        if not isinstance(value, Module):
            return False
        if kind.name == "Module":
            return True
        if kind.name in SEVERAL:
            return value.kind.startswith(SEVERAL[kind.name])
        if kind.name.startswith("_"):
            raise ReadError(f"isinstance of {kind.name} is not known")
        return kind.is_of_nn and value.kind == kind.name

    def iterate(self, value: Any) -> Any:
        if is_container(value):
            return list(entries_of(value)) if value.kind.endswith("Dict") else parts_of(value)
        return super().iterate(value)

    def extends(self, value: Any, more: Any) -> bool:
        if is_container(value):
            METHODS_OF_MODULES["extend"](self, value, more)
            return True
        return super().extends(value, more)

    def truth(self, value: Any) -> bool:
        if is_container(value):
            return bool(parts_of(value))
        return super().truth(value)

    def item(self, value: Any, key: Any) -> Any:
        if not is_container(value) or isinstance(key, str):
            return self.attribute(value, key) if is_container(value) else super().item(value, key)
        found = self.item(parts_of(value), key)
        if not isinstance(key, slice):
            return found
        names = self.item(list(entries_of(value)), key)
        part = Module(Known(f"torch.nn.{value.kind}"), kind=value.kind)
        part.attributes = dict(zip(names, found, strict=True))
        return part

    def set_item(self, whole: Any, key: Any, value: Any) -> None:
        if not is_container(whole):
            super().set_item(whole, key, value)
            return
        name = key if isinstance(key, str) else self.item(list(entries_of(whole)), key)
        self.set_child(whole, name, value)


def shown(value: Any) -> Any:
    """A value for a function of the caller: None for what is known to the reader alone."""
    if isinstance(value, list | tuple):
        return type(value)([shown(one) for one in value])
    return value if value is None or isinstance(value, int | float | str) else None

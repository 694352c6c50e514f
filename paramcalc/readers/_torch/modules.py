"""Modules: how they are made, what they hold, and what `torch.nn.Module` does for them."""

from __future__ import annotations

from typing import Any

from paramcalc.errors import ReadError, show
from paramcalc.layers._base import Layer
from paramcalc.readers._torch.layers import CONTAINERS, COUNTERPARTS, bind
from paramcalc.readers._torch.methods import (
    CONTAINER_METHODS,
    METHODS,
    METHODS_OF_MODULES,
    entries_of,
    is_container,
    parameter,
    parts_of,
)
from paramcalc.readers._torch.tensors import Module, States, Tensor, Weight
from paramcalc.readers._torch.tracer import Tracer
from paramcalc.readers._torch.values import Class, Known, Partial, Thing, attempt

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

    def new(self, cls: Class) -> Thing:
        """An object; a module, if its class inherits from torch."""
        for one in cls.mro:
            name = one.name if isinstance(one, Known) else ""
            if isinstance(one, Class) and (hidden := HIDDEN & one.members.keys()):
                raise ReadError(f"{cls.name} defines {min(hidden)}, which is not read")
            if isinstance(one, Known) and one.is_of_nn:
                return Module(cls, kind="Module" if name == "LightningModule" else name)
            if name and name not in WITHOUT_MEANING:
                problem = f"{cls.name} inherits from {name}, which is not known"
                raise ReadError(f"{problem}: pass layers={{{cls.name!r}: ...}}")
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
        if named and kind == "Module":
            raise ReadError(f"nn.Module takes no {', '.join(named)}")
        parts: Any = list(named.values())[:1] or args
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

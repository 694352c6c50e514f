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
    is_container,
    is_part,
    parameter,
    parts_of,
)
from paramcalc.readers._torch.tensors import Module, States, Tensor, Weight
from paramcalc.readers._torch.tracer import Tracer
from paramcalc.readers._torch.values import Bound, Class, Known, Thing, attempt

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
            if isinstance(one, Known) and (name == "LightningModule" or is_of_nn(one)):
                return Module(cls, kind="Module" if name == "LightningModule" else name)
            if name and name not in WITHOUT_MEANING:
                problem = f"{cls.name} inherits from {name}, which is not known"
                raise ReadError(f"{problem}: pass layers={{{cls.name!r}: ...}}")
        return Thing(cls)

    def make(self, cls: Class, arguments: list[Any], keywords: dict[str, Any]) -> Any:
        if cls.name in self.layers:
            return self.replacement(cls.name, arguments, keywords)
        return super().make(cls, arguments, keywords)

    def replacement(self, name: str, arguments: list[Any], keywords: dict[str, Any]) -> Module:
        """A module that is the layer which the caller gives for a name."""
        layer = self.layer_given(name, arguments, keywords)
        return Module(Known(f"layers.{name}"), kind=name, layer=layer)

    def layer_given(self, name: str, arguments: list[Any], keywords: dict[str, Any]) -> Layer:
        """The layer which the caller gives for a name."""
        given = self.layers[name]
        if not isinstance(given, Layer):
            given = given(*map(shown, arguments), **{key: shown(keywords[key]) for key in keywords})
        if not isinstance(given, Layer):
            raise TypeError(f"torch: layers[{name!r}] must give a Layer, got {show(given)}")
        return given

    def make_known(self, known: Known, arguments: list[Any], keywords: dict[str, Any]) -> Module:
        """A module of a class of torch."""
        self.meter.spend(20)
        module = Module(known)
        self.start(module, known.name, arguments, keywords)
        return module

    def start(
        self, module: Module, kind: str, arguments: list[Any], keywords: dict[str, Any]
    ) -> None:
        """What the `__init__` of a class of torch does."""
        if kind not in (*CONTAINERS, "LightningModule"):
            bind(module, kind, arguments, keywords)
            return
        kind = "Module" if kind == "LightningModule" else kind
        module.kind = kind if kind != "Module" else module.kind or kind
        if keywords and kind == "Module":
            raise ReadError(f"nn.Module takes no {', '.join(keywords)}")
        parts: Any = list(keywords.values())[:1] or arguments
        if len(parts) == 1 and (kind != "Sequential" or isinstance(parts[0], dict)):
            (given,) = parts
            parts = given if isinstance(given, dict) else self.listed(given)
        if kind.endswith("Dict") and isinstance(parts, list):
            parts = attempt(f"nn.{kind}", lambda: dict([self.listed(one) for one in parts]))
        pairs = parts.items() if isinstance(parts, dict) else enumerate(parts)
        for name, part in pairs:
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
        if not (is_of_nn(known) or kind == "LightningModule"):
            return None
        if name == "__init__" or (name == "forward" and has_forward(kind)):
            function = Known(f"torch.nn.{kind}.{name}")
            return function if isinstance(first, Class) else Bound(function, first)
        methods = CONTAINER_METHODS if isinstance(first, Module) and is_container(first) else {}
        if name in METHODS or name in methods:
            return Bound(Known(f"torch.nn.Module.{name}"), first)
        return None

    def attribute_of(self, value: Any, name: str) -> Any:
        if isinstance(value, Module):
            return self.attribute_of_module(value, name)
        return super().attribute_of(value, name)

    def attribute_of_module(self, module: Module, name: str) -> Any:
        """What a module has apart from what the source gave it."""
        if name == "training":
            return False
        if name == "device":
            return Known("torch.device")
        entry, layer = COUNTERPARTS.get(module.kind), module.layer
        if entry is not None and layer is not None:
            weight = self.weight_of(module, name)
            if weight is not None or name in ("weight", "bias"):
                return weight
            known: Any = layer
            field = entry.arguments.get(name, "")
            if field in known._specs:
                return getattr(layer, field)
        if name in module.options:
            return module.options[name]
        raise ReadError(f"{module.cls.name} has no {name} that is known")

    def weight_of(self, module: Module, name: str) -> Weight | None:
        """A tensor of a single layer, by its name; None if it has none."""
        if name not in module.weights and module.layer is not None:
            layer = module.layer
            tensors = self.made(lambda: layer._tensors(module.shape))
            for one in tensors:
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
        return is_of_nn(kind) and value.kind == kind.name

    def iterate(self, value: Any) -> Any:
        if isinstance(value, Module) and is_container(value):
            if value.kind.endswith("Dict"):
                return list(value.attributes)
            return parts_of(value)
        return super().iterate(value)

    def extends(self, value: Any, more: Any) -> bool:
        if isinstance(value, Module) and is_container(value):
            METHODS_OF_MODULES["extend"](self, value, more)
            return True
        return super().extends(value, more)

    def truth(self, value: Any) -> bool:
        if isinstance(value, Module) and is_container(value):
            return bool(parts_of(value))
        return super().truth(value)

    def item_of(self, value: Any, key: Any) -> Any:
        if isinstance(value, Module) and is_container(value):
            if isinstance(key, str):
                return self.attribute(value, key)
            found = self.item(parts_of(value), key)
            if not isinstance(key, slice):
                return found
            part = Module(Known(f"torch.nn.{value.kind}"), kind=value.kind)
            names = [name for name, one in value.attributes.items() if is_part(one)]
            part.attributes = dict(zip(self.item(names, key), found, strict=True))
            return part
        return super().item_of(value, key)

    def set_item(self, whole: Any, key: Any, value: Any) -> None:
        if isinstance(whole, Module) and is_container(whole):
            names = [name for name, one in whole.attributes.items() if is_part(one)]
            name = key if isinstance(key, str) else self.item(names, key)
            self.set_child(whole, name, value)
        else:
            super().set_item(whole, key, value)


def is_of_nn(known: Known) -> bool:
    """Whether it is a class of `torch.nn`."""
    return known.path.startswith("torch.nn.") and not known.path.startswith("torch.nn.functional.")


def has_forward(kind: str) -> bool:
    """Whether a class of torch does something when it is called."""
    return kind == "Sequential" or kind not in CONTAINERS


def shown(value: Any) -> Any:
    """A value for a function of the caller: None for what is known to the reader alone."""
    if isinstance(value, list | tuple):
        return type(value)([shown(one) for one in value])
    return value if value is None or isinstance(value, int | float | str) else None

"""What a source of torch computes, as layers in frames: one frame per call of a module."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import Any

from paramcalc._checks import LARGEST
from paramcalc._network import MAX_DEPTH
from paramcalc.errors import ReadError, show
from paramcalc.layers._axes import SpatialLayer
from paramcalc.layers._base import Layer
from paramcalc.layers._tensor import check_arity
from paramcalc.layers.activation import Identity
from paramcalc.layers.frozen import Frozen
from paramcalc.layers.parameters import Parameters
from paramcalc.layers.reshape import Flatten, Reshape, Slice
from paramcalc.readers._build import identifier
from paramcalc.readers._torch.statements import Runner
from paramcalc.readers._torch.tensors import (
    BATCH,
    ONE,
    Dims,
    Frame,
    Module,
    Node,
    Rows,
    States,
    Tensor,
    Unusable,
    Weight,
    after,
    around,
    form_of,
    real_axes,
)
from paramcalc.readers._torch.values import Class, Function, Unknown, attempt


class Tracer(Runner):
    """An interpreter whose modules leave a trace when they are called on tensors."""

    def __init__(self, builtins: frozenset[str]) -> None:
        super().__init__(builtins)
        self.frames: list[Frame] = []
        self.wanted = ""
        """The name of the next node, if it is not that of its function."""
        self.batch_axis = 0
        self.is_length_first = False
        """Whether something takes the length first where the batch was."""

    @property
    def frame(self) -> Frame:
        if not self.frames:
            raise ReadError("a tensor is computed outside forward")
        return self.frames[-1]

    # Tensors.

    def here(self, tensor: Tensor) -> Tensor:
        """A tensor as the current frame has it."""
        if tensor.frame is None or tensor.frame is self.frame:
            return tensor
        if tensor.frame not in self.frames:
            raise ReadError("a tensor is kept from a call that is over: return it instead")
        for frame in self.frames[self.frames.index(tensor.frame) + 1 :]:
            tensor = self.taken(frame, tensor)
        return tensor

    def taken(self, frame: Frame, tensor: Tensor, name: str = "input") -> Tensor:
        """A tensor of the frame around, as an input."""
        if tensor not in frame.taken:
            inside = Tensor(tensor.dims, frame, frame.name_for(identifier(name)))
            frame.taken[tensor], frame.inputs[inside.name] = inside, tensor.dims
        return frame.taken[tensor]

    def tensor(self, value: Any) -> Tensor:
        """A value as a tensor."""
        if isinstance(value, Tensor):
            return self.here(value)
        if isinstance(value, Weight):
            return self.place(value)
        if isinstance(value, States):
            return self.last_state(value)
        if isinstance(value, int | float):
            return Tensor(())
        if isinstance(value, Unknown):
            raise ReadError(value.problem)
        what = value.what if isinstance(value, Unusable) else show(value)
        raise ReadError(f"{what} is no tensor that is known")

    def is_tensor(self, value: Any) -> bool:
        return isinstance(value, Tensor | Weight | States)

    def place(self, weight: Weight) -> Tensor:
        """A weight as a tensor of the current frame; outside, one without meaning."""
        if not self.frames:
            return Tensor(weight.shape)
        frame = self.frame
        if weight not in frame.placed:
            has_one = len(weight.shape) > 2 and weight.shape[0] == 1
            dims: Dims = (ONE, *weight.shape[1:]) if has_one else weight.shape
            name = identifier(weight.name or "weight")
            form: Any = form_of(dims)
            layer: Layer = attempt("", lambda: Parameters(**{name: form}))
            if not weight.trainable:
                layer = Frozen(layer)
            path = weight.module.path if weight.module else weight.path
            place = relative(path or name, frame)
            frame.placed[weight] = self.add(place, layer, [], dims, (weight,))
        return frame.placed[weight]

    def add(
        self,
        name: str,
        what: Layer | Frame,
        reads: list[Tensor],
        dims: Dims | None,
        owners: tuple[Module | Weight, ...] = (),
    ) -> Tensor:
        """The output of a new node of the current frame."""
        frame, name, self.wanted = self.frame, self.wanted or name, ""
        is_place = name.startswith("[") and name not in frame.names
        name = frame.name_for(name if is_place else identifier(name))
        names = [one.name for one in reads]
        frame.nodes.append(Node(name, what, names, owners, self.line))
        return Tensor(dims, frame, name)

    def emit(
        self,
        name: str,
        layer: Layer,
        *given: Tensor,
        dims: Dims | None = None,
        owners: tuple[Module | Weight, ...] = (),
    ) -> Tensor:
        """What a layer gives; `dims` are its axes, if the batch is not where it was."""
        self.meter.spend(20)
        reads = [self.here(one) for one in given]
        if not reads:
            raise ReadError(f"{name} is called on nothing")
        attempt("", check_arity, layer, reads)
        if isinstance(layer, SpatialLayer) and reads[0].frame is None and reads[0].dims:
            rows, *lengths = reads[0].dims  # The first axis is that of the batch.
            form = after(layer, [form_of((BATCH, *lengths))])
            return Tensor((rows, *(form or ())))
        form = after(layer, [form_of(one.dims) for one in reads])
        if form is not None and prod([one or 1 for one in form]) > LARGEST:
            raise ReadError(f"shape {show(form)} has more than 2**63 - 1 values")
        found = around(reads[0].dims, form) if dims is None else dims
        if all(one.frame is None for one in reads):
            return Tensor(found)
        if any(one.frame is None for one in reads):
            raise ReadError(f"{name} of a tensor that depends on no input is not known")
        return self.add(name, layer, reads, found, owners)

    def to_dims(self, name: str, tensor: Tensor, dims: Dims) -> Tensor:
        """The same values with other axes."""
        old, new = form_of(tensor.dims), form_of(dims)
        if tensor.frame is None or old == new or new is None:
            return Tensor(dims, tensor.frame, tensor.name)
        if new.count(None) > 1:
            raise ReadError("a new shape depends on that of the input: give input_shape")
        layer = attempt("", lambda: Reshape(tuple([-1 if one is None else one for one in new])))
        return self.emit(name, layer, tensor, dims=dims)

    def without_axis(self, name: str, tensor: Tensor, at: int) -> Tensor:
        """The same without an axis of length 1."""
        dims: Any = tensor.dims
        left = (*dims[:at], *dims[at + 1 :])
        real = real_axes(dims)
        if isinstance(dims[at], Rows) or len(real) == 1 or tensor.frame is None:
            return Tensor(left, tensor.frame, tensor.name)
        first = min(real.index(at), len(real) - 2)  # It joins a neighbor.
        return self.emit(name, Flatten(first, first + 1), tensor, dims=left)

    def last_state(self, states: States, at: int | None = None) -> Tensor:
        """The last states; at a place, of one layer and direction alone."""
        number = states.layers * states.directions
        if at is None and states.layers > 1:
            raise ReadError("of several recurrent layers, only the last state is known: take [-1]")
        if at is not None and not -number <= at < number:
            raise ReadError(f"there is no state {at}")
        output = self.here(states.output)
        dims: Any = output.dims
        length = 0 if isinstance(dims[1], Rows) else 1
        last = self.emit(
            "last", Slice(-1, dim=0), output, dims=(*dims[:length], 1, *dims[length + 1 :])
        )
        last = self.without_axis("last", last, length)
        size = dims[2] // states.directions
        if at is None:
            if states.directions == 1:
                return self.to_dims("state", last, (1, *(last.dims or ())))
            return self.to_dims("state", last, (states.directions, BATCH, size))
        place = at % number - (states.layers - 1) * states.directions
        if place < 0:
            raise ReadError("the state of a layer before the last is not known")
        if states.directions == 1:
            return last
        part = Slice(place * size, (place + 1) * size)
        return self.emit("state", part, last, dims=(BATCH, size))

    # Modules.

    def call_module(self, module: Module, /, *args: Any, **named: Any) -> Any:
        """What a module gives for tensors."""
        if not self.frames:
            return self.constant_call(module, *args, **named)
        function = self.call_layer if self.is_layer(module) else self.call_network
        return self.deeper(function, module, *args, **named)

    def is_layer(self, module: Module) -> Any:
        """Whether a module is a single layer."""

    def call_layer(self, module: Module, /, *args: Any, **named: Any) -> Any:
        """What a single layer gives."""

    def call_network(self, module: Module, /, *args: Any, **named: Any) -> Any:
        """What a module of other layers gives: a node with a network of its own, if it can be."""
        if len(self.frames) > MAX_DEPTH:
            raise ReadError(f"networks nest at most {MAX_DEPTH} deep")
        outer, frame = self.frame, Frame(module)
        args, named = replaced([args, named], self.here)
        for one, name in self.names_of(module, args, named).items():
            if one.frame is outer:
                self.taken(frame, one, name)
        self.frames.append(frame)
        try:
            args, named = replaced([args, named], lambda one: frame.taken.get(one, one))
            result = self.call(self.attribute(module, "forward"), *args, **named)
            result = replaced(result, lambda one: self.here(one) if one.frame else one)
        finally:
            self.frames.pop()
        return self.out_of(frame, result)

    def names_of(self, module: Module, args: Any, named: dict[str, Any]) -> dict[Tensor, str]:
        """The tensors that a module is called on, and what it calls them."""
        own = self.forward_of(module)
        names = list(own.takes.parameters)[1:] if own else []
        names += ["input"] * (len(args) - len(names))
        found: dict[Tensor, str] = {}
        for name, value in [*zip(names, args, strict=False), *named.items()]:
            for one in tensors_in(value):
                found.setdefault(one, name)
        return found

    def forward_of(self, module: Module) -> Function | None:
        """The `forward` of a class of the source."""
        is_own = isinstance(module.cls, Class)
        method = self.member(module.cls.mro, "forward", module) if is_own else None
        function = getattr(method, "function", None)
        return function if isinstance(function, Function) else None

    def out_of(self, frame: Frame, result: Any) -> Any:
        """The outputs of a call that is over, as tensors of the frame around it."""
        module: Any = frame.module
        outer = self.frame
        outputs = list(dict.fromkeys([one for one in tensors_in(result) if one.frame is frame]))
        sources = list(frame.taken)
        name = relative(module.path or module.kind.lower() or module.cls.name.lower(), outer)
        if isinstance(result, Tensor) and outputs and sources:
            if result.name in frame.inputs:
                outside = sources[[*frame.inputs].index(result.name)]
                return self.add(name, Identity(), [outside], result.dims, (module,))
            frame.outputs = [result.name]
            return self.add(name, frame, sources, result.dims, (module,))
        return self.inlined(frame, name, result)

    def inlined(self, frame: Frame, prefix: str, result: Any) -> Any:
        """The nodes of a call with several outputs, in the frame around it."""
        outer, moved = self.frame, dict(zip(frame.inputs, frame.taken, strict=True))
        prefix = identifier(prefix)
        for node in frame.nodes:
            name = outer.name_for(f"{prefix}_{identifier(node.name)}")
            reads = [moved[one].name for one in node.reads]
            outer.nodes.append(Node(name, node.what, reads, node.owners, node.where))
            moved[node.name] = Tensor(None, outer, name)

        def outside(one: Tensor) -> Tensor:
            is_inside = one.frame is frame
            return Tensor(one.dims, outer, moved[one.name].name) if is_inside else one

        return replaced(result, outside)

    def constant_call(self, module: Module, /, *args: Any, **named: Any) -> Any:
        """What a module gives for tensors that depend on no input: their shapes alone.

        The first axis is that of the batch.
        """
        given = tensors_in([args, named])
        if not given or not all(one.frame is None and one.dims for one in given):
            raise ReadError("a module is called outside forward")
        first: Any = given[0].dims
        trial = Frame(None)
        inside = {one: Tensor((BATCH, *(one.dims or ())[1:]), trial, "input") for one in given}
        self.frames = [trial]
        try:
            args, named = replaced([args, named], lambda one: inside[one])
            result = self.call_module(module, *args, **named)
            return replaced(result, lambda one: Tensor(with_rows(one.dims, first[0])))
        finally:
            self.frames = []


def with_rows(dims: Any, rows: int) -> Dims:
    """Axes with a length for the batch."""
    return tuple([one.times * rows if isinstance(one, Rows) else one for one in dims])


def values_in(value: Any, depth: int = 0) -> Iterator[Any]:
    """What is in lists, tuples and dicts."""
    if depth > 10:
        raise ReadError("tensors are nested too deep")
    if not isinstance(value, dict | list | tuple):
        yield value
    for one in value.values() if isinstance(value, dict) else value if is_row(value) else ():
        yield from values_in(one, depth + 1)


def is_row(value: Any) -> bool:
    """Whether it is a list or a tuple."""
    return isinstance(value, list | tuple)


def tensors_in(value: Any) -> list[Tensor]:
    """The tensors in lists, tuples and dicts, each once."""
    found = [one.output if isinstance(one, States) else one for one in values_in(value)]
    return list(dict.fromkeys([one for one in found if isinstance(one, Tensor)]))


def replaced(value: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """The same lists, tuples and dicts with other tensors."""
    if isinstance(value, Tensor):
        return change(value)
    if isinstance(value, States):
        return States(change(value.output), value.layers, value.directions)
    if isinstance(value, dict):
        return {key: replaced(one, change) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)([replaced(one, change) for one in value])
    return value


def relative(path: str, frame: Frame) -> str:
    """A path as it is seen from the module of a frame; in a `Sequential`, a number in brackets."""
    start = frame.module.path if frame.module else ""
    if start and path.startswith(f"{start}."):
        path = path[len(start) + 1 :]
    is_row = frame.module is not None and frame.module.kind == "Sequential"
    return f"[{path}]" if is_row and path.isdecimal() else path

"""From the nodes of an ONNX file to layers: what the reader of an operator works with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

from paramcalc._checks import LARGEST, MAX_AXES, entries
from paramcalc.errors import ReadError, counted, show
from paramcalc.layers._base import Layer, Shape
from paramcalc.layers.frozen import Frozen
from paramcalc.layers.parameters import Parameters
from paramcalc.layers.reshape import Flatten, Reshape
from paramcalc.readers._build import Node, identifier
from paramcalc.readers._onnx.file import Numbers, Step
from paramcalc.readers._onnx.values import Flow, Held

MAX_LAYERS = 10_000
MAX_CALCULATED = 200_000
Tensors = dict[str, Held]
"""The tensors of a layer by what it calls them."""


class Reading:
    """What has been read so far.

    Args:
        batch: the size of the batch.
        uses: how often each value of the file is read.
        opset: the version of the operators.
    """

    def __init__(self, batch: int, uses: Counter[str], opset: int) -> None:
        self.batch, self.uses, self.opset = batch, uses, opset
        self.values: dict[str, Flow | Held | str] = {}
        """By name; of what cannot be read, the reason."""
        self.inputs: dict[str, Shape] = {}
        """The shape of each input by the name of its node."""
        self.nodes: list[Node] = []
        self.tensors: dict[str, Tensors] = {}
        """The trained tensors of each node that has some."""
        self.shapes: dict[str, Shape] = {}
        """The shape that each node gives."""
        self.following: dict[str, Step] = {}
        """The last node that reads a value."""
        self.done: set[int] = set()
        """The numbers of nodes that were read with an earlier one."""
        self._numbers = 0
        self._names: Counter[str] = Counter()
        self._settled: dict[tuple[str, Shape], str] = {}

    def name(self, text: str) -> str:
        """A name of its own for a layer."""
        word = identifier(text)
        while True:
            self._names[word] += 1
            if self._names[word] == 1:
                return word
            word = f"{word}_{self._names[word]}"

    def add(self, name: str, layer: Layer, *reads: str) -> str:
        """The name of a new node."""
        own = self.name(name)
        if len(self.nodes) >= MAX_LAYERS:
            raise ReadError(f"it has more than {MAX_LAYERS:,} layers")
        self.nodes.append(Node(own, layer, reads))
        return own

    def settled(self, flow: Flow) -> str:
        """The node that gives a value in the shape that it has by now."""
        made, shape = flow.made, flow.shape
        if made == shape:
            return flow.node
        if not shape:
            raise ReadError("it has no axis but that of the batch, and a shape here has at least 1")
        if (flow.node, shape) not in self._settled:
            self._settled[flow.node, shape] = self.add(
                flow.by or "reshape", view(made, shape), flow.node
            )
        return self._settled[flow.node, shape]

    def place(self, value: str, known: Flow | Held | str) -> None:
        """Make a value known by its name in the file."""
        if value in self.values:
            raise ReadError(f"{show(value)} is made twice")
        lengths = (
            known.axes if isinstance(known, Flow) else known.dims if isinstance(known, Held) else ()
        )
        if max(lengths, default=0) > LARGEST or len(lengths) > MAX_AXES:
            raise ReadError(f"no tensor has the shape {show(lengths)}")
        if isinstance(known, Held) and known.known:
            self._numbers += len(known.known)
            if self._numbers > MAX_CALCULATED:
                raise ReadError(f"the file calculates with more than {MAX_CALCULATED:,} numbers")
        self.values[value] = known

    def as_flow(self, one: Held, dims: Shape) -> Flow:
        """A layer that has a tensor of the file, in the shape in which it is used."""
        if one.counts and prod(dims) != one.size:
            raise ReadError(f"{show(one.name)} is another for each example, or is repeated")
        shape = (one.stored.dims if one.stored and self.uses[one.name] > 1 else dims) or (1,)
        layer: Layer = Parameters(values=shape)
        node = self.add(one.name, layer if one.counts else Frozen(layer))
        if one.counts:
            self.tensors[node] = {"values": one}
        return Flow(node, shape, dims, None)


def view(before: Shape, shape: Shape) -> Layer:
    """The layer that gives values another shape."""
    last = min(len(before), len(shape)) - 1
    start = next((at for at in range(last) if before[at] != shape[at]), last)
    end = start + len(before) - len(shape)
    if (
        end > start
        and (*before[:start], prod(before[start : end + 1]), *before[end + 1 :]) == shape
    ):
        return Flatten(start, -1 if end == len(before) - 1 else end)
    return Reshape(shape)


class Call:
    """A node of the file, as the reader of its operator sees it."""

    def __init__(self, reading: Reading, step: Step) -> None:
        self.reading, self.step = reading, step
        self._attributes = step.attributes()
        self._left = {*self._attributes}

    # Attributes: each is asked for, or named as one that changes nothing.

    def attribute(self, name: str, default: Any) -> Any:
        """An attribute, of the type of the default."""
        self._left.discard(name)
        value: Any = self._attributes.get(name, default)
        kind = type(default).__name__
        has_text = any(isinstance(one, str) for one in entries(value) or ())
        if name in self._attributes and (type(value).__name__ != kind or has_text):
            wanted = {"int": "an int", "float": "a float", "str": "a text"}.get(kind, "ints")
            raise ReadError(f"attribute {name} must be {wanted}, got {show(value)}")
        return value

    def ints(self, name: str) -> tuple[int, ...] | None:
        """An attribute with ints, or None."""
        value = self.attribute(name, ())
        if not all(isinstance(one, int) for one in value):
            raise ReadError(f"attribute {name} must be ints, got {show(value)}")
        return value if name in self._attributes else None

    def given(self, name: str, index: int) -> tuple[int, ...] | None:
        """Ints that older versions have as an attribute, and newer ones as an input."""
        value = self.ints(name)
        return self.numbers(index) if value is None and self.has(index) else value

    def everything(self) -> dict[str, Any]:
        """All attributes."""
        self._left.clear()
        return self._attributes

    def finish(self, neutral: str) -> None:
        """Refuse attributes that nobody asked for, but those that are neutral."""
        unknown = self._left.difference(neutral.split())
        if unknown:
            raise ReadError(f"attribute {min(unknown)} is not known: {self.way_out}")

    @property
    def way_out(self) -> str:
        """What a caller can do about an operator."""
        return (
            f"give layers={{{self.step.op_type!r}: ...}}, a layer or a function of the attributes"
        )

    # Inputs.

    def has(self, index: int) -> bool:
        """Whether an input is given."""
        return index < len(self.step.inputs) and bool(self.step.inputs[index])

    def value(self, index: int) -> Flow | Held:
        """An input."""
        if not self.has(index):
            raise ReadError(f"expects {counted(index + 1, 'input')}, got {show(self.step.inputs)}")
        name = self.step.inputs[index]
        value = self.reading.values.get(name)
        if value is None:
            raise ReadError(f"reads {show(name)}, which nothing before it makes")
        if isinstance(value, str):
            raise ReadError(f"reads {show(name)}, {value}")
        return value

    def full(self, index: int = 0) -> Shape:
        """The lengths of an input, with the batch."""
        value = self.value(index)
        return value.full(self.reading.batch) if isinstance(value, Flow) else value.dims

    def all_values(self) -> list[Flow | Held]:
        """All inputs that are given."""
        return [self.value(index) for index in range(len(self.step.inputs)) if self.has(index)]

    def flow(self, index: int) -> Flow:
        """An input that comes from a layer; a tensor of the file becomes one."""
        value = self.value(index)
        return value if isinstance(value, Flow) else self.reading.as_flow(value, value.dims)

    def example(self, index: int = 0) -> Flow:
        """An input with the batch first, and channels after it."""
        flow = self.flow(index)
        if flow.batch != 0 or not flow.has_own_axis:
            full = show(flow.full(self.reading.batch))
            raise ReadError(f"expects the batch on the first axis alone, got shape {full}")
        return flow

    def weight(self, index: int, rank: int | None = None) -> Held:
        """An input that is a weight: a tensor that the file holds."""
        value = self.value(index)
        name = show(self.step.inputs[index])
        if not isinstance(value, Held) or not value.is_whole:
            raise ReadError(f"its weight {name} is calculated, not stored: {self.way_out}")
        if not value.is_float or rank not in (None, len(value.dims)):
            problem = f"its weight {name} has the shape {show(value.dims)}, which does not fit"
            raise ReadError(problem if value.is_float else f"its weight {name} is not of floats")
        return value

    def floats(self, index: int) -> Numbers | None:
        """The numbers of an input; None if it has none."""
        if not self.has(index):
            return None
        value = self.value(index)
        numbers = value.numbers() if isinstance(value, Held) else None
        if numbers is None:
            raise ReadError(
                f"needs the numbers of {show(self.step.inputs[index])}, which are not known"
            )
        return numbers

    def numbers(self, index: int) -> tuple[int, ...]:
        """The ints of an input."""
        found = self.floats(index) or ()
        if not all(isinstance(one, int) for one in found):
            raise ReadError(f"{show(self.step.inputs[index])} must be ints, got {show(found)}")
        return tuple(map(int, found))

    def axis(self, axis: int, rank: int) -> int:
        """An axis, counted from 0."""
        if not -rank <= axis < rank:
            raise ReadError(f"there is no axis {show(axis)} among {rank}")
        return axis % rank

    def own_axis(self, axis: int, flow: Flow) -> int:
        """An axis, counted from 0 without the batch."""
        at = self.axis(axis, len(flow.axes))
        if at == flow.batch:
            raise ReadError(f"works along the batch axis, {at}: {self.way_out}")
        return flow.own(at)

    # Outputs.

    def put(self, value: Flow | Held, index: int = 0) -> None:
        """Say what an output is."""
        if index < len(self.step.outputs) and self.step.outputs[index]:
            self.reading.place(self.step.outputs[index], value)

    def is_used(self, index: int) -> bool:
        """Whether anything reads an output."""
        return index < len(self.step.outputs) and self.reading.uses[self.step.outputs[index]] > 0

    def named(self, tensors: Mapping[str, Held] = {}) -> str:
        """What its layer is called: as torch calls it, if a weight says so."""
        weight = tensors.get("weight")
        if weight and weight.name.endswith(".weight") and "::" not in weight.name:
            return weight.name.removesuffix(".weight")
        return self.step.name or next(filter(None, self.step.outputs), self.step.op_type)

    def layer(
        self, layer: Layer, *reads: Flow, tensors: Tensors | None = None, name: str = ""
    ) -> tuple[str, Shape]:
        """A new layer: its name, and the shape that it gives."""
        reading = self.reading
        called = name or self.named(tensors or {})
        sources = [reading.settled(one) for one in reads]
        shapes = [one.shape for one in reads]
        if len(shapes) == 1 and not layer._is_merge:
            shape = layer.output_shape(shapes[0])
        else:
            shape = layer._merge(shapes, None)
        node = reading.add(called, layer, *sources)
        reading.shapes[node] = shape
        if tensors:
            reading.tensors[node] = tensors
        return node, shape

    def keep(self, layer: Layer, flow: Flow, tensors: Tensors | None = None) -> None:
        """A layer that changes lengths at most, and no axes."""
        self.put(flow.with_shape(*self.layer(layer, flow, tensors=tensors)))


Operators = dict[str, tuple[Callable[[Call], None], str]]
"""The reader of each operator, and its attributes that change neither shape nor count."""


def sequence(values: Sequence[Any] | None, default: Sequence[Any]) -> Sequence[Any]:
    """What is given, or the default."""
    return default if values is None else values

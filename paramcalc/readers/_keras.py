"""Networks from Keras: what `model.to_json()` and `.keras` files say."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

from paramcalc._checks import LARGEST, MAX_AXES, as_inputs, as_shape, entries, wrong
from paramcalc.errors import ConfigError, ParamcalcError, ReadError, join_path, show
from paramcalc.layers._base import InputShape, Layer, Shape
from paramcalc.layers._tensor import Tensor, call as call_on
from paramcalc.layers.activation import Activation
from paramcalc.layers.frozen import frozen
from paramcalc.layers.input import Input
from paramcalc.layers.shared import Shared
from paramcalc.readers._build import Chain, Node, identifier, network_of
from paramcalc.readers._keras_calls import (
    Call,
    Entry,
    Ref,
    entry_of,
    is_mask,
    parts_of,
    plain_in,
    refs_in,
)
from paramcalc.readers._keras_layers import (
    ELEMENTWISE,
    Given,
    keeps_tensors,
    layers_of,
    snake_case,
    unknown,
)
from paramcalc.readers._keras_ops import function_of, is_operation, layers_of_operation
from paramcalc.readers._keras_source import config_of, mapping

Supplied = Layer | Callable[[Mapping[str, Any]], Layer]
MODELS = {"Functional", "Model", "Sequential"}
MAX_SIZE = 10_000
"""Of layers, and of tensors that they read, in all models of a source; NASNetLarge has 2,500."""


def keras(
    source: str | os.PathLike[str] | Mapping[str, Any],
    *,
    input_shape: InputShape | Mapping[str, Shape] | None = None,
    layers: Mapping[str, Supplied] | None = None,
) -> Layer:
    """The network of a Keras model, with its names.

    It is a `Sequential`, with branches where the model has them, or else a `Graph`. Layers have the
    data format of the model, usually "channels_last". `activation=` is an `Activation` after its
    layer. Weights are not read, and nothing of the model is executed.

    Args:
        source: what `model.to_json()` or `model.get_config()` returns, or the path of a `.keras`
            file; of Keras 2 or 3.
        input_shape: the shape of the input, if the model does not state it; with several inputs, a
            dict of them by name.
        layers: what is to be taken for layers, operations and activations that are not known: a
            layer, or a function that makes one of the config, by the name of the layer in the
            model, or that of its class or function.

    Raises:
        ReadError: the model cannot be read as a whole.

    Example:
        >>> import paramcalc as pc
        >>> dense = {"class_name": "Dense", "config": {"name": "head", "units": 10}}
        >>> net = pc.readers.keras({"layers": [dense], "build_input_shape": [None, 784]})
        >>> net
        Sequential(input=Input(784), head=Dense(784, 10))
        >>> net.num_params()
        7850
    """
    given = {} if layers is None else dict(layers)
    for name, one in given.items():
        if not isinstance(one, Layer) and not callable(one):
            raise TypeError(wrong("keras", f"layers[{name!r}]", "be a Layer or a function", one))
    config = config_of(source)
    if "class_name" in config:
        entry = entry_of(config)
        if entry.kind not in MODELS:
            hint = "if it has no call() of its own, give what stands under its 'config'"
            raise ReadError(f"{entry.kind} is neither Sequential nor Functional: {hint}")
        config = entry.config
    model = Model(Reading(given), config)
    model.read(partial(stated, input_shape))
    network = model.network
    try:
        network.num_params()
    except ParamcalcError as error:  # Layers that share their tensors have other shapes.
        raise ReadError(str(error)) from error
    return network


def stated(input_shape: Any, inputs: Sequence[Entry]) -> Sequence[Shape]:
    """The shapes of a model's inputs, from a caller where they are open."""
    forms = [form_of(one) for one in inputs]
    if input_shape is None:
        for entry, form in zip(inputs, forms, strict=True):
            if form is None or None in form:
                raise ReadError(f"its shape is {show(form)}: give input_shape", where=entry.name)
        return [tuple([one for one in form or () if one]) for form in forms]
    names = tuple([one.name for one in inputs])
    given = as_inputs(input_shape, "keras", names, partial(as_shape, layer="keras"))
    return fitting((given,) if len(inputs) == 1 else given, inputs)


def fitting(shapes: Sequence[Shape], inputs: Sequence[Entry]) -> Sequence[Shape]:
    """The shapes, refused if the inputs of a model state others."""
    if len(shapes) != len(inputs):
        raise ReadError(f"the model has {len(inputs)} inputs, got {len(shapes)}")
    for shape, entry in zip(shapes, inputs, strict=True):
        form = form_of(entry)
        if form is not None and not agree(form, shape):
            raise ReadError(f"its shape is {show(form)}, got {show(shape)}", where=entry.name)
    return shapes


def form_of(entry: Entry) -> tuple[int | None, ...] | None:
    """The shape that an input states; None if it states none."""
    given = entry.config.get("batch_shape", entry.config.get("batch_input_shape"))
    if given is None:
        return None
    form = entries(given) or ()
    check_axes(len(form) - 1, entry.name)
    lengths = [one for one in form if one is not None]
    if len(form) < 2 or not all(type(one) is int and 0 < one <= LARGEST for one in lengths):
        wanted = "a shape is the batch and at least one length, from 1 to 2**63 - 1"
        raise ReadError(f"{wanted}, got {show(given)}", where=entry.name)
    return form[1:]


def check_axes(number: int, where: str = "") -> None:
    """Refuse shapes that would take long to write."""
    if number > MAX_AXES:
        raise ReadError(f"a shape has at most {MAX_AXES} axes, got {number:,}", where=where)


def agree(form: Sequence[Any], shape: Shape) -> bool:
    """Whether a shape is one with open lengths."""
    pairs = zip(form, shape, strict=False)
    return len(form) == len(shape) and all(one in (None, own) for one, own in pairs)


class Reading:
    """What holds for all models of a source."""

    def __init__(self, supplied: Mapping[str, Supplied]) -> None:
        self.supplied = supplied
        self.size = 0

    def check_size(self, more: int) -> None:
        """Refuse what would take long."""
        self.size += more
        if self.size > MAX_SIZE:
            what = "layers and tensors that they read"
            raise ReadError(f"a source has at most {MAX_SIZE:,} {what}, got more")

    def find(self, names: Sequence[Any], config: Mapping[str, Any]) -> Layer | None:
        """What the caller gave for the first of these names, if anything."""
        for name in names:
            if isinstance(name, str) and name in self.supplied:
                one = self.supplied[name]
                layer: Any = one if isinstance(one, Layer) else one(config)
                if not isinstance(layer, Layer):
                    raise TypeError(wrong("keras", f"layers[{name!r}]", "return a Layer", layer))
                return layer
        return None


class Model:
    """A model in the making.

    Args:
        reading: what holds for all models of the source.
        config: what Keras says of it.
        path: its place in the outer model; empty for that itself.
        is_frozen: whether nothing in it is trainable.
    """

    def __init__(
        self, reading: Reading, config: Any, path: str = "", is_frozen: bool = False
    ) -> None:
        self.reading, self.path = reading, path
        self.is_frozen = is_frozen or is_frozen_in(config)
        self.parts = parts_of(config)
        self.nodes: list[Node] = []
        self.children: dict[tuple[Any, ...], Model] = {}
        self.tensors: dict[tuple[str, int, int], Tensor] = {}
        self.taken, self.tries, self.begun = set[str](), Counter[str](), Counter[str]()
        self.times = Counter([one.entry.name for one in self.parts.calls])
        refs = [*[ref for one in self.parts.calls for ref in one.refs], *self.parts.outputs]
        self.used = {(ref.layer, ref.output) for ref in refs}
        names = [*[one.name for one in self.parts.inputs], *self.times]
        self.names = {name: self.unique(identifier(name)) for name in names}

    def unique(self, wanted: str) -> str:
        """A name that nothing has yet."""
        name = wanted
        while name in self.taken:
            self.tries[wanted] += 1
            name = f"{wanted}_{self.tries[wanted] + 1}"
        self.taken.add(name)
        return name

    def read(self, shapes_of: Callable[[Sequence[Entry]], Sequence[Shape]]) -> None:
        """Make all layers, for the shapes of the inputs."""
        inputs = self.parts.inputs
        for entry, shape in zip(inputs, shapes_of(inputs), strict=True):
            self.tensors[entry.name, 0, 0] = Input(shape)(name=self.names[entry.name])
        for call in self.parts.calls:
            where = join_path(self.path, call.entry.name)
            try:
                self.add(call)
            except ReadError as error:
                error.where = error.where or where
                raise
            except (ParamcalcError, TypeError) as error:
                if isinstance(error, ParamcalcError):
                    error.path = ""
                raise ReadError(str(error), where=where) from error
        self.outputs = [self.tensor(ref) for ref in self.parts.outputs]

    @cached_property
    def network(self) -> Layer:
        """The network, when all layers are made."""
        inputs = [self.tensors[one.name, 0, 0] for one in self.parts.inputs]
        shapes = {one.name: one.shape for one in inputs}
        try:
            return network_of(shapes, self.nodes, [one.name for one in self.outputs])
        except ConfigError as error:
            raise ReadError(str(error), where=self.path) from error

    def tensor(self, ref: Ref) -> Tensor:
        """The tensor that is read, whose shape must be that in Keras."""
        key = ref.layer, ref.call, ref.output
        if key not in self.tensors:
            raise ReadError(f"it reads output {ref.output} of {ref.layer}, which is not known")
        tensor = self.tensors[key]
        if ref.shape is not None and not agree((entries(ref.shape) or ())[1:], tensor.shape):
            theirs = f"{show(ref.shape)} in Keras, with the batch"
            raise ReadError(f"{ref.layer} gives {show(tensor.shape)}, and {theirs}")
        return tensor

    def add(self, call: Call) -> None:
        """Make the layers of a call."""
        reads = [self.tensor(ref) for ref in attended(call)]
        if not reads:
            raise ReadError("it reads no tensor")
        shapes = [one.shape for one in reads]
        given = call.entry.given
        names = call.entry.name, given.get("registered_name"), function_of(call)
        found = self.reading.find(names, call.entry.config)
        if found is not None:
            return self.place(call, [("", found)], reads)
        if is_operation(call):
            made = layers_of_operation(call, self.given(function_of(call), call.entry, shapes))
            ends = ["", *[type(one).__name__.lower() for one in made[1:]]]
            return self.place(call, list(zip(ends, made, strict=True)), reads)
        check_arguments(call)
        if call.entry.kind in MODELS:
            child = self.child(call.entry, shapes)
            if len(child.outputs) > 1:
                return self.insert(call, child, reads)
            return self.place(call, [("", child.network)], reads)
        return self.place(call, self.chain(call.entry, shapes), reads)

    def child(self, entry: Entry, shapes: Sequence[Shape]) -> Model:
        """A model in this one."""
        key = entry.name, *shapes
        if key not in self.children:
            path = join_path(self.path, entry.name)
            child = Model(self.reading, entry.config, path, self.is_frozen)
            child.read(partial(fitting, shapes))
            self.children[key] = child
        return self.children[key]

    def chain(self, entry: Entry, shapes: Sequence[Shape]) -> Chain:
        """The layers, in a row, that a layer of Keras is."""
        if entry.kind == "Lambda":
            hint = f"give layers={{{entry.name!r}: a layer}}"
            raise ReadError(f"a Lambda is code, which is not run: {hint}")
        module = str(entry.given.get("module", "keras.layers")).removeprefix("tf_")
        given = self.given(entry.kind, entry, shapes)
        return layers_of(module.removeprefix("keras."), given)

    def given(self, kind: str, entry: Entry, shapes: Sequence[Shape]) -> Given:
        """What Keras says of a layer or an operation."""
        return Given(kind, dict(entry.config), shapes, self.inside)

    def inside(self, value: Any, shapes: Sequence[Shape]) -> Chain:
        """The layers, in a row, that an activation or a layer in another is."""
        known = mapping(value) or {}
        name = known.get("config") if known.get("class_name") == "function" else value
        if isinstance(name, str):
            found = self.reading.find([name], {})
            if found is None and name.replace("_", "") not in ELEMENTWISE.split():
                raise unknown(name, "is not known")
            return [] if name == "linear" else [(name, found or Activation(name))]
        entry = entry_of(value)
        found = self.reading.find([entry.name, entry.kind], entry.config)
        if found is None and entry.kind in MODELS:
            found = self.child(entry, shapes).network
        chain = self.chain(entry, shapes) if found is None else [("", found)]
        is_frozen, name = is_frozen_in(entry.config), snake_case(entry.kind)
        return [(end or name, owned(entry, "", end, one, is_frozen)) for end, one in chain]

    def place(self, call: Call, chain: Chain, reads: Sequence[Tensor]) -> None:
        """Add layers in a row, the first of which has the name of the layer in Keras."""
        base = self.name_of(call)
        for end, layer in chain:
            name = self.unique(f"{base}_{identifier(end)}") if end else base
            reads = [self.put(call, name, end, layer, reads)]
        self.tensors[(*call.key, 0)] = reads[0]

    def insert(self, call: Call, child: Model, reads: Sequence[Tensor]) -> None:
        """Add the layers of a model with several outputs, which no layer here can have."""
        entry, base = call.entry, self.name_of(call)
        if any((entry.name, at) not in self.used for at in range(len(child.outputs))):
            raise ReadError(f"{entry.kind} has {len(child.outputs)} outputs, some of no use")
        pairs = zip(child.parts.inputs, reads, strict=True)
        found = {child.names[one.name]: read for one, read in pairs}
        for name, layer, sources in child.nodes:
            inputs = [found[one] for one in sources]
            found[name] = self.put(call, self.unique(f"{base}_{name}"), name, layer, inputs)
        for at, one in enumerate(child.outputs):
            self.tensors[(*call.key, at)] = found[one.name]

    def name_of(self, call: Call) -> str:
        """The name of a layer; where it is called again, with the number of the call."""
        name = call.entry.name
        self.begun[name] += 1
        number = self.begun[name]
        if number > 1:
            return self.unique(f"{self.names[name]}_call_{number}")
        return self.names[name]

    def put(self, call: Call, name: str, end: str, layer: Layer, reads: Sequence[Tensor]) -> Tensor:
        """The output of a layer, which is added, shared and frozen as in Keras."""
        entry = call.entry
        path = join_path(self.path, entry.name) if self.times[entry.name] > 1 else ""
        layer = owned(entry, path, end, layer, self.is_frozen or is_frozen_in(entry.config))
        self.reading.check_size(layer._network_size + len(reads))
        tensor = call_on(layer, reads, name)
        check_axes(len(tensor.shape))
        self.nodes.append(Node(name, layer, tuple([one.name for one in reads])))
        return tensor


def owned(entry: Entry, path: str, end: str, layer: Layer, is_frozen: bool) -> Layer:
    """The layer, frozen, or shared under a path, if it is and keeps tensors.

    A `.keras` file numbers what occurs in several models.
    """
    layer = layer._map(frozen) if is_frozen else layer
    number = entry.given.get("shared_object_id")
    path = f"object_{number}" if type(number) is int else path
    return Shared(join_path(path, end), layer) if path and keeps_tensors(layer) else layer


def is_frozen_in(config: Any) -> bool:
    """Whether a layer or a model says that nothing in it is trainable."""
    return (mapping(config) or {}).get("trainable") is False


ATTENTION = {"MultiHeadAttention", "GroupQueryAttention"}


def attended(call: Call) -> list[Ref]:
    """The tensors that a call reads; of attention, queries, keys and values in this order."""
    if call.entry.kind not in ATTENTION:
        return call.refs
    order = "query", "value", "key"
    given = dict(zip(order, refs_in(call.args), strict=False))
    given |= {key: one for key, one in call.options.items() if isinstance(one, Ref)}
    if not {"query", "value"} <= given.keys():
        raise ReadError("attention must be called on query and value")
    query, value, key = given["query"], given["value"], given.get("key", given["value"])
    tensors = query[:3], key[:3], value[:3]
    return [query, key, value][: len({*tensors}) if key[:3] == value[:3] else 3]


def check_arguments(call: Call) -> None:
    """Refuse what a layer is called with, besides tensors, if it may change what it does."""
    kind = call.entry.kind
    for key, value in call.options.items():
        is_known = key in {"training", "use_causal_mask"} or is_mask(key)
        is_known = is_known or (key in {"inputs", "query", "key", "value"} and any(refs_in(value)))
        if not is_known and value is not None and value is not False:
            raise unknown(kind, f"called with {key}= is not known")
    for value in plain_in(call.args):
        if value is not None and not isinstance(value, bool):
            raise unknown(kind, f"called on {show(value)} is not known")

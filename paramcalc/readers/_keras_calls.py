"""The calls of layers that a Keras model is made of, as Keras 2 and Keras 3 write them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

from paramcalc._checks import entries
from paramcalc.errors import ReadError, show
from paramcalc.readers._keras_source import Config, mapping

Key = tuple[str, int]
"""A layer, and which of its calls it is."""


class Ref(NamedTuple):
    """A tensor: an output of a call of a layer."""

    layer: str
    call: int
    output: int
    shape: Any = None
    """With the batch, where Keras 3 says it."""


class Entry(NamedTuple):
    """A layer of a model, with all that the model says of it."""

    name: str
    kind: str
    config: Any
    given: Config


class Call(NamedTuple):
    """A call of a layer, in whose arguments tensors are a `Ref`.

    Args:
        entry: the layer.
        number: which of its calls it is.
        args: by position.
        options: by name.
        refs: the tensors that it reads, but masks, on which no shape depends.
    """

    entry: Entry
    number: int
    args: list[Any]
    options: dict[str, Any]
    refs: list[Ref]

    @property
    def key(self) -> Key:
        """What a `Ref` says of it."""
        return self.entry.name, self.number


class Parts(NamedTuple):
    """A model: its inputs, its calls, each after those that it reads, and its outputs."""

    inputs: list[Entry]
    calls: list[Call]
    outputs: list[Ref]


def is_mask(argument: str) -> bool:
    """Whether an argument of a call is a mask."""
    return argument == "mask" or argument.endswith("_mask")


def refs_in(value: Any) -> Iterator[Ref]:
    """The tensors in lists and dicts, those of a dict by the order of their names, as in Keras."""
    if isinstance(value, Ref):
        yield value
    else:
        named = mapping(value) or {}
        inside = [named[key] for key in sorted(named, key=str)]
        for one in inside or entries(value) or ():
            yield from refs_in(one)


def plain_in(value: Any) -> Iterator[Any]:
    """What in lists and dicts is no tensor."""
    if not isinstance(value, Ref):
        named = mapping(value)
        inside = entries(value) if named is None else named.values()
        if inside is None:
            yield value
        for one in inside or ():
            yield from plain_in(one)


def dict_of(value: Any, what: str) -> Config:
    """A dict."""
    given = mapping(value)
    if given is None:
        raise ReadError(f"{what} must be a dict, got {show(value)}")
    return given


def list_of(value: Any, what: str) -> tuple[Any, ...]:
    """The entries of a list."""
    given = entries(value)
    if given is None:
        raise ReadError(f"{what} must be a list, got {show(value)}")
    return given


def entry_of(value: Any) -> Entry:
    """A layer; its config is a dict, or for a `Sequential` of Keras before 2.2.3 a list."""
    given = dict_of(value, "a layer")
    kind, config = given.get("class_name"), given.get("config")
    if not isinstance(kind, str):
        raise ReadError(f"the class_name of a layer must be a str, got {show(kind)}")
    if kind != "Sequential" or entries(config) is None:
        config = dict_of(config, f"the config of a {kind}")
    name = given.get("name", (mapping(config) or {}).get("name", kind))
    if not isinstance(name, str) or not name:
        raise ReadError(f"the name of a {kind} must be a str, got {show(name)}")
    return Entry(name, kind, config, given)


def parts_of(config: Any) -> Parts:
    """What a model is made of, from its config."""
    known = mapping(config)
    layers: dict[str, Entry] = {}
    for one in map(entry_of, list_of(config if known is None else known.get("layers"), "layers")):
        if one.name in layers:
            raise ReadError("two layers have this name", where=one.name)
        layers[one.name] = one
    if not layers:
        raise ReadError("a model must have a layer")
    if known and "input_layers" in known:
        return functional(layers, known)
    first, *others = layers.values()
    if first.kind != "InputLayer":
        others = [first, *others]
        shape = (known or {}).get("build_input_shape")
        shape = shape_of(first) if shape is None else shape
        first = Entry("input", "InputLayer", {"batch_shape": shape}, {})
    calls: list[Call] = []
    last = Ref(first.name, 0, 0)
    for one in others:
        calls.append(Call(one, 0, [last], {}, [last]))
        last = Ref(one.name, 0, 0)
    return Parts([first], calls, [last])


def shape_of(first: Entry) -> Any:
    """The input shape that a first layer states; in it a model may be the first, and so on."""
    one: Entry | None = first
    shape: Any = None
    while one and shape is None:
        config = mapping(one.config) or {}
        shape = config.get("batch_shape", config.get("batch_input_shape"))
        layers = entries(config.get("layers", one.config))
        one = entry_of(layers[0]) if layers else None
    build = mapping(first.given.get("build_config")) or {}
    return build.get("input_shape") if shape is None else shape


def functional(layers: Mapping[str, Entry], config: Config) -> Parts:
    """The parts of a functional model.

    Models in it are counted from 1 where they have a call of their own, from their input to their
    output: in Keras 2; in Keras 3 by the outputs alone, if they are functional.
    """
    inputs = list(refs_in(revived(config["input_layers"], {})))
    outputs = list(refs_in(revived(config.get("output_layers"), {})))
    calls: list[Call] = []
    is_new = False
    for one in layers.values():
        nodes = list_of(one.given.get("inbound_nodes", ()), f"inbound_nodes of {one.name}")
        is_new = is_new or any(mapping(node) is not None for node in nodes)
        calls += [call_of(one, number, node) for number, node in enumerate(nodes)]
    models = {name for name, one in layers.items() if "layers" in one.config}
    models -= {name for name in models if is_new and layers[name].kind == "Sequential"}
    if is_new:
        outputs = [one._replace(call=one.call - (one.layer in models)) for one in outputs]
    else:
        refs = [ref for call in calls for ref in call.refs]
        models -= {ref.layer for ref in [*refs, *outputs] if ref.call == 0}
        calls = [one._replace(number=one.number + (one.entry.name in models)) for one in calls]
    for ref in inputs:
        if ref.layer not in layers or layers[ref.layer].kind != "InputLayer":
            raise ReadError(f"the input {show(ref.layer)} is no InputLayer")
    if not inputs or not outputs:
        raise ReadError("a model must have an input and an output")
    names = list(dict.fromkeys([ref.layer for ref in inputs]))
    return Parts([layers[one] for one in names], in_order(names, calls, outputs), outputs)


def call_of(entry: Entry, number: int, node: Any) -> Call:
    """A call: in Keras 3 a dict of `args` and `kwargs`, in Keras 2 a list of what it reads."""
    new = mapping(node)
    if new is not None:
        args = revived(list_of(new.get("args"), f"args of {entry.name}"), {})
        options = dict_of(new.get("kwargs"), f"kwargs of {entry.name}")
    else:
        options = found = dict[str, Any]()
        args = [revived(list_of(node, f"inbound_nodes of {entry.name}"), found)]
    options = {key: revived(one, {}) for key, one in options.items()}
    used = [one for key, one in options.items() if not is_mask(key)]
    return Call(entry, number, args, options, [*refs_in(args), *refs_in(used)])


def revived(value: Any, options: dict[str, Any]) -> Any:
    """The same with a `Ref` for each tensor.

    Keras 2 writes one as `["name", call, output]`. In the first argument of a call the others
    follow, as a dict; they are added to `options`. A constant is `["_CONSTANT_VALUE", -1, it]`.
    """
    named = mapping(value)
    if named is not None:
        if named.get("class_name") == "__keras_tensor__":
            tensor = dict_of(named.get("config"), "a tensor")
            ref = revived(tensor.get("keras_history"), {})
            if not isinstance(ref, Ref):
                raise ReadError(f"a tensor has a keras_history, got {show(tensor)}")
            return ref._replace(shape=tensor.get("shape"))
        return {str(key): revived(one, options) for key, one in named.items()}
    given = entries(value)
    if given is None:
        return value
    if given and isinstance(given[0], str) and 3 <= len(given) <= 4:
        if len(given) == 4:
            options.update(dict_of(given[3], "the arguments of a call"))
        if given[:2] == ("_CONSTANT_VALUE", -1):
            return given[2]
        if all(type(one) is int and one >= 0 for one in given[1:3]):
            return Ref(*given[:3])
    return [revived(one, options) for one in given]


def in_order(inputs: Iterable[str], calls: list[Call], outputs: list[Ref]) -> list[Call]:
    """The calls that lead to the outputs, each after those that it reads; as listed if they are."""
    made: dict[Key, Call | None] = {(name, 0): None for name in inputs}
    made |= {one.key: one for one in calls}
    reads: dict[Key, list[Key]] = {}
    waiting: list[tuple[str, Ref]] = [("the model", ref) for ref in outputs]
    while waiting:
        reader, ref = waiting.pop()
        key = ref.layer, ref.call
        if key not in made:
            what = f"call {ref.call} of {show(ref.layer)}, which is not there"
            raise ReadError(f"{reader} reads {what}")
        call = made[key]
        if key not in reads:
            refs = call.refs if call else []
            reads[key] = [(one.layer, one.call) for one in refs]
            waiting += [(ref.layer, one) for one in refs]
    listed = [one for one in calls if one.key in reads]
    known = {(name, 0) for name in inputs}
    for one in listed:
        if not known.issuperset(reads[one.key]):
            break
        known.add(one.key)
    else:
        return listed
    try:
        order = [made[key] for key in TopologicalSorter(reads).static_order()]
    except CycleError as error:
        cycle = [name for name, _ in reversed(error.args[1])]
        raise ReadError(f"there is a cycle: {' reads '.join(cycle[:10])}") from None
    return [one for one in order if one]

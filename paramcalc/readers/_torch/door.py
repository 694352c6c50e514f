"""The door of the reader of torch."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from paramcalc._checks import as_shape, as_str, entries, wrong
from paramcalc.errors import ReadError, show
from paramcalc.layers._base import InputShape, Layer
from paramcalc.readers._torch.methods import walk
from paramcalc.readers._torch.networks import Builder
from paramcalc.readers._torch.reader import Reader
from paramcalc.readers._torch.source import parse
from paramcalc.readers._torch.tensors import BATCH, Dims, Frame, Module, Tensor, Weight
from paramcalc.readers._torch.tracer import tensors_in
from paramcalc.readers._torch.values import Bound, Class, Function, Known


def torch(
    source: str,
    call: str | None = None,
    *,
    input_shape: InputShape | None = None,
    layers: Mapping[str, Layer | Callable[..., Layer]] | None = None,
) -> Layer:
    """The network of a class in source code of torch.

    The code is read and never executed: an interpreter of its own follows `__init__` and `forward`.
    Names are those of the source, and so is the number of parameters. The batch is left out.

    Args:
        source: Python code: an expression such as `nn.Sequential(...)`, or classes and functions.
        call: how the network is made, as in "ResNet(Bottleneck, [3, 4, 6, 3])". It may be left out
            if there is one network that is made without arguments.
        input_shape: the shape of the input, without the batch; of several inputs, a dict by name.
            It is needed where the code asks for lengths, or skips are no branches.
        layers: what the code does not show, by the name of a class, a function or an attribute:
            a layer, or a function that gets the arguments and returns one.

    Raises:
        ReadError: the code has something that is not known. The message says where, and what to do.
        TypeError: an argument is of the wrong type.

    Example:
        >>> import paramcalc as pc
        >>> net = pc.readers.torch("nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.MaxPool2d(2))")
        >>> net
        Sequential(Conv2d(1, 8, 3), Activation('relu'), Pool(2))
        >>> net.output_shape((1, 28, 28)), net.num_params()
        ((8, 13, 13), 80)
    """
    as_str(source, "torch", "source")
    if call is not None:
        as_str(call, "torch", "call")
    given: dict[Any, Any] = dict(layers or {})
    for key, one in given.items():
        if not isinstance(key, str) or not (isinstance(one, Layer) or callable(one)):
            raise TypeError(wrong("torch", "layers", "have a Layer or a function per name", given))
    shapes = shapes_of(input_shape)
    reader = Reader(given)
    try:
        return read(reader, source, call, shapes)
    except ReadError:
        if not reader.is_length_first or shapes is None:
            raise
        with suppress(ReadError):  # With the length first, and then the batch.
            other = Reader(given)
            other.batch_axis = 1
            return read(other, source, call, shapes)
        raise


def shapes_of(given: Any) -> Any:
    """The shape of the input, or those of several by name; None if they are not known."""
    if isinstance(given, Mapping):
        return {name: None if one is None else shape_of(one) for name, one in given.items()}
    return None if given is None else shape_of(given)


def shape_of(given: Any) -> tuple[int, ...]:
    """A shape; it may be empty, for one value per example."""
    return () if entries(given) == () else as_shape(given, "torch")


def read(reader: Reader, source: str, call: str | None, shapes: Any) -> Layer:
    """The network of a source, with the batch on one axis.

    Whatever else it raises, on values that nobody foresaw, is an error of the source too.
    """
    try:
        return network_of(reader, source, call, shapes)
    except ReadError:
        raise
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise ReadError(show(str(error))[1:-1], where=reader.line) from error


def network_of(reader: Reader, source: str, call: str | None, shapes: Any) -> Layer:
    """The same; some errors are not `ReadError` yet."""
    tree = parse(source)
    reader.run_leniently(tree.body, reader.module)
    root = network_in(reader, tree, call)
    name_parts(reader, root)
    frame = trace(reader, root, shapes)
    return Builder(root, reader).build(frame)


def network_in(reader: Reader, tree: ast.Module, call: str | None) -> Module:
    """The module that the source makes."""
    if call is not None:
        node = parse(call)
        ast.increment_lineno(node, -(10**7))
        value: Any = None
        for one in node.body:
            value = reader.evaluate(getattr(one, "value", one), reader.module)
        return made_of(reader, value, call)
    last = tree.body[-1] if tree.body else None
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        value = reader.evaluate(last.value, reader.module)
        if isinstance(value, Module):
            return value
    names = reader.module.names
    classes = {name: one for name, one in names.items() if is_class_of_modules(one)}
    found = [value for value in names.values() if isinstance(value, Module)]
    if len({id(one) for one in found}) == 1 and not classes:
        return found[0]
    alone = [one for one in classes.values() if is_made_without_arguments(reader, one)]
    if len(alone) > 1:
        used = used_names(tree)
        alone = [one for one in alone if one.name not in used]
    if len(alone) == 1:
        return made_of(reader, alone[0], alone[0].name)
    what = ", ".join(classes)
    problem = f"it has the classes {what}" if classes else "it has no class of modules"
    example = f"{next(iter(classes))}(...)" if classes else "net"
    raise ReadError(f"{problem}: say how the network is made, as in call={example!r}")


def made_of(reader: Reader, value: Any, text: str) -> Module:
    """A module; of a class, that which it makes without arguments."""
    if isinstance(value, Class | Function):
        value = reader.call(value, [], {})
    if not isinstance(value, Module):
        raise ReadError(f"{show(text)} makes no module", where="call")
    return value


def is_class_of_modules(value: Any) -> bool:
    """Whether it is a class of modules."""
    return isinstance(value, Class) and any(
        isinstance(one, Known)
        and (one.path.startswith("torch.nn.") or one.name == "LightningModule")
        for one in value.mro
    )


def is_made_without_arguments(reader: Reader, cls: Class) -> bool:
    """Whether a class can be called on nothing."""
    for one in cls.mro:
        if isinstance(one, Known):
            return one.name in (
                "Module",
                "Sequential",
                "ModuleList",
                "ModuleDict",
                "LightningModule",
            )
        start = one.members.get("__init__")
        if isinstance(start, Function):
            given = start.arguments
            number = len(given.posonlyargs) + len(given.args) - len(start.defaults)
            return number <= 1 and Ellipsis not in start.keyword_defaults
    return False


def used_names(tree: ast.Module) -> set[str]:
    """The names that classes and functions of the source use, other than their own."""
    found: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            inside = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
            found |= inside - {node.name}
    return found


def name_parts(reader: Reader, root: Module) -> None:
    """Give modules and parameters their paths; put in the layers that the caller gives by name."""
    for path, one in walk(root):
        name = path.rpartition(".")[2]
        for key in (path, name):
            if key and key in reader.layers and not one.path:
                layer = reader.layer_given(key, [], {})
                one.cls, one.kind, one.layer = Known(f"layers.{key}"), key, layer
                one.attributes.clear()
        one.path = one.path or path
    for path, one in walk(root):
        for name, value in one.attributes.items():
            if isinstance(value, Weight) and not value.path and value.module is None:
                value.path, value.name = f"{path}.{name}" if path else name, name


def trace(reader: Reader, root: Module, shapes: Any) -> Frame:
    """What the network computes from its inputs."""
    names = input_names(reader, root, shapes)
    if isinstance(shapes, dict):
        if unknown := [name for name in shapes if name not in names]:
            raise ReadError(
                f"forward takes {', '.join(names)}, and no {unknown[0]}", where="input_shape"
            )
    elif shapes is not None and len(names) > 1:
        inputs = ", ".join([f"{name!r}: ..." for name in names])
        raise ReadError(f"there are several inputs: input_shape={{{inputs}}}")
    frame = Frame(None)
    reader.frames.append(frame)
    values: dict[str, Any] = {}
    for name in names:
        shape = shapes.get(name) if isinstance(shapes, dict) else shapes
        if isinstance(shapes, dict) and shape is None:
            values[name] = None
            continue
        values[name] = Tensor(dims_of(reader, shape), frame, frame.name_for(name))
        frame.inputs[values[name].name] = values[name].dims
    is_plain = not isinstance(root.cls, Class)
    if reader.layer_of(root):
        result = reader.call_module(root, list(values.values()), {})
    else:
        frame.module = root
        every = list(values.values())
        result = reader.forward(root, every if is_plain else [], {} if is_plain else values)
    reader.frames.pop()
    frame.outputs = outputs_of(frame, result)
    read = {one for node in frame.nodes for one in node.reads} | {*frame.outputs}
    frame.inputs = {name: dims for name, dims in frame.inputs.items() if name in read}
    return frame


def outputs_of(frame: Frame, result: Any) -> list[str]:
    """The names of the outputs."""
    found = list(dict.fromkeys(tensors_in(result)))
    for one in found:
        rows = next((each for each in one.dims or (BATCH,) if each == BATCH), None)
        if one.frame is not frame or rows is None:
            joined = next((each for each in one.dims or () if getattr(each, "where", "")), None)
            problem = getattr(joined, "problem", "") or "an output has no axis for the batch"
            raise ReadError(problem, where=getattr(joined, "where", "") or "forward")
    if not found:
        raise ReadError(f"forward returns {show(result)}, and no tensor")
    return list(dict.fromkeys([one.name for one in found]))


def input_names(reader: Reader, root: Module, shapes: Any) -> list[str]:
    """The arguments of `forward` that are inputs: those without a default, and those given."""
    method = reader.attribute(root, "forward") if not reader.layer_of(root) else None
    function = method.function if isinstance(method, Bound) else None
    if not isinstance(function, Function):
        return ["input"]
    given = function.arguments
    names = [one.arg for one in [*given.posonlyargs, *given.args]][1:]
    required = len(names) - len(function.defaults)
    only = [one.arg for one in given.kwonlyargs]
    asked = shapes if isinstance(shapes, dict) else {}
    found = [name for at, name in enumerate(names) if at < required or name in asked]
    found += [name for name in only if name in asked]
    if not found:
        raise ReadError("forward takes no input")
    return found


def dims_of(reader: Reader, shape: Any) -> Dims | None:
    """The axes of an input, with the batch."""
    if shape is None:
        return None
    at = min(reader.batch_axis, len(shape))
    return (*shape[:at], BATCH, *shape[at:])

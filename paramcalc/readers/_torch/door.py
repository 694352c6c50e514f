"""The door of the reader of torch."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from inspect import Parameter
from typing import Any

from paramcalc._checks import as_lengths, as_str, wrong
from paramcalc.errors import ReadError, show
from paramcalc.layers._base import InputShape, Layer
from paramcalc.readers._torch.modules import walk
from paramcalc.readers._torch.networks import Builder
from paramcalc.readers._torch.reader import Reader
from paramcalc.readers._torch.source import parse
from paramcalc.readers._torch.tensors import BATCH, Dims, Frame, Module, Rows, Tensor, Weight
from paramcalc.readers._torch.tracer import values_in
from paramcalc.readers._torch.values import Class, Function, Known, attempt, plain


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
    shape_of = partial(as_lengths, owner="torch", field="input_shape")  # () is one value.
    shapes: Any = input_shape
    if isinstance(input_shape, Mapping):
        shapes = {name: one and shape_of(one) for name, one in input_shape.items()}
    elif input_shape is not None:
        shapes = shape_of(input_shape)
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


def read(reader: Reader, source: str, call: str | None, shapes: Any) -> Layer:
    """The network of a source, with the batch on one axis.

    Whatever else it raises, on values that nobody foresaw, is an error of the source too.
    """
    try:
        tree = parse(source)
        reader.run_leniently(tree.body, reader.module)
        root = network_in(reader, tree, call)
        name_parts(reader, root)
        reader.line = "forward"
        frame = trace(reader, root, shapes)
        reader.line = ""
        network: Layer = attempt("", Builder(root, reader).build, frame)
        return network
    except ReadError as error:
        error.where = error.where or reader.line
        raise
    except (AttributeError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        raise ReadError(show(str(error))[1:-1], where=reader.line) from error


def network_in(reader: Reader, tree: ast.Module, call: str | None) -> Module:
    """The module that the source makes."""
    if call is not None:
        node = parse(call)
        reader.line = "call"
        ast.increment_lineno(node, -(10**7))
        value: Any = None
        for one in node.body:
            value = reader.evaluate(getattr(one, "value", one), reader.module)
        return made_of(reader, value, call)
    last: Any = tree.body[-1] if tree.body else None
    if isinstance(last, ast.Expr) and isinstance(last.value, ast.Call):
        value = reader.evaluate(last.value, reader.module)
        if isinstance(value, Module):
            return value
    reader.line = ""
    names = reader.module.names
    classes = [one for one in names.values() if isinstance(one, Class) and is_of_modules(one)]
    found = {value for value in names.values() if isinstance(value, Module)}
    if len(found) == 1 and not classes:
        return found.pop()
    inside = used_names(tree)
    outermost = [one for one in classes if one.name not in inside]
    if len(outermost) == 1:
        return made_of(reader, outermost[0], outermost[0].name)
    what = ", ".join([one.name for one in classes])
    problem = f"it has the classes {what}" if classes else "it has no class of modules"
    example = f"{classes[0].name}(...)" if classes else "net"
    raise ReadError(f"{problem}: say how the network is made, as in call={example!r}")


def made_of(reader: Reader, value: Any, text: str) -> Module:
    """A module; of a class, that which it makes without arguments."""
    if isinstance(value, Class | Function):
        value = reader.call(value)
    if not isinstance(value, Module):
        raise ReadError(f"{show(text)} makes no module")
    return value


def is_of_modules(value: Class) -> bool:
    """Whether it is a class of modules."""
    return any(isinstance(one, Known) and one.is_of_nn for one in value.mro)


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
        for key in (path, path.rpartition(".")[2]):
            if key and key in reader.layers and not one.path:
                layer = reader.layer_given(key)
                one.cls, one.kind, one.layer = Known(f"layers.{key}"), key, layer
                one.attributes.clear()
        one.path = one.path or path
    for path, one in walk(root):
        for name, value in one.attributes.items():
            if isinstance(value, Weight) and not value.path and value.module is None:
                value.path, value.name = f"{path}.{name}" if path else name, name


def trace(reader: Reader, root: Module, shapes: Any) -> Frame:
    """What the network computes from its inputs."""
    takes = reader.forward_of(root)
    names = ["input"] if takes is None else input_names(takes, shapes)
    unknown = [name for name in shapes if name not in names] if isinstance(shapes, dict) else []
    if unknown:
        raise ReadError(f"it takes {', '.join(names)}, and no {unknown[0]}")
    if shapes is not None and not isinstance(shapes, dict) and len(names) > 1:
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
    given, named = ([*values.values()], {}) if takes is None else ([], values)
    if reader.is_layer(root):
        result = reader.call_module(root, *given, **named)
    else:
        frame.module = root
        result = reader.call(reader.attribute(root, "forward"), *given, **named)
    frame.outputs = outputs_of(reader, frame, result)
    reader.frames.pop()
    read = {one for node in frame.nodes for one in node.reads} | {*frame.outputs}
    frame.inputs = {name: dims for name, dims in frame.inputs.items() if name in read}
    return frame


def outputs_of(reader: Reader, frame: Frame, result: Any) -> list[str]:
    """The names of the outputs."""
    found = [reader.tensor(one) for one in values_in(result) if not plain(one)]
    if not found:
        raise ReadError(f"forward returns {show(result)}, and no tensor")
    for one in found:
        if one.frame is not frame or BATCH not in (one.dims or (BATCH,)):
            joined = [each.problem for each in one.dims or () if isinstance(each, Rows)]
            raise ReadError("".join(joined) or "an output has no axis for the batch")
    return list(dict.fromkeys([one.name for one in found]))


def input_names(forward: Function, shapes: Any) -> list[str]:
    """The arguments of `forward` that are inputs: those without a default, and those given."""
    _, *given = forward.takes.parameters.values()
    several = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    asked = shapes if isinstance(shapes, dict) else {}
    found = [
        one.name
        for one in given
        if one.kind not in several and (one.default is one.empty or one.name in asked)
    ]
    if not found:
        raise ReadError("it takes no input")
    return found


def dims_of(reader: Reader, shape: Any) -> Dims | None:
    """The axes of an input, with the batch."""
    if shape is None:
        return None
    at = min(reader.batch_axis, len(shape))
    return (*shape[:at], BATCH, *shape[at:])

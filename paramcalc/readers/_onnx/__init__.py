"""Networks from ONNX files."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from mmap import mmap
from typing import Any

from paramcalc._checks import as_inputs, as_lengths, wrong
from paramcalc.errors import ConfigError, ReadError, ShapeError, show
from paramcalc.layers._base import InputShape, Layer, Shape
from paramcalc.layers._tensor import check_arity
from paramcalc.readers._build import network_of
from paramcalc.readers._onnx.axes import AXES
from paramcalc.readers._onnx.constants import CONSTANTS
from paramcalc.readers._onnx.file import File, Given, Step, opened, parsed
from paramcalc.readers._onnx.layers import LAYERS
from paramcalc.readers._onnx.merges import MERGES
from paramcalc.readers._onnx.network import Call, Reading
from paramcalc.readers._onnx.shared import with_shared
from paramcalc.readers._onnx.values import Flow, held
from paramcalc.readers._onnx.windows import WINDOWS

OPERATORS = LAYERS | WINDOWS | AXES | MERGES | CONSTANTS
OPEN_BATCH = 2**31 - 1
"""The batch where its size is open: a prime, so that a length is a multiple of it only if the batch
is in it."""

Custom = Mapping[str, Layer | Callable[[dict[str, Any]], Layer]]


def onnx(
    source: bytes | str | os.PathLike[str],
    *,
    input_shape: InputShape | None = None,
    layers: Custom | None = None,
) -> Layer:
    """The network in an ONNX file.

    Layers have the names of their weights or nodes. The first axis of the inputs is the batch; it
    is left out. Tensors of floats count as trained where they are weights, or are added or
    multiplied; a number without axes and what a `Constant` node holds are constants, and the mean
    and variance of a BatchNorm are not trained. A tensor that several nodes read is `Shared`.

    Exporters fold a BatchNorm into the convolution before it, so that the count may differ from
    that of the source. In torch, `training=torch.onnx.TrainingMode.PRESERVE` keeps it.

    Args:
        source: the bytes of a file, or its path. Weights are not read, and other files never
            opened.
        input_shape: the shape of the input, without the batch, if the file has open lengths; a
            dict of shapes by name for several inputs.
        layers: the layer of an operator that is not known, or a function that makes it of a dict
            of the attributes; by operator (op_type), or by the name of a node.

    Raises:
        ReadError: the file is damaged, or has a node or shape that cannot be read.

    Source:
        onnx 1.23, operators up to opset 28; compared with onnxruntime on files of torch 2.13.

    Example:
        >>> file = bytes.fromhex(
        ...     "3a380a110a01780a017712017922064d61744d756c2a0908040803100142017"
        ...     "75a130a0178120e0a0c080112080a0212000a02080462030a0179"
        ... )
        >>> onnx(file)
        Sequential(x=Input(4), y=Dense(4, 3, bias=False))
    """
    data = opened(source)
    try:
        file = parsed(data)
        return network(file, reading_of(file, input_shape, dict(layers or {})))
    finally:
        if isinstance(data, mmap):
            data.close()


def reading_of(file: File, input_shape: Any, layers: dict[str, Any]) -> Reading:
    """What all values of a file are that its outputs need."""
    steps = needed(file)
    reads = Counter([name for step in steps for name in step.inputs if name])
    uses = reads + Counter(file.outputs)
    inputs = [one for one in file.inputs if one.name in uses]
    if not inputs:
        raise ReadError("its outputs depend on no input")
    shapes, batch = lengths_of(inputs, input_shape)
    reading = Reading(batch, uses, file.opset)
    reading.following = {name: step for step in steps for name in step.inputs}
    for name, shape in shapes.items():
        reading.inputs[reading.name(name)] = shape
        reading.place(name, Flow([*reading.inputs][-1], shape, (1, *shape)))
    for name, tensor in file.tensors.items():
        if name in uses:
            reading.place(name, held(tensor, counts=True))
    for step in steps:
        if step.number not in reading.done:
            read(reading, step, layers)
    return reading


def network(file: File, reading: Reading) -> Layer:
    """The network of what was read."""
    try:
        outputs = [output(reading, name) for name in file.outputs]
        return network_of(reading.inputs, with_shared(reading), outputs)
    except (ConfigError, ShapeError) as error:
        raise ReadError(str(error)) from None


def needed(file: File) -> list[Step]:
    """The nodes that outputs need, in their order."""
    wanted, found = {*file.outputs}, list[Step]()
    for step in reversed(file.steps):
        if not wanted.isdisjoint(step.outputs):
            found.append(step)
            wanted.update(step.inputs)
    return found[::-1]


def lengths_of(inputs: list[Given], input_shape: Any) -> tuple[dict[str, Shape], int]:
    """The shape of each input without the batch, and the size of the batch."""
    names = tuple([one.name for one in inputs])
    given: Any = [None] * len(names)
    if input_shape is not None:
        check: Any = partial(as_lengths, owner="onnx", field="input_shape")
        stated = as_inputs(input_shape, "onnx", names, check)
        given = stated if len(names) > 1 else [stated]
    shapes: dict[str, Shape] = {}
    batches: set[int | str] = set()
    for one, stated in zip(inputs, given, strict=True):
        dims = one.dims if one.dims is not None or stated is None else ("", *map(str, stated))
        where = f"input {one.name}"
        if dims is None:
            raise ReadError("its shape is not in the file: give input_shape", where=where)
        if len(dims) < 2:
            raise ReadError(f"shape {show(dims)} has no axis after that of the batch", where=where)
        lengths = dims[1:] if stated is None else stated
        fits = [isinstance(n, str) or n == own for n, own in zip(dims[1:], lengths, strict=False)]
        if len(lengths) != len(dims) - 1 or not all(fits):
            problem = f"input_shape {show(lengths)} is not that of the file, {show(dims[1:])}"
            raise ReadError(problem, where=where)
        if not all(isinstance(one, int) for one in lengths):
            problem = f"lengths of shape {show(dims)} are open: give input_shape, without the batch"
            raise ReadError(problem, where=where)
        if one.name in shapes:
            raise ReadError("is given twice", where=where)
        shapes[one.name] = tuple(map(int, lengths))
        batches.add(dims[0] if isinstance(dims[0], int) else OPEN_BATCH)
    if len(batches) > 1:
        raise ReadError("the first axes of the inputs differ, so that they are not all the batch")
    return shapes, int(min(batches))


def read(reading: Reading, step: Step, layers: dict[str, Any]) -> None:
    """Read a node, and say where if that fails."""
    custom = layers.get(step.name, layers.get(step.op_type))
    try:
        if step.op_type in ("If", "Loop", "Scan"):
            problem = "a network with conditions or loops has no one shape"
            raise ReadError(f"{problem}: export it for one shape, without them")
        call = Call(reading, step)
        known = OPERATORS.get(step.op_type) if step.domain in ("", "ai.onnx") else None
        if custom is not None:
            given_layer(call, custom)
        elif known is None:
            domain = f" of {step.domain}" if step.domain else ""
            raise ReadError(f"operator {step.op_type}{domain} is not known: {call.way_out}")
        else:
            function, neutral = known
            function(call)
            call.finish(neutral)
        for name in {*step.outputs}.difference(reading.values, [""]):
            reading.place(name, f"an output of {step.where} that is not known")
    except (ConfigError, ShapeError, ReadError) as error:
        where = error.where if isinstance(error, ReadError) else ""
        problem = error.problem if isinstance(error, ReadError) else str(error)
        raise ReadError(with_open_batch(problem), where=where or step.where) from None


def with_open_batch(problem: str) -> str:
    """The words of an error, with N for the batch where its size is open."""

    def times(match: re.Match[str]) -> str:
        count, rest = divmod(int(match[0]), OPEN_BATCH)
        return match[0] if rest else "N" if count == 1 else f"{count}·N"

    return re.sub(r"\d{10,}", times, problem)


def given_layer(call: Call, custom: Any) -> None:
    """A node whose layer the caller gives."""
    layer = custom if isinstance(custom, Layer) else custom(call.everything())
    if not isinstance(layer, Layer):
        raise TypeError(wrong("onnx", "what layers gives", "be a Layer", layer))
    indices = range(len(call.step.inputs))
    inputs = [at for at in indices if call.has(at) and isinstance(call.value(at), Flow)]
    check_arity(layer, inputs)
    node, shape = call.layer(layer, *[call.example(at) for at in inputs])
    call.put(Flow(node, shape, (1, *shape)))


def output(reading: Reading, name: str) -> str:
    """The node that gives an output."""
    value = reading.values.get(name)
    where = f"output {name}"
    if not isinstance(value, Flow):
        reason = value if isinstance(value, str) else "it does not depend on the input"
        reason = "nothing makes it" if value is None else reason
        raise ReadError(reason, where=where)
    try:
        return reading.settled(value)
    except ReadError as error:
        raise ReadError(error.problem, where=where) from None

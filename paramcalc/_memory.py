"""The memory of a network, in bytes: to train it, and to run it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from paramcalc._checks import as_bool, as_int, as_name, wrong
from paramcalc._explain import with_commas
from paramcalc._plan import inputs_of, plan_of
from paramcalc._trace import Step, as_parts, outermost, walk
from paramcalc.errors import ParamcalcError, counted
from paramcalc.formulas._term import Term
from paramcalc.layers._base import InputShape, Layer, Shape
from paramcalc.layers.activation import Activation
from paramcalc.render.shown import Shown
from paramcalc.render.table import Column, Markup, Row, Table

DTYPES = {
    "float64": 64, "float32": 32, "float16": 16, "bfloat16": 16, "float8": 8, "int8": 8, "int4": 4,
    "mixed": 16,
}  # fmt: skip
"""The bits of a value. An odd number of int4 values takes half a byte more.

"mixed" is as Rajbhandari and others, "ZeRO: Memory Optimizations Toward Training Trillion Parameter
Models", section 3.1, count: weights, gradients and outputs in 16 bits; the optimizer's state and a
copy of the weights in 32. Buffers are in 32 as well, as in torch 2.13 `torch.amp` and Keras 3
`mixed_float16`.
"""

OPTIMIZERS = {
    "sgd": 0,  # torch 2.13 `torch.optim.SGD`
    "sgd_momentum": 1,  # the same with momentum: momentum_buffer
    "nesterov": 1,  # the same with nesterov=True, which has the same buffer
    "adagrad": 1,  # `torch.optim.Adagrad`: sum
    "rmsprop": 1,  # `torch.optim.RMSprop`, not centered and without momentum: square_avg
    "adam": 2,  # `torch.optim.Adam` without amsgrad: exp_avg, exp_avg_sq
    "adamw": 2,  # `torch.optim.AdamW`, likewise
    "adafactor": 1,  # `torch.optim.Adafactor`: variance; or row_var, col_var: see state_sizes
    "lion": 1,  # Chen and others, "Symbolic Discovery of Optimization Algorithms": the momentum
}
"""The number of tensors that an optimizer keeps per trainable tensor, without step counters."""

OVERWRITING = {
    "celu", "elu", "hardsigmoid", "hardswish", "hardtanh", "leakyrelu", "mish",
    "relu", "relu6", "rrelu", "selu", "silu", "threshold",
}  # fmt: skip
"""The activations that torch 2.13 `torch.nn` has with `inplace=True`, by their plain names."""

NOT_COUNTED = (
    "Not counted: the framework, its allocator and workspaces; the gradients of activations; "
    "and tensors other than outputs, such as the weights of attention."
)
UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


@dataclass(frozen=True, slots=True, repr=False)
class Memory(Shown):
    """The memory of a network, in bytes.

    Values are `Term`s if their working is known.

    Args:
        parameter_bytes: all weights, frozen or not.
        buffer_bytes: values that are not weights, such as running means.
        gradient_bytes: a value per trainable value.
        optimizer_bytes: the optimizer's state; with "mixed" also its copy of the weights.
        activation_bytes: the outputs of layers that are kept for the backward pass.
        peak_bytes: the most that the input and outputs take at once at inference.

    Example:
        >>> import paramcalc as pc
        >>> used = pc.memory(pc.Dense(784, 10), (784,), batch_size=32, optimizer="adam")
        >>> used.training_bytes, used.optimizer_bytes.symbols(), used.optimizer_bytes.numbers()
        (126880, '2·T·b_32', '2·7850·4')
    """

    network: Layer
    batch_size: int
    dtype: str
    optimizer: str
    parameter_bytes: int
    buffer_bytes: int
    gradient_bytes: int
    optimizer_bytes: int
    activation_bytes: int
    peak_bytes: int

    @property
    def training_bytes(self) -> int:
        """The memory of training: everything but `peak_bytes`."""
        training = self.gradient_bytes + self.optimizer_bytes + self.activation_bytes
        return int(self.parameter_bytes + self.buffer_bytes + training)

    @property
    def inference_bytes(self) -> int:
        """The memory of inference: parameters, buffers and `peak_bytes`."""
        return int(self.parameter_bytes + self.buffer_bytes + self.peak_bytes)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the numbers mean, and what they leave out."""
        bits = DTYPES[self.dtype]
        size = f"{counted(bits // 8, 'byte') if bits >= 8 else f'{bits} bits'} a value"
        if self.dtype == "mixed":
            size = (
                "2 bytes a weight, gradient or output; "
                "4 a buffer, for the optimizer's state and its copy of the weights"
            )
        batch = f"Batches of {self.batch_size:,}, {self.optimizer}, {self.dtype}: {size}."
        return (batch, "1 KiB = 1024 bytes, 1 MiB = 1024 KiB, 1 GiB = 1024 MiB.", NOT_COUNTED)

    def to_records(self) -> list[dict[str, Any]]:
        """A dict of plain values for each row, as pandas and polars take them."""
        return [
            {"part": part, "size_bytes": int(value), "working": working}
            for part, value, working in self._rows()
        ]

    def _rows(self, style: str = "unicode") -> list[tuple[str, int, str]]:
        """The name, number and working of each row; the last two rows are totals."""
        parts = {
            "parameters": self.parameter_bytes,
            "buffers": self.buffer_bytes,
            "gradients": self.gradient_bytes,
            "optimizer state": self.optimizer_bytes,
            "activations": self.activation_bytes,
            "peak": self.peak_bytes,
        }
        return [
            *[(part, value, working(value, style)) for part, value in parts.items()],
            ("training", self.training_bytes, "all but the peak"),
            ("inference", self.inference_bytes, "parameters + buffers + peak"),
        ]

    def _table(self, style: str = "unicode") -> Table:
        numbers = [Column(one, numeric=True) for one in ("size", "bytes")]
        cells = [(part, binary(size), f"{size:,}", made) for part, size, made in self._rows(style)]
        rows = [Row(one) for one in cells[:-2]] + [Row(one, kind="total") for one in cells[-2:]]
        return Table((Column("memory"), *numbers, Column("working")), tuple(rows))


def working(value: int, style: str) -> str:
    """The working of a number, in numbers; empty if it is not known."""
    if not isinstance(value, Term):
        return ""
    numbers = with_commas(value.numbers(style), style)
    return Markup(f"${numbers}$") if style == "latex" else numbers


def binary(number: int) -> str:
    """Bytes with three digits, in the largest unit that fits."""
    if number < 1024:
        return f"{number:,} B"
    value = number
    for power, unit in enumerate(UNITS, 1):
        for places, limit in (2, 1000), (1, 1000), (0, 1024):
            value = ((number * 10**places >> 10 * power - 1) + 1) >> 1  # Halves are rounded up.
            if value < limit:
                return f"{value / 10**places:,.{places}f} {unit}"
    return f"{value:,} {UNITS[-1]}"


def num_bytes(size: int, bits: int) -> int:
    """The bytes of a tensor with a number of values, rounded up to whole bytes."""
    return -(-size * bits // 8)


def worked(sizes: Iterable[int], values: int, bits: int) -> int:
    """The bytes of tensors, with the working from all their `values` unless a byte is half full."""
    size_bytes = sum([num_bytes(size, bits) for size in sizes])
    made = values * Term(bits // 8, f"b_{bits}") if bits >= 8 else -(-values // (8 // bits))
    return made if size_bytes and made == size_bytes else size_bytes


def owners_of(steps: list[Step], in_place: bool) -> dict[int, int]:
    """The step whose memory holds each output; -1 and below are the network's inputs.

    A view shares the memory of its input. So does the output of a layer that works in place, which
    is allowed if no other branch reads that input.
    """
    readers = Counter([source for step in steps for source in step.inputs])
    owners: dict[int, int] = {}
    shared = {one for one, times in readers.items() if one < 0 and times > 1}
    for number, step in enumerate(steps):
        before = step.inputs[0] if step.inputs else number  # Nothing is read by `Parameters`.
        layer, owner = step.layer._bare, owners.setdefault(before, before)
        name = layer._plain_name if isinstance(layer, Activation) else ""
        is_overwritten = in_place and name in OVERWRITING and owner not in shared
        owners[number] = owner if layer._is_view or is_overwritten else number
        if readers[number] > 1:
            shared.add(owners[number])
    return owners


def live_sizes(
    steps: list[Step], owners: dict[int, int], sizes: list[int], ends: Sequence[int]
) -> list[int]:
    """The bytes in use while each step runs, found by a scan backwards over the steps.

    An output is in use from its own step to the last one that reads it; those of the network, at
    `ends`, stay. `sizes` are the bytes of the outputs and, at -1 and below, of the inputs.
    """
    live = {owners.get(one, one) for one in ends}
    in_use = sum([sizes[one] for one in live])
    found: list[int] = []
    for number in reversed(range(len(steps))):
        needed = {owners.get(one, one) for one in (number, *steps[number].inputs)} - live
        in_use += sum([sizes[one] for one in needed])
        live |= needed
        found.append(in_use)
        if owners[number] == number:  # Nothing before it is held there.
            live.remove(number)
            in_use -= sizes[number]
    return found[::-1]


def kept(
    steps: list[Step], owners: dict[int, int], sizes: list[int], parts: frozenset[str]
) -> list[int]:
    """The steps whose outputs are in memory when the backward pass needs most.

    Only the output of a recomputed part is kept. But when its turn comes, the outputs
    inside it are there again, so those of the largest part count as well: Chen and others,
    "Training Deep Nets with Sublinear Memory Cost", equation 1.
    """
    part_of = [outermost(step.path, parts) for step in steps]
    ends = {part: owners[number] for number, part in enumerate(part_of)}
    inside: dict[str | None, list[int]] = {None: []}  # Outside all parts, or the end of one.
    for number, part in enumerate(part_of):
        if owners[number] == number:
            inside.setdefault(None if ends[part] == number else part, []).append(number)
    found = inside.pop(None)
    return found + max([[], *inside.values()], key=lambda one: sum([sizes[at] for at in one]))


def state_sizes(optimizer: str, shape: Shape) -> list[int]:
    """The sizes of the tensors that an optimizer keeps for a trainable tensor of some shape.

    Adafactor keeps a value per row and per column of the last two axes: torch 2.13; Shazeer and
    Stern, "Adafactor: Adaptive Learning Rates with Sublinear Memory Cost", algorithm 4.
    """
    if optimizer == "adafactor" and len(shape) > 1:
        *others, rows, columns = shape
        return [prod(others) * rows, prod(others) * columns]
    return [prod(shape)] * OPTIMIZERS[optimizer]


def tensor_bytes(
    steps: list[Step], frozen: frozenset[str], dtype: str, optimizer: str
) -> tuple[int, int, int, int]:
    """The bytes of parameters, buffers, gradients and the optimizer's state."""
    weights: list[int] = []
    buffers: list[int] = []
    trained: list[Shape] = []
    for step in steps:
        layer = step.layer._thawed
        is_trained = not step.layer._is_frozen and outermost(step.path, frozen) is None
        for tensor in step._replace(layer=layer).parameters:
            (weights if tensor.trainable else buffers).append(tensor.size)
            if tensor.trainable and is_trained:
                trained.append(tensor.shape)
    sizes = [prod(shape) for shape in trained]
    state = [size for shape in trained for size in state_sizes(optimizer, shape)]
    gradients: int = Term(sum(sizes), "T")
    states: int = OPTIMIZERS[optimizer] * gradients
    if optimizer == "adafactor":
        states = Term(sum(state), "S")
    bits = full = DTYPES[dtype]
    if dtype == "mixed":
        full = 32
        state, states = state + sizes, gradients + states
    return (
        worked(weights, Term(sum(weights), "P"), bits),
        worked(buffers, Term(sum(buffers), "B"), full),
        worked(sizes, gradients, bits),
        worked(state, states, full),
    )


def output_sizes(steps: Sequence[Step], given: Sequence[Shape]) -> list[int]:
    """The number of values of each output, and at -1 and below of the inputs, `given`.

    The output of `Parameters`, which read nothing, is among the weights.
    """
    outputs = [prod(step.output_shape) if step.inputs else 0 for step in steps]
    return outputs + [prod(shape) for shape in reversed(given)]


def output_bytes(
    steps: list[Step],
    values: list[int],
    ends: Sequence[int],
    batch: int,
    bits: int,
    in_place: bool,
    parts: frozenset[str],
) -> tuple[int, int]:
    """The bytes of outputs kept for the backward pass, and of the peak."""
    sizes = [num_bytes(number * batch, bits) for number in values]
    owners = owners_of(steps, in_place)
    peak = max(live_sizes(steps, owners, sizes, ends), default=sizes[-1]) * 8 // bits
    if not in_place:
        owners = {number: number for number in range(len(steps))}
    outputs = [values[one] for one in kept(steps, owners, sizes, parts)]
    examples = Term(batch, "n")
    return (
        worked([one * batch for one in outputs], Term(sum(outputs), "A") * examples, bits),
        worked([peak], Term(peak // batch, "M") * examples, bits),
    )


def memory(
    network: Layer,
    input_shape: InputShape | None = None,
    *,
    batch_size: int = 1,
    dtype: str = "float32",
    optimizer: str = "sgd",
    frozen: str | Sequence[str] = (),
    in_place: bool = False,
    recomputed: str | Sequence[str] = (),
) -> Memory:
    """The memory of a network, in training and at inference.

    Args:
        network: a network, or a single layer.
        input_shape: the input shape, without the batch axis; not needed after an `Input`.
        batch_size: the number of examples in a batch.
        dtype: float64, float32, float16, bfloat16, float8, int8, int4; or mixed, with buffers,
            the optimizer's state and its copy of the weights in 32 bits, and the rest in 16.
        optimizer: sgd, sgd_momentum, nesterov, adagrad, rmsprop, adam, adamw, adafactor or lion.
        frozen: the path of a part that is not trained, or a tuple of paths; "" freezes everything.
        in_place: whether dropouts, and activations that can, overwrite an input that no other
            branch reads; then these, `Identity`, `Flatten` and the like have no output to keep.
        recomputed: the path of a part whose inner outputs are computed again, or a tuple of paths.

    Raises:
        TypeError: an argument is of the wrong type.
        ParamcalcError: an unknown dtype, optimizer or path, or a batch of less than 1.
        ShapeError: a layer does not fit its input, or the shape is missing.

    Example:
        >>> import paramcalc as pc
        >>> used = memory(pc.Dense(784, 256), (784,), batch_size=64, optimizer="adam")
        >>> used.training_bytes, used.peak_bytes.numbers()
        (3280896, '1040·64·4')
    """
    name = as_name(dtype, "memory", "dtype", DTYPES)
    learner = as_name(optimizer, "memory", "optimizer", OPTIMIZERS)
    batch = as_int(batch_size, "memory", "batch_size")
    if batch < 1:
        raise ParamcalcError(wrong("memory", "batch_size", "be at least 1", batch))
    as_bool(in_place, "memory", "in_place")
    steps = walk(network, input_shape, "memory", counting=False)
    fixed = as_parts(frozen, "memory", "frozen", network)
    again = as_parts(recomputed, "memory", "recomputed", network)
    values = output_sizes(steps, inputs_of(network, network._checked(input_shape)))
    ends = plan_of(network).ends
    tensors = tensor_bytes(steps, fixed, name, learner)
    outputs = output_bytes(steps, values, ends, batch, DTYPES[name], in_place, again)
    return Memory(network, batch, name, learner, *tensors, *outputs)
